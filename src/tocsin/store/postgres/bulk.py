"""Many rows in one step: a column is one parameter, an array, and each table one round trip.

Arrays are written here, as PostgreSQL reads them, with a few operations on whole strings; the
driver would convert them value by value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from tocsin.store.postgres.scoping import Scoped


@lru_cache(maxsize=64)
def _statement(table: str, columns: tuple[tuple[str, str], ...], tail: str) -> str:
    names = ", ".join(name for name, _ in columns)
    arrays = ", ".join(f"%s::{sort}[]" for _, sort in columns)
    return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {tail}"


def insert(
    scoped: Scoped,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[object]],
    *,
    org_id: int | None,
    tail: str = "",
) -> None:
    """Insert *rows*, of *columns* with these types, in one statement that ends with *tail*.

    They are of the org *org_id*; None: of whichever.
    """
    if not rows:
        return
    values = tuple(
        array(column, sort)
        for column, sort in zip(zip(*rows, strict=True), columns.values(), strict=True)
    )
    scoped.of(org_id, _statement(table, tuple(columns.items()), tail), values)


def array(values: Sequence[object], sort: str) -> str:
    """*values* as PostgreSQL reads an array of that type."""
    match sort:
        case "int" | "bigint":
            written = ["NULL" if value is None else str(value) for value in values]
        case "bytea":
            written = [_hexadecimal(value) for value in values]
        case _:
            written = [_quoted(value) for value in values]
    return "{" + ",".join(written) + "}"


def _quoted(value: object) -> str:
    if value is None:
        return "NULL"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _hexadecimal(value: object) -> str:
    assert isinstance(value, bytes)
    return '"\\\\x' + value.hex() + '"'
