"""The lanes of a time line: bands for states, rows or columns for signals, marks for deeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from tocsin.web.pictures.binning import Bin, Cell, bins, cells, rows
from tocsin.web.pictures.lettering import bold_breadth, fitted, px, told
from tocsin.web.pictures.scale import Scale, place
from tocsin.web.pictures.story import Lane, Mark, Sign, Span
from tocsin.web.pictures.tones import Tone
from tocsin.web.status import words

_BAND: Final = 26.0
_CAPTION: Final = 17.0
_ROW: Final = 20.0
_BAR: Final = 17.0
_ROWS: Final = 4
_COLUMNS: Final = 44.0
_COLUMN: Final = 8.0
_CELL: Final = 24.0
_HALF: Final = 10.0
_LEAST: Final = 5.0
_ROOM: Final = 6.0
_SHIFT: Final = 28.0
_TOLD: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A lane from its own top on: what is drawn, how high, px, and a note beside its name."""

    markup: Markup
    height: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Band:
    """One state, or several too short to be drawn each, from ``left`` to ``right`` px."""

    spans: tuple[Span, ...]
    left: float
    right: float

    @property
    def words(self) -> str:
        if len(self.spans) == 1:
            return told(self.spans[0].words, most=40)
        return f"{len(self.spans)} changes"

    @property
    def tone(self) -> Tone:
        tones = tuple(Tone)
        return min((span.tone for span in self.spans), key=tones.index)


def linked(content: str | Markup, *, entry: str | None) -> Markup:
    """*content* as a link to the entry of a list, as itself where there is none."""
    if entry is None:
        return Markup("{}").format(content)
    return Markup('<a href="{}">{}</a>').format(address(entry), content)


def address(entry: str) -> str:
    """Where *entry* is on the page: ``#entry-…``."""
    return f"#entry-{quote(told(entry), safe='')}"


def bands(lane: Lane, scale: Scale, *, most: int, tail: float) -> Drawn:
    """States one after another, each with its word: in its band, or below where that is short."""
    end = scale.pieces[-1].right + tail
    wide = end - scale.pieces[0].left
    found = _joined(lane.spans, scale, end=end, least=max(_LEAST, 2 * wide / max(1, most)))
    short = [band for band in found if not _fits(band)]
    drawing = Markup("").join(_band(band) for band in found)
    if not short:
        return Drawn(markup=drawing or _nothing(lane, scale), height=_BAND)
    return Drawn(
        markup=drawing + Markup("").join(_captions(short, end=end)), height=_BAND + _CAPTION
    )


def spans(lane: Lane, scale: Scale, *, most: int, tail: float) -> Drawn:
    """Things that last: a row each as long as they are few, else columns of how many held."""
    ordered = sorted(lane.spans, key=lambda span: span.start)
    if not ordered:
        return Drawn(markup=_nothing(lane, scale), height=_BAND)
    row_of = rows(ordered, scale, apart=_LEAST) if len(ordered) <= most else ()
    if row_of and max(row_of) < _ROWS:
        markup = Markup("").join(
            _bar(span, scale, top=row * _ROW, tail=tail)
            for span, row in zip(ordered, row_of, strict=True)
        )
        height = max(_BAND, (max(row_of) + 1) * _ROW)
        return Drawn(markup=markup, height=height, note=str(len(ordered)))
    left, right = scale.pieces[0].left, scale.pieces[-1].right
    number = max(1, min(most, int((right - left) / _COLUMN)))
    columns = bins(ordered, scale, number=number)
    highest = max(column.held for column in columns)
    return Drawn(
        markup=Markup("").join(_column(column, highest=highest) for column in columns),
        height=_COLUMNS,
        note=f"{highest} at once",
    )


