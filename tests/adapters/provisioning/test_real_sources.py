"""Devices and links come into service by a real InfluxDB and a real Prometheus: monitor, activator
and readiness, from the first sample to the way back after a drain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.adapters.influx.filled import FIELDS
from tests.adapters.prometheus.backfilled import prometheus
from tests.adapters.provisioning.town import (
    AMS,
    CYOA,
    DAY,
    DIA,
    SIDE_A,
    SIDE_Z,
    START,
    activator,
    device,
    furnish,
    lay,
    link,
    position,
    stands,
    until,
    want,
)
from tests.handler.acting import NOON, House
from tests.servers.influx import DATABASE, influx
from tests.servers.influx import Influx as InfluxServer
from tests.servers.prometheus import Watcher
from tocsin.adapters.asking.post import Post
from tocsin.adapters.influx.source import Influx, InfluxSettings
from tocsin.adapters.prometheus.source import Prometheus, PrometheusSettings
from tocsin.adapters.provisioning.explaining import Explainer
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.watching import Sources, Watch
from tocsin.core.commands import ChangeStatus
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.counters import Interface
from tocsin.core.provisioning.readiness import Readiness
from tocsin.core.provisioning.words import Health

HOURS_AFTER = 4


@dataclass
class Telemetry:
    """The two servers, and where the counters stand that were written."""

    influx: InfluxServer
    prometheus: Watcher
    stood: dict[Interface, tuple[int, int]] = field(default_factory=dict)

    def carry(
        self, *names: Interface, start: datetime, minutes: int, errors_at: int | None = None
    ) -> None:
        """Clean traffic in each minute from *start* on, but for an error in one."""
        lines = []
        for name in names:
            octets, errors = self.stood.get(name, (0, 0))
            for minute in range(minutes):
                octets += 1_000
                errors += minute == errors_at
                values = (octets, octets, errors, 0, 0)
                told = ",".join(
                    f"{one}={value}i" for one, value in zip(FIELDS, values, strict=True)
                )
                at = int((start + minute * MINUTE).timestamp()) + 7
                lines.append(f"intfCounters,dzd_pubkey={name[0]},intf={name[1]} {told} {at}")
            self.stood[name] = (octets, errors)
        self.influx.write(lines)

    def test(self, *, start: datetime, minutes: int, passed: bool = True) -> None:
        """QA tests of ams-1, every ten minutes from *start* on."""
        word = "true" if passed else "false"
        self.influx.write(
            f"device_qa_test_results,device_pubkey={AMS},device_code=ams-1 success={word} "
            f"{int((start + minute * MINUTE).timestamp()) + 11}"
            for minute in range(0, minutes, 10)
        )

    def sources(self) -> Sources:
        """Those that a server is set up with."""
        counters = Influx(
            InfluxSettings(url=f"http://{self.influx.address}", database=DATABASE), opening=Post
        )
        agents = Prometheus(
            PrometheusSettings(url=f"http://{self.prometheus.address}"), opening=Post
        )
        return Sources(counters=counters, agents=agents, qa=counters)


def agents() -> Iterator[str]:
    """The agents of ams-1 run from a day before START until some hours after noon."""
    series = (
        ("counter", "controller_grpc_getconfig_requests", f'_total{{pubkey="{AMS}"}}', True),
        ("gauge", "up", f'{{job="doublezero-telemetry",dzd_pubkey="{AMS}"}}', False),
    )
    for kind, name, labels, rises in series:
        yield f"# TYPE {name} {kind}"
        for minute in range(-DAY - 90, HOURS_AFTER * 60):
            at = (NOON + minute * MINUTE + timedelta(seconds=20)).timestamp()
            value = (minute + 2 * DAY) * 6 if rises else 1
            yield f"{name}{labels} {value} {at:.0f}"
    yield "# EOF"


@pytest.fixture
def telemetry(tmp_path: Path) -> Iterator[Telemetry]:
    """Both servers; InfluxDB is empty."""
    counters = influx(tmp_path / "influx")
    watcher = prometheus(tmp_path / "prometheus", told=list(agents()))
    with counters.running(), watcher.running():
        counters.create()
        yield Telemetry(influx=counters, prometheus=watcher)


@dataclass
class Duties:
    """A monitor and an activator, as one process has them, and what explains."""

    home: House
    telemetry: Telemetry

    def __post_init__(self) -> None:
        sources = self.telemetry.sources()
        self.monitor = Monitor(
            store=self.home.store,
            writer=self.home.writer,
            watch=Watch(sources),
            clock=self.home.clock,
        )
        self.activator = activator(self.home)
        self.explainer = Explainer(store=self.home.store, sources=self.telemetry.sources())

    def at(self, at: datetime) -> None:
        """A round of each, a moment after *at*."""
        until(self.home, at)
        self.monitor.go()
        self.activator.go()

    def why(self) -> Readiness:
        """Readiness of the link."""
        home = self.home
        return self.explainer.explain(home.orgs["net"], link(home), at=home.clock())


def states(found: Readiness) -> dict[str, str]:
    return {one.name: one.state.value for one in found.criteria}


def test_a_link_from_its_first_day_to_the_way_back_after_a_drain(
    filed: House, telemetry: Telemetry
) -> None:
    lay(filed)
    duties = Duties(filed, telemetry)
    telemetry.carry(SIDE_A, SIDE_Z, start=START + 60 * MINUTE, minutes=DAY - 30)

    # Half an hour of the day is missing yet.
    duties.at(NOON)
    assert stands(filed)[1] == "hard_drained"
    why = duties.why()
    assert states(why) | {"side_a": "", "side_z": ""} == {
        "record": "met",
        "desired": "met",
        "side_a": "",
        "side_z": "",
        "loss": "met",
    }
    assert states(why)["side_a"] == "unmet"
    assert "it is known since 2026-11-19 12:30 only" in why.criteria[2].reason
    assert why.ready_at is not None
    assert NOON + 24 * MINUTE <= why.ready_at <= NOON + 31 * MINUTE

    telemetry.carry(SIDE_A, SIDE_Z, start=NOON, minutes=40)
    duties.at(why.ready_at - MINUTE)
    assert stands(filed)[1] == "hard_drained"
    opened = filed.ask("owner", filed.incident(links=("line",), severity="sev1"))
    duties.at(why.ready_at)
    # Healthy, and held back by the incident.
    assert stands(filed) == ("healthy", "hard_drained")
    assert duties.why().next == f"it waits for {duties.why().blocked_by[0]} to end"
    filed.ask(
        "owner", ChangeStatus(status="resolved", resolution="spliced"), subject=opened.stream[9:]
    )
    duties.activator.go()
    assert stands(filed) == ("healthy", "activated")

    # A round without change writes nothing.
    before = position(filed)
    duties.at(NOON + 40 * MINUTE)
    assert position(filed) == before

    # Errors in service: impaired, and never drained by itself.
    telemetry.carry(SIDE_A, start=NOON + 40 * MINUTE, minutes=10, errors_at=5)
    telemetry.carry(SIDE_Z, start=NOON + 40 * MINUTE, minutes=10)
    duties.at(NOON + 50 * MINUTE)
    assert stands(filed) == ("impaired", "activated")
    assert "1 error since" in duties.why().criteria[2].reason

    want(filed, "soft_drained")
    duties.activator.go()
    assert stands(filed) == ("impaired", "soft_drained")
    want(filed, "activated")
    telemetry.carry(SIDE_A, SIDE_Z, start=NOON + 50 * MINUTE, minutes=60)
    erred_at = NOON + 45 * MINUTE
    duties.at(erred_at + 30 * MINUTE)
    assert stands(filed) == ("impaired", "soft_drained")
    assert duties.why().ready_at == erred_at + 31 * MINUTE
    duties.at(erred_at + 31 * MINUTE)
    assert stands(filed) == ("healthy", "activated")

    # A source that is away moves nothing, and is named.
    before = position(filed)
    telemetry.influx.stop()
    duties.at(NOON + 90 * MINUTE)
    assert position(filed) == before
    assert duties.why().criteria[2].reason.startswith("InfluxDB is silent: ")
    telemetry.influx.start()
    duties.at(NOON + 100 * MINUTE)
    assert position(filed) == before


def test_a_device_comes_into_service_with_its_agents_tests_and_way_to_users(
    filed: House, telemetry: Telemetry
) -> None:
    lay(filed)
    furnish(filed)
    duties = Duties(filed, telemetry)
    telemetry.carry(SIDE_A, SIDE_Z, DIA, CYOA, start=START, minutes=DAY + 60)
    telemetry.test(start=START - 60 * MINUTE, minutes=DAY + 120)
    org_id = filed.orgs["net"]

    duties.at(NOON)
    life = device(filed).life
    why = duties.explainer.explain(org_id, device(filed), at=filed.clock())
    assert (life.health, life.status.value) == (Health.HEALTHY, "activated"), why.criteria
    assert set(states(why).values()) == {"met"}
    assert {one.evidence.source for one in why.criteria} == {"record", "InfluxDB", "Prometheus"}

    duties.at(NOON + MINUTE)
    (users,) = [one for one in device(filed).interfaces if one.name == CYOA[1]]
    assert (users.life.health.value, users.life.status.value) == ("healthy", "activated")

    # fra-1 has nothing of all that, and stays where it is.
    assert device(filed, "fra-1").life.status.value == "hard_drained"
    other = duties.explainer.explain(org_id, device(filed, "fra-1"), at=filed.clock())
    assert states(other)["config_agent"] == "unknown"
    assert states(other)["record"] == "unmet"

    # A failing test is a reason to wait, and no error that was counted.
    telemetry.test(start=NOON + 10 * MINUTE, minutes=10, passed=False)
    duties.at(NOON + 20 * MINUTE)
    assert device(filed).life.health is Health.HEALTHY
    again = duties.explainer.explain(org_id, device(filed), at=filed.clock())
    assert states(again)["qa"] == "unmet"
