"""Pages that show the network are made anew when it moves; those that do not are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.handler.acting import House, house
from tests.handler.laying import activate, judge, lay
from tests.projections.histories import follow
from tocsin.app.pages import listed_in, look_at
from tocsin.core.commands import ChangeStatus
from tocsin.core.record_commands import CreateStatusPage
from tocsin.projections.public_network import PublicNetwork
from tocsin.web.status.view import PageView

URL = "https://status.example"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A link in service, a page that shows the network, and one that does not; in another org a
    page that shows its own."""
    with house(tmp_path) as made:
        lay(made, code="a")
        activate(made, "a")
        for org, code, shows in (
            ("net", "all", True),
            ("net", "few", False),
            ("elsewhere", "other", True),
        ):
            page = CreateStatusPage(
                status_page_id=made.fresh(), code=code, name=code, shows_network=shows
            )
            made.system("status_page", page, org_id=made.orgs[org])
        yield made


def seen(home: House, slug: str) -> PageView:
    with home.store.reading() as turn:
        found = look_at(turn, slug, url=URL, now=home.clock(), network=PublicNetwork())
    assert found is not None
    return found


def moved(home: House, since: int) -> tuple[frozenset[str] | None, int]:
    follow(home)
    with home.store.reading() as turn:
        listed, position = listed_in(turn, since=since)
    return listed.moved, position


def test_only_the_page_that_shows_it_has_it(home: House) -> None:
    assert [(one.code, one.state.value) for one in seen(home, "all").network or ()] == [
        ("a", "healthy")
    ]
    assert seen(home, "few").network is None
    assert seen(home, "other").network == ()


def test_what_happens_to_the_network_moves_the_pages_that_show_it(home: House) -> None:
    _, position = moved(home, 0)
    assert moved(home, position)[0] == frozenset()

    judge(home, "a", "impaired", "3 errors on side A")
    found, position = moved(home, position)
    assert found == frozenset({"all"})

    opened = home.ask("owner", home.incident(links=("a",)))
    _, position = moved(home, position)
    subject = opened.stream.partition(":")[2]
    home.ask("owner", ChangeStatus(body="Splicing."), subject=subject)
    found, position = moved(home, position)
    assert found == frozenset()
    home.ask("owner", ChangeStatus(status="resolved", resolution="spliced"), subject=subject)
    found, position = moved(home, position)
    assert found == frozenset({"all"})
