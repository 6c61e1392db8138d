"""Choosing and making: from a data folder to a store with its writer."""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tocsin.app.settings import SettingWrong, is_postgres, secret
from tocsin.handler.writer import Writer
from tocsin.store.contract import Store
from tocsin.store.sealing import KEY_FILE, sealed, secret_key
from tocsin.store.sqlite import SqliteStore

DATABASE = "tocsin.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A store and its running writer."""

    store: Store
    writer: Writer


_drawn: deque[int] = deque()
_DRAWN_AT_ONCE = 512


def fresh_bits() -> int:
    """Sixty-two random bits, for ids; from any thread.

    Drawn from the system many at a time: every draw lets go of the interpreter's lock.
    """
    while True:
        try:
            return _drawn.popleft()
        except IndexError:
            raw = secrets.token_bytes(8 * _DRAWN_AT_ONCE)
            _drawn.extend(
                int.from_bytes(raw[at : at + 8], "big") >> 2 for at in range(0, len(raw), 8)
            )


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def sqlite_path(data: Path, database: str | None) -> Path | None:
    """Where the SQLite file is: ``sqlite:///path``, or ``tocsin.db`` in the data folder; None for
    a database that is no file.

    Raises:
        ValueError: an address of no kind of database that is known here.
    """
    return None if is_postgres(database) else database_path(data, database)


def database_path(data: Path, database: str | None) -> Path:
    """Where the SQLite file is: ``sqlite:///path``, or ``tocsin.db`` in the data folder.

    Raises:
        ValueError: an address of another kind of database.
    """
    if database is None:
        return data / DATABASE
    scheme, _, path = database.partition(":///")
    if scheme != "sqlite" or not path:
        raise ValueError("give the database as sqlite:///path/to/file")
    return Path(path)


def open_store(data: Path, database: str | None) -> Store:
    """The store at that address, made and migrated when it is not up to date.

    Raises:
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the database cannot be opened.
        ValueError: an address of no kind of database that is known here.
    """
    if database is not None and is_postgres(database):
        # Only who has it loads its driver.
        from tocsin.store.postgres import PostgresStore

        return PostgresStore(database)
    return SqliteStore(database_path(data, database))


def shown_database(data: Path, database: str | None) -> str:
    """The database's address for people and logs: without the password it may carry."""
    if database is None or not is_postgres(database):
        return str(database_path(data, database))
    parts = urlsplit(database)
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


def installation_key(data: Path, given: str | None) -> bytes:
    """The key that seals secrets: *given*, or the data folder's, made when there is none.

    Raises:
        SettingWrong: the data folder's key is damaged.
    """
    try:
        return secret_key(data, given)
    except ValueError as wrong:
        raise SettingWrong(
            f"{data / KEY_FILE} holds no key of 32 bytes in URL-safe base64; put the right one back"
            " from a backup: what was sealed under it opens with no other"
        ) from wrong


@contextmanager
def opened(data: Path, database: str | None) -> Iterator[House]:
    """Open (make, migrate) the store and start its writer; both end with the block.

    Raises:
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the database cannot be opened.
        ValueError: a database address or secret key that is none.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = installation_key(data, secret("secret_key", os.environ))
    store = open_store(data, database)
    writer = Writer(
        store=store, clock=now, entropy=fresh_bits, seal=lambda secret: sealed(key, secret)
    )
    writer.start()
    try:
        yield House(store=store, writer=writer)
    finally:
        writer.stop()
        store.close()
