"""What is kept of the telemetry between rounds, so that a round asks only for what is new.

Per interface: the run of each counter since it is followed, and what it came to step by step, for
the figures of a window. Per device: bitmaps of minutes. Kept are the longest window that anybody
needs, and no more; a round that could not be asked is asked again by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from tocsin.core.provisioning.counters import (
    ALWAYS_COUNTED_ERRORS,
    ERRORS,
    NOTHING_COUNTED,
    TRAFFIC,
    Counter,
    Interface,
    Run,
    Runs,
    joined_runs,
    resets,
    risen,
    run_in,
)
from tocsin.core.provisioning.coverage import Minutes, merged
from tocsin.core.provisioning.telemetry import Counted, Marked, Marks, Origin
from tocsin.core.provisioning.windows import Window

STEPS_OF_A_WINDOW: Final = 24
"""Figures of a window are exact to a part in so many; what is decided on is exact to the sample."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an interface counted from ``start`` on, until the next step."""

    start: datetime
    errors: int
    octets: int
    resets: int


@dataclass(frozen=True, slots=True)
class Followed:
    """An interface: its runs since it is followed, and its steps, oldest first."""

    runs: Runs
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is known of ``window``; a round asks for what comes after its end."""

    window: Window
    origin: Origin | None = None
    interfaces: Mapping[Interface, Followed] = field(default_factory=dict)
    covered: Mapping[str, Minutes] = field(default_factory=dict)


def begun(*, at: datetime, baseline: Counted) -> Following:
    """What is known before the first stretch, which begins *at* an instant: where the counters
    stood."""
    return Following(
        window=Window(start=at, end=at),
        origin=baseline.origin,
        interfaces={name: Followed(runs) for name, runs in baseline.interfaces.items()},
    )


def followed(kept: Following, new: Counted, *, keep_minutes: int) -> Following:
    """*kept* and what came *new*; of the past, *keep_minutes* are kept.

    Raises:
        ValueError: *new* does not begin where *kept* ends.
    """
    if new.window.start != kept.window.end:
        raise ValueError("what is new begins where what is kept ends")
    keep = timedelta(minutes=keep_minutes)
    window = Window(
        start=max(kept.window.start, new.window.end - keep),
        end=new.window.end,
    )
    names = kept.interfaces.keys() | new.interfaces.keys()
    longest = keep / STEPS_OF_A_WINDOW
    found = {
        name: _interface(kept.interfaces.get(name), new, name, window=window, longest=longest)
        for name in names
    }
    return Following(
        window=window,
        origin=new.origin,
        interfaces={
            name: one
            for name, one in found.items()
            if any(run is not None and run.last_at >= window.end - 2 * keep for run in one.runs)
        },
        covered=_covered(kept.covered, new.covered, window=window),
    )


def _interface(
    kept: Followed | None,
    new: Counted,
    name: Interface,
    *,
    window: Window,
    longest: timedelta,
) -> Followed:
    before = NOTHING_COUNTED if kept is None else kept.runs
    steps = () if kept is None else kept.steps
    came = new.interfaces.get(name)
    if came is None:
        return Followed(before, _after(steps, window))
    runs = joined_runs(before, came)
    step = _step(new.window.start, before, runs)
    if steps and new.window.end - steps[-1].start <= longest:
        last = steps[-1]
        step = Step(
            last.start,
            last.errors + step.errors,
            last.octets + step.octets,
            last.resets + step.resets,
        )
        steps = steps[:-1]
    return Followed(runs, (*_after(steps, window), step))


def _step(start: datetime, before: Runs, runs: Runs) -> Step:
    """What came of *before* in one stretch; what came between the stretches counts to it."""
    return Step(
        start,
        risen(runs, ERRORS) - risen(before, ERRORS),
        risen(runs, TRAFFIC) - risen(before, TRAFFIC),
        resets(runs) - resets(before),
    )


def _after(steps: tuple[Step, ...], window: Window) -> tuple[Step, ...]:
    """Those that reach into *window*: the next one begins after it does."""
    gone = 0
    while gone + 1 < len(steps) and steps[gone + 1].start <= window.start:
        gone += 1
    return steps[gone:] if gone else steps


def _covered(
    kept: Mapping[str, Minutes], new: Mapping[str, Minutes], *, window: Window
) -> dict[str, Minutes]:
    nothing = Minutes(window=Window(start=window.start, end=window.start))
    found = {
        device: merged(kept.get(device, nothing), new.get(device, nothing), window=window)
        for device in kept.keys() | new.keys()
    }
    return {device: minutes for device, minutes in found.items() if minutes.bits}


def followed_marks(kept: Marked | None, new: Marked, *, keep_minutes: int) -> Marked:
    """As :func:`followed`, of marks; nothing *kept* is a beginning.

    Raises:
        ValueError: *new* does not begin where *kept* ends.
    """
    if kept is None:
        return new
    if new.window.start != kept.window.end:
        raise ValueError("what is new begins where what is kept ends")
    start = max(kept.window.start, new.window.end - timedelta(minutes=keep_minutes))
    window = Window(start=start, end=new.window.end)
    nothing = Minutes(window=Window(start=start, end=start))
    none = Marks(well=nothing, ill=nothing)
    found = {}
    for device in kept.devices.keys() | new.devices.keys():
        old, came = kept.devices.get(device, none), new.devices.get(device, none)
        marks = Marks(
            well=merged(old.well, came.well, window=window),
            ill=merged(old.ill, came.ill, window=window),
        )
        if marks.well.bits or marks.ill.bits:
            found[device] = marks
    return replace(new, window=window, devices=found)


# -- what a window says --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an interface did in a window; a source may sum it up itself.

    ``errors`` and ``octets`` are by how much they rose since ``counted_from``, which is the
    window's start or a little before; ``octets`` is None when no sample of them is in the window.
    ``errors_known`` is whether it is known where the counters of errors stood. ``errors_at`` and
    ``traffic_at`` are when they last rose, in the window or before it, and ``heard_from`` is the
    first sample that is known.
    """

    errors: int
    errors_known: bool
    octets: int | None
    resets: int
    errors_at: datetime | None
    traffic_at: datetime | None
    heard_from: datetime
    counted_from: datetime


