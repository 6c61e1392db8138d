"""What is installed is decided once, by version and hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.project_files import ROOT

RUNTIME = ROOT / "requirements" / "runtime.txt"
DEVELOPMENT = ROOT / "requirements" / "dev.txt"


def entries(path: Path) -> dict[str, str]:
    """What a lock pins: the name of each package and everything said about it, hashes included."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {normal(re.split(r"[=<>\s]", line, maxsplit=1)[0]): line for line in lines}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def version(entry: str) -> str:
    pinned = re.match(r"[\w.-]+==(\S+)", entry)
    assert pinned is not None, entry
    return pinned.group(1)


def declared(requirements: list[str]) -> set[str]:
    names = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return {normal(name.group()) for name in names if name is not None}


@pytest.mark.parametrize("path", [RUNTIME, DEVELOPMENT], ids=lambda path: path.name)
def test_everything_is_pinned_with_hashes(path: Path) -> None:
    locked = entries(path)
    assert len(locked) > 20

    assert [
        name
        for name, entry in locked.items()
        if not re.match(r"[\w.-]+==\S+", entry) or "--hash=sha256:" not in entry
    ] == []


def test_the_tests_run_on_the_versions_that_run() -> None:
    development = {name: version(entry) for name, entry in entries(DEVELOPMENT).items()}

    assert {
        name: (version(entry), development.get(name))
        for name, entry in entries(RUNTIME).items()
        if version(entry) != development.get(name)
    } == {}


def test_what_is_declared_is_locked() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = declared(project["project"]["dependencies"] + project["build-system"]["requires"])
    development = declared(project["project"]["optional-dependencies"]["dev"])
    assert "litestar" in runtime
    assert "pytest" in development

    assert runtime - entries(RUNTIME).keys() == set()
    assert (runtime | development) - entries(DEVELOPMENT).keys() == set()
