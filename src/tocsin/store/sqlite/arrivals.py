"""What arrives, written (see :mod:`tocsin.store.arrivals`)."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from tocsin.core.instants import to_text
from tocsin.core.words import SignalState
from tocsin.store.arrivals import (
    FORGOTTEN,
    INBOX,
    REPLACING,
    SIGNAL,
    arrived_values,
    repeat_values,
    signal_values,
)
from tocsin.store.contract import Batch
from tocsin.store.sqlite.bulk import insert
from tocsin.store.sqlite.connecting import Connection


class ArrivalWriting:
    """What a turn writes of what has arrived."""

    connection: Connection

    def write_arrivals(self, batch: Batch) -> None:
        """The payloads and alerts of *batch*."""
        if not batch.inbox and not batch.signals and not batch.repeats:
            return
        insert(
            self.connection,
            f"INSERT INTO inbox ({INBOX})",
            [arrived_values(row) for row in batch.inbox],
        )
        insert(
            self.connection,
            f"INSERT INTO signals ({SIGNAL})",
            [signal_values(row) for row in batch.signals],
            tail=REPLACING,
        )
        if batch.repeats:
            self.connection.executemany(
                "UPDATE signals SET times = times + ?, last_seen = max(last_seen, ?),"
                " arrival = max(arrival, ?), expires_at = ? WHERE org_id = ? AND fingerprint = ?",
                [repeat_values(row) for row in batch.repeats],
            )

    def drop_arrived(self, org_id: int, *, before: int, limit: int) -> int:
        """Delete at most *limit* payloads of the org numbered below *before*, oldest first."""
        return self.connection.execute(
            "DELETE FROM inbox WHERE org_id = ? AND number IN (SELECT number FROM inbox"
            " WHERE org_id = ? AND number < ? ORDER BY number LIMIT ?)",
            (org_id, org_id, before, limit),
        ).rowcount

    def drop_signals(self, org_id: int, *, unseen_since: datetime, limit: int) -> int:
        """Delete at most *limit* alerts that were not heard of since, unless they fire on a
        ticket."""
        return self.connection.execute(
            "DELETE FROM signals WHERE rowid IN (SELECT rowid FROM signals WHERE org_id = ?"
            " AND last_seen < ? AND NOT (state = ? AND stream IS NOT NULL) LIMIT ?)",
            (org_id, to_text(unseen_since), SignalState.FIRING.value, limit),
        ).rowcount

    def forget_signal_text(self, org_id: int, fingerprints: Collection[str]) -> int:
        """Empty the drafts of these alerts, and the payloads that told of them."""
        named = json.dumps(sorted(fingerprints))
        self.connection.execute(
            "UPDATE signals SET draft = ?, memo = '' WHERE org_id = ?"
            " AND fingerprint IN (SELECT value FROM json_each(?))",
            (FORGOTTEN, org_id, named),
        )
        return self.connection.execute(
            "UPDATE inbox SET payload = x'', headers = '{}' WHERE org_id = ? AND EXISTS"
            " (SELECT 1 FROM json_each(inbox.results) AS told"
            "  WHERE json_extract(told.value, '$[0]') IN (SELECT value FROM json_each(?)))",
            (org_id, named),
        ).rowcount
