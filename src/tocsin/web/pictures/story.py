"""What a time line is drawn from: a ticket's history as lanes of spans and marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from tocsin.core.words import Severity, Status
from tocsin.web.pictures.lettering import told
from tocsin.web.pictures.tones import (
    SEVERITY_TONES,
    STATUS_TONES,
    Tone,
    severity_words,
    status_words,
)


class Form(StrEnum):
    """How a lane is drawn."""

    BANDS = "bands"
    """One state after another, each a band with its word."""
    SPANS = "spans"
    """Things that last and may overlap, in rows; columns of counts when they are many."""
    MARKS = "marks"
    """Things that happened, counted where they are many."""


class Sign(StrEnum):
    """The shape of a lane's marks."""

    DOT = "dot"
    DIAMOND = "diamond"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at an instant; ``entry`` is the id of its entry in the list."""

    at: datetime
    words: str
    tone: Tone = Tone.QUIET
    entry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that held from ``start`` until ``end``; ``end`` None when it still holds.

    Raises:
        ValueError: it ends before it starts.
    """

    start: datetime
    end: datetime | None
    words: str
    tone: Tone = Tone.QUIET
    entry: str | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError("a span ends before it starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A row of the time line; ``kind`` is what its things are called, ``signals``."""

    name: str
    kind: str
    form: Form
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    sign: Sign = Sign.DOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A ticket's history from ``since`` until ``until``, the present where it is not over."""

    title: str
    since: datetime
    until: datetime
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A ticket's status from ``at`` on."""

    at: datetime
    status: Status
    entry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChange:
    """A ticket's severity from ``at`` on."""

    at: datetime
    severity: Severity
    entry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChange:
    """A signal, told from others by its ``key``, began to fire or was resolved."""

    at: datetime
    key: str
    summary: str
    firing: bool
    severity: Severity | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of the list beside the picture; ``until`` where it lasted and is over."""

    at: datetime
    until: datetime | None
    lane: str
    words: str
    entry: str | None


def status_lane(changes: Iterable[StatusChange]) -> Lane:
    """The status as bands; a change to what holds already makes none."""
    states = (
        Span(
            start=change.at,
            end=None,
            words=status_words(change.status),
            tone=STATUS_TONES[change.status],
            entry=change.entry,
        )
        for change in changes
    )
    return Lane(name="Status", kind="states", form=Form.BANDS, spans=_following(states))


def severity_lane(changes: Iterable[SeverityChange]) -> Lane:
    """The severity as bands; a change to what holds already makes none."""
    states = (
        Span(
            start=change.at,
            end=None,
            words=severity_words(change.severity),
            tone=SEVERITY_TONES[change.severity],
            entry=change.entry,
        )
        for change in changes
    )
    return Lane(name="Severity", kind="severities", form=Form.BANDS, spans=_following(states))


def signal_lane(changes: Iterable[SignalChange]) -> Lane:
    """Signals as spans, from when each began to fire until it was resolved.

    A signal that is told again while it fires goes on; one that is resolved without having fired
    is a span without length.
    """
    firing: dict[str, SignalChange] = {}
    spans: list[Span] = []
    for change in sorted(changes, key=lambda change: change.at):
        first = firing.get(change.key)
        if change.firing:
            firing.setdefault(change.key, change)
        else:
            spans.append(_fired(first or change, until=change.at))
            firing.pop(change.key, None)
    spans.extend(_fired(change, until=None) for change in firing.values())
    return Lane(
        name="Signals",
        kind="signals",
        form=Form.SPANS,
        spans=tuple(sorted(spans, key=lambda span: span.start)),
    )


def action_lane(marks: Iterable[Mark]) -> Lane:
    """What was done: steps of the runbook, rollbacks, assignments."""
    return Lane(
        name="Actions",
        kind="actions",
        form=Form.MARKS,
        marks=_in_order(marks),
        sign=Sign.DIAMOND,
    )


def message_lane(marks: Iterable[Mark]) -> Lane:
    """What was said: notes, messages, public updates."""
    return Lane(name="Messages", kind="messages", form=Form.MARKS, marks=_in_order(marks))


def facts(story: Story) -> tuple[Fact, ...]:
    """Everything in *story*, in the order in which it happened."""
    found = [
        Fact(
            at=span.start, until=span.end, lane=lane.name, words=told(span.words), entry=span.entry
        )
        for lane in story.lanes
        for span in lane.spans
    ]
    found += [
        Fact(at=mark.at, until=None, lane=lane.name, words=told(mark.words), entry=mark.entry)
        for lane in story.lanes
        for mark in lane.marks
    ]
    return tuple(sorted(found, key=lambda fact: fact.at))


def instants(story: Story) -> list[datetime]:
    """Every instant at which something in *story* happened, began or ended."""
    found: list[datetime] = []
    for lane in story.lanes:
        found += (mark.at for mark in lane.marks)
        found += (span.start for span in lane.spans)
        found += (span.end for span in lane.spans if span.end is not None)
    return found


def _fired(change: SignalChange, *, until: datetime | None) -> Span:
    tone = Tone.PARTIAL if change.severity is None else SEVERITY_TONES[change.severity]
    return Span(start=change.at, end=until, words=change.summary, tone=tone, entry=change.entry)


def _following(states: Iterable[Span]) -> tuple[Span, ...]:
    """States, each ended by the next; one that says what the last said is left out."""
    ordered: list[Span] = []
    for state in sorted(states, key=lambda state: state.start):
        if not ordered or ordered[-1].words != state.words:
            ordered.append(state)
    ended = (
        Span(
            start=state.start,
            end=later.start,
            words=state.words,
            tone=state.tone,
            entry=state.entry,
        )
        for state, later in pairwise(ordered)
    )
    return (*ended, *ordered[-1:])


def _in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda mark: mark.at))
