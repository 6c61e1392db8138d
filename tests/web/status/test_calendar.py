"""The public calendar: read by a calendar library, and line by line as its paper has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import icalendar  # type: ignore[import-untyped]  # publishes no types
import pytest
from hypothesis import given, settings

from tests.web.status.any_picture import pictures
from tests.web.status.pictures import (
    ALL,
    FULL_HOUR,
    HOSTILE,
    HOUR,
    NOW,
    hostile,
    incident,
    maintenance,
)
from tocsin.web.status.calendar import calendar, uid_of
from tocsin.web.status.document import one_line, plain
from tocsin.web.status.view import Kind, PageView

EXAMPLES = pytest.mark.parametrize("page", ALL.values(), ids=ALL.keys())


def events(page: PageView) -> list[Any]:
    """What the library makes of the VEVENTs; it has nothing to complain of."""
    found = icalendar.Calendar.from_ical(calendar(page).body)
    assert not found.errors
    return [one for one in found.walk("VEVENT") if not one.errors]


def properties(body: bytes) -> Iterator[tuple[str, str]]:
    """Each content line, unfolded, and its TEXT before it was escaped (RFC 5545, 3.3.11)."""
    for line in body.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n"):
        name, _, value = line.partition(":")
        yield (
            name,
            re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], value),
        )


def planned(page: PageView) -> dict[str, str]:
    """The titles of all maintenances by their UIDs."""
    every = (*page.maintenances, *page.past)
    return {
        uid_of(one): one_line(one.title) or one.ref for one in every if one.kind is Kind.MAINTENANCE
    }


def test_a_calendar_program_reads_a_maintenance_as_the_page_tells_it() -> None:
    page = maintenance()
    (event,) = [one for one in events(page) if "Optics" in one["SUMMARY"]]

    assert event["SUMMARY"] == "Optics upgrade in Frankfurt"
    assert event["DTSTART"].dt == FULL_HOUR - HOUR
    assert event["DTEND"].dt == FULL_HOUR + HOUR
    assert event["DESCRIPTION"] == (
        "In progress: Work has begun.\n\nAffected: Frankfurt – Zürich\n\n"
        "https://status.example.org/status/ring/incidents/M20261114-0031"
    )
    assert event["URL"] == "https://status.example.org/status/ring/incidents/M20261114-0031"
    assert event["STATUS"] == "CONFIRMED"
    assert event["SEQUENCE"] == 1
    assert (
        event["LAST-MODIFIED"].dt
        == event["DTSTAMP"].dt
        == datetime(2026, 11, 15, 13, 34, 30, tzinfo=UTC)
    )


def test_all_maintenances_are_there_in_the_order_of_their_windows_and_no_incident() -> None:
    assert [str(one["SUMMARY"]) for one in events(maintenance())] == [
        "Cleaning of fibres",
        "Optics upgrade in Frankfurt",
        "Router software, Zürich",
        "Battery swap",
        "Power test",
    ]
    assert events(incident()) == []


def test_what_is_called_off_is_cancelled() -> None:
    (event,) = [one for one in events(maintenance()) if one["SUMMARY"] == "Battery swap"]

    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


def test_a_change_keeps_the_uid_and_raises_the_sequence() -> None:
    page = maintenance()
    notice = page.maintenances[0]
    edited = replace(
        notice,
        updates=(replace(notice.updates[0], edited_at=NOW), *notice.updates[1:]),
        updated_at=NOW,
    )
    told = [
        next(one for one in events(shown) if one["UID"] == uid_of(notice))
        for shown in (page, replace(page, maintenances=(edited,)))
    ]

    assert [one["SEQUENCE"] for one in told] == [1, 2]
    assert told[1]["LAST-MODIFIED"].dt > told[0]["LAST-MODIFIED"].dt


def test_a_second_that_has_begun_belongs_to_the_window_and_none_is_empty() -> None:
    page = maintenance()
    notice = page.maintenances[0]
    short = replace(notice, scheduled_for=NOW, scheduled_until=NOW)
    bare = replace(notice, scheduled_for=None, scheduled_until=None, started_at=FULL_HOUR)

    (event,) = events(replace(page, maintenances=(short,), past=()))
    assert event["DTSTART"].dt == NOW.replace(microsecond=0)
    assert (event["DTEND"].dt - event["DTSTART"].dt).total_seconds() == 1
    (event,) = events(replace(page, maintenances=(bare,), past=()))
    assert (event["DTEND"].dt - event["DTSTART"].dt).total_seconds() == 1


def is_folded_well(body: bytes) -> bool:
    """Whether each line ends as it should, has at most 75 octets, and no character is torn."""
    lines = body.removesuffix(b"\r\n").split(b"\r\n")
    return (
        body.endswith(b"END:VCALENDAR\r\n")
        and all(0 < len(line) <= 75 and not re.search(b"[\r\n]", line) for line in lines)
        and all(line.decode(errors="replace").encode() == line for line in lines)
    )


@EXAMPLES
def test_every_line_ends_and_is_folded_as_the_paper_has_it(page: PageView) -> None:
    assert is_folded_well(calendar(page).body)


def test_hostile_words_make_no_line_of_their_own() -> None:
    body = calendar(hostile()).body
    names = [name for name, _ in properties(body)]

    assert names.count("BEGIN") == names.count("END") == 1 + len(HOSTILE)
    assert "ATTACH" not in names
    assert {value for name, value in properties(body) if name == "SUMMARY"} == {
        one_line(text) for text in HOSTILE
    }


@given(pictures())
@settings(max_examples=40, deadline=None)
def test_whatever_the_words_they_are_the_same_when_read(page: PageView) -> None:
    told = list(properties(calendar(page).body))

    assert is_folded_well(calendar(page).body)
    uids = [value for name, value in told if name == "UID"]
    titles = [value for name, value in told if name == "SUMMARY"]
    assert dict(zip(uids, titles, strict=True)) == planned(page)
    bodies = "\0".join(value for name, value in told if name == "DESCRIPTION")
    for notice in page.maintenances:
        assert plain(notice.updates[0].body).strip() in bodies
    assert len(events(page)) == len(uids)


@EXAMPLES
def test_the_same_words_are_the_same_bytes_whenever_they_are_looked_at(page: PageView) -> None:
    assert calendar(page) == calendar(replace(page, made_at=NOW + 3 * HOUR))
    assert calendar(page).content_type == "text/calendar; charset=utf-8"
