"""Readiness from the door to the source: what the API answers is what the evidence says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.provisioning.town import DAY, SIDE_A, SIDE_Z, START, Town, explainer, lay
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
