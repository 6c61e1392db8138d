"""Writing what measures are made of (see :mod:`tocsin.store.measuring`)."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.store.measuring import REPLACING, TYPES, MeasuredRow, measured_values
from tocsin.store.postgres.bulk import insert
from tocsin.store.postgres.scoping import Scoped


class MeasuredWriting:
    """What a turn can write of it."""

    scoped: Scoped

    def put_measured(self, rows: Sequence[MeasuredRow]) -> None:
        """Set the records of incidents, each once among *rows*, whatever they were before."""
        orgs = {row.org_id for row in rows}
        insert(
            self.scoped,
            "measured",
            TYPES,
            [measured_values(row) for row in rows],
            org_id=orgs.pop() if len(orgs) == 1 else None,
            tail=REPLACING,
        )
