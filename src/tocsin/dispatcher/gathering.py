"""Announcements that wait where people read: a few go one by one, more as one message. Pure.

At night a cut fibre moves hundreds of links in one round of the monitor. Nobody is kept waiting for
company: what goes together has been waiting already, for the pace of the destination or for the
gate, which is open after a rest and lets one message through every other second in a burst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from math import inf
from typing import Final

from tocsin.dispatcher.contract import Pace
from tocsin.dispatcher.items import Item, Together, lots_of, together
from tocsin.dispatcher.pacing import Bucket
from tocsin.dispatcher.ready import is_network

GATE_SECONDS: Final = 2.0
"""Between two messages about the network while a burst lasts: long enough to gather what one round
of a monitor moves, too short to be late."""


class Gathering:
    """What goes together at one destination, of which up to ``few`` announcements go one by one
    (None: all).

    There is one digest at a time. Until it is settled no other announcement is begun, so whatever
    is said of an asset is said in order, and a process that dies leaves one message in doubt.
    """

    def __init__(self, few: int | None, now: float) -> None:
        self._few = few
        self._gate = _gate(few, now)
        self._digest: Together | None = None

    @property
    def digest(self) -> Together | None:
        """The one that is out, or waits for its next attempt."""
        return self._digest

    @property
    def goes_on(self) -> bool:
        """Whether deliveries still go together here."""
        return self._few is not None

    def follow(self, few: int | None, now: float) -> None:
        """The destination has another pace."""
        self._few, self._gate = few, _gate(few, now)

    def holds(self, stream: str) -> bool:
        """Whether deliveries of that lane are in the digest."""
        return self._digest is not None and stream in self._digest.streams

    def may_go_at(self, stream: str, now: float) -> float:
        """When the next of that lane may go; never, before the digest that it is not of is
        settled."""
        if self._few is None or not is_network(stream):
            return now
        if self._digest is not None and self._digest.stream != stream:
            return inf
        return self._gate.ready_at(now)

    def take(
        self,
        head: Item,
        lanes: Mapping[str, Sequence[Item]],
        *,
        able: Iterable[str],
        again: Callable[[Item], bool],
        now: float,
    ) -> Item:
        """What goes when *head* is next: the digest that it leads, a new one of all that may go, or
        *head* alone.

        *able* are other lanes that may go now. What may have been sent before (*again*) and what
        was not never go together: so what a predecessor sent as one is found as one.
        """
        if self._few is None or not is_network(head.stream):
            return head
        self._gate.take(now)
        if self._digest is None:
            wanted = again(head)
            streams = dict.fromkeys((head.stream, *able))
            lots = [
                tuple(takewhile(lambda one: again(one) == wanted, lanes[stream]))
                for stream in streams
            ]
            lots = [lot for lot in lots if lot]
            if sum(map(len, lots)) <= self._few:
                return head
            self._digest = together(lots)
        return self._digest

    def apart(self, item: Item) -> tuple[tuple[Item, ...], ...]:
        """The lots of *item*, which has arrived or is to be tried in another way; each delivery of
        them has gone through what it has."""
        if item is self._digest:
            self._digest = None
        for one in item.members if isinstance(item, Together) else ():
            one.attempts, one.tries, one.tried_at = item.attempts, item.tries, item.tried_at
        return lots_of(item)

    def clear(self) -> None:
        """Nothing waits any more."""
        self._digest = None


def _gate(few: int | None, now: float) -> Bucket:
    return Bucket(Pace(concurrent=1, per_second=1 / GATE_SECONDS, burst=few or 1), now)
