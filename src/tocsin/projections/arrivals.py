"""What has arrived: payloads of the inbox, and alerts as they stand (Domain: signals)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec

from tocsin.core.commands import SignalDraft
from tocsin.core.records import Connector
from tocsin.store.arrivals import (
    INBOX,
    INBOX_TYPES,
    SIGNAL,
    Arrived,
    KnownSignal,
    arrived_of,
    number_at,
    signal_of,
)
from tocsin.store.contract import ReadTurn

_PAYLOAD: Final = tuple(INBOX_TYPES).index("payload")
_WITHOUT_PAYLOAD: Final = ", ".join(name for name in INBOX_TYPES if name != "payload")
_drafts: Final = msgspec.json.Decoder(SignalDraft)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPayloads:
    """Which payloads: of these connectors (ids; None: of any, and of the API), with that verdict,
    from *since* on and before *until*. ``heard_again`` is false to leave replays out."""

    connectors: Collection[str] | None = None
    verdict: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    heard_again: bool = True

    def condition(self, org_id: int) -> tuple[str, list[object]]:
        """What follows ``WHERE``, and its parameters."""
        clauses: list[str] = ["org_id = ?"]
        values: list[object] = [org_id]
        if self.connectors is not None:
            wanted = sorted(self.connectors)
            clauses.append(
                f"connector_id IN ({', '.join('?' * len(wanted))})" if wanted else "1 = 0"
            )
            values += wanted
        if self.verdict is not None:
            clauses.append("verdict = ?")
            values.append(self.verdict)
        if self.since is not None:
            clauses.append("number >= ?")
            values.append(number_at(self.since))
        if self.until is not None:
            clauses.append("number < ?")
            values.append(number_at(self.until))
        if not self.heard_again:
            clauses.append("replay_of IS NULL")
        return " AND ".join(clauses), values


def newest_payloads(
    turn: ReadTurn,
    org_id: int,
    wanted: WantedPayloads,
    *,
    before: int | None,
    limit: int,
    whole: bool = False,
) -> list[Arrived]:
    """Payloads, newest first, from before the number *before*; their bytes only where *whole*."""
    condition, values = wanted.condition(org_id)
    if before is not None:
        condition += " AND number < ?"
        values.append(before)
    rows = turn.select(
        f"SELECT {INBOX if whole else _WITHOUT_PAYLOAD} FROM inbox WHERE {condition}"
        " ORDER BY number DESC LIMIT ?",
        (*values, limit),
        org_id=org_id,
    )
    if whole:
        return [arrived_of(row) for row in rows]
    return [arrived_of((*row[:_PAYLOAD], b"", *row[_PAYLOAD:])) for row in rows]


def sizes(
    turn: ReadTurn, org_id: int, wanted: WantedPayloads, *, newest: bool, limit: int
) -> list[tuple[int, int]]:
    """Number and size in bytes of payloads, the newest or the oldest first."""
    condition, values = wanted.condition(org_id)
    rows = turn.select(
        f"SELECT number, length(payload) FROM inbox WHERE {condition}"
        f" ORDER BY number {'DESC' if newest else 'ASC'} LIMIT ?",
        (*values, limit),
        org_id=org_id,
    )
    return [(number, size) for number, size in rows]


def count(turn: ReadTurn, org_id: int, wanted: WantedPayloads) -> int:
    """How many payloads there are of those."""
    condition, values = wanted.condition(org_id)
    rows = turn.select(f"SELECT count(*) FROM inbox WHERE {condition}", values, org_id=org_id)
    found: int = rows[0][0]
    return found


def payloads_at(turn: ReadTurn, org_id: int, numbers: Sequence[int]) -> list[Arrived]:
    """The payloads of those numbers, whole, in the order in which they came."""
    rows = turn.select(
        f"SELECT {INBOX} FROM inbox WHERE org_id = ?"
        f" AND number IN ({', '.join('?' * len(numbers))}) ORDER BY number",
        (org_id, *numbers),
        org_id=org_id,
    )
    return [arrived_of(row) for row in rows]


def kept_headers(item: Arrived) -> dict[str, str]:
    """The headers that were kept beside a payload, by name in small letters."""
    kept: Mapping[str, str] = json.loads(item.headers or "{}")
    return dict(kept)


# -- connectors -----------------------------------------------------------------------------------


def every_connector(turn: ReadTurn, org_id: int) -> dict[str, Connector]:
    """The org's connectors by id, removed ones too: their payloads are still there."""
    return {
        head.state.id: head.state
        for head in turn.heads_of_sort(org_id, "connector")
        if isinstance(head.state, Connector)
    }


# -- alerts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSignals:
    """Which alerts; ``unattached``: those that no ticket has."""

    correlation_key: str | None = None
    trace_id: str | None = None
    service: str | None = None
    fingerprint: str | None = None
    stream: str | None = None
    state: str | None = None
    connector_id: str | None = None
    unattached: bool = False


def newest_signals(
    turn: ReadTurn, org_id: int, wanted: WantedSignals, *, before: str | None, limit: int
) -> list[KnownSignal]:
    """Alerts by the id of their first signal, newest first, from before the id *before*."""
    clauses, values = ["org_id = ?"], [org_id]  # type: tuple[list[str], list[object]]
    for column in (
        "correlation_key",
        "trace_id",
        "service",
        "fingerprint",
        "stream",
        "state",
        "connector_id",
    ):
        value = getattr(wanted, column)
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    if wanted.unattached:
        clauses.append("stream IS NULL")
    if before is not None:
        clauses.append("signal_id < ?")
        values.append(before)
    rows = turn.select(
        f"SELECT {SIGNAL} FROM signals WHERE {' AND '.join(clauses)}"
        " ORDER BY signal_id DESC LIMIT ?",
        (*values, limit),
        org_id=org_id,
    )
    return [signal_of(row) for row in rows]


def known_fingerprints(
    turn: ReadTurn, org_id: int, fingerprints: Collection[str]
) -> frozenset[str]:
    """Those of *fingerprints* of which there is a row."""
    wanted = sorted(fingerprints)
    if not wanted:
        return frozenset()
    rows = turn.select(
        f"SELECT fingerprint FROM signals WHERE org_id = ?"
        f" AND fingerprint IN ({', '.join('?' * len(wanted))})",
        (org_id, *wanted),
        org_id=org_id,
    )
    return frozenset(row[0] for row in rows)


def draft_in(signal: KnownSignal) -> SignalDraft | None:
    """What the alert says, as it was heard last; None once its words are erased."""
    if not signal.draft:
        return None
    draft = _drafts.decode(signal.draft)
    return replace(draft, labels=dict(draft.labels), data=dict(draft.data))
