"""The databases that are measured: a file, and a PostgreSQL server of one's own, both durable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.processes import ProcessFailed
from tests.servers.postgres import Cluster

DURABLE: Final = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")
"""As PostgreSQL comes: an answer means that the disk has it."""

SQLITE: Final = "SQLite"
POSTGRESQL: Final = "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is empty yet: what it is called in the figures, its data folder, its URL."""

    name: str
    data: Path
    url: str | None = None


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A durable PostgreSQL server for as long as the block lasts.

    Raises:
        ProcessFailed: its folder is on another disk than *folder*, so that figures of the two
            databases could not be compared.
    """
    made = Cluster.made(settings=DURABLE)
    try:
        if made.data.parent.stat().st_dev != folder.stat().st_dev:
            raise ProcessFailed(
                f"PostgreSQL's folder is not on the disk of {folder}; set TMPDIR to one that is"
            )
        yield made
    finally:
        made.remove()


def empty(folder: Path, name: str, server: Cluster | None = None) -> Database:
    """A new database: on *server*, or a file in *folder*. *name* is lower-case letters."""
    if server is None:
        return Database(SQLITE, folder / name)
    return Database(POSTGRESQL, folder / f"{name}-keys", server.create_database(name))
