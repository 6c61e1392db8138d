"""What is said where a ticket is spoken of becomes its messages; edits and deletions follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.slack.hearing import Ears, listening
from tests.servers.slack import Done, User, events
from tocsin.adapters.slack.transcripts import logged_messages


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An office with ears."""
    with listening(tmp_path) as made:
        yield made


@pytest.fixture
def anna(ears: Ears) -> User:
    """A member."""
    return ears.person("anna")


@pytest.fixture
def opened(ears: Ears, anna: User) -> Done:
    """The mention that has opened the incident."""
    said = ears.office.slack.mention(anna, ears.office.incidents, "api is down")
    ears.settle()
    return said


def standing(ears: Ears) -> dict[str, str]:
    """The words of each message as they stand, by author; deleted ones are gone."""
    with ears.office.home.store.reading() as turn:
        logged = logged_messages(turn, ears.office.net, ears.ticket().stream)
    return {one.author: one.text for one in logged.values() if not one.deleted}


def test_everybody_is_recorded_who_speaks_in_the_thread(ears: Ears, opened: Done) -> None:
    sam, vic = ears.person("sam", role=None), ears.person("vic", role="viewer")
    slack, channel = ears.office.slack, ears.office.incidents

    slack.say(sam, channel, "I see it too", thread=opened)
    slack.say(vic, channel, "and so do I", thread=opened, broadcast=True)
    ears.settle()

    assert sorted(ears.texts(ears.ticket())[1:]) == ["I see it too", "and so do I"]
    assert {one.author for one in ears.messages(ears.ticket())} == {"anna", "sam", "vic"}
    assert ears.told(sam) == ears.told(vic) == []


def test_messages_below_the_card_are_the_tickets(ears: Ears, anna: User) -> None:
    ears.office.route()
    stream = ears.office.incident()
    ears.office.run()
    (card,) = ears.office.cards()

    ears.office.slack.say(anna, ears.office.incidents, "on my way", thread=card)
    ears.settle()

    assert ears.texts(ears.office.ticket(stream)) == ["on my way"]


def test_an_edit_and_a_deletion_are_followed(ears: Ears, anna: User, opened: Done) -> None:
    sam = ears.person("sam", role=None)
    slack, channel = ears.office.slack, ears.office.incidents
    said = slack.say(sam, channel, "it is the fiber", thread=opened)
    ears.settle()

    slack.edit(sam, said, "it is the fibre")
    ears.settle()
    assert standing(ears) == {"anna": "@tocsin api is down", "sam": "it is the fibre"}

    slack.delete(sam, said)
    ears.settle()
    assert standing(ears) == {"anna": "@tocsin api is down"}
    first, newer, gone = ears.messages(ears.ticket())[1:]
    assert first.message_id == newer.message_id == gone.message_id
    assert first.at < newer.at < gone.at
    assert (gone.text, gone.deleted) == ("", True)


def test_the_report_itself_may_be_edited_too(ears: Ears, anna: User, opened: Done) -> None:
    ears.office.slack.edit(anna, opened, "the api is down")
    ears.settle()

    assert standing(ears) == {"anna": "the api is down"}
    assert len(ears.tickets()) == 1


def test_a_report_that_is_deleted_below_its_replies_is_gone_too(
    ears: Ears, anna: User, opened: Done
) -> None:
    # Our own answer is below it, so a tombstone stays.
    ears.office.slack.delete(anna, opened)
    ears.settle()

    assert standing(ears) == {}
    assert ears.ticket().title == "api is down"


def test_a_preview_after_a_day_says_nothing_new_either(
    ears: Ears, anna: User, opened: Done
) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    said = slack.say(anna, channel, "see <https://status.example>", thread=opened)
    slack.edit(anna, said, "see <https://status.example/1>")
    ears.settle()
    ears.office.home.clock.pass_by(timedelta(hours=25))

    slack.unfurl(said)
    ears.settle()

    assert len(ears.messages(ears.ticket())) == 3


def test_an_edit_that_comes_before_its_message_is_the_newer_one(
    ears: Ears, anna: User, opened: Done
) -> None:
    sam = ears.person("sam", role=None)
    slack, channel = ears.office.slack, ears.office.incidents
    said = slack.say(sam, channel, "it is the fiber", thread=opened, deliver=False)
    edited = slack.edit(sam, said, "it is the fibre", deliver=False)

    slack.outbox.deliver(edited.requests[0])
    ears.settle()
    slack.outbox.deliver(said.requests[0])
    ears.settle()

    assert standing(ears)["sam"] == "it is the fibre"


