"""What SQLite says when the disk is full, closed, broken or locked, and what to do then."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.store.contract import StorageFailed
from tocsin.store.sqlite.connecting import storage_errors


def full(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA max_page_count=2")
    database.execute("CREATE TABLE of_text (text)")
    database.execute("INSERT INTO of_text VALUES (zeroblob(100000))")


def closed(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA query_only=ON")
    database.execute("CREATE TABLE of_text (text)")


def missing(path: Path) -> None:
    sqlite3.connect(path / "below")


def broken(path: Path) -> None:
    path.write_bytes(b"This was a database once. " * 100)
    sqlite3.connect(path).execute("SELECT * FROM of_text")


def locked(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        sqlite3.connect(path, isolation_level=None, timeout=0).execute("BEGIN EXCLUSIVE")


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        (full, "make room on its disk, and it goes on by itself"),
        (closed, "its files, or their disk, may not be written by this user"),
        (missing, "see whether the folder is there, and whom it belongs to"),
        (broken, "stop the server, and put a backup in its place: tocsin db restore"),
        (locked, "another program keeps it locked"),
    ],
)
def test_a_failure_is_told_with_what_to_do(
    trouble: Callable[[Path], None], advice: str, tmp_path: Path
) -> None:
    with pytest.raises(StorageFailed) as failed, storage_errors():
        trouble(tmp_path / "some.db")

    assert failed.value.reason.startswith("the database does not answer: ")
    assert failed.value.reason.endswith(f"; {advice}")


def test_one_that_nothing_is_known_about_is_told_in_sqlites_own_words() -> None:
    with pytest.raises(StorageFailed) as failed, storage_errors():
        sqlite3.connect(":memory:").execute("SELECT * FROM nowhere")

    assert failed.value.reason == "the database does not answer: no such table: nowhere"
