"""An address is one page's in the whole installation, and leads to it without naming an org."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from tests.handler.acting import House
from tocsin.core.commands import Command
from tocsin.core.errors import Conflict
from tocsin.core.record_commands import (
    CreateStatusPage,
    RemoveStatusPage,
    UpdateStatusPage,
)
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.projections.checking import problems_of_pages
from tocsin.projections.rebuilding import rebuild
from tocsin.store.contract import PageRow

MAIN = CreateStatusPage(status_page_id="one", code="main", name="Main")
THEIRS = CreateStatusPage(status_page_id="two", code="main", name="Main, too")


def ask(home: House, command: Command, *, org: str = "net", subject: str | None = None) -> Outcome:
    who = "admin" if org == "net" else "stranger"
    return home.ask(who, command, org=org, subject=subject, sort="status_page")


def pages(home: House) -> list[tuple[str, str, str]]:
    orgs = {number: code for code, number in home.orgs.items()}
    with home.store.reading() as turn:
        return [(row.slug, orgs[row.org_id], row.stream) for row in turn.pages()]


def at_once(home: House, *asked: tuple[str, Command, str | None]) -> list[bool]:
    """Have the system do all of it in one batch; which of it was done."""

    # A writer of its own, that takes its first turn when all of it waits.
    writer = Writer(
        store=home.store, clock=home.clock, entropy=lambda: next(home.numbers), seal=bytes
    )

    async def handed_in() -> list[Outcome | BaseException]:
        loop = asyncio.get_running_loop()
        futures = [
            writer.submit(
                Submission(
                    org_id=home.orgs[org],
                    sort="status_page",
                    command=command,
                    subject=subject,
                    via="clock",
                ),
                loop,
            )
            for org, command, subject in asked
        ]
        writer.start()
        return await asyncio.gather(*futures, return_exceptions=True)

    try:
        found = asyncio.run(handed_in())
    finally:
        writer.stop()
    assert all(isinstance(one, Outcome | Conflict) for one in found), found
    return [isinstance(one, Outcome) for one in found]


def test_a_page_is_found_by_its_address_alone(home: House) -> None:
    ask(home, MAIN)

    with home.store.reading() as turn:
        found = turn.page("main")
        assert found == PageRow(slug="main", org_id=home.orgs["net"], stream="status_page:one")
        assert turn.page("Main") is None
        assert turn.head(found.org_id, found.stream) is not None


def test_what_another_org_has_is_taken(home: House) -> None:
    ask(home, MAIN)
    ask(home, CreateStatusPage(status_page_id="two", code="other", name="Other"), org="elsewhere")

    third = CreateStatusPage(status_page_id="three", code="main", name="Again")
    wanted: tuple[tuple[Command, str, str | None], ...] = (
        (third, "elsewhere", None),
        (UpdateStatusPage(code="main"), "elsewhere", "two"),
        (UpdateStatusPage(code="other"), "net", "main"),
    )
    for command, org, subject in wanted:
        with pytest.raises(Conflict) as said:
            ask(home, command, org=org, subject=subject)
        assert [(one.field, one.code) for one in said.value.errors] == [("code", "taken")]
    assert pages(home) == [
        ("main", "net", "status_page:one"),
        ("other", "elsewhere", "status_page:two"),
    ]


def test_an_address_that_is_given_up_is_free(home: House) -> None:
    ask(home, MAIN)
    ask(home, UpdateStatusPage(code="moved"), subject="one")
    ask(home, THEIRS, org="elsewhere")
    assert pages(home) == [
        ("main", "elsewhere", "status_page:two"),
        ("moved", "net", "status_page:one"),
    ]

    ask(home, RemoveStatusPage(), org="elsewhere", subject="main")
    ask(home, UpdateStatusPage(code="main"), subject="moved")
    assert pages(home) == [("main", "net", "status_page:one")]
    assert list(problems_of_pages(home.store)) == []


def test_one_batch_knows_what_it_has_given_and_taken(home: House) -> None:
    assert at_once(home, ("net", MAIN, None), ("elsewhere", THEIRS, None)) == [True, False]
    assert len(pages(home)) == 1


def test_an_address_changes_hands_in_one_batch(home: House) -> None:
    ask(home, MAIN)

    done = at_once(home, ("net", RemoveStatusPage(), "one"), ("elsewhere", THEIRS, None))
    assert done == [True, True]
    assert pages(home) == [("main", "elsewhere", "status_page:two")]


def test_a_rebuild_finds_every_address_again(home: House) -> None:
    ask(home, MAIN)
    ask(home, UpdateStatusPage(code="kept"), subject="one")
    ask(home, THEIRS, org="elsewhere")
    before = pages(home)
    home.writer.stop()

    rebuild(home.store)
    assert pages(home) == before
    assert list(problems_of_pages(home.store)) == []


def test_an_address_that_leads_nowhere_is_found(filed: House) -> None:
    ask(filed, MAIN)
    assert list(problems_of_pages(filed.store)) == []

    database = sqlite3.connect(filed.path, isolation_level=None)
    database.execute("UPDATE page_slugs SET slug = 'astray'")
    assert len(list(problems_of_pages(filed.store))) == 2
    database.execute("DELETE FROM page_slugs")
    (problem,) = problems_of_pages(filed.store)
    assert "status_page:one is not found at /status/main" in problem
    database.close()
    filed.writer.stop()
    rebuild(filed.store)
    assert list(problems_of_pages(filed.store)) == []
