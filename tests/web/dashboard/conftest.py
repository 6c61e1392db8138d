"""What the tests of the dashboard share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.databases import cluster, fresh_database, recycling
from tests.web.dashboard.browsing import Browser, Desk, desk

__all__ = ["cluster", "fresh_database", "recycling"]


@pytest.fixture
def at_desk(tmp_path: Path) -> Iterator[Desk]:
    """A dashboard over a furnished house of its own."""
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def browser(at_desk: Desk) -> Browser:
    """A browser that is not signed in."""
    return Browser(at_desk)
