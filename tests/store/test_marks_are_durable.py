"""What a dispatcher marks outlives the primary that took it: it goes on from what it marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tocsin.store.postgres import PostgresStore


@pytest.fixture
def store(fresh_database: Callable[[], str]) -> Iterator[PostgresStore]:
    made = PostgresStore(fresh_database())
    yield made
    made.close()


def test_every_turn_that_writes_waits_for_the_disks(store: PostgresStore) -> None:
    asked = "SELECT current_setting('synchronous_commit')"

    with store.tending() as turn:
        assert turn.select(asked, (), org_id=None) == [("on",)]
    with store.writing() as turn:
        assert turn.select(asked, (), org_id=None) == [("on",)]
