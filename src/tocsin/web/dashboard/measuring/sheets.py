"""Measures as CSV: with a heading, one figure to a line, and nothing that a spreadsheet reckons."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from io import StringIO
from typing import Final, assert_never

from tocsin.core.measures import COUNTS, MEASURES, POPULATION, Figures, Grouping, Measure
from tocsin.web.dashboard.measuring.asked import Asked, Figure, period_key
from tocsin.web.dashboard.measuring.reading import Found
from tocsin.web.dashboard.visits import Page

_TYPE: Final = "text/csv; charset=utf-8; header=present"
_FIGURES: Final = ("count", "mean_seconds", "median_seconds", "p95_seconds")
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_COUNTED: Final = {
    Figure.SEVERITY: Grouping.SEVERITY,
    Figure.SERVICE: Grouping.SERVICE,
    Figure.CONTRIBUTOR: Grouping.CONTRIBUTOR,
    Figure.ROOT_CAUSE: Grouping.ROOT_CAUSE,
}

Cells = Sequence[object]


def sheet(found: Found, asked: Asked, figure: Figure) -> Page:
    """The part *figure* of what was found, as a file."""
    name = f"tocsin-measures-{figure.value}-{asked.first}-{asked.last}.csv"
    return Page(
        body=_written(_lines(found, asked, figure)),
        content_type=_TYPE,
        headers=((b"content-disposition", f'attachment; filename="{name}"'.encode("ascii")),),
    )


def _lines(found: Found, asked: Asked, figure: Figure) -> Iterator[Cells]:
    match figure:
        case Figure.ALL:
            yield from _all(found)
        case Figure.TIMES:
            yield ("period", "incidents", "measure", *_FIGURES)
            for period, group in found.periods.items():
                for measure in Measure:
                    figures = _cells(group.measures[measure])
                    yield (period_key(period, asked.grain), group.count, measure.value, *figures)
        case Figure.GROUPS:
            yield (asked.by.value, "incidents", "measure", *_FIGURES)
            for group in found.groups:
                for measure in Measure:
                    yield (group.key, group.count, measure.value, *_cells(group.measures[measure]))
        case Figure.AVAILABILITY:
            yield ("of", "code", "share", "down_seconds")
            for sort, available in (
                ("service", found.now.services),
                ("device", found.now.devices),
                ("link", found.now.links),
            ):
                for one in available:
                    code = found.now.codes.get(one.key, one.key)
                    yield (sort, code, one.share, one.down.total_seconds())
        case Figure.SEVERITY | Figure.SERVICE | Figure.CONTRIBUTOR | Figure.ROOT_CAUSE:
            yield ("period", figure.value, "incidents")
            for period, counted in sorted(found.counts[_COUNTED[figure]].items()):
                for key, count in sorted(
                    counted.items(), key=lambda one: (one[0] is None, one[0] or "")
                ):
                    yield (period_key(period, asked.grain), key, count)
        case _:
            assert_never(figure)


def _all(found: Found) -> Iterator[Cells]:
    """Everything about the whole time, each figure with its definition."""
    yield ("figure", "by", "key", *_FIGURES, "definition")
    empty = ("",) * (len(_FIGURES) - 1)
    yield ("incidents", "", "", found.now.count, *empty, POPULATION)
    for measure in Measure:
        yield (measure.value, "", "", *_cells(found.now.overall[measure]), MEASURES[measure])
    for grouping in (*_COUNTED.values(), Grouping.STATUS):
        for key, count in found.now.counts[grouping].items():
            yield ("incidents", grouping.value, key, count, *empty, COUNTS[grouping])


def _cells(figures: Figures) -> tuple[object, ...]:
    return (
        figures.count,
        _seconds(figures.mean),
        _seconds(figures.median),
        _seconds(figures.p95),
    )


def _seconds(span: timedelta | None) -> float | str:
    return "" if span is None else span.total_seconds()


def _written(lines: Iterable[Cells]) -> str:
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    for line in lines:
        writer.writerow([_cell(value) for value in line])
    return written.getvalue()


def _cell(value: object) -> object:
    """What a spreadsheet would take for a formula has an apostrophe before it."""
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return "" if value is None else value
