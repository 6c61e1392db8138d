"""Row-level security, as the migrations put it on; frozen with the first of them.

A row is touched only by a transaction that has named its org (``tocsin.org``), or has said that it
concerns every one (``tocsin.every_org``). Both end with the transaction. The tables' owner is bound
too, so that the house itself is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

OWN: Final = (
    "((SELECT current_setting('tocsin.every_org', true)) = 'on'"
    " OR org_id = (SELECT nullif(current_setting('tocsin.org', true), '')::int))"
)
FOUND: Final = (
    "words @@ coalesce(nullif(current_setting('tocsin.search', true), ''), '!''-''')::tsquery"
)
"""Row-level security lets only its own conditions use an index of words: so what is searched for
is one of them, and everything is found when nothing is searched for."""


def columns(statements: str) -> Iterator[str]:
    """Each of *statements*; their texts are compared byte by byte, as instants and ids must be."""
    for statement in statements.split(";"):
        if statement.strip():
            yield statement.replace(" TEXT", ' TEXT COLLATE "C"')


def locked(table: str) -> Iterator[str]:
    """The statements that put the lock on *table*."""
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    if table == "search":
        yield f"CREATE POLICY own_org_found ON {table} FOR SELECT USING ({OWN} AND {FOUND})"
        yield f"CREATE POLICY own_org_made ON {table} FOR INSERT WITH CHECK ({OWN})"
        yield f"CREATE POLICY own_org_changed ON {table} FOR UPDATE USING ({OWN})"
        yield f"CREATE POLICY own_org_dropped ON {table} FOR DELETE USING ({OWN})"
    else:
        yield f"CREATE POLICY own_org ON {table} USING ({OWN}) WITH CHECK ({OWN})"
