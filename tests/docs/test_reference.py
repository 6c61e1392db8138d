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


def test_every_page_is_found_from_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^)#]+)", index))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} - {"README.md"}
    assert sorted(pages - linked) == []


def test_every_link_into_a_page_leads_to_a_heading() -> None:
    root = DOCS.parent
    broken = []
    for one in (root / "README.md", *DOCS.rglob("*.md")):
        for target, heading in re.findall(r"\]\(([^):#]*)#([^)]+)\)", one.read_text()):
            text = ((one.parent / target) if target else one).read_text()
            if heading not in {_anchor(line) for line in re.findall(r"^#+ (.*)$", text, re.M)}:
                broken.append((one.relative_to(root).as_posix(), f"{target}#{heading}"))
    assert broken == []


def _anchor(heading: str) -> str:
    """What a heading is linked by, as GitHub makes it."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


def test_what_the_log_says_when_something_is_wrong_is_said_somewhere() -> None:
    page = (DOCS / "how-to" / "when-something-is-wrong.md").read_text()
    named = set(re.findall(r"`(?!tocsin_)([a-z]+(?:_[a-z]+)+)`", page))
    source = "".join(file.read_text() for file in (DOCS.parent / "src").rglob("*.py"))
    assert {"request_unavailable", "secrets_unopened", "database_away"} <= named
    assert [word for word in sorted(named) if word not in source] == []


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