def marks(lane: Lane, scale: Scale, *, most: int) -> Drawn:
    """Things that happened: the lane's shape each, a number where several are too near."""
    ordered = sorted(lane.marks, key=lambda mark: mark.at)
    if not ordered:
        return Drawn(markup=_nothing(lane, scale), height=_BAND)
    found = cells(ordered, scale, wide=_CELL, most=most, inset=_HALF)
    line = Markup('<path class="lane" d="M{} {}H{}"/>').format(
        px(scale.pieces[0].left), px(_BAND / 2), px(scale.pieces[-1].right)
    )
    return Drawn(
        markup=line + Markup("").join(_cell(cell, lane=lane) for cell in found),
        height=_BAND,
        note=str(len(ordered)),
    )


def _joined(spans: Sequence[Span], scale: Scale, *, end: float, least: float) -> tuple[_Band, ...]:
    """*spans* as bands; neighbours that would each be narrower than *least* px share one.

    What still holds is never joined to what is over: it is what people look for.
    """
    found: list[_Band] = []
    for span in sorted(spans, key=lambda span: span.start):
        left = place(scale, span.start)
        right = end if span.end is None else place(scale, span.end)
        last = found[-1] if found else None
        brief = span.end is not None and right - left < least
        if last is not None and brief and last.right - last.left < least:
            found[-1] = _Band(
                spans=(*last.spans, span), left=last.left, right=max(last.right, right)
            )
        else:
            found.append(_Band(spans=(span,), left=left, right=right))
    return tuple(found)


def _fits(band: _Band) -> bool:
    return bold_breadth(band.words) + 2 * _ROOM <= band.right - band.left


def _band(band: _Band) -> Markup:
    last = band.spans[-1]
    shape = outline(band.left, band.right, top=1, height=_BAND - 2, goes_on=last.end is None)
    word = (
        Markup('<text class="word" x="{}" y="{}">{}</text>').format(
            px(band.left + _ROOM), px(_BAND / 2 + 4.2), band.words
        )
        if _fits(band)
        else Markup("")
    )
    return _link(
        Markup('<path class="band" d="{}"/><path class="edge" d="M{} 1v{}"/>{}').format(
            shape, px(band.left + 1.5), px(_BAND - 2), word
        ),
        tone=band.tone,
        title=_told([_lasted(span) for span in band.spans[:_TOLD]], of=len(band.spans)),
        entry=band.spans[0].entry,
    )


def _captions(short: Sequence[_Band], *, end: float) -> Iterator[Markup]:
    """Words below bands that are too short for them, those that have room; what still holds has
    it before all others."""
    limit = end
    latest = short[-1]
    if latest.spans[-1].end is None:
        left = max(0.0, min(latest.left, end - bold_breadth(latest.words)))
        yield _caption(latest, left)
        short = short[:-1]
        limit = left - _ROOM
    last = -_ROOM
    for band in short:
        wide = bold_breadth(band.words)
        left = max(last + _ROOM, min(band.left, limit - wide))
        if abs(left - band.left) <= _SHIFT and left + wide <= limit:
            last = left + wide
            yield _caption(band, left)


def _caption(band: _Band, left: float) -> Markup:
    return Markup('<text class="word {}" x="{}" y="{}">{}</text>').format(
        band.tone.value, px(left), px(_BAND + 12), band.words
    )


def _bar(span: Span, scale: Scale, *, top: float, tail: float) -> Markup:
    left = place(scale, span.start)
    right = scale.pieces[-1].right + tail if span.end is None else place(scale, span.end)
    right = max(right, left + _LEAST)
    summary = fitted(told(span.words), room=right - left - 2 * _ROOM)
    text = (
        Markup('<text class="word" x="{}" y="{}">{}</text>').format(
            px(left + _ROOM), px(top + 12.7), summary
        )
        if summary
        else Markup("")
    )
    shape = outline(left, right, top=top, height=_BAR, goes_on=span.end is None)
    return _link(
        Markup('<path class="band" d="{}"/>{}').format(shape, text),
        tone=span.tone,
        title=_lasted(span),
        entry=span.entry,
    )


