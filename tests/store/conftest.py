"""What the tests of the stores share: each store there is, empty and full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.handler.acting import house
from tests.servers.databases import cluster, fresh_database, lay_out, recycling
from tests.store.retelling import History, at, history_in, told
from tocsin.store.contract import Store

__all__ = ["cluster", "fresh_database", "recycling"]


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Two orgs, their people and things, three tickets."""
    with house(tmp_path_factory.mktemp("decided")) as home:
        return history_in(home)


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens one and the same empty database of each sort, as often as it is called."""
    stores: list[Store] = []
    if request.param == "postgres":
        url = request.getfixturevalue("fresh_database")()
    else:
        url = f"sqlite:///{lay_out(tmp_path / 'told.db')}"

    def open_it() -> Store:
        stores.append(at(url))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    """An empty store of each sort."""
    return opened()


@pytest.fixture
def full(store: Store, history: History) -> Store:
    """A store that holds the history."""
    told(store, history)
    return store
