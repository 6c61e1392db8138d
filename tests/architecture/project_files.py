"""The project's own files: what ``.gitignore`` does not exclude."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "tocsin"
TESTS = ROOT / "tests"


def _excluded(path: Path, patterns: tuple[str, ...]) -> bool:
    inside = "/" + path.relative_to(ROOT).as_posix()
    for pattern in patterns:
        anchored = pattern.startswith("/")
        if pattern.endswith("/") and not path.is_dir():
            continue
        if fnmatch(inside if anchored else path.name, pattern.rstrip("/")):
            return True
    return path == ROOT / ".git"


def _patterns() -> tuple[str, ...]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def project_files() -> tuple[Path, ...]:
    """Every file of the project, in order of path."""
    patterns = _patterns()

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if _excluded(path, patterns):
                continue
            if path.is_dir():
                yield from walk(path)
            else:
                yield path

    return tuple(walk(ROOT))


def python_files(folder: Path) -> tuple[Path, ...]:
    """The Python files below *folder*, in order of path."""
    return tuple(
        path for path in project_files() if path.suffix == ".py" and path.is_relative_to(folder)
    )


def package_folders(folder: Path) -> tuple[Path, ...]:
    """*folder* and every folder below it that holds Python files."""
    found = {
        parent
        for path in python_files(folder)
        for parent in path.parents
        if parent.is_relative_to(folder)
    }
    return tuple(sorted(found))


def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def shown(path: Path) -> str:
    """A path as the reader of a failing test wants it: from the project's root."""
    return path.relative_to(ROOT).as_posix()
