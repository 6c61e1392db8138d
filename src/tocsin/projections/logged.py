"""The log as followers read it: places and kinds first, documents only where they matter.

Followers mostly walk in step, and ask for the same: what one of them has read in a transaction the
others need not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from tocsin.store.contract import Head, ReadTurn, WriteTurn


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as it lies in the log, not yet read."""

    position: int
    org_id: int
    stream: str
    kind: str


class Slice:
    """What the followers of one transaction read: ``turn`` is that transaction, ``limit`` how many
    events each of them takes at most."""

    def __init__(self, turn: WriteTurn, *, limit: int) -> None:
        self.turn = turn
        self._limit = limit
        self._logs: dict[int, Sequence[Logged]] = {}
        self._heads: dict[int, dict[str, Head]] = {}

    def log_after(self, position: int) -> Sequence[Logged]:
        """The log behind *position*, every org's."""
        found = self._logs.get(position)
        if found is None:
            found = self._logs[position] = log_after(self.turn, position, limit=self._limit)
        return found

    def heads(self, org_id: int, streams: Collection[str]) -> Mapping[str, Head]:
        """The newest states of those streams that exist."""
        known = self._heads.setdefault(org_id, {})
        known.update(self.turn.heads(org_id, {one for one in streams if one not in known}))
        return {stream: known[stream] for stream in streams if stream in known}


Follow = Callable[[Slice, Sequence[Logged]], None]
"""What a follower does with the next part of the log, in the transaction of its checkpoint."""


def log_after(turn: ReadTurn, position: int, *, limit: int) -> Sequence[Logged]:
    """The log behind *position*, every org's."""
    rows = turn.select(
        "SELECT position, org_id, stream, kind FROM events"
        " WHERE position > ? ORDER BY position LIMIT ?",
        (position, limit),
        org_id=None,
    )
    return [Logged(*row) for row in rows]
