"""A week of maintenance as inline SVG: a row for each day, hours from left to right.

Windows that overlap are in lanes below each other. One that meets another on an asset carries a
sign and says with which. The agenda beside it (:func:`~tocsin.web.pictures.calendar.agenda`) is for
keyboards and reader programs; links go to its entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from tocsin.web.pictures.calendar import Block, DayColumn
from tocsin.web.pictures.lanes import address, outline
from tocsin.web.pictures.lettering import breadth, fitted, px, told
from tocsin.web.pictures.timeline import Width
from tocsin.web.pictures.tones import Tone
from tocsin.web.status.words import window as window_words

_GUTTER: Final = 62.0
_SIDE: Final = 8.0
_LANE: Final = 22.0
_BAR: Final = 19.0
_PAD: Final = 6.0
_HEAD: Final = 20.0
_ROOM: Final = 6.0
_SIGN: Final = 14.0
_LEAST: Final = 4.0
_MINUTES: Final = 1440
_NAMED: Final = 5


def week_picture(days: Sequence[DayColumn], *, name: str, width: Width = Width.WIDE) -> Markup:
    """*days* of a calendar drawn for a place of *width* px.

    *name* is unique on the page and free of spaces; it ties the SVG to its title and description.
    """
    titles = {block.window.id: block.window.title for day in days for block in day.blocks}
    drawn = Markup("")
    top = _HEAD
    for day in days:
        lanes = max((block.lane + 1 for block in day.blocks), default=1)
        height = lanes * _LANE + 2 * _PAD
        drawn += Markup(
            '<path class="lane" d="M0 {}H{}"/><text class="name" x="0" y="{}">{}</text>'
        ).format(px(top), width.value, px(top + _PAD + 13), f"{day.day:%a} {day.day.day}")
        drawn += Markup("").join(
            _block(block, titles, top=top + _PAD + block.lane * _LANE, width=width)
            for block in day.blocks
        )
        top += height
    return Markup(
        '<svg class="picture made-{}" viewBox="0 0 {} {}" role="group"'
        ' aria-labelledby="{}-t" aria-describedby="{}-d"><title id="{}-t">{}</title>'
        '<desc id="{}-d">{}</desc><g aria-hidden="true">{}{}</g></svg>'
    ).format(
        width.value,
        width.value,
        px(top + 1),
        name,
        name,
        name,
        "Maintenance of the week",
        name,
        summary(days),
        _hours(width, bottom=top),
        drawn,
    )


def week_pictures(days: Sequence[DayColumn], *, name: str) -> Markup:
    """*days* for every width, one of which the style sheet shows."""
    return Markup('<div class="pictures">{}</div>').format(
        Markup("").join(
            week_picture(days, name=f"{name}-{width.name.lower()}", width=width) for width in Width
        )
    )


def summary(days: Sequence[DayColumn]) -> str:
    """The week in a sentence: how many windows, and how many of them conflict."""
    blocks = [block for day in days for block in day.blocks]
    windows = {block.window.id for block in blocks}
    clashing = {block.window.id for block in blocks if block.conflicts}
    if not windows:
        return "Nothing is planned in these days."
    number = "One window" if len(windows) == 1 else f"{len(windows)} windows"
    conflicts = f"{len(clashing)} of them in conflict" if clashing else "no conflict"
    return f"{number}, {conflicts}."


def _x(minute: int, *, width: int) -> float:
    return _GUTTER + (width - _GUTTER - _SIDE) * minute / _MINUTES


def _hours(width: int, *, bottom: float) -> Markup:
    step = 3 if width >= Width.MIDDLE else 6
    return Markup("").join(
        Markup(
            '<path class="grid" d="M{} {}V{}"/><text class="middle soft" x="{}" y="12">{}</text>'
        ).format(
            px(_x(hour * 60, width=width)),
            px(_HEAD),
            px(bottom),
            px(min(_x(hour * 60, width=width), width - breadth("00:00") / 2)),
            f"{hour:02}:00",
        )
        for hour in range(0, 25, step)
    )


def _block(block: Block, titles: Mapping[str, str], *, top: float, width: int) -> Markup:
    left = _x(block.start, width=width)
    right = max(_x(block.end, width=width), left + _LEAST)
    sign = Markup("")
    start = left + _ROOM
    if block.conflicts and right - left >= _SIGN + _ROOM:
        sign = Markup('<path class="full" d="M{} {}l6 11h-12z"/>').format(
            px(left + _ROOM + 5), px(top + 4)
        )
        start += _SIGN
    words = fitted(told(block.window.title), room=right - start - _ROOM)
    text = (
        Markup('<text class="word" x="{}" y="{}">{}</text>').format(
            px(start), px(top + 13.7), words
        )
        if words
        else Markup("")
    )
    shape = outline(left, right, top=top, height=_BAR, goes_on=not block.ends)
    tone = Tone.PARTIAL if block.conflicts else Tone.PLANNED
    return Markup(
        '<a class="{}" href="{}" tabindex="-1"><title>{}</title><path class="band" d="{}"/>{}{}</a>'
    ).format(tone.value, address(block.window.id), _told(block, titles), shape, sign, text)


def _told(block: Block, titles: Mapping[str, str]) -> str:
    window = block.window
    lines = [told(window.title), window_words(window.start, window.end)]
    if window.contributor is not None:
        lines.append(told(window.contributor))
    if block.conflicts:
        named = [told(titles.get(id, id)) for id in block.conflicts[:_NAMED]]
        more = len(block.conflicts) - len(named)
        lines.append(f"conflicts with {', '.join(named)}{f' and {more} more' if more else ''}")
    return "\n".join(lines)
