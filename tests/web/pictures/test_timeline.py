"""The time line of a ticket: inside its box, in order, bounded, and harmless whatever it says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.pictures.examples import BEGAN, after, fresh, night, storm
from tests.web.pictures.reading import classes, is_harmless, parsed, stays_inside, words
from tocsin.core.words import Status
from tocsin.web.pictures.binning import bins, cells, rows
from tocsin.web.pictures.scale import place, scaled
from tocsin.web.pictures.story import Form, Lane, Mark, Span, StatusChange, Story, status_lane
from tocsin.web.pictures.timeline import LISTED, Width, listed, timeline, timelines
from tocsin.web.pictures.tones import Tone
from tocsin.web.status import pages

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ('"><script>alert(1)</script>', "' onload='x", "\x00\ud800]]>", "{0} {x!r}", "&")
    ),
)
INSTANTS = st.integers(0, 20_000).map(lambda at: BEGAN + timedelta(seconds=at))
ENTRIES = st.one_of(st.none(), TEXTS)
TONES = st.sampled_from(Tone)
MARKS = st.builds(Mark, at=INSTANTS, words=TEXTS, tone=TONES, entry=ENTRIES)
SPANS = st.builds(
    lambda start, lasting, text, tone, entry: Span(
        start=start,
        end=None if lasting is None else start + timedelta(seconds=lasting),
        words=text,
        tone=tone,
        entry=entry,
    ),
    INSTANTS,
    st.one_of(st.none(), st.integers(0, 9_000)),
    TEXTS,
    TONES,
    ENTRIES,
)
LANES = st.builds(
    Lane,
    name=TEXTS,
    kind=TEXTS,
    form=st.sampled_from(Form),
    spans=st.lists(SPANS, max_size=12).map(tuple),
    marks=st.lists(MARKS, max_size=12).map(tuple),
)
STORIES = st.builds(
    lambda title, lanes, until: Story(title=title, since=BEGAN, until=until, lanes=tuple(lanes)),
    TEXTS,
    st.lists(LANES, max_size=5),
    INSTANTS,
)
SCALE = scaled([], since=BEGAN, until=after(400), left=10, right=700)


@settings(max_examples=40, deadline=None)
@given(STORIES, st.sampled_from(Width), st.integers(1, 60))
def test_any_story_is_drawn_inside_its_box_and_does_no_harm(
    story: Story, width: Width, most: int
) -> None:
    root = parsed(timeline(story, name="x", width=width, most=most) + listed(story))

    assert is_harmless(root)
    assert stays_inside(root[0])


@pytest.mark.parametrize("story", [night(), storm(), fresh()], ids=lambda story: story.title)
@pytest.mark.parametrize("width", Width)
def test_examples_stay_inside(story: Story, width: Width) -> None:
    assert stays_inside(parsed(timeline(story, name="x", width=width))[0])


def test_every_status_has_its_word_or_its_place_in_the_list() -> None:
    root = parsed(timelines(night(), name="n"))

    for word in ("Open", "Acknowledged", "Investigating", "Mitigating", "Monitoring", "Resolved"):
        assert word in words(root[0][2], "text")
        assert any(word in line for line in words(root, "li"))


def test_the_picture_says_what_it_shows() -> None:
    svg = parsed(timeline(night(), name="n"))[0]

    assert svg[0].text == "Fibre cut between Frankfurt and Zürich: the time line"
    assert svg[1].text == (
        "2026-11-20 22:51 – 2026-11-21 09:51 UTC. Status: Open, Acknowledged, Investigating, "
        "Mitigating, Monitoring, Resolved. Severity: SEV 3, SEV 1, SEV 3. "
        "3 signals, 3 actions, 19 messages. 2 quiet stretches are folded."
    )
    assert "Investigating: 2026-11-20 22:57 – 23:29 UTC (32 min)" in words(svg, "title")


def test_marks_lead_to_their_entries_and_the_keyboard_uses_the_list() -> None:
    root = parsed(timelines(night(), name="n"))
    entries = {f"#entry-{number}" for number in (*range(1, 15), *range(20, 39))}

    drawn = list(root[0].iter("a"))
    in_list = list(root[1].iter("a"))

    assert {link.attrib["href"] for link in in_list} == entries
    assert {link.attrib["href"] for link in drawn} <= entries
    assert all(link.get("tabindex") == "-1" for link in drawn)
    assert all(link.get("tabindex") is None for link in in_list)
    assert all(svg[2].get("aria-hidden") == "true" for svg in root[0])


def test_names_are_unique() -> None:
    markup = str(timelines(night(), name="n"))

    named = re.findall(r' id="([^"]+)"', markup)

    assert len(named) == len(set(named)) == 6


def test_a_storm_is_counted_and_bounded() -> None:
    root = parsed(timeline(storm(), name="s", most=50))

    shapes = [
        element for element in root.iter() if element.get("class") in ("band", "full", "count")
    ]

    assert len(shapes) <= 50 + 5
    assert "121 at once" in words(root, "text")


def test_what_was_decided_last_is_seen() -> None:
    svg = parsed(timeline(storm(), name="s", width=Width.NARROW))[0]

    assert "Monitoring" in words(svg, "text")


def test_a_new_ticket_says_what_is_not_there_yet() -> None:
    found = words(parsed(timeline(fresh(), name="f")), "text")

    assert {"Open", "SEV 2", "no signals yet", "no actions yet", "no messages yet"} <= set(found)


def test_a_long_list_says_that_it_is_cut() -> None:
    marks = tuple(Mark(at=after(number / 60), words=f"m{number}") for number in range(LISTED + 7))
    lane = Lane(name="Messages", kind="messages", form=Form.MARKS, marks=marks)
    root = parsed(listed(Story(title="t", since=BEGAN, until=after(9), lanes=(lane,))))

    assert words(root, "p") == ["7 earlier entries are not listed here."]
    assert len(words(root, "li")) == LISTED
    assert "m506" in words(root, "li")[-1]


def test_all_classes_are_in_the_sheet() -> None:
    sheet = (pages.asset("tocsin.css") + pages.asset("pictures.css")).decode()
    drawn = classes(parsed(timelines(night(), name="n") + timelines(storm(), name="s")))

    assert {name for name in drawn if f".{name}" not in sheet} == {"pictures"}


@given(st.lists(MARKS, max_size=60), st.integers(1, 40))
def test_marks_are_all_counted_in_order_and_apart(marks: list[Mark], most: int) -> None:
    ordered = sorted(marks, key=lambda mark: mark.at)

    found = cells(ordered, SCALE, wide=24, most=most, inset=10)

    assert [mark for cell in found for mark in cell.marks] == ordered
    assert len(found) <= most
    assert all(second.x - first.x >= 20 - 1e-6 for first, second in pairwise(found))
    assert all(10 + 10 <= cell.x <= 700 - 10 for cell in found)


@given(st.lists(SPANS, max_size=60), st.integers(1, 80))
def test_bins_sum_up(spans: list[Span], number: int) -> None:
    found = bins(spans, SCALE, number=number)

    assert sum(column.began for column in found) == len(spans)
    assert max(column.held for column in found) <= len(spans)
    assert found[-1].held >= sum(span.end is None for span in spans)
    assert all(column.held for column in found if column.began)
    assert all(first.right == pytest.approx(second.left) for first, second in pairwise(found))


@given(st.lists(SPANS, max_size=30))
def test_spans_of_a_row_do_not_overlap(spans: list[Span]) -> None:
    ordered = sorted(spans, key=lambda span: span.start)

    chosen = rows(ordered, SCALE, apart=5)

    for row in set(chosen):
        inside = [span for span, at in zip(ordered, chosen, strict=True) if at == row]
        for first, second in pairwise(inside):
            assert first.end is not None
            assert place(SCALE, first.end) + 5 <= place(SCALE, second.start) + 1e-6


def test_a_flapping_status_keeps_its_number_of_changes() -> None:
    lane = storm().lanes[0]
    title = replace(storm(), lanes=(lane,))

    shown = words(parsed(timeline(title, name="s", width=Width.NARROW)), "text")

    assert any(text.endswith(" changes") for text in shown)


def test_what_holds_now_is_not_counted_among_what_is_over() -> None:
    changes = [
        StatusChange(at=BEGAN, status=Status.OPEN),
        StatusChange(at=after(299.9), status=Status.ACKNOWLEDGED),
        StatusChange(at=after(299.95), status=Status.RESOLVED),
    ]
    story = Story(title="t", since=BEGAN, until=after(300), lanes=(status_lane(changes),))

    shown = words(parsed(timeline(story, name="s", most=20)), "text")

    assert "Resolved" in shown
    assert "2 changes" not in shown
