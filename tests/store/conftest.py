"""What the tests of the stores share: each store there is, empty and full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.handler.acting import house
from tests.store.retelling import History, at_path, history_in, told
from tocsin.store.contract import Store


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Two orgs, their people and things, three tickets."""
    with house(tmp_path_factory.mktemp("decided")) as home:
        return history_in(home)


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each sort."""
    made = at_path(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def full(store: Store, history: History) -> Store:
    """A store that holds the history."""
    told(store, history)
    return store
