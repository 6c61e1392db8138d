"""What a cumulative counter came to over a stretch, from samples that may be rare (Provisioning:
rules of evidence).

A run of samples is summed up by where it began and ended, how much it rose between, how often it
fell and when it last rose. Two runs that follow each other are one run, so a day may come from a
source in pieces, ready summed or as samples, and what is known is carried forward over a stretch
without any. A fall is a reset: it adds nothing, since nobody knows what went by before it; counting
goes on from where it fell to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class Counter(StrEnum):
    """A cumulative counter of an interface that evidence is taken from."""

    IN_OCTETS = "in_octets"
    OUT_OCTETS = "out_octets"
    IN_ERRORS = "in_errors"
    OUT_ERRORS = "out_errors"
    IN_FCS_ERRORS = "in_fcs_errors"


COUNTERS: Final = tuple(Counter)
"""In this order are the runs of an interface."""

TRAFFIC: Final = (Counter.IN_OCTETS, Counter.OUT_OCTETS)
ERRORS: Final = (Counter.IN_ERRORS, Counter.OUT_ERRORS, Counter.IN_FCS_ERRORS)
ALWAYS_COUNTED_ERRORS: Final = (Counter.IN_ERRORS, Counter.OUT_ERRORS)
"""Those that every interface counts; FCS errors are counted where there is Ethernet."""

_PLACES: Final = {counter: place for place, counter in enumerate(COUNTERS)}

Interface: TypeAlias = tuple[str, str]
"""A device by its pubkey, and the name of one of its interfaces."""

Sample: TypeAlias = tuple[int, int]
"""Microseconds since 1970 in UTC, and what the counter stood at."""


def instant(microseconds: int) -> datetime:
    """The instant so many *microseconds* after 1970 in UTC began."""
    return EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    """How many microseconds *at* is after 1970 in UTC began."""
    return (at - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Run:
    """What samples of one counter came to: the first and the last with their instants, by how much
    the counter rose between them, how often it fell, and when it was first seen higher than before,
    the last time that it was."""

    first_at: datetime
    first: int
    last_at: datetime
    last: int
    increase: int = 0
    resets: int = 0
    rose_at: datetime | None = None


def run_of(samples: Iterable[Sample]) -> Run | None:
    """What *samples* of one counter came to, in whatever order they are; None without any."""
    ordered = sorted(samples)
    if not ordered:
        return None
    first_at, first = ordered[0]
    last_at, before = ordered[-1][0], first
    increase = resets = 0
    rose_at: int | None = None
    for at, value in ordered:
        if value > before:
            increase += value - before
            rose_at = at
        elif value < before:
            resets += 1
        before = value
    return Run(
        instant(first_at),
        first,
        instant(last_at),
        before,
        increase,
        resets,
        None if rose_at is None else instant(rose_at),
    )


def run_of_columns(instants: Sequence[int], values: Sequence[int | None]) -> Run | None:
    """As :func:`run_of`, of samples that are in order, one for each of *instants* or None.

    Most counters stand still or only rise; those are not looked at sample by sample.
    """
    known: list[int] = [value for value in values if value is not None]
    if not known:
        return None
    if len(known) != len(values):
        pairs = zip(instants, values, strict=True)
        instants = [at for at, value in pairs if value is not None]
    first, last = known[0], known[-1]
    begins, ends = instant(instants[0]), instant(instants[-1])
    if first == last and known.count(first) == len(known):
        return Run(begins, first, ends, last)
    if first > last or sorted(known) != known:
        return run_of(zip(instants, known, strict=True))
    rose_at = instant(instants[known.index(last)])
    return Run(begins, first, ends, last, last - first, 0, rose_at)


def joined(older: Run | None, newer: Run | None) -> Run | None:
    """One run of two, *newer* being all after *older*."""
    if older is None:
        return newer
    if newer is None:
        return older
    between = newer.first - older.last
    rose_at = newer.rose_at
    if rose_at is None:
        rose_at = newer.first_at if between > 0 else older.rose_at
    return Run(
        older.first_at,
        older.first,
        newer.last_at,
        newer.last,
        older.increase + newer.increase + max(between, 0),
        older.resets + newer.resets + (between < 0),
        rose_at,
    )


Runs: TypeAlias = tuple[Run | None, ...]
"""A run of each of :data:`COUNTERS`, None where there was no sample."""

NOTHING_COUNTED: Final[Runs] = (None,) * len(COUNTERS)


def run_in(runs: Runs, counter: Counter) -> Run | None:
    """The run of *counter*."""
    return runs[_PLACES[counter]]


def joined_runs(older: Runs, newer: Runs) -> Runs:
    """The runs of one interface, *newer* being all after *older*."""
    return tuple(map(joined, older, newer))


def risen(runs: Runs, counters: Iterable[Counter]) -> int:
    """By how much *counters* rose in all."""
    amount = 0
    for counter in counters:
        run = run_in(runs, counter)
        if run is not None:
            amount += run.increase
    return amount


def resets(runs: Runs) -> int:
    """How often the counter that fell most often fell: a restart resets all of them at once."""
    most = 0
    for run in runs:
        if run is not None and run.resets > most:
            most = run.resets
    return most
