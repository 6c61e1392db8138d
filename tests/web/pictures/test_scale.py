"""The scale of a time line: what is busy has room, what is quiet is folded and says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.pictures.examples import BEGAN, after
from tocsin.web.pictures.lettering import breadth
from tocsin.web.pictures.scale import Scale, place, quiet_words, scaled, ticks

SECONDS = st.one_of(st.integers(0, 90), st.integers(0, 7200), st.integers(0, 40_000_000))
INSTANTS = st.lists(SECONDS.map(lambda at: BEGAN + timedelta(seconds=at)), max_size=40)
WIDTHS = st.sampled_from((343.0, 704.0, 1120.0))


def of(instants: list[datetime], *, width: float = 1120.0) -> Scale:
    return scaled(
        instants,
        since=min(instants, default=BEGAN),
        until=max(instants, default=BEGAN),
        left=10,
        right=width,
    )


def test_a_quiet_night_is_folded() -> None:
    scale = of([after(minute) for minute in (0, 5, 10, 20, 500, 510)])

    folded = [piece for piece in scale.pieces if piece.folded]

    assert [quiet_words(piece) for piece in folded] == ["7 h 57 min"]
    assert place(scale, after(20)) > 500
    assert place(scale, after(500)) < 900


def test_an_even_story_is_not_folded() -> None:
    scale = of([after(minute) for minute in range(0, 600, 60)])

    assert not any(piece.folded for piece in scale.pieces)
    assert place(scale, after(270)) == pytest.approx((10 + 1120) / 2)


def test_nothing_happened_yet_is_no_quiet_stretch() -> None:
    scale = of([after(0), after(6000)])

    assert not any(piece.folded for piece in scale.pieces)


def test_ticks_are_round_and_name_their_days_once() -> None:
    scale = of([after(minute) for minute in range(0, 200, 10)], width=704)

    found = ticks(scale)

    assert [tick.words for tick in found] == [
        "23:00",
        "23:30",
        "00:00",
        "00:30",
        "01:00",
        "01:30",
        "02:00",
    ]
    assert [tick.day for tick in found] == ["20 Nov", None, "21 Nov", None, None, None, None]


def test_ticks_of_years_are_dates() -> None:
    found = ticks(of([after(0), after(60 * 24 * 900)]))

    assert all(tick.day is None for tick in found)
    assert all(len(tick.words) == len("2026-11-20") for tick in found)
    assert len(found) > 3


@pytest.mark.parametrize(("until", "right"), [(after(-1), 100.0), (after(1), 10.0)])
def test_a_scale_goes_forward(until: datetime, right: float) -> None:
    with pytest.raises(ValueError, match="earlier to later"):
        scaled([], since=BEGAN, until=until, left=10, right=right)


@given(INSTANTS, WIDTHS)
def test_what_came_later_is_never_to_the_left(instants: list[datetime], width: float) -> None:
    scale = of(instants, width=width)

    places = [place(scale, at) for at in sorted(instants)]

    assert all(first <= second for first, second in pairwise(places))
    assert all(10 <= x <= width + 1e-6 for x in places)


@given(INSTANTS, WIDTHS)
def test_pieces_follow_one_another(instants: list[datetime], width: float) -> None:
    pieces = of(instants, width=width).pieces

    assert pieces[0].left == 10
    assert pieces[-1].right == pytest.approx(width)
    for first, second in pairwise(pieces):
        assert first.end == second.start
        assert first.right == second.left
    assert all(piece.start < piece.end and piece.left < piece.right for piece in pieces)


@given(INSTANTS, WIDTHS)
def test_nothing_happens_in_a_fold(instants: list[datetime], width: float) -> None:
    for piece in of(instants, width=width).pieces:
        if piece.folded:
            assert not any(piece.start <= at <= piece.end for at in instants)


@given(INSTANTS, WIDTHS)
def test_words_of_the_axis_do_not_overlap(instants: list[datetime], width: float) -> None:
    scale = of(instants, width=width)
    folds = [piece for piece in scale.pieces if piece.folded]
    places = [(tick.x, breadth(tick.words)) for tick in ticks(scale)]
    places += [((fold.left + fold.right) / 2, breadth(quiet_words(fold))) for fold in folds]

    boxes = sorted((middle - wide / 2, middle + wide / 2) for middle, wide in places)

    assert all(first[1] <= second[0] for first, second in pairwise(boxes))
    assert all(left >= -2 for left, _ in boxes)
