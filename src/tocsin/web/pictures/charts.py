"""Measures over days, weeks or months as inline SVG: lines that show gaps, and stacked columns.

A table beside each says every number for reader programs and for those who want it exact. Lines are
told apart by their dashes and the shapes of their points, parts of columns by their order and by
numbers in them, both by colour as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from tocsin.web.pictures.figures import Unit, amount, axis
from tocsin.web.pictures.lettering import apart, bold_breadth, breadth, fitted, px, told
from tocsin.web.pictures.series import Chart, Grain, Series, period_words
from tocsin.web.pictures.timeline import Width

_PLOT: Final = 150.0
_TOP: Final = 8.0
_ABOVE: Final = 18.0
_SIDE: Final = 12.0
_LEGEND: Final = 20.0
_FOOT: Final = 22.0
_WIDEST_COLUMN: Final = 56.0
_POINTS: Final = 100
_TABLE_ROWS: Final = 400
_SQUARE: Final = 1
_DASHES: Final = ("none", "7 4", "2 4", "10 3 2 3", "1 3", "12 5")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    """Where things are: px of the axes, and how many px a period and a unit take."""

    left: float
    right: float
    top: float
    bottom: float
    period: float
    highest: float

    def x(self, number: int) -> float:
        """The middle of the period of that number."""
        return self.left + (number + 0.5) * self.period

    def y(self, value: float) -> float:
        """The height of *value*."""
        return self.bottom - (value / self.highest) * (self.bottom - self.top)


def lines(chart: Chart, *, name: str, width: Width = Width.MIDDLE) -> Markup:
    """*chart* with a line for each series, broken where nothing is known."""
    highest = max((value for series in chart.series for value in _known(series)), default=0.0)
    return _svg(
        chart,
        name=name,
        width=width,
        highest=highest,
        lined=True,
        draw=lambda plot: Markup("").join(
            _line(series, number, chart, plot) for number, series in enumerate(chart.series)
        ),
    )


def columns(chart: Chart, *, name: str, width: Width = Width.MIDDLE) -> Markup:
    """*chart* with a column for each period, the first series at its foot."""
    totals = [sum(_known_at(chart, at)) for at in range(len(chart.periods))]
    return _svg(
        chart,
        name=name,
        width=width,
        highest=max(totals, default=0.0),
        lined=False,
        draw=lambda plot: Markup("").join(
            _stack(chart, at, plot) for at in range(len(chart.periods))
        ),
    )


def table(chart: Chart) -> Markup:
    """Every number of *chart*, the latest 400 periods of it, the newest first."""
    head = Markup("").join(
        Markup('<th scope="col">{}</th>').format(told(series.name)) for series in chart.series
    )
    body = Markup("").join(
        _row(chart, at) for at in reversed(range(len(chart.periods))[-_TABLE_ROWS:])
    )
    return Markup(
        '<details class="days"><summary>The numbers</summary><table class="figures">'
        '<caption class="unseen">{}</caption><thead><tr><th scope="col">{}</th>{}</tr></thead>'
        "<tbody>{}</tbody></table></details>"
    ).format(told(chart.title), chart.grain.value.capitalize(), head, body)


def _row(chart: Chart, at: int) -> Markup:
    period = period_words(chart.periods[at], chart.grain)
    cells = "".join(
        f"<td>{_told_value(series.values[at], chart.unit)}</td>" for series in chart.series
    )
    return Markup(f'<tr><th scope="row">{period}</th>{cells}</tr>')  # noqa: S704 - numbers


def summary(chart: Chart) -> str:
    """The chart in sentences: its periods, and the least, the most and the last of each series."""
    if not chart.periods:
        return "There is nothing to show yet."
    first, last = (period_words(chart.periods[at], chart.grain) for at in (0, -1))
    sentences = [f"{first} to {last}." if first != last else f"{first}."]
    for series in chart.series:
        known = _known(series)
        if not known:
            sentences.append(f"{told(series.name)}: no data.")
            continue
        least, most, latest = (
            amount(value, unit=chart.unit) for value in (min(known), max(known), known[-1])
        )
        sentences.append(f"{told(series.name)}: {least} to {most}, last {latest}.")
    return " ".join(sentences)


def _svg(
    chart: Chart,
    *,
    name: str,
    width: Width,
    highest: float,
    lined: bool,
    draw: Callable[[_Plot], Markup],
) -> Markup:
    marks = axis(highest, unit=chart.unit)
    legend = _legend(chart, width=width, lined=lined)
    gutter = max(breadth(amount(mark, unit=chart.unit)) for mark in marks) + 8
    top = (_TOP if lined else _ABOVE) + legend.height
    plot = _Plot(
        left=gutter,
        right=width - _SIDE,
        top=top,
        bottom=top + _PLOT,
        period=(width - _SIDE - gutter) / max(1, len(chart.periods)),
        highest=marks[-1],
    )
    drawn = Markup("").join((*_grid(chart, plot, marks), *_names(chart, plot), draw(plot)))
    if not any(_known(series) for series in chart.series):
        drawn += Markup(
            '<text class="middle soft" x="{}" y="{}">no data in this time</text>'
        ).format(px((plot.left + plot.right) / 2), px((plot.top + plot.bottom) / 2))
    return Markup(
        '<svg class="picture made-{}" viewBox="0 0 {} {}" role="img"'
        ' aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title><desc id="{}-d">{}</desc>'
        "{}{}</svg>"
    ).format(
        width.value,
        width.value,
        px(plot.bottom + _FOOT),
        name,
        name,
        name,
        told(chart.title),
        name,
        summary(chart),
        legend.markup,
        drawn,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Legend:
    markup: Markup
    height: float


def _legend(chart: Chart, *, width: int, lined: bool) -> _Legend:
    """The names of the series in as many rows as they need; one series alone is the title."""
    if len(chart.series) < 2:
        return _Legend(markup=Markup(""), height=0)
    drawn = Markup("")
    x, y = 0.0, 12.0
    for number, series in enumerate(chart.series):
        name = fitted(told(series.name), room=width - 40)
        wide = 26 + breadth(name)
        if x and x + wide > width:
            x, y = 0.0, y + _LEGEND
        drawn += Markup('<g class="{}">{}<text x="{}" y="{}">{}</text></g>').format(
            series.tone.value,
            _point(number if lined else _SQUARE, x + 10, y - 4),
            px(x + 22),
            px(y),
            name,
        )
        x += wide + 14
    return _Legend(markup=drawn, height=y + 8)


def _grid(chart: Chart, plot: _Plot, marks: tuple[float, ...]) -> Iterator[Markup]:
    for mark in marks:
        yield Markup(
            '<path class="{}" d="M{} {}H{}"/><text class="end" x="{}" y="{}">{}</text>'
        ).format(
            "grid" if mark else "axis",
            px(plot.left),
            px(plot.y(mark)),
            px(plot.right),
            px(plot.left - 8),
            px(plot.y(mark) + 4),
            amount(mark, unit=chart.unit) if mark else "0",
        )


def _names(chart: Chart, plot: _Plot) -> Iterator[Markup]:
    """The periods' names below the axis, every first, second, third, so that none overlap."""
    for stride in range(1, len(chart.periods) + 1):
        words = _period_names(chart, stride)
        places = [_below(plot, at, text) for at, text in words]
        if stride == len(chart.periods) or all(apart(places, room=10)):
            break
    else:
        return
    for (_, text), (left, right) in zip(words, places, strict=True):
        yield Markup('<text class="middle" x="{}" y="{}">{}</text>').format(
            px((left + right) / 2), px(plot.bottom + 16), text
        )


