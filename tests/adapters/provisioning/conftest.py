"""The houses that the tests of this room ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.provisioning.town import Town
from tests.handler.acting import House, house
from tests.servers.databases import cluster, fresh_database, recycling

__all__ = ["cluster", "fresh_database", "recycling"]


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A furnished house, on each store."""
    at = request.getfixturevalue("fresh_database")() if request.param == "postgres" else None
    with house(tmp_path, at=at) as made:
        yield made


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[House]:
    """A furnished house over an SQLite file."""
    with house(tmp_path) as made:
        yield made


@pytest.fixture
def town() -> Town:
    """A source of telemetry that nobody has told anything yet."""
    return Town()
