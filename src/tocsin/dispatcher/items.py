"""A delivery as a desk has it in memory, and as it is written down when it is in trouble. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.store.outgoing import DestinationRow, Noted, Trouble


@dataclass(slots=True, eq=False)
class Item:
    """One delivery in memory. ``passed_then`` is how many had got through when it last failed;
    ``held_since`` is set while it is noted as held by one before it."""

    position: int
    stream: str
    coalesce_key: str | None = None
    noted: bool = False
    held_since: datetime | None = None
    attempts: int = 0
    tried_at: datetime | None = None
    tries: int = 0
    passed_then: int | None = None


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of deliveries since the desk was set up."""

    delivered: int = 0
    failed: int = 0
    parked: int = 0
    superseded: int = 0
    cancelled: int = 0


def item_of(noted: Noted) -> Item:
    """What is taken into memory of a delivery in trouble."""
    return Item(
        position=noted.position,
        stream=noted.stream,
        coalesce_key=noted.coalesce_key,
        noted=True,
        held_since=noted.due_at if noted.state is Trouble.HELD else None,
        attempts=noted.attempts,
        tried_at=noted.tried_at,
        tries=max(noted.attempts, int(noted.tried_at is not None)),
    )


def noted_of(
    item: Item, row: DestinationRow, state: Trouble, *, due_at: datetime, reason: str = ""
) -> Noted:
    """What is written down of a delivery in memory."""
    return Noted(
        org_id=row.org_id,
        route_id=row.route_id,
        position=item.position,
        stream=item.stream,
        coalesce_key=item.coalesce_key,
        state=state,
        attempts=item.attempts,
        tried_at=item.tried_at,
        due_at=due_at,
        reason=reason,
    )
