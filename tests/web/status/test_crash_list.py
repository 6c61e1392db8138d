"""The crash bot's list: its rows, their order, and what is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from tests.web.status.any_picture import pictures
from tests.web.status.pictures import (
    ALL,
    HOUR,
    NOW,
    hostile,
    incident,
    long_history,
    maintenance,
    several,
)
from tocsin.web.status.crash_list import crash_list
from tocsin.web.status.document import plain
from tocsin.web.status.view import Kind, PageView


def told(page: PageView) -> Any:
    return json.loads(crash_list(page).body)


def test_a_row_says_what_the_newest_public_words_say() -> None:
    (row,) = told(incident())["open"]

    assert row == {
        "id": "I20261120-0001",
        "update_number": 3,
        "modified_at": "2026-11-20T12:45:30.123Z",
        "reported_at": "2026-11-20T12:05:30.123Z",
        "closed_at": None,
        "status": "open",
        "severity": "sev-2",
        "title": "Amsterdam – Frankfurt is down on one path",
        "description": "Splicing has begun; two hours more. https://example.org/map",
        "point": "",
        "contact": "",
        "rca_link": None,
        "modified_by": "",
    }


def test_what_is_over_is_closed_and_has_its_report() -> None:
    (row,) = told(incident())["closed"]

    assert (row["status"], row["closed_at"]) == ("closed", "2026-11-10T15:05:30.123Z")
    assert row["rca_link"] == "https://example.org/rca/2026-11-10"


def test_open_are_by_severity_then_the_oldest_first() -> None:
    page = several()
    worst, middle, mildest = page.open
    older = replace(middle, id="older", ref="I9-older", started_at=middle.started_at - HOUR)
    rows = told(replace(page, open=(mildest, middle, older, worst)))["open"]

    assert [row["id"] for row in rows] == [worst.ref, "I9-older", middle.ref, mildest.ref]
    assert [row["severity"] for row in rows] == ["sev-1", "sev-2", "sev-2", "sev-4"]


def test_closed_are_newest_first_and_incidents_only() -> None:
    page = long_history()
    rows = told(replace(page, past=tuple(reversed(page.past))))["closed"]

    assert [row["id"] for row in rows] == [
        one.ref for one in page.past if one.kind is Kind.INCIDENT
    ]
    assert len({row["reported_at"] for row in rows}) == 120
    assert told(maintenance()) == {"open": [], "closed": []}


def test_a_cancelled_incident_is_left_out() -> None:
    page = incident()
    invalid = replace(page.past[0], status="cancelled")

    assert told(replace(page, past=(invalid,)))["closed"] == []


def test_hostile_words_come_through_as_they_are() -> None:
    page = hostile()

    assert {row["title"] for row in told(page)["open"]} == {plain(one.title) for one in page.open}


@given(pictures())
@settings(max_examples=40, deadline=None)
def test_whatever_the_words_they_are_the_same_when_read(page: PageView) -> None:
    rows = told(page)["open"]
    expected = {plain(one.ref): plain(one.updates[0].body) for one in page.open}

    assert {row["id"]: row["description"] for row in rows} == expected


@pytest.mark.parametrize("page", ALL.values(), ids=ALL.keys())
def test_the_same_words_are_the_same_bytes_whenever_they_are_looked_at(page: PageView) -> None:
    assert crash_list(page) == crash_list(replace(page, made_at=NOW + 3 * HOUR))
    assert crash_list(page).content_type == "application/json; charset=utf-8"
