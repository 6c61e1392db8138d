"""The disk that forgets does forget, and forgets only what was not synced."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from tests.powerloss.disk import Disk, Inode, Truncation, Write
from tests.powerloss.driver import Connection

ROWS = 40


def committed_before_the_cut(disk: Disk, path: Path, *, synchronous: str, mode: str) -> list[int]:
    """Insert one row a transaction until the current goes; the numbers whose commit returned."""
    acknowledged: list[int] = []
    connection = Connection(str(path), vfs=disk.vfs_name)
    try:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        # Small enough for checkpoints to happen amid the rows.
        connection.execute("PRAGMA wal_autocheckpoint=10")
        for number in range(ROWS):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO kept VALUES (?, ?)", (number, "x" * 1500))
            connection.commit()
            acknowledged.append(number)
    except sqlite3.OperationalError:
        assert disk.is_cut
    disk.cut()
    connection.close()
    return acknowledged


def an_empty_database(path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, filling TEXT)")
    connection.close()


def found_in(folder: Path) -> list[int]:
    """The rows that the standard library's SQLite finds after the cut, in a whole database."""
    connection = sqlite3.connect(folder / "kept.db")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [number for (number,) in connection.execute("SELECT number FROM kept ORDER BY 1")]
    finally:
        connection.close()


def after_a_cut(
    folder: Path, *, operations: int, kept: float, synchronous: str, mode: str = "WAL"
) -> tuple[list[int], list[int]]:
    """Acknowledged and found row numbers of one run in *folder* that was cut."""
    before, after = folder / "before", folder / "after"
    before.mkdir()
    after.mkdir()
    an_empty_database(before / "kept.db")
    with Disk() as disk:
        disk.cut_after(operations)
        acknowledged = committed_before_the_cut(
            disk, before / "kept.db", synchronous=synchronous, mode=mode
        )
        disk.remains(after, seed=operations, kept=kept)
    return acknowledged, found_in(after)


@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("operations", [1, 2, 7, 20, 33, 58, 91, 140, 10_000])
def test_with_full_synchronisation_nothing_acknowledged_is_lost(
    tmp_path: Path, operations: int, kept: float
) -> None:
    acknowledged, found = after_a_cut(
        tmp_path, operations=operations, kept=kept, synchronous="FULL"
    )

    assert set(acknowledged) <= set(found)
    # At most the one row that was being committed when the current went.
    assert len(found) - len(acknowledged) <= 1
    if operations == 10_000:
        assert len(acknowledged) == ROWS


@pytest.mark.parametrize("operations", [20, 58, 91, 140])
def test_a_rollback_journal_keeps_its_word_too(tmp_path: Path, operations: int) -> None:
    acknowledged, found = after_a_cut(
        tmp_path, operations=operations, kept=0.5, synchronous="FULL", mode="DELETE"
    )

    # Without EXTRA the last removal of the journal need not be durable: one row may come back.
    assert set(acknowledged[:-1]) <= set(found)


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_with_less_synchronisation_acknowledged_rows_are_lost(
    tmp_path: Path, synchronous: str
) -> None:
    lost = 0
    for operations in (56, 60, 64):
        folder = tmp_path / str(operations)
        folder.mkdir()
        acknowledged, found = after_a_cut(
            folder, operations=operations, kept=0.0, synchronous=synchronous
        )
        lost += len(set(acknowledged) - set(found))

    assert lost > 0


def test_a_cut_disk_neither_reads_nor_writes(tmp_path: Path) -> None:
    an_empty_database(tmp_path / "kept.db")
    with Disk() as disk:
        connection = Connection(str(tmp_path / "kept.db"), vfs=disk.vfs_name)
        connection.execute("INSERT INTO kept VALUES (1, 'x')")
        disk.cut()

        with pytest.raises(sqlite3.OperationalError):
            connection.execute("INSERT INTO kept VALUES (2, 'x')")

        connection.close()


def test_two_connections_share_the_log_through_the_disk(tmp_path: Path) -> None:
    an_empty_database(tmp_path / "kept.db")
    with Disk() as disk:
        writer = Connection(str(tmp_path / "kept.db"), vfs=disk.vfs_name)
        reader = Connection(str(tmp_path / "kept.db"), vfs=disk.vfs_name, read_only=True)
        writer.execute("INSERT INTO kept VALUES (1, 'x')")

        assert reader.execute("SELECT number FROM kept").fetchall() == [(1,)]

        reader.close()
        writer.close()


def test_a_name_is_durable_only_with_its_folder(tmp_path: Path) -> None:
    found = tmp_path / "found"
    found.mkdir()
    with Disk() as disk:
        connection = Connection(str(tmp_path / "new.db"), vfs=disk.vfs_name)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE kept (number INTEGER)")
        disk.cut()
        connection.close()
        disk.remains(found, seed=1, kept=0.0)

    assert list(found.iterdir()) == []


def test_writes_tear_at_sectors() -> None:
    inode = Inode(durable=bytearray(b"o" * 2048), pending=[Write(offset=0, data=b"n" * 2048)])

    class Alternating(random.Random):
        """Keeps every second sector."""

        kept = False

        def random(self) -> float:
            self.kept = not self.kept
            return 0.0 if self.kept else 1.0

    image = inode.after_the_cut(Alternating(), kept=0.5)

    assert image == b"n" * 512 + b"o" * 512 + b"n" * 512 + b"o" * 512


def test_a_settled_truncation_stays() -> None:
    inode = Inode(durable=bytearray(b"o" * 10), pending=[Truncation(size=4)])
    inode.settle()

    assert bytes(inode.durable) == b"oooo"
    assert inode.pending == []
