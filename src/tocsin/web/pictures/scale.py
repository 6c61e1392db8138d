"""The scale of a time line: busy parts get the room, quiet stretches are folded and say so.

Piecewise linear and never decreasing: what came later is never drawn to the left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from tocsin.web.pictures.lettering import SMALL, breadth
from tocsin.web.status.words import span

FOLD: Final = 72.0
"""How wide a folded stretch is drawn, px."""

_FOLDABLE: Final = timedelta(minutes=30)
_LEAST_PIECE: Final = 10.0
_PX_FOR_A_FOLD: Final = 160.0
_MOST_FOLDS: Final = 5
_SECOND: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        *(1, 2, 5, 10, 15, 30),
        *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
        *(3600 * hours for hours in (1, 2, 3, 6, 12)),
        *(86_400 * days for days in (1, 2, 7, 14, 28, 91, 182, 364, 1820, 3640)),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of time, from ``start`` to ``end``, drawn between ``left`` and ``right`` px."""

    start: datetime
    end: datetime
    left: float
    right: float
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Pieces that follow one another without gaps, at least one."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """An instant of the axis: its place, px, and its words; ``day`` where a date begins."""

    at: datetime
    x: float
    words: str
    day: str | None = None


def scaled(
    instants: Iterable[datetime], *, since: datetime, until: datetime, left: float, right: float
) -> Scale:
    """The scale from *since* to *until* between *left* and *right*, px, zoomed to *instants*.

    The longest stretches without any of *instants* are folded, as long as each is at least
    half an hour and longer than half of what would be left; as many as the width has room for.

    Raises:
        ValueError: *until* is before *since*, or *right* is not right of *left*.
    """
    if until < since or right <= left:
        raise ValueError("a scale goes from earlier to later and from left to right")
    if until == since:
        until = since + _SECOND
    known = sorted({since, until, *(at for at in instants if since < at < until)})
    stretches = list(pairwise(known))
    folds = _folds(stretches, most=min(_MOST_FOLDS, int((right - left) / _PX_FOR_A_FOLD)))
    return Scale(_laid_out(_cut(stretches, folds), left=left, right=right))


def place(scale: Scale, at: datetime) -> float:
    """Where *at* is, px; an instant outside the scale is at its nearer end."""
    pieces = scale.pieces
    number = bisect_right(pieces, at, key=lambda piece: piece.start) - 1
    piece = pieces[max(0, number)]
    inside = min(max(at, piece.start), piece.end)
    part = (inside - piece.start) / (piece.end - piece.start)
    return min(piece.right, piece.left + part * (piece.right - piece.left))


def ticks(scale: Scale) -> tuple[Tick, ...]:
    """Round instants of the busy pieces, far enough from each other for their words.

    The first tick, and the first of every other day, carry the date.
    """
    found: list[Tick] = []
    shown: str | None = None
    step = _step([piece for piece in scale.pieces if not piece.folded])
    near = scale.pieces[-1].end.year == scale.pieces[0].start.year
    for piece, low, high in _rooms(scale):
        tried = (
            _ticks_inside(piece, scale, step=finer, low=low, high=high, near=near)
            for finer in _finer(step)
        )
        for tick in next(filter(None, tried), []):
            found.append(tick if tick.day != shown else replace(tick, day=None))
            shown = tick.day or shown
    return tuple(found)


def quiet_words(piece: Piece) -> str:
    """How long a folded piece is: ``3 h 20 min``."""
    return span(piece.end - piece.start)


def _rooms(scale: Scale) -> Iterator[tuple[Piece, float, float]]:
    """Busy pieces with the room, from left to right, in which words of ticks may stand."""
    low = scale.pieces[0].left - SMALL
    for number, piece in enumerate(scale.pieces):
        if piece.folded:
            low = (piece.left + piece.right + breadth(quiet_words(piece)) + SMALL) / 2
            continue
        high = piece.right + FOLD / 4
        if number + 1 < len(scale.pieces):
            fold = scale.pieces[number + 1]
            high = (fold.left + fold.right - breadth(quiet_words(fold)) - SMALL) / 2
        yield piece, low, high


def _ticks_inside(
    piece: Piece, scale: Scale, *, step: timedelta, low: float, high: float, near: bool
) -> list[Tick]:
    """The ticks of *piece* that have room between *low* and *high*, px, each with its date."""
    found = []
    for at in _round_instants(piece, step):
        x = place(scale, at)
        day = f"{at.day} {at:%b}" if near else f"{at:%Y-%m-%d}"
        words = _clock(at, step) or day
        half = max(breadth(words), breadth(day)) / 2
        if low <= x - half and x + half <= high:
            found.append(Tick(at=at, x=x, words=words, day=None if words == day else day))
            low = x + half + SMALL / 2
    return found


def _finer(step: timedelta) -> tuple[timedelta, ...]:
    """*step* and what is finer: a short piece has a tick too, if there is one with room."""
    return tuple(finer for finer in reversed(_STEPS) if finer <= step and finer >= step / 100)


def _folds(
    stretches: list[tuple[datetime, datetime]], *, most: int
) -> frozenset[tuple[datetime, datetime]]:
    rest = stretches[-1][1] - stretches[0][0]
    folds: set[tuple[datetime, datetime]] = set()
    for start, end in sorted(stretches, key=lambda pair: (pair[0] - pair[1], pair[0])):
        length = end - start
        if len(folds) >= most or length < _FOLDABLE or length >= rest:
            break
        if length <= rest / 3:
            break
        folds.add((start, end))
        rest -= length
    return frozenset(folds)


def _cut(
    stretches: list[tuple[datetime, datetime]], folds: frozenset[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime, bool]]:
    """Stretches as (start, end, folded), with a breath of time left on both sides of a fold."""
    busy = sum((end - start for start, end in stretches if (start, end) not in folds), timedelta())
    cut: list[tuple[datetime, datetime, bool]] = []
    for start, end in stretches:
        if (start, end) in folds:
            breath = min((end - start) / 4, max(busy / 25, 20 * _SECOND))
            cut.append((start, start + breath, False))
            cut.append((start + breath, end - breath, True))
            cut.append((end - breath, end, False))
        else:
            cut.append((start, end, False))
    joined: list[tuple[datetime, datetime, bool]] = []
    for start, end, folded in cut:
        if joined and not folded and not joined[-1][2]:
            joined[-1] = (joined[-1][0], end, False)
        else:
            joined.append((start, end, folded))
    return joined


def _laid_out(
    cut: list[tuple[datetime, datetime, bool]], *, left: float, right: float
) -> tuple[Piece, ...]:
    folds = sum(folded for _, _, folded in cut)
    busy = [end - start for start, end, folded in cut if not folded]
    shared = right - left - folds * FOLD - len(busy) * _LEAST_PIECE
    total = sum(busy, timedelta())
    pieces: list[Piece] = []
    x = left
    for start, end, folded in cut:
        wide = FOLD if folded else _LEAST_PIECE + shared * ((end - start) / total)
        pieces.append(
            Piece(start=start, end=end, left=x, right=min(right, x + wide), folded=folded)
        )
        x = min(right, x + wide)
    return tuple(pieces)


def _step(busy: list[Piece]) -> timedelta:
    """The finest step of the axis at which words of two ticks would stay apart."""
    width = sum(piece.right - piece.left for piece in busy)
    length = sum((piece.end - piece.start for piece in busy), timedelta())
    for step in _STEPS:
        words = breadth("2026-00-00" if step < timedelta(minutes=1) else "00 Mmm") + 2 * SMALL
        if length * (words / width) <= step:
            return step
    return _STEPS[-1]


def _round_instants(piece: Piece, step: timedelta) -> Iterator[datetime]:
    """Multiples of *step* inside *piece*."""
    at = _EPOCH - ((_EPOCH - piece.start) // step) * step
    while at <= piece.end:
        yield at
        if piece.end - at < step:
            break
        at += step


def _clock(at: datetime, step: timedelta) -> str:
    if step >= timedelta(days=1):
        return ""
    if step < timedelta(minutes=1):
        return f"{at:%H:%M:%S}"
    return f"{at:%H:%M}"
