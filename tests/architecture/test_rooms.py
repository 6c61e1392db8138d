"""Every folder says what its room is for, and no module grows into the place where things are."""

from __future__ import annotations

import ast
import re

import tocsin
from tests.architecture.project_files import (
    ROOT,
    SOURCE,
    TESTS,
    package_folders,
    python_files,
    shown,
    tree,
)

LONGEST_MODULE = 600
NAMES_THAT_SAY_NOTHING = frozenset(
    {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
)


def test_every_folder_of_the_source_says_what_it_is_for() -> None:
    folders = package_folders(SOURCE)
    assert SOURCE / "core" in folders

    silent = [
        shown(folder)
        for folder in folders
        if not (folder / "__init__.py").is_file()
        or not ast.get_docstring(tree(folder / "__init__.py"))
    ]
    assert silent == []


def test_every_folder_of_the_tests_is_a_package() -> None:
    folders = package_folders(TESTS)
    assert TESTS / "architecture" in folders

    assert [shown(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_no_module_is_longer_than_a_reader_holds_in_the_head() -> None:
    lengths = {
        shown(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files(SOURCE)
    }

    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_every_module_has_a_name_that_says_something() -> None:
    paths = (*python_files(SOURCE), *python_files(TESTS), *python_files(ROOT / "bench"))
    words = {shown(path): {path.stem, path.parent.name} for path in paths}

    assert [path for path, names in words.items() if names & NAMES_THAT_SAY_NOTHING] == []


def test_the_reading_order_leads_to_five_files_that_exist() -> None:
    named = re.findall(r"^\d\. ``([\w/]+\.py)``", tocsin.__doc__ or "", flags=re.MULTILINE)

    assert len(named) == 5
    assert [path for path in named if not (SOURCE / path).is_file()] == []
