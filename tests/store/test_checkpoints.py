"""The write-ahead log is folded beside the writer, and begins anew when it has grown long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.handler.acting import House, house
from tocsin.store.sqlite.checkpoints import Checkpoints
from tocsin.store.sqlite.connecting import Connection, connect, opened


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


@pytest.fixture
def beside(home: House) -> Iterator[Connection]:
    """A connection like the one of the thread."""
    connection = opened(home.path, read_only=False, connect=connect)
    yield connection
    connection.close()


def busy(home: House, tickets: int = 40) -> None:
    for _ in range(tickets):
        home.ask("owner", home.incident())


def test_a_long_log_begins_anew_once_the_writer_has_finished_it(
    home: House, beside: Connection
) -> None:
    checkpoints = Checkpoints(home.file, long_log_pages=50)
    home.file.leave_checkpoints_to_others()
    busy(home)
    assert checkpoints.fold(beside) > 50
    checkpoints.finish()
    home.ask("owner", home.incident())
    assert checkpoints.fold(beside) < 50


def test_a_short_log_goes_on(home: House, beside: Connection) -> None:
    checkpoints = Checkpoints(home.file)
    home.file.leave_checkpoints_to_others()
    busy(home, 3)
    before = checkpoints.fold(beside)
    busy(home, 3)
    checkpoints.finish()
    assert checkpoints.fold(beside) > 0
    assert before > 0


def test_a_log_that_a_reader_holds_back_is_told_of_once(home: House, beside: Connection) -> None:
    checkpoints = Checkpoints(home.file, long_log_pages=50)
    home.file.leave_checkpoints_to_others()
    reader = opened(home.path, read_only=True, connect=connect)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    with capture_logs() as logged:
        busy(home, 1)
        checkpoints.fold(beside)
        assert logged == []
        for _ in range(2):
            busy(home)
            checkpoints.fold(beside)
        reader.close()
        checkpoints.fold(beside)
        busy(home)
        checkpoints.fold(beside)

    assert [line["action"] for line in logged] == ["checkpoint_held", "checkpoint_freed"]
    assert logged[0]["pages"] > 50


def test_the_thread_starts_and_stops(home: House) -> None:
    checkpoints = Checkpoints(home.file)
    checkpoints.start()
    busy(home, 3)
    checkpoints.stop()
    checkpoints.stop()
