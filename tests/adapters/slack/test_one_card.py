"""One card per ticket, wherever an attempt died (Integrations: Slack has no idempotency key).

Each attempt is a new process that knows only what is stored; the one before it may have done
anything up to the answer of its last call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.adapters.slack.office import Killed, Office, slack_office
from tocsin.dispatcher.contract import Delivered, Retry, Verdict

POINTS = 100


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with slack_office(tmp_path) as made:
        yield made


def fate(office: Office, point: int) -> None:
    """What dies at that point: before, at or after the post, or while the history is looked at."""
    match point % 5:
        case 0:
            office.slack.lose_answer("chat.postMessage")
        case 1:
            office.slack.lose_answer("conversations.list")
        case 2:
            office.slack.lose_answer("chat.postMessage")
            office.slack.lose_answer("conversations.history", times=1 + point % 3)
        case 3:
            office.slack.fail("chat.postMessage", "internal_error", times=1 + point % 2)
        case _:
            office.slack.lose_answer("chat.postMessage")
            office.slack.lose_answer("conversations.list")


def test_a_hundred_openings_that_died_somewhere_make_a_hundred_cards(office: Office) -> None:
    route = office.route()
    deaths = 0
    for point in range(POINTS):
        stream = office.incident(f"Fibre cut {point}")
        fate(office, point)
        verdict: Verdict = Retry("not yet")
        attempt = 0
        while not isinstance(verdict, Delivered):
            attempt += 1
            office.restart()
            again = attempt > 1
            verdict = office.sender.send(office.parcel(route, stream, again=again, attempt=attempt))
            office.wait(1.0)
        deaths += attempt - 1
        card = office.cards()[-1]
        assert verdict.remote_id == f"{office.incidents.id}/{card.ts}"

    assert deaths >= POINTS
    assert len(office.cards()) == POINTS
    assert len({card.delivery_id for card in office.cards()}) == POINTS


@pytest.mark.parametrize("dies_first", range(1, 4))
@pytest.mark.parametrize("dies_again", range(1, 6))
def test_killed_after_any_call_twice_it_is_one_card_and_one_reply(
    office: Office, dies_first: int, dies_again: int
) -> None:
    route, stream = office.route(), office.incident()
    office.say(stream, "Splicing.")
    remote_id: str | None = None
    for version in (1, 2):
        verdict: Verdict | None = None
        for attempt, dies_after in enumerate((dies_first, dies_again, 0), start=1):
            office.restart()
            office.dies_after = dies_after
            parcel = office.parcel(
                route,
                stream,
                version=version,
                remote_id=remote_id,
                again=attempt > 1,
                attempt=attempt,
            )
            with suppress(Killed):
                verdict = office.sender.send(parcel)
        assert isinstance(verdict, Delivered)
        remote_id = remote_id or verdict.remote_id

    (card,) = office.cards()
    assert remote_id == f"{office.incidents.id}/{card.ts}"
    assert len(office.replies(card)) == 1


def test_a_reply_whose_answer_was_lost_is_said_once(office: Office) -> None:
    route = office.route()
    stream = office.incident()
    opened = office.sender.send(office.parcel(route, stream))
    assert isinstance(opened, Delivered)
    for number in range(2, 12):
        office.say(stream, f"Splice {number}.")
        office.slack.lose_answer("chat.postMessage")
        parcel = office.parcel(route, stream, version=number, remote_id=opened.remote_id)
        assert isinstance(office.sender.send(parcel), Retry)

        office.restart()
        office.slack.lose_answer("conversations.replies", times=number % 2)
        parcel = office.parcel(
            route, stream, version=number, remote_id=opened.remote_id, again=True
        )
        verdicts = [office.sender.send(parcel), office.sender.send(parcel)]

        assert isinstance(verdicts[-1], Delivered)

    (card,) = office.cards()
    assert [one.text.splitlines()[-1] for one in office.replies(card)] == [
        f"Splice {number}." for number in range(2, 12)
    ]


def test_a_long_history_is_read_to_its_end_and_only_once(office: Office) -> None:
    route = office.route()
    streams = [office.incident(f"Fibre cut {number}") for number in range(3)]
    first, *others = streams
    assert isinstance(office.sender.send(office.parcel(route, first)), Delivered)
    talker = office.slack.user("anna")
    office.incidents.members.append(talker.id)
    for number in range(450):
        office.slack.say(talker, office.incidents, f"word {number}", deliver=False)
    office.restart()

    found = office.sender.send(office.parcel(route, first, again=True))
    pages = office.calls("conversations.history")
    for stream in others:
        assert isinstance(office.sender.send(office.parcel(route, stream, again=True)), Delivered)

    assert isinstance(found, Delivered)
    assert found.remote_id == f"{office.incidents.id}/{office.cards()[0].ts}"
    assert pages == 3
    assert len(office.cards()) == 3


def test_the_card_is_found_in_a_channel_that_the_app_has_to_join_first(office: Office) -> None:
    route = office.route()
    stream = office.incident()
    office.incidents.members.remove(office.team.bot_user_id)
    office.slack.lose_answer("chat.postMessage")
    assert isinstance(office.sender.send(office.parcel(route, stream)), Retry)

    office.restart()
    verdict = office.sender.send(office.parcel(route, stream, again=True))

    assert isinstance(verdict, Delivered)
    assert len(office.cards()) == 1
    assert office.team.bot_user_id in office.incidents.members
