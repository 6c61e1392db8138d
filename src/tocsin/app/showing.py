"""The example network of ``--demo``: furnished once, with its keys kept beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from tocsin.app.house import now
from tocsin.store.sqlite import SqliteStore

KEYS_FILE = "demo-keys.json"

Seal = Callable[[bytes], bytes]


def furnish(path: Path, seal: Seal) -> None:
    """Put the example network into the database at *path*, in which there is nothing yet.

    It is made beside and moved into place when it is whole: whoever breaks it off starts anew. The
    keys go to a file that only its owner reads, since the database does not know their secrets.

    Raises:
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the database cannot be opened or written.
    """
    # Only whoever wants the demo loads it.
    from tocsin.app import demo

    beside = path.with_name(path.name + ".furnishing")
    for left in (beside, *_companions(beside)):
        left.unlink(missing_ok=True)
    store = SqliteStore(beside)
    try:
        keys = demo.furnish(store, seal=seal, until=now())
    finally:
        store.close()
    _keep(path.with_name(KEYS_FILE), asdict(keys))
    for left in _companions(path):
        left.unlink(missing_ok=True)
    beside.replace(path)


def kept_keys(path: Path) -> Mapping[str, str] | None:
    """The keys of the example network in the database at *path*: by role, and the ``org``'s code.

    None where no example network was furnished.
    """
    try:
        kept = json.loads(path.with_name(KEYS_FILE).read_text())
    except FileNotFoundError:
        return None
    return {str(name): str(key) for name, key in kept.items()}


def is_empty(path: Path) -> bool:
    """Whether nothing was ever recorded in the database at *path*, or there is none.

    Raises:
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the database cannot be opened.
    """
    if not path.exists():
        return True
    store = SqliteStore(path)
    try:
        with store.reading() as turn:
            return turn.last_position() == 0
    finally:
        store.close()


def _companions(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))


def _keep(path: Path, keys: Mapping[str, str]) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(keys, file, indent=2)
