"""What a criterion answers, and the criteria that links, devices and interfaces share
(Provisioning: rules of evidence).

Every criterion is a pure function of evidence. It says ``met``, ``unmet`` or ``unknown`` with a
sentence and figures, why it is not met, and when it would be if nothing changed. A silent source is
``unknown``; minutes that are missing are ``unmet`` and named; only errors move health down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.coverage import (
    Minutes,
    missing,
    named_minutes,
    turned_at,
    within,
)
from tocsin.core.provisioning.life import Life, Waiver, words
from tocsin.core.provisioning.telemetry import Marks, Origin
from tocsin.core.provisioning.windows import Window, minute_of, missing_allowed
from tocsin.core.provisioning.words import READY_FOR_ACTIVATION, AssetStatus, DesiredStatus


class State(StrEnum):
    """What a criterion answers."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"
    WAIVED = "waived"


class Cause(StrEnum):
    """Why a criterion is unmet: errors were counted, minutes are missing, or what is so."""

    ERRORS = "errors"
    GAPS = "gaps"
    FACTS = "facts"


Figure: TypeAlias = tuple[str, int | str]
"""A name and what it amounts to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a criterion rests on; ``window`` is None for what stands in the record."""

    source: str
    query: str
    window: Window | None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """The answer of one criterion. ``cause`` is there while it is unmet; ``since`` is as far back
    as the evidence tells; ``ready_at`` is when it is met if nothing changes, None where something
    has to change first."""

    name: str
    state: State
    reason: str
    evidence: Evidence
    cause: Cause | None = None
    since: datetime | None = None
    ready_at: datetime | None = None
    waiver: Waiver | None = None

    @property
    def holds(self) -> bool:
        """Whether it stands in nobody's way."""
        return self.state in (State.MET, State.WAIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """In place of evidence: a source did not answer; ``why`` is a sentence."""

    source: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What evidence is held to: the window that applies, how many minutes may be missing in 24 h,
    and how far apart QA tests may be. ``known_from`` is where what is known begins, for saying
    since when; None where that is the window's start."""

    window: Window
    missing_minutes: int = 5
    qa_gap_minutes: int = 60
    known_from: datetime | None = None

    @property
    def allowed(self) -> int:
        """How many minutes of the window may be missing."""
        return missing_allowed(minutes=self.window.minutes, missing_minutes=self.missing_minutes)

    @property
    def known(self) -> Window:
        """All that is known, of which the window is the last part."""
        start = self.window.start if self.known_from is None else self.known_from
        return Window(start=min(start, self.window.start), end=self.window.end)

    def clear_of(self, at: datetime) -> datetime:
        """When the first window ends that begins after the minute of *at*."""
        return minute_of(at) + MINUTE + self.window.length


RECORD = "record"
"""The source of what stands in the registry."""


def recorded(
    name: str,
    holds: bool,
    reason: str,
    *,
    asked: str,
    figures: tuple[Figure, ...] = (),
    since: datetime | None = None,
) -> Criterion:
    """The answer of a criterion about what stands in the registry under *asked*."""
    return Criterion(
        name=name,
        state=State.MET if holds else State.UNMET,
        reason=reason,
        evidence=Evidence(source=RECORD, query=asked, window=None, figures=figures),
        cause=None if holds else Cause.FACTS,
        since=since,
    )


def silent(name: str, silence: Silence, window: Window) -> Criterion:
    """The answer while a source is silent."""
    return Criterion(
        name=name,
        state=State.UNKNOWN,
        reason=f"{silence.source} is silent: {silence.why}",
        evidence=Evidence(source=silence.source, query="", window=window),
    )


# -- what links, devices and interfaces share ------------------------------------------------------


def status_allows(life: Life) -> tuple[bool, str]:
    """Whether the status is one that activation begins from, or ends in; and a sentence."""
    shown = words(life.status)
    if life.status is AssetStatus.ACTIVATED:
        return True, "it is activated already"
    if life.status in READY_FOR_ACTIVATION:
        return True, f"its status is {shown}"
    return False, f"its status is {shown}; soft drained, hard drained or provisioning is needed"


def desired(life: Life) -> Criterion:
    """``desired``: its owner wants it activated."""
    shown = life.desired.value.replace("_", " ")
    return recorded(
        "desired",
        life.desired is DesiredStatus.ACTIVATED,
        f"its desired status is {shown}",
        asked="desired_status",
        figures=(("desired_status", life.desired.value),),
    )


def gaps_reason(
    gaps: Sequence[datetime], terms: Terms, *, what: str
) -> tuple[str, datetime] | None:
    """Why minutes in which *what* are too many, and when they are not any more; None when as many
    are allowed."""
    over = len(gaps) - terms.allowed
    if over <= 0:
        return None
    reason = (
        f"in {len(gaps)} of {terms.window.minutes} minutes {what} "
        f"({terms.allowed} allowed): {named_minutes(tuple(gaps))}"
    )
    return reason, terms.clear_of(gaps[over - 1])


def few_since(marks: Minutes, terms: Terms, *, allowed: int | None = None) -> datetime | None:
    """When the window first lacked no more minutes of *marks* than are *allowed*, which it does
    now; None when it was so as long as is known."""
    return _turned(marks, terms, allowed=allowed)


def many_since(marks: Minutes, terms: Terms, *, allowed: int | None = None) -> datetime | None:
    """The minute by which the window first lacked more of *marks* than are *allowed*, as it does
    now; None when it was so as long as is known."""
    ended = _turned(marks, terms, allowed=allowed)
    return None if ended is None else ended - MINUTE


def _turned(marks: Minutes, terms: Terms, *, allowed: int | None) -> datetime | None:
    return turned_at(
        within(marks, terms.known),
        length=terms.window.minutes,
        allowed=terms.allowed if allowed is None else allowed,
    )


def reporting(covered: Minutes | Silence, terms: Terms, *, origin: Origin) -> Criterion:
    """``reporting``: the device was heard in every minute, but for as many as may be missing."""
    if isinstance(covered, Silence):
        return silent("reporting", covered, terms.window)
    gaps = missing(covered, terms.window)
    figures = (
        ("minutes", terms.window.minutes),
        ("missing", len(gaps)),
        ("allowed", terms.allowed),
    )
    evidence = Evidence(
        source=origin.source, query=origin.query, window=terms.window, figures=figures
    )
    return _by_minutes(
        "reporting", covered, terms, evidence=evidence, what="there is no record of the device"
    )


def running(name: str, marks: Marks | Silence | None, terms: Terms, *, origin: Origin) -> Criterion:
    """An agent ran in every minute, but for as many as may be missing; nothing heard of it at all
    is ``unknown``."""
    if isinstance(marks, Silence):
        return silent(name, marks, terms.window)
    window = terms.window
    evidence = Evidence(source=origin.source, query=origin.query, window=window)
    well = within(marks.well, window) if marks else Minutes(window=window)
    ill = within(marks.ill, window) if marks else Minutes(window=window)
    if not well.bits and not ill.bits:
        return Criterion(
            name=name,
            state=State.UNKNOWN,
            reason=f"nothing was heard of it in {window.minutes} minutes",
            evidence=evidence,
        )
    ran = _unspoilt(marks, terms)
    gaps = missing(ran, window)
    evidence = replace(
        evidence,
        figures=(
            ("minutes", window.minutes),
            ("running", window.minutes - len(gaps)),
            ("said_not_to_run", ill.count),
            ("allowed", terms.allowed),
        ),
    )
    return _by_minutes(name, ran, terms, evidence=evidence, what="it was not seen to run")


def _unspoilt(marks: Marks | None, terms: Terms) -> Minutes:
    """The minutes of all that is known in which something was found well, and nothing ill."""
    if marks is None:
        return Minutes(window=terms.known)
    well, ill = within(marks.well, terms.known), within(marks.ill, terms.known)
    return Minutes(window=terms.known, bits=well.bits & ~ill.bits)


def _by_minutes(
    name: str, marks: Minutes, terms: Terms, *, evidence: Evidence, what: str
) -> Criterion:
    gaps = missing(marks, terms.window)
    too_many = gaps_reason(gaps, terms, what=what)
    if too_many is not None:
        reason, ready_at = too_many
        return Criterion(
            name=name,
            state=State.UNMET,
            cause=Cause.GAPS,
            reason=reason,
            evidence=evidence,
            since=many_since(marks, terms) or gaps[terms.allowed],
            ready_at=ready_at,
        )
    minutes = terms.window.minutes
    return Criterion(
        name=name,
        state=State.MET,
        reason=f"seen in {minutes - len(gaps)} of {minutes} minutes ({terms.allowed} may miss)",
        evidence=evidence,
        since=few_since(marks, terms),
    )


def passing(marks: Marks | Silence | None, terms: Terms, *, origin: Origin) -> Criterion:
    """``qa``: no test failed in the window, and tests passed all through it, none further from the
    next or from the window's ends than terms allow."""
    if isinstance(marks, Silence):
        return silent("qa", marks, terms.window)
    window = terms.window
    evidence = Evidence(source=origin.source, query=origin.query, window=window)
    well = within(marks.well, window) if marks else Minutes(window=window)
    ill = within(marks.ill, window) if marks else Minutes(window=window)
    evidence = replace(evidence, figures=(("passed", well.count), ("failed", ill.count)))
    if ill.bits:
        failed_at = window.start + (ill.bits.bit_length() - 1) * MINUTE
        return Criterion(
            name="qa",
            state=State.UNMET,
            cause=Cause.FACTS,
            reason=f"a test failed in {ill.count} minutes, the last at {failed_at:%Y-%m-%d %H:%M}",
            evidence=evidence,
            since=many_since(_not_ill(marks, terms), terms, allowed=0) or failed_at,
            ready_at=terms.clear_of(failed_at),
        )
    # A test shortly before a short window says how things stood when it began.
    seen = Window(start=window.start - terms.qa_gap_minutes * MINUTE, end=window.end)
    passed = within(marks.well, seen) if marks else Minutes(window=seen)
    gap = _longest_gap(passed)
    if not passed.bits or gap > terms.qa_gap_minutes + 1:
        return Criterion(
            name="qa",
            state=State.UNKNOWN,
            reason=(
                f"no test is known for {min(gap, seen.minutes)} minutes on end"
                if passed.bits
                else "no test is known"
            ),
            evidence=evidence,
        )
    return Criterion(
        name="qa",
        state=State.MET,
        reason=f"tests passed in {well.count} minutes, and none failed",
        evidence=evidence,
        since=few_since(_not_ill(marks, terms), terms, allowed=0),
    )


def _not_ill(marks: Marks | None, terms: Terms) -> Minutes:
    """The minutes of all that is known in which no test failed."""
    ill = 0 if marks is None else within(marks.ill, terms.known).bits
    return Minutes(window=terms.known, bits=ill ^ ((1 << terms.known.minutes) - 1))


def _longest_gap(marks: Minutes) -> int:
    """The most minutes on end without a mark."""
    text = f"{marks.bits:0{marks.window.minutes}b}" if marks.window.minutes else ""
    return max((len(run) for run in text.split("1")), default=0)
