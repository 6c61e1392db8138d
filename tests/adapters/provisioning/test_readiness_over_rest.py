"""Readiness from the door to the source: what the API answers is what the evidence says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.provisioning.town import (
    CYOA,
    DAY,
    DIA,
    SIDE_A,
    SIDE_Z,
    START,
    Town,
    explainer,
    furnish,
    lay,
)
from tests.adapters.rest.asking import Client, client
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.explaining import Explaining


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def desk(tmp_path: Path, town: Town) -> Iterator[Client]:
    """The real application, which asks the town."""
    with client(tmp_path) as made:
        explaining = Explaining(explain=explainer(made.house, town).explain)
        made.gateway = replace(made.gateway, explaining=explaining)
        made.application = make_application(made.gateway)
        lay(made.house)
        yield made


def asked(desk: Client) -> Any:
    answer = desk.ask("GET", "/links/line/readiness")
    assert answer.status == 200, answer.body
    return answer.json


def states(found: Any) -> dict[str, str]:
    return {one["name"]: one["state"] for one in found["criteria"]}


def test_a_clean_day_is_met_with_its_figures(desk: Client, town: Town) -> None:
    town.carry(SIDE_A, SIDE_Z, start=START, minutes=DAY + 30)

    found = asked(desk)

    assert set(states(found).values()) == {"met"}
    side = next(one for one in found["criteria"] if one["name"] == "side_a")
    assert side["evidence"]["source"] == "town"
    assert side["evidence"]["window"]["minutes"] == DAY
    assert side["evidence"]["figures"]["errors"] == 0
    assert found["ready_at"] is not None
    assert "healthy" in found["next"]


def test_an_error_on_one_side_is_named_with_when_it_is_over(desk: Client, town: Town) -> None:
    town.carry(SIDE_Z, start=START, minutes=DAY + 30)
    town.carry(SIDE_A, start=START, minutes=DAY + 30, errors_at=DAY)

    found = asked(desk)

    assert states(found) | {"side_a": "unmet"} == states(found)
    side = next(one for one in found["criteria"] if one["name"] == "side_a")
    assert "1 error" in side["reason"]
    assert found["ready_at"] == side["ready_at"]


def test_a_silent_source_is_unknown_and_said(desk: Client, town: Town) -> None:
    town.silent = "it does not answer"

    found = asked(desk)

    assert states(found)["side_a"] == states(found)["side_z"] == "unknown"
    assert "town is silent: it does not answer" in found["criteria"][2]["reason"]


def test_the_course_of_the_evidence_is_told_in_parts(desk: Client, town: Town) -> None:
    town.carry(SIDE_Z, start=START, minutes=DAY + 30)
    town.carry(SIDE_A, start=START, minutes=DAY - 61, errors_at=DAY - 90)

    by_name = {one["name"]: one["evidence"]["series"] for one in asked(desk)["criteria"]}

    assert by_name["record"] == by_name["loss"] == []
    (side,) = by_name["side_a"]
    assert side["of"] == "Ethernet1 of ams-1"
    assert (side["kind"], side["part_minutes"]) == ("counters", 30)
    assert len(side["octets"]) == len(side["errors"]) == len(side["missing"]) == 48
    assert side["octets"][0] == 60_000
    assert side["octets"][-3:] == [None, None, None]
    assert [at for at, errors in enumerate(side["errors"]) if errors] == [44]
    assert side["missing"][-3:] == [30, 30, 30]
    (other,) = by_name["side_z"]
    assert sum(other["octets"]) == 2_000 * DAY


def test_a_device_tells_of_its_interfaces_and_in_which_minutes_its_agents_ran(
    desk: Client, town: Town
) -> None:
    furnish(desk.house)
    town.carry(SIDE_A, DIA, CYOA, start=START, minutes=DAY + 30)
    town.run(start=START, minutes=DAY - 1)

    answer = desk.ask("GET", "/devices/ams-1/readiness").json

    by_name = {one["name"]: one["evidence"]["series"] for one in answer["criteria"]}
    assert [one["of"] for one in by_name["dia_up"]] == ["Ethernet8 of ams-1"]
    assert [one["of"] for one in by_name["link_up"]] == ["Ethernet1 of ams-1"]
    (agent,) = by_name["config_agent"]
    assert (agent["kind"], agent["well"][-2:], agent["missing"][-2:]) == (
        "minutes",
        [30, 0],
        [0, 30],
    )
    (tests,) = by_name["qa"]
    assert tests["kind"] == "tests"
    (reporting,) = by_name["reporting"]
    assert set(reporting["well"]) == {30}
    inner = desk.ask("GET", f"/devices/ams-1/readiness?interface={CYOA[1]}").json
    (up,) = next(one for one in inner["criteria"] if one["name"] == "up")["evidence"]["series"]
    assert up["of"] == "Ethernet9 of ams-1"
