"""The maintenance calendar from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn, problem

BODY = "BEGIN:VCALENDAR\r\nSUMMARY:Größe 🛰\r\nEND:VCALENDAR\r\n".encode()
CALENDAR = Reply(raw=BODY, headers={"Content-Type": "text/calendar; charset=utf-8"})


def test_it_is_printed_as_it_came(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/maintenance.ics", CALENDAR)

    shown = run("maintenance", "calendar")

    assert shown.exit_code == 0, shown.output
    assert shown.stdout_bytes == BODY
    asked = gateway.only("GET", f"{ORG}/maintenance.ics")
    assert (asked.query, asked.headers["accept"]) == ((), "text/calendar")


def test_it_is_chosen_and_written_to_a_file(gateway: StandIn, run: Run, tmp_path: Path) -> None:
    gateway.answers("GET", f"{ORG}/maintenance.ics", CALENDAR)

    shown = run(
        "maintenance", "calendar", "--contributor", "alpha", "--device", "ams-1", "--device", "x",
        "--link", "ams-1:fra-1", "--from", "2026-11-01T01:00:00+01:00",
        "--to", "2026-12-01T00:00:00Z", "--output", str(tmp_path / "out.ics"),
    )  # fmt: skip

    assert (shown.exit_code, shown.stdout) == (0, "")
    assert (tmp_path / "out.ics").read_bytes() == BODY
    assert gateway.only("GET", f"{ORG}/maintenance.ics").query == (
        ("contributor", "alpha"),
        ("device", "ams-1"),
        ("device", "x"),
        ("link", "ams-1:fra-1"),
        ("from", "2026-11-01T00:00:00.000000Z"),
        ("to", "2026-12-01T00:00:00.000000Z"),
    )


def test_one_maintenance_is_a_calendar_of_its_own(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/tickets/M20261120-opub.ics", CALENDAR)

    assert run("maintenance", "calendar", "M20261120-opub").stdout_bytes == BODY
    assert run("maintenance", "calendar", "M20261120-opub", "--to", "now").exit_code == 2


def test_a_refusal_is_told_and_nothing_is_written(
    gateway: StandIn, run: Run, tmp_path: Path
) -> None:
    refused = problem(404, "not_found", title="Not found", detail="I1 is an incident")
    gateway.answers("GET", f"{ORG}/tickets/I1.ics", refused)

    shown = run("maintenance", "calendar", "I1", "--output", str(tmp_path / "out.ics"))

    assert shown.exit_code == 1
    assert "I1 is an incident" in shown.stderr
    assert not (tmp_path / "out.ics").exists()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body={"items": []}),
        Reply(raw=b"<html>", headers={"Content-Type": "text/html"}),
        Reply(raw=b"\xff", headers={"Content-Type": "text/calendar"}),
    ],
)
def test_what_is_no_calendar_is_not_taken_for_one(gateway: StandIn, run: Run, reply: Reply) -> None:
    gateway.answers("GET", f"{ORG}/maintenance.ics", reply)

    shown = run("maintenance", "calendar")

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "not a Tocsin gateway" in shown.stderr


def test_a_file_that_cannot_be_written_is_named(gateway: StandIn, run: Run, tmp_path: Path) -> None:
    gateway.answers("GET", f"{ORG}/maintenance.ics", CALENDAR)

    shown = run("maintenance", "calendar", "--output", str(tmp_path / "no" / "out.ics"))

    assert shown.exit_code == 1
    assert "out.ics" in shown.stderr
