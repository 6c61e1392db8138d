"""A delivery as a desk has it in memory, and as it is written down when it is in trouble. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.dispatcher.naming import digest_id
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


@dataclass(slots=True, eq=False)
class Together(Item):
    """Deliveries that go as one message, in ``lots``: those of one lane each. As one it has the
    position and the stream of the first of its first lot."""

    lots: tuple[tuple[Item, ...], ...] = ()

    @property
    def members(self) -> list[Item]:
        """All of them, in the order of the log."""
        return sorted((one for lot in self.lots for one in lot), key=lambda one: one.position)

    @property
    def streams(self) -> frozenset[str]:
        """The lanes that they are of."""
        return frozenset(lot[0].stream for lot in self.lots)


def together(lots: Sequence[tuple[Item, ...]]) -> Together:
    """*lots* as one message."""
    head = lots[0][0]
    every = [one for lot in lots for one in lot]
    return Together(
        head.position,
        head.stream,
        noted=head.noted,
        attempts=max(one.attempts for one in every),
        tried_at=min((one.tried_at for one in every if one.tried_at is not None), default=None),
        tries=max(one.tries for one in every),
        lots=tuple(lots),
    )


def lots_of(item: Item) -> tuple[tuple[Item, ...], ...]:
    """The deliveries that *item* is, in lots of one lane each."""
    return item.lots if isinstance(item, Together) else ((item,),)


def count_of(item: Item) -> int:
    """How many deliveries *item* is."""
    return sum(map(len, lots_of(item)))


def reason_of(item: Item, reason: str, route_id: str) -> str:
    """The *reason* for which it did not arrive, and where it went with others, as what."""
    if not isinstance(item, Together):
        return reason
    named = digest_id((one.position for one in item.members), route_id)
    return f"{reason} (sent as {named}, with {count_of(item) - 1} others)"


def first_noted(lanes: Iterable[Iterable[Item]]) -> list[Item]:
    """The first delivery of each of *lanes* that is noted, where there is one."""
    firsts = (next((item for item in lane if item.noted), None) for lane in lanes)
    return [item for item in firsts if item is not None]


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
