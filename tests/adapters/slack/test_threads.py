"""A mention in a thread: an incident from all that was said, or a command to the one it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest

from tests.adapters.slack.hearing import STRANGER, Ears, listening
from tests.servers.slack import Done, User
from tocsin.adapters.slack.contract import conversation
from tocsin.adapters.slack.messages import instant_of
from tocsin.core.commands import AddReference, ChangeFields, ReferenceDraft
from tocsin.core.record_commands import (
    CreateEntryPoint,
    CreateService,
)
from tocsin.core.words import Severity, Status


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An office with ears."""
    with listening(tmp_path) as made:
        yield made


def talk(ears: Ears, users: list[User], count: int) -> Done:
    """A thread of so many messages, of which the app is told nothing; its first one."""
    slack, channel = ears.office.slack, ears.office.incidents
    first = slack.say(users[0], channel, "message 0", deliver=False)
    for number in range(1, count):
        speaker = users[number % len(users)]
        slack.say(speaker, channel, f"message {number}", thread=first, deliver=False)
    return first


def test_a_thread_of_a_thousand_messages_is_one_incident_with_all_of_them(ears: Ears) -> None:
    users = [ears.person(name) for name in ("anna", "ben", "cleo")]
    first = talk(ears, users, 1_000)

    started = perf_counter()
    ears.office.slack.mention(users[1], ears.office.incidents, "", thread=first)
    ears.settle()
    took = perf_counter() - started

    ticket = ears.ticket()
    said = ears.messages(ticket)
    stamps = [one.ts for one in ears.office.incidents.everything if one.bot_id is None]
    assert [one.text for one in said[:1_000]] == [f"message {n}" for n in range(1_000)]
    assert [one.at for one in said] == [instant_of(ts) for ts in stamps]
    assert [one.author for one in said[:3]] == ["anna", "ben", "cleo"]
    assert ticket.title == "message 0"
    assert ticket.description == "message 0"
    # All that came back is that it is open.
    assert len(ears.by_us(ears.office.incidents)) == 1
    assert len(ears.office.slack.calls_of("chat.postMessage")) == 1
    # Three people and the bot itself.
    assert len(ears.office.slack.calls_of("users.info")) == 4
    assert took < 15


def test_words_after_the_mention_are_the_title(ears: Ears) -> None:
    anna = ears.person("anna")
    first = talk(ears, [anna], 3)

    ears.office.slack.mention(anna, ears.office.incidents, "fibre cut at Ams", thread=first)
    ears.settle()

    ticket = ears.ticket()
    assert ticket.title == "fibre cut at Ams"
    assert ears.texts(ticket)[:3] == ["message 0", "message 1", "message 2"]
    identity = conversation(ears.office.team.id, ears.office.incidents.id, first.ts)
    assert [one.external_id for one in ticket.references] == [identity]


def test_without_words_triage_reads_the_first_message(ears: Ears) -> None:
    anna, home = ears.person("anna"), ears.office.home
    transit = CreateService(service_id=home.fresh(), code="transit", name="Transit")
    home.ask("admin", transit, sort="service")
    home.ask(
        "admin",
        CreateEntryPoint(
            entry_point_id=home.fresh(),
            name="Network",
            words=("message",),
            severity="sev1",
            service="transit",
        ),
        sort="entry_point",
    )
    first = talk(ears, [anna], 2)

    ears.office.slack.mention(anna, ears.office.incidents, "", thread=first)
    ears.settle()

    ticket = ears.ticket()
    assert (ticket.title, ticket.severity) == ("message 0", Severity.SEV1)
    assert ticket.services == ("transit",)


def test_two_people_at_once_in_one_thread_are_one_incident_and_both_hear_its_ref(
    ears: Ears,
) -> None:
    anna, ben = ears.person("anna"), ears.person("ben")
    slack, channel = ears.office.slack, ears.office.incidents
    first = talk(ears, [anna, ben], 5)
    calls = [
        slack.mention(user, channel, "api is down", thread=first, deliver=False).requests[0]
        for user in (anna, ben)
    ]
    waiting = iter(calls)

    slack.together(2, lambda: slack.outbox.deliver(next(waiting)))
    ears.settle()

    ticket = ears.ticket()
    assert len([one for one in channel.thread(first.ts) if one.bot_id is not None]) == 1
    told = ears.told(anna) + ears.told(ben)
    assert len(told) == 1
    assert ticket.ref in told[0]
    assert len(ears.messages(ticket)) == 7


def until_open(ears: Ears) -> None:
    """Until there is an incident; what comes after it may be going on."""
    while not ears.tickets():
        assert ears.hands.busy


