"""Which status pages a public update may name, and how they are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.directory_in_memory import DirectoryInMemory
from tests.core.telling import NOON, decide, given, incident_open
from tocsin.core.commands import PostPublicUpdate
from tocsin.core.errors import Invalid
from tocsin.core.evidence import Given
from tocsin.core.public_updates import MOST_PAGES
from tocsin.core.records import StatusPage
from tocsin.core.ticket_facts import PublicUpdatePosted

POST = PostPublicUpdate(title="Trouble", status="investigating", body="We look into it.")


def _page(code: str) -> StatusPage:
    return StatusPage(
        id=f"{code}-id", created_at=NOON, updated_at=NOON, version=1, code=code, name=code.title()
    )


def evidence() -> Given:
    """What comes in where there are the pages ``ring`` and ``mesh``, and ``gone`` was removed."""
    pages = [_page("ring"), _page("mesh"), replace(_page("gone"), removed_at=NOON)]
    return replace(given(), directory=DirectoryInMemory(pages))


def problems(*pages: str) -> list[tuple[str, str]]:
    """What is wrong with an update on *pages*."""
    with pytest.raises(Invalid) as caught:
        decide(incident_open(), replace(POST, pages=pages), evidence())
    return [(error.field, error.code) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ((), ()),
        (("ring",), ("ring-id",)),
        (("ring-id",), ("ring-id",)),
        (("ring", "mesh"), ("mesh-id", "ring-id")),
    ],
)
def test_pages_are_named_by_code_or_id_and_kept_by_id(
    named: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    (fact,) = decide(incident_open(), replace(POST, pages=named), evidence())
    assert isinstance(fact, PublicUpdatePosted)
    assert fact.pages == kept


def test_a_page_that_is_not_there_is_refused() -> None:
    assert problems("nowhere", "ring", "gone", "") == [
        ("pages[0]", "unknown_page"),
        ("pages[2]", "unknown_page"),
        ("pages[3]", "unknown_page"),
    ]


def test_a_page_is_named_once() -> None:
    assert problems("ring", "ring-id") == [("pages[1]", "duplicate")]


def test_there_is_an_end_to_pages() -> None:
    assert problems(*("ring",) * (MOST_PAGES + 1)) == [("pages", "too_long")]
