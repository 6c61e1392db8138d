"""Putting a backup in the place of the database; what was there is moved aside, never deleted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tocsin.app.lock import locked
from tocsin.store.contract import DatabaseTooNew, StorageFailed
from tocsin.store.new_files import new_file
from tocsin.store.sqlite import SqliteStore, tending

COPIED_AT_ONCE = 1 << 22

Progress = Callable[[int, int], None]


class CannotRestore(Exception):
    """The backup was not restored, and nothing has changed; says why."""


def restore(
    source: Path,
    path: Path,
    *,
    force: bool,
    at: datetime,
    copied: Progress = lambda done, total: None,
    checked: Progress = lambda done, total: None,
) -> Path | None:
    """Make a copy of the backup *source* the database at *path*; where the old one now is.

    The copy is checked like a database in use before anything else is touched. With *force* a
    database that is there is moved aside, under a name with the instant *at*; without it, it is in
    the way. ``copied`` is told bytes, ``checked`` events.

    Raises:
        CannotRestore: the backup is damaged, still in use, no backup, or asks for newer code; or a
            database is there.
        InUse: a server is at work on the database.
        OSError: a file cannot be read, written or moved.
    """
    if not source.is_file():
        raise CannotRestore(f"there is no file {source}")
    if path.exists() and source.samefile(path):
        raise CannotRestore(f"{source} is the database itself; name a backup of it")
    log = _companions(source)[0]
    if log.exists() and log.stat().st_size:
        # A copy of the file alone would silently miss its newest commits.
        raise CannotRestore(
            f"{source} is a database with unfinished work beside it ({log.name}), not a backup;"
            " make one with: tocsin db backup"
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(path):
        if path.exists() and not force:
            raise CannotRestore(
                f"there is a database at {path}; say --force to move it aside and restore"
            )
        fresh = path.with_name(path.name + ".restoring")
        try:
            _copy(source, fresh, copied)
            _check(source, fresh, checked)
            aside = _move_aside(path, at)
            fresh.rename(path)
            _on_disk(path.parent)
        finally:
            for left in (fresh, *_companions(fresh)):
                left.unlink(missing_ok=True)
    return aside


def _copy(source: Path, fresh: Path, progress: Progress) -> None:
    total, done = source.stat().st_size, 0
    fresh.unlink(missing_ok=True)
    with source.open("rb") as read, os.fdopen(new_file(fresh), "wb") as write:
        while piece := read.read(COPIED_AT_ONCE):
            write.write(piece)
            done += len(piece)
            progress(done, total)
        write.flush()
        os.fsync(write.fileno())


def _check(source: Path, fresh: Path, progress: Progress) -> None:
    try:
        problems = tending.check(fresh, progress=progress)
    except StorageFailed as failed:
        raise CannotRestore(f"{source} is no backup of Tocsin: {failed.reason}") from failed
    if problems:
        shown = "\n".join(problems[:10])
        raise CannotRestore(f"{source} is damaged ({len(problems)} differences):\n{shown}")
    try:
        # As a server would, which also brings it to today's schema: whoever restores must not
        # hear at the next start that this was in vain.
        SqliteStore(fresh).close()
    except DatabaseTooNew as newer:
        raise CannotRestore(f"{source} was not restored: {newer}") from newer
    except StorageFailed as failed:
        raise CannotRestore(f"{source} cannot be brought up to date: {failed.reason}") from failed


def _move_aside(path: Path, at: datetime) -> Path | None:
    if not any(one.exists() for one in (path, *_companions(path))):
        return None
    _fold(path)
    aside = path.with_name(f"{path.name}.before-{at:%Y%m%dT%H%M%S.%fZ}")
    if aside.exists():
        raise CannotRestore(f"{aside} is there already; try again")
    for old, new in zip((path, *_companions(path)), (aside, *_companions(aside)), strict=True):
        if old.exists():
            old.rename(new)
    return aside


def _fold(path: Path) -> None:
    """Bring the write-ahead log into the file, so that one file is moved; a damaged database keeps
    its log and is moved with it."""
    if not path.exists():
        return
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.DatabaseError:
        return
    finally:
        connection.close()


def _companions(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _on_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
