"""A network and what its telemetry tells: samples minute by minute, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.core.provisioning.watching import runs
from tests.handler.acting import NOON, House, pubkey
from tocsin.adapters.provisioning.activator import Activator
from tocsin.adapters.provisioning.explaining import Explainer
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.watching import Sources, Watch
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.commands import DefineInterface, Wish
from tocsin.core.provisioning.counters import Interface
from tocsin.core.provisioning.courses import between
from tocsin.core.provisioning.coverage import marked
from tocsin.core.provisioning.telemetry import (
    Agents,
    Counted,
    Marked,
    Marks,
    Origin,
    SourceSilent,
)
from tocsin.core.provisioning.windows import Window
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import RegisterLink, SideDraft, UpdateDevice

DAY = 24 * 60
AMS, FRA = pubkey(11), pubkey(12)
SIDE_A, SIDE_Z = (AMS, "Ethernet1"), (FRA, "Ethernet2")
DIA, CYOA = (AMS, "Ethernet8"), (AMS, "Ethernet9")
ORIGIN = Origin(source="town", query="everything")
MOMENT = timedelta(seconds=30)
"""How long after a minute the clock stands: samples have arrived by then."""

Row = tuple[datetime, tuple[int | None, ...]]


@dataclass
class Town:
    """A source that tells what it was told; while ``silent`` is a reason, nothing."""

    rows: dict[Interface, list[Row]] = field(default_factory=dict)
    well: list[datetime] = field(default_factory=list)
    silent: str | None = None
    asked: list[tuple[str, Window, frozenset[str] | None]] = field(default_factory=list)
    stretch_minutes: int = 30
    most_minutes: int | None = None
    """What it is asked for beyond that it does not answer in time."""

    def carry(
        self,
        *names: Interface,
        start: datetime,
        minutes: int,
        octets: int = 1_000,
        errors_at: int | None = None,
    ) -> None:
        """Interfaces carry octets in each minute from *start* on; an error in the minute
        *errors_at*."""
        for name in names:
            rows = self.rows.setdefault(name, [])
            carried, errors = (rows[-1][1][0] or 0, rows[-1][1][2] or 0) if rows else (0, 0)
            for minute in range(minutes):
                carried += octets
                errors += minute == errors_at
                at = start + minute * MINUTE + timedelta(seconds=7)
                rows.append((at, (carried, carried, errors, 0, None)))

    def run(self, *, start: datetime, minutes: int) -> None:
        """All agents run and all tests pass in each minute from *start* on."""
        self.well += [start + minute * MINUTE for minute in range(minutes)]

    def baseline(self, *, before: datetime, only: frozenset[str] | None = None) -> Counted:
        window = Window(start=before, end=before)
        self._ask("baseline", window, only)
        found = {}
        for name, rows in self._interfaces(only).items():
            if earlier := [row for row in rows if row[0] < before]:
                found[name] = runs(earlier[-1:])
        return Counted(window=window, origin=ORIGIN, interfaces=found)

    def counters(self, stretch: Window, *, only: frozenset[str] | None = None) -> Counted:
        self._ask("counters", stretch, only)
        return self._counted(stretch, only)

    def _counted(self, stretch: Window, only: frozenset[str] | None) -> Counted:
        rows = {
            name: [row for row in rows if row[0] in stretch]
            for name, rows in self._interfaces(only).items()
        }
        heard: dict[str, list[datetime]] = {}
        for (device_key, _), those in rows.items():
            heard.setdefault(device_key, []).extend(at for at, _ in those)
        covered = {key: marked(stretch, instants) for key, instants in heard.items()}
        return Counted(
            window=stretch,
            origin=ORIGIN,
            interfaces={name: runs(found) for name, found in rows.items() if found},
            covered=covered,
        )

    def pieces(
        self, cuts: Sequence[datetime], *, only: frozenset[str] | None = None
    ) -> tuple[Counted, ...]:
        self._ask("pieces", Window(start=cuts[0], end=cuts[-1]), only)
        return tuple(self._counted(part, only) for part in between(cuts))

    def agents(self, stretch: Window, *, only: frozenset[str] | None = None) -> Agents:
        self._ask("agents", stretch, only)
        return Agents(config=self._marked(stretch), telemetry=self._marked(stretch))

    def qa(self, stretch: Window, *, only: frozenset[str] | None = None) -> Marked:
        self._ask("qa", stretch, only)
        return self._marked(stretch)

    def _marked(self, stretch: Window) -> Marked:
        marks = Marks(well=marked(stretch, self.well), ill=marked(stretch, ()))
        return Marked(window=stretch, origin=ORIGIN, devices={AMS: marks})

    def _interfaces(self, only: frozenset[str] | None) -> dict[Interface, list[Row]]:
        return {name: rows for name, rows in self.rows.items() if only is None or name[0] in only}

    def _ask(self, what: str, window: Window, only: frozenset[str] | None) -> None:
        self.asked.append((what, window, only))
        if self.silent is not None:
            raise SourceSilent("town", self.silent)
        if self.most_minutes is not None and window.minutes > self.most_minutes:
            raise SourceSilent("town", "no answer within 30 s")


def sources(town: Town) -> Sources:
    return Sources(counters=town, agents=town, qa=town)


def monitor(home: House, town: Town) -> Monitor:
    return Monitor(
        store=home.store,
        writer=home.writer,
        watch=Watch(sources(town)),
        clock=home.clock,
    )


def activator(home: House) -> Activator:
    return Activator(store=home.store, writer=home.writer, clock=home.clock)


def explainer(home: House, town: Town) -> Explainer:
    return Explainer(store=home.store, sources=sources(town))


def sides(number: int) -> tuple[Interface, Interface]:
    """The two ends of the link of that number."""
    if number == 21:
        return SIDE_A, SIDE_Z
    return (AMS, f"Ethernet{number}"), (FRA, f"Ethernet{number}")


def lay(home: House, *, code: str = "line", number: int = 21, wanted: bool = True) -> None:
    """A WAN link from ams-1 to fra-1, which is wanted in service."""
    (_, side_a), (_, side_z) = sides(number)
    home.ask(
        "owner",
        RegisterLink(
            link_id=home.fresh(),
            pubkey=pubkey(number),
            code=code,
            link_type="WAN",
            side_a=SideDraft(device="ams-1", interface=side_a),
            side_z=SideDraft(device="fra-1", interface=side_z),
        ),
        sort="link",
    )
    if wanted:
        want(home, "activated", code=code)


def want(home: House, desired: str, *, code: str = "line", sort: str = "link") -> None:
    home.ask("owner", Wish(desired=desired), sort=sort, subject=code)


def furnish(home: House) -> None:
    """ams-1 has all that a hybrid device needs, and is wanted in service with its way to users."""
    home.ask(
        "owner",
        UpdateDevice(
            device_type="hybrid",
            public_ip="203.0.113.9",
            dz_prefixes=("198.51.100.0/29",),
            max_users=0,
        ),
        sort="device",
        subject="ams-1",
    )
    for (_, name), role in ((DIA, "dia"), (CYOA, "cyoa")):
        home.ask("owner", DefineInterface(name=name, role=role), sort="device", subject="ams-1")
    want(home, "activated", code="ams-1", sort="device")
    home.ask(
        "owner",
        Wish(desired="activated", interface=CYOA[1]),
        sort="device",
        subject="ams-1",
    )


def link(home: House, code: str = "line") -> Link:
    with home.store.reading() as turn:
        heads = turn.heads_of_sort(home.orgs["net"], "link")
    found = [one.state for one in heads if isinstance(one.state, Link) and one.state.code == code]
    return found[-1]


def device(home: House, code: str = "ams-1") -> Device:
    with home.store.reading() as turn:
        heads = turn.heads_of_sort(home.orgs["net"], "device")
    (found,) = [
        one.state for one in heads if isinstance(one.state, Device) and one.state.code == code
    ]
    return found


def position(home: House) -> int:
    with home.store.reading() as turn:
        return turn.last_position()


def stands(home: House, code: str = "line") -> tuple[str, str]:
    """Health and status of the link."""
    life = link(home, code).life
    return life.health.value, life.status.value


def until(home: House, at: datetime) -> None:
    """Let it be a moment after *at*."""
    home.clock.pass_by(at + MOMENT - home.clock())


START = NOON - (DAY + 30) * MINUTE
"""Since when interfaces carry something in most tests."""
