"""What measures are asked for: a time, a grouping, and whether cancelled incidents count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, TypeVar, assert_never
from urllib.parse import urlencode

from tocsin.core.measures import Grouping
from tocsin.core.words import UnknownWord, parse_word
from tocsin.projections.measures import LONGEST
from tocsin.web.dashboard.addresses import MEASURES
from tocsin.web.dashboard.visits import Fields, Filled
from tocsin.web.pictures.series import Grain

W = TypeVar("W", bound=StrEnum)
PRESETS: Final = {7: "7 days", 30: "30 days", 90: "90 days", 365: "1 year"}
UNLESS_GIVEN: Final = 30
_DAY: Final = timedelta(days=1)
_FIRST: Final = date(1970, 1, 1)
_LAST: Final = date(2999, 12, 31)
_FEW_DAYS: Final = 45
_FEW_WEEKS: Final = 200
FIELDS: Final = ("from", "to", "days", "group_by", "cancelled", "format", "figure")


class By(StrEnum):
    """What times are told apart by, beside the course of time."""

    SEVERITY = "severity"
    SERVICE = "service"
    CONTRIBUTOR = "contributor"
    ROOT_CAUSE = "root_cause"
    STATUS = "status"

    @property
    def grouping(self) -> Grouping:
        """The same in the words of measures."""
        return Grouping(self.value)

    @property
    def words(self) -> str:
        """In words, within a sentence."""
        return "cause" if self is By.ROOT_CAUSE else self.value


class Figure(StrEnum):
    """A part of the page that is there as CSV."""

    ALL = "all"
    TIMES = "times"
    SEVERITY = "severity"
    SERVICE = "service"
    CONTRIBUTOR = "contributor"
    ROOT_CAUSE = "root_cause"
    GROUPS = "groups"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for: whole days of UTC from ``first`` to ``last``, both included.

    ``days`` is the preset, None for days that were chosen. ``figure`` is what is wanted as CSV,
    None for the page.
    """

    first: date
    last: date
    days: int | None
    by: By
    cancelled: bool
    figure: Figure | None

    @property
    def begin(self) -> datetime:
        """The instant at which it begins."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The instant at which it ends."""
        return _midnight(self.last + _DAY)

    @property
    def length(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def grain(self) -> Grain:
        """How long a period of its charts is."""
        if self.length <= _FEW_DAYS:
            return Grain.DAY
        return Grain.WEEK if self.length <= _FEW_WEEKS else Grain.MONTH

    @property
    def periods(self) -> tuple[date, ...]:
        """The first days of the periods of its charts."""
        found = [period_of(self.first, self.grain)]
        while (after := _after(found[-1], self.grain)) <= self.last:
            found.append(after)
        return tuple(found)

    def address(self, **changed: str | None) -> str:
        """The address of the same with some fields *changed*; None leaves one out."""
        fields: dict[str, str | None] = {
            "days": None if self.days is None else str(self.days),
            "from": self.first.isoformat() if self.days is None else None,
            "to": self.last.isoformat() if self.days is None else None,
            "group_by": self.by.value,
            "cancelled": "on" if self.cancelled else None,
        }
        pairs = [(name, value) for name, value in (fields | changed).items() if value]
        return f"{MEASURES}?{urlencode(pairs)}"


def asked_in(fields: Fields, *, today: date) -> tuple[Asked, Filled]:
    """What the address asks for, and its form; what cannot be read stands in the form's errors."""
    errors: dict[str, str] = {}
    for name in fields:
        if name not in FIELDS:
            known = ", ".join(FIELDS[:5])
            errors["other"] = f"“{name[:40]}” narrows nothing here; there are {known}."
    days = _days(_one(fields, "days"), errors)
    chosen = bool(_one(fields, "from") or _one(fields, "to"))
    last = _day(fields, "to", errors) or today
    first = _day(fields, "from", errors) or last - ((days or UNLESS_GIVEN) - 1) * _DAY
    if chosen and not errors:
        if first > last:
            errors["from"] = "This must not be after the last day."
        elif (last - first).days + 1 > LONGEST.days:
            errors["to"] = f"At most {LONGEST.days} days at once; look at one part after another."
    if errors:
        first, last = today - (UNLESS_GIVEN - 1) * _DAY, today
    asked = Asked(
        first=first,
        last=last,
        days=None if chosen else days or UNLESS_GIVEN,
        by=_word(By, By.SEVERITY, _one(fields, "group_by"), "group_by", errors),
        cancelled="cancelled" in fields,
        figure=_figure(fields, errors),
    )
    typed = {
        "from": (asked.first.isoformat(),),
        "to": (asked.last.isoformat(),),
        "group_by": (asked.by.value,),
        **fields,
    }
    return asked, Filled(form=MEASURES, typed=typed, errors=errors)


def before(asked: Asked) -> tuple[datetime, datetime]:
    """The time of the same length just before."""
    return asked.begin - asked.length * _DAY, asked.begin


def period_of(day: date, grain: Grain) -> date:
    """The first day of the period that *day* lies in."""
    match grain:
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day - day.weekday() * _DAY
        case Grain.MONTH:
            return day.replace(day=1)
        case _:
            assert_never(grain)


def _after(period: date, grain: Grain) -> date:
    """The first day of the next period."""
    match grain:
        case Grain.DAY:
            return period + _DAY
        case Grain.WEEK:
            return period + 7 * _DAY
        case Grain.MONTH:
            return (period + 31 * _DAY).replace(day=1)
        case _:
            assert_never(grain)


def period_key(period: date, grain: Grain) -> str:
    """The key of a period as measures group by it: ``2026-11-21``, ``2026-W47``, ``2026-11``."""
    match grain:
        case Grain.DAY:
            return period.isoformat()
        case Grain.WEEK:
            year, week, _ = period.isocalendar()
            return f"{year:04}-W{week:02}"
        case Grain.MONTH:
            return period.isoformat()[:7]
        case _:
            assert_never(grain)


def _one(fields: Fields, name: str) -> str:
    return fields.get(name, ("",))[-1].strip()


def _days(text: str, errors: dict[str, str]) -> int | None:
    if not text:
        return None
    if text not in map(str, PRESETS):
        errors["days"] = (
            f"Choose {_either(map(str, PRESETS))} days, or name the first and the last."
        )
        return None
    return int(text)


def _day(fields: Fields, name: str, errors: dict[str, str]) -> date | None:
    text = _one(fields, name)
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not _FIRST <= found <= _LAST:
        errors[name] = "Write a day like 2026-11-21."
        return None
    return found


def _figure(fields: Fields, errors: dict[str, str]) -> Figure | None:
    form = _one(fields, "format")
    if form not in ("", "csv", "html"):
        errors["format"] = "It comes as csv, or as this page."
    figure = _word(Figure, Figure.ALL, _one(fields, "figure"), "figure", errors)
    return figure if form == "csv" else None


def _word(words: type[W], otherwise: W, text: str, name: str, errors: dict[str, str]) -> W:
    if not text:
        return otherwise
    try:
        return parse_word(words, text, field=name)
    except UnknownWord:
        errors[name] = f"Choose {_either(one.value for one in words)}."
        return otherwise


def _either(words: Iterable[str]) -> str:
    *some, last = words
    return f"{', '.join(some)} or {last}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
