"""Which minutes something was heard in: a bitmap per device, kept between rounds (Provisioning:
rules of evidence).

A gap is not a zero. A minute is covered by any sample of the device; those of single counters may
be rare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.windows import Window, minute_of

MOST_NAMED: Final = 5
"""Gaps that a sentence names; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """The minutes of ``window`` that are marked: bit *n* of ``bits`` is its minute *n*."""

    window: Window
    bits: int = 0

    @property
    def count(self) -> int:
        """How many are marked."""
        return self.bits.bit_count()

    def __contains__(self, at: datetime) -> bool:
        return at in self.window and bool(
            self.bits >> ((minute_of(at) - self.window.start) // MINUTE) & 1
        )


def marked(window: Window, instants: Iterable[datetime]) -> Minutes:
    """The minutes of *window* that the *instants* fall in; those outside are left out."""
    bits = 0
    for at in instants:
        if at in window:
            bits |= 1 << (at - window.start) // MINUTE
    return Minutes(window=window, bits=bits)


def within(minutes: Minutes, window: Window) -> Minutes:
    """What *minutes* says about *window*; a minute that it says nothing about is not marked."""
    offset = (window.start - minutes.window.start) // MINUTE
    bits = minutes.bits >> offset if offset >= 0 else minutes.bits << -offset
    return Minutes(window=window, bits=bits & ((1 << window.minutes) - 1))


def merged(kept: Minutes, new: Minutes, *, window: Window) -> Minutes:
    """What both say about *window*, which is where the next round begins; a minute that is marked
    in one is marked."""
    return Minutes(window=window, bits=within(kept, window).bits | within(new, window).bits)


def missing(minutes: Minutes, window: Window) -> tuple[datetime, ...]:
    """The minutes of *window* that are not marked, oldest first."""
    gaps = within(minutes, window).bits ^ ((1 << window.minutes) - 1)
    found = []
    while gaps:
        lowest = gaps & -gaps
        found.append(window.start + (lowest.bit_length() - 1) * MINUTE)
        gaps ^= lowest
    return tuple(found)


def turned_at(minutes: Minutes, *, length: int, allowed: int) -> datetime | None:
    """The end of the first of those windows of *length* minutes that are all, until the end of
    *minutes*, on the same side: at most *allowed* minutes without a mark, or more; None when it was
    so for as long as *minutes* tells."""
    whole = minutes.window.minutes
    gaps = minutes.bits ^ ((1 << whole) - 1)
    count = (gaps >> max(whole - length, 0)).bit_count()
    few = count <= allowed
    for end in range(whole, length, -1):
        count += (gaps >> (end - 1 - length) & 1) - (gaps >> (end - 1) & 1)
        if (count <= allowed) is not few:
            return minutes.window.start + end * MINUTE
    return None


def named_minutes(minutes: tuple[datetime, ...]) -> str:
    """*minutes*, oldest first, as a sentence has them: ``2026-11-20 09:14–09:21``, each run so."""
    runs: list[tuple[datetime, datetime]] = []
    for at in minutes:
        if runs and at - runs[-1][1] == MINUTE:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    shown = [_run(first, last) for first, last in runs[:MOST_NAMED]]
    if len(runs) > MOST_NAMED:
        shown.append(f"{len(runs) - MOST_NAMED} more")
    return ", ".join(shown)


def _run(first: datetime, last: datetime) -> str:
    begins = f"{first:%Y-%m-%d %H:%M}"
    if first == last:
        return begins
    same_day = first.date() == last.date()
    return f"{begins}–{last:%H:%M}" if same_day else f"{begins} – {last:%Y-%m-%d %H:%M}"