def _column(column: Bin, *, highest: int) -> Markup:
    if not column.held:
        return Markup("")
    height = max(2.0, _COLUMNS * column.held / highest)
    title = f"{column.held} at once, {column.began} began"
    return _link(
        Markup('<path class="full" d="M{} {}h{}V{}H{}z"/>').format(
            px(column.left),
            px(_COLUMNS - height),
            px(max(1.0, column.right - column.left - 1)),
            px(_COLUMNS),
            px(column.left),
        ),
        tone=Tone.PARTIAL if column.first is None else column.first.tone,
        title=title if column.first is None else f"{title}\n{_lasted(column.first)}",
        entry=None if column.first is None else column.first.entry,
    )


def _cell(cell: Cell, *, lane: Lane) -> Markup:
    middle = _BAND / 2
    first = cell.marks[0]
    if len(cell.marks) == 1:
        shape = Markup('<path class="full" d="{}"/>').format(_sign(lane.sign, cell.x, middle))
        return _link(shape, tone=first.tone, title=_happened(first), entry=first.entry)
    number = len(cell.marks) if len(cell.marks) < 100 else "99+"
    shape = Markup(
        '<rect class="count" x="{}" y="{}" width="{}" height="18" rx="{}"/>'
        '<text class="number" x="{}" y="{}">{}</text>'
    ).format(
        px(cell.x - _HALF),
        px(middle - 9),
        px(2 * _HALF),
        9 if lane.sign is Sign.DOT else 3,
        px(cell.x),
        px(middle + 4.2),
        number,
    )
    tones = tuple(Tone)
    return _link(
        shape,
        tone=min((mark.tone for mark in cell.marks), key=tones.index),
        title=_told([_happened(mark) for mark in cell.marks[:_TOLD]], of=len(cell.marks)),
        entry=first.entry,
    )


def _sign(sign: Sign, x: float, y: float) -> str:
    if sign is Sign.DIAMOND:
        return f"M{px(x)} {px(y - 7.5)}l7.5 7.5l-7.5 7.5l-7.5-7.5z"
    return f"M{px(x - 6)} {px(y)}a6 6 0 0 1 12 0a6 6 0 0 1-12 0z"


def outline(left: float, right: float, *, top: float, height: float, goes_on: bool) -> str:
    """A box; with a point to the right when what it shows still goes on."""
    bottom = top + height
    if goes_on and right - left >= 8:
        corner = px(right - 6)
        return (
            f"M{px(left)} {px(top)}H{corner}L{px(right)} {px(top + height / 2)}"
            f"L{corner} {px(bottom)}H{px(left)}z"
        )
    return f"M{px(left)} {px(top)}H{px(max(right, left + 1))}V{px(bottom)}H{px(left)}z"


def _link(shape: Markup, *, tone: Tone, title: str, entry: str | None) -> Markup:
    if entry is None:
        return Markup('<g class="{}"><title>{}</title>{}</g>').format(tone.value, title, shape)
    return Markup('<a class="{}" href="{}" tabindex="-1"><title>{}</title>{}</a>').format(
        tone.value, address(entry), title, shape
    )


def _lasted(span: Span) -> str:
    text = told(span.words)
    if span.end is None:
        return f"{text}: since {words.instant(span.start)}"
    lasting = words.span(span.end - span.start)
    return f"{text}: {words.window(span.start, span.end)} ({lasting})"


def _happened(mark: Mark) -> str:
    return f"{words.instant(mark.at)}: {told(mark.words)}"


def _told(lines: Sequence[str], *, of: int) -> str:
    more = of - len(lines)
    return "\n".join((*lines, f"and {more} more") if more else lines)


def _nothing(lane: Lane, scale: Scale) -> Markup:
    return Markup('<text class="soft" x="{}" y="{}">no {} yet</text>').format(
        px(scale.pieces[0].left), px(_BAND / 2 + 4), told(lane.kind, most=40)
    )
