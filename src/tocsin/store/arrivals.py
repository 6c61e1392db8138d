"""What arrives from neighbours, as rows: every payload with its verdicts, and every alert that is
known (Design: store; Domain: correlation).

Like receipts these are records of what arrived: backed up, and not rebuilt from the log. A payload
is never changed; of an alert there is one row, which repeats only count up.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from tocsin.core.ids import event_id
from tocsin.core.instants import from_text, to_text
from tocsin.core.rows import facets_matching
from tocsin.core.words import TicketType

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

INBOX_TYPES: Final = {
    "org_id": "int",
    "number": "bigint",
    "connector_id": "text",
    "via": "text",
    "verdict": "text",
    "reason": "text",
    "content_type": "text",
    "headers": "text",
    "payload": "bytea",
    "results": "text",
    "attached": "int",
    "deduplicated": "int",
    "created": "int",
    "resolved": "int",
    "unattached": "int",
    "observed": "int",
    "replay_of": "bigint",
}
"""The columns of the inbox and their types, in order."""

INBOX: Final = ", ".join(INBOX_TYPES)

SIGNAL_TYPES: Final = {
    "org_id": "int",
    "fingerprint": "text",
    "signal_id": "text",
    "connector_id": "text",
    "stream": "text",
    "state": "text",
    "severity": "text",
    "verdict": "text",
    "because": "text",
    "reason": "text",
    "observed": "int",
    "held": "int",
    "rule_id": "text",
    "new_at": "bigint",
    "correlation_key": "text",
    "trace_id": "text",
    "service": "text",
    "began_at": "text",
    "first_seen": "text",
    "last_seen": "text",
    "times": "int",
    "arrival": "bigint",
    "expires_at": "text",
    "draft": "text",
    "memo": "text",
}
"""The columns of the alerts that are known and their types, in order."""

SIGNAL: Final = ", ".join(SIGNAL_TYPES)

REPLACING: Final = "ON CONFLICT (org_id, fingerprint) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}"
    for name in SIGNAL_TYPES
    if name not in ("org_id", "fingerprint", "signal_id", "first_seen")
)

FORGOTTEN: Final = '{"source":"[removed]","summary":"[removed]"}'
"""The draft of an alert whose words were erased."""

_ACTIVE_INCIDENTS: Final = tuple(
    sorted(facets_matching(types=(TicketType.INCIDENT,), active=True) or ())
)
_SIZES: Final = (128, 32, 8, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A payload as it arrived, and what became of it.

    ``number`` tells it from all others of the org, and when it came: microseconds since 1970, one
    more where two came at once. ``connector_id`` is None for what came over the API. ``headers`` is
    JSON, without secrets; ``results`` is JSON, a list of ``[fingerprint, verdict, because, ticket
    id]`` for each thing that the payload says, in its order. ``observed`` says that nothing was
    done.
    The verdicts are counted in five numbers, whose sum is what was received. ``replay_of`` is the
    number of the payload that was heard again.
    """

    org_id: int
    number: int
    connector_id: str | None
    via: str
    verdict: str
    reason: str
    content_type: str
    headers: str
    payload: bytes
    results: str
    attached: int = 0
    deduplicated: int = 0
    created: int = 0
    resolved: int = 0
    unattached: int = 0
    observed: bool = False
    replay_of: int | None = None

    @property
    def id(self) -> str:
        """A UUIDv7, from which the number can be read again."""
        return event_id(self.received_at, self.number)

    @property
    def received_at(self) -> datetime:
        """When it arrived."""
        return instant_of(self.number)

    @property
    def signals(self) -> int:
        """How many things it says."""
        return self.attached + self.deduplicated + self.created + self.resolved + self.unattached


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSignal:
    """An alert as it stands: the newest signal with its fingerprint, and where it belongs.

    ``stream`` is the ticket it is on, ``verdict``, ``because`` and ``reason`` are of the newest
    signal that was no repeat. ``held``: a maintenance in force holds it back. ``observed``: the
    connector only observes, and nothing was done. ``new_at`` is the number of the payload in which
    its key was new under ``rule_id``. ``began_at`` is when this firing began by its source's word;
    ``times`` counts how often it was heard, ``arrival`` is the number of the newest payload.
    ``expires_at``: over by then unless it is heard again. ``draft`` is the signal as JSON, ``memo``
    what an adapter has to remember of it, JSON or nothing.
    """

    org_id: int
    fingerprint: str
    signal_id: str
    connector_id: str | None
    stream: str | None
    state: str
    severity: str
    verdict: str
    because: str
    reason: str
    observed: bool = False
    held: bool = False
    rule_id: str | None = None
    new_at: int | None = None
    correlation_key: str | None = None
    trace_id: str | None = None
    service: str | None = None
    began_at: datetime | None = None
    first_seen: datetime
    last_seen: datetime
    times: int = 1
    arrival: int
    expires_at: datetime | None = None
    draft: str
    memo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAgain:
    """An alert was repeated so many *times*, the last of them by the payload *arrival*."""

    org_id: int
    fingerprint: str
    times: int
    arrival: int
    last_seen: datetime
    expires_at: datetime | None


