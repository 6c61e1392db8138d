"""Stories: what the thread of a ticket says, from the first fact to the last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from tests.adapters.slack.facts import NAMES, TownNames, event_of, read, with_slack
from tests.core.telling import (
    ADA,
    AMS,
    BOT,
    CLOCK,
    FIBRE_SWAP,
    HOUR,
    NOON,
    OUTAGE,
    ROOT,
    Speaker,
    Story,
    given,
    incident_open,
    maintenance_planned,
)
from tocsin.adapters.slack import phrases
from tocsin.adapters.slack.contract import Reply
from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    EditPublicUpdate,
    Extend,
    PostPublicUpdate,
    RecordMessage,
    RecordSloViolation,
    ReferenceDraft,
    SetRca,
    Tick,
    TicketCommand,
)
from tocsin.core.ticket import Overlap, Relation, SharedAsset
from tocsin.core.ticket_facts import (
    AssigneeChanged,
    Confirmed,
    ConflictCleared,
    ConflictFound,
    Redacted,
    Related,
    Reminded,
    SignalIngested,
)

GROUPS: Final = with_slack(alpha={"slack_user_group": "S0ALPHA"}, beta={"slack_handle": "U0BETA"})
START: Final = NOON + 48 * HOUR
END: Final = NOON + 52 * HOUR
"""The window of the fibre swap."""
SHARED: Final = SharedAsset(kind="device", code="ams-1", pubkey=AMS.pubkey, reason="same")
BRIEF: Final = "Title: Amsterdam is dark\nStatus: {}\nSeverity: SEV2\nAffected: ams-1, api"


@dataclass
class Thread:
    """A story, and what its thread in Slack shows of each fact."""

    story: Story = field(default_factory=Story)
    names: TownNames = NAMES
    hours: int = 0

    def tell(self, command: TicketCommand, by: Speaker = ADA) -> list[list[str]]:
        """The replies to what *command* makes, an hour after the one before."""
        return [read(one.blocks) for one in self.replies(command, by)]

    def replies(self, command: TicketCommand, by: Speaker = ADA) -> list[Reply]:
        self.hours += 1
        told = len(self.story.events)
        at = NOON + self.hours * HOUR
        evidence = given(by, at=at, entry_id=f"entry-{self.hours}")
        assert self.story.tell(command, evidence)
        assert self.story.state is not None
        found = (
            phrases.reply(event, self.story.state, self.names) for event in self.story.events[told:]
        )
        return [one for one in found if one is not None]


def test_the_thread_of_an_incident_from_its_opening_to_its_end() -> None:
    thread = Thread()

    assert thread.tell(OUTAGE) == []
    assert thread.tell(ChangeStatus(status="acknowledged")) == [
        ["Ada (alpha) moved it from open to acknowledged"]
    ]
    assert thread.tell(Assign(assignee="ada")) == [["Ada (alpha) gave it to Ada", "alpha"]]
    assert thread.tell(ChangeSeverity(severity="sev1", reason="two more sites"), ROOT) == [
        ["Root raised the severity from SEV2 to SEV1", "two more sites", "alpha"]
    ]
    assert thread.tell(ChangeStatus(body="on site *now*", status="mitigating")) == [
        ["Ada (alpha) wrote", "on site *now*"],
        ["Ada (alpha) moved it from acknowledged to mitigating"],
    ]
    assert thread.tell(ChangeSeverity(severity="sev2"), ROOT) == [
        ["Root lowered the severity from SEV1 to SEV2"]
    ]
    assert thread.tell(ChangeStatus(status="resolved", root_cause="fiber_cut")) == [
        ["Ada (alpha) resolved it", "Root cause: Fiber cut"]
    ]
    assert thread.tell(
        ChangeStatus(status="closed", resolution="Spliced", disposition="fixed")
    ) == [
        [
            "I20261120-af36 closed by Ada (alpha)",
            (
                f"{BRIEF.format('Closed')}\nEnded as: Fixed\nRoot cause: Fiber cut\n"
                "Resolution: Spliced"
            ),
        ]
    ]
    assert thread.tell(SetRca(url="https://example.net/rca")) == [
        [
            "Ada (alpha) added the root-cause analysis",
            "<https://example.net/rca|https://example.net/rca>",
        ]
    ]
    assert thread.tell(ChangeStatus(status="investigating", reason="dark again"), ROOT) == [
        ["Root reopened it", "dark again"]
    ]


def test_only_the_end_of_an_incident_is_shown_in_the_channel_as_well() -> None:
    thread = Thread()
    thread.tell(OUTAGE)

    resolved, closed = thread.replies(ChangeStatus(status="closed", resolution="Spliced"))

    assert (resolved.broadcast, closed.broadcast) == (False, True)
    assert closed.text.startswith("I20261120-af36 closed by Ada (alpha)\nTitle: Amsterdam is dark")


def test_an_end_says_what_the_public_still_reads() -> None:
    thread = Thread()
    thread.tell(OUTAGE)
    thread.tell(PostPublicUpdate(title="Outage", status="investigating", body="We look."), ROOT)

    _, closed = thread.tell(ChangeStatus(status="closed", resolution="Spliced"))
    assert closed[1].endswith("\nThe public: still reads “investigating”")

    thread.tell(PostPublicUpdate(status="resolved", body="It is over."), ROOT)
    thread.tell(ChangeStatus(status="investigating", reason="dark again"), ROOT)
    _, again = thread.tell(ChangeStatus(status="closed", resolution="Spliced"))
    assert "The public" not in again[1]


def test_a_declined_incident_is_told_to_the_channel_and_to_whom_it_touched() -> None:
    thread = Thread(names=GROUPS)
    thread.tell(OUTAGE)

    (cancelled,) = thread.replies(ChangeStatus(status="declined", reason="a drill"))

    assert cancelled.broadcast
    assert read(cancelled.blocks) == [
        "I20261120-af36 cancelled by Ada (alpha)",
        f"{BRIEF.format('Cancelled')}\nEnded as: Declined",
        "a drill",
        "<!subteam^S0ALPHA>",
    ]


def test_what_was_done_earlier_says_when() -> None:
    thread = Thread()
    thread.tell(OUTAGE)

    assert thread.tell(ChangeStatus(status="monitoring", at=NOON + HOUR)) == [
        ["Ada (alpha) moved it from open to monitoring, as of 2026-11-20 13:00 UTC"]
    ]


def test_changed_fields_are_told_from_what_to_what_by_name() -> None:
    thread = Thread()
    thread.tell(OUTAGE)

    said = thread.tell(ChangeFields(title="Two sites are dark", devices=("ams-1", "fra-1")), ROOT)

    assert said == [
        [
            "Root changed",
            "Devices: ams-1 → ams-1, fra-1\nTitle: Amsterdam is dark → Two sites are dark",
        ]
    ]


def test_what_else_happens_to_an_incident() -> None:
    thread = Thread()
    thread.tell(OUTAGE)

    assert thread.tell(ChangeLabels(add=("core",))) == [["Ada (alpha) put on the label “core”"]]
    assert thread.tell(ChangeLabels(remove=("core",))) == [
        ["Ada (alpha) took off the label “core”"]
    ]
    done = AddAction(action_kind="ROLLBACK_TRIGGERED", label="r41", details="to r40")
    assert thread.tell(done) == [["Ada (alpha) did: r41 (rollback triggered)", "to r40"]]
    assert thread.tell(
        RecordSloViolation(
            slo_id="light",
            window_start=NOON,
            window_end=NOON + HOUR,
            error_budget_consumed=0.25,
        ),
        BOT,
    ) == [["Objective light is broken, 25% of its error budget used"]]
    ticket = ReferenceDraft(kind="ticket", url="https://example.net/7", title="Carrier 7")
    assert thread.tell(AddReference(reference=ticket)) == [
        ["Ada (alpha) added a ticket: Carrier 7", "<https://example.net/7|https://example.net/7>"]
    ]
    posting = PostPublicUpdate(status="investigating", title="Trouble", body="We are on it.")
    assert thread.tell(posting, ROOT) == [
        ["Root told the public (investigating): Trouble", "We are on it."]
    ]
    assert thread.story.state is not None
    (update,) = thread.story.state.public_updates
    assert thread.tell(EditPublicUpdate(public_update_id=update.id, body="We know."), ROOT) == [
        ["Root corrected for the public: Trouble", "We know."]
    ]


def test_what_the_chat_said_is_not_said_to_it_again() -> None:
    thread = Thread()
    thread.tell(OUTAGE)
    message = RecordMessage(
        message_id="slack:T1:C1:1.2", source="slack", author="Bo", text="hm", at=NOON
    )
    chat = ReferenceDraft(
        kind="chat", url="https://acme.slack.com/archives/C1", external_id="slack:T1:C1"
    )

    assert thread.tell(message, CLOCK) == []
    assert thread.tell(AddReference(reference=chat)) == []


def test_the_thread_of_a_maintenance() -> None:
    thread = Thread(names=GROUPS)
    affected = "<!subteam^S0ALPHA>"
    brief = "Title: Fibre swap\nStatus: {}\nSeverity: SEV3\nAffected: ams-1"

    assert thread.tell(FIBRE_SWAP) == []
    later = ChangeFields(start_at=START + HOUR, end_at=END + HOUR, reason="van is late")
    (moved,) = thread.replies(later)
    assert moved.broadcast
    assert read(moved.blocks) == [
        "M20261120-opub rescheduled by Ada (alpha)",
        (
            f"{brief.format('Planned')}\n"
            "Was: 2026-11-22 12:00 UTC to 2026-11-22 16:00 UTC\n"
            "Now: 2026-11-22 13:00 UTC to 2026-11-22 17:00 UTC"
        ),
        "van is late",
        affected,
    ]
    assert thread.tell(ChangeStatus(status="in_progress")) == [["Ada (alpha) started the work"]]
    assert thread.tell(Extend(end_at=END + 3 * HOUR, reason="one more splice")) == [
        [
            (
                "Ada (alpha) extended it: planned end from 2026-11-22 17:00 UTC"
                " to 2026-11-22 19:00 UTC"
            ),
            "one more splice",
        ]
    ]
    assert thread.tell(ChangeStatus(status="completed", resolution="Swapped")) == [
        ["Ada (alpha) completed the work", "Resolution: Swapped"]
    ]
    (closed,) = thread.replies(ChangeStatus(status="closed", disposition="done"))
    assert closed.broadcast
    assert read(closed.blocks) == [
        "M20261120-opub closed by Ada (alpha)",
        f"{brief.format('Closed')}\nEnded as: Done\nResolution: Swapped",
    ]


def test_the_clock_starts_reminds_and_notices_what_overruns() -> None:
    thread = Thread()
    thread.tell(FIBRE_SWAP)

    (reminder,) = thread.replies(Tick(at=START - 24 * HOUR), CLOCK)
    assert reminder.broadcast
    assert read(reminder.blocks)[0] == (
        "M20261120-opub begins in 24 hours, at 2026-11-22 12:00 UTC"
    )
    thread.hours = 48
    assert thread.tell(Tick(at=START), CLOCK) == [["Its window has begun: it is in progress"]]
    thread.hours = 52
    assert thread.tell(Tick(at=END), CLOCK) == [
        ["Still in progress past its planned end, 2026-11-22 16:00 UTC"]
    ]


def test_a_late_reminder_is_not_announced() -> None:
    late = Reminded(at=NOON, start_at=NOON - HOUR, late=True)

    event = event_of("maintenance.reminded", late)
    assert phrases.reply(event, maintenance_planned(), NAMES) is None


def test_a_reminder_of_what_begins_soon_counts_minutes() -> None:
    soon = Reminded(at=NOON, start_at=NOON + timedelta(minutes=25))

    told = phrases.reply(event_of("maintenance.reminded", soon), maintenance_planned(), NAMES)

    assert told is not None
    assert told.text.startswith("M20261120-opub begins in 25 minutes, at 2026-11-20 12:25 UTC")


def test_a_cancelled_maintenance_calls_whom_it_would_have_touched() -> None:
    thread = Thread(names=GROUPS)
    thread.tell(FIBRE_SWAP)

    (cancelled,) = thread.replies(ChangeStatus(status="cancelled", reason="frost"))

    assert cancelled.broadcast
    assert read(cancelled.blocks)[0] == "M20261120-opub cancelled by Ada (alpha)"
    assert read(cancelled.blocks)[2:] == ["frost", "<!subteam^S0ALPHA>"]
    assert cancelled.text.endswith("frost\n<!subteam^S0ALPHA>")


def test_a_conflict_names_the_other_ticket_and_calls_both_owners() -> None:
    other = replace(maintenance_planned(), id="0193-other", ref="M20261120-bbbb", title="Paint")
    ours = replace(maintenance_planned(), affected_contributors=("alpha-id", "beta-id"))
    names = replace(GROUPS, tickets=(other,))
    found = ConflictFound(
        overlap=Overlap(ticket_id=other.id, shared=(SHARED,)), forced_reason="the road closes"
    )

    told = phrases.reply(event_of("maintenance.conflict_found", found), ours, names)
    gone = ConflictCleared(ticket_id=other.id)
    cleared = phrases.reply(event_of("maintenance.conflict_cleared", gone), ours, names)

    assert told is not None
    assert read(told.blocks) == [
        "Conflicts with M20261120-bbbb Paint on ams-1 (planned over the policy that forbids it)",
        "the road closes",
        "<!subteam^S0ALPHA> <@U0BETA>",
    ]
    assert cleared is not None
    assert cleared.text == "No longer conflicts with M20261120-bbbb Paint"


def test_a_conflict_with_what_cannot_be_found_says_so() -> None:
    told = phrases.reply(
        event_of("maintenance.conflict_cleared", ConflictCleared(ticket_id="gone")),
        maintenance_planned(),
        NAMES,
    )

    assert told is not None
    assert told.text == "No longer conflicts with another ticket"


def test_a_tie_a_signal_an_erasure_and_a_confirmation_are_told() -> None:
    other = replace(incident_open(), id="0193-other", ref="I20261119-zzzz", title="Before")
    names = TownNames(tickets=(other,))
    tie = Related(relation=Relation(kind="follow_up", ticket_id=other.id, inverse=True))
    seen = SignalIngested(
        signal_id="s", source="prometheus", summary="LinkDown\nams-1", ts=NOON, state="resolved"
    )
    erased = Redacted(event="e", fields=("reporter_name", "title"), remaining_digest="00")
    confirmed = Confirmed(contributor_id="beta-id", effect=(AMS.pubkey,))

    said = [
        phrases.reply(event_of(kind, payload), incident_open(), names)
        for kind, payload in (
            ("incident.related", tie),
            ("incident.signal_ingested", seen),
            ("incident.redacted", erased),
            ("maintenance.confirmed", confirmed),
        )
    ]

    assert [None if one is None else one.text for one in said] == [
        "Ada (alpha) tied it to I20261119-zzzz Before: follow up (the other way round)",
        "prometheus (resolved): LinkDown ams-1",
        "Ada (alpha) erased reporter name, title of an earlier entry",
        "Ada (alpha) confirmed it for Beta, who owns what it touches",
    ]


def test_who_had_a_ticket_before_is_loaded_to_be_named() -> None:
    thread = Thread()
    thread.tell(OUTAGE)
    thread.tell(Assign(assignee="ada"))
    thread.tell(Assign(assignee="bo"))
    event = thread.story.events[-1]
    assert isinstance(event.payload, AssigneeChanged)
    assert thread.story.state is not None

    loaded = phrases.to_be_named(event, thread.story.state)

    assert {one.assignee.id for one in loaded if one.assignee is not None} == {"ada", "bo"}
    assert thread.tell(Assign(assignee=None)) == [
        ["Ada (alpha) gave it back: nobody has it now (it was with Bo)", "alpha"]
    ]


def test_devices_that_a_ticket_no_longer_touches_are_loaded_to_be_named() -> None:
    thread = Thread()
    thread.tell(OUTAGE)
    thread.tell(ChangeFields(devices=("fra-1",)), ROOT)
    assert thread.story.state is not None

    loaded = phrases.to_be_named(thread.story.events[-1], thread.story.state)

    assert AMS.pubkey not in thread.story.state.devices
    assert AMS.pubkey in {pubkey for one in loaded for pubkey in one.devices}


def test_a_note_arrives_as_it_was_typed_and_calls_nobody() -> None:
    typed = "<!channel> *all* of <@U1> & \U0001f525 \u05e9\u05dc\u05d5\u05dd\nsecond line"
    thread = Thread(names=GROUPS)
    thread.tell(OUTAGE)

    (note,) = thread.replies(ChangeStatus(body=typed))

    assert note.blocks[1]["text"] == {"type": "plain_text", "text": typed, "emoji": True}
    assert "&lt;!channel&gt; *all* of &lt;@U1&gt; &amp;" in note.text
    assert "<" not in note.text


def test_short_sentences_for_who_asked() -> None:
    assert phrases.opened(incident_open()).text == "Opened I20261120-af36 (SEV2): Amsterdam is dark"
    assert phrases.opened(maintenance_planned()).text.startswith("Planned M20261120-opub (SEV3)")
    assert phrases.refused("no such <ticket>").text == ("That was not done: no such &lt;ticket&gt;")
    assert read(phrases.refused("no such <ticket>").blocks) == [
        "That was not done: no such <ticket>"
    ]
