"""What is made anew from the log is what had followed it, row by row; or nothing has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given as for_all
from hypothesis import settings

from tests.handler.acting import House, house
from tests.projections.histories import Step, follow, histories, lived, streams, take
from tocsin.core.commands import ChangeStatus, PostPublicUpdate, Redact
from tocsin.core.errors import Refusal
from tocsin.projections.checking import (
    problems_of_measures,
    problems_of_pages,
    problems_of_search,
)
from tocsin.projections.following import FOLLOWERS, SEARCH
from tocsin.projections.rebuilding import rebuild
from tocsin.store.contract import LogDamaged, StorageFailed
from tocsin.store.measuring import MEASURED
from tocsin.store.postgres import PostgresStore
from tocsin.store.postgres.writing import WRITER
from tocsin.store.public_notices import PUBLIC_NOTICES
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.connecting import connect

ROWS = {
    "heads": "SELECT org_id, stream, number, version, state FROM heads ORDER BY 1, 2",
    "claims": "SELECT org_id, kind, key, stream FROM claims ORDER BY 1, 2, 3",
    "page_slugs": "SELECT slug, org_id, stream FROM page_slugs ORDER BY 1",
    "deadlines": "SELECT org_id, stream, kind, due_at FROM deadlines ORDER BY 1, 2, 3",
    "tickets": "SELECT number, org_id, stream, created_at, updated_at, gravity, start_at, end_at,"
    " facets FROM tickets ORDER BY 1",
    "ticket_terms": "SELECT org_id, term, number FROM ticket_terms ORDER BY 1, 2, 3",
    "search": "SELECT rowid, org, text FROM search ORDER BY 1",
    "measured": f"SELECT {MEASURED} FROM measured ORDER BY 1, 2",
    "public_notices": f"SELECT {PUBLIC_NOTICES} FROM public_notices ORDER BY 1, 2",
    "checkpoints": "SELECT name, position FROM checkpoints ORDER BY 1",
}
"""Everything that follows from the log, in key order."""

Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(home: House) -> Rows:
    """Everything that follows from the log, as it lies there."""
    with home.store.reading() as turn:
        return {
            table: [tuple(row) for row in turn.select(sql, org_id=None)]
            for table, sql in ROWS.items()
        }


def events_of(home: House) -> list[tuple[Any, ...]]:
    """The log as it lies there."""
    with home.store.reading() as turn:
        return list(
            turn.select(
                "SELECT position, public, private, chain FROM events ORDER BY 1", org_id=None
            )
        )


@settings(max_examples=40, deadline=None)
@for_all(history=histories())
def test_rebuilding_gives_what_following_gave(history: list[Step]) -> None:
    with lived(history) as home:
        follow(home)
        followed, log = rows_of(home), events_of(home)
        assert followed["tickets"] or not streams(home, "net")

        done = rebuild(home.store)

        assert done == len(log)
        assert rows_of(home) == followed
        assert events_of(home) == log
        assert list(problems_of_search(home.store)) == []
        assert list(problems_of_measures(home.store)) == []
        assert list(problems_of_pages(home.store)) == []
        # Whoever goes on after a rebuild goes on as if there had been none.
        follow(home)
        assert rows_of(home) == followed


@settings(max_examples=15, deadline=None)
@for_all(history=histories(), rest=histories())
def test_following_goes_on_where_a_rebuild_ended(history: list[Step], rest: list[Step]) -> None:
    with lived(history) as home:
        rebuild(home.store)
        for step in rest:
            with suppress(Refusal):
                take(home, step)
        follow(home)
        followed = rows_of(home)

        rebuild(home.store)

        assert rows_of(home) == followed


@pytest.fixture
def story(tmp_path: Path) -> Any:
    """A house with three tickets and words on them, followed to the end."""
    with house(tmp_path) as home:
        for title in ("Fibre cut", "Power lost", "Optic failing"):
            stream = home.ask("owner", home.incident(title)).stream
            subject = stream.partition(":")[2]
            home.ask("owner", ChangeStatus(body=f"{title} seen"), subject=subject)
            told = PostPublicUpdate(title="Trouble", body="We look.", status="investigating")
            home.ask("admin", told, subject=subject)
        follow(home)
        yield home


def test_progress_is_told_up_to_the_whole(story: House) -> None:
    told: list[tuple[int, int]] = []

    done = rebuild(story.store, lambda count, total: told.append((count, total)))

    assert told[-1] == (done, done)
    assert done == len(events_of(story))
    assert [count for count, _ in told] == sorted({count for count, _ in told})


def test_a_rebuild_repairs_what_was_spoiled(story: House) -> None:
    before = rows_of(story)
    with story.file.tending() as turn:
        turn.connection.execute("DELETE FROM ticket_terms")
        turn.connection.execute("DELETE FROM search")
        turn.connection.execute("UPDATE measured SET turns = '[]', resolving = 1")
        turn.connection.execute("UPDATE public_notices SET ended_at = '', notice = '{}'")
        turn.connection.execute("UPDATE heads SET version = 99")
        turn.connection.execute("UPDATE tickets SET gravity = 0, facets = 0")
        turn.connection.execute("INSERT INTO checkpoints (name, position) VALUES ('gone', 3)")
        turn.commit()
    assert rows_of(story) != before

    rebuild(story.store)

    assert rows_of(story) == before


class Stopped(Exception):
    """Somebody pulled the plug."""


def test_a_rebuild_that_is_interrupted_changes_nothing(story: House) -> None:
    before = rows_of(story)

    def stop(done: int, total: int) -> None:
        assert 0 < done <= total
        raise Stopped

    with pytest.raises(Stopped):
        rebuild(story.store, stop)

    assert rows_of(story) == before
    # And the writer goes on.
    stream = story.ask("owner", story.incident("Another")).stream
    assert stream in streams(story, "net")


def test_readers_see_what_was_there_until_it_is_all_there_again(story: House) -> None:
    before, seen = rows_of(story), []

    rebuild(story.store, lambda done, total: seen.append(rows_of(story)))

    assert seen == [before]


def test_an_event_that_cannot_be_read_is_damage_and_changes_nothing(story: House) -> None:
    before = rows_of(story)
    with story.file.tending() as turn:
        turn.connection.execute(
            "UPDATE events SET private = '{' WHERE position = (SELECT max(position) FROM events)"
        )
        turn.commit()

    with pytest.raises(LogDamaged):
        rebuild(story.store)

    assert rows_of(story) == before


def test_a_rebuild_beside_another_process_gives_up_and_changes_nothing(story: House) -> None:
    before = rows_of(story)
    impatient = SqliteStore(story.path)
    with impatient.tending() as turn:
        turn.connection.execute("PRAGMA busy_timeout=10")
    other = connect(story.path, read_only=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StorageFailed):
            rebuild(impatient)
    finally:
        other.execute("ROLLBACK")
        other.close()
        impatient.close()

    assert rows_of(story) == before


def test_an_empty_log_is_rebuilt(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "tocsin.db")
    try:
        assert rebuild(store) == 0
        with store.reading() as turn:
            assert turn.checkpoint(SEARCH) == 0
    finally:
        store.close()


def test_what_was_erased_does_not_come_back(story: House) -> None:
    stream = streams(story, "net")[0]
    with story.store.reading() as turn:
        opened = turn.stream_events(story.orgs["net"], stream)[0]
    story.ask("admin", Redact(event=opened.id, fields=("title",)), subject=stream.partition(":")[2])

    rebuild(story.store)

    with story.store.reading() as turn:
        head = turn.head(story.orgs["net"], stream)
        assert head is not None
        assert getattr(head.state, "title", None) == "[removed]"
        assert all("Fibre cut\n" not in row[2] for row in rows_of(story)["search"])


# -- beside servers, on PostgreSQL ---------------------------------------------------------------


@pytest.fixture
def town(tmp_path: Path, fresh_database: Callable[[], str]) -> Iterator[tuple[House, str]]:
    """A house over PostgreSQL with one incident that the public knows of, and its address."""
    address = fresh_database()
    with house(tmp_path, at=address) as home:
        subject = home.ask("owner", home.incident()).stream.partition(":")[2]
        _tell_public(home, subject, "We look.")
        follow(home)
        yield home, address


def _tell_public(home: House, subject: str, body: str) -> None:
    told = PostPublicUpdate(title="Trouble", body=body, status="investigating")
    home.ask("admin", told, subject=subject)


def _rows_there(home: House) -> Rows:
    wanted = {table: sql for table, sql in ROWS.items() if table != "search"}
    with home.store.reading() as turn:
        return {
            table: [tuple(row) for row in turn.select(sql, org_id=None)]
            for table, sql in wanted.items()
        }


def _wait_for_waiting(connection: psycopg.Connection, count: int, *threads: Future[Any]) -> None:
    """Until so many wait for a lock of the house, or are through."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while not any(one.done() for one in threads):
        row = connection.execute(waiting).fetchone()
        if row is not None and row[0] >= count:
            return
        os.sched_yield()


