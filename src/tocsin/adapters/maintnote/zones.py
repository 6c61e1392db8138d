"""Local times of calendars as instants: by the name of the zone, or by the calendar's own rules.

A zone is taken from the system's table where the name is in it, else from the ``VTIMEZONE`` that
came along. Of the rules that such a block may hold, those of real zones are followed (a day of a
month, once a year), and looked at for two years only: whoever wrote them does not decide what
reading them costs.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tocsin.adapters.maintnote.lines import Line
from tocsin.core.ingestion import Unreadable
from tocsin.core.ticket_reading import EARLIEST, LATEST

UTC_NAMES: Final = frozenset({"utc", "gmt", "z", "etc/utc", "etc/gmt", "zulu"})
MOST_OBSERVANCES: Final = 100
"""Of one zone: a change of the clock each half year, for fifty years."""

_MOMENT = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ]([0-9]{2}):?([0-9]{2}):?([0-9]{2})? ?(Z?))?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})?")
_IANA = re.compile(r"(?:[A-Za-z0-9_+-]{1,32}/){0,2}[A-Za-z0-9_+-]{1,32}\Z")
_WEEKDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyRule:
    """Once a year: in *month*, the *nth* of a *weekday* (Monday is 0; from the end where negative),
    or the first such weekday on or after *day*."""

    month: int
    weekday: int
    nth: int | None = None
    day: int = 1
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observance:
    """From *starts* on, in local time, clocks go by *offset*; before it they went by *before*."""

    starts: datetime
    offset: timedelta
    before: timedelta
    rule: YearlyRule | None = None


Zones = Mapping[str, Sequence[Observance]]
"""The zones that a calendar defines, by their ``TZID``; an empty one has rules that no real zone
has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant; *whole_day* where only the day was said: the start of it."""

    at: datetime
    whole_day: bool = False


def moment(line: Line, zones: Zones) -> Moment:
    """The instant that a ``DTSTART``, ``DTEND`` or ``DTSTAMP`` names.

    A time without a zone is taken as UTC, as the practice of these notices asks for it; a day
    begins at midnight in the zone it names, or in UTC.

    Raises:
        Unreadable: another shape, no such day, outside the years 2000 to 2199, or in a zone that
            neither the system nor the calendar knows.
    """
    shape = _MOMENT.fullmatch(line.value)
    if shape is None:
        raise Unreadable(f"{line.name} is not a time such as 20261120T093000Z")
    local = _local(shape, name=line.name)
    zone = line.parameters.get("TZID", "").strip()
    if zone and not shape[7]:
        at = _in_utc(local, zone=zone, zones=zones)
    else:
        at = local.replace(tzinfo=UTC)
    if not EARLIEST <= at < LATEST:
        raise Unreadable(f"{line.name} lies outside the years 2000 to 2199")
    return Moment(at=at, whole_day=shape[4] is None)


def _local(shape: re.Match[str], *, name: str) -> datetime:
    year, month, day, hour, minute, second = (int(shape[part] or 0) for part in range(1, 7))
    try:
        # A leap second is told as the second before it.
        return datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001
    except ValueError:
        raise Unreadable(f"{name} names no day or hour that there is") from None


def _in_utc(local: datetime, *, zone: str, zones: Zones) -> datetime:
    if zone.lower() in UTC_NAMES:
        return local.replace(tzinfo=UTC)
    if not EARLIEST.year < local.year < LATEST.year - 1:
        raise Unreadable("a time lies outside the years 2001 to 2198 in its zone")
    known = _known(zone)
    if known is not None:
        return local.replace(tzinfo=known).astimezone(UTC)
    observances = zones.get(zone)
    if not observances:
        raise Unreadable("a time is in a zone that neither we nor the calendar know the rules of")
    return (local - _offset_at(local, observances)).replace(tzinfo=UTC)


def _known(name: str) -> ZoneInfo | None:
    """The system's zone of that name, also behind the prefix of some maker's own."""
    found = _IANA.search(name)
    if found is None:
        return None
    parts = found[0].split("/")
    for start in range(len(parts)):
        try:
            return ZoneInfo("/".join(parts[start:]))
        except (KeyError, ValueError, OSError):
            # OSError: the name of a folder of zones, such as "Europe".
            continue
    return None


def _offset_at(local: datetime, observances: Sequence[Observance]) -> timedelta:
    begun = [
        (onset, observance.offset)
        for observance in observances
        for onset in _onsets(observance, years=(local.year - 1, local.year))
        if onset <= local
    ]
    if not begun:
        return min(observances, key=lambda one: one.starts).before
    return max(begun)[1]


def _onsets(observance: Observance, *, years: Iterable[int]) -> Iterable[datetime]:
    yield observance.starts
    rule = observance.rule
    if rule is None:
        return
    for year in years:
        day = _day(rule, year)
        if rule.until is not None and day > rule.until:
            continue
        onset = datetime.combine(day, observance.starts.time())
        if onset > observance.starts:
            yield onset


def _day(rule: YearlyRule, year: int) -> date:
    first, length = monthrange(year, rule.month)
    if rule.nth is None:
        from_day = min(rule.day, length)
        ahead = (rule.weekday - date(year, rule.month, from_day).weekday()) % 7
        return date(year, rule.month, from_day) + timedelta(days=ahead)
    day = 1 + (rule.weekday - first) % 7
    in_month = range(day, length + 1, 7)
    # A fifth one that a month does not have is its last, or its first from the end.
    index = min(rule.nth, len(in_month)) - 1 if rule.nth > 0 else max(rule.nth, -len(in_month))
    return date(year, rule.month, in_month[index])


def observance(properties: Mapping[str, Sequence[Line]]) -> Observance | None:
    """What a ``STANDARD`` or ``DAYLIGHT`` block says; None where it is none that a zone has."""
    starts, offset, before = (
        properties.get(name, ()) for name in ("DTSTART", "TZOFFSETTO", "TZOFFSETFROM")
    )
    if len(starts) != 1 or len(offset) != 1:
        return None
    shape = _MOMENT.fullmatch(starts[0].value)
    width = _offset(offset[0].value)
    earlier = _offset(before[0].value) if before else width
    if shape is None or width is None or earlier is None:
        return None
    try:
        local = _local(shape, name="DTSTART")
    except Unreadable:
        return None
    if "RDATE" in properties:
        return None
    rules = properties.get("RRULE", ())
    rule = _rule(rules[0].value, starts=local) if rules else None
    if rules and rule is None:
        return None
    return Observance(starts=local, offset=width, before=earlier, rule=rule)


def _offset(text: str) -> timedelta | None:
    shape = _OFFSET.fullmatch(text)
    if shape is None or int(shape[2]) > 23:
        return None
    width = timedelta(hours=int(shape[2]), minutes=int(shape[3]), seconds=int(shape[4] or 0))
    return -width if shape[1] == "-" else width


def _rule(text: str, *, starts: datetime) -> YearlyRule | None:
    """A rule of a real zone, or None: yearly, by month and weekday."""
    parts = {
        name.strip().upper(): value.strip().upper()
        for name, _, value in (piece.partition("=") for piece in text.split(";"))
    }
    until = _MOMENT.fullmatch(parts.pop("UNTIL", "")) if "UNTIL" in parts else None
    interval, frequency = parts.pop("INTERVAL", "1"), parts.pop("FREQ", "")
    parts.pop("WKST", None)
    month = parts.pop("BYMONTH", str(starts.month))
    weekday = _WEEKDAY.fullmatch(parts.pop("BYDAY", ""))
    days = parts.pop("BYMONTHDAY", "1").split(",")[0]
    if parts or frequency != "YEARLY" or interval != "1" or weekday is None:
        return None
    if not (_is_between(month, 1, 12) and _is_between(days, 1, 31)):
        return None
    try:
        last = None if until is None else _local(until, name="UNTIL").date()
    except Unreadable:
        return None
    return YearlyRule(
        month=int(month),
        weekday=_WEEKDAYS.index(weekday[2]),
        nth=None if weekday[1] is None else int(weekday[1]),
        day=int(days),
        until=last,
    )


def _is_between(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2 and least <= int(text) <= most
