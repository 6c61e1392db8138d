"""Tickets and their updates as rows of the gateway's two tables (Integrations: Airtable).

Pure. Tables and fields are named as the gateway's canonical schema names them, statuses and
severities are its words. Lists are texts with commas and instants RFC 3339: Airtable turns them
into what its columns are (``typecast``), whether they are plain text or of a richer sort.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from tocsin.core.actions import STATUS_MOVES
from tocsin.core.dialects import Dialect, severity_out, status_out
from tocsin.core.facts import Event, stream_identity
from tocsin.core.instants import to_text
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import (
    Cancelled,
    Completed,
    Extended,
    MaintenanceClosed,
    NoteAdded,
    Started,
    StatusChanged,
)

TICKET: Final = "Ticket"
UPDATE: Final = "Update"

KEYS: Final[Mapping[str, str]] = {TICKET: "ref", UPDATE: "update_id"}
"""The field by which a row of each table is found again."""

LEVELS: Final = 5
"""However many severities the org has, the gateway's three are what is shown."""

TRIAL_KEY: Final = "TOCSIN-TEST"

Row = Mapping[str, str | int | None]

Move = StatusChanged | Started | Completed | Extended | Cancelled | MaintenanceClosed


def ticket_row(ticket: Ticket) -> Row:
    """*ticket* as it stands, as a row of the table Ticket."""
    return {
        "ref": ticket.ref,
        "id": ticket.id,
        "type": ticket.type.value,
        "title": ticket.title,
        "description": ticket.description,
        "pubkey": ticket.pubkey,
        "reporter_name": ticket.reporter_name,
        "reporter_email": ticket.reporter_email,
        "device_pubkey": ", ".join(ticket.devices),
        "affected_link_pubkey": ", ".join(ticket.links),
        "severity": severity_out(ticket.severity, Dialect.GATEWAY, levels=LEVELS),
        "status": status_out(ticket.status, Dialect.GATEWAY),
        "start_at": to_text(ticket.start_at),
        "end_at": _instant(ticket.end_at),
        "auto_close_after_hours": ticket.auto_close_after_hours,
        "created_at": to_text(ticket.created_at),
        "updated_at": to_text(ticket.updated_at),
    }


def update_id_of(event: Event) -> str | None:
    """The id of the update that *event* is a fact of; None where it is none of an update."""
    payload = event.payload
    return payload.update_id if isinstance(payload, (NoteAdded, *STATUS_MOVES)) else None


def update_row(update_id: str, events: Sequence[Event]) -> Row | None:
    """The update that those of *events* (oldest first) with that id make together, as a row of the
    table Update; None where none has it."""
    facts = [event for event in events if update_id_of(event) == update_id]
    if not facts:
        return None
    notes = [event.payload for event in facts if isinstance(event.payload, NoteAdded)]
    moves: list[Move] = [
        event.payload for event in facts if isinstance(event.payload, STATUS_MOVES)
    ]
    told: list[NoteAdded | Move] = [*notes, *moves]
    return {
        "update_id": update_id,
        "ticket_id": stream_identity(facts[0].stream),
        "author_pubkey": told[0].author_pubkey,
        "timestamp": to_text(moves[0].at if moves else facts[0].recorded_at),
        "body": notes[0].body if notes else _reason(moves),
        "status_from": status_out(moves[0].status_from, Dialect.GATEWAY) if moves else None,
        "status_to": status_out(moves[-1].status_to, Dialect.GATEWAY) if moves else None,
    }


def trial_rows(at: datetime) -> Mapping[str, Row]:
    """A row for each table that says that it is a test, with every field, and may be deleted."""
    words = "A test by Tocsin, no ticket: this row may be deleted."
    now = to_text(at)
    ticket: Row = {
        "ref": TRIAL_KEY,
        "id": TRIAL_KEY,
        "type": "incident",
        "title": words,
        "description": words,
        "pubkey": None,
        "reporter_name": None,
        "reporter_email": None,
        "device_pubkey": "",
        "affected_link_pubkey": "",
        "severity": "sev3",
        "status": "closed",
        "start_at": now,
        "end_at": now,
        "auto_close_after_hours": None,
        "created_at": now,
        "updated_at": now,
    }
    update: Row = {
        "update_id": TRIAL_KEY,
        "ticket_id": TRIAL_KEY,
        "author_pubkey": None,
        "timestamp": now,
        "body": words,
        "status_from": None,
        "status_to": None,
    }
    return {TICKET: ticket, UPDATE: update}


def _reason(moves: Sequence[Move]) -> str | None:
    return next((one.reason for one in moves if one.reason is not None), None)


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)
