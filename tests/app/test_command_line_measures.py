"""Measures from the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.app.conftest import Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn
from tocsin.app.command_line.measure_tables import bar, length

NAMES = ("mttd", "mtta", "mttm", "mttr", "mttc")


def measured(seconds: float | None, count: int = 3) -> list[dict[str, Any]]:
    """Every measure, all the same."""
    return [
        {
            "measure": name,
            "count": count,
            "mean_seconds": seconds,
            "median_seconds": seconds,
            "p95_seconds": seconds,
            "definition": f"What {name} is.",
        }
        for name in NAMES
    ]


FOUND: dict[str, Any] = {
    "from": "2026-10-21T12:00:00.000000Z",
    "to": "2026-11-20T12:00:00.000000Z",
    "position": 4711,
    "population": "Incidents.",
    "include_cancelled": False,
    "count": 3,
    "statistics": {},
    "measures": measured(7_500.0),
    "counts": [
        {
            "by": "severity",
            "definition": "By severity.",
            "items": [{"key": "sev1", "count": 1}, {"key": "sev3", "count": 2}],
        },
        {"by": "day", "definition": "By day.", "items": [{"key": "2026-11-19", "count": 3}]},
    ],
    "group_by": None,
    "groups": [],
    "availability": {
        "definition": "The share.",
        "impact": ["outage"],
        "services": [{"code": "web", "pubkey": None, "share": 0.999996, "down_seconds": 10.0}],
        "devices": [],
        "links": [],
    },
}


def test_the_table_says_what_was_measured(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/measures", Reply(body=FOUND))

    shown = run("measures")

    assert shown.exit_code == 0, shown.output
    assert "3 incidents created from 2026-10-21 12:00:00Z to 2026-11-20 12:00:00Z" in shown.stdout
    for word in ("MTTA", "MTTR", "2 h 05 min", "sev3", "█", "web", "99.999 %", "10 s"):
        assert word in shown.stdout
    assert "2026-11-19" not in shown.stdout
    assert gateway.only("GET", f"{ORG}/measures").query == ()


def test_json_is_the_servers(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/measures", Reply(body=FOUND))
    assert json.loads(run("measures", "--json").stdout) == FOUND


def test_groups_take_the_place_of_the_counts(gateway: StandIn, run: Run) -> None:
    groups = [
        {"key": "carrier", "count": 2, "measures": measured(60.0)},
        {"key": None, "count": 1, "measures": measured(None, count=0)},
    ]
    body = FOUND | {"group_by": "root_cause", "groups": groups, "include_cancelled": True}
    gateway.answers("GET", f"{ORG}/measures", Reply(body=body))

    shown = run("measures", "--group-by", "root_cause")

    for word in ("root_cause", "carrier", "1 min 00 s", "–", "cancelled ones included"):
        assert word in shown.stdout
    assert "sev3" not in shown.stdout


def test_more_groups_than_a_screen_has_are_counted(gateway: StandIn, run: Run) -> None:
    groups = [{"key": f"service-{n:03}", "count": 1, "measures": measured(60.0)} for n in range(50)]
    body = FOUND | {"group_by": "service", "groups": groups}
    gateway.answers("GET", f"{ORG}/measures", Reply(body=body))

    shown = run("measures", "--group-by", "service")

    assert "service-039" in shown.stdout
    assert "service-040" not in shown.stdout
    assert "and 10 more" in shown.stdout


def test_what_is_asked_for_is_passed_on(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/measures", Reply(body=FOUND))

    answer = run(
        "measures", "--from", "2026-10-01T00:00:00Z", "--to", "2026-11-01T01:00:00+01:00",
        "--group-by", "week", "--include-cancelled", "--impact", "outage", "--impact", "degraded",
    )  # fmt: skip

    assert answer.exit_code == 0, answer.output
    assert gateway.only("GET", f"{ORG}/measures").query == (
        ("from", "2026-10-01T00:00:00.000000Z"),
        ("to", "2026-11-01T00:00:00.000000Z"),
        ("group_by", "week"),
        ("impact", "outage"),
        ("impact", "degraded"),
        ("include_cancelled", "true"),
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0.2, "0 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (3_599.6, "1 h 00 min"),
        (7_500, "2 h 05 min"),
        (90_000, "1 d 01 h"),
        (-90, "-1 min 30 s"),
    ],
)
def test_lengths_are_said_in_two_units(seconds: float | None, said: str) -> None:
    assert length(seconds) == said


def test_bars_are_as_long_as_their_share() -> None:
    assert bar(2, 2) == "█" * 24
    assert bar(1, 2) == "█" * 12
    assert bar(0.001, 1) == "▏"
    assert bar(0, 2) == bar(1, 0) == ""
