"""Readiness as the API tells it, as a checklist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from tocsin.core.instants import NotAnInstant, from_text
from tocsin.core.provisioning.courses import Course, CourseKind, Presence, Traffic
from tocsin.core.provisioning.windows import Window
from tocsin.web.dashboard.network.words import Mark, criterion_words, state_mark
from tocsin.web.dashboard.visits import Told
from tocsin.web.pictures.courses import figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A criterion; ``key`` is what the API calls it. ``figures`` are what it was decided by, in
    words; ``source`` is None for what stands in the record, ``minutes`` how long a stretch was
    looked at, ``courses`` how it went."""

    key: str
    name: str
    mark: Mark
    reason: str
    since: datetime | None
    ready_at: datetime | None
    source: str | None
    minutes: int | None
    figures: tuple[str, ...]
    courses: tuple[Course, ...] = ()

    @property
    def pictures(self) -> tuple[Markup, ...]:
        """How the evidence went, as figures."""
        return tuple(
            figure(one, name=f"{self.key}-{number}") for number, one in enumerate(self.courses)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """What is between an asset and service. ``trouble`` is why there is none."""

    checks: tuple[Check, ...] = ()
    next: str = ""
    ready_at: datetime | None = None
    blocked_by: tuple[str, ...] = ()
    advisory: tuple[str, ...] = ()
    trouble: str | None = None

    @property
    def holding(self) -> int:
        """How many of them stand in nobody's way."""
        return sum(one.mark.text in ("Met", "Waived") for one in self.checks)


def checklist(told: Told | None) -> Checklist:
    """What the API *told*."""
    if told is None or not told.done:
        detail = "" if told is None else str(told.body.get("detail", ""))
        return Checklist(trouble=detail or "readiness cannot be told just now")
    body = told.body
    return Checklist(
        checks=tuple(_check(one) for one in body["criteria"]),
        next=str(body["next"]),
        ready_at=_instant(body["ready_at"]),
        blocked_by=tuple(body["blocked_by"]),
        advisory=tuple(body["advisory"]),
    )


def _check(one: Mapping[str, Any]) -> Check:
    evidence = one["evidence"]
    window = evidence["window"]
    return Check(
        key=one["name"],
        name=criterion_words(one["name"]),
        mark=state_mark(one["state"]),
        reason=one["reason"],
        since=_instant(one["since"]),
        ready_at=_instant(one["ready_at"]),
        source=None if window is None else evidence["source"],
        minutes=None if window is None else window["minutes"],
        figures=tuple(_figure(name, value) for name, value in evidence["figures"].items()),
        courses=() if window is None else tuple(_courses(evidence["series"], window)),
    )


def _courses(series: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> Iterator[Course]:
    window = Window(start=from_text(told["start"]), end=from_text(told["end"]))
    for one in series:
        missing = tuple(one["missing"])
        if one["kind"] == CourseKind.COUNTERS.value:
            yield Traffic(
                of=one["of"],
                window=window,
                octets=tuple(one["octets"]),
                errors=tuple(one["errors"]),
                resets=tuple(one["resets"]),
                missing=missing,
            )
        else:
            yield Presence(
                of=one["of"],
                kind=CourseKind(one["kind"]),
                window=window,
                well=tuple(one["well"]),
                ill=tuple(one["ill"]),
                not_known=missing,
            )


def _figure(name: str, value: object) -> str:
    shown = f"{value:,}" if isinstance(value, int) else str(value).replace("_", " ")
    return f"{name.replace('_', ' ')} {shown}"


def _instant(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return from_text(text)
    except NotAnInstant:
        return None
