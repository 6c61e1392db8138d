"""Measures as charts: what is drawn, in how many parts, and in which colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from markupsafe import Markup

from tocsin.core.measures import Grouping, Key, Measure
from tocsin.core.words import Severity, parse_word
from tocsin.web.dashboard.measuring.asked import Asked, Figure
from tocsin.web.dashboard.measuring.definitions import counted
from tocsin.web.dashboard.measuring.reading import Counts, Found
from tocsin.web.dashboard.words import severity_words
from tocsin.web.pictures.charts import columns, lines, table
from tocsin.web.pictures.figures import Unit
from tocsin.web.pictures.series import Chart, Series
from tocsin.web.pictures.timeline import Width
from tocsin.web.pictures.tones import SEVERITY_TONES, Tone

MOST_PARTS: Final = 4
"""Parts of a column that have a name; the rest are others."""

OTHERS: Final = "others"
_TONES: Final = (Tone.PLANNED, Tone.DEGRADED, Tone.GOOD, Tone.MAJOR)
_TIMES: Final = (
    (
        "early",
        "Mean times to detect and acknowledge",
        ((Measure.MTTD, Tone.DEGRADED), (Measure.MTTA, Tone.PLANNED)),
    ),
    (
        "late",
        "Mean times to mitigate and resolve",
        ((Measure.MTTM, Tone.GOOD), (Measure.MTTR, Tone.PARTIAL)),
    ),
)
_COUNTED: Final = (
    (Grouping.SEVERITY, Figure.SEVERITY, "Incidents by severity"),
    (Grouping.SERVICE, Figure.SERVICE, "Incidents by service"),
    (Grouping.CONTRIBUTOR, Figure.CONTRIBUTOR, "Incidents by contributor"),
    (Grouping.ROOT_CAUSE, Figure.ROOT_CAUSE, "Incidents by cause"),
)

Draw = Callable[..., Markup]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart of the page: its picture for every width, its numbers, and what it means.

    ``id`` is unique on the page; ``figure`` is where its numbers are as CSV.
    """

    id: str
    figure: Figure
    title: str
    definition: str
    picture: Markup
    numbers: Markup


def drawings(found: Found, asked: Asked) -> tuple[Drawing, ...]:
    """All charts: incidents by what they have in common, over time."""
    return tuple(
        _counted(found, asked, grouping, figure, title) for grouping, figure, title in _COUNTED
    )


def times(found: Found, asked: Asked) -> tuple[Drawing, ...]:
    """The charts of times: their means, over time. What takes minutes and what takes hours are
    apart, or one would not see the minutes."""
    return tuple(
        _lasting(found, asked, name=name, title=title, measures=measures)
        for name, title, measures in _TIMES
    )


def _lasting(
    found: Found, asked: Asked, *, name: str, title: str, measures: tuple[tuple[Measure, Tone], ...]
) -> Drawing:
    periods = asked.periods
    chart = Chart(
        title=title,
        unit=Unit.SECONDS,
        grain=asked.grain,
        periods=periods,
        series=tuple(
            Series(
                name=measure.value.upper(),
                values=tuple(
                    _seconds(found.periods[period].measures[measure].mean)
                    if period in found.periods
                    else None
                    for period in periods
                ),
                tone=tone,
            )
            for measure, tone in measures
        ),
    )
    return Drawing(
        id=name,
        figure=Figure.TIMES,
        title=title,
        definition=(
            f"Means of the incidents that were created in each {asked.grain.value}; where none has"
            " such a time there is a gap."
        ),
        picture=_pictures(lines, chart, name=name),
        numbers=table(chart),
    )


def key_words(grouping: Grouping, key: Key) -> str:
    """What a group is called: ``sev1 · Critical``, a code, ``configuration``; ``none given``."""
    if key is None:
        return "none named" if grouping is not Grouping.ROOT_CAUSE else "none given"
    if grouping is Grouping.SEVERITY:
        severity = parse_word(Severity, key, field="severity")
        return f"{severity.value} · {severity_words(severity)}"
    if grouping in (Grouping.ROOT_CAUSE, Grouping.STATUS):
        return key.replace("_", " ")
    return key


def _counted(found: Found, asked: Asked, grouping: Grouping, figure: Figure, title: str) -> Drawing:
    counts, periods = found.counts[grouping], asked.periods
    totals = _totals(counts)
    named = _named(grouping, totals)
    series = [
        Series(
            name=key_words(grouping, key),
            values=tuple(float(counts.get(period, {}).get(key, 0)) for period in periods),
            tone=_tone(grouping, key, number),
        )
        for number, key in enumerate(named)
    ]
    rest = [key for key in totals if key not in named and key is not None]
    for name, keys, tone in (
        (OTHERS if len(rest) > 1 else "".join(rest), rest, Tone.PARTIAL),
        (key_words(grouping, None), [None] if None in totals else [], Tone.QUIET),
    ):
        if keys:
            values = (sum(counts.get(period, {}).get(key, 0) for key in keys) for period in periods)
            series.append(Series(name=name, values=tuple(map(float, values)), tone=tone))
    chart = Chart(
        title=title,
        unit=Unit.COUNT,
        grain=asked.grain,
        periods=periods,
        series=tuple(series),
    )
    return Drawing(
        id=figure.value,
        figure=figure,
        title=title,
        definition=counted(grouping),
        picture=_pictures(columns, chart, name=figure.value),
        numbers=table(chart),
    )


def _totals(counts: Counts) -> Mapping[Key, int]:
    """How many there are of each over the whole time, most first."""
    totals: Counter[Key] = Counter()
    for period in counts.values():
        totals.update(period)
    return dict(sorted(totals.items(), key=lambda one: (-one[1], one[0] is None, one[0] or "")))


def _named(grouping: Grouping, totals: Mapping[Key, int]) -> tuple[Key, ...]:
    """The parts that have a colour of their own: severities worst first, else the largest."""
    if grouping is Grouping.SEVERITY:
        return tuple(sorted(key for key in totals if key is not None))
    return tuple(key for key in totals if key is not None)[:MOST_PARTS]


def _tone(grouping: Grouping, key: Key, number: int) -> Tone:
    if grouping is Grouping.SEVERITY and key is not None:
        return SEVERITY_TONES[parse_word(Severity, key, field="severity")]
    return _TONES[number % len(_TONES)]


def _pictures(draw: Draw, chart: Chart, *, name: str) -> Markup:
    """*chart* for half a page and for a phone, one of which the style sheet shows."""
    return Markup('<div class="pictures">{}</div>').format(
        Markup("").join(
            draw(chart, name=f"{name}-{width.name.lower()}", width=width)
            for width in (Width.NARROW, Width.MIDDLE)
        )
    )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
