"""Rows of the outgoing tables, whichever database they lie in: how they are read and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tocsin.core.instants import from_text, to_text
from tocsin.store.outgoing import DestinationRow, Noted, Trouble

NOTED = (
    "org_id, route_id, position, stream, coalesce_key, state, attempts, tried_at, due_at, reason"
)
DESTINATION = (
    "org_id, route_id, position, ahead, delivered, delivered_at, down_since, down_reason,"
    " alarmed_at"
)


def optional_text(instant: datetime | None) -> str | None:
    """*instant* as text; None stays."""
    return None if instant is None else to_text(instant)


def optional_instant(text: str | None) -> datetime | None:
    """The instant in *text*; None stays."""
    return None if text is None else from_text(text)


def noted_of(row: Sequence[Any]) -> Noted:
    """The delivery in a row of :data:`NOTED`."""
    org_id, route_id, position, stream, coalesce_key, state, attempts, tried_at, due_at, why = row
    return Noted(
        org_id=org_id,
        route_id=route_id,
        position=position,
        stream=stream,
        coalesce_key=coalesce_key,
        state=Trouble(state),
        attempts=attempts,
        tried_at=optional_instant(tried_at),
        due_at=from_text(due_at),
        reason=why,
    )


def noted_row(one: Noted) -> tuple[object, ...]:
    """*one* as a row of :data:`NOTED`."""
    return (
        one.org_id,
        one.route_id,
        one.position,
        one.stream,
        one.coalesce_key,
        one.state.value,
        one.attempts,
        optional_text(one.tried_at),
        to_text(one.due_at),
        one.reason,
    )


def destination_of(row: Sequence[Any]) -> DestinationRow:
    """The destination in a row of :data:`DESTINATION`."""
    org_id, route_id, position, ahead, delivered, delivered_at, since, why, alarmed_at = row
    return DestinationRow(
        org_id=org_id,
        route_id=route_id,
        position=position,
        ahead=tuple(json.loads(ahead)),
        delivered=delivered,
        delivered_at=optional_instant(delivered_at),
        down_since=optional_instant(since),
        down_reason=why,
        alarmed_at=optional_instant(alarmed_at),
    )


def destination_row(one: DestinationRow) -> tuple[object, ...]:
    """*one* as a row of :data:`DESTINATION`."""
    return (
        one.org_id,
        one.route_id,
        one.position,
        json.dumps(one.ahead),
        one.delivered,
        optional_text(one.delivered_at),
        optional_text(one.down_since),
        one.down_reason,
        optional_text(one.alarmed_at),
    )
