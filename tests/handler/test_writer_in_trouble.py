"""The writer when something is wrong: an error in the code, a full queue, a full disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from tests.handler.acting import House
from tocsin.core.errors import Overloaded
from tocsin.core.record_commands import ChangePolicy
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import TURN_SECONDS, TurnReport, Writer
from tocsin.store.contract import Answer, StorageFailed
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.connecting import connect
from tocsin.store.sqlite.tending import check
from tocsin.store.sqlite.writing import SqliteWriteTurn


def waiting_writer(home: House, *, queue_limit: int = 100) -> Writer:
    """A second writer, not started yet, so that what is handed in makes one batch."""
    return Writer(
        store=home.store,
        clock=home.clock,
        entropy=lambda: next(home.numbers),
        seal=lambda secret: secret,
        queue_limit=queue_limit,
    )


def submission(home: House, *, broken: bool = False) -> Submission:
    def render(outcome: Outcome) -> Answer:
        if broken:
            raise ZeroDivisionError
        return Answer(status=201, body=outcome.stream.encode())

    return Submission(
        org_id=home.orgs["net"],
        sort="ticket",
        command=home.incident(),
        credential=home.keys["owner"],
        render=render,
    )


def test_only_the_guilty_one_of_a_batch_gets_the_error(filed: House) -> None:
    filed.writer.stop()
    writer = waiting_writer(filed)
    loop = asyncio.new_event_loop()
    handed_in = [submission(filed, broken=number == 2) for number in range(5)]
    futures = [writer.submit(one, loop) for one in handed_in]
    writer.start()

    async def settled() -> list[Outcome | BaseException]:
        return await asyncio.gather(*futures, return_exceptions=True)

    results = loop.run_until_complete(settled())
    loop.close()
    writer.stop()
    assert [isinstance(one, ZeroDivisionError) for one in results] == [
        number == 2 for number in range(5)
    ]
    with filed.store.reading() as reader:
        assert len(reader.heads_of_sort(filed.orgs["net"], "incident")) == 4
    assert check(filed.path) == []


def test_what_a_failed_batch_had_decided_is_decided_again(filed: House) -> None:
    """A record is put into what is remembered when it is decided, before anything is written."""
    writer = waiting_writer(filed)
    stricter = Submission(
        org_id=filed.orgs["net"],
        sort="policy",
        command=ChangePolicy(severity_levels=3),
        subject="policy",
    )

    async def handed_in() -> list[Outcome | BaseException]:
        loop = asyncio.get_running_loop()
        futures = [writer.submit(one, loop) for one in (stricter, submission(filed, broken=True))]
        writer.start()
        return await asyncio.gather(*futures, return_exceptions=True)

    done, broken = asyncio.run(handed_in())
    writer.stop()
    assert isinstance(done, Outcome)
    assert isinstance(broken, ZeroDivisionError)
    assert [event.kind for event in done.events] == ["policy.changed"]
    with filed.store.reading() as reader:
        head = reader.head(filed.orgs["net"], "policy:policy")
    assert head is not None
    assert head.state == done.state


class Uncommitted(SqliteWriteTurn):
    """A turn that cannot be committed."""

    def commit(self) -> None:
        raise StorageFailed("full")


class Failing(SqliteStore):
    """A store that commits nothing while it is ``full``."""

    full = False

    @contextmanager
    def writing(self) -> Iterator[SqliteWriteTurn]:
        with super().writing() as turn:
            yield Uncommitted(turn.connection, moved=False) if self.full else turn


def test_what_could_not_be_committed_is_not_remembered(filed: House) -> None:
    filed.writer.stop()
    store = Failing(filed.path)
    writer = Writer(
        store=store,
        clock=filed.clock,
        entropy=lambda: next(filed.numbers),
        seal=lambda secret: secret,
    )
    writer.start()
    here = replace(filed, store=store, writer=writer)
    here.ask("owner", here.incident(severity="sev4"))
    store.full = True
    with pytest.raises(StorageFailed):
        here.ask("admin", ChangePolicy(severity_levels=3), sort="policy", subject="policy")
    store.full = False
    here.ask("owner", here.incident(severity="sev4"))
    writer.stop()
    store.close()
    assert check(filed.path) == []


def test_a_full_queue_says_come_back_and_takes_nothing(home: House) -> None:
    home.writer.stop()
    writer = waiting_writer(home, queue_limit=2)
    loop = asyncio.new_event_loop()
    taken = [writer.submit(submission(home), loop) for _ in range(2)]
    assert writer.full
    with pytest.raises(Overloaded) as refusal:
        writer.submit(submission(home), loop)
    assert refusal.value.retry_after == 1
    writer.start()

    async def settled() -> list[Outcome]:
        return await asyncio.gather(*taken)

    assert len(loop.run_until_complete(settled())) == 2
    loop.close()
    writer.stop()


def test_what_takes_long_to_decide_is_spread_over_turns_in_its_order(home: House) -> None:
    home.writer.stop()
    seconds = count(step=0.6 * TURN_SECONDS)
    turns: list[TurnReport] = []
    writer = Writer(
        store=home.store,
        clock=home.clock,
        entropy=lambda: next(home.numbers),
        seal=lambda secret: secret,
        on_turn=turns.append,
        timer=lambda: next(seconds),
    )
    loop = asyncio.new_event_loop()
    taken = [writer.submit(submission(home), loop) for _ in range(5)]
    writer.start()

    async def settled() -> list[Outcome]:
        return await asyncio.gather(*taken)

    outcomes = loop.run_until_complete(settled())
    loop.close()
    writer.stop()
    assert [turn.commands for turn in turns] == [2, 2, 1]
    positions = [one.position for one in outcomes]
    assert positions == sorted(set(positions))
    assert not writer.waiting


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(filed: House) -> None:
    filed.writer.stop()
    connections: list[sqlite3.Connection] = []

    def remembered(path: Path, *, read_only: bool) -> sqlite3.Connection:
        connections.append(connect(path, read_only=read_only))
        return connections[-1]

    store = SqliteStore(filed.path, connect=remembered)
    writer = Writer(
        store=store,
        clock=filed.clock,
        entropy=lambda: next(filed.numbers),
        seal=lambda secret: secret,
    )
    writer.start()
    here = replace(filed, store=store, writer=writer)
    (pages,) = connections[0].execute("PRAGMA page_count").fetchone()
    connections[0].execute(f"PRAGMA max_page_count={pages}")

    acknowledged: list[str] = []

    def fill_the_disk() -> None:
        for _ in range(200):
            acknowledged.append(here.ask("owner", here.incident(description="x" * 5_000)).stream)

    with pytest.raises(StorageFailed, match="full"):
        fill_the_disk()
    with store.reading() as reader:
        assert len(reader.heads_of_sort(filed.orgs["net"], "incident")) == len(acknowledged)

    connections[0].execute("PRAGMA max_page_count=1000000")
    here.ask("owner", here.incident())
    writer.stop()
    store.close()
    assert check(filed.path) == []
