"""Which lanes of a destination may be sent, and in which order. Pure; one thread's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from math import inf
from typing import Final

_NETWORK: Final = ("device:", "link:")


class Ready:
    """Lanes by their streams, first come first served: those of tickets before those of devices and
    links. A round of the monitor may move hundreds of these at once, and an incident does not wait
    for them."""

    def __init__(self) -> None:
        self._tickets: deque[str] = deque()
        self._network: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._tickets) + len(self._network)

    def __iter__(self) -> Iterator[str]:
        return chain(self._tickets, self._network)

    def append(self, stream: str) -> None:
        """*stream* is the last of its sort."""
        self._of(stream).append(stream)

    def appendleft(self, stream: str) -> None:
        """*stream* is the next of its sort."""
        self._of(stream).appendleft(stream)

    def popleft(self) -> str:
        """Take out the next one.

        Raises:
            IndexError: there is none.
        """
        return (self._tickets or self._network).popleft()

    def take(self, able: Callable[[str], bool]) -> str | None:
        """Take out the next one that is *able*; those before it are the last of their sort now."""
        passed_over: list[str] = []
        found = None
        while len(self) and found is None:
            stream = self.popleft()
            if able(stream):
                found = stream
            else:
                passed_over.append(stream)
        for stream in passed_over:
            self.append(stream)
        return found

    def soonest(self, may_go_at: Callable[[str], float], *, after: float) -> float:
        """When the first of them may go, *after* at the earliest; most often the first asked may at
        once, and the others need not be asked."""
        found = inf
        for stream in self:
            at = may_go_at(stream)
            if at <= after:
                return after
            found = min(found, at)
        return found

    @property
    def network(self) -> Iterator[str]:
        """Those of devices and links."""
        return iter(self._network)

    def drop(self, streams: Collection[str]) -> None:
        """Take out these lanes of devices and links."""
        self._network = deque(one for one in self._network if one not in streams)

    def clear(self) -> None:
        """Take out all of them."""
        self._tickets.clear()
        self._network.clear()

    def _of(self, stream: str) -> deque[str]:
        return self._network if is_network(stream) else self._tickets


def is_network(stream: str) -> bool:
    """Whether *stream* is a device's or a link's."""
    return stream.startswith(_NETWORK)
