"""What the tests of the gateway share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.rest.asking import Client, client
from tests.servers.databases import cluster, fresh_database, recycling

__all__ = ["cluster", "fresh_database", "recycling"]


@pytest.fixture(params=["sqlite", "postgres"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """The real application over a furnished house of its own, on each store."""
    at = request.getfixturevalue("fresh_database")() if request.param == "postgres" else None
    with client(tmp_path, at=at) as made:
        yield made
