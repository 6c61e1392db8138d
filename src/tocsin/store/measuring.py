"""What measures are made of, as rows: one for each incident (see :mod:`tocsin.core.measured`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import msgspec

from tocsin.core.measured import Measured, Turns

TYPES: Final = {
    "org_id": "int",
    "number": "bigint",
    "created_at": "text",
    "severity": "text",
    "status": "text",
    "root_cause": "text",
    "impact": "text",
    "services": "text",
    "contributors": "text",
    "devices": "text",
    "links": "text",
    "start_at": "text",
    "open_until": "text",
    "turns": "text",
    "detecting": "bigint",
    "acknowledging": "bigint",
    "mitigating": "bigint",
    "resolving": "bigint",
    "closing": "bigint",
}
"""The columns and their types, in order."""

MEASURED: Final = ", ".join(TYPES)

REPLACING: Final = "ON CONFLICT (org_id, number) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in TYPES if name not in ("org_id", "number", "created_at")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRow:
    """The record of the incident *number* (the position of its first event)."""

    org_id: int
    number: int
    measured: Measured


class MeasuredReads(Protocol):
    """How a snapshot gives very many rows."""

    def columns(
        self, names: Sequence[str], rows: str, parameters: Sequence[object], *, org_id: int
    ) -> Sequence[str]:
        """The columns *names* of the SELECT *rows*, each as one JSON array, in the same order.

        The database writes them, and no object is made for any row: of a hundred thousand that
        takes half as long. As with ``select`` every store understands *rows*.
        """
        ...


class MeasuredWrites(MeasuredReads, Protocol):
    """What a turn can write of it."""

    def put_measured(self, rows: Sequence[MeasuredRow]) -> None:
        """Set the records of incidents, each once among *rows*, whatever they were before."""
        ...


def measured_values(row: MeasuredRow) -> tuple[object, ...]:
    """The values of :data:`MEASURED`."""
    one = row.measured
    return (
        row.org_id,
        row.number,
        one.created_at,
        one.severity,
        one.status,
        one.root_cause,
        one.impact,
        _listed(one.services),
        _listed(one.contributors),
        _listed(one.devices),
        _listed(one.links),
        one.start_at,
        one.open_until,
        _listed(one.turns),
        one.detecting,
        one.acknowledging,
        one.mitigating,
        one.resolving,
        one.closing,
    )


def _listed(members: Sequence[str]) -> str:
    return _written(members).decode() if members else "[]"


_written: Final = msgspec.json.Encoder().encode


list_in: Final = msgspec.json.Decoder(tuple[str, ...]).decode
"""The members of a list, as they lie in a column."""

_instants: Final = msgspec.json.Decoder(tuple[datetime, ...]).decode


def turns_of(text: str) -> Turns:
    """When an incident ended, was reopened, …, as it lies in the column."""
    return _instants(text)
