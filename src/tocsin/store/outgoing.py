"""The outgoing half of the store's contract: what waits for a destination, and how far it has come.

The commit leaves one row for each event that goes anywhere. A destination keeps one position up to
which all of its deliveries are settled, so what goes well costs no row of its own; only what is in
trouble is noted, delivery by delivery. Every change is made under a lease, and only while it is
held.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tocsin.core.facts import Event
from tocsin.core.routing import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An event that goes somewhere: one delivery for each route, in the order of the routes.

    A delivery is known by the event's ``position`` and its route's id; its lane is the ticket
    (``stream``) and the route.
    """

    org_id: int
    stream: str
    position: int
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRow:
    """How far a route's destination has come.

    Everything of it up to ``position`` is settled or noted; ``ahead`` lists, ascending, what is
    settled behind it. ``down_since`` is set while nothing gets through, ``alarmed_at`` once that
    was told.
    """

    org_id: int
    route_id: str
    position: int
    ahead: tuple[int, ...] = ()
    delivered: int = 0
    delivered_at: datetime | None = None
    down_since: datetime | None = None
    down_reason: str = ""
    alarmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """A ticket at a destination whose opening was delivered (``remote_id`` names what it made
    there), or ``parked`` with it."""

    stream: str
    remote_id: str | None
    parked: bool = False


class Trouble(StrEnum):
    """What a noted delivery waits for."""

    WAITING = "waiting"
    """Its next attempt, at ``due_at``."""

    HELD = "held"
    """The one before it in its lane."""

    PARKED = "parked"
    """A person: it is tried no more until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A delivery in trouble: ``attempts`` were counted, the first of all at ``tried_at``."""

    org_id: int
    route_id: str
    position: int
    stream: str
    state: Trouble
    due_at: datetime
    coalesce_key: str | None = None
    attempts: int = 0
    tried_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one mark changes at one destination: its row, lanes, and notes made and dropped.

    ``cancelled`` drops every note and every parked lane first: the route is gone or disabled.
    ``moved`` drops every open lane first: what was made for them is at another address.
    """

    destination: DestinationRow
    lanes: tuple[LaneRow, ...] = ()
    noted: tuple[Noted, ...] = ()
    dropped: tuple[int, ...] = ()
    cancelled: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Leases that somebody believes to hold: their tokens by name."""

    owner: str
    tokens: Mapping[str, int] = field(default_factory=dict)


class OutgoingReads(Protocol):
    """What a snapshot tells of the outbox."""

    def outgoing(
        self,
        *,
        after: int,
        limit: int,
        org_id: int | None = None,
        upto: int | None = None,
    ) -> Sequence[Outgoing]:
        """The outbox behind position *after*, up to and with *upto*: every org's, or one's."""
        ...

    def outgoing_count(self, org_id: int, route_id: str, *, after: int, upto: int) -> int:
        """How many deliveries of a route the outbox has behind *after*, up to and with *upto*."""
        ...

    def destinations(self, org_id: int) -> Mapping[str, DestinationRow]:
        """The org's destinations by route id, as far as anything was marked there."""
        ...

    def lane_of(self, org_id: int, remote_id: str) -> str | None:
        """The stream whose lane's opening made that object at a destination, None for no lane's."""
        ...

    def lanes(
        self, org_id: int, route_id: str, streams: Collection[str]
    ) -> Mapping[str, LaneRow]: ...

    def noted_lanes(self, org_id: int, route_id: str, streams: Collection[str]) -> frozenset[str]:
        """Which of *streams* have anything noted at that route."""
        ...

    def noted(
        self,
        org_id: int,
        *,
        route_id: str | None = None,
        stream: str | None = None,
        states: Collection[Trouble] = tuple(Trouble),
        after: tuple[int, str] = (0, ""),
        limit: int = 1000,
    ) -> Sequence[Noted]:
        """What is in trouble, in the order of position and route, from behind such a pair."""
        ...

    def noted_count(self, org_id: int) -> Mapping[tuple[str, Trouble], int]:
        """How many deliveries are in trouble, by route id and state."""
        ...

    def due_deliveries(
        self, at: datetime, *, routes: Collection[str], limit: int = 500
    ) -> Sequence[Noted]:
        """Deliveries of *routes*, of whatever org, whose next attempt has come by *at*, the longest
        due first."""
        ...

    def sort_moved(self, sort: str, *, after: int) -> bool:
        """Whether any org's stream of that sort has moved behind a position."""
        ...

    def events_at(self, org_id: int, positions: Collection[int]) -> Mapping[int, Event]:
        """Events of the org by their positions."""
        ...

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at that position was recorded."""
        ...

    def sealed_secret(self, org_id: int, secret_id: str) -> bytes | None:
        """A secret of the org, as it lies sealed."""
        ...

    def lease_owners(self) -> Mapping[str, tuple[str, float]]:
        """Who holds which lease, and for how many seconds more; expired ones are left out."""
        ...


class OutgoingWrites(OutgoingReads, Protocol):
    """What a turn can change of the outbox. Times of leases are the database's."""

    def take_leases(
        self, names: Collection[str], *, owner: str, seconds: float
    ) -> Mapping[str, int]:
        """Take those of *names* that are free, expired or *owner*'s own, for *seconds* from now;
        their tokens. A token rises when its lease changes hands."""
        ...

    def return_leases(self, names: Collection[str], *, owner: str) -> None:
        """Let others take at once what *owner* holds of *names*."""
        ...

    def forget_leases(self) -> None:
        """Let go of every lease, whoever has it: for the one process of a database."""
        ...

    def holds(self, holding: Holding) -> bool:
        """Whether every lease of *holding* is still its owner's under that token; while the turn
        lasts, nobody else can take them."""
        ...

    def settle(self, settlement: Settlement) -> None:
        """Mark what became of deliveries."""
        ...

    def redrive(
        self,
        org_id: int,
        *,
        at: datetime,
        route_id: str | None = None,
        position: int | None = None,
    ) -> int:
        """Have parked deliveries tried again from *at* on, with attempts counted anew: one, one
        route's, or all; how many. Lanes parked with them are as if never opened."""
        ...

    def drop_sent(self, org_id: int, *, upto: int) -> int:
        """Delete the org's outbox up to and with a position; how many rows."""
        ...
