"""The timeline as a picture: a ticket's events as lanes of status, severity, signals, actions and
messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, assert_never

from tocsin.core.instants import from_text
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status, TicketType, is_active
from tocsin.web.dashboard import words
from tocsin.web.dashboard.warroom.entries import LaneOf, Raw, lane_of
from tocsin.web.dashboard.warroom.wording import said
from tocsin.web.pictures import story
from tocsin.web.pictures.tones import Tone

MOST_DRAWN: Final = 3_000
"""Entries that a picture is made of, the newest."""

_LONGEST: Final = 120
_AFTERWARDS: Final = timedelta(hours=1)
_STATUS_KINDS: Final = ("status_changed", "started", "completed", "cancelled", "extended", "closed")
_PUBLIC: Final = ("public_update_posted", "public_update_edited")


def story_of(
    ticket: Ticket, raws: Iterable[Raw], *, listed: Collection[int], now: datetime, title: str
) -> story.Story:
    """What happened to *ticket* as a story: *raws* are its events, the oldest first. Those whose
    version is *listed* are linked to their entry in the list."""
    statuses: list[story.StatusChange] = []
    severities: list[story.SeverityChange] = []
    signals: list[story.SignalChange] = []
    actions: list[story.Mark] = []
    messages: list[story.Mark] = []
    first: datetime | None = None
    for raw in raws:
        name, at = raw.kind.partition(".")[2], raw.at
        entry = str(raw.version) if raw.version in listed else None
        first = at if first is None else min(first, at)
        if name in ("created", "planned"):
            first_at = at if ticket.type is TicketType.MAINTENANCE else min(at, ticket.start_at)
            status = Status(raw.data["status"])
            severity = Severity(raw.data["severity"])
            statuses.append(story.StatusChange(at=first_at, status=status, entry=entry))
            severities.append(story.SeverityChange(at=first_at, severity=severity, entry=entry))
            continue
        lane = lane_of(raw.kind)
        match lane:
            case LaneOf.STATUS:
                if name in _STATUS_KINDS and "status_to" in raw.data:
                    to = Status(raw.data["status_to"])
                    statuses.append(story.StatusChange(at=at, status=to, entry=entry))
                elif name not in ("resolved", "closed", "reopened"):
                    actions.append(_mark(raw, entry))
            case LaneOf.SEVERITY:
                to_severity = Severity(raw.data["severity_to"])
                severities.append(story.SeverityChange(at=at, severity=to_severity, entry=entry))
            case LaneOf.SIGNALS:
                if name == "signal_ingested":
                    signals.append(_signal(raw, entry))
                else:
                    actions.append(_mark(raw, entry, tone=Tone.PARTIAL))
            case LaneOf.ACTIONS:
                actions.append(_mark(raw, entry))
            case LaneOf.MESSAGES:
                tone = Tone.PLANNED if name in _PUBLIC else Tone.QUIET
                messages.append(_mark(raw, entry, tone=tone))
            case _:
                assert_never(lane)
    if not statuses:
        statuses.append(story.StatusChange(at=first or ticket.created_at, status=ticket.status))
    if not severities:
        severities.append(
            story.SeverityChange(at=first or ticket.created_at, severity=ticket.severity)
        )
    instants = [
        *(one.at for one in statuses),
        *(one.at for one in severities),
        *(one.at for one in signals),
        *(one.at for one in actions),
        *(one.at for one in messages),
    ]
    since, last = min(instants), max(instants)
    until = now if is_active(ticket.status) else min(now, last + _AFTERWARDS)
    return story.Story(
        title=title,
        since=since,
        until=max(until, last),
        lanes=(
            story.status_lane(statuses),
            story.severity_lane(severities),
            story.signal_lane(signals),
            story.action_lane(actions),
            story.message_lane(messages),
        ),
    )


def _nobody(_sort: str, _identity: str) -> None:
    """Pictures name nobody: the list beside them does."""


def _mark(raw: Raw, place: str | None, *, tone: Tone = Tone.QUIET) -> story.Mark:
    text, body = said(raw.kind, raw.data, _nobody)
    if body and lane_of(raw.kind) is LaneOf.MESSAGES:
        text = f"{raw.document['actor']['name']}: {body[:_LONGEST]}"
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return story.Mark(at=raw.at, words=shown, tone=tone, entry=place)


def _signal(raw: Raw, entry: str | None) -> story.SignalChange:
    data = raw.data
    severity = data.get("severity")
    return story.SignalChange(
        at=from_text(data["ts"]),
        key=data.get("fingerprint") or data["signal_id"],
        summary=f"{data['source']}: {data['summary']}"[:_LONGEST],
        firing=data.get("state", "firing") != "resolved",
        severity=None if severity is None else Severity(severity),
        entry=entry,
    )


def title_of(ticket: Ticket) -> str:
    """What the picture is called."""
    return f"Timeline of {words.type_words(ticket.type).lower()} {ticket.ref}"