def test_what_is_said_while_the_thread_is_read_comes_after_it(ears: Ears) -> None:
    anna = ears.person("anna")
    slack, channel = ears.office.slack, ears.office.incidents
    first = talk(ears, [anna], 5)
    slack.slow(0.1)

    slack.mention(anna, channel, "api is down", thread=first)
    until_open(ears)
    slack.say(anna, channel, "and now fra as well", thread=first)
    ears.settle()

    said = ears.messages(ears.ticket())
    assert [one.at for one in said] == sorted(one.at for one in said)
    assert len(said) == 7


def test_a_title_that_somebody_gave_meanwhile_stays(ears: Ears) -> None:
    anna = ears.person("anna")
    first = talk(ears, [anna], 2)
    ears.office.slack.slow(0.1)

    ears.office.slack.mention(anna, ears.office.incidents, "", thread=first)
    until_open(ears)
    ears.office.home.ask("admin", ChangeFields(title="Fibre cut"), subject=ears.ticket().id)
    ears.settle()

    assert ears.ticket().title == "Fibre cut"
    assert len(ears.messages(ears.ticket())) == 3


def test_who_is_unknown_to_slack_keeps_the_id_and_the_others_their_names(ears: Ears) -> None:
    gone, anna = ears.person("gone"), ears.person("anna")
    first = talk(ears, [gone, anna], 3)
    del ears.office.slack.state.users[gone.id]

    ears.office.slack.mention(anna, ears.office.incidents, "api is down", thread=first)
    ears.settle()

    authors = [one.author for one in ears.messages(ears.ticket())]
    assert authors == [gone.id, "anna", gone.id, "anna"]


def test_other_bots_are_part_of_a_thread_and_we_are_not(ears: Ears) -> None:
    anna = ears.person("anna")
    slack, channel = ears.office.slack, ears.office.incidents
    robot = slack.user("grafana", is_bot=True)
    channel.members.append(robot.id)
    first = slack.say(robot, channel, "[FIRING] disk full", deliver=False)
    first.message.bot_id = "BGRAFANA"
    ours = ears.office.client(ears.office.workspace)
    ours.chat_postMessage(channel=channel.id, thread_ts=first.ts, text="of ours")

    slack.mention(anna, channel, "", thread=first)
    ears.settle()

    ticket = ears.ticket()
    assert ticket.title == "[FIRING] disk full"
    assert ears.texts(ticket) == ["[FIRING] disk full", "@tocsin "]


@pytest.mark.parametrize(
    ("error", "word"), [("not_in_channel", "/invite"), ("missing_scope", "scope")]
)
def test_a_thread_that_cannot_be_read_is_an_incident_all_the_same(
    ears: Ears, error: str, word: str
) -> None:
    anna = ears.person("anna")
    first = talk(ears, [anna], 3)
    ears.office.slack.fail("conversations.replies", error)

    ears.office.slack.mention(anna, ears.office.incidents, "api is down", thread=first)
    ears.settle()

    ticket = ears.ticket()
    assert ticket.title == "api is down"
    assert ears.texts(ticket) == ["@tocsin api is down"]
    (told,) = ears.told(anna)
    assert ticket.ref in told
    assert word in told


def test_where_slack_asks_for_a_pause_the_thread_is_read_after_it(ears: Ears) -> None:
    anna = ears.person("anna")
    first = talk(ears, [anna], 3)
    ears.office.slack.fail(
        "conversations.replies", "ratelimited", times=2, status=429, retry_after=0
    )

    ears.office.slack.mention(anna, ears.office.incidents, "api is down", thread=first)
    ears.settle()

    assert len(ears.messages(ears.ticket())) == 4
    assert ears.told(anna) == []


def test_a_mention_in_an_incidents_own_thread_is_a_command(ears: Ears) -> None:
    anna = ears.person("anna", role="oncall_engineer")
    slack, channel = ears.office.slack, ears.office.incidents
    first = slack.mention(anna, channel, "api is down")
    ears.settle()

    slack.mention(anna, channel, "ack", thread=first)
    ears.settle()

    ticket = ears.ticket()
    assert ticket.status is Status.ACKNOWLEDGED
    assert len(ears.told(anna)) == 1
    assert ears.texts(ticket)[-1] == "@tocsin ack"


def test_a_mention_below_the_card_is_a_command(ears: Ears) -> None:
    anna = ears.person("anna", role="sre_lead")
    ears.office.route()
    stream = ears.office.incident()
    ears.office.run()
    (card,) = ears.office.cards()

    ears.office.slack.mention(anna, ears.office.incidents, "severity sev1", thread=card)
    ears.settle()

    assert ears.office.ticket(stream).severity is Severity.SEV1
    assert len(ears.tickets()) == 1


