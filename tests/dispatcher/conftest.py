"""The house that the tests of this room send from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dispatcher.posting import Post, post_office


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """A house with nothing to send yet."""
    with post_office(tmp_path) as made:
        yield made
