"""A mention at top level opens an incident, once, for who may open one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.slack.hearing import STRANGER, Ears, listening
from tocsin.adapters.slack.contract import conversation
from tocsin.core.instants import to_text
from tocsin.core.record_commands import CreateEntryPoint
from tocsin.core.triage import Suggestion
from tocsin.core.words import Severity


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An office with ears."""
    with listening(tmp_path) as made:
        yield made


def test_a_mention_opens_an_incident_and_answers_with_its_ref(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents

    said = ears.office.slack.mention(anna, channel, "api is down\nsince noon")
    ears.settle()

    ticket = ears.ticket()
    assert said.answers[0].ok
    assert (ticket.title, ticket.description) == ("api is down", "api is down\nsince noon")
    assert (ticket.severity, ticket.via) == (Severity.SEV3, "slack")
    assert ticket.created_by.id == ears.people.members[anna.id]
    identity = conversation(ears.office.team.id, channel.id, said.ts)
    assert [one.external_id for one in ticket.references] == [identity]
    (reply,) = channel.thread(said.ts)
    assert ticket.ref in reply.text
    assert f"https://tocsin.example/tickets/{ticket.ref}" in reply.text
    assert ears.texts(ticket) == ["@tocsin api is down\nsince noon"]
    assert ears.office.slack.calls_of("conversations.replies") == []
    assert ears.hands.failures == []


def test_text_arrives_as_it_was_typed(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents
    typed = "🔥 *ams-1* <b>&amp; الشبكة معطلة ~_x_~ @here"

    ears.office.slack.mention(anna, channel, typed)
    ears.settle()

    ticket = ears.ticket()
    assert ticket.title == typed
    (reply,) = [one for one in channel.everything if one.bot_id is not None]
    assert "&lt;b&gt;&amp;amp;" in reply.text


def test_the_same_event_five_times_at_once_is_one_incident(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents
    said = ears.office.slack.mention(anna, channel, "api is down", deliver=False)
    again = iter(range(5))

    def deliver() -> bool:
        number = next(again)
        request = said.requests[0] if number == 0 else said.requests[0].again(number)
        return ears.office.slack.outbox.deliver(request).ok

    answers = ears.office.slack.together(5, deliver)
    ears.settle()

    assert answers == [True] * 5
    assert len(ears.tickets()) == 1
    assert len(channel.thread(said.ts)) == 1
    assert ears.told(anna) == []


def test_the_same_event_at_two_processes_is_one_incident(tmp_path: Path, ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents
    said = ears.office.slack.mention(anna, channel, "api is down")
    ears.settle()

    # Another process remembers nothing of the first one's.
    other = ears.another_process()
    other.mentioned(said.requests[0].payload)

    assert len(ears.tickets()) == 1
    assert len(channel.thread(said.ts)) == 1


@pytest.mark.parametrize("role", [None, "viewer"])
def test_who_may_not_is_told_why_and_nobody_else(ears: Ears, role: str | None) -> None:
    vic, channel = ears.person("vic", role=role), ears.office.incidents

    ears.office.slack.mention(vic, channel, "api is down")
    ears.settle()

    assert ears.tickets() == []
    (told,) = ears.told(vic)
    assert told == STRANGER if role is None else "role" in told
    assert ears.by_us(channel) == []


def test_a_stranger_of_a_shared_channel_is_refused(ears: Ears) -> None:
    other = ears.office.slack.team("other")
    eve = ears.office.slack.user("eve", team=other)
    shared = ears.office.slack.channel("shared", members=[eve], shared_with=[other])

    ears.office.slack.mention(eve, shared, "api is down")
    ears.settle()

    assert ears.tickets() == []
    assert ears.told(eve) == [STRANGER]


def test_a_bare_mention_is_answered_with_what_can_be_said(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents

    ears.office.slack.mention(anna, channel, "")
    ears.office.slack.mention(anna, channel, "help")
    ears.settle()

    assert ears.tickets() == []
    assert len(ears.told(anna)) == 2
    assert all("/incident" in told for told in ears.told(anna))


@pytest.mark.parametrize("length", [121, 9_999, 30_000])
def test_a_long_report_is_cut_and_never_refused(ears: Ears, length: int) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents

    ears.office.slack.mention(anna, channel, "é" * length)
    ears.settle()

    ticket = ears.ticket()
    assert len(ticket.title) <= 120
    assert len(ticket.description) == min(length, 10_000)


def test_with_slack_away_the_incident_is_open_all_the_same(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents
    ears.office.slack.fail("*", "internal_error", status=500)

    said = ears.office.slack.mention(anna, channel, "api is down")
    ears.settle()

    assert ears.ticket().title == "api is down"
    assert len(ears.texts(ears.ticket())) == 1
    assert channel.thread(said.ts) == []


def test_where_the_thread_takes_no_answer_the_reporter_is_told_alone(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents
    ears.office.slack.fail("chat.postMessage", "restricted_action")

    ears.office.slack.mention(anna, channel, "api is down")
    ears.settle()

    (told,) = ears.told(anna)
    assert ears.ticket().ref in told


def test_it_was_said_when_it_was_said(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents

    ears.office.slack.mention(anna, channel, "api is down")
    ears.settle()

    (message,) = ears.messages(ears.ticket())
    assert to_text(message.at)[:16] == "2026-11-20T12:00"
    assert message.author == "anna"


def network(ears: Ears) -> Suggestion:
    """An entry point for the network, and what a model says that chooses it."""
    home = ears.office.home
    identity = home.fresh()
    home.ask(
        "admin",
        CreateEntryPoint(entry_point_id=identity, name="Network", words=("bgp",), severity="sev2"),
        sort="entry_point",
    )
    return Suggestion(entry_point_id=identity, title="Transit at ams-1 is down")


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_language_model_betters_what_is_open_already(ears: Ears, in_thread: bool) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents
    ears.thinking.says = network(ears)
    slack = ears.office.slack

    if in_thread:
        first = slack.say(anna, channel, "nothing reaches us", deliver=False)
        slack.mention(anna, channel, "", thread=first)
    else:
        slack.mention(anna, channel, "nothing reaches us")
    ears.settle()

    ticket = ears.ticket()
    assert ears.thinking.asked == ["nothing reaches us"]
    assert (ticket.title, ticket.severity) == ("Transit at ams-1 is down", Severity.SEV2)
    assert "nothing reaches us" in ticket.description


def test_words_decide_before_a_model_is_asked(ears: Ears) -> None:
    anna, channel = ears.person("anna"), ears.office.incidents
    network(ears)

    ears.office.slack.mention(anna, channel, "BGP is flapping")
    ears.settle()

    assert ears.thinking.asked == []
    assert (ears.ticket().title, ears.ticket().severity) == ("BGP is flapping", Severity.SEV2)
