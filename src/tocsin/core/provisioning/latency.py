"""Latency samples of links, folded so that what a window says of them is told at once, and that a
day of all links stays small (Provisioning: link, sources).

Samples come in runs, one every so many microseconds; a run ends where the next is not where it
should be. Of lost ones the last is kept exactly, since it decides; how many there were is kept for
each five minutes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final, Protocol

from tocsin.core.provisioning.counters import instant, microseconds
from tocsin.core.provisioning.telemetry import Origin
from tocsin.core.provisioning.windows import Window

LOSS_STEP: Final = 5 * 60_000_000
"""Microseconds: how many were lost is exact to so much of time."""

MOST_RUNS: Final = 32
"""Of one direction; what is older is forgotten."""

_LOSS = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class SampleRun:
    """``count`` samples, the first at ``first_at`` microseconds after 1970 began."""

    first_at: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What was sampled from one device to another, by their pubkeys: a sample every ``interval``
    microseconds in each of ``runs``, oldest first. ``lost`` holds a step and a number for each step
    of :data:`LOSS_STEP` in which samples were lost, packed; ``lost_at`` is when the last was, in
    microseconds after 1970 began."""

    from_device: str
    to_device: str
    interval: int
    runs: tuple[SampleRun, ...] = ()
    lost: bytes = b""
    lost_at: int | None = None

    @property
    def last_at(self) -> int | None:
        """When the last sample was taken; None when there is none."""
        if not self.runs:
            return None
        last = self.runs[-1]
        return last.first_at + (last.count - 1) * self.interval


def sampled(before: Sampled, *, at: int, count: int, lost: Sequence[int] = ()) -> Sampled:
    """*before*, and *count* samples that follow, the first of them *at* so many microseconds; those
    with the numbers *lost* among them, counted from zero and in order, were lost."""
    if count == 0:
        return before
    runs = before.runs
    if runs and at == runs[-1].first_at + runs[-1].count * before.interval:
        runs = (*runs[:-1], SampleRun(runs[-1].first_at, runs[-1].count + count))
    else:
        runs = (*runs, SampleRun(at, count))[-MOST_RUNS:]
    instants = [at + number * before.interval for number in lost]
    return Sampled(
        from_device=before.from_device,
        to_device=before.to_device,
        interval=before.interval,
        runs=runs,
        lost=_with_losses(before.lost, instants),
        lost_at=max(instants, default=before.lost_at),
    )


def forgotten(one: Sampled, *, before: int) -> Sampled:
    """*one* without what was sampled *before* so many microseconds; of a run that reaches over it
    all is kept, and the last one, which tells when it was sampled last."""
    runs = tuple(run for run in one.runs if run.first_at + (run.count - 1) * one.interval >= before)
    runs = runs or one.runs[-1:]
    gone = 0
    while gone < len(one.lost) and _LOSS.unpack_from(one.lost, gone)[0] < before // LOSS_STEP:
        gone += _LOSS.size
    if gone == 0 and len(runs) == len(one.runs):
        return one
    return Sampled(
        from_device=one.from_device,
        to_device=one.to_device,
        interval=one.interval,
        runs=runs,
        lost=one.lost[gone:],
        lost_at=one.lost_at,
    )


def _with_losses(packed: bytes, instants: Sequence[int]) -> bytes:
    for step, those in groupby(instants, lambda at: at // LOSS_STEP):
        count = len(list(those))
        if packed and (last := _LOSS.unpack_from(packed, len(packed) - _LOSS.size))[0] >= step:
            # Time goes back where samples were dated ahead: they stay in order.
            packed = packed[: -_LOSS.size] + _LOSS.pack(last[0], last[1] + count)
        else:
            packed += _LOSS.pack(step, count)
    return packed


# -- what a window says ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The latency samples of a link in a window: how many, how many were lost, when one was lost
    last and between whom, and when it was measured last at all, in the window or before. Never
    measured, it has no ``measured_at``."""

    samples: int
    lost: int
    lost_at: datetime | None
    origin: Origin
    measured_at: datetime | None = None
    between: tuple[str, ...] = ()


def latency_in(
    found: Sequence[Sampled], window: Window, *, origin: Origin, codes: Mapping[str, str]
) -> Latency:
    """What is *found* of a link, one for each direction and account, about *window*; *codes* are
    those of devices, by pubkey."""
    start, end = microseconds(window.start), microseconds(window.end)
    samples = lost = 0
    between: dict[str, None] = {}
    # What an agent dates ahead was there by now.
    last = [min(one.last_at, end) for one in found if one.last_at is not None]
    lost_last = [min(one.lost_at, end) for one in found if one.lost_at is not None]
    for one in found:
        samples += _samples_since(one, start)
        if one.lost_at is not None and one.lost_at >= start:
            lost += _lost_since(one.lost, start)
            shown = (codes.get(device, device) for device in (one.from_device, one.to_device))
            between[" to ".join(shown)] = None
    return Latency(
        samples=samples,
        # Steps are wider than minutes: more than there were is never said.
        lost=min(lost, samples),
        lost_at=instant(max(lost_last)) if lost_last else None,
        origin=origin,
        measured_at=instant(max(last)) if last else None,
        between=tuple(between),
    )


def _samples_since(one: Sampled, start: int) -> int:
    found = 0
    for run in one.runs:
        earlier = max(0, -(-(start - run.first_at) // one.interval))
        found += max(0, run.count - earlier)
    return found


def _lost_since(packed: bytes, start: int) -> int:
    step = start // LOSS_STEP
    return sum(count for at, count in _LOSS.iter_unpack(packed) if at >= step)


# -- who is asked ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is known of the latency samples of all links in ``window``, by the links' pubkeys;
    those in ``unread`` have samples there that have not been read yet."""

    window: Window
    origin: Origin
    links: Mapping[str, tuple[Sampled, ...]] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()


class Samples(Protocol):
    """Reads latency samples, and goes on where it was; for one thread."""

    def read(self, window: Window, *, over: Callable[[], bool]) -> Measured:
        """What there is about *window*; once the time is *over*, as much as has been read.

        Raises:
            SourceSilent: there is no answer, or none that can be read. What was read is kept.
        """


class LatencySource(Protocol):
    """Where latency samples are."""

    def samples(self, *, links: frozenset[str] | None = None) -> Samples:
        """Somebody who reads those of all links, or of these (pubkeys)."""
