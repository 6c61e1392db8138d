"""Stretches of whole minutes, and the burn-in that applies (Provisioning: link, rules of
evidence)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tocsin.core.instants import MINUTE

MINUTES_OF_A_DAY: Final = 24 * 60


def minute_of(at: datetime) -> datetime:
    """The beginning of the minute that *at* is in."""
    return at.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The minutes from ``start`` until before ``end``; both begin a minute.

    Raises:
        ValueError: one of them is no beginning of a minute, or ``end`` is before ``start``.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if minute_of(self.start) != self.start or minute_of(self.end) != self.end:
            raise ValueError("a window begins and ends with a minute")
        if self.end < self.start:
            raise ValueError("a window ends after it begins")

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    @property
    def minutes(self) -> int:
        """How many minutes it has."""
        return (self.end - self.start) // MINUTE

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


def latest_window(*, at: datetime, minutes: int) -> Window:
    """The last *minutes* whole minutes that are over *at* that instant."""
    end = minute_of(at)
    return Window(start=end - minutes * MINUTE, end=end)


def burn_in_minutes(
    *, activated_before: bool, burn_in_hours: int, reactivation_burn_in_minutes: int
) -> int:
    """How long it has to show itself: the policy's hours before a first activation, its minutes
    after a drain and after errors in service; at least one minute."""
    wanted = reactivation_burn_in_minutes if activated_before else burn_in_hours * 60
    return max(wanted, 1)


def missing_allowed(*, minutes: int, missing_minutes: int) -> int:
    """How many whole minutes may be missing in a window of *minutes*: *missing_minutes* is for
    24 h, a shorter or longer window has its share, and the fraction of a minute is no minute."""
    return missing_minutes * minutes // MINUTES_OF_A_DAY


def stretches(whole: Window, *, minutes: int) -> Iterator[Window]:
    """*whole* in pieces of at most *minutes*, oldest first, for sources that shall not be asked for
    a day at once."""
    start = whole.start
    while start < whole.end:
        end = min(start + minutes * MINUTE, whole.end)
        yield Window(start=start, end=end)
        start = end
