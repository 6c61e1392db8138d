"""The calendar of maintenance: a month, a week or an agenda over all contributors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from markupsafe import Markup

from tocsin.core.words import UnknownWord, parse_word
from tocsin.handler.admission import Admission
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.addresses import MAINTENANCE
from tocsin.web.dashboard.forms import Field, Kind
from tocsin.web.dashboard.planning.entries import Clash, Entries, Entry, entries_between
from tocsin.web.dashboard.planning.naming import (
    contributor_called,
    device_called,
    link_called,
    links_on,
    not_there,
    service_called,
)
from tocsin.web.dashboard.planning.spans import Shown, View, day_in, day_words, shown
from tocsin.web.dashboard.visits import Fields, Filled
from tocsin.web.pictures.calendar import agenda, month, week
from tocsin.web.pictures.months import MOST_LANES, month_grid
from tocsin.web.pictures.weeks import week_pictures

FILTERS: Final = (
    Field(name="contributor", label="Contributor", suggest="contributor"),
    Field(name="service", label="Service", suggest="service"),
    Field(name="device", label="Device", suggest="device"),
    Field(name="link", label="Link", suggest="link"),
    Field(name="cancelled", label="Cancelled ones too", kind=Kind.FLAG),
)
_KEPT: Final = tuple(spec.name for spec in FILTERS)
_WEEK: Final = 7
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one goes from here: a view's or a time's name, and its address."""

    text: str
    address: str
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry in a day of the list; what does not begin in it goes on from the day before."""

    entry: Entry
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of the list."""

    day: date
    text: str
    today: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two maintenances in each other's way."""

    one: Entry
    other: Clash


@dataclass(frozen=True, slots=True, kw_only=True)
class Almanac:
    """The calendar as a page shows it. ``filled`` are the filters, with what cannot be read.

    ``whole`` unless there is more than a page shows; ``filtered`` is whether anything is left out.
    ``feed`` is the address of the same as a calendar file, behind the server's own.
    """

    shown: Shown
    at: str
    filled: Filled
    picture: Markup
    days: tuple[Day, ...]
    pairs: tuple[Pair, ...]
    whole: bool
    count: int
    filtered: bool
    views: tuple[Place, ...]
    before: str | None
    today: str
    after: str | None
    feed: str


def almanac(turn: ReadTurn, admitted: Admission, fields: Fields, *, at: datetime) -> Almanac:
    """The calendar that the address asks for; *at* is now."""
    errors: dict[str, str] = {}
    view = _view(_one(fields, "view"), errors)
    day = _day(_one(fields, "at"), errors, today=at.date())
    span = shown(view, day)
    terms = _terms(turn, admitted.org_id, fields, errors)
    found = Entries(entries=(), whole=True)
    if not errors:
        first, last = _grid(span)
        found = entries_between(
            turn,
            admitted.org_id,
            since=span.since - (span.first - first),
            until=span.until + (last - (span.first + span.days * _DAY)),
            terms=terms,
            cancelled="cancelled" in fields,
            at=at,
        )
    listed = tuple(
        entry for entry in found.entries if entry.start < span.until and entry.end > span.since
    )
    kept = [(name, value) for name in _KEPT for value in fields.get(name, ())]
    return Almanac(
        shown=span,
        at=_one(fields, "at"),
        filled=Filled(form=MAINTENANCE, typed=fields, errors=errors),
        picture=_picture(found, span, today=at.date()),
        days=_days(listed, span, today=at.date()),
        pairs=_pairs(listed),
        whole=found.whole,
        count=len(listed),
        filtered=bool(kept),
        views=tuple(
            Place(
                text=one.value.capitalize(),
                address=_address(one, _around(span, one, today=at.date()), kept),
                here=one is view,
            )
            for one in View
        ),
        before=None if span.before is None else _address(view, span.before, kept),
        today=_address(view, None, kept),
        after=None if span.after is None else _address(view, span.after, kept),
        feed=_feed(admitted.org.code, fields),
    )


def _one(fields: Fields, name: str) -> str:
    return fields.get(name, ("",))[-1].strip()


def _view(text: str, errors: dict[str, str]) -> View:
    if not text:
        return View.MONTH
    try:
        return parse_word(View, text, field="view")
    except UnknownWord:
        errors["view"] = "The view is month, week or agenda."
        return View.MONTH


