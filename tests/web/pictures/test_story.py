"""Lanes from what happened to a ticket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web.pictures.examples import BEGAN, after, night
from tocsin.core.words import Severity, Status
from tocsin.web.pictures.story import (
    Mark,
    SeverityChange,
    SignalChange,
    Span,
    StatusChange,
    facts,
    instants,
    message_lane,
    severity_lane,
    signal_lane,
    status_lane,
)
from tocsin.web.pictures.tones import SEVERITY_TONES, STATUS_TONES, Tone, severity_words


def test_a_status_holds_until_the_next() -> None:
    lane = status_lane(
        [
            StatusChange(at=after(5), status=Status.IN_PROGRESS, entry="b"),
            StatusChange(at=BEGAN, status=Status.PLANNED, entry="a"),
            StatusChange(at=after(7), status=Status.IN_PROGRESS, entry="c"),
        ]
    )

    assert lane.spans == (
        Span(start=BEGAN, end=after(5), words="Planned", tone=Tone.QUIET, entry="a"),
        Span(start=after(5), end=None, words="In progress", tone=Tone.PLANNED, entry="b"),
    )


def test_lanes_may_be_empty() -> None:
    lanes = (status_lane([]), severity_lane([]), signal_lane([]), message_lane([]))

    assert all(lane.spans == () and lane.marks == () for lane in lanes)


def test_a_severity_is_told_by_its_number() -> None:
    lane = severity_lane([SeverityChange(at=BEGAN, severity=Severity.SEV2)])

    assert [(span.words, span.tone) for span in lane.spans] == [("SEV 2", Tone.PARTIAL)]


def test_every_status_and_severity_has_a_tone() -> None:
    assert STATUS_TONES.keys() == set(Status)
    assert SEVERITY_TONES.keys() == set(Severity)
    assert len({severity_words(severity) for severity in Severity}) == len(Severity)


def test_a_signal_fires_until_it_is_resolved_and_may_come_again() -> None:
    def change(minute: float, key: str, *, firing: bool) -> SignalChange:
        return SignalChange(at=after(minute), key=key, summary=key, firing=firing)

    lane = signal_lane(
        [
            change(0, "a", firing=True),
            change(1, "a", firing=True),
            change(2, "a", firing=False),
            change(4, "a", firing=True),
            change(3, "b", firing=False),
        ]
    )

    assert [(span.words, span.start, span.end) for span in lane.spans] == [
        ("a", BEGAN, after(2)),
        ("b", after(3), after(3)),
        ("a", after(4), None),
    ]


def test_facts_are_everything_in_the_order_in_which_it_happened() -> None:
    found = facts(night())

    assert len(found) == 6 + 3 + 3 + 3 + 19
    assert [fact.at for fact in found] == sorted(fact.at for fact in found)
    assert {fact.lane for fact in found} == {"Status", "Severity", "Signals", "Actions", "Messages"}


def test_instants_are_beginnings_and_ends() -> None:
    story = replace(night(), lanes=(night().lanes[2],))

    assert sorted(instants(story)) == [BEGAN, after(1), after(30), after(41), after(540)]


def test_marks_are_put_in_order() -> None:
    late, early = Mark(at=after(2), words="late"), Mark(at=after(1), words="early")

    assert message_lane([late, early]).marks == (early, late)


def test_a_span_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Span(start=after(1), end=BEGAN, words="")