def test_a_card_that_is_not_noted_yet_is_known_by_what_it_says_itself(ears: Ears) -> None:
    anna = ears.person("anna", role="oncall_engineer")
    stream = ears.office.incident()
    identity = stream.partition(":")[2]
    posted = ears.office.client(ears.office.workspace).chat_postMessage(
        channel=ears.office.incidents.id,
        text="a card",
        metadata={
            "event_type": "tocsin",
            "event_payload": {"delivery_id": "1", "ticket_id": identity},
        },
    )

    ears.office.slack.mention(anna, ears.office.incidents, "ack", thread=str(posted["ts"]))
    ears.settle()

    assert ears.office.ticket(stream).status is Status.ACKNOWLEDGED
    assert len(ears.tickets()) == 1


def test_nobody_elses_message_passes_for_a_card(ears: Ears) -> None:
    anna = ears.person("anna", role="oncall_engineer")
    slack, channel = ears.office.slack, ears.office.incidents
    stream = ears.office.incident()
    forged = slack.say(anna, channel, "a card", deliver=False)
    payload = {"delivery_id": "1", "ticket_id": stream.partition(":")[2]}
    forged.message.metadata = {"event_type": "tocsin", "event_payload": payload}

    said = slack.mention(anna, channel, "ack", thread=forged, deliver=False)
    # Slack does not always say whose thread it is.
    del said.requests[0].payload["event"]["parent_user_id"]
    slack.outbox.deliver(said.requests[0])
    ears.settle()

    assert ears.office.ticket(stream).status is Status.OPEN
    assert len(ears.tickets()) == 2


def test_a_channel_of_the_incidents_own_hears_commands_and_messages(ears: Ears) -> None:
    anna = ears.person("anna", role="oncall_engineer")
    stream = ears.office.incident()
    own = ears.office.slack.channel("inc-1", members=[anna])
    reference = ReferenceDraft(
        kind="chat",
        url="https://acme.slack.com/archives/C1",
        external_id=conversation(ears.office.team.id, own.id),
    )
    ears.office.do(stream, AddReference(reference=reference))

    ears.office.slack.say(anna, own, "looking at it")
    ears.office.slack.mention(anna, own, "ack")
    ears.settle()

    ticket = ears.office.ticket(stream)
    assert ticket.status is Status.ACKNOWLEDGED
    assert sorted(ears.texts(ticket)) == ["@tocsin ack", "looking at it"]
    assert len(ears.tickets()) == 1


@pytest.mark.parametrize("words", ["ack", "close fixed", "severity sev1", "still looking"])
def test_a_command_is_refused_by_role_and_only_its_speaker_hears_it(ears: Ears, words: str) -> None:
    anna, vic, sam = (
        ears.person("anna"),
        ears.person("vic", role="viewer"),
        ears.person("sam", role=None),
    )
    slack, channel = ears.office.slack, ears.office.incidents
    first = slack.mention(anna, channel, "api is down")
    ears.settle()
    version = len(ears.by_us(channel))

    for user in (vic, sam):
        slack.mention(user, channel, words, thread=first)
    ears.settle()

    ticket = ears.ticket()
    assert (ticket.status, ticket.severity) == (Status.OPEN, Severity.SEV3)
    assert len(ears.told(vic)) == 1
    assert ears.told(sam) == [STRANGER]
    assert len(ears.by_us(channel)) == version


def test_a_redelivered_command_is_done_once(ears: Ears) -> None:
    anna = ears.person("anna", role="oncall_engineer")
    slack, channel = ears.office.slack, ears.office.incidents
    first = slack.mention(anna, channel, "api is down")
    ears.settle()

    said = slack.mention(anna, channel, "update the fibre is found", thread=first)
    slack.redeliver(said.answers[0])
    ears.settle()

    assert ears.ticket().updates_total == 1
    assert len(ears.told(anna)) == 1


def test_in_private_the_bot_helps_and_takes_commands(ears: Ears) -> None:
    anna = ears.person("anna", role="oncall_engineer")
    slack = ears.office.slack
    slack.mention(anna, ears.office.incidents, "api is down")
    ears.settle()
    ticket = ears.ticket()

    slack.say(anna, slack.direct(anna), "hello there")
    slack.mention(anna, slack.direct(anna), f"ack {ticket.ref}")
    ears.settle()

    answers = ears.by_us(slack.direct(anna))
    assert len(answers) == 2
    assert any("/incident" in one for one in answers)
    assert ears.ticket().status is Status.ACKNOWLEDGED
