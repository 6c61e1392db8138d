"""A week of maintenance as inline SVG: a row for each day, hours from left to right.

Windows that overlap are in lanes below each other. One that meets another on an asset carries a
sign and says with which. The agenda beside it (:func:`~tocsin.web.pictures.calendar.agenda`) is for
keyboards and reader programs; links go to its entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from markupsafe import Markup

from tocsin.web.pictures.calendar import Block, DayColumn, Free
from tocsin.web.pictures.lanes import address, outline
from tocsin.web.pictures.lettering import breadth, fitted, px, told
from tocsin.web.pictures.timeline import Width
from tocsin.web.pictures.tones import Tone
from tocsin.web.status.words import span as lasting_words
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
_MINUTE: Final = timedelta(minutes=1)


def week_picture(
    days: Sequence[DayColumn],
    *,
    name: str,
    width: Width = Width.WIDE,
    free: Sequence[Free] = (),
    shut: Sequence[Free] = (),
    title: str = "Maintenance of the week",
) -> Markup:
    """*days* of a calendar drawn for a place of *width* px.

    *name* is unique on the page and free of spaces; it ties the SVG to its title and description.
    *free* are times to be chosen, *shut* times that are not asked for.
    """
    titles = {block.window.id: block.window.title for day in days for block in day.blocks}
    drawn = Markup("")
    top = _HEAD
    for day in days:
        lanes = max((block.lane + 1 for block in day.blocks), default=1)
        height = lanes * _LANE + 2 * _PAD
        drawn += Markup("").join(
            _shut(span, top=top, height=height, width=width) for span in _within(shut, day.day)
        )
        drawn += Markup(
            '<path class="lane" d="M0 {}H{}"/><text class="name" x="0" y="{}">{}</text>'
        ).format(px(top), width.value, px(top + _PAD + 13), f"{day.day:%a} {day.day.day}")
        drawn += Markup("").join(
            _free(span, top=top + _PAD, width=width) for span in _within(free, day.day)
        )
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
        title,
        name,
        summary(days, free=free),
        _hours(width, bottom=top),
        drawn,
    )


def week_pictures(
    days: Sequence[DayColumn],
    *,
    name: str,
    free: Sequence[Free] = (),
    shut: Sequence[Free] = (),
    title: str = "Maintenance of the week",
) -> Markup:
    """*days* for every width, one of which the style sheet shows."""
    return Markup('<div class="pictures">{}</div>').format(
        Markup("").join(
            week_picture(
                days,
                name=f"{name}-{width.name.lower()}",
                width=width,
                free=free,
                shut=shut,
                title=title,
            )
            for width in Width
        )
    )


def summary(days: Sequence[DayColumn], *, free: Sequence[Free] = ()) -> str:
    """The week in a sentence: how many windows, how many of them conflict, how many free times."""
    blocks = [block for day in days for block in day.blocks]
    windows = {block.window.id for block in blocks}
    clashing = {block.window.id for block in blocks if block.conflicts}
    times = {span.start for day in days for span in free if _minutes(span, day.day) is not None}
    also = f" {len(times)} free {'time' if len(times) == 1 else 'times'}." if times else ""
    if not windows:
        return f"Nothing is planned in these days.{also}"
    number = "One window" if len(windows) == 1 else f"{len(windows)} windows"
    conflicts = f"{len(clashing)} of them in conflict" if clashing else "no conflict"
    return f"{number}, {conflicts}.{also}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What of a free time lies in one day, in minutes of it."""

    whole: Free
    start: int
    end: int


def _minutes(span: Free, day: date) -> tuple[int, int] | None:
    """From which minute to which minute of *day* the span lasts; None where it does not."""
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    start = max(0, (span.start - midnight) // _MINUTE)
    end = min(_MINUTES, -((midnight - span.end) // _MINUTE))
    return (start, end) if start < end else None


def _within(spans: Sequence[Free], day: date) -> list[_Part]:
    """The parts of *spans* that lie in *day*."""
    found = [(span, _minutes(span, day)) for span in spans]
    return [
        _Part(whole=span, start=part[0], end=part[1]) for span, part in found if part is not None
    ]


def _shut(part: _Part, *, top: float, height: float, width: int) -> Markup:
    left, right = _x(part.start, width=width), _x(part.end, width=width)
    return Markup('<path class="fold" d="M{} {}H{}v{}H{}z"/>').format(
        px(left), px(top), px(right), px(height), px(left)
    )


def _free(part: _Part, *, top: float, width: int) -> Markup:
    """A free time as a box that leads to where it is taken, with its length where that fits."""
    left = _x(part.start, width=width)
    right = max(_x(part.end, width=width), left + _LEAST)
    span = part.whole
    length = lasting_words(span.end - span.start)
    words = fitted(f"free, {length}", room=right - left - 2 * _ROOM)
    text = (
        Markup('<text class="word" x="{}" y="{}">{}</text>').format(
            px(left + _ROOM), px(top + 13.7), words
        )
        if words
        else Markup("")
    )
    drawn = Markup("<title>{}</title>{}{}").format(
        f"Free: {window_words(span.start, span.end)} ({length})",
        Markup('<path class="band" d="{}"/>').format(
            outline(left, right, top=top, height=_BAR, goes_on=False)
        ),
        text,
    )
    if span.address is None:
        return Markup('<g class="{}">{}</g>').format(Tone.GOOD.value, drawn)
    return Markup('<a class="{}" href="{}" tabindex="-1">{}</a>').format(
        Tone.GOOD.value, span.address, drawn
    )


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
    window = block.window
    shape = outline(left, right, top=top, height=_BAR, goes_on=not block.ends)
    tone = Tone.PARTIAL if block.conflicts else Tone.PLANNED
    return Markup(
        '<a class="{}" href="{}" tabindex="-1"><title>{}</title><path class="band" d="{}"/>{}{}</a>'
    ).format(
        tone.value, window.address or address(window.id), _told(block, titles), shape, sign, text
    )


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
