"""The order of all tests: those that take long begin first, so that no process is left alone with
one of them at the end while the others have nothing more to do.

Most of them wait for other programs rather than work, and what is quick fills the gaps. How long
an example of a law takes says how busy the machine is, and fails nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

TESTS: Final = Path(__file__).parent

LONG: Final = (
    "bench/test_quick.py",
    "chaos",
    "app/test_prometheus.py",
    "app/test_status_page.py",
    "app/test_serve_slack.py",
    "docs",
    "app/test_serve.py",
    "adapters/rest/test_schemathesis.py",
    # As one: its server and its browser are those of the folder.
    "browser",
)
"""Files and folders in which a test takes seconds; the longest single tests first."""


def place(path: Path) -> int:
    """Where the tests of the file *path* stand in the order; all that is not long is one place."""
    asked = path.relative_to(TESTS).as_posix()
    for number, long in enumerate(LONG):
        if asked == long or asked.startswith(f"{long}/"):
            return number
    return len(LONG)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long in front, and leave everything else as it was."""
    # A name in the table that nothing has would be passed over in silence.
    assert all((TESTS / long).exists() for long in LONG)
    items.sort(key=lambda item: place(item.path))
