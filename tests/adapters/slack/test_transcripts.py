"""Transcripts: frozen when a ticket is closed, and every six hours while it is a grave one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.slack.hearing import Ears, listening
from tests.servers.slack import Done, User
from tocsin.adapters.slack.contract import conversation
from tocsin.adapters.slack.frozen import CHECKPOINT, EVERY
from tocsin.adapters.slack.transcripts import Transcripts, digest_of, logged_messages
from tocsin.core.commands import (
    AddReference,
    ChangeSeverity,
    ChangeStatus,
    Redact,
    ReferenceDraft,
)
from tocsin.core.instants import HOUR
from tocsin.core.ticket_facts import ActionExecuted, MessageRecorded

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An office with ears."""
    with listening(tmp_path) as made:
        yield made


@pytest.fixture
def anna(ears: Ears) -> User:
    """A lead."""
    return ears.person("anna", role="sre_lead")


@pytest.fixture
def opened(ears: Ears, anna: User) -> Done:
    """The mention that has opened the incident."""
    said = ears.office.slack.mention(anna, ears.office.incidents, "api is down")
    ears.settle()
    return said


@pytest.fixture
def keeper(ears: Ears) -> Transcripts:
    """Who freezes transcripts here."""
    return ears.transcripts()


def close(ears: Ears) -> None:
    """Close the incident by the API."""
    ears.office.home.ask(
        "admin",
        ChangeStatus(status="closed", resolution="Spliced.", root_cause="fiber_cut"),
        subject=ears.ticket().id,
    )


def frozen(ears: Ears) -> list[str]:
    """What the ticket says of its transcripts, oldest first."""
    with ears.office.home.store.reading() as turn:
        events = turn.stream_events(ears.office.net, ears.ticket().stream)
    return [one.payload.label for one in events if isinstance(one.payload, ActionExecuted)]


def label(ears: Ears) -> str:
    """What a transcript of the timeline as it stands is called."""
    with ears.office.home.store.reading() as turn:
        logged = logged_messages(turn, ears.office.net, ears.ticket().stream)
    told = [one for one in logged.values() if not one.deleted]
    return f"transcript frozen: {len(told)} messages, sha256 {digest_of(told)}"


def tend(ears: Ears, keeper: Transcripts, after: timedelta = MINUTE) -> int:
    """Let time pass, and have it look."""
    ears.office.home.clock.pass_by(after)
    return keeper.tend(ears.office.home.clock())