class ArrivalWrites(Protocol):
    """What a turn can do to what has arrived, besides writing a batch."""

    def drop_arrived(self, org_id: int, *, before: int, limit: int) -> int:
        """Delete at most *limit* payloads of the org numbered below *before*, oldest first; how
        many."""
        ...

    def drop_signals(self, org_id: int, *, unseen_since: datetime, limit: int) -> int:
        """Delete at most *limit* alerts of the org that were not heard of since, unless they fire
        on a ticket; how many."""
        ...

    def forget_signal_text(self, org_id: int, fingerprints: Collection[str]) -> int:
        """Empty what the org keeps of the words of these alerts: their drafts, and the payloads
        that told of them; how many payloads."""
        ...


class _Selecting(Protocol):
    def select(
        self, sql: str, parameters: Sequence[object] = (), *, org_id: int | None
    ) -> Sequence[tuple[Any, ...]]: ...


def number_at(instant: datetime) -> int:
    """The lowest number that a payload can have that arrives at *instant*."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(number: int) -> datetime:
    """When the payload of that number arrived."""
    return _EPOCH + timedelta(microseconds=number)


def newest_number(turn: _Selecting, org_id: int) -> int:
    """The number of the org's newest payload; 0 where there is none."""
    found = turn.select("SELECT max(number) FROM inbox WHERE org_id = ?", (org_id,), org_id=org_id)
    return found[0][0] or 0


def arrived(turn: _Selecting, org_id: int, number: int) -> Arrived | None:
    """The payload of that number, if it is the org's."""
    rows = turn.select(
        f"SELECT {INBOX} FROM inbox WHERE org_id = ? AND number = ?",
        (org_id, number),
        org_id=org_id,
    )
    return arrived_of(rows[0]) if rows else None


def signals_in(
    turn: _Selecting, org_id: int, column: str, values: Collection[str]
) -> list[KnownSignal]:
    """The alerts whose *column* (``fingerprint``, ``correlation_key``, ``trace_id``, ``stream``)
    is one of *values*."""
    assert column in ("fingerprint", "correlation_key", "trace_id", "stream", "signal_id")
    found: list[KnownSignal] = []
    wanted = sorted(values)
    start = 0
    for size in _SIZES:
        # A few fixed sizes, so that the same statements are found again.
        while len(wanted) - start >= size:
            part = wanted[start : start + size]
            start += size
            rows = turn.select(
                f"SELECT {SIGNAL} FROM signals WHERE org_id = ?"
                f" AND {column} IN ({', '.join('?' * size)})",
                (org_id, *part),
                org_id=org_id,
            )
            found += map(signal_of, rows)
    return found


