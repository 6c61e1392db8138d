"""Times that are asked for, and of those the ones in which nothing is planned. All in UTC."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from tocsin.web.pictures.calendar import Free, Window, free

_DAY: Final = timedelta(days=1)
_MINUTES: Final = 1440
_ALL_DAYS: Final = frozenset(range(7))
_PART: Final = re.compile(
    r"(\d{1,5})\s*(days?|d|hours?|h|minutes?|min|m)", re.ASCII | re.IGNORECASE
)
_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d)", re.ASCII)
_HOURS: Final = re.compile(
    r"(\d{1,2})(?::([0-5]\d))?\s*(?:-|–|to)\s*(\d{1,2})(?::([0-5]\d))?", re.ASCII
)
_STEP: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours of a day, in minutes; those of a night end on the day after."""

    start: int = 0
    end: int = _MINUTES

    @property
    def lasting(self) -> int:
        """How long they are, in minutes."""
        return self.end - self.start if self.end > self.start else self.end + _MINUTES - self.start


def length_in(text: str) -> timedelta | None:
    """A length as people write it: ``2h``, ``90 min``, ``1 h 30 min``, ``1:30``, and a bare number
    as minutes; None where it is none, or nothing."""
    text = text.strip()
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return timedelta(hours=int(clock[1]), minutes=int(clock[2])) or None
    if text.isascii() and text.isdigit() and len(text) < 6:
        return timedelta(minutes=int(text)) or None
    if _PART.sub("", text).strip():
        return None
    found = timedelta()
    for number, unit in _PART.findall(text):
        match unit[0].lower():
            case "d":
                found += timedelta(days=int(number))
            case "h":
                found += timedelta(hours=int(number))
            case _:
                found += timedelta(minutes=int(number))
    return found or None


def hours_in(text: str) -> Hours | None:
    """Hours of a day as people write them: ``22-6``, ``22:00-05:30``; None where it is none."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        return None
    start = int(found[1]) * 60 + int(found[2] or 0)
    end = int(found[3]) * 60 + int(found[4] or 0)
    if start >= _MINUTES or end > _MINUTES or start == end:
        return None
    return Hours(start=start, end=end)


def asked_for(
    *, since: datetime, until: datetime, hours: Hours, weekdays: Collection[int]
) -> tuple[Free, ...]:
    """The times between *since* and *until* at these *hours* of these *weekdays* (0 is Monday, none
    means all); a night is one of the day on which it begins. Times that meet are one."""
    days = weekdays or _ALL_DAYS
    found: list[Free] = []
    midnight = datetime.combine(since.date(), time(), tzinfo=UTC) - _DAY
    while midnight < until:
        if midnight.weekday() in days:
            start = max(since, midnight + timedelta(minutes=hours.start))
            end = min(until, midnight + timedelta(minutes=hours.start + hours.lasting))
            if start < end:
                if found and found[-1].end >= start:
                    start = found.pop().start
                found.append(Free(start=start, end=end))
        midnight += _DAY
    return tuple(found)


def between(times: Sequence[Free], *, since: datetime, until: datetime) -> tuple[Free, ...]:
    """What lies between *times*, which are in order, from *since* to *until*."""
    found = []
    at = since
    for one in times:
        if one.start > at:
            found.append(Free(start=at, end=one.start))
        at = one.end
    if at < until:
        found.append(Free(start=at, end=until))
    return tuple(found)


def openings(
    taken: Iterable[Window], times: Iterable[Free], *, lasting: timedelta
) -> tuple[Free, ...]:
    """The parts of *times* without any of *taken* that last so long at least. They begin at a full
    five minutes."""
    windows = tuple(taken)
    found = []
    for one in times:
        for gap in free(windows, since=one.start, until=one.end, lasting=lasting):
            start = rounded_up(gap.start)
            if gap.end - start >= lasting:
                found.append(Free(start=start, end=gap.end))
    return tuple(found)


def rounded_up(at: datetime) -> datetime:
    """*at*, or the next full five minutes."""
    past = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at + (_STEP - past) if past else at
