"""The reference says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.reference import FOLDER, PAGES, page

DOCS = FOLDER.parent


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_of_the_reference_is_what_the_code_says(name: str) -> None:
    written = (FOLDER / name).read_text()
    assert written == page(name), "write it anew with: python -m tests.docs.reference"


def test_every_link_leads_somewhere() -> None:
    root = DOCS.parent
    pages = [root / "README.md", root / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    broken = [
        (page.relative_to(root).as_posix(), target)
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        if not target.startswith(("http:", "https:")) and not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_architecture_names_every_room() -> None:
    source = DOCS.parent / "src" / "tocsin"
    rooms = {path.parent.name for path in source.glob("*/__init__.py")}
    text = (DOCS / "architecture.md").read_text()
    assert [room for room in sorted(rooms) if f"`{room}/`" not in text] == []


def test_the_named_files_of_the_architecture_are_there() -> None:
    source = DOCS.parent / "src" / "tocsin"
    text = (DOCS / "architecture.md").read_text()
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", text))
    assert named
    assert [name for name in sorted(named) if not _exists(source, name)] == []


def _exists(source: Path, name: str) -> bool:
    return (source / name).exists()
