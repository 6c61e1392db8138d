"""Whether a signal is one that a ticket takes: the core's own judgement."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.core.telling import ADA, BOT, NOON, given, under
from tocsin.core.commands import SignalDraft
from tocsin.core.errors import FieldError, Invalid
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_signals import attach
from tocsin.core.words import Severity, Status, TicketType

LONGEST_CONNECTOR = "c" * 32
TICKET = Ticket(
    id="t-1",
    ref="INC-1",
    type=TicketType.INCIDENT,
    title="Loss",
    description="",
    severity=Severity.SEV3,
    status=Status.OPEN,
    created_at=NOON,
    updated_at=NOON,
    version=1,
    created_by=ADA.actor,
    via="api",
    start_at=NOON,
    detected_at=NOON,
    last_status_at=NOON,
    last_word_at=NOON,
)


def attachable(draft: SignalDraft) -> tuple[FieldError, ...]:
    """What a ticket of an org with five severities refuses in *draft*, once its keys have the
    longest prefix that a connector can give them."""
    key = draft.correlation_key
    prefixed = replace(draft, correlation_key=None if key is None else f"{LONGEST_CONNECTOR}:{key}")
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    try:
        attach(TICKET, prefixed, given(BOT, at=now, town=under(severity_levels=5)))
    except Invalid as invalid:
        return tuple(invalid.errors)
    return ()
