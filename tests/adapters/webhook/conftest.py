"""What the tests of webhooks share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.webhook.listening import Certificate, certificate
from tests.handler.acting import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A furnished house of its own."""
    with house(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The certificate of a receiver."""
    return certificate(tmp_path_factory.mktemp("papers"))
