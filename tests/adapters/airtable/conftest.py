"""What the tests of the mirror share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.airtable.answering import Airtable, answering
from tests.handler.acting import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A furnished house of its own."""
    with house(tmp_path) as made:
        yield made


@pytest.fixture
def airtable() -> Iterator[Airtable]:
    """A base that answers."""
    with answering(Airtable()) as made:
        yield made
