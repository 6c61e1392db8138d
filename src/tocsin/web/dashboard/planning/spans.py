"""Which days a calendar shows: a month, a week or the next weeks, and where one goes from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, assert_never

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
AGENDA_DAYS: Final = 28
_EARLIEST: Final = date(1970, 1, 1)
_LATEST: Final = date(2999, 12, 31)


class View(StrEnum):
    """How much of the calendar is shown."""

    MONTH = "month"
    WEEK = "week"
    AGENDA = "agenda"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The days that a *view* shows: ``days`` from ``first`` on; ``before`` and ``after`` are days
    of what comes before and after it, as an address says them, None at the ends of the calendar.
    """

    view: View
    first: date
    days: int
    title: str
    before: str | None
    after: str | None

    @property
    def since(self) -> datetime:
        """The instant at which it begins."""
        return datetime.combine(self.first, time(), tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """The instant at which it ends."""
        return self.since + self.days * _DAY


def day_in(text: str) -> date | None:
    """The day that an address says, as ``2026-11``, ``2026-11-21`` or ``2026-W47``; None where it
    says none between 1970 and 2999."""
    try:
        if len(text) == len("2026-11"):
            text = f"{text}-01"
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _EARLIEST <= found <= _LATEST else None


def shown(view: View, day: date) -> Shown:
    """What *view* shows around *day*; the agenda begins with it."""
    match view:
        case View.MONTH:
            first = day.replace(day=1)
            after = (first + 31 * _DAY).replace(day=1)
            return Shown(
                view=view,
                first=first,
                days=(after - first).days,
                title=f"{first:%B %Y}",
                before=_within(first - _DAY, month=True),
                after=_within(after, month=True),
            )
        case View.WEEK:
            first = day - timedelta(days=day.weekday())
            year, week, _ = first.isocalendar()
            last = first + (_WEEK - 1) * _DAY
            return Shown(
                view=view,
                first=first,
                days=_WEEK,
                title=f"Week {week} of {year}, {_short(first)} – {_short(last)} {last.year}",
                before=_within(first - _WEEK * _DAY),
                after=_within(first + _WEEK * _DAY),
            )
        case View.AGENDA:
            last = day + (AGENDA_DAYS - 1) * _DAY
            return Shown(
                view=view,
                first=day,
                days=AGENDA_DAYS,
                title=f"{_short(day)} – {_short(last)} {last.year}",
                before=_within(day - AGENDA_DAYS * _DAY),
                after=_within(day + AGENDA_DAYS * _DAY),
            )
        case _:
            assert_never(view)


def day_words(day: date) -> str:
    """A day as the head of a list: ``Sat 21 November``."""
    return f"{day:%a} {day.day} {day:%B}"


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _within(day: date, *, month: bool = False) -> str | None:
    if not _EARLIEST <= day <= _LATEST:
        return None
    return day.isoformat()[:7] if month else day.isoformat()
