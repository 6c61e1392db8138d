"""What time does to alerts: those that have expired are over, and those that a maintenance held
back are judged anew once its window has ended (Domain: correlation).

Both are found by asking the database, each time; nothing is remembered, so that a restart forgets
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
import structlog

from tocsin.core.errors import Overloaded, Refusal
from tocsin.core.ingestion import Reading
from tocsin.core.words import SignalState
from tocsin.handler.arrival import Arrival
from tocsin.handler.reception import heard_again
from tocsin.handler.writer import Writer
from tocsin.projections.due_alerts import expired_alerts, released_alerts
from tocsin.store.arrivals import KnownSignal, signals_in
from tocsin.store.contract import Store

log = structlog.get_logger(__name__)

AT_ONCE: Final = 200
"""How many alerts are handed in at a time: what neighbours say shall not wait behind thousands."""

_FIRING: Final = SignalState.FIRING.value
_RESOLVED: Final = SignalState.RESOLVED.value

Name = tuple[int, str]


class HearingAgain:
    """Hands in what has expired and what is held back no more; parks what stays so after that.

    A parked alert is left alone until it stands differently or the process starts anew. For one
    thread.
    """

    def __init__(self, *, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._parked: Mapping[Name, KnownSignal] = {}

    @property
    def parked(self) -> int:
        """How many alerts stayed as they were."""
        return len(self._parked)

    def look(self, *, at: datetime) -> bool:
        """Hand in what is to be heard again at *at*; whether to look again at once.

        Raises:
            Overloaded: the writer takes no more at the moment, or is stopping.
            StorageFailed: the database is away; nothing is parked for that.
        """
        limit = AT_ONCE + len(self._parked)
        with self._store.reading() as turn:
            expired = expired_alerts(turn, at=at, limit=limit)
            released = list(released_alerts(turn, at=at, limit=limit))
        found = {_name(row): row for row in (*expired, *released)}
        self._parked = {
            name: row for name, row in self._parked.items() if _stands(found.get(name), row)
        }
        handed = self._hand_in(expired, state=_RESOLVED, at=at)
        # What has expired fires no more, so that there is nothing to release of it.
        over = set(map(_name, expired))
        left = [row for row in released if _name(row) not in over]
        handed += self._hand_in(left, state=_FIRING, at=at)
        if handed:
            self._park(handed)
        return bool(handed)

    def _hand_in(
        self, rows: Sequence[KnownSignal], *, state: str, at: datetime
    ) -> list[KnownSignal]:
        wanted = [row for row in rows if _name(row) not in self._parked][:AT_ONCE]
        for arrival in _arrivals(wanted, state=state, at=at):
            try:
                self._writer.account(arrival)
            except Overloaded:
                raise
            except Refusal as refused:
                log.error(
                    "alerts cannot be heard again",
                    action="hearing_refused",
                    org=arrival.org_id,
                    reason=str(refused),
                )
        return wanted

    def _park(self, handed: Iterable[KnownSignal]) -> None:
        before: dict[int, dict[str, KnownSignal]] = {}
        for row in handed:
            before.setdefault(row.org_id, {})[row.fingerprint] = row
        with self._store.reading() as turn:
            now = [
                row
                for org_id, rows in before.items()
                for row in signals_in(turn, org_id, "fingerprint", rows)
            ]
        left = {_name(row): row for row in now if _stands(row, before[row.org_id][row.fingerprint])}
        for row in left.values():
            log.error(
                "an alert stays as it is; it is tried again when it is heard, or after a restart",
                action="alert_parked",
                org=row.org_id,
                signal=row.signal_id,
                verdict=row.verdict,
                because=row.because,
            )
        self._parked = {**self._parked, **left}


def _name(row: KnownSignal) -> Name:
    return row.org_id, row.fingerprint


def _stands(row: KnownSignal | None, before: KnownSignal) -> bool:
    """Whether an alert stands as it did, for the clock's purposes."""
    return row is not None and (
        (row.arrival, row.state, row.held, row.stream, row.expires_at)
        == (before.arrival, before.state, before.held, before.stream, before.expires_at)
    )


def _arrivals(rows: Iterable[KnownSignal], *, state: str, at: datetime) -> Iterator[Arrival]:
    """Those of one connector together, so that they are one commit."""
    together: dict[tuple[int, str | None], list[Arrival]] = {}
    for row in rows:
        try:
            one = heard_again(row, state=state, at=at)
        except msgspec.DecodeError:
            # Its words were redacted: it can be parked, and not be heard.
            continue
        together.setdefault((row.org_id, row.connector_id), []).append(one)
    for arrivals in together.values():
        said = tuple(
            one
            for arrival in arrivals
            if isinstance(arrival.reading, Reading)
            for one in arrival.reading.said
        )
        yield replace(arrivals[0], reading=Reading(said))