def usage(one: Followed, window: Window) -> Usage | None:
    """What *one* did in *window*, which is the last part of what is kept of it; None when nothing
    is known of it at all."""
    known = [run for run in one.runs if run is not None]
    if not known:
        return None
    steps = _after(one.steps, window)
    errors = octets = times_reset = 0
    # One loop for all three: this is where a round of a large network spends its time.
    for step in steps:
        errors += step.errors
        octets += step.octets
        times_reset += step.resets
    errors_at = _last_rise(one.runs, ERRORS)
    traffic_at = _last_rise(one.runs, TRAFFIC)
    return Usage(
        errors=_sum(errors, rose_at=errors_at, window=window),
        errors_known=all(run_in(one.runs, counter) for counter in ALWAYS_COUNTED_ERRORS),
        octets=(
            _sum(octets, rose_at=traffic_at, window=window)
            if any(_is_in(run_in(one.runs, counter), window) for counter in TRAFFIC)
            else None
        ),
        resets=times_reset,
        errors_at=errors_at,
        traffic_at=traffic_at,
        heard_from=min(run.first_at for run in known),
        counted_from=min(steps[0].start, window.start) if steps else window.start,
    )


def _sum(counted: int, *, rose_at: datetime | None, window: Window) -> int:
    """What was counted in the steps; nothing when the last rise was before the window, however far
    the first step reaches back."""
    return counted if rose_at is not None and rose_at >= window.start else 0


def _last_rise(runs: Runs, counters: tuple[Counter, ...]) -> datetime | None:
    found = (run_in(runs, counter) for counter in counters)
    return max((run.rose_at for run in found if run and run.rose_at), default=None)


def _is_in(run: Run | None, window: Window) -> bool:
    return run is not None and run.last_at >= window.start
