"""The house that the tests of this room send from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dispatcher.posting import Post, post_office
from tests.servers.databases import cluster, fresh_database, recycling

__all__ = ["cluster", "fresh_database", "recycling"]


@pytest.fixture(params=["sqlite", "postgres"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    """A house with nothing to send yet, on each store."""
    at = request.getfixturevalue("fresh_database")() if request.param == "postgres" else None
    with post_office(tmp_path, at=at) as made:
        yield made
