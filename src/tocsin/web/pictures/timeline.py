"""A ticket's time line as inline SVG: lanes for status, severity, signals, actions and messages.

The drawing is for the eye and the mouse. Keyboards and reader programs get the same facts, with the
same links, from the list beside it; that is why the links of the drawing cannot be tabbed to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, assert_never

from markupsafe import Markup

from tocsin.web.pictures import lanes
from tocsin.web.pictures.lettering import breadth, px, told
from tocsin.web.pictures.scale import Piece, Scale, quiet_words, scaled, ticks
from tocsin.web.pictures.story import Form, Lane, Story, facts, instants
from tocsin.web.status.words import instant, machine_instant, window

MOST: Final = 500
"""Marks, bands or columns drawn of one story, at most."""

LISTED: Final = 500
"""Lines of the list beside the picture, the latest of them."""

_GUTTER: Final = 92.0
_SIDE: Final = 10.0
_TAIL: Final = 14.0
_BETWEEN: Final = 12.0
_NAME: Final = 18.0
_AXIS: Final = 36.0
_STATES_TOLD: Final = 6


class Width(IntEnum):
    """The widths pictures are made for, px: a phone, a tablet, a desk."""

    NARROW = 343
    MIDDLE = 704
    WIDE = 1120


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    lane: Lane
    top: float
    drawn: lanes.Drawn


def timeline(story: Story, *, name: str, width: Width = Width.WIDE, most: int = MOST) -> Markup:
    """*story* drawn for a place of *width* px, with at most *most* marks, bands or columns.

    *name* is unique on the page and free of spaces; it ties the SVG to its title and description.
    """
    narrow = width is Width.NARROW
    left = _SIDE if narrow else _GUTTER
    scale = scaled(
        instants(story),
        since=story.since,
        until=story.until,
        left=left,
        right=width - _SIDE - _TAIL,
    )
    placed, height = _placed(story, scale, narrow=narrow, most=most)
    return Markup(
        '<svg class="picture made-{}" viewBox="0 0 {} {}" role="group"'
        ' aria-labelledby="{}-t" aria-describedby="{}-d"><title id="{}-t">{}</title>'
        '<desc id="{}-d">{}</desc><g aria-hidden="true">{}{}{}</g></svg>'
    ).format(
        width.value,
        width.value,
        px(height + _AXIS),
        name,
        name,
        name,
        told(story.title),
        name,
        summary(story, scale),
        _axis(scale, height=height),
        Markup("").join(_name(one, narrow=narrow) for one in placed),
        Markup("").join(
            Markup('<g transform="translate(0 {})">{}</g>').format(px(one.top), one.drawn.markup)
            for one in placed
        ),
    )


def timelines(story: Story, *, name: str) -> Markup:
    """*story* for every width, one of which the style sheet shows, and the list beside them."""
    return Markup('<div class="pictures">{}</div>{}').format(
        Markup("").join(
            timeline(story, name=f"{name}-{width.name.lower()}", width=width, most=width)
            for width in Width
        ),
        listed(story),
    )


def listed(story: Story) -> Markup:
    """The facts of *story* as a list, in order, the latest :data:`LISTED` of them."""
    found = facts(story)
    shown = found[-LISTED:]
    left_out = len(found) - len(shown)
    before = (
        Markup("<p>{} earlier entries are not listed here.</p>").format(left_out)
        if left_out
        else Markup("")
    )
    lines = Markup("").join(
        Markup('<li><time datetime="{}">{}</time> <span class="soft">{}</span> {}{}</li>').format(
            machine_instant(fact.at),
            instant(fact.at),
            told(fact.lane),
            lanes.linked(fact.words, entry=fact.entry),
            "" if fact.until is None else f", until {instant(fact.until)}",
        )
        for fact in shown
    )
    return Markup(
        '<details class="days"><summary>The same as a list</summary>{}<ol>{}</ol></details>'
    ).format(before, lines)


def summary(story: Story, scale: Scale) -> str:
    """The picture in sentences: from when until when, the states, and how many of what."""
    sentences = [f"{window(story.since, story.until)}."]
    numbers = []
    for lane in story.lanes:
        if lane.form is Form.BANDS:
            states = [told(span.words) for span in lane.spans]
            if states:
                more = len(states) - _STATES_TOLD
                told_of = ", ".join(states[-_STATES_TOLD:])
                sentences.append(
                    f"{told(lane.name)}: {f'{more} others, ' if more > 0 else ''}{told_of}."
                )
        else:
            numbers.append(f"{len(lane.spans) + len(lane.marks)} {told(lane.kind, most=40)}")
    if numbers:
        sentences.append(f"{', '.join(numbers)}.")
    folds = sum(piece.folded for piece in scale.pieces)
    if folds:
        what = "One quiet stretch is" if folds == 1 else f"{folds} quiet stretches are"
        sentences.append(f"{what} folded.")
    return " ".join(sentences)


def _placed(
    story: Story, scale: Scale, *, narrow: bool, most: int
) -> tuple[tuple[_Placed, ...], float]:
    """The lanes below one another, and where the last one ends."""
    top = _BETWEEN / 2
    placed = []
    share = max(1, most // max(1, len(story.lanes)))
    for lane in story.lanes:
        if narrow:
            top += _NAME
        drawn = _drawn(lane, scale, most=share)
        placed.append(_Placed(lane=lane, top=top, drawn=drawn))
        top += drawn.height + _BETWEEN
    return tuple(placed), top


def _drawn(lane: Lane, scale: Scale, *, most: int) -> lanes.Drawn:
    match lane.form:
        case Form.BANDS:
            return lanes.bands(lane, scale, most=most, tail=_TAIL)
        case Form.SPANS:
            return lanes.spans(lane, scale, most=most, tail=_TAIL)
        case Form.MARKS:
            return lanes.marks(lane, scale, most=most)
        case _:
            assert_never(lane.form)


def _name(placed: _Placed, *, narrow: bool) -> Markup:
    name, note = told(placed.lane.name, most=40), placed.drawn.note
    if narrow:
        return Markup(
            '<text class="name" x="0" y="{}">{}<tspan class="soft"> {}</tspan></text>'
        ).format(px(placed.top - 6), name, note)
    if not note:
        return Markup('<text class="name" x="0" y="{}">{}</text>').format(px(placed.top + 17), name)
    return Markup(
        '<text class="name" x="0" y="{}">{}</text><text class="soft" x="0" y="{}">{}</text>'
    ).format(px(placed.top + 11), name, px(placed.top + 26), note)


def _axis(scale: Scale, *, height: float) -> Markup:
    return Markup("").join((*_folds(scale, height=height), *_ticks(scale, height=height)))


def _folds(scale: Scale, *, height: float) -> Iterator[Markup]:
    for piece in scale.pieces:
        if piece.folded:
            middle = (piece.left + piece.right) / 2
            yield Markup(
                '<rect class="fold" x="{}" y="0" width="{}" height="{}"/>'
                '<path class="tear" d="{}"/>'
                '<text class="middle" x="{}" y="{}">{}</text>'
                '<text class="middle soft" x="{}" y="{}">quiet</text>'
            ).format(
                px(piece.left),
                px(piece.right - piece.left),
                px(height),
                _tear(piece, height=height),
                px(middle),
                px(height + 14),
                quiet_words(piece),
                px(middle),
                px(height + 29),
            )


def _tear(piece: Piece, *, height: float) -> str:
    return "".join(f"M{px(x)} 0V{px(height)}" for x in (piece.left, piece.right))


def _ticks(scale: Scale, *, height: float) -> Iterator[Markup]:
    left, right = scale.pieces[0].left, scale.pieces[-1].right
    yield Markup('<path class="axis" d="M{} {}H{}"/>').format(
        px(left), px(height), px(right + _TAIL)
    )
    for tick in ticks(scale):
        yield Markup(
            '<path class="grid" d="M{} 0V{}"/><text class="middle" x="{}" y="{}">{}</text>'
        ).format(px(tick.x), px(height), px(tick.x), px(height + 14), tick.words)
        if tick.day is not None:
            yield Markup('<text class="middle soft" x="{}" y="{}">{}</text>').format(
                px(tick.x), px(height + 29), tick.day
            )
    if breadth("UTC") < left - 2 * _SIDE:
        yield Markup('<text class="soft" x="0" y="{}">UTC</text>').format(px(height + 14))
