"""A commit whose outcome is unknown is found out about before anybody is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.handler.acting import House, house
from tocsin.handler.submission import Submission
from tocsin.handler.writer import BATCH_LIMIT, Writer
from tocsin.store.contract import StorageFailed, WriteTurn
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.tending import check


class Lossy(SqliteStore):
    """A store whose next commits are lost sight of, some of them after they were done."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.done_but_lost: list[bool] = []
        self.confirmed: list[bool] = []

    @contextmanager
    def writing(self) -> Iterator[Any]:
        with super().writing() as turn:
            yield Watched(turn, self)


class Watched:
    """A turn that commits as its store says."""

    def __init__(self, turn: WriteTurn, store: Lossy) -> None:
        self._turn = turn
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._turn, name)

    def confirm(self, batch_id: str) -> bool:
        found = self._turn.confirm(batch_id)
        self._store.confirmed.append(found)
        return found

    def commit(self) -> None:
        if not self._store.done_but_lost:
            self._turn.commit()
            return
        if self._store.done_but_lost.pop(0):
            self._turn.commit()
        raise StorageFailed("the connection was lost", uncertain=True)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.writer.stop()
        store = Lossy(made.path)
        writer = Writer(
            store=store,
            clock=made.clock,
            entropy=lambda: next(made.numbers),
            seal=lambda secret: secret,
        )
        writer.start()
        yield replace(made, store=store, writer=writer)
        writer.stop()
        store.close()


def lossy(home: House) -> Lossy:
    assert isinstance(home.store, Lossy)
    return home.store


def incidents(home: House) -> int:
    with home.store.reading() as turn:
        return len(turn.heads_of_sort(home.orgs["net"], "incident"))


def test_one_that_arrived_is_acknowledged(home: House) -> None:
    lossy(home).done_but_lost = [True]

    outcome = home.ask("owner", home.incident())

    assert lossy(home).confirmed == [True]
    assert incidents(home) == 1
    assert outcome.version == 1


def test_one_that_did_not_is_refused_and_left_no_trace(home: House) -> None:
    lossy(home).done_but_lost = [False]

    with pytest.raises(StorageFailed, match="lost"):
        home.ask("owner", home.incident())

    assert lossy(home).confirmed == [False]
    assert incidents(home) == 0


def test_asking_is_repeated_until_somebody_can_say(home: House) -> None:
    # The commit, then twice the turn that asks about it.
    lossy(home).done_but_lost = [True, False, False]

    home.ask("owner", home.incident())

    assert lossy(home).confirmed == [True, True, True]
    assert incidents(home) == 1


def test_the_next_decision_sees_what_was_settled(home: House) -> None:
    lossy(home).done_but_lost = [True]
    first = home.ask("owner", home.incident())
    second = home.ask("owner", home.incident())

    assert (first.version, second.position) == (1, first.position + 1)
    assert incidents(home) == 2
    assert check(home.path) == []


def test_who_waits_behind_a_failed_turn_is_turned_away_with_it(home: House) -> None:
    home.writer.stop()
    lossy(home).done_but_lost = [False]
    writer = Writer(
        store=home.store,
        clock=home.clock,
        entropy=lambda: next(home.numbers),
        seal=lambda secret: secret,
    )
    with closing(asyncio.new_event_loop()) as loop:
        # Handed in before the first turn, so that the second half waits behind it.
        waiting = [writer.submit(submission(home), loop) for _ in range(2 * BATCH_LIMIT)]
        writer.start()
        results = loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))

        assert all(isinstance(one, StorageFailed) for one in results)
        assert incidents(home) == 0
        after = loop.run_until_complete(writer.submit(submission(home), loop))
        assert after.version == 1
    writer.stop()


def submission(home: House) -> Submission:
    return Submission(
        org_id=home.orgs["net"],
        sort="ticket",
        command=home.incident(),
        credential=home.keys["owner"],
    )
