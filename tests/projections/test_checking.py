"""The check of what followers wrote finds what is not so, and waits for what is not yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.handler.acting import House, house
from tocsin.core.commands import ChangeStatus
from tocsin.projections.checking import problems_of_search
from tocsin.projections.following import Followers


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def follow(home: House) -> None:
    followers = Followers(store=home.store, clock=home.clock, timer=count().__next__)
    while followers() is not None:
        pass


def test_a_document_that_is_not_what_the_ticket_says_is_found(home: House) -> None:
    opened = home.ask("owner", home.incident())
    home.ask("owner", ChangeStatus(body="on it"), subject=opened.stream)
    assert list(problems_of_search(home.store)) == []  # behind, which is no mistake
    follow(home)
    assert list(problems_of_search(home.store)) == []

    database = sqlite3.connect(home.path, isolation_level=None)
    database.execute("UPDATE search SET text = 'something else'")
    (problem,) = problems_of_search(home.store)
    assert "not searched as it is" in problem
    database.execute("DELETE FROM search")
    assert len(list(problems_of_search(home.store))) == 1
    database.close()
