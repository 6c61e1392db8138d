"""The check of what followers wrote finds what is not so, and waits for what is not yet."""

from __future__ import annotations

import sqlite3
from itertools import count

from tests.handler.acting import House
from tocsin.core.commands import ChangeStatus
from tocsin.projections.checking import problems_of_measures, problems_of_search
from tocsin.projections.following import Followers


def follow(home: House) -> None:
    followers = Followers(store=home.store, clock=home.clock, timer=count().__next__)
    while followers() is not None:
        pass


def test_a_document_that_is_not_what_the_ticket_says_is_found(filed: House) -> None:
    opened = filed.ask("owner", filed.incident())
    filed.ask("owner", ChangeStatus(body="on it"), subject=opened.stream)
    assert list(problems_of_search(filed.store)) == []  # behind, which is no mistake
    follow(filed)
    assert list(problems_of_search(filed.store)) == []

    database = sqlite3.connect(filed.path, isolation_level=None)
    database.execute("UPDATE search SET text = 'something else'")
    (problem,) = problems_of_search(filed.store)
    assert "not searched as it is" in problem
    database.execute("DELETE FROM search")
    assert len(list(problems_of_search(filed.store))) == 1
    database.close()


def test_an_incident_that_is_not_measured_as_it_went_is_found(filed: House) -> None:
    assert list(problems_of_measures(filed.store)) == []  # nothing there to measure
    opened = filed.ask("owner", filed.incident())
    assert list(problems_of_measures(filed.store)) == []  # behind, which is no mistake
    filed.ask("owner", ChangeStatus(status="resolved"), subject=opened.stream.partition(":")[2])
    follow(filed)
    assert list(problems_of_measures(filed.store)) == []

    database = sqlite3.connect(filed.path, isolation_level=None)
    database.execute("UPDATE measured SET resolving = resolving + 1")
    (problem,) = problems_of_measures(filed.store)
    assert "not measured as it is" in problem
    database.execute("DELETE FROM measured")
    assert len(list(problems_of_measures(filed.store))) == 1
    database.close()
