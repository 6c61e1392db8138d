"""Many things in little room: what falls into one cell of a picture is counted and drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from tocsin.web.pictures.scale import Scale, place
from tocsin.web.pictures.story import Mark, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Neighbouring marks, drawn as one at ``x`` px; never without any."""

    x: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A column of spans: how many began in it, and how many held at once in it at most."""

    left: float
    right: float
    began: int
    held: int
    first: Span | None


def cells(
    marks: Sequence[Mark], scale: Scale, *, wide: float, most: int, inset: float
) -> tuple[Cell, ...]:
    """*marks*, in order, in cells of *wide* px; of more if there would be more than *most*.

    A cell is drawn *inset* px inside its borders, so that no two are nearer than twice that.
    """
    left, right = scale.pieces[0].left, scale.pieces[-1].right
    found = _cells(marks, scale, wide=wide)
    while len(found) > max(1, most) and wide < right - left:
        wide *= 2
        found = _cells(marks, scale, wide=wide)
    drawn = []
    for number, within in found:
        low = left + number * wide + inset
        high = min(left + (number + 1) * wide, right) - inset
        if high < low:
            low = high = min(low, right - inset)
        places = [place(scale, mark.at) for mark in within]
        middle = (places[0] + places[-1]) / 2
        drawn.append(Cell(x=min(max(middle, low), high), marks=within))
    return tuple(drawn)


def bins(spans: Sequence[Span], scale: Scale, *, number: int) -> tuple[Bin, ...]:
    """*spans* in *number* columns of one width; every span begins in exactly one."""
    left, right = scale.pieces[0].left, scale.pieces[-1].right
    wide = (right - left) / number
    began: list[list[Span]] = [[] for _ in range(number)]
    changes: list[list[tuple[float, int]]] = [[] for _ in range(number)]
    for span in spans:
        start = place(scale, span.start)
        column = _column(start, left=left, wide=wide, number=number)
        began[column].append(span)
        changes[column].append((start, 1))
        if span.end is not None:
            end = place(scale, span.end)
            changes[_column(end, left=left, wide=wide, number=number)].append((end, -1))
    found = []
    held = 0
    for column in range(number):
        highest = held
        # At one place, what begins is counted before what ends: it was there, however shortly.
        for _, change in sorted(changes[column], key=lambda pair: (pair[0], -pair[1])):
            held += change
            highest = max(highest, held)
        found.append(
            Bin(
                left=left + column * wide,
                right=min(right, left + (column + 1) * wide),
                began=len(began[column]),
                held=highest,
                first=began[column][0] if began[column] else None,
            )
        )
    return tuple(found)


def rows(spans: Sequence[Span], scale: Scale, *, apart: float) -> tuple[int, ...]:
    """The row of each span, from 0, so that no two in a row are nearer than *apart* px.

    *spans* are in the order of their beginnings.
    """
    ends: list[float] = []
    chosen = []
    for span in spans:
        start = place(scale, span.start)
        end = scale.pieces[-1].right if span.end is None else place(scale, span.end)
        end = max(end, start + apart)
        row = next((row for row, taken in enumerate(ends) if taken + apart <= start), len(ends))
        if row == len(ends):
            ends.append(end)
        else:
            ends[row] = end
        chosen.append(row)
    return tuple(chosen)


def _column(x: float, *, left: float, wide: float, number: int) -> int:
    return min(number - 1, max(0, int((x - left) / wide)))


def _cells(
    marks: Sequence[Mark], scale: Scale, *, wide: float
) -> list[tuple[int, tuple[Mark, ...]]]:
    left, right = scale.pieces[0].left, scale.pieces[-1].right
    last = max(0, int((right - left) / wide - 0.5))

    def cell(mark: Mark) -> int:
        return min(last, int((place(scale, mark.at) - left) / wide))

    return [(number, tuple(within)) for number, within in groupby(marks, key=cell)]