def test_a_message_that_is_delivered_five_times_at_once_is_recorded_once(
    ears: Ears, anna: User, opened: Done
) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    said = slack.say(anna, channel, "still down", thread=opened, deliver=False)
    numbers = iter(range(5))

    slack.together(5, lambda: slack.outbox.deliver(said.requests[0].again(next(numbers))))
    ears.settle()

    assert ears.texts(ears.ticket()).count("still down") == 1


def test_a_link_that_shows_a_preview_says_nothing_new(ears: Ears, anna: User, opened: Done) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    said = slack.say(anna, channel, "see <https://status.example/1>", thread=opened)

    slack.unfurl(said)
    ears.settle()

    assert ears.texts(ears.ticket())[1:] == ["see https://status.example/1"]


def test_bots_and_we_are_not_recorded_as_they_speak(ears: Ears, opened: Done) -> None:
    slack, channel, team = ears.office.slack, ears.office.incidents, ears.office.team
    robot = slack.user("grafana", is_bot=True)
    channel.members.append(robot.id)
    alarm = slack.say(robot, channel, "[FIRING] disk full", thread=opened, deliver=False)
    alarm.message.bot_id = "BGRAFANA"
    (ours,) = channel.thread(opened.ts)[:1]

    alarm.message.edited_at = slack.state.new_ts()
    for event in (
        events.said(slack.state, channel, alarm.message),
        events.said(slack.state, channel, ours),
        events.changed(slack.state, channel, alarm.message, {}),
    ):
        assert slack.outbox.deliver(events.wrapped(slack.state, team, channel, event)).ok
    ears.settle()

    assert ours.bot_id == team.bot_id
    assert ears.texts(ears.ticket()) == ["@tocsin api is down"]


def test_messages_elsewhere_cost_no_call_and_leave_no_trace(ears: Ears, anna: User) -> None:
    slack = ears.office.slack
    elsewhere = slack.channel("random", members=[anna])
    with ears.office.home.store.reading() as turn:
        before = turn.last_position()

    first = slack.say(anna, elsewhere, "lunch?")
    slack.say(anna, elsewhere, "yes", thread=first)
    slack.delete(anna, slack.edit(anna, first, "lunch!"))
    ears.settle()

    with ears.office.home.store.reading() as turn:
        assert turn.last_position() == before
    assert slack.calls == []


def test_a_closed_tickets_thread_is_still_its_own(ears: Ears, opened: Done) -> None:
    lead = ears.person("lead", role="sre_lead")
    slack, channel = ears.office.slack, ears.office.incidents
    slack.mention(lead, channel, "close the fibre is spliced", thread=opened)
    ears.settle()

    slack.say(lead, channel, "well done", thread=opened)
    ears.settle()

    assert ears.ticket().closed_at is not None
    assert ears.texts(ears.ticket())[-1] == "well done"


def test_what_people_type_arrives_as_they_typed_it(ears: Ears, anna: User, opened: Done) -> None:
    typed = "👩‍👩‍👧 مرحبا *not bold* `x<y && z>w` ~_~ &lt;"

    ears.office.slack.say(anna, ears.office.incidents, typed, thread=opened)
    ears.settle()

    assert ears.texts(ears.ticket())[1:] == [typed]


def test_names_are_asked_for_once(ears: Ears, anna: User, opened: Done) -> None:
    slack, channel = ears.office.slack, ears.office.incidents

    asked = len(slack.calls_of("users.info"))

    for number in range(5):
        slack.say(anna, channel, f"<@{anna.id}> {number}", thread=opened)
        ears.settle()

    assert "@anna 4" in ears.texts(ears.ticket())
    assert len(slack.calls_of("users.info")) == asked


def test_with_slack_away_messages_are_recorded_with_ids_for_names(ears: Ears, opened: Done) -> None:
    sam = ears.person("sam", role=None)
    ears.office.slack.fail("users.info", "internal_error", status=500)

    ears.office.slack.say(sam, ears.office.incidents, "still down", thread=opened)
    ears.settle()

    assert (ears.messages(ears.ticket())[-1].author, ears.texts(ears.ticket())[-1]) == (
        sam.id,
        "still down",
    )
