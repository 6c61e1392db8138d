"""Why something is not in service, over the wire: without a source of telemetry, with one, and with
one that is silent, slow or busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore, Event
from typing import Any

from tests.adapters.rest.asking import Answer, Client, client
from tests.handler.acting import pubkey
from tocsin.adapters.rest.explaining import Explaining
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.provisioning.by_record import terms_for
from tocsin.core.provisioning.criteria import Criterion, Evidence, State
from tocsin.core.provisioning.holding import Held
from tocsin.core.provisioning.readiness import Readiness, readiness, subject_of
from tocsin.core.provisioning.telemetry import SourceSilent
from tocsin.core.records import Device, Link

LINK = {
    "code": "line",
    "contributor": "alpha",
    "pubkey": pubkey(31),
    "link_type": "WAN",
    "side_a": {"device": "ams-1", "interface": "Ethernet1"},
    "side_z": {"device": "fra-1", "interface": "Ethernet2"},
}


def line(gateway: Client) -> None:
    made = gateway.ask("POST", "/links", LINK)
    assert made.status == 201, made.body


def asked(gateway: Client, path: str = "/links/line/readiness") -> Any:
    answer = gateway.ask("GET", path)
    assert answer.status == 200, answer.body
    return answer.json


def states(found: Any) -> dict[str, str]:
    return {one["name"]: one["state"] for one in found["criteria"]}


# -- without a source ------------------------------------------------------------------------------


def test_without_a_source_the_record_answers_and_says_so(gateway: Client) -> None:
    line(gateway)

    found = asked(gateway)

    assert found["subject"] == {"kind": "link", "pubkey": pubkey(31), "code": "line"}
    assert (found["status"], found["health"]) == ("hard_drained", "unknown")
    assert found["desired_status"] == "hard_drained"
    assert states(found) == {
        "record": "met",
        "desired": "unmet",
        "side_a": "unknown",
        "side_z": "unknown",
        "loss": "met",
    }
    side = next(one for one in found["criteria"] if one["name"] == "side_a")
    assert side["reason"] == "telemetry is silent: no source of telemetry is set"
    # A first activation: the window is the policy's 24 hours, up to this minute.
    assert side["evidence"]["window"]["minutes"] == 1_440
    record = found["criteria"][0]
    assert record["evidence"]["window"] is None
    assert record["evidence"]["figures"] == {"status": "hard_drained"}
    assert (found["blocked_by"], found["advisory"], found["ready_at"]) == ([], [], None)
    assert found["next"] == "it is hard drained, as wanted"
    assert asked(gateway, f"/links/{pubkey(31)}/readiness") == found


def test_what_is_wanted_is_said_with_what_is_missing(gateway: Client) -> None:
    line(gateway)
    assert gateway.ask("POST", "/links/line/undrain", {}).status == 200

    found = asked(gateway)

    assert states(found)["desired"] == "met"
    assert found["next"] == (
        "it waits for side_a (unknown), side_z (unknown); something has to change first"
    )


def test_tickets_in_the_way_are_named_and_those_without_effect_apart(gateway: Client) -> None:
    line(gateway)
    own = gateway.incident("Cut", device_pubkey=[], affected_link_pubkey=["line"], severity="sev1")
    minor = gateway.incident(
        "Dim", device_pubkey=[], affected_link_pubkey=["line"], severity="sev3"
    )
    gateway.house.invite("outsider", org="net", role="member", contributor=None)
    foreign = gateway.incident(
        "Says who", who="outsider", device_pubkey=[], affected_link_pubkey=["line"], severity="sev1"
    )

    found = asked(gateway)

    assert found["blocked_by"] == [own["ref"]]
    assert found["advisory"] == [foreign["ref"]]
    assert minor["ref"] not in str(found)
    done = {"status": "resolved", "root_cause": "hardware", "reason": "spliced"}
    assert gateway.ask("POST", f"/tickets/{own['ref']}/status", done).status == 200
    assert asked(gateway)["blocked_by"] == []


def test_a_waiver_is_shown_with_who_gave_it_and_why(gateway: Client) -> None:
    line(gateway)
    waiver = {"criterion": "side_a", "reason": "standby", "until": "2026-11-30T00:00:00Z"}
    assert gateway.ask("POST", "/links/line/waivers", waiver, who="admin").status == 200

    (side,) = (one for one in asked(gateway)["criteria"] if one["name"] == "side_a")

    assert side["state"] == "waived"
    assert side["waiver"]["reason"] == "standby"
    assert side["waiver"]["until"] == "2026-11-30T00:00:00.000000Z"
    assert "no source of telemetry is set" in side["reason"]


def test_a_device_and_its_interfaces_are_asked_about(gateway: Client) -> None:
    users = {"name": "Ethernet1/7", "role": "cyoa"}
    assert gateway.ask("POST", "/devices/ams-1/interfaces", users).status == 201
    assert gateway.ask("PATCH", "/devices/ams-1", {"max_users": 0}).status == 200

    device = asked(gateway, "/devices/ams-1/readiness")
    assert device["subject"]["kind"] == "device"
    assert "interface" not in device["subject"]
    found = states(device)
    assert (found["type"], found["dia_defined"], found["reporting"]) == (
        "unmet",
        "unmet",
        "unknown",
    )

    one = asked(gateway, "/devices/ams-1/readiness?interface=Ethernet1%2F7")
    assert one["subject"]["kind"] == "interface"
    assert one["subject"]["interface"] == "Ethernet1/7"
    assert states(one) == {"record": "met", "desired": "unmet", "device": "unmet", "up": "unknown"}
    dia = {"name": "Ethernet2", "role": "dia"}
    assert gateway.ask("POST", "/devices/ams-1/interfaces", dia).status == 201
    for name in ("Ethernet9", "Ethernet2"):
        missing = gateway.ask("GET", f"/devices/ams-1/readiness?interface={name}")
        assert (missing.status, missing.code) == (404, "not_found")
    assert gateway.ask("GET", "/links/line/readiness?interface=x").status == 422


def test_a_device_that_shall_go_says_what_still_needs_it(gateway: Client) -> None:
    line(gateway)
    wish = gateway.ask("PATCH", "/devices/ams-1", {"desired_status": "deleted"})
    assert wish.status == 200, wish.body
    assert asked(gateway, "/devices/ams-1/readiness")["next"] == "line still needs it"


def test_what_is_not_there_is_not_found(gateway: Client) -> None:
    for path in (
        "/links/nowhere/readiness",
        "/devices/nowhere/readiness",
        "/links/ams-1/readiness",
    ):
        answer = gateway.ask("GET", path)
        assert (answer.status, answer.code) == (404, "not_found"), path


# -- with a source ---------------------------------------------------------------------------------


class Source:
    """A source of one's own: says of everything that it is well, unless told to do otherwise."""

    def __init__(self, before: Callable[[], None] | None = None) -> None:
        self.before = before
        self.asked: list[tuple[str, str | None]] = []

    def __call__(
        self, org_id: int, asset: Device | Link, *, at: datetime, interface: str | None = None
    ) -> Readiness:
        self.asked.append((asset.code, interface))
        if self.before is not None:
            self.before()
        window = terms_for(asset.life, DEFAULT_POLICY, at=at).window
        evidence = Evidence(
            source="influxdb", query="SELECT 1", window=window, figures=(("octets", 7),)
        )
        met = Criterion(
            name="side_a", state=State.MET, reason="clean", evidence=evidence, since=window.start
        )
        return readiness(subject_of(asset, interface=interface), asset.life, (met,), Held(), at=at)


