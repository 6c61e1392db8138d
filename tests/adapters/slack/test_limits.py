"""Laws: whatever a ticket holds, what is shown of it fits, and nothing in it becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.slack.facts import (
    NAMES,
    TEXTS,
    TownNames,
    any_names,
    any_ticket,
    event_of,
    payloads,
    ticket_kinds,
)
from tests.core.telling import NOON, incident_open
from tests.servers.slack.block_rules import MOST_TEXT_IN_BLOCKS, complaints_of, text_in
from tocsin.adapters.slack import phrases
from tocsin.adapters.slack.cards import card
from tocsin.adapters.slack.contract import Blocks
from tocsin.adapters.slack.escaping import escaped, mrkdwn, plain, wide
from tocsin.adapters.slack.topic import ALL_IS_WELL, topic
from tocsin.core.facts import Payload
from tocsin.core.record_facts import RecordRemoved
from tocsin.core.ticket import Ticket
from tocsin.core.words import ACTIVE_INCIDENT, Severity, TicketType

KINDS = tuple(ticket_kinds())
SILENT = {"created", "planned", "message_recorded"}
"""What is never a reply: the card says the first two, the chat itself the last."""

OURS = re.compile(r"<(?:!subteam\^S[A-Z0-9]+|@[UW][A-Z0-9]+|!date\^\d+\^[^<>]*|https?://[^<>]*)>")


def texts_of(part: Any) -> Iterator[dict[str, Any]]:
    """Every text object in *part*."""
    match part:
        case {"type": "plain_text" | "mrkdwn"}:
            yield part
        case dict():
            for inner in part.values():
                yield from texts_of(inner)
        case list():
            for inner in part:
                yield from texts_of(inner)
        case _:
            return


def fits(text: str, blocks: Blocks) -> None:
    """Slack would take it, and shows nothing but what we meant to be markup as such."""
    assert complaints_of(blocks, where="/blocks", most=50) == []
    assert text_in(blocks) <= MOST_TEXT_IN_BLOCKS
    json.dumps(blocks, ensure_ascii=False).encode()
    assert 0 < wide(text) <= 3_000
    marked = [one["text"] for one in texts_of(blocks) if one["type"] == "mrkdwn"]
    for words in (text, *marked):
        assert wide(words) <= 3_000
        rest = OURS.sub("", words)
        assert not re.search(r"[<>]", rest)
        assert not re.search(r"&(?!amp;|lt;|gt;)", rest)
    for block in blocks:
        for field in block.get("fields", ()):
            assert wide(field["text"]) <= 2_000


@settings(max_examples=60)
@given(ticket=any_ticket(), names=any_names())
def test_every_card_fits(ticket: Ticket, names: TownNames) -> None:
    shown = card(ticket, names, base_url="https://tocsin.example", at=NOON)

    fits(shown.text, shown.blocks)
    assert ticket.ref in shown.text


@settings(max_examples=40)
@given(ticket=any_ticket(), names=any_names())
def test_the_same_state_is_the_same_card(ticket: Ticket, names: TownNames) -> None:
    first = card(ticket, names, base_url=None, at=NOON)

    assert card(replace(ticket), replace(names), base_url=None, at=NOON) == first


@pytest.mark.parametrize(("kind", "cls"), KINDS, ids=[kind for kind, _ in KINDS])
@settings(max_examples=15)
@given(data=st.data())
def test_every_kind_has_a_decided_reply_that_fits(
    kind: str, cls: type[Payload], data: st.DataObject
) -> None:
    event = event_of(kind, data.draw(payloads(cls)), at=data.draw(st.just(NOON)))
    ticket, names = data.draw(any_ticket()), data.draw(any_names())

    told = phrases.reply(event, ticket, names)

    if kind.partition(".")[2] in SILENT:
        assert told is None
    if told is not None:
        fits(told.text, told.blocks)
    assert phrases.to_be_named(event, ticket)[0] == ticket


def test_what_is_no_fact_about_a_ticket_is_refused() -> None:
    with pytest.raises(TypeError, match="not about a ticket"):
        phrases.reply(event_of("device.removed", RecordRemoved(at=NOON)), incident_open(), NAMES)


@settings(max_examples=60)
@given(reason=TEXTS, ticket=any_ticket())
def test_short_sentences_fit(reason: str, ticket: Ticket) -> None:
    for said in (phrases.refused(reason), phrases.opened(ticket)):
        fits(said.text, said.blocks)


@settings(max_examples=200)
@given(text=TEXTS, longest=st.integers(1, 300))
def test_cutting_keeps_the_beginning_and_never_breaks_an_entity(text: str, longest: int) -> None:
    cut = mrkdwn(text, longest=longest)

    assert wide(cut) <= longest
    whole = escaped(text)
    if wide(whole) <= longest:
        assert cut == whole
    else:
        assert cut.endswith("…")
        assert whole.startswith(cut[:-1])
        assert not re.search(r"&(?!amp;|lt;|gt;)", cut)


def test_a_family_and_a_flag_are_not_taken_apart() -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    flag = "\U0001f1ea\U0001f1f9"

    assert plain(f"a{family}b", longest=9) == "a…"
    assert plain(f"a{family}b", longest=10) == f"a{family}b"
    assert plain(f"{flag}{flag}x", longest=8) == f"{flag}…"
    assert plain("cafe\u0301!!", longest=5) == "caf…"


# -- the topic ------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    number=st.integers(0, 500),
    title=TEXTS.map(lambda text: text[:200] or "x"),
    severities=st.lists(st.sampled_from(Severity), min_size=1, max_size=7),
)
def test_a_topic_is_never_longer_than_250(
    number: int, title: str, severities: list[Severity]
) -> None:
    tickets = [
        replace(
            incident_open(),
            ref=f"I20261120-{at:04}",
            title=title,
            severity=severities[at % len(severities)],
            start_at=NOON - timedelta(minutes=at),
        )
        for at in range(number)
    ]

    said = topic(tickets)

    assert wide(said) <= 250
    if number == 0:
        assert said == ALL_IS_WELL
        return
    lines = said.split("\n")
    more = re.fullmatch(r"… and (\d+) more", lines[-1])
    shown = lines if more is None else lines[:-1]
    assert len(shown) + (0 if more is None else int(more[1])) == number
    assert len(shown) >= 1
    assert [int(line[0]) for line in shown] == sorted(int(line[0]) for line in shown)


@settings(max_examples=60)
@given(ticket=any_ticket())
def test_only_active_incidents_are_in_the_topic(ticket: Ticket) -> None:
    listed = ticket.type is TicketType.INCIDENT and ticket.status in ACTIVE_INCIDENT

    assert (topic([ticket]) != ALL_IS_WELL) == listed
