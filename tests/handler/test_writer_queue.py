"""What waits for the writer: how much of it, how much goes into one turn, and what is left when the
storage is away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.handler.acting import House
from tests.servers.databases import lay_out
from tocsin.core.errors import NotFound, Overloaded, Unauthenticated
from tocsin.core.ingestion import Noted, Reading
from tocsin.handler.arrival import Accounted, Arrival
from tocsin.handler.submission import Credential, Outcome, Submission
from tocsin.handler.writer import (
    BATCH_LIMIT,
    HEARD_AT_ONCE,
    MOST_BYTES,
    MOST_HEARD,
    TurnReport,
    Writer,
)
from tocsin.store.contract import StorageFailed, Store
from tocsin.store.sqlite import SqliteStore

SOON: Final = 10.0
"""Seconds within which a thread does what it does at once."""


def writer_of(
    house: House,
    *,
    store: Store | None = None,
    on_turn: Callable[[TurnReport], None] = lambda report: None,
) -> Writer:
    """A writer that is not started yet."""
    return Writer(
        store=house.store if store is None else store,
        clock=house.clock,
        entropy=lambda: next(house.numbers),
        seal=lambda secret: secret,
        on_turn=on_turn,
    )


def nobodys(house: House, *, says: int = 1, size: int = 0) -> Arrival:
    """What comes to a connector that there is not, and so is refused."""
    said = (Noted(key="lamp", text="seen"),)
    return Arrival(
        org_id=house.orgs["net"],
        reading=Reading(said * says),
        connector_id="nobody",
        payload=bytes(size),
    )


def unknown(house: House) -> Submission:
    """A command of somebody who is not known, and so is refused."""
    return Submission(
        org_id=house.orgs["net"],
        sort="ticket",
        command=house.incident(),
        credential=Credential(key_id="unknown", digest=bytes(32), address="127.0.0.1"),
    )


def became(writer: Writer, waiting: Sequence[Arrival | Submission]) -> list[object]:
    """What becomes of what waits before the writer takes its first turn; it takes turns after."""

    async def handed_in() -> list[object]:
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Outcome] | asyncio.Future[Accounted]] = [
            writer.take(one, loop) if isinstance(one, Arrival) else writer.submit(one, loop)
            for one in waiting
        ]
        writer.start()
        everything = asyncio.gather(*futures, return_exceptions=True)
        return await asyncio.wait_for(everything, SOON)

    return asyncio.run(handed_in())


@pytest.mark.parametrize(("says", "size"), [(MOST_HEARD + 1, 0), (1, MOST_BYTES)])
def test_much_that_neighbours_say_is_enough_until_it_was_heard(
    filed: House, says: int, size: int
) -> None:
    writer = writer_of(filed)
    loop = asyncio.new_event_loop()
    full = [writer.full]
    heard = writer.take(nobodys(filed, says=says, size=size), loop)
    full.append(writer.full)
    with pytest.raises(Overloaded):
        writer.take(nobodys(filed), loop)
    with pytest.raises(Overloaded):
        writer.submit(unknown(filed), loop)

    writer.start()
    (refused,) = loop.run_until_complete(asyncio.gather(heard, return_exceptions=True))
    loop.close()
    assert isinstance(refused, NotFound)
    full.append(writer.full)
    writer.stop()
    assert full == [False, True, False]


def test_a_turn_takes_so_many_commands(filed: House) -> None:
    turns: list[int] = []
    writer = writer_of(filed, on_turn=lambda report: turns.append(report.commands))
    results = became(writer, [unknown(filed) for _ in range(BATCH_LIMIT + 2)])
    writer.stop()
    assert {type(one) for one in results} == {Unauthenticated}
    assert turns == [BATCH_LIMIT, 2]


def test_a_turn_hears_about_so_many_things(filed: House) -> None:
    turns: list[int] = []
    writer = writer_of(filed, on_turn=lambda report: turns.append(report.commands))
    results = became(
        writer,
        [nobodys(filed), *(nobodys(filed, says=HEARD_AT_ONCE) for _ in range(2)), nobodys(filed)],
    )
    writer.stop()
    assert {type(one) for one in results} == {NotFound}
    assert turns == [2, 1, 1]


def test_when_the_storage_is_away_nothing_goes_on_waiting_for_it(
    filed: House, tmp_path: Path
) -> None:
    lay_out(tmp_path / "away.db")
    store = SqliteStore(tmp_path / "away.db")
    store.close()
    writer = writer_of(filed, store=store)
    much = nobodys(filed, says=MOST_HEARD + 1, size=MOST_BYTES)
    many = [unknown(filed) for _ in range(BATCH_LIMIT + 2)]
    results = became(writer, [*many, much])
    assert {type(one) for one in results} == {StorageFailed}
    assert writer.waiting == 0
    assert not writer.full
    writer.stop()


def test_who_has_gone_away_takes_nothing_from_those_who_wait(filed: House) -> None:
    writer = writer_of(filed)

    async def handed_in() -> object:
        loop = asyncio.get_running_loop()
        gone, left = (writer.submit(unknown(filed), loop) for _ in range(2))
        gone.cancel()
        writer.start()
        waiting = asyncio.gather(left, return_exceptions=True)
        (result,) = await asyncio.wait_for(waiting, SOON)
        return result

    assert isinstance(asyncio.run(handed_in()), Unauthenticated)
    writer.stop()


def test_who_stops_finishes_what_waits_and_takes_no_more(filed: House) -> None:
    writer = writer_of(filed)
    loop = asyncio.new_event_loop()
    waiting = [writer.submit(unknown(filed), loop) for _ in range(BATCH_LIMIT + 2)]
    # Told to stop before it takes its first turn.
    writer.stop()
    with pytest.raises(Overloaded):
        writer.submit(unknown(filed), loop)
    writer.start()
    writer.stop()
    everything = asyncio.gather(*waiting, return_exceptions=True)
    results = loop.run_until_complete(asyncio.wait_for(everything, SOON))
    loop.close()
    assert {type(one) for one in results} == {Unauthenticated}


@pytest.mark.parametrize("wrong", [StorageFailed("away"), ZeroDivisionError()])
def test_a_duty_that_fails_is_tried_again(filed: House, wrong: BaseException) -> None:
    again = threading.Event()
    failed: list[BaseException] = []

    def duty() -> float | None:
        if failed:
            again.set()
            return None
        failed.append(wrong)
        raise wrong

    writer = Writer(
        store=filed.store,
        clock=filed.clock,
        entropy=lambda: next(filed.numbers),
        seal=bytes,
        duties=[duty],
    )
    writer.start()
    tried = again.wait(SOON)
    writer.stop()
    assert tried
