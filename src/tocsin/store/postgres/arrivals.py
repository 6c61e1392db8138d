"""What arrives, written (see :mod:`tocsin.store.arrivals`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from tocsin.core.instants import to_text
from tocsin.core.words import SignalState
from tocsin.store.arrivals import (
    FORGOTTEN,
    INBOX_TYPES,
    REPLACING,
    SIGNAL_TYPES,
    arrived_values,
    repeat_values,
    signal_values,
)
from tocsin.store.contract import Batch
from tocsin.store.postgres.bulk import array, insert
from tocsin.store.postgres.scoping import Scoped

_REPEATS = ("int", "text", "bigint", "text", "int", "text")


class ArrivalWriting:
    """What a turn writes of what has arrived."""

    scoped: Scoped

    def write_arrivals(self, batch: Batch) -> None:
        """The payloads and alerts of *batch*."""
        insert(
            self.scoped,
            "inbox",
            INBOX_TYPES,
            [arrived_values(row) for row in batch.inbox],
            org_id=_one_org(row.org_id for row in batch.inbox),
        )
        insert(
            self.scoped,
            "signals",
            SIGNAL_TYPES,
            [signal_values(row) for row in batch.signals],
            org_id=_one_org(row.org_id for row in batch.signals),
            tail=REPLACING,
        )
        if batch.repeats:
            rows = [repeat_values(row) for row in batch.repeats]
            columns = zip(zip(*rows, strict=True), _REPEATS, strict=True)
            self.scoped.of(
                _one_org(row.org_id for row in batch.repeats),
                "UPDATE signals SET times = signals.times + told.times,"
                " last_seen = greatest(signals.last_seen, told.last_seen),"
                " arrival = greatest(signals.arrival, told.arrival), expires_at = told.expires_at"
                " FROM unnest(%s::int[], %s::text[], %s::bigint[], %s::text[], %s::int[],"
                " %s::text[]) AS told (times, last_seen, arrival, expires_at, org_id, fingerprint)"
                " WHERE signals.org_id = told.org_id AND signals.fingerprint = told.fingerprint",
                tuple(array(column, sort) for column, sort in columns),
            )

    def drop_arrived(self, org_id: int, *, before: int, limit: int) -> int:
        """Delete at most *limit* payloads of the org numbered below *before*, oldest first."""
        return self.scoped.of(
            org_id,
            "DELETE FROM inbox WHERE org_id = %s AND number IN (SELECT number FROM inbox"
            " WHERE org_id = %s AND number < %s ORDER BY number LIMIT %s)",
            (org_id, org_id, before, limit),
        ).rowcount

    def drop_signals(self, org_id: int, *, unseen_since: datetime, limit: int) -> int:
        """Delete at most *limit* alerts that were not heard of since, unless they fire on a
        ticket."""
        return self.scoped.of(
            org_id,
            "DELETE FROM signals WHERE org_id = %s AND fingerprint IN (SELECT fingerprint"
            " FROM signals WHERE org_id = %s AND last_seen < %s"
            " AND NOT (state = %s AND stream IS NOT NULL) LIMIT %s)",
            (org_id, org_id, to_text(unseen_since), SignalState.FIRING.value, limit),
        ).rowcount

    def forget_signal_text(self, org_id: int, fingerprints: Collection[str]) -> int:
        """Empty the drafts of these alerts, and the payloads that told of them."""
        named = sorted(fingerprints)
        self.scoped.of(
            org_id,
            "UPDATE signals SET draft = %s, memo = '' WHERE org_id = %s AND fingerprint = ANY(%s)",
            (FORGOTTEN, org_id, named),
        )
        return self.scoped.of(
            org_id,
            "UPDATE inbox SET payload = ''::bytea, headers = '{}' WHERE org_id = %s AND EXISTS"
            " (SELECT 1 FROM jsonb_array_elements(inbox.results::jsonb) AS told"
            "  WHERE told ->> 0 = ANY(%s))",
            (org_id, named),
        ).rowcount


def _one_org(orgs: Iterable[int]) -> int | None:
    """The org that all are of; None where there are several."""
    found = set(orgs)
    return found.pop() if len(found) == 1 else None