@contextmanager
def watched(folder: Path, source: Source, **given: Any) -> Iterator[Client]:
    with client(folder, explaining=Explaining(explain=source, **given)) as made:
        line(made)
        yield made


def test_evidence_is_shown_with_source_query_window_and_figures(tmp_path: Path) -> None:
    source = Source()
    with watched(tmp_path, source) as gateway:
        found = asked(gateway)

    (side,) = found["criteria"]
    window = side["evidence"].pop("window")
    assert side["evidence"] == {
        "source": "influxdb",
        "query": "SELECT 1",
        "figures": {"octets": 7},
        "series": [],
    }
    assert (window["minutes"], side["since"]) == (1_440, window["start"])
    assert found["ready_at"] is not None
    assert source.asked == [("line", None)]


def test_a_silent_source_is_named_and_the_record_answers(tmp_path: Path) -> None:
    def silent() -> None:
        raise SourceSilent("influxdb", "it is away")

    with watched(tmp_path, Source(silent)) as gateway:
        found = asked(gateway)

    assert states(found)["record"] == "met"
    assert states(found)["loss"] == "unknown"
    assert found["criteria"][2]["reason"] == "influxdb is silent: it is away"


def test_nobody_waits_for_a_slow_source_longer_than_is_allowed(tmp_path: Path) -> None:
    release = Event()

    def slow() -> None:
        assert release.wait(30)

    with watched(tmp_path, Source(slow), seconds=0.05) as gateway:
        found = asked(gateway)
        release.set()

    assert found["criteria"][2]["reason"] == (
        "telemetry is silent: there was no answer within 0.05 s"
    )


def test_a_source_that_hangs_takes_its_places_and_no_more(tmp_path: Path) -> None:
    release = Event()

    def slow() -> None:
        assert release.wait(30)

    source = Source(slow)
    places = BoundedSemaphore(1)
    with watched(tmp_path, source, seconds=0.05, places=places) as gateway:
        assert asked(gateway)["criteria"][2]["state"] == "unknown"
        busy = gateway.ask("GET", "/links/line/readiness")
        assert (busy.status, busy.code) == (503, "overloaded")
        assert int(busy.headers["retry-after"]) >= 1
        # Everybody else is served meanwhile.
        assert gateway.ask("GET", "/links/line").status == 200
        release.set()
        with places:
            source.before = None
        assert asked(gateway)["criteria"][0]["state"] == "met"


def test_several_are_explained_at_once(tmp_path: Path) -> None:
    with watched(tmp_path, Source()) as gateway:

        async def both() -> list[Answer]:
            one = gateway.asked("GET", "/links/line/readiness")
            other = gateway.asked("GET", "/devices/ams-1/readiness")
            return list(await asyncio.gather(one, other))

        assert [one.status for one in gateway.loop.run_until_complete(both())] == [200, 200]
