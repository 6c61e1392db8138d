"""Power goes while tickets are being opened: whatever was acknowledged is there afterwards."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.handler.acting import house
from tests.powerloss.disk import Disk
from tests.powerloss.driver import Connection
from tocsin.core.ticket import Ticket
from tocsin.handler.writer import Writer
from tocsin.store.contract import StorageFailed
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.tending import check

TICKETS = 30


def opened_until_the_cut(before: Path, disk: Disk, *, operations: int) -> list[str]:
    """Open tickets, one a commit, until the current goes; the ids that were acknowledged."""
    with house(before) as furnished:
        pass

    def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
        return Connection(str(path), vfs=disk.vfs_name, read_only=read_only)  # type: ignore[return-value]

    acknowledged: list[str] = []
    store = SqliteStore(before / "tocsin.db", connect=connect, migrated=True)
    writer = Writer(
        store=store,
        clock=furnished.clock,
        entropy=lambda: next(furnished.numbers),
        seal=lambda secret: secret,
    )
    writer.start()
    here = replace(furnished, store=store, writer=writer)
    disk.cut_after(operations)
    try:
        for _ in range(TICKETS):
            state = here.ask("owner", here.incident()).state
            assert isinstance(state, Ticket)
            acknowledged.append(state.id)
    except StorageFailed:
        assert disk.is_cut
    disk.cut()
    writer.stop()
    store.close()
    return acknowledged


@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("operations", [3, 8, 17, 41, 77, 150, 10_000])
def test_an_acknowledged_ticket_survives_a_power_cut(
    tmp_path: Path, operations: int, kept: float
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    with Disk() as disk:
        acknowledged = opened_until_the_cut(before, disk, operations=operations)
        disk.remains(after, seed=operations, kept=kept)

    assert check(after / "tocsin.db") == []
    database = sqlite3.connect(after / "tocsin.db")
    found = [identity for (identity,) in database.execute("SELECT substr(stream, 10) FROM tickets")]
    database.close()
    assert set(acknowledged) <= set(found)
    assert len(found) - len(acknowledged) <= 1
    if operations == 10_000:
        assert len(acknowledged) == TICKETS
