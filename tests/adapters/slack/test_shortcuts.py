"""Shortcuts: the global one, and the one of a message, whose thread is one incident for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.slack.desk import Desk, slack_desk
from tocsin.adapters.slack import fields
from tocsin.adapters.slack.contract import FORM_INCIDENT, OPEN_FROM_MESSAGE, OPEN_INCIDENT
from tocsin.adapters.slack.people import UNKNOWN
from tocsin.core.ticket_facts import MessageRecorded


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk to ask at."""
    with slack_desk(tmp_path) as made:
        yield made


def test_the_global_shortcut_opens_the_form_and_tells_of_the_incident(desk: Desk) -> None:
    anna = desk.person("anna", role="member")

    answer = desk.slack.shortcut(anna, OPEN_INCIDENT)
    desk.hands.settle()
    desk.fill(anna, {fields.TITLE: "From nowhere"})

    opened = desk.only()
    assert answer.ok
    # There is no channel to say it in, so it is said directly.
    direct = [message.text for message in desk.slack.direct(anna).everything]
    assert direct == [f"Opened *{opened.ref}* · sev3 · From nowhere."]


def test_a_message_becomes_an_incident_with_its_thread(desk: Desk) -> None:
    anna, bert = desk.person("anna", role="member"), desk.person("bert", role=None)
    channel = desk.slack.channel("#general")
    said = desk.slack.say(bert, channel, "checkout fails\nfor everybody in *EU* 🔥", deliver=False)
    desk.slack.say(bert, channel, "500s", thread=said.message, deliver=False)

    desk.slack.message_shortcut(anna, said, OPEN_FROM_MESSAGE)
    desk.hands.settle()
    form = desk.slack.top_view(anna)
    assert form.callback_id == FORM_INCIDENT
    desk.fill(anna, {fields.SEVERITY: "sev1"})

    opened = desk.only()
    assert opened.title == "checkout fails"
    assert opened.description == "checkout fails\nfor everybody in *EU* 🔥"
    (reference,) = opened.references
    root = said.message.ts
    assert reference.external_id == f"slack:{desk.team.id}:{channel.id}:{root}"
    assert reference.url.endswith(f"/archives/{channel.id}/p{root.replace('.', '')}")
    recorded = [
        event.payload for event in desk.events(opened) if isinstance(event.payload, MessageRecorded)
    ]
    assert [one.text for one in recorded] == ["checkout fails\nfor everybody in *EU* 🔥", "500s"]
    assert {one.author for one in recorded} == {"bert"}


def test_a_reply_stands_for_its_whole_thread(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    channel = desk.slack.channel("#general")
    said = desk.slack.say(anna, channel, "is it only me?", deliver=False)
    reply = desk.slack.say(
        anna,
        channel,
        "no, *all* of <https://a.example|the shop>",
        thread=said.message,
        deliver=False,
    )

    desk.slack.message_shortcut(anna, reply, OPEN_FROM_MESSAGE)
    desk.hands.settle()
    desk.fill(anna)

    opened = desk.only()
    (reference,) = opened.references
    assert reference.external_id is not None
    assert reference.external_id.endswith(f":{said.message.ts}")
    assert f"p{reply.message.ts.replace('.', '')}?thread_ts={said.message.ts}" in reference.url
    assert len([one for one in desk.events(opened) if one.kind.endswith("message_recorded")]) == 2


def test_the_same_thread_twice_is_one_incident(desk: Desk) -> None:
    anna, carl = desk.person("anna", role="member"), desk.person("carl", role="member")
    channel = desk.slack.channel("#general")
    said = desk.slack.say(anna, channel, "checkout fails", deliver=False)
    for user in (anna, carl):
        desk.slack.message_shortcut(user, said, OPEN_FROM_MESSAGE)
    desk.hands.settle()

    desk.fill(anna)
    desk.fill(carl)
    opened = desk.only()
    assert desk.last(carl).startswith(f"This is *{opened.ref}*")

    desk.slack.message_shortcut(carl, said, OPEN_FROM_MESSAGE)
    desk.hands.settle()
    assert desk.slack.open_views(carl) == []
    assert desk.last(carl).startswith(f"This conversation is *{opened.ref}*")


def test_who_is_nobody_here_gets_no_form(desk: Desk) -> None:
    eve, vera = desk.person("eve", role=None), desk.person("vera", role="viewer")
    channel = desk.slack.channel("#general")
    said = desk.slack.say(eve, channel, "checkout fails", deliver=False)

    for user in (eve, vera):
        desk.slack.message_shortcut(user, said, OPEN_FROM_MESSAGE)
        desk.slack.shortcut(user, OPEN_INCIDENT)
    desk.hands.settle()

    assert desk.told(eve) == [UNKNOWN]
    assert desk.told(vera) == ["opening a ticket needs the role member; yours is viewer"]
    assert [one.text for one in desk.slack.direct(eve).everything] == [UNKNOWN]
    assert (desk.slack.open_views(eve), desk.slack.open_views(vera)) == ([], [])
    assert desk.tickets() == []


def test_a_message_where_the_bot_is_not_becomes_one_all_the_same(desk: Desk) -> None:
    anna = desk.person("anna", role="member")
    channel = desk.slack.channel("#backroom", bot=False, private=True)
    said = desk.slack.say(anna, channel, "the badge reader is dead", deliver=False)

    desk.slack.message_shortcut(anna, said, OPEN_FROM_MESSAGE)
    desk.hands.settle()
    desk.fill(anna)

    opened = desk.only()
    assert opened.title == "the badge reader is dead"
    direct = [message.text for message in desk.slack.direct(anna).everything]
    assert any("I cannot read what was said there before" in text for text in direct)
    assert any("/invite @tocsin" in text for text in direct)
