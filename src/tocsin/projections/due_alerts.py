"""Alerts that time has come for: expired, or held back by a maintenance whose window has ended
(Domain: correlation)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tocsin.core.correlation import is_in_force
from tocsin.core.instants import to_text
from tocsin.core.ticket import Ticket
from tocsin.core.words import SignalState
from tocsin.store.arrivals import SIGNAL, KnownSignal, signal_of
from tocsin.store.contract import ReadTurn

_FIRING: Final = SignalState.FIRING.value


def expired_alerts(turn: ReadTurn, *, at: datetime, limit: int) -> list[KnownSignal]:
    """Alerts of every org that fire, and by *at* are over since they were not heard again; those
    that expired first."""
    rows = turn.select(
        f"SELECT {SIGNAL} FROM signals WHERE expires_at IS NOT NULL AND expires_at <= ?"
        " AND state = ? ORDER BY expires_at, fingerprint LIMIT ?",
        (to_text(at), _FIRING, limit),
        org_id=None,
    )
    return [signal_of(row) for row in rows]


def released_alerts(turn: ReadTurn, *, at: datetime, limit: int) -> Iterator[KnownSignal]:
    """Alerts of every org that fire, held back by a maintenance that is not in force any more at
    *at*, however its window ended."""
    held: dict[int, list[str]] = {}
    for org_id, stream in turn.select(
        "SELECT DISTINCT org_id, stream FROM signals WHERE held = 1 AND state = ?"
        " AND stream IS NOT NULL",
        (_FIRING,),
        org_id=None,
    ):
        held.setdefault(org_id, []).append(stream)
    for org_id, streams in held.items():
        heads = turn.heads(org_id, streams)
        for stream in sorted(streams):
            head = heads.get(stream)
            state = None if head is None else head.state
            if limit <= 0 or (isinstance(state, Ticket) and is_in_force(state, at=at)):
                continue
            rows = turn.select(
                f"SELECT {SIGNAL} FROM signals WHERE org_id = ? AND stream = ? AND state = ?"
                " AND held = 1 ORDER BY arrival, fingerprint LIMIT ?",
                (org_id, stream, _FIRING, limit),
                org_id=org_id,
            )
            limit -= len(rows)
            yield from map(signal_of, rows)
