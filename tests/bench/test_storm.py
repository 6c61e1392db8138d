"""A storm is accounted for to the last alert, and an account that is not even is noticed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import accounting, alerts, one_by_one, pouring, storm, twins
from bench.accounting import Account
from bench.alerts import Mix
from bench.processes import ProcessFailed
from tests.bench import answers

EXTENT = storm.Extent(keys=60, times=5)

EVEN = Account(
    payloads=3,
    attached=0,
    deduplicated=240,
    created=60,
    resolved=0,
    unattached=0,
    known=60,
    heard=300,
    incidents=60,
)


@pytest.mark.parametrize(
    ("mix", "limit", "incidents"),
    [
        (Mix.REPEATS, 0, 60),
        (Mix.DISTINCT, 0, 60),
        (Mix.REPEATS, None, storm.STORM_LIMIT + 1),
    ],
)
def test_every_alert_of_a_storm_is_accounted_for(
    tmp_path: Path, mix: Mix, limit: int | None, incidents: int
) -> None:
    found = storm.rage(tmp_path / "store", mix, extent=EXTENT, storm_limit=limit).found

    assert found.accounted == found.heard == EXTENT.alerts
    assert found.incidents == found.created == incidents
    assert found.unattached == 0


def test_what_is_missing_from_the_account_is_a_failure() -> None:
    accounting.expect_all_accounted(EVEN, payloads=3, alerts=300)
    for uneven in (
        replace(EVEN, payloads=2),
        replace(EVEN, deduplicated=239),
        replace(EVEN, heard=301),
    ):
        with pytest.raises(ProcessFailed):
            accounting.expect_all_accounted(uneven, payloads=3, alerts=300)


@pytest.mark.parametrize(
    "pair", [("created", "created"), ("deduplicated", "deduplicated"), ("attached", "attached")]
)
def test_twins_that_open_two_incidents_or_none_are_a_failure(pair: tuple[str, str]) -> None:
    account = replace(EVEN, payloads=2, deduplicated=1, created=1, heard=2, incidents=1)

    twins.expect_one_for_each([("created", "deduplicated")], account, keys=1)
    with pytest.raises(ProcessFailed):
        twins.expect_one_for_each([pair], account, keys=1)
    with pytest.raises(ProcessFailed):
        twins.expect_one_for_each([("created", "attached")], replace(account, incidents=2), keys=1)


@pytest.mark.parametrize(("make", "fingerprints"), [(alerts.repeats, 20), (alerts.distinct, 60)])
def test_a_storm_tells_each_key_as_often_as_it_says(
    make: Callable[..., Iterator[bytes]], fingerprints: int
) -> None:
    bodies = list(make(keys=20, times=3, batch=10, draw=random.Random(0)))
    told = [one for body in bodies for one in json.loads(body)["alerts"]]

    assert [len(json.loads(body)["alerts"]) for body in bodies] == [10] * 6
    assert len({one["labels"]["instance"] for one in told}) == 20
    assert len({one["fingerprint"] for one in told}) == fingerprints
    assert 400 <= len(alerts.alert(7, variant=3)) <= 500


def test_a_mark_makes_a_quarter_of_a_body_new() -> None:
    body = alerts.marked(keys=50, batch=20, draw=random.Random(0))
    first, second = (
        json.loads(body.replace(alerts.POUR_MARK.encode(), mark))["alerts"]
        for mark in (b"p0000000001", b"p0000000002")
    )

    assert first[0]["labels"]["pour"] == "p0000000001"
    same = {one["fingerprint"] for one in first} & {one["fingerprint"] for one in second}
    assert len(same) == 15


def test_the_yardstick_takes_what_is_poured(tmp_path: Path) -> None:
    wanted = pouring.Wanted(mix=Mix.SINGLES, path=storm.PATH, connections=4, keys=10, seconds=0.3)
    with one_by_one.yardstick(tmp_path) as served:
        ids = tmp_path / "ids"
        figures = pouring.pour(served.port, wanted, token="x" * 32, ids=ids)

    assert figures.answers == figures.taken == figures.distinct_ids > 0
    assert len(ids.read_text().split()) == figures.taken


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_answer_that_should_not_be_is_a_failure(status: int) -> None:
    wanted = pouring.Wanted(
        mix=Mix.TOO_MUCH, path="/", connections=1, keys=10, batch=10, seconds=0.1
    )
    # The 503, too: it does not say when to come again.
    with answers.always(status) as port, pytest.raises(ProcessFailed):
        pouring.pour(port, wanted, token="x")
