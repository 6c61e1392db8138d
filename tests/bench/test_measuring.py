"""Figures mean what they say, and the generator counts what it was answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import acknowledging, fsync, load, processes, report
from tests.bench import answers


def test_a_quantile_is_a_value_that_was_measured() -> None:
    hundred = [float(number) for number in range(1, 101)]

    assert load.quantile(hundred, 0.5) == 50.0
    assert load.quantile(hundred, 0.99) == 99.0
    assert load.quantile([7.0], 0.99) == 7.0


@pytest.mark.parametrize(
    ("value", "bound", "word"),
    [
        (0.5, report.at_least(0.5), "kept"),
        (0.49, report.at_least(0.5), "broken"),
        (59.9, report.under(60.0), "kept"),
        (60.0, report.under(60.0), "broken"),
        (1.0, None, ""),
    ],
)
def test_a_promise_is_kept_or_broken(value: float, bound: report.Bound | None, word: str) -> None:
    assert report.verdict(report.Figure("section", "name", value, "ms", bound)) == word


def test_the_readme_names_promised_figures_only() -> None:
    text = report.markdown(
        [
            report.Figure("idle", "resident memory", 81.2, "MB", report.under(150.0)),
            report.Figure("idle", "by the way", 3.0, "s"),
        ]
    )

    assert "| idle: resident memory | 81.2 MB | under 150 MB |" in text
    assert "by the way" not in text


def test_the_readme_leaves_out_details() -> None:
    detail = report.Figure("reading", "one of many", 3.0, "ms", report.under(15.0), is_detail=True)

    assert "one of many" not in report.markdown([detail])


@pytest.mark.parametrize(("value", "rows"), [(14.9, 0), (15.0, 1)])
def test_a_detail_is_shown_when_its_promise_is_broken(value: float, rows: int) -> None:
    detail = report.Figure("reading", "p99", value, "ms", report.under(15.0), is_detail=True)

    assert report.table("reading", [detail]).row_count == rows


def test_the_yardstick_answers_the_generator(tmp_path: Path) -> None:
    with processes.baseline(tmp_path) as served:
        ids = tmp_path / "ids"
        figures = acknowledging.load(
            served.port,
            token="x",
            connections=4,
            extent=acknowledging.Extent(rounds=1, warm_up=0.0, seconds=0.3, writes=1),
            name="tried",
            ids=ids,
        )

    assert figures.is_accepted
    assert len(ids.read_text().split()) >= figures.answers > 0


def test_a_refusal_is_not_counted_as_an_acknowledgement() -> None:
    with answers.always(503) as port:
        figures, ids = load.run(
            port,
            path="/",
            token=None,
            name="tried",
            connections=2,
            warm_up=0.0,
            seconds=0.2,
        )

    assert set(figures.statuses) == {"503"}
    assert not figures.is_accepted
    assert ids == []


def test_the_bare_disk_is_measured_and_left_as_it_was(tmp_path: Path) -> None:
    figures = fsync.measure(tmp_path, writes=5)

    assert 0 < figures.p50 <= figures.p99 <= figures.longest
    assert list(tmp_path.iterdir()) == []
