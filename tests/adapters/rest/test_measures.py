"""Measures over HTTP: as JSON and as CSV, bounded, and the org's own."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from itertools import count
from typing import Any

import msgspec
import pytest

from tests.adapters.rest.asking import Client
from tests.handler.acting import pubkey
from tocsin.adapters.rest.measure_shapes import MeasuresShape, csv_of
from tocsin.core.measures import AVAILABILITY, COUNTS, MEASURES, POPULATION, Grouping
from tocsin.projections.following import Followers

CSV = {"Accept": "text/csv"}
SPAN = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"


def follow(gateway: Client) -> None:
    """Let the followers come to the end of the log."""
    house = gateway.house
    followers = Followers(store=house.store, clock=house.clock, timer=count().__next__)
    while followers() is not None:
        pass


def opened(gateway: Client, title: str = "Loss", **given: object) -> str:
    """Open an incident; its id."""
    body = {
        "type": "incident",
        "title": title,
        "description": "3 % since noon.",
        "severity": "sev2",
        "device_pubkey": ["ams-1"],
        "impact": "outage",
    }
    answer = gateway.ask("POST", "/tickets", body | given)
    assert answer.status == 201, answer.body
    identity: str = answer.json["id"]
    return identity


@pytest.fixture
def told(gateway: Client) -> Client:
    """Two incidents: one began at half past eleven and is over, one is open since noon."""
    over = opened(gateway, "Over", start_at="2026-11-20T11:30:00Z", severity="sev1")
    opened(gateway, "Open")
    answer = gateway.ask("POST", f"/tickets/{over}/close", {"root_cause": "carrier"})
    assert answer.status == 200, answer.body
    follow(gateway)
    return gateway


def measure(gateway: Client, query: str = SPAN, **more: Any) -> Any:
    """The measures."""
    answer = gateway.ask("GET", f"/measures?{query}", **more)
    assert answer.status == 200, answer.body
    return answer.json


def test_every_figure_comes_with_its_definition(told: Client) -> None:
    found = measure(told)

    assert (found["from"], found["to"]) == (
        "2026-11-20T00:00:00.000000Z",
        "2026-11-21T00:00:00.000000Z",
    )
    assert (found["count"], found["population"]) == (2, POPULATION)
    assert {one["measure"]: one["definition"] for one in found["measures"]} == MEASURES
    assert {one["by"]: one["definition"] for one in found["counts"]} == COUNTS
    assert found["availability"]["definition"] == AVAILABILITY
    assert set(found["statistics"]) == {"count", "mean", "median", "p95"}


def test_figures_are_in_seconds_and_null_where_there_are_none(told: Client) -> None:
    by_name = {one.pop("measure"): one for one in measure(told)["measures"]}
    for one in by_name.values():
        del one["definition"]
    half_an_hour = {"mean_seconds": 1_800.0, "median_seconds": 1_800.0, "p95_seconds": 1_800.0}

    assert {name: one["count"] for name, one in by_name.items()} == {
        "mttd": 1,
        "mtta": 1,
        "mttm": 1,
        "mttr": 1,
        "mttc": 1,
    }
    for name in ("mttd", "mtta", "mttm", "mttr", "mttc"):
        rounded = {key: round(value) for key, value in by_name[name].items()}
        assert rounded == {"count": 1, **half_an_hour}


def test_counts_groups_and_availability(told: Client) -> None:
    found = measure(told, f"{SPAN}&group_by=root_cause")

    counts = {
        one["by"]: {item["key"]: item["count"] for item in one["items"]} for one in found["counts"]
    }
    assert list(counts) == [one.value for one in Grouping]
    assert counts["severity"] == {"sev1": 1, "sev2": 1}
    assert counts["contributor"] == {"alpha": 2}
    assert counts["root_cause"] == {"carrier": 1, None: 1}
    assert found["group_by"] == "root_cause"
    assert [(one["key"], one["count"]) for one in found["groups"]] == [("carrier", 1), (None, 1)]
    assert found["groups"][1]["measures"][0]["mean_seconds"] is None
    (device,) = found["availability"]["devices"]
    assert (device["code"], device["pubkey"]) == ("ams-1", pubkey(11))
    assert round(device["down_seconds"]) == 1_800
    assert 0 < device["share"] < 1
    assert found["availability"]["impact"] == ["outage"]
    assert measure(told, f"{SPAN}&impact=degraded")["availability"]["devices"] == []


def test_the_same_as_csv_one_figure_to_a_line(told: Client) -> None:
    answer = told.ask("GET", f"/measures?{SPAN}&group_by=severity", headers=CSV)

    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(StringIO(answer.body.decode(), newline="")))
    assert all(line["definition"] for line in lines)
    assert lines[0]["count"] == "2"
    (mttr,) = (one for one in lines if one["figure"] == "mttr" and one["by"] == "")
    assert (mttr["count"], round(float(mttr["mean_seconds"]))) == ("1", 1_800)
    (sev1,) = (one for one in lines if one["figure"] == "mttr" and one["key"] == "sev1")
    assert (sev1["by"], sev1["count"]) == ("severity", "1")
    (device,) = (one for one in lines if one["figure"] == "availability")
    assert (device["by"], device["key"]) == ("device", "ams-1")


def test_a_text_that_a_spreadsheet_would_reckon_with_is_only_a_text(told: Client) -> None:
    shape = msgspec.convert(measure(told), MeasuresShape)
    shape.availability.devices[0].code = "=1+1"

    written = csv_of(shape)

    assert b",device,'=1+1," in written
    assert b",=1+1," not in written


def test_cancelled_ones_are_left_out_unless_asked_for(gateway: Client) -> None:
    identity = opened(gateway)
    done = gateway.ask("POST", f"/tickets/{identity}/cancel", {"disposition": "invalid"})
    assert done.status == 200, done.body
    follow(gateway)

    assert measure(gateway)["count"] == 0
    assert measure(gateway, f"{SPAN}&include_cancelled=true")["count"] == 1


def test_without_a_time_it_is_the_last_thirty_days(told: Client) -> None:
    told.house.clock.pass_by(timedelta(minutes=1))
    found = measure(told, "")
    assert (found["from"][:10], found["to"][:10], found["count"]) == ("2026-10-21", "2026-11-20", 2)


def test_the_position_says_what_was_counted(told: Client) -> None:
    before = measure(told)
    opened(told)
    assert (measure(told)["position"], measure(told)["count"]) == (before["position"], 2)
    follow(told)
    after = measure(told)
    assert (after["position"] > before["position"], after["count"]) == (True, 3)


def test_a_stranger_sees_only_their_own(told: Client) -> None:
    assert told.ask("GET", f"/measures?{SPAN}", who="stranger").status == 404
    where = f"/v1/orgs/elsewhere/measures?{SPAN}"
    assert measure(told, SPAN)["count"] == 2
    assert told.ask("GET", where, who="stranger").json["count"] == 0


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00Z", "from", "wrong_order"),
        ("from=2027-01-01T00:00:00Z", "from", "wrong_order"),
        ("from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to", "too_long"),
        ("from=yesterday", "from", "bad_instant"),
        ("group_by=colour", "group_by", "unknown_word"),
        ("impact=loud", "impact[0]", "unknown_word"),
        ("since=2026-11-20T00:00:00Z", "since", "unknown_field"),
    ],
)
def test_what_cannot_be_measured_is_said_by_name(
    gateway: Client, query: str, field: str, code: str
) -> None:
    answer = gateway.ask("GET", f"/measures?{query}")
    assert answer.status == 422, answer.body
    assert answer.fields == {(field, code)}


def test_the_beginning_of_the_calendar_is_no_trouble(gateway: Client) -> None:
    assert measure(gateway, "to=0001-01-02T00:00:00Z")["count"] == 0