def _period_names(chart: Chart, stride: int) -> list[tuple[int, str]]:
    """(number, words) of every period that is named; the year where it is new."""
    found = []
    year = None
    for at in range(0, len(chart.periods), stride):
        first = chart.periods[at]
        words = f"{first:%b}" if chart.grain is Grain.MONTH else f"{first.day} {first:%b}"
        if first.year != year and (chart.grain is Grain.MONTH or year is not None):
            words = f"{words} {first.year}"
        year = first.year
        found.append((at, words))
    return found


def _below(plot: _Plot, at: int, text: str) -> tuple[float, float]:
    """From where to where *text* is written: below its period, but inside the picture."""
    half = breadth(text) / 2
    middle = max(half, min(plot.x(at), plot.right + _SIDE - half))
    return middle - half, middle + half


def _line(series: Series, number: int, chart: Chart, plot: _Plot) -> Markup:
    """One series: a stroke for every run of known values, and its points."""
    drawn = Markup("")
    many = len(chart.periods) > _POINTS
    points = Markup("")
    for run in _runs(series):
        if len(run) > 1:
            path = "L".join(f"{px(plot.x(at))} {px(plot.y(value))}" for at, value in run)
            drawn += Markup('<path class="curve" stroke-dasharray="{}" d="M{}"/>').format(
                _DASHES[number % len(_DASHES)], path
            )
        for at, value in run:
            if many and len(run) > 1:
                continue
            title = (
                f"{told(series.name)}, {period_words(chart.periods[at], chart.grain)}: "
                f"{amount(value, unit=chart.unit)}"
            )
            points += Markup("<g><title>{}</title>{}</g>").format(
                title, _point(number, plot.x(at), plot.y(value))
            )
    return Markup('<g class="{}">{}{}</g>').format(series.tone.value, drawn, points)


