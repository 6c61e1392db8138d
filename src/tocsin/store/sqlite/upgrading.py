"""Bringing a file to today's schema; the one place here that loads SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection as Connected
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from tocsin.store.migrating import finish, migrate
from tocsin.store.sqlite.connecting import Connection


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


def _alone(writer: Connection, act: Callable[[Connected], object]) -> None:
    # One connection for Alembic and us: BEGIN IMMEDIATE is the lock between processes.
    engine = create_engine("sqlite://", creator=lambda: writer, poolclass=StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            act(connection)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        if writer.in_transaction:
            connection.exec_driver_sql("COMMIT")
