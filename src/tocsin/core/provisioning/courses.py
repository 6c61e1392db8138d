"""How evidence went over its window, part by part, for those who look at it (Provisioning:
readiness).

What is decided rests on the window as a whole; its parts are shown, and nothing follows from them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.counters import (
    ALWAYS_COUNTED_ERRORS,
    ERRORS,
    NOTHING_COUNTED,
    TRAFFIC,
    Interface,
    Runs,
    joined_runs,
    microseconds,
    resets,
    risen,
    run_in,
)
from tocsin.core.provisioning.coverage import Minutes, within
from tocsin.core.provisioning.telemetry import Counted, Marks
from tocsin.core.provisioning.windows import Window

MOST_PARTS: Final = 48
MOST_COURSES: Final = 4
"""Of the interfaces that one criterion is about, so many are shown."""


class CourseKind(StrEnum):
    """What a course tells of: counters of an interface, minutes, or tests, which are rare."""

    COUNTERS = "counters"
    MINUTES = "minutes"
    TESTS = "tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What an interface counted in each part of ``window``: by how much octets and errors rose,
    how often a counter fell, and how many minutes its device was not heard in.

    ``octets`` is None in a part without a sample of them, ``errors`` while it is not known where
    their counters stood: a gap is not a zero. A part has ``part_minutes``, the last one may have
    less.
    """

    of: str
    window: Window
    octets: tuple[int | None, ...]
    errors: tuple[int | None, ...]
    resets: tuple[int, ...]
    missing: tuple[int, ...]

    @property
    def part_minutes(self) -> int:
        """How long a part is."""
        return part_minutes(self.window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """In how many minutes of each part of ``window`` something was found well, in how many not to
    be, and in how many nothing is known of it."""

    of: str
    kind: CourseKind
    window: Window
    well: tuple[int, ...]
    ill: tuple[int, ...]
    not_known: tuple[int, ...]

    @property
    def part_minutes(self) -> int:
        """How long a part is."""
        return part_minutes(self.window)


Course: TypeAlias = Traffic | Presence
Courses: TypeAlias = Mapping[str, tuple[Course, ...]]
"""By the names of criteria."""


def part_minutes(window: Window) -> int:
    """How many minutes a part of *window* has, so that there are at most :data:`MOST_PARTS`."""
    return max(1, -(-window.minutes // MOST_PARTS))


def cuts(window: Window) -> tuple[datetime, ...]:
    """Where the parts of *window* begin, and its end."""
    step = part_minutes(window)
    starts = range(0, window.minutes, step)
    return (*(window.start + start * MINUTE for start in starts), window.end)


def between(instants: Sequence[datetime]) -> tuple[Window, ...]:
    """The stretches from each of *instants* until the next."""
    return tuple(Window(start=start, end=end) for start, end in pairwise(instants))


def slices(instants: Sequence[int], windows: Iterable[Window]) -> tuple[slice, ...]:
    """Which of *instants* (microseconds, in order) are in each of *windows*."""
    return tuple(
        slice(
            bisect_left(instants, microseconds(one.start)),
            bisect_left(instants, microseconds(one.end)),
        )
        for one in windows
    )


def traffic(of: str, interface: Interface, parts: Sequence[Counted], *, before: Runs) -> Traffic:
    """What *interface* counted in *parts*, which follow each other; *before* is what is known of it
    from before them."""
    octets: list[int | None] = []
    errors: list[int | None] = []
    fallen, missing = [], []
    runs = before
    for part in parts:
        came = part.interfaces.get(interface, NOTHING_COUNTED)
        after = joined_runs(runs, came)
        octets.append(
            risen(after, TRAFFIC) - risen(runs, TRAFFIC)
            if any(run_in(came, counter) for counter in TRAFFIC)
            else None
        )
        errors.append(
            risen(after, ERRORS) - risen(runs, ERRORS)
            if all(run_in(after, counter) for counter in ALWAYS_COUNTED_ERRORS)
            else None
        )
        fallen.append(resets(after) - resets(runs))
        heard = part.covered.get(interface[0])
        missing.append(part.window.minutes - (0 if heard is None else heard.count))
        runs = after
    return Traffic(
        of=of,
        window=Window(start=parts[0].window.start, end=parts[-1].window.end),
        octets=tuple(octets),
        errors=tuple(errors),
        resets=tuple(fallen),
        missing=tuple(missing),
    )


def presence(of: str, marks: Marks, window: Window, *, kind: CourseKind) -> Presence:
    """What *marks* tell of *window*; a minute that is marked both ways was not well."""
    well, ill, not_known = [], [], []
    for part in between(cuts(window)):
        bad = within(marks.ill, part).bits
        good = within(marks.well, part).bits & ~bad
        well.append(good.bit_count())
        ill.append(bad.bit_count())
        not_known.append(part.minutes - good.bit_count() - bad.bit_count())
    return Presence(
        of=of,
        kind=kind,
        window=window,
        well=tuple(well),
        ill=tuple(ill),
        not_known=tuple(not_known),
    )


def heard(of: str, covered: Minutes, window: Window) -> Presence:
    """In which minutes of *window* there was a sample."""
    marks = Marks(well=covered, ill=Minutes(window=window))
    return presence(of, marks, window, kind=CourseKind.MINUTES)