def test_what_is_written_while_a_rebuild_waits_is_followed_once(town: tuple[House, str]) -> None:
    home, address = town
    (stream,) = streams(home, "net")
    subject = stream.partition(":")[2]
    other = PostgresStore(address)
    with ThreadPoolExecutor(2) as threads, psycopg.connect(address, autocommit=True) as watching:
        with watching.transaction():
            watching.execute("SELECT pg_advisory_xact_lock(%s)", (WRITER,))
            said = threads.submit(_tell_public, home, subject, "Spliced.")
            _wait_for_waiting(watching, 1, said)
            rebuilt = threads.submit(rebuild, other)
            _wait_for_waiting(watching, 2, said, rebuilt)
        said.result()
        done = rebuilt.result()
    other.close()
    rows = _rows_there(home)

    assert done == len(events_of(home))
    assert [position for _, position in rows["checkpoints"]] == [done] * len(FOLLOWERS)
    follow(home)
    assert _rows_there(home) == rows
    rebuild(home.store)
    assert _rows_there(home) == rows


def test_a_follower_that_has_begun_does_not_go_back_behind_a_rebuild(
    town: tuple[House, str],
) -> None:
    home, address = town
    with home.store.tending() as turn:
        for name in FOLLOWERS:
            turn.put_checkpoint(name, 1)
        turn.commit()
    other = PostgresStore(address)
    with ThreadPoolExecutor(1) as threads, psycopg.connect(address, autocommit=True) as watching:
        with home.store.tending() as turn:
            places = {name: turn.checkpoint(name) for name in FOLLOWERS}
            rebuilt = threads.submit(rebuild, other)
            _wait_for_waiting(watching, 1, rebuilt)
            for name, place in places.items():
                turn.put_checkpoint(name, place + 1)
            turn.commit()
        done = rebuilt.result()
    other.close()

    with home.store.reading() as reading:
        assert {reading.checkpoint(name) for name in FOLLOWERS} == {done}
