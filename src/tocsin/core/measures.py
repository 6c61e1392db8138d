"""Measures: how long things take, how many there are, and how available it all was (Domain:
measures).

Pure reckoning over the records of :mod:`tocsin.core.measured`: columns of whole microseconds and
words go in, figures come out. Every figure has its definition beside it, and says so to whoever
reads it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, assert_never

from tocsin.core.measured import MICROSECOND


class Measure(StrEnum):
    """A stretch of an incident's life, of which there is a mean."""

    MTTD = "mttd"
    MTTA = "mtta"
    MTTM = "mttm"
    MTTR = "mttr"
    MTTC = "mttc"


class Grouping(StrEnum):
    """What incidents are counted by."""

    SEVERITY = "severity"
    STATUS = "status"
    SERVICE = "service"
    CONTRIBUTOR = "contributor"
    ROOT_CAUSE = "root_cause"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


POPULATION: Final = (
    "Incidents created at or after from and before to; cancelled ones are left out unless"
    " include_cancelled asks for them. A reopened one counts once, as it stands now."
)

STATISTICS: Final = MappingProxyType(
    {
        "count": "How many incidents have this stretch.",
        "mean": "The sum of the stretches divided by the count.",
        "median": "The middle stretch; of an even count the mean of the two in the middle.",
        "p95": "The shortest stretch that at least 95 of 100 stretches do not exceed.",
    }
)

MEASURES: Final = MappingProxyType(
    {
        Measure.MTTD: (
            "Time to detect: from start_at to created_at, of incidents whose start_at was given."
        ),
        Measure.MTTA: (
            "Time to acknowledge: from detected_at to acknowledged_at, of incidents that were"
            " acknowledged."
        ),
        Measure.MTTM: (
            "Time to mitigate: from start_at to mitigated_at (the first move to monitoring,"
            " resolved or closed), of incidents that were mitigated."
        ),
        Measure.MTTR: (
            "Time to resolve: from start_at to resolved_at (the last resolution, if reopened), of"
            " incidents that are resolved."
        ),
        Measure.MTTC: "Time to close: from start_at to closed_at, of incidents that are closed.",
    }
)

COUNTS: Final = MappingProxyType(
    {
        Grouping.SEVERITY: "Incidents by severity, as it stands now.",
        Grouping.STATUS: "Incidents by status, as it stands now.",
        Grouping.SERVICE: (
            "Incidents by affected service; one of several services counts under each of them."
        ),
        Grouping.CONTRIBUTOR: (
            "Incidents by affected contributor (the owners of every affected device and link); one"
            " that affects several counts under each of them."
        ),
        Grouping.ROOT_CAUSE: "Incidents by root cause; null where none was given.",
        Grouping.DAY: "Incidents by the day of their creation, in UTC.",
        Grouping.WEEK: "Incidents by the ISO week of their creation, in UTC.",
        Grouping.MONTH: "Incidents by the month of their creation, in UTC.",
    }
)