def test_a_closed_ticket_gets_its_transcript_once(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    assert tend(ears, keeper) == 0
    close(ears)

    assert [tend(ears, keeper) for _ in range(3)] == [1, 0, 0]
    assert frozen(ears) == [label(ears)]
    assert "transcript frozen: 1 messages" in label(ears)


def test_what_was_missed_is_recorded_before_it_is_frozen(
    ears: Ears, anna: User, opened: Done, keeper: Transcripts
) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    missed = slack.say(anna, channel, "never deliverd", thread=opened, deliver=False)
    slack.edit(anna, missed, "never delivered", deliver=False)
    heard = slack.say(anna, channel, "delivered", thread=opened)
    ears.settle()
    slack.edit(anna, heard, "delivered and edited", deliver=False)
    close(ears)

    tend(ears, keeper)

    with ears.office.home.store.reading() as turn:
        logged = logged_messages(turn, ears.office.net, ears.ticket().stream)
    texts = {one.text for one in logged.values()}
    assert texts == {"@tocsin api is down", "never delivered", "delivered and edited"}
    assert frozen(ears) == [label(ears)]
    # The late events change nothing any more.
    count = len(ears.messages(ears.ticket()))
    for request in (*missed.requests, *heard.requests):
        slack.outbox.deliver(request.again())
    ears.settle()
    assert len(ears.messages(ears.ticket())) == count


def test_a_grave_ticket_is_frozen_every_six_hours_where_something_was_said(
    ears: Ears, anna: User, opened: Done, keeper: Transcripts
) -> None:
    raised = ChangeSeverity(severity="sev1", reason="customers")
    ears.office.home.ask("admin", raised, subject=ears.ticket().id)
    slack, channel = ears.office.slack, ears.office.incidents

    assert tend(ears, keeper, EVERY - HOUR) == 0
    assert tend(ears, keeper, HOUR + MINUTE) == 1
    assert tend(ears, keeper, EVERY) == 0
    slack.say(anna, channel, "still down", thread=opened)
    ears.settle()
    assert tend(ears, keeper, HOUR) == 0
    assert tend(ears, keeper, EVERY - HOUR) == 1
    assert len(frozen(ears)) == len(set(frozen(ears))) == 2


def test_a_lesser_ticket_is_left_alone_while_it_is_active(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    assert tend(ears, keeper, 3 * EVERY) == 0
    assert frozen(ears) == []


def test_the_card_and_the_thread_and_the_channel_are_one_transcript(
    ears: Ears, anna: User, opened: Done, keeper: Transcripts
) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    own = slack.channel("inc-1", members=[anna])
    team = ears.office.team.id
    reference = ReferenceDraft(
        kind="chat", url="https://acme.slack.com/x", external_id=conversation(team, own.id)
    )
    ears.office.home.ask("admin", AddReference(reference=reference), subject=ears.ticket().id)
    first = slack.say(anna, own, "in the channel", deliver=False)
    slack.say(anna, own, "below it", thread=first, deliver=False)
    ears.office.route()
    ears.office.home.ask("admin", ChangeStatus(body="Looking."), subject=ears.ticket().id)
    ears.office.run()
    card = channel.of_bot()[-1]
    slack.say(anna, channel, "below the card", thread=card, deliver=False)
    close(ears)

    tend(ears, keeper)

    texts = ["@tocsin api is down", "in the channel", "below it", "below the card"]
    assert ears.texts(ears.ticket()) == texts


def test_a_new_process_goes_on_where_the_old_one_died(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    tend(ears, keeper)
    close(ears)

    assert tend(ears, ears.transcripts()) == 1
    assert tend(ears, ears.transcripts()) == 0
    assert len(frozen(ears)) == 1


def test_what_is_frozen_is_not_read_again_whatever_the_checkpoint_says(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    close(ears)
    tend(ears, keeper)
    with ears.office.home.store.tending() as turn:
        turn.put_checkpoint(CHECKPOINT, 0)
        turn.commit()
    calls = len(ears.office.slack.calls)

    assert tend(ears, ears.transcripts()) == 0
    assert len(ears.office.slack.calls) == calls


def test_two_processes_at_once_freeze_it_once(ears: Ears, opened: Done) -> None:
    close(ears)
    now = ears.office.home.clock()
    keepers = iter([ears.transcripts(), ears.transcripts()])

    counts = ears.office.slack.together(2, lambda: next(keepers).tend(now))

    assert sum(counts) == 1
    assert len(frozen(ears)) == 1


def test_a_new_process_does_not_begin_the_six_hours_anew(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    raised = ChangeSeverity(severity="sev1", reason="customers")
    ears.office.home.ask("admin", raised, subject=ears.ticket().id)
    assert tend(ears, keeper, EVERY + MINUTE) == 1
    calls = len(ears.office.slack.calls_of("conversations.replies"))

    keeper = ears.transcripts()

    # It looks once whether anything was left behind, and then has time.
    assert tend(ears, keeper) == 0
    assert len(ears.office.slack.calls_of("conversations.replies")) == calls + 1
    assert tend(ears, keeper, EVERY - HOUR) == 0
    assert len(ears.office.slack.calls_of("conversations.replies")) == calls + 1
    assert tend(ears, keeper, HOUR) == 0
    assert len(ears.office.slack.calls_of("conversations.replies")) == calls + 2


def test_what_a_process_left_half_recorded_the_next_one_completes(ears: Ears, anna: User) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    first = slack.say(anna, channel, "message 0", deliver=False)
    for number in range(1, 300):
        slack.say(anna, channel, f"message {number}", thread=first, deliver=False)
    slack.fail("conversations.replies", "internal_error", status=500)
    slack.mention(anna, channel, "api is down", thread=first)
    ears.settle()
    assert ears.texts(ears.ticket()) == ["@tocsin api is down"]
    slack.heal()

    assert tend(ears, ears.transcripts()) == 0

    texts = [f"message {number}" for number in range(300)]
    assert ears.texts(ears.ticket()) == ["@tocsin api is down", *texts]


def test_with_slack_away_it_waits_and_nothing_is_lost(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    close(ears)
    ears.office.slack.down()

    assert [tend(ears, keeper) for _ in range(3)] == [0, 0, 0]
    assert frozen(ears) == []
    ears.office.slack.up()
    # Whoever looks next: the checkpoint has not passed what is due.
    assert tend(ears, ears.transcripts()) == 1


def test_a_conversation_that_is_gone_is_frozen_from_the_timeline(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    close(ears)
    ears.office.slack.fail("conversations.replies", "channel_not_found")

    assert tend(ears, keeper) == 1
    with ears.office.home.store.reading() as turn:
        (done,) = [
            one.payload
            for one in turn.stream_events(ears.office.net, ears.ticket().stream)
            if isinstance(one.payload, ActionExecuted)
        ]
    assert done.details is not None
    assert "channel_not_found" in done.details


def test_what_was_erased_is_not_brought_back(
    ears: Ears, anna: User, opened: Done, keeper: Transcripts
) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    said = slack.say(anna, channel, "my phone is 555", thread=opened)
    ears.settle()
    with ears.office.home.store.reading() as turn:
        event = [
            one
            for one in turn.stream_events(ears.office.net, ears.ticket().stream)
            if isinstance(one.payload, MessageRecorded) and "555" in one.payload.text
        ][-1]
    ears.office.home.ask(
        "admin",
        Redact(event=event.id, fields=("text",), reason="personal"),
        subject=ears.ticket().id,
    )
    slack.edit(anna, said, "my phone is 556", deliver=False)
    close(ears)

    tend(ears, keeper)

    assert all("55" not in text for text in ears.texts(ears.ticket()))
    assert frozen(ears) == [label(ears)]


def test_closing_again_freezes_what_was_said_since(
    ears: Ears, anna: User, opened: Done, keeper: Transcripts
) -> None:
    close(ears)
    tend(ears, keeper)
    ears.office.slack.say(anna, ears.office.incidents, "it is back", thread=opened)
    ears.settle()
    ears.office.home.ask(
        "admin",
        ChangeStatus(status="investigating", reason="back again"),
        subject=ears.ticket().id,
    )
    close(ears)

    assert tend(ears, keeper) == 1
    assert len(frozen(ears)) == 2


def test_many_at_once_have_their_turns(ears: Ears, anna: User) -> None:
    slack, channel = ears.office.slack, ears.office.incidents
    for number in range(45):
        slack.mention(anna, channel, f"outage {number}")
    ears.settle()
    for ticket in ears.tickets():
        ears.office.home.ask(
            "admin",
            ChangeStatus(status="closed", resolution="Spliced.", root_cause="fiber_cut"),
            subject=ticket.id,
        )
    keeper = ears.transcripts()

    assert [tend(ears, keeper) for _ in range(4)] == [20, 20, 5, 0]


def test_an_org_without_a_workspace_is_passed_over(
    ears: Ears, opened: Done, keeper: Transcripts
) -> None:
    close(ears)
    ears.office.workspaces.workspace = None

    assert tend(ears, keeper) == 0
    assert frozen(ears) == []


def test_the_digest_is_of_what_the_timeline_says(ears: Ears, opened: Done) -> None:
    (said,) = ears.messages(ears.ticket())

    assert digest_of([said]) == digest_of(iter([said]))
    assert len(digest_of([])) == 64
    assert digest_of([said]) != digest_of([])
