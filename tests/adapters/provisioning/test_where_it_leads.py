"""Each thing that can happen to a link leads where the specification says, by a real InfluxDB and a
real Prometheus, through monitor and activator; and the API says why, in words and figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.provisioning.filled import (
    HOUR,
    STORIES,
    Place,
    Servers,
    criterion,
    place,
    servers,
    text,
)
from tests.adapters.provisioning.town import position
from tests.core.provisioning.watching import DAY
from tests.handler.acting import NOON
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.commands import Waive

TOMORROW = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Where a story leads: what the API says of the A side once it is judged, and of the link once
    it has gone on. The figures are a part of those that are there, ``reason`` and ``next`` a part
    of the sentence; of ``since`` and ``ready_at`` the minute is compared, which is all that
    Prometheus knows."""

    health: str
    status: str
    state: str
    reason: str
    next: str
    figures: dict[str, Any] = field(default_factory=dict)
    since: Any = None
    ready_at: Any = None


FULL_AT = NOON - 15 * MINUTE
"""All devices began a day and ten minutes ago, and five minutes may be missing; it is later where
five are, and where an error was a day ago."""

IN_SERVICE = "it is activated, as wanted"
LEADS = {
    "clean": Lead(
        health="healthy",
        status="activated",
        state="met",
        reason="Ethernet1/1 of clean-a: no error and",
        figures={"errors": 0, "octets": 2_880_000, "resets": 0, "missing": 0, "allowed": 5},
        next=IN_SERVICE,
        since=FULL_AT,
    ),
    "one-error": Lead(
        health="pending",
        status="hard_drained",
        state="unmet",
        reason="Ethernet1/1 of one-error-a: 1 error since 2026-11-19 1",
        figures={"errors": 1, "missing": 0},
        next="it waits for side_a (unmet); if nothing changes until 2026-11-21 10:31",
        since=NOON - 90 * MINUTE,
        ready_at=NOON - 89 * MINUTE + TOMORROW,
    ),
    "missing-five": Lead(
        health="healthy",
        status="activated",
        state="met",
        reason="5 of them missing (5 allowed)",
        figures={"errors": 0, "missing": 5, "allowed": 5, "minutes": DAY},
        next=IN_SERVICE,
        since=NOON - 10 * MINUTE,
    ),
    "missing-six": Lead(
        health="unknown",
        status="hard_drained",
        state="unmet",
        reason=(
            "in 6 of 1440 minutes nothing was heard of the device (5 allowed): "
            "2026-11-20 00:20, 2026-11-20 10:16–10:20"
        ),
        figures={"errors": 0, "missing": 6, "allowed": 5},
        next="it waits for side_a (unmet); if nothing changes until 2026-11-21 00:21",
        since=NOON - 100 * MINUTE,
        ready_at=NOON - 699 * MINUTE + TOMORROW,
    ),
    "no-traffic": Lead(
        health="pending",
        status="hard_drained",
        state="unmet",
        reason="it carried nothing in 1440 minutes",
        figures={"errors": 0, "octets": 0, "missing": 0},
        next="it waits for side_a (unmet); something has to change first",
    ),
    "reset": Lead(
        health="healthy",
        status="activated",
        state="met",
        reason="no error and",
        figures={"errors": 0, "resets": 1, "missing": 0},
        next=IN_SERVICE,
        since=NOON - 4 * MINUTE,
    ),
    "never-heard": Lead(
        health="unknown",
        status="hard_drained",
        state="unknown",
        reason="Ethernet1/1 of never-heard-a: no sample of it is known",
        figures={"missing": DAY, "allowed": 5},
        next="it waits for side_a (unknown); something has to change first",
    ),
    "standby": Lead(
        health="healthy",
        status="activated",
        state="waived",
        reason="waived until 2026-11-20 14:00: a standby line (else unmet: Ethernet1/1 of",
        figures={"octets": 0},
        next=IN_SERVICE,
        since=NOON,
    ),
    "strangers-sev1": Lead(
        health="healthy",
        status="activated",
        state="met",
        reason="no error and",
        next=IN_SERVICE,
        since=FULL_AT,
    ),
    "owners-sev1": Lead(
        health="healthy",
        status="hard_drained",
        state="met",
        reason="no error and",
        next="it waits for I",
        since=FULL_AT,
    ),
    "maintained": Lead(
        health="healthy",
        status="hard_drained",
        state="met",
        reason="no error and",
        next="it waits for M",
        since=FULL_AT,
    ),
    "unwanted": Lead(
        health="pending",
        status="hard_drained",
        state="met",
        reason="no error and",
        next="it is hard drained, as wanted",
        since=FULL_AT,
    ),
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both servers, with a day of every story."""
    with servers(tmp_path_factory.mktemp("telemetry")) as running:
        yield running


def arrange(at: Place) -> None:
    """What people do about the links before the first round."""
    desk = at.desk
    desk.house.invite("outsider", org="net", role="member", contributor=None)
    for code, who in (("owners-sev1", "owner"), ("strangers-sev1", "outsider")):
        desk.incident(
            who=who,
            severity="sev1",
            device_pubkey=[],
            affected_link_pubkey=[code],
            title=f"Cut of {code}",
        )
    desk.maintenance(
        device_pubkey=[],
        affected_link_pubkey=["maintained"],
        start_at=text(NOON - HOUR),
        end_at=text(NOON + HOUR),
    )
    waive = Waive(criterion="side_a", reason="a standby line", until=NOON + 2 * HOUR)
    desk.house.ask("admin", waive, sort="link", subject="standby")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noon:
    """Every story at noon: what was said of each link once it was judged, and, where nobody changes
    anything any more, once it has gone on."""

    at: Place
    judged: dict[str, Any]
    gone_on: dict[str, Any]


@pytest.fixture(scope="module", params=["InfluxDB", "Prometheus"])
def noon(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, asked: Servers
) -> Iterator[Noon]:
    """All stories, by counters of either."""
    folder = tmp_path_factory.mktemp("place")
    with place(folder, asked, counters=request.param, codes=frozenset(STORIES)) as made:
        arrange(made)
        made.judge(NOON)
        judged = {code: made.why(code) for code in STORIES}
        made.go_on()
        gone_on = {code: made.why(code) for code in STORIES}
        yield Noon(at=made, judged=judged, gone_on=gone_on)


@pytest.mark.parametrize("code", LEADS)
def test_it_is_judged_as_it_shall_be_and_the_api_says_why(noon: Noon, code: str) -> None:
    lead, found = LEADS[code], noon.judged[code]

    assert (found["health"], found["status"]) == (lead.health, "hard_drained")
    side = criterion(found, "side_a")
    assert side["state"] == lead.state, side
    assert lead.reason in side["reason"]
    evidence = side["evidence"]
    assert evidence["source"] == noon.at.counters
    assert evidence["query"]
    assert evidence["window"] == {
        "start": text(NOON - TOMORROW),
        "end": text(NOON),
        "minutes": DAY,
    }
    assert lead.figures.items() <= evidence["figures"].items(), evidence
    assert minute(side["since"]) == (lead.since and minute(text(lead.since)))
    assert minute(side["ready_at"]) == (lead.ready_at and minute(text(lead.ready_at)))
    if lead.state in ("unmet", "unknown"):
        assert found["ready_at"] == side["ready_at"]
    elif code != "unwanted":
        assert minute(found["ready_at"]) == minute(text(NOON)), "every criterion is met"

    # The other side is clean, and the rest is met: one thing alone is in the way.
    others = {one["name"]: one["state"] for one in found["criteria"]} | {"side_a": ""}
    assert others == {
        "record": "met",
        "desired": "unmet" if code == "unwanted" else "met",
        "side_a": "",
        "side_z": "met",
        "loss": "met",
    }


@pytest.mark.parametrize("code", LEADS)
def test_it_goes_on_only_where_it_may(noon: Noon, code: str) -> None:
    lead, found = LEADS[code], noon.gone_on[code]

    assert (found["health"], found["status"]) == (lead.health, lead.status)
    assert noon.at.stands(code) == (lead.health, lead.status)
    assert lead.next in found["next"]
    if lead.status == "activated":
        assert noon.judged[code]["next"].startswith("it becomes activated: ")
        # In service it is held to the shorter window.
        assert criterion(found, "side_a")["evidence"]["window"]["minutes"] == 30
    else:
        assert noon.judged[code]["next"] == found["next"]


def minute(at: str | None) -> str | None:
    """An instant to the minute."""
    return None if at is None else at[:16]


def test_tickets_are_told_apart_by_their_effect(noon: Noon) -> None:
    for code, key in (
        ("owners-sev1", "blocked_by"),
        ("maintained", "blocked_by"),
        ("strangers-sev1", "advisory"),
    ):
        found = noon.gone_on[code]
        (ref,) = found[key]
        assert ref[0] == ("M" if code == "maintained" else "I")
        (none,) = {"blocked_by", "advisory"} - {key}
        assert found[none] == []
        if key == "blocked_by":
            assert found["next"] == f"it waits for {ref} to end"
            assert found["health"] == "healthy", "it is held back, not judged"
    assert noon.gone_on["clean"]["blocked_by"] == noon.gone_on["clean"]["advisory"] == []


def test_who_waived_and_why_is_shown(noon: Noon) -> None:
    waiver = criterion(noon.judged["standby"], "side_a")["waiver"]
    assert waiver["criterion"] == "side_a"
    assert waiver["reason"] == "a standby line"
    assert waiver["until"] == text(NOON + 2 * HOUR)


def test_a_second_round_writes_nothing(noon: Noon) -> None:
    before = position(noon.at.desk.house)
    noon.at.judge(NOON)
    noon.at.go_on()
    assert position(noon.at.desk.house) == before


# What happens afterwards


@pytest.fixture
def later(asked: Servers, tmp_path: Path) -> Iterator[Place]:
    """Some of the stories, to go on with."""
    codes = frozenset({"clean", "maintained", "owners-sev1", "standby", "one-error"})
    with place(tmp_path, asked, counters="InfluxDB", codes=codes) as made:
        yield made


def test_what_waits_for_a_ticket_goes_on_when_that_is_over(later: Place) -> None:
    opened = later.desk.incident(
        severity="sev1", device_pubkey=[], affected_link_pubkey=["owners-sev1"]
    )
    later.desk.maintenance(
        device_pubkey=[],
        affected_link_pubkey=["maintained"],
        start_at=text(NOON - HOUR),
        end_at=text(NOON + HOUR),
    )
    for at in (NOON, NOON + HOUR - 2 * MINUTE):
        later.judge(at)
        later.go_on()
        assert later.stands("owners-sev1") == later.stands("maintained")
        assert later.stands("maintained") == ("healthy", "hard_drained")

    later.judge(NOON + HOUR)
    later.go_on()
    assert later.stands("maintained") == ("healthy", "activated")
    assert later.why("maintained")["blocked_by"] == []
    assert later.stands("owners-sev1") == ("healthy", "hard_drained")

    resolved = {"status": "resolved", "resolution": "spliced"}
    answer = later.desk.ask("POST", f"/tickets/{opened['ref']}/updates", resolved)
    assert answer.status in (200, 201), answer.body
    later.go_on()
    assert later.stands("owners-sev1") == ("healthy", "activated")


def test_a_waiver_that_is_over_is_told_and_drains_nothing(later: Place) -> None:
    until = NOON + 2 * HOUR
    waive = Waive(criterion="side_a", reason="a standby line", until=until)
    later.desk.house.ask("admin", waive, sort="link", subject="standby")
    later.judge(NOON)
    later.go_on()
    assert later.stands("standby") == ("healthy", "activated")

    later.judge(until)
    later.go_on()
    found = later.why("standby")
    side = criterion(found, "side_a")
    assert (side["state"], side["since"]) == ("unmet", text(until))
    assert "it carried nothing in 30 minutes" in side["reason"]
    assert "waiver" not in side
    # It is not in error: nothing impairs it, and nobody but people drains it.
    assert later.stands("standby") == ("healthy", "activated")

    later.want("standby", "soft-drained")
    later.go_on()
    assert later.stands("standby") == ("healthy", "soft_drained")


def test_a_drain_is_done_at_once_and_taken_back_when_that_is_wanted(later: Place) -> None:
    later.judge(NOON)
    later.go_on()
    assert later.stands("clean") == ("healthy", "activated")
    for wanted in ("soft_drained", "hard_drained", "soft_drained"):
        later.want("clean", wanted)
        shown = wanted.replace("_", " ")
        assert later.why("clean")["next"] == f"it becomes {shown}: {shown} is wanted"
        later.go_on()
        found = later.why("clean")
        assert (found["status"], found["next"]) == (wanted, f"it is {shown}, as wanted")
        assert criterion(found, "desired")["state"] == "unmet"

    refused = later.desk.ask("DELETE", "/links/clean")
    assert (refused.status, refused.code) == (409, "link_not_hard_drained")

    later.want("clean", "activated")
    later.judge(NOON + MINUTE)
    later.go_on()
    assert later.stands("clean") == ("healthy", "activated")
    # What is impaired or not ready yet is drained as well.
    later.want("one-error", "soft_drained")
    later.go_on()
    assert later.stands("one-error") == ("pending", "soft_drained")


def test_while_the_source_is_away_everything_stays_and_readiness_says_so(
    later: Place, asked: Servers
) -> None:
    later.judge(NOON)
    later.go_on()
    codes = ("clean", "one-error", "maintained")
    before = {code: later.stands(code) for code in codes}
    written = position(later.desk.house)
    met = criterion(later.why("clean"), "record")["since"]
    asked.influx.stop()
    try:
        for hours in (1, 30, 60):
            later.judge(NOON + hours * HOUR)
            later.go_on()
        for code in codes:
            found = later.why(code)
            assert (found["health"], found["status"]) == before[code]
            side = criterion(found, "side_a")
            assert side["state"] == "unknown"
            assert side["reason"].startswith("InfluxDB is silent: ")
            assert side["evidence"]["source"] == "InfluxDB"
        found = later.why("clean")
        # What stands in the record is known still, and since when.
        assert criterion(found, "record")["state"] == "met"
        assert criterion(found, "record")["since"] == met
        assert found["next"] == "it is activated, as wanted"
        assert "side_a (unknown)" in later.why("one-error")["next"]
    finally:
        asked.influx.start()
    assert position(later.desk.house) == written
