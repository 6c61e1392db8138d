"""How connectors are doing, told from the inbox (API: connectors).

What has been counted stays in memory by the minute, and is counted on from the payload that came
last: a list of connectors costs what has arrived since then, not what lies in the inbox. What was
replayed is no word of the neighbour's, and counts as nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tocsin.core.instants import DAY, MINUTE
from tocsin.core.records import Connector
from tocsin.store.arrivals import instant_of, number_at
from tocsin.store.contract import ReadTurn

RECENT: Final = 10
"""Minutes over which the rate is taken."""

MANY: Final = 0.1
"""This part of the recent payloads failing is failing, however well the newest was."""

_FAILED: Final = ("unparseable", "refused")
_A_MINUTE: Final = MINUTE // timedelta(microseconds=1)
_A_DAY: Final = DAY // MINUTE
_AT_ONCE: Final = 100
_MOST_ORGS: Final = 1_024
_SIGNALS: Final = "attached + deduplicated + created + resolved + unattached"
_NEIGHBOURS: Final = "replay_of IS NULL"


class HealthWord(StrEnum):
    """How a connector is doing, in a word.

    ``silent``: it was not heard of for as long as it is expected to be. ``failing``: the newest
    payload, or a tenth of those of the last ten minutes, could not be taken in.
    """

    NEVER_HEARD = "never_heard"
    HEALTHY = "healthy"
    FAILING = "failing"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The newest payload of a connector: when it came, and whether it could not be taken in."""

    at: datetime
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a connector is doing; figures to the minute."""

    state: HealthWord
    last_payload_at: datetime | None
    payloads_24h: int
    signals_24h: int
    rate_per_minute: float
    failures_24h: int
    silent_since: datetime | None


def last_payloads(
    turn: ReadTurn, org_id: int, connector_ids: Collection[str]
) -> Mapping[str, Last]:
    """The newest payload of each of these connectors of the org; nothing of one never heard."""
    wanted = sorted(connector_ids)
    found: dict[str, Last] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        rows = turn.select(
            "SELECT inbox.connector_id, inbox.number, inbox.verdict"
            f" FROM (VALUES {', '.join(['(?)'] * len(part))}) AS wanted"
            " CROSS JOIN inbox ON inbox.org_id = ? AND inbox.number ="
            " (SELECT newest.number FROM inbox AS newest WHERE newest.org_id = ?"
            f" AND newest.connector_id = wanted.column1 AND {_NEIGHBOURS}"
            " ORDER BY newest.number DESC LIMIT 1)",
            (*part, org_id, org_id),
            org_id=org_id,
        )
        for connector_id, number, verdict in rows:
            found[connector_id] = Last(at=instant_of(number), failed=verdict in _FAILED)
    return found


def silent_since(connector: Connector, last: Last | None, *, at: datetime) -> datetime | None:
    """Since when nothing was heard of *connector*, if that is longer than is expected of it; None
    where all is well, or nothing is expected."""
    if connector.expected_every_minutes is None or connector.removed_at is not None:
        return None
    since = connector.created_at if last is None else max(last.at, connector.created_at)
    expected = timedelta(minutes=connector.expected_every_minutes)
    return since if at >= since + expected else None


Counts = tuple[int, int, int]
"""Payloads, signals and failures."""


@dataclass(slots=True)
class _Tally:
    """What came of one connector within a day, by the minute, the oldest first; and in all."""

    minutes: deque[tuple[int, Counts]] = field(default_factory=deque)
    total: Counts = (0, 0, 0)

    def add(self, minute: int, counts: Counts) -> None:
        self.total = _sum(self.total, counts)
        if self.minutes and self.minutes[-1][0] == minute:
            counts = _sum(self.minutes.pop()[1], counts)
        self.minutes.append((minute, counts))

    def forget(self, before: int) -> None:
        while self.minutes and self.minutes[0][0] < before:
            payloads, signals, failures = self.minutes.popleft()[1]
            self.total = _sum(self.total, (-payloads, -signals, -failures))

    def since(self, minute: int) -> Counts:
        found = (0, 0, 0)
        for when, counts in reversed(self.minutes):
            if when < minute:
                break
            found = _sum(found, counts)
        return found


def _sum(one: Counts, other: Counts) -> Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


@dataclass(slots=True)
class _Counted:
    """What was counted of an org, up to the payload of that number."""

    upto: int
    tallies: dict[str, _Tally] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class ConnectorCounts:
    """What this process has counted of the inbox. For any number of threads."""

    def __init__(self) -> None:
        self._orgs: OrderedDict[int, _Counted] = OrderedDict()
        self._lock = threading.Lock()

    def health(
        self, turn: ReadTurn, org_id: int, connectors: Sequence[Connector], *, at: datetime
    ) -> Mapping[str, Health]:
        """How each of *connectors* of the org is doing at the instant *at*, by id."""
        last = last_payloads(turn, org_id, [one.id for one in connectors])
        counted = self._of(org_id, at)
        now = number_at(at) // _A_MINUTE
        with counted.lock:
            _count_on(turn, org_id, counted, at=at)
            tallies = {one.id: counted.tallies.get(one.id, _Tally()) for one in connectors}
            day = {name: one.total for name, one in tallies.items()}
            recent = {name: one.since(now - RECENT + 1) for name, one in tallies.items()}
        return {
            one.id: _health(one, last.get(one.id), day[one.id], recent[one.id], at=at)
            for one in connectors
        }

    def keep_up(self, turn: ReadTurn, *, at: datetime) -> None:
        """Count what has come of any org, so that whoever asks need not wait for it."""
        for org in turn.orgs()[:_MOST_ORGS]:
            counted = self._of(org.org_id, at)
            with counted.lock:
                _count_on(turn, org.org_id, counted, at=at)

    def _of(self, org_id: int, at: datetime) -> _Counted:
        with self._lock:
            if org_id not in self._orgs:
                self._orgs[org_id] = _Counted(upto=number_at(at - DAY))
            self._orgs.move_to_end(org_id)
            if len(self._orgs) > _MOST_ORGS:
                self._orgs.popitem(last=False)
            return self._orgs[org_id]


def _count_on(turn: ReadTurn, org_id: int, counted: _Counted, *, at: datetime) -> None:
    """Count what has come since; forget what is older than a day."""
    oldest = number_at(at) // _A_MINUTE - _A_DAY + 1
    newest = turn.select("SELECT max(number) FROM inbox WHERE org_id = ?", (org_id,), org_id=org_id)
    upto = newest[0][0] or 0
    # A snapshot that is older than what was counted has nothing to add.
    if upto > counted.upto:
        rows = turn.select(
            f"SELECT connector_id, number / {_A_MINUTE} AS minute, count(*), sum({_SIGNALS}),"
            " sum(CASE WHEN verdict IN (?, ?) THEN 1 ELSE 0 END) FROM inbox"
            " WHERE org_id = ? AND number > ? AND number <= ? AND connector_id IS NOT NULL"
            f" AND {_NEIGHBOURS} GROUP BY 1, 2 ORDER BY 2",
            (*_FAILED, org_id, max(counted.upto, oldest * _A_MINUTE - 1), upto),
            org_id=org_id,
        )
        for connector_id, minute, payloads, signals, failures in rows:
            tally = counted.tallies.setdefault(connector_id, _Tally())
            tally.add(minute, (payloads, signals, failures))
        counted.upto = upto
    for name, tally in list(counted.tallies.items()):
        tally.forget(oldest)
        if not tally.minutes:
            del counted.tallies[name]


def _health(
    connector: Connector,
    last: Last | None,
    day: Counts,
    recent: Counts,
    *,
    at: datetime,
) -> Health:
    since = silent_since(connector, last, at=at)
    if since is not None:
        state = HealthWord.SILENT
    elif last is None:
        state = HealthWord.NEVER_HEARD
    elif last.failed or recent[2] > recent[0] * MANY:
        state = HealthWord.FAILING
    else:
        state = HealthWord.HEALTHY
    return Health(
        state=state,
        last_payload_at=None if last is None else last.at,
        payloads_24h=day[0],
        signals_24h=day[1],
        rate_per_minute=recent[0] / RECENT,
        failures_24h=day[2],
        silent_since=since,
    )
