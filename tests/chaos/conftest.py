"""Which narrow disks this machine can make: the honest one wherever mounting is allowed."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.chaos.disks import may_mount


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "narrow" in metafunc.fixturenames:
        with TemporaryDirectory() as folder:
            ways = ["limited", "mounted"] if may_mount(Path(folder) / "tried") else ["limited"]
        metafunc.parametrize("narrow", ways)
