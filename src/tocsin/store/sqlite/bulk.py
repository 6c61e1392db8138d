"""Many rows in one step.

``executemany`` lets go of the interpreter's lock and takes it back for every row; beside a busy
event loop each taking back may wait a whole switch interval. One INSERT of many rows does so once.
Row counts are cut into a few fixed sizes, so that every statement is prepared once and found again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from tocsin.store.sqlite.connecting import Connection

SIZES = (128, 32, 8, 4, 2, 1)


@lru_cache(maxsize=256)
def _statement(head: str, columns: int, rows: int, tail: str) -> str:
    one = "(" + ",".join("?" * columns) + ")"
    return f"{head} VALUES {','.join([one] * rows)} {tail}"


def insert(
    connection: Connection, head: str, rows: Sequence[tuple[object, ...]], *, tail: str = ""
) -> None:
    """Run ``<head> VALUES (…),(…) <tail>`` over all *rows*, in a few steps."""
    start, left = 0, len(rows)
    if not left:
        return
    columns = len(rows[0])
    for size in SIZES:
        while left >= size:
            part = rows[start : start + size]
            connection.execute(
                _statement(head, columns, size, tail), tuple(chain.from_iterable(part))
            )
            start, left = start + size, left - size
