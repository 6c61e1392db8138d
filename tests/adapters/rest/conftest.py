"""What the tests of the gateway share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.rest.asking import Client, client


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Client]:
    """The real application over a furnished house of its own."""
    with client(tmp_path) as made:
        yield made
