"""Bringing a database to today's schema, and refusing one that has moved on without us."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tocsin.core.releases import CODE
from tocsin.store.contract import DatabaseTooNew
from tocsin.store.standing import NEWEST_REVISION


def _house(connection: Connection) -> dict[str, str]:
    if not inspect(connection).has_table("house"):
        return {}
    rows = connection.execute(text("SELECT name, value FROM house")).all()
    return {str(row.name): str(row.value) for row in rows}


def check_code(connection: Connection) -> None:
    """Refuse to go on with a database that asks for newer code.

    Raises:
        DatabaseTooNew: says which code the database asks for, and what to do.
    """
    oldest = int(_house(connection).get("oldest_code", "0"))
    if oldest > CODE:
        raise DatabaseTooNew(
            f"this database needs a Tocsin whose database code is at least {oldest}, and this one "
            f"is {CODE}. Install the newer Tocsin, or restore a backup made before the upgrade."
        )


def revision_of(connection: Connection) -> str | None:
    """The migration the database stands at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def migrate(connection: Connection) -> bool:
    """Run what is missing; true when something was done. Applied twice is harmless.

    The caller holds the lock under which no two processes migrate at once.

    Raises:
        DatabaseTooNew: the database asks for newer code.
    """
    check_code(connection)
    stands_at = revision_of(connection)
    if stands_at is not None and stands_at >= NEWEST_REVISION:
        # Further than this code knows: newer code has prepared it, and lets this one go on.
        return False
    # Alembic is slow to import and only wanted when there is something to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if stands_at is None:
        # Nobody has ever worked here, so nobody older does.
        finish(connection)
    return True


def finish(connection: Connection) -> None:
    """Leave older code behind: from now on what it cannot read may be written.

    Twice is harmless. The caller knows that no older process is at work.

    Raises:
        DatabaseTooNew: the database asks for newer code.
    """
    check_code(connection)
    connection.execute(
        text("UPDATE house SET value = :code WHERE name = 'oldest_code'"), {"code": str(CODE)}
    )
