"""Bringing a database to today's schema; the one place here that loads SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection as Connected
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from tocsin.store.migrating import finish, migrate
from tocsin.store.postgres.connecting import Connection

MIGRATING: Final = 0x746F6374
"""The advisory lock under which no two processes migrate at once."""


def migrated(connection: Connection) -> None:
    """Run the migrations that are missing.

    Raises:
        DatabaseTooNew: the database asks for newer code.
    """
    _alone(connection, migrate)


def finished(connection: Connection) -> None:
    """Leave older code behind.

    Raises:
        DatabaseTooNew: the database asks for newer code.
    """
    _alone(connection, finish)


def _alone(connection: Connection, act: Callable[[Connected], object]) -> None:
    """Do something to the schema while nobody else does."""
    connection.autocommit = False
    try:
        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool
        )
        with engine.connect() as ours:
            ours.execute(text("SET LOCAL lock_timeout = '120s'"))
            ours.execute(text("SET LOCAL statement_timeout = 0"))
            ours.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATING})
            act(ours)
            ours.commit()
    except DBAPIError as failed:
        raise failed.orig or failed from failed
    finally:
        if not connection.closed:
            connection.rollback()
            connection.autocommit = True
