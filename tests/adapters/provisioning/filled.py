"""A day of counters in a real InfluxDB and in a real Prometheus, told as stories of links, and the
duties over them as one process has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.adapters.influx.filled import FIELDS
from tests.adapters.prometheus.backfilled import prometheus
from tests.adapters.provisioning.town import activator, link, until
from tests.adapters.rest.asking import Client, client
from tests.core.provisioning.watching import DAY, Story, samples
from tests.handler.acting import NOON, pubkey
from tests.servers.influx import DATABASE, influx
from tests.servers.influx import Influx as InfluxServer
from tests.servers.prometheus import Watcher
from tocsin.adapters.asking.post import Post
from tocsin.adapters.influx.source import Influx, InfluxSettings
from tocsin.adapters.prometheus.source import Prometheus, PrometheusSettings
from tocsin.adapters.provisioning.explaining import Explainer
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.watching import Sources, Watch
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.explaining import Explaining
from tocsin.core.provisioning.commands import Wish
from tocsin.core.provisioning.counters import COUNTERS
from tocsin.core.registry_commands import RegisterDevice, RegisterLink, SideDraft

PORT: Final = "Ethernet1/1"
NEVER: Final = Story(missing=range(1, DAY + 11))

STORIES: Final[Mapping[str, Story]] = {
    "clean": Story(),
    "one-error": Story(errors={90: 1}),
    "missing-five": Story(missing=range(100, 105)),
    "missing-six": Story(missing=[*range(100, 105), 700]),
    "no-traffic": Story(octets=0),
    "reset": Story(resets=[600], errors={DAY + 5: 8}),
    "never-heard": NEVER,
    "standby": Story(octets=0),
    "owners-sev1": Story(),
    "strangers-sev1": Story(),
    "maintained": Story(),
    "unwanted": Story(),
}
"""By the code of a link, what happened on its A side; the Z side is clean."""

_PLACES: Final = {code: place for place, code in enumerate(STORIES)}


def ends(code: str) -> tuple[str, str]:
    """The pubkeys of the two devices that a link joins, which are its own."""
    return pubkey(1_000 + _PLACES[code]), pubkey(2_000 + _PLACES[code])


def _told() -> Iterator[tuple[str, Story]]:
    for code, story in STORIES.items():
        side_a, side_z = ends(code)
        yield side_a, story
        yield side_z, Story()


def lines(*, later: timedelta = timedelta(0), codes: frozenset[str] | None = None) -> Iterator[str]:
    """What every device sent to InfluxDB; with *later*, what those of some links send
    after noon, as they did so much earlier."""
    wanted = None if codes is None else {key for code in codes for key in ends(code)}
    for device, story in _told():
        if wanted is not None and device not in wanted:
            continue
        for sent_at, values in samples(story):
            at = sent_at + later
            if later and at < NOON:
                continue
            told = ",".join(
                f"{name}={value}i"
                for name, value in zip(FIELDS, values, strict=True)
                if value is not None
            )
            yield f"intfCounters,dzd_pubkey={device},intf={PORT} {told} {at.timestamp():.0f}"


def metrics() -> Iterator[str]:
    """The same as Prometheus has it."""
    for place, counter in enumerate(COUNTERS):
        yield f"# TYPE interface_{counter.value} counter"
        for device, story in _told():
            for at, values in samples(story):
                if (value := values[place]) is not None:
                    yield (
                        f'interface_{counter.value}_total{{dzd_pubkey="{device}",intf="{PORT}"}}'
                        f" {value} {at.timestamp():.0f}"
                    )
    yield "# EOF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Both, running, with a day in them."""

    influx: InfluxServer
    prometheus: Watcher

    def sources(self, counters: str) -> Sources:
        """Both are asked; *counters* is which of them has the counters."""
        tells = Influx(
            InfluxSettings(url=f"http://{self.influx.address}", database=DATABASE), opening=Post
        )
        watches = Prometheus(
            PrometheusSettings(url=f"http://{self.prometheus.address}"), opening=Post
        )
        return Sources(
            counters=tells if counters == "InfluxDB" else watches, agents=watches, qa=tells
        )


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Both servers, with the stories in them."""
    tells = influx(folder / "influx")
    watches = prometheus(folder / "prometheus", told=list(metrics()))
    with tells.running(), watches.running():
        tells.create()
        tells.write(lines())
        # Its counters begin anew at noon, which is a reset.
        tells.write(lines(later=timedelta(days=1), codes=frozenset({"standby"})))
        yield Servers(influx=tells, prometheus=watches)


@dataclass(slots=True)
class Place:
    """The API of an org with a link for each story, and the duties that judge and activate."""

    desk: Client
    monitor: Monitor
    counters: str

    def judge(self, at: datetime) -> None:
        """A round of the monitor, a moment after *at*."""
        until(self.desk.house, at)
        self.monitor.go()

    def go_on(self) -> None:
        """A round of the activator."""
        activator(self.desk.house).everything()

    def why(self, code: str) -> Any:
        """Readiness of a link, as the API answers it."""
        answer = self.desk.ask("GET", f"/links/{code}/readiness")
        assert answer.status == 200, answer.body
        return answer.json

    def stands(self, code: str) -> tuple[str, str]:
        """Health and status of a link."""
        life = link(self.desk.house, code).life
        return life.health.value, life.status.value

    def want(self, code: str, desired: str) -> None:
        """Let the owner want another status."""
        self.desk.house.ask("owner", Wish(desired=desired), sort="link", subject=code)


@contextmanager
def place(folder: Path, asked: Servers, *, counters: str, codes: frozenset[str]) -> Iterator[Place]:
    """The org with these links, each of which is wanted but the unwanted one."""
    with client(folder) as desk:
        house = desk.house
        sources = asked.sources(counters)
        explainer = Explainer(store=house.store, sources=sources)
        desk.gateway = replace(desk.gateway, explaining=Explaining(explain=explainer.explain))
        desk.application = make_application(desk.gateway)
        for code in sorted(codes):
            _lay(desk, code)
        yield Place(
            desk=desk,
            monitor=Monitor(
                store=house.store,
                writer=house.writer,
                watch=Watch(sources),
                clock=house.clock,
            ),
            counters=counters,
        )


def _lay(desk: Client, code: str) -> None:
    house = desk.house
    for side, owner, key in zip("az", ("alpha", "beta"), ends(code), strict=True):
        house.system(
            "device",
            RegisterDevice(
                device_id=house.fresh(), pubkey=key, code=f"{code}-{side}", contributor=owner
            ),
            org_id=house.orgs["net"],
        )
    house.ask(
        "owner",
        RegisterLink(
            link_id=house.fresh(),
            pubkey=pubkey(3_000 + _PLACES[code]),
            code=code,
            link_type="WAN",
            side_a=SideDraft(device=f"{code}-a", interface=PORT),
            side_z=SideDraft(device=f"{code}-z", interface=PORT),
            desired_status="hard-drained" if code == "unwanted" else "activated",
        ),
        sort="link",
    )


HOUR: Final = timedelta(hours=1)


def text(at: datetime) -> str:
    """The instant as JSON has it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.000000Z"


def criterion(found: Any, name: str) -> Any:
    """One criterion of an answer."""
    (one,) = (one for one in found["criteria"] if one["name"] == name)
    return one
