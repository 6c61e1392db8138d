"""A node of the ledger for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.doublezero.ledger import Ledger, ledger


@pytest.fixture
def node() -> Iterator[Ledger]:
    """A node that holds the town."""
    with ledger() as made:
        yield made
