"""The log as followers read it: places and kinds first, documents only where they matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tocsin.store.contract import ReadTurn, WriteTurn


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as it lies in the log, not yet read."""

    position: int
    org_id: int
    stream: str
    kind: str


Follow = Callable[[WriteTurn, Sequence[Logged]], None]
"""What a follower does with the next slice of the log, in the transaction of its checkpoint."""


def log_after(turn: ReadTurn, position: int, *, limit: int) -> Sequence[Logged]:
    """The log behind *position*, every org's."""
    rows = turn.select(
        "SELECT position, org_id, stream, kind FROM events"
        " WHERE position > ? ORDER BY position LIMIT ?",
        (position, limit),
        org_id=None,
    )
    return [Logged(*row) for row in rows]
