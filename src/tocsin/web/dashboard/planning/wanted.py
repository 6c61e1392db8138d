"""What the planner is asked: its form, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tocsin.core.instants import from_text
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.forms import Choice, Field, Kind, body
from tocsin.web.dashboard.planning.naming import Chosen, chosen_assets, not_there
from tocsin.web.dashboard.planning.openings import Hours, hours_in, length_in, rounded_up
from tocsin.web.dashboard.visits import Fields, FieldsWrong

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_ASSETS: Final = 100
LONGEST_SPAN: Final = timedelta(days=92)
LONGEST_WORK: Final = timedelta(days=31)
LENGTH: Final = "2h"
_AHEAD: Final = timedelta(days=14)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2999, 1, 1, tzinfo=UTC)

SPECS: Final = (
    Field(
        name="devices",
        label="Devices",
        kind=Kind.LISTED,
        suggest="device",
        longest=4_000,
        hint="Codes, with commas between.",
    ),
    Field(
        name="links",
        label="Links",
        kind=Kind.LISTED,
        suggest="link",
        longest=4_000,
        hint="Codes, with commas between.",
    ),
    Field(
        name="length",
        label="Length of the work",
        required=True,
        longest=40,
        hint="As 2h, 90 min or 1 h 30 min.",
    ),
    Field(name="from", label="Not before", kind=Kind.INSTANT, hint="In UTC."),
    Field(name="to", label="Over by", kind=Kind.INSTANT, hint="In UTC, at most 92 days later."),
    Field(
        name="hours",
        label="Quiet hours",
        longest=20,
        hint="In UTC, as 22:00-06:00; empty for all day.",
    ),
    Field(
        name="weekdays",
        label="Days on which work begins",
        kind=Kind.SEVERAL,
        hint="None chosen: any day. A night counts to the day on which it begins.",
        choices=tuple(Choice(value=day[:3].lower(), text=day[:3]) for day in WEEKDAYS),
    ),
)
_BY_DAY: Final = {day[:3].lower(): number for number, day in enumerate(WEEKDAYS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The form, read."""

    chosen: Chosen
    lasting: timedelta
    since: datetime
    until: datetime
    hours: Hours
    weekdays: frozenset[int]


def untouched(at: datetime) -> Fields:
    """An untouched form: two hours in the next two weeks."""
    start = rounded_up(at)
    return as_typed(length=LENGTH, since=start, until=start + _AHEAD)


def as_typed(*, length: str, since: datetime, until: datetime) -> dict[str, tuple[str, ...]]:
    """Length and time as the form holds them."""
    return {
        "length": (length,),
        "from": (f"{since:%Y-%m-%dT%H:%M}",),
        "to": (f"{until:%Y-%m-%dT%H:%M}",),
    }


def read_wanted(
    turn: ReadTurn, org_id: int, fields: Fields, errors: dict[str, str], *, at: datetime
) -> Wanted | None:
    """The form as it is meant; *errors* are told what cannot be read, by field."""
    read: Mapping[str, object] = {}
    try:
        read = body(SPECS, fields)
    except FieldsWrong as wrong:
        errors.update(wrong.errors)
    devices, links = _names(read.get("devices")), _names(read.get("links"))
    if len(devices) + len(links) > MOST_ASSETS:
        errors["devices"] = f"Choose at most {MOST_ASSETS} devices and links at once."
        return None
    chosen = chosen_assets(turn, org_id, devices=devices, links=links)
    for sort, field in (("device", "devices"), ("link", "links")):
        if chosen.missing[sort]:
            errors[field] = not_there(sort, chosen.missing[sort])
    if not devices and not links:
        errors["devices"] = "Choose a device or a link; for others every time is free."
    lasting = length_in(str(read.get("length", LENGTH)))
    if lasting is None or lasting > LONGEST_WORK:
        errors["length"] = f"Write a length as 2h or 90 min, at most {LONGEST_WORK.days} days."
    hours = _hours(read.get("hours"), errors)
    weekdays = _weekdays(_names(read.get("weekdays")), errors)
    since, until = _span(read, errors, at=at)
    if lasting is not None and not errors and hours.lasting < 24 * 60:
        longest = timedelta(minutes=hours.lasting)
        if lasting > longest:
            errors["hours"] = "The quiet hours are shorter than the work."
    if errors or lasting is None:
        return None
    return Wanted(
        chosen=chosen, lasting=lasting, since=since, until=until, hours=hours, weekdays=weekdays
    )


def _names(value: object) -> list[str]:
    return list(dict.fromkeys(map(str, value))) if isinstance(value, list) else []


def _hours(value: object, errors: dict[str, str]) -> Hours:
    if value is None:
        return Hours()
    hours = hours_in(str(value))
    if hours is None:
        errors["hours"] = "Write hours of the day in UTC, as 22:00-06:00."
    return hours or Hours()


def _weekdays(names: Sequence[str], errors: dict[str, str]) -> frozenset[int]:
    unknown = [name for name in names if name not in _BY_DAY]
    if unknown:
        errors["weekdays"] = f"The days are {', '.join(_BY_DAY)}."
    return frozenset(_BY_DAY[name] for name in names if name in _BY_DAY)


def _span(
    read: Mapping[str, object], errors: dict[str, str], *, at: datetime
) -> tuple[datetime, datetime]:
    """From when until when; never in the past."""
    start = _instant(read, "from", otherwise=at)
    if not _FIRST <= start < _LAST:
        errors["from"] = "Choose a time between now and the year 2999."
        start = at
    since = rounded_up(max(start, at))
    until = _instant(read, "to", otherwise=since + _AHEAD)
    if "from" in errors or "to" in errors:
        return since, until
    if not since < until < _LAST:
        errors["to"] = "This must be later than the beginning, and than now."
    elif until - since > LONGEST_SPAN:
        errors["to"] = f"Look at {LONGEST_SPAN.days} days at most, and then at the next ones."
    return since, until


def _instant(read: Mapping[str, object], name: str, *, otherwise: datetime) -> datetime:
    value = read.get(name)
    return otherwise if value is None else from_text(str(value))
