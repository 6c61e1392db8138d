"""Charts of measures: round axes, honest gaps, numbers that can be read and do not overlap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.pictures.examples import counts, times
from tests.web.pictures.reading import classes, is_harmless, parsed, stays_inside, words
from tocsin.web.pictures.charts import columns, lines, summary, table
from tocsin.web.pictures.figures import Unit, amount, axis
from tocsin.web.pictures.lettering import bold_breadth, breadth, fitted, px, told
from tocsin.web.pictures.series import Chart, Grain, Series
from tocsin.web.pictures.timeline import Width
from tocsin.web.pictures.tones import Tone
from tocsin.web.status import pages

HOUR = 3600.0
VALUES = st.one_of(st.none(), st.just(0.0), st.floats(0, 1e18), st.integers(0, 500).map(float))
TEXTS = st.one_of(
    st.text(max_size=60), st.just("</title><script>x</script>"), st.just("\ud800\x01")
)


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    number = draw(st.one_of(st.integers(0, 14), st.just(130)))
    grain = draw(st.sampled_from(Grain))
    days = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 31}[grain]
    values = st.lists(VALUES, min_size=number, max_size=number).map(tuple)
    return Chart(
        title=draw(TEXTS),
        unit=draw(st.sampled_from(Unit)),
        grain=grain,
        periods=tuple(date(2026, 1, 1) + timedelta(days=days * at) for at in range(number)),
        series=tuple(
            Series(name=draw(TEXTS), values=draw(values), tone=draw(st.sampled_from(Tone)))
            for _ in range(draw(st.integers(0, 5)))
        ),
    )


@settings(max_examples=40, deadline=None)
@given(charts(), st.sampled_from(Width))
def test_any_chart_is_inside_its_box_and_does_no_harm(chart: Chart, width: Width) -> None:
    root = parsed(lines(chart, name="l", width=width) + columns(chart, name="c", width=width))

    assert is_harmless(root)
    assert all(stays_inside(svg) for svg in root)
    assert is_harmless(parsed(table(chart)))


@given(st.floats(0, 1e200), st.sampled_from(Unit))
def test_an_axis_is_round_and_reaches_the_highest(highest: float, unit: Unit) -> None:
    found = axis(highest, unit=unit)

    assert found[0] == 0
    assert found[-1] >= highest
    assert 2 <= len(found) <= 6
    assert all(first < second for first, second in pairwise(found))
    named = [amount(mark, unit=unit) for mark in found]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize(
    ("highest", "unit", "marks"),
    [
        (0, Unit.COUNT, ["0", "1"]),
        (3, Unit.COUNT, ["0", "1", "2", "3"]),
        (28, Unit.COUNT, ["0", "10", "20", "30"]),
        (42, Unit.SECONDS, ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s"]),
        (700, Unit.SECONDS, ["0 s", "5 min", "10 min", "15 min"]),
        (9 * HOUR, Unit.SECONDS, ["0 s", "2 h", "4 h", "6 h", "8 h", "10 h"]),
        (60 * HOUR, Unit.SECONDS, ["0 s", "12 h", "1 d", "1 d 12 h", "2 d", "2 d 12 h"]),
        (
            900 * 24 * HOUR,
            Unit.SECONDS,
            ["0 s", "200 d", "400 d", "600 d", "800 d", "1\u202f000 d"],
        ),
    ],
)
def test_axes(highest: float, unit: Unit, marks: list[str]) -> None:
    assert [amount(mark, unit=unit) for mark in axis(highest, unit=unit)] == marks


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (2.5, Unit.COUNT, "2.5"),
        (1250, Unit.COUNT, "1\u202f250"),
        (12_400, Unit.COUNT, "12.4 k"),
        (3e13, Unit.COUNT, "30 T"),
        (1e18, Unit.COUNT, "1.0e+18"),
        (0.4, Unit.SECONDS, "0.4 s"),
        (90, Unit.SECONDS, "1 min 30 s"),
        (3 * HOUR + 300, Unit.SECONDS, "3 h 5 min"),
        (52 * HOUR, Unit.SECONDS, "2 d 4 h"),
        (59.96, Unit.SECONDS, "1 min"),
        (3599.7, Unit.SECONDS, "1 h"),
        (86_390, Unit.SECONDS, "1 d"),
        (999_960, Unit.COUNT, "1 M"),
    ],
)
def test_amounts(value: float, unit: Unit, said: str) -> None:
    assert amount(value, unit=unit) == said


def test_a_line_is_broken_where_nothing_is_known() -> None:
    svg = parsed(lines(times(), name="t"))[0]
    curves = [element for element in svg.iter("path") if element.get("class") == "curve"]

    assert [path.attrib["d"].count("L") + 1 for path in curves] == [3, 4, 3, 3, 4]
    assert len({path.attrib["stroke-dasharray"] for path in curves}) == 2
    assert "MTTR, week of 2026-11-09: 1 h 26 min" not in words(svg, "title")
    assert "MTTR, week of 2026-11-09: 1 h 27 min" in words(svg, "title")


def test_a_table_says_every_number_and_where_there_is_none() -> None:
    rows = words(parsed(table(times())), "tr")

    assert rows[0] == "WeekMTTAMTTR"
    assert rows[1] == "week of 2026-11-233 min 30 s1 h 5 min"
    assert rows[-4] == "week of 2026-09-28no datano data"
    assert len(rows) == 13


def test_columns_are_as_high_as_their_parts_together() -> None:
    svg = parsed(columns(counts(), name="c"))[0]
    said = words(svg, "text")

    for at in range(12):
        total = sum(series.values[at] or 0 for series in counts().series)
        assert amount(total, unit=Unit.COUNT) in said
    assert "SEV 3, 2026-07: 14" in words(svg, "title")
    assert "SEV 1, 2026-09: 0" not in words(svg, "title")


def test_the_picture_says_what_it_shows() -> None:
    assert summary(times()) == (
        "week of 2026-09-07 to week of 2026-11-23. MTTA: 3 min to 10 min, last 3 min 30 s. "
        "MTTR: 1 h 5 min to 4 h, last 1 h 5 min."
    )
    nothing = replace(times(), series=(Series(name="MTTD", values=(None,) * 12),))
    assert summary(nothing).endswith("MTTD: no data.")
    assert "no data in this time" in words(parsed(lines(nothing, name="n")), "text")
    assert summary(replace(nothing, periods=(), series=())) == "There is nothing to show yet."


def test_one_point_and_zero_are_fine() -> None:
    chart = Chart(
        title="MTTA",
        unit=Unit.SECONDS,
        grain=Grain.MONTH,
        periods=(date(2026, 11, 1),),
        series=(Series(name="MTTA", values=(0.0,)),),
    )

    assert "MTTA, 2026-11: 0 s" in words(parsed(lines(chart, name="l")), "title")
    assert "Nov 2026" in words(parsed(columns(chart, name="c")), "text")


@given(charts(), st.sampled_from(Width))
@settings(max_examples=40, deadline=None)
def test_names_of_periods_do_not_overlap(chart: Chart, width: Width) -> None:
    svg = parsed(lines(chart, name="l", width=width))[0]
    foot = svg.attrib["viewBox"].split()[3]
    low = float(foot) - 6
    named = [
        (float(text.attrib["x"]), breadth(text.text or ""))
        for text in svg.iter("text")
        if float(text.attrib["y"]) == pytest.approx(low, abs=0.2)
    ]

    assert bool(named) == bool(chart.periods)
    for (first, wide), (second, next_wide) in pairwise(named):
        assert first + wide / 2 < second - next_wide / 2


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_chart_shows_numbers_from_zero_up(value: float) -> None:
    with pytest.raises(ValueError, match="from 0 up"):
        Series(name="x", values=(value,))


def test_every_period_has_a_value() -> None:
    with pytest.raises(ValueError, match="one value for each period"):
        replace(times(), periods=times().periods[1:])


def test_all_classes_are_in_the_sheet() -> None:
    sheet = (pages.asset("tocsin.css") + pages.asset("pictures.css")).decode()
    drawn = parsed(lines(times(), name="l") + columns(counts(), name="c") + table(times()))

    assert {name for name in classes(drawn) if f".{name}" not in sheet} == set()


@given(st.text(max_size=50), st.floats(0, 300))
def test_what_is_fitted_fits(text: str, room: float) -> None:
    assert bold_breadth(fitted(text, room=room)) <= max(room, 0) + 1e-6


@pytest.mark.parametrize(
    ("number", "written"), [(1.0, "1"), (1.25, "1.2"), (-0.01, "0"), (10.0, "10")]
)
def test_coordinates_are_short(number: float, written: str) -> None:
    assert px(number) == written


def test_long_texts_are_cut() -> None:
    assert told("a\n b\x00" + "c" * 300, most=10) == "a bcccccc…"
