"""Whose rows a transaction may touch: the second lock, behind the conditions of each statement.

A transaction begins with no org at all, and row-level security then shows it nothing. Before a
statement for an org it says which; what concerns every org says that just as plainly. Both are
settings of the transaction, and end with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Cursor

from tocsin.store.postgres.connecting import Connection

NOBODY = 0
"""No org has this number."""

_SET = (
    "SELECT set_config('tocsin.org', %s, true), set_config('tocsin.every_org', %s, true),"
    " set_config('tocsin.search', %s, true)"
)


class Scoped:
    """A connection inside a transaction, and whose rows it may touch now."""

    def __init__(self, connection: Connection, *, every_org: bool = False) -> None:
        self.connection = connection
        self._scope: tuple[int | None, str] = (None if every_org else NOBODY, "")
        self._over = False

    def end(self) -> None:
        """The transaction is over; whoever asks on would be shown nothing, and must not ask."""
        self._over = True

    def to(self, org_id: int | None, *, search: str = "") -> None:
        """From now on only that org's rows; None for every org's.

        Of the documents only those that *search* finds, if it is given (a ``tsquery``).
        """
        self._check()
        scope = (org_id, search)
        if scope != self._scope:
            own = "" if org_id is None else str(org_id)
            self.connection.execute(_SET, (own, "on" if org_id is None else "", search))
            self._scope = scope

    def of(self, org_id: int | None, sql: str, values: tuple[object, ...] = ()) -> Cursor[Any]:
        """Run a statement that concerns the rows of *org_id*; None for every org's."""
        self.to(org_id)
        return self.connection.execute(sql.encode(), values)

    def searched(self, org_id: int | None, sql: str, values: tuple[object, ...]) -> Cursor[Any]:
        """The same, among the documents that were last searched for in that org."""
        self.to(org_id, search=self._scope[1] if org_id == self._scope[0] else "")
        # What is searched for decides how best to go about it: no plan is kept.
        return self.connection.execute(
            sql.encode(), values, prepare=False if self._scope[1] else None
        )

    def directory(self, sql: str, values: tuple[object, ...] = ()) -> Cursor[Any]:
        """Run a statement over tables that belong to no org."""
        self._check()
        return self.connection.execute(sql.encode(), values)

    def _check(self) -> None:
        if self._over:
            raise RuntimeError("the turn is over: nothing can be asked in it any more")

    @contextmanager
    def attempting(self, *, keep: bool) -> Iterator[None]:
        """What is done inside stays only if the block ends well, and *keep*."""
        self.connection.execute("SAVEPOINT attempt")
        before = self._scope
        kept = False
        try:
            yield
            kept = keep
        finally:
            if not self.connection.broken:
                if not kept:
                    self.connection.execute("ROLLBACK TO attempt")
                    # The settings go back with everything else.
                    self._scope = before
                self.connection.execute("RELEASE attempt")