def active_incidents_with(
    turn: _Selecting, org_id: int, terms: Sequence[str], *, most: int
) -> set[str]:
    """Streams of at most so many active incidents that carry any of *terms*, the newest of them."""
    rows = turn.select(
        "SELECT t.stream FROM ticket_terms AS x CROSS JOIN tickets AS t ON t.number = x.number"
        f" WHERE x.org_id = ? AND x.term IN ({', '.join('?' * len(terms))})"
        f" AND t.facets IN ({', '.join('?' * len(_ACTIVE_INCIDENTS))})"
        " ORDER BY x.number DESC LIMIT ?",
        (org_id, *terms, *_ACTIVE_INCIDENTS, most),
        org_id=org_id,
    )
    return {stream for (stream,) in rows}


# -- rows -----------------------------------------------------------------------------------------


def arrived_values(row: Arrived) -> tuple[object, ...]:
    """The values of :data:`INBOX`."""
    return (
        row.org_id,
        row.number,
        row.connector_id,
        row.via,
        row.verdict,
        row.reason,
        row.content_type,
        row.headers,
        row.payload,
        row.results,
        row.attached,
        row.deduplicated,
        row.created,
        row.resolved,
        row.unattached,
        int(row.observed),
        row.replay_of,
    )


def arrived_of(row: Sequence[Any]) -> Arrived:
    """A row of :data:`INBOX`."""
    return Arrived(
        org_id=row[0],
        number=row[1],
        connector_id=row[2],
        via=row[3],
        verdict=row[4],
        reason=row[5],
        content_type=row[6],
        headers=row[7],
        payload=bytes(row[8]),
        results=row[9],
        attached=row[10],
        deduplicated=row[11],
        created=row[12],
        resolved=row[13],
        unattached=row[14],
        observed=bool(row[15]),
        replay_of=row[16],
    )


def results_in(text: str) -> list[tuple[str, str, str, str | None]]:
    """The list that lies in ``results``."""
    return [tuple(one) for one in json.loads(text)]


def signal_values(row: KnownSignal) -> tuple[object, ...]:
    """The values of :data:`SIGNAL`."""
    return (
        row.org_id,
        row.fingerprint,
        row.signal_id,
        row.connector_id,
        row.stream,
        row.state,
        row.severity,
        row.verdict,
        row.because,
        row.reason,
        int(row.observed),
        int(row.held),
        row.rule_id,
        row.new_at,
        row.correlation_key,
        row.trace_id,
        row.service,
        _text(row.began_at),
        to_text(row.first_seen),
        to_text(row.last_seen),
        row.times,
        row.arrival,
        _text(row.expires_at),
        row.draft,
        row.memo,
    )


def signal_of(row: Sequence[Any]) -> KnownSignal:
    """A row of :data:`SIGNAL`."""
    return KnownSignal(
        org_id=row[0],
        fingerprint=row[1],
        signal_id=row[2],
        connector_id=row[3],
        stream=row[4],
        state=row[5],
        severity=row[6],
        verdict=row[7],
        because=row[8],
        reason=row[9],
        observed=bool(row[10]),
        held=bool(row[11]),
        rule_id=row[12],
        new_at=row[13],
        correlation_key=row[14],
        trace_id=row[15],
        service=row[16],
        began_at=None if row[17] is None else from_text(row[17]),
        first_seen=from_text(row[18]),
        last_seen=from_text(row[19]),
        times=row[20],
        arrival=row[21],
        expires_at=None if row[22] is None else from_text(row[22]),
        draft=row[23],
        memo=row[24],
    )


def repeat_values(row: HeardAgain) -> tuple[object, ...]:
    """The values of times, last_seen, arrival, expires_at, org_id and fingerprint."""
    return (
        row.times,
        to_text(row.last_seen),
        row.arrival,
        _text(row.expires_at),
        row.org_id,
        row.fingerprint,
    )


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)
