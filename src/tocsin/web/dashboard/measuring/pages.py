"""The page of measures, and the files behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from tocsin.core.errors import Forbidden
from tocsin.core.measures import Figures, Group, Measure
from tocsin.core.permissions import may_read
from tocsin.projections.measures import MOST_INCIDENTS, TooMany
from tocsin.web.dashboard.addresses import MEASURES as ADDRESS
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.measuring.asked import PRESETS, Asked, By, Figure, asked_in
from tocsin.web.dashboard.measuring.definitions import AVAILABILITY, MEASURES, POPULATION
from tocsin.web.dashboard.measuring.drawing import drawings, key_words, times
from tocsin.web.dashboard.measuring.reading import Found, read
from tocsin.web.dashboard.measuring.sheets import sheet
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.visits import Page, PageAt, Visit
from tocsin.web.pictures.figures import Unit, amount
from tocsin.web.status.words import share

SPECS: Final = (
    Field(
        name="group_by",
        label="Times by",
        kind=Kind.CHOICE,
        choices=tuple(Choice(value=one.value, text=one.words.capitalize()) for one in By),
    ),
    Field(name="cancelled", label="Cancelled ones too", kind=Kind.FLAG),
)
_NAMES: Final = {
    Measure.MTTD: "Time to detect",
    Measure.MTTA: "Time to acknowledge",
    Measure.MTTM: "Time to mitigate",
    Measure.MTTR: "Time to resolve",
    Measure.MTTC: "Time to close",
}
_SHOWN: Final = (Measure.MTTD, Measure.MTTA, Measure.MTTR, Measure.MTTM, Measure.MTTC)
_WORST: Final = 5
_ALIKE: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a figure changed: ``way`` is ``up``, ``down`` or ``same``, or ``new`` where there is
    nothing to compare it with; ``worse`` is whether one would rather it had not."""

    way: str
    text: str
    worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure with its definition. ``shown`` is None where there is none, ``of`` is of how many
    incidents it is."""

    short: str
    name: str
    shown: str | None
    of: str
    beside: str
    definition: str
    change: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """The measures of a group as a line of a table."""

    name: str
    count: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """The least available things of a sort: code, share of the time, and how long they were not."""

    title: str
    lines: tuple[tuple[str, str, str], ...]
    more: int


def measures_page(visit: Visit) -> Page:
    """Measures of the time that the address says, as a page or as CSV.

    Raises:
        Forbidden: the reader may not read measures.
    """
    return measures_of(visit, most=MOST_INCIDENTS)


def measures_of(visit: Visit, *, most: int) -> Page:
    """The same, of *most* incidents at most."""
    if not may_read(visit.admitted.access, "measures"):
        raise Forbidden("measures are for those who may read tickets")
    asked, filled = asked_in(visit.fields, today=visit.at.date())
    found = None
    if not filled.errors:
        try:
            found = read(visit.turn, visit.admitted.org_id, asked, at=visit.at, most=most)
        except TooMany:
            filled = replace(filled, errors={"to": _too_many(asked, most)})
    if found is not None and asked.figure is not None:
        return sheet(found, asked, asked.figure)
    return page(
        visit,
        "measuring/measures.html",
        filled=filled,
        status=400 if filled.errors else 200,
        asked=asked,
        found=found,
        specs={spec.name: spec for spec in SPECS},
        presets=[(days, text, asked.days == days) for days, text in PRESETS.items()],
        figures=Figure,
        population=POPULATION,
        tiles=() if found is None else _tiles(found, asked),
        charts=() if found is None else (*times(found, asked), *drawings(found, asked)),
        availability=AVAILABILITY,
        available=() if found is None else _available(found),
        heads=[one.value.upper() for one in _SHOWN],
        groups=() if found is None else tuple(_line(group, asked) for group in found.groups),
    )


def _too_many(asked: Asked, most: int) -> str:
    fewer = max(1, asked.length // 4)
    return (
        f"There are more than {most:,} incidents in these {asked.length} days; look at fewer at"
        f" once, as at {fewer}, and at one part after another."
    )


def _tiles(found: Found, asked: Asked) -> tuple[Tile, ...]:
    before = f"the {asked.length} days before" if asked.length > 1 else "the day before"
    previous = found.previous
    count = Tile(
        short="Incidents",
        name="Created in this time",
        shown=f"{found.now.count:,}",
        of="",
        beside="",
        definition=POPULATION,
        change=None if previous is None else _counted(found.now.count, previous.count, before),
    )
    return (
        count,
        *(
            _tile(
                measure,
                found.now.overall[measure],
                None if previous is None else previous.overall[measure],
                of=found.now.count,
                before=before,
            )
            for measure in _SHOWN
        ),
    )


def _tile(
    measure: Measure, figures: Figures, previous: Figures | None, *, of: int, before: str
) -> Tile:
    known = figures.mean is not None and figures.median is not None and figures.p95 is not None
    return Tile(
        short=measure.value.upper(),
        name=_NAMES[measure],
        shown=_lasting(figures.mean),
        of=f"of {figures.count:,} of {of:,} {'incident' if of == 1 else 'incidents'}",
        beside=(
            f"half within {_lasting(figures.median)}, 95 of 100 within {_lasting(figures.p95)}"
            if known
            else ""
        ),
        definition=MEASURES[measure],
        change=(
            None
            if previous is None or figures.mean is None
            else _longer(figures.mean, previous.mean, before)
        ),
    )


def _counted(now: int, then: int, before: str) -> Change:
    if not then:
        return Change(way="new", text=f"none in {before}", worse=False)
    if now == then:
        return Change(way="same", text=f"as many as in {before}", worse=False)
    if now > then:
        return Change(way="up", text=f"{now - then:,} more than in {before} ({then:,})", worse=True)
    return Change(way="down", text=f"{then - now:,} fewer than in {before} ({then:,})", worse=False)


def _longer(now: timedelta, then: timedelta | None, before: str) -> Change:
    if then is None:
        return Change(way="new", text=f"none in {before}", worse=False)
    apart = _lasting(abs(now - then))
    if abs(now - then) < _ALIKE:
        return Change(way="same", text=f"as long as in {before}", worse=False)
    if now > then:
        text = f"{apart} longer than in {before} ({_lasting(then)})"
        return Change(way="up", text=text, worse=True)
    text = f"{apart} shorter than in {before} ({_lasting(then)})"
    return Change(way="down", text=text, worse=False)


def _line(group: Group, asked: Asked) -> GroupLine:
    return GroupLine(
        name=key_words(asked.by.grouping, group.key),
        count=group.count,
        cells=tuple(
            (
                _lasting(group.measures[measure].mean) or "none",
                f"of {group.measures[measure].count:,}" if group.measures[measure].count else "",
            )
            for measure in _SHOWN
        ),
    )


def _available(found: Found) -> tuple[Available, ...]:
    now = found.now
    return tuple(
        Available(
            title=title,
            lines=tuple(
                (now.codes.get(one.key, one.key), share(one.share), _lasting(one.down) or "")
                for one in worst[:_WORST]
            ),
            more=max(0, len(worst) - _WORST),
        )
        for title, worst in (
            ("Services", now.services),
            ("Devices", now.devices),
            ("Links", now.links),
        )
    )


def _lasting(span: timedelta | None) -> str | None:
    return None if span is None else amount(span.total_seconds(), unit=Unit.SECONDS)


PAGES: Final[tuple[PageAt, ...]] = (PageAt(path=ADDRESS, look=measures_page),)
