"""What the public was told of a ticket, and that nothing else is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.facts import SYSTEM, Change, Event, Payload
from tocsin.core.public_notices import PublicNotice, evolve
from tocsin.core.ticket import Reference, ServiceImpact
from tocsin.core.ticket_facts import (
    Extended,
    IncidentCreated,
    LinkedToTicket,
    MaintenancePlanned,
    NoteAdded,
    PublicUpdateEdited,
    PublicUpdatePosted,
    Redacted,
    Rescheduled,
    SeverityChanged,
    TicketUpdated,
)
from tocsin.core.words import Severity, Status, TicketType

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

OPENED = IncidentCreated(
    ref="I20261120-af36",
    title="Customer Ruritania is dark",
    description="Call the king.",
    severity=Severity.SEV2,
    start_at=NOON,
    detected_at=NOON,
)
PLANNED = MaintenancePlanned(
    ref="M20261120-0001",
    title="Swap the king's router",
    description="Do not tell him.",
    severity=Severity.SEV4,
    start_at=NOON + 24 * HOUR,
    end_at=NOON + 26 * HOUR,
)
TOLD = PublicUpdatePosted(
    public_update_id="u1",
    title="Trouble in Amsterdam",
    status="investigating",
    body="We look into it.",
    services=(ServiceImpact(code="api", impact="major"),),
    pages=("page-1",),
)


def events(*payloads: Payload, sort: str = "incident") -> list[Event]:
    """The *payloads* as a stream, a minute apart; the ids are e1, e2, …."""
    return [
        Event(
            id=f"e{number}",
            org_id=1,
            stream=f"{sort}:t1",
            version=number,
            position=number,
            recorded_at=NOON + (number - 1) * MINUTE,
            actor=SYSTEM,
            via="api",
            payload=payload,
        )
        for number, payload in enumerate(payloads, 1)
    ]


def folded(log: Sequence[Event]) -> PublicNotice:
    """What the public was told by *log*."""
    notice: PublicNotice | None = None
    for event in log:
        notice = evolve(notice, event)
    assert notice is not None
    return notice


def test_a_ticket_is_not_public_until_something_is_posted() -> None:
    notice = folded(events(OPENED, NoteAdded(update_id="n", body="The king is angry.")))
    assert not notice.is_public
    assert notice.updated_at is None
    assert notice.ended_at is None


def test_what_is_posted_is_known_with_the_ticket_s_name_and_severity() -> None:
    worse = SeverityChanged(severity_from=Severity.SEV2, severity_to=Severity.SEV1)
    notice = folded(events(OPENED, TOLD, worse))
    (words,) = notice.updates
    assert (notice.id, notice.ref, notice.kind) == ("t1", OPENED.ref, TicketType.INCIDENT)
    assert notice.severity is Severity.SEV1
    assert (words.title, words.body, words.status) == (TOLD.title, TOLD.body, TOLD.status)
    assert (words.services, words.pages) == (TOLD.services, TOLD.pages)
    assert words.posted_at == notice.updated_at == NOON + MINUTE
    assert (notice.start_at, notice.end_at) == (None, None)


def test_it_is_over_while_that_is_the_latest_word() -> None:
    over = replace(TOLD, public_update_id="u2", status="resolved")
    again = replace(TOLD, public_update_id="u3")
    assert folded(events(OPENED, TOLD, over)).ended_at == NOON + 2 * MINUTE
    assert folded(events(OPENED, TOLD, over, again)).ended_at is None


def test_a_correction_replaces_the_words_and_says_when() -> None:
    later = replace(TOLD, public_update_id="u2", body="Still.")
    edit = PublicUpdateEdited(
        public_update_id="u1",
        title="Trouble",
        body="We look.",
        title_before=TOLD.title,
        body_before=TOLD.body,
    )
    first, second = folded(events(OPENED, TOLD, later, edit)).updates
    assert (first.title, first.body, first.edited_at) == ("Trouble", "We look.", NOON + 3 * MINUTE)
    assert first.posted_at == NOON + MINUTE
    assert (second.title, second.body, second.edited_at) == (TOLD.title, "Still.", None)


def erased(event: str, *fields: str) -> Redacted:
    return Redacted(event=event, fields=fields, remaining_digest="", reason="The king asked.")


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        (("title",), ("[removed]", TOLD.body)),
        (("body",), (TOLD.title, "[removed]")),
        (("title", "body"), ("[removed]", "[removed]")),
        (("actor.name",), (TOLD.title, TOLD.body)),
    ],
)
def test_erased_words_are_gone_and_the_others_stay(
    fields: tuple[str, ...], left: tuple[str, str]
) -> None:
    later = replace(TOLD, public_update_id="u2", body="Still.")
    first, second = folded(events(OPENED, TOLD, later, erased("e2", *fields))).updates
    assert (first.title, first.body) == left
    assert (second.title, second.body) == (TOLD.title, "Still.")


def test_the_words_before_a_correction_are_erased_without_the_corrected_ones() -> None:
    edit = PublicUpdateEdited(
        public_update_id="u1",
        title="Trouble",
        body="We look.",
        title_before=TOLD.title,
        body_before=TOLD.body,
    )
    (words,) = folded(events(OPENED, TOLD, edit, erased("e2", "title", "body"))).updates
    assert (words.title, words.body) == ("Trouble", "We look.")
    (words,) = folded(events(OPENED, TOLD, edit, erased("e3", "title", "body"))).updates
    assert (words.title, words.body) == ("[removed]", "[removed]")


def test_the_planned_window_is_as_it_stands() -> None:
    moved = Rescheduled(
        start_at_before=PLANNED.start_at,
        end_at_before=PLANNED.end_at,
        start_at=NOON + 48 * HOUR,
        end_at=NOON + 50 * HOUR,
        reminder_before_hours=24,
        reason="The king is at home.",
    )
    longer = Extended(
        update_id="x",
        at=NOON,
        status_from=Status.IN_PROGRESS,
        end_at_before=moved.end_at,
        end_at=NOON + 52 * HOUR,
    )
    for payloads, window in (
        ((PLANNED,), (PLANNED.start_at, PLANNED.end_at)),
        ((PLANNED, moved), (moved.start_at, moved.end_at)),
        ((PLANNED, moved, longer), (moved.start_at, longer.end_at)),
    ):
        notice = folded(events(*payloads, sort="maintenance"))
        assert (notice.start_at, notice.end_at) == window


def test_when_an_incident_began_stays_internal() -> None:
    change = Change(field="start_at", old=None, new="2026-11-20T09:00:00.000000Z")
    assert folded(events(OPENED, TicketUpdated(facts=(change,)), TOLD)).start_at is None


def test_the_analysis_is_known_by_its_address_until_that_is_erased() -> None:
    def linked(kind: str, url: str) -> LinkedToTicket:
        return LinkedToTicket(reference=Reference(kind=kind, title="The king's anger", url=url))

    chat, rca = linked("chat", "https://chat.example/1"), linked("rca", "https://rca.example/1")
    assert folded(events(OPENED, chat)).rca_url is None
    assert folded(events(OPENED, rca, chat)).rca_url == "https://rca.example/1"
    assert folded(events(OPENED, rca, erased("e2", "reference"))).rca_url is None
    assert folded(events(OPENED, linked("rca", "[removed]"))).rca_url is None


def test_following_twice_tells_nothing_twice() -> None:
    log = events(OPENED, TOLD)
    notice = folded(log)
    assert evolve(notice, log[1]) == notice


def test_before_the_first_event_there_is_nothing() -> None:
    assert evolve(None, events(TOLD)[0]) is None
