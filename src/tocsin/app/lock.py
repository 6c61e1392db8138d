"""One server to a database: a lock beside the file, which the system gives back however we end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin.store.new_files import new_file


class InUse(Exception):
    """Another process serves, restores or rebuilds this database; says which database."""


def lock_path(database: Path) -> Path:
    """Where the lock of *database* is."""
    return database.with_name(database.name + ".lock")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Have *database* alone, for the length of the block. The file of the lock stays: taking it
    away would let two hold locks on files of the same name.

    Raises:
        InUse: somebody else has it.
        OSError: the lock cannot be made in that folder.
    """
    path = lock_path(database)
    try:
        handle = new_file(path)
    except FileExistsError:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise InUse(
                f"another Tocsin is at work on {database}; stop it first, or name another place"
                " with --data"
            ) from taken
        yield
    finally:
        os.close(handle)