def _day(text: str, errors: dict[str, str], *, today: date) -> date:
    if not text:
        return today
    day = day_in(text)
    if day is None:
        errors["at"] = "Write a month like 2026-11 or a day like 2026-11-21."
    return day or today


def _grid(span: Shown) -> tuple[date, date]:
    """From which day on and up to which day the picture shows: a month is shown in whole weeks."""
    end = span.first + span.days * _DAY
    if span.view is not View.MONTH:
        return span.first, end
    return span.first - timedelta(days=span.first.weekday()), end + timedelta(
        days=-end.weekday() % _WEEK
    )


def _terms(
    turn: ReadTurn, org_id: int, fields: Fields, errors: dict[str, str]
) -> tuple[frozenset[str], ...]:
    """What is filtered by as terms: of each group any, of all groups every one.

    A device brings the links that end on it, a link the devices at both its ends.
    """
    groups: list[set[str]] = []
    if name := _one(fields, "contributor"):
        who = contributor_called(turn, org_id, name)
        if who is None:
            errors["contributor"] = not_there("contributor", [name])
        else:
            groups.append({f"created_by_contributor={who.id}", f"affects_contributor={who.id}"})
    if name := _one(fields, "service"):
        service = service_called(turn, org_id, name)
        if service is None:
            errors["service"] = not_there("service", [name])
        else:
            groups.append({f"service={service.code}"})
    if name := _one(fields, "device"):
        device = device_called(turn, org_id, name)
        if device is None:
            errors["device"] = not_there("device", [name])
        else:
            ending = (f"link={link.pubkey}" for link in links_on(turn, org_id, device))
            groups.append({f"device={device.pubkey}", *ending})
    if name := _one(fields, "link"):
        link = link_called(turn, org_id, name)
        if link is None:
            errors["link"] = not_there("link", [name])
        else:
            sides = (f"device={one.device}" for one in (link.side_a, link.side_z))
            groups.append({f"link={link.pubkey}", *sides})
    return tuple(frozenset(group) for group in groups)


def _picture(found: Entries, span: Shown, *, today: date) -> Markup:
    match span.view:
        case View.MONTH:
            return month_grid(
                month(
                    found.windows,
                    year=span.first.year,
                    number=span.first.month,
                    most_lanes=MOST_LANES,
                    met=found.met,
                ),
                today=today,
            )
        case View.WEEK:
            return week_pictures(week(found.windows, monday=span.first, met=found.met), name="week")
        case View.AGENDA:
            return Markup("")


def _days(listed: Iterable[Entry], span: Shown, *, today: date) -> tuple[Day, ...]:
    """The days that have anything. What began before the first of them begins there."""
    by_ref = {entry.ref: entry for entry in listed}
    windows = Entries(entries=tuple(by_ref.values()), whole=True).windows
    return tuple(
        Day(
            day=one.day,
            text=day_words(one.day),
            today=one.day == today,
            lines=tuple(
                Line(
                    entry=by_ref[line.window.id],
                    begins=line.begins or one.day == span.first,
                )
                for line in one.lines
            ),
        )
        for one in agenda(windows, first=span.first, days=span.days, met={})
    )


def _pairs(listed: Iterable[Entry]) -> tuple[Pair, ...]:
    """Every two that are in each other's way, once."""
    seen: set[frozenset[str]] = set()
    found = []
    for entry in listed:
        for clash in entry.clashes:
            pair = frozenset((entry.ref, clash.ref))
            if pair not in seen:
                seen.add(pair)
                found.append(Pair(one=entry, other=clash))
    return tuple(found)


def _around(span: Shown, view: View, *, today: date) -> str | None:
    """The day that another view is shown around: today where that is shown now, else the first."""
    if span.first <= today < span.first + span.days * _DAY:
        return None
    return span.first.isoformat()[:7] if view is View.MONTH else span.first.isoformat()


def _address(view: View, at: str | None, kept: Iterable[tuple[str, str]]) -> str:
    pairs = [("view", view.value), *([] if at is None else [("at", at)]), *kept]
    return f"{MAINTENANCE}?{urlencode(pairs)}"


def _feed(org: str, fields: Fields) -> str:
    """The calendar file of the same; it knows no services."""
    asked: Mapping[str, str] = {
        name: value for name in ("contributor", "device", "link") if (value := _one(fields, name))
    }
    query = f"?{urlencode(asked)}" if asked else ""
    return f"/v1/orgs/{quote(org, safe='')}/maintenance.ics{query}"
