"""Ninety days of a service as a row of bars: the worse a day was, the taller its bar.

The colour says the same again, and so do the text alternative and the list of days below the bars.
Runs of good days are one dashed line each, so that a row costs a few hundred bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from markupsafe import Markup

from tocsin.web.status.prose import cleaned
from tocsin.web.status.view import DAYS_SHOWN, Day, Level, ServiceView
from tocsin.web.status.words import level_words, share, span

_STEP: Final = 10
_WIDE: Final = 7
_TALL: Final = 32
_CALM: Final = 20
_UNKNOWN: Final = 4
_HEIGHTS: Final = {Level.DEGRADED: 24, Level.PARTIAL: 28, Level.MAJOR: _TALL}
_TROUBLE: Final = frozenset((Level.DEGRADED, Level.PARTIAL, Level.MAJOR))
DAYS_LISTED: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DayInWords:
    """A day that was not like the others: what it was, and which notices (refs) tell of it."""

    day: date
    level: Level
    words: str
    notices: tuple[str, ...]


def bars(service: ServiceView, *, name: str) -> Markup:
    """The row of bars as inline SVG, with its title and description as text alternative.

    *name* is unique on the page and free of spaces; it ties the SVG to its texts.
    """
    shown = service.days[-DAYS_SHOWN:]
    offset = DAYS_SHOWN - len(shown)
    drawing = Markup("").join(
        (_runs(shown, offset=offset), *(_special(day, offset + at) for at, day in enumerate(shown)))
    )
    return Markup(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-labelledby="{}-t {}-d"><title id="{}-t">{}: the last {} days</title>'
        '<desc id="{}-d">{}</desc>{}</svg>'
    ).format(
        DAYS_SHOWN * _STEP - (_STEP - _WIDE),
        _TALL,
        name,
        name,
        name,
        cleaned(service.name),
        DAYS_SHOWN,
        name,
        summary(service),
        drawing,
    )


def summary(service: ServiceView) -> str:
    """The bars in a sentence: the uptime, and how many days were not good, by how they were."""
    shown = service.days[-DAYS_SHOWN:]
    known = [day for day in shown if day.known]
    if not known:
        return "Nothing is known of these days yet."
    parts = []
    if service.uptime is not None:
        parts.append(f"{share(service.uptime)} uptime")
    for level in sorted(Level, key=lambda level: -level.rank):
        number = sum(day.level is level for day in known)
        if number and level is not Level.OPERATIONAL:
            parts.append(f"{number} {'day' if number == 1 else 'days'} {_at_worst(level)}")
    if all(day.level is Level.OPERATIONAL for day in known):
        parts.append("no day with trouble")
    if len(known) < DAYS_SHOWN:
        parts.append(f"{DAYS_SHOWN - len(known)} days not known")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def days_in_words(service: ServiceView) -> tuple[DayInWords, ...]:
    """The days that were not operational, newest first, at most :data:`DAYS_LISTED`."""
    days = (
        DayInWords(day=day.day, level=day.level, words=_spans(day), notices=day.notices)
        for day in reversed(service.days[-DAYS_SHOWN:])
        if day.known and day.level is not Level.OPERATIONAL
    )
    return tuple(days)[:DAYS_LISTED]


def trouble_days(service: ServiceView) -> int:
    """How many of the days shown had trouble; planned work is not trouble."""
    return sum(day.known and day.level in _TROUBLE for day in service.days[-DAYS_SHOWN:])


def _at_worst(level: Level) -> str:
    words = level_words(level).lower()
    return words if level in (Level.MAINTENANCE, Level.DEGRADED) else f"with a {words}"


def _runs(days: tuple[Day, ...], *, offset: int) -> Markup:
    drawn = _run("unknown", first=0, number=offset)
    at = offset
    for name, run in groupby(days, key=_run_of):
        number = len(tuple(run))
        drawn += _run(name, first=at, number=number)
        at += number
    return drawn


def _run_of(day: Day) -> str | None:
    if not day.known:
        return "unknown"
    # A taller bar hides the calm one behind it; the two blocks of maintenance would not.
    return None if day.level is Level.MAINTENANCE else "operational"


def _run(name: str | None, *, first: int, number: int) -> Markup:
    if name is None or not number:
        return Markup("")
    height = _UNKNOWN if name == "unknown" else _CALM
    return Markup('<path class="run {}" stroke-width="{}" d="M{} {:g}h{}"/>').format(
        name,
        height,
        first * _STEP,
        _TALL - height / 2,
        number * _STEP - (_STEP - _WIDE),
    )


def _special(day: Day, at: int) -> Markup:
    if not day.known or day.level is Level.OPERATIONAL:
        return Markup("")
    return Markup('<path class="{}" d="{}"><title>{:%Y-%m-%d}: {}</title></path>').format(
        day.level.value, _outline(day.level, at * _STEP), day.day, _spans(day)
    )


def _outline(level: Level, left: int) -> str:
    if level is Level.MAINTENANCE:
        half = _CALM // 2 - 1
        return "".join(
            f"M{left} {top}h{_WIDE}v{half}h-{_WIDE}z" for top in (_TALL - _CALM, _TALL - half)
        )
    height = _HEIGHTS[level]
    return f"M{left} {_TALL - height}h{_WIDE}v{height}h-{_WIDE}z"


def _spans(day: Day) -> str:
    if not day.seconds:
        return level_words(day.level)
    worst_first = sorted(day.seconds, key=lambda part: -part[0].rank)
    return ", ".join(
        f"{level_words(level)} {span(timedelta(seconds=seconds))}" for level, seconds in worst_first
    )