def _stack(chart: Chart, at: int, plot: _Plot) -> Markup:
    """The column of one period: a part for each series above 0, its number where it fits."""
    wide = max(1.0, min(_WIDEST_COLUMN, plot.period * 0.72))
    left = plot.x(at) - wide / 2
    middle, edge, breadth_px = px(plot.x(at)), px(left + 1.5), px(wide)
    period = period_words(chart.periods[at], chart.grain)
    under = 0.0
    # There are very many parts: only what somebody wrote is escaped, numbers are as they are.
    drawn = []
    for series in chart.series:
        value = series.values[at]
        if not value:
            continue
        high, low = plot.y(under + value), plot.y(under)
        under += value
        words = amount(value, unit=chart.unit)
        number = (
            f'<text class="number" x="{middle}" y="{px((high + low) / 2 + 4.2)}">{words}</text>'
            if low - high >= 16 and bold_breadth(words) + 4 <= wide
            else ""
        )
        drawn.append(
            f'<g class="{series.tone.value}">'
            f"<title>{escape(told(series.name))}, {period}: {words}</title>"
            f'<path class="band" d="M{px(left)} {px(high)}h{breadth_px}V{px(low)}h-{breadth_px}z"/>'
            f'<path class="edge" d="M{edge} {px(high)}V{px(low)}"/>{number}</g>'
        )
    total = amount(under, unit=chart.unit)
    if under and len(chart.series) > 1 and breadth(total) <= plot.period:
        drawn.append(
            f'<text class="middle" x="{middle}" y="{px(plot.y(under) - 5)}">{total}</text>'
        )
    return Markup("".join(drawn))  # noqa: S704 - numbers, and words that are escaped above


def _point(number: int, x: float, y: float) -> Markup:
    """The shape of a series: dot, square, diamond, triangle, and again."""
    shapes = (
        f"M{px(x - 4)} {px(y)}a4 4 0 0 1 8 0a4 4 0 0 1-8 0z",
        f"M{px(x - 3.8)} {px(y - 3.8)}h7.6v7.6h-7.6z",
        f"M{px(x)} {px(y - 5.4)}l5.4 5.4l-5.4 5.4l-5.4-5.4z",
        f"M{px(x)} {px(y - 5)}l5 8.6h-10z",
    )
    return Markup('<path class="full" d="{}"/>').format(shapes[number % len(shapes)])


def _runs(series: Series) -> Iterator[list[tuple[int, float]]]:
    """Neighbouring known values, with their numbers."""
    run: list[tuple[int, float]] = []
    for at, value in enumerate(series.values):
        if value is not None:
            run.append((at, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _known(series: Series) -> list[float]:
    return [value for value in series.values if value is not None]


def _known_at(chart: Chart, at: int) -> list[float]:
    values = (series.values[at] for series in chart.series)
    return [value for value in values if value is not None]


def _told_value(value: float | None, unit: Unit) -> str:
    return "no data" if value is None else amount(value, unit=unit)