AVAILABILITY: Final = (
    "The share of the time from from to to (to now, where to lies in the future) without an open"
    " incident of the given impact: open from start_at until it was resolved, closed or cancelled,"
    " and again while reopened, whenever it was created. Incidents open at once count once. What is"
    " not listed was available all the time."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """Incidents in columns, each as long as there are incidents.

    ``days`` are days of creation (``2026-11-20``), ``stretches`` microseconds, None where there is
    no such stretch.
    """

    days: Sequence[str]
    severities: Sequence[str]
    statuses: Sequence[str]
    root_causes: Sequence[str | None]
    services: Sequence[tuple[str, ...]]
    contributors: Sequence[tuple[str, ...]]
    stretches: Mapping[Measure, Sequence[int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One measure of some incidents; without a count there is nothing else."""

    count: int
    mean: timedelta | None
    median: timedelta | None
    p95: timedelta | None


Key = str | None
"""What a group has in common: None for those that have no such thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Incidents that have *key* in common, and their measures."""

    key: Key
    count: int
    measures: Mapping[Measure, Figures]


def figures_of(stretches: Iterable[int | None]) -> Figures:
    """The figures of *stretches*, in microseconds; None is no stretch.

    Raises:
        OverflowError: beyond the years that instants have.
    """
    # Floats are compared several times as fast; as keys only, so nothing is lost by them.
    known = sorted([one for one in stretches if one is not None], key=float)
    count = len(known)
    if not count:
        return Figures(count=0, mean=None, median=None, p95=None)
    middle = count // 2
    twice = known[middle] * 2 if count % 2 else known[middle - 1] + known[middle]
    # The nearest rank: the smallest one that 95 of 100 do not exceed.
    rank = -(-95 * count // 100)
    return Figures(
        count=count,
        mean=sum(known) * MICROSECOND / count,
        median=twice * MICROSECOND / 2,
        p95=known[rank - 1] * MICROSECOND,
    )


def overall(incidents: Incidents) -> Mapping[Measure, Figures]:
    """The measures of all *incidents* together."""
    return {measure: figures_of(incidents.stretches[measure]) for measure in Measure}


def counts_by(incidents: Incidents, grouping: Grouping) -> dict[Key, int]:
    """How many *incidents* there are of each, in the order of the keys, those without last."""
    counted: Counter[Key] = Counter()
    for keys, count in Counter(_column(incidents, grouping)).items():
        for key in _keys(keys, grouping):
            counted[key] += count
    return {key: counted[key] for key in sorted(counted, key=_order)}


def groups_by(incidents: Incidents, grouping: Grouping) -> list[Group]:
    """The measures of *incidents* in groups, in the order of the keys, those without last."""
    members: dict[Key, list[int]] = {}
    read: dict[object, tuple[Key, ...]] = {}
    for index, value in enumerate(_column(incidents, grouping)):
        keys = read.get(value)
        if keys is None:
            keys = read[value] = _keys(value, grouping)
        for key in keys:
            members.setdefault(key, []).append(index)
    return [
        Group(
            key=key,
            count=len(members[key]),
            measures={
                measure: figures_of(map(incidents.stretches[measure].__getitem__, members[key]))
                for measure in Measure
            },
        )
        for key in sorted(members, key=_order)
    ]


Value = str | tuple[str, ...] | None


def _column(incidents: Incidents, grouping: Grouping) -> Sequence[Value]:
    match grouping:
        case Grouping.SEVERITY:
            return incidents.severities
        case Grouping.STATUS:
            return incidents.statuses
        case Grouping.SERVICE:
            return incidents.services
        case Grouping.CONTRIBUTOR:
            return incidents.contributors
        case Grouping.ROOT_CAUSE:
            return incidents.root_causes
        case Grouping.DAY | Grouping.WEEK | Grouping.MONTH:
            return incidents.days
        case _:
            assert_never(grouping)


def _keys(value: Value, grouping: Grouping) -> tuple[Key, ...]:
    """The groups of an incident with *value* in its column."""
    if isinstance(value, tuple):
        return value or (None,)
    if value is not None and grouping is Grouping.WEEK:
        year, week, _ = date.fromisoformat(value).isocalendar()
        return (f"{year:04}-W{week:02}",)
    if value is not None and grouping is Grouping.MONTH:
        return (value[:7],)
    return (value,)


def _order(key: Key) -> tuple[bool, str]:
    return (key is None, key or "")


# -- availability ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An incident while it was open: from ``start_at`` to the first of ``turns``, from the second
    to the third, …; after an even number of them until today."""

    keys: tuple[str, ...]
    start_at: datetime
    turns: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """How available ``key`` was: ``share`` is between 0 and 1, ``down`` what is missing to all."""

    key: str
    share: float
    down: timedelta


def availabilities(
    opened: Iterable[Opened], *, begin: datetime, end: datetime
) -> list[Availability]:
    """How available each thing was from *begin* to *end*, those that were not at all times, the
    worst first."""
    if end <= begin:
        return []
    spells: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for one in opened:
        edges = (one.start_at, *one.turns)
        if len(edges) % 2:
            edges = (*edges, end)
        for from_, until in zip(edges[::2], edges[1::2], strict=True):
            spell = max(from_, begin), min(until, end)
            if spell[0] < spell[1]:
                for key in one.keys:
                    spells[key].append(spell)
    found = [(key, _covered(of_one)) for key, of_one in spells.items()]
    found.sort(key=lambda one: (-one[1], one[0]))
    return [Availability(key=key, share=1 - down / (end - begin), down=down) for key, down in found]


def _covered(spells: list[tuple[datetime, datetime]]) -> timedelta:
    """How much time *spells* cover together."""
    spells.sort()
    covered = timedelta()
    reached = spells[0][0]
    for begin, end in spells:
        if end > reached:
            covered += end - max(begin, reached)
            reached = end
    return covered
