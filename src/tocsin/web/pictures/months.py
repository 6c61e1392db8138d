"""A month of maintenance as a grid of weeks: real text and links, placed by classes of the sheet.

Too narrow for a phone, where the style sheet hides it; the agenda says the same there.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from markupsafe import Markup

from tocsin.web.pictures.calendar import Bar, Cell, Month, Row
from tocsin.web.pictures.lanes import address
from tocsin.web.pictures.lettering import told
from tocsin.web.pictures.tones import Tone
from tocsin.web.status.words import machine_instant, window

MOST_LANES: Final = 6
"""Lanes of a week that the style sheet knows; ask :func:`~.calendar.month` for no more."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def month_grid(month: Month, *, today: date | None = None) -> Markup:
    """*month* as HTML: the days of each week, and the windows as bars over them; *today* is marked.

    Raises:
        ValueError: a week has more lanes than :data:`MOST_LANES`.
    """
    if any(row.lanes > MOST_LANES for row in month.rows):
        raise ValueError("the style sheet has no more lanes")
    head = Markup("").join(Markup("<span>{}</span>").format(day) for day in _DAYS)
    return Markup(
        '<div class="grid-month"><div class="grid-week grid-head" aria-hidden="true">{}</div>'
        "{}</div>"
    ).format(head, Markup("").join(_row(row, today=today) for row in month.rows))


def _row(row: Row, *, today: date | None) -> Markup:
    cells = Markup("").join(
        _cell(cell, column, today=today) for column, cell in enumerate(row.cells)
    )
    return Markup('<div class="grid-week">{}{}</div>').format(
        cells, Markup("").join(_bar(bar) for bar in row.bars)
    )


def _cell(cell: Cell, column: int, *, today: date | None) -> Markup:
    more = (
        Markup('<span class="more-windows">{} more</span>').format(len(cell.hidden))
        if cell.hidden
        else Markup("")
    )
    return Markup('<div class="grid-day from-{}{}"><time datetime="{}"{}>{}</time>{}</div>').format(
        column,
        "" if cell.inside else " soft",
        cell.day.isoformat(),
        Markup(' aria-current="date"') if cell.day == today else "",
        f"{cell.day.day} {cell.day:%b}" if cell.day.day == 1 else cell.day.day,
        more,
    )


def _bar(bar: Bar) -> Markup:
    tone = Tone.PARTIAL if bar.conflicts else Tone.PLANNED
    ends = ("" if bar.begins else " came-on") + ("" if bar.ends else " goes-on")
    conflict = (
        Markup('<span aria-hidden="true">▲</span><span class="unseen">In conflict:</span> ')
        if bar.conflicts
        else Markup("")
    )
    when = window(bar.window.start, bar.window.end)
    return Markup(
        '<a class="grid-bar {} from-{} for-{} lane-{}{}" href="{}" title="{}">{}'
        '<time datetime="{}">{}</time> {}</a>'
    ).format(
        tone.value,
        bar.column,
        bar.days,
        bar.lane,
        ends,
        bar.window.address or address(bar.window.id),
        f"{told(bar.window.title)}, {when}",
        conflict,
        machine_instant(bar.window.start),
        f"{bar.window.start:%H:%M}" if bar.begins else "…",
        told(bar.window.title),
    )
