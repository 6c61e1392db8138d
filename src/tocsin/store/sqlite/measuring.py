"""What measures are made of, read and written (see :mod:`tocsin.store.measuring`)."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.store.measuring import MEASURED, REPLACING, MeasuredRow, measured_values
from tocsin.store.sqlite.bulk import insert
from tocsin.store.sqlite.connecting import Connection


class MeasuredReading:
    """How a snapshot gives very many rows."""

    connection: Connection

    def columns(
        self, names: Sequence[str], rows: str, parameters: Sequence[object], *, org_id: int
    ) -> Sequence[str]:
        """The columns *names* of the SELECT *rows*, each as one JSON array."""
        arrays = ", ".join(f"json_group_array(found.{name})" for name in names)
        written: Sequence[str] = self.connection.execute(
            f"SELECT {arrays} FROM ({rows}) AS found", tuple(parameters)
        ).fetchone()
        return written


class MeasuredWriting(MeasuredReading):
    """What a turn can write of it."""

    def put_measured(self, rows: Sequence[MeasuredRow]) -> None:
        """Set the records of incidents, each once among *rows*, whatever they were before."""
        insert(
            self.connection,
            f"INSERT INTO measured ({MEASURED})",
            [measured_values(row) for row in rows],
            tail=REPLACING,
        )
