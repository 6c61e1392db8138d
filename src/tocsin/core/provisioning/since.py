"""Since when a criterion has its state, as far as the log and the evidence tell (API: readiness).

Nothing is remembered between two answers: what stands in the record is found by going through the
log of the asset, and the evidence is read further back than it is judged. So every process says the
same, and says it again after a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tocsin.core import registry
from tocsin.core.errors import NotFound
from tocsin.core.facts import Event
from tocsin.core.provisioning.by_record import NO_SOURCE, criteria_by_record
from tocsin.core.provisioning.criteria import RECORD, Criterion, State
from tocsin.core.provisioning.facts import (
    CriterionDemanded,
    CriterionWaived,
    InterfaceRemoved,
)
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.words import Health
from tocsin.core.records import Device, Link, Policy

_NOT_OF_THE_RECORD = ("loss",)
"""What the record only tells where there is no source of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """Since when, and until when, a criterion is or was waived without a break."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the log of an asset tells, by the names of criteria: since when each that is judged by
    the record alone answers as it does, and its last waiver."""

    recorded: Mapping[str, datetime] = field(default_factory=dict)
    waived: Mapping[str, Waived] = field(default_factory=dict)


NOTHING_TOLD = History()
"""Where the log is not gone through."""


def history_of(events: Iterable[Event], policy: Policy, *, interface: str | None = None) -> History:
    """What *events*, which are the whole log of a device or link, tell of its criteria, or of those
    of its *interface*."""
    state: Device | Link | None = None
    answers: dict[str, tuple[State, datetime]] = {}
    waived: dict[str, Waived] = {}
    for event in events:
        state = registry.evolve(state, event)
        at, payload = event.recorded_at, event.payload
        match payload:
            case CriterionWaived() if payload.interface == interface:
                before = waived.get(payload.criterion)
                goes_on = before is not None and at < before.until
                since = before.since if before is not None and goes_on else at
                waived[payload.criterion] = Waived(since=since, until=payload.until)
            case CriterionDemanded() if payload.interface == interface:
                waived.pop(payload.criterion, None)
            case InterfaceRemoved() if payload.name == interface:
                waived.clear()
            case _:
                pass
        now = _answers(state, policy, at=at, interface=interface)
        answers = {
            name: (answer, answers[name][1] if _is(answers, name, answer) else at)
            for name, answer in now.items()
        }
    return History(recorded={name: at for name, (_, at) in answers.items()}, waived=waived)


def _is(answers: Mapping[str, tuple[State, datetime]], name: str, answer: State) -> bool:
    return name in answers and answers[name][0] is answer


def _answers(
    state: Device | Link, policy: Policy, *, at: datetime, interface: str | None
) -> dict[str, State]:
    try:
        _, criteria = criteria_by_record(state, policy, NO_SOURCE, at=at, interface=interface)
    except NotFound:
        # There was no such interface then.
        return {}
    return {one.name: one.state for one in criteria if _is_recorded(one)}


def _is_recorded(criterion: Criterion) -> bool:
    return criterion.evidence.source == RECORD and criterion.name not in _NOT_OF_THE_RECORD


def dated(
    criteria: Sequence[Criterion], history: History, life: Life, *, at: datetime
) -> tuple[Criterion, ...]:
    """*criteria* as they answer *at* an instant, each with since when it answers so."""
    return tuple(replace(one, since=_since(one, history, life, at=at)) for one in criteria)


def _since(criterion: Criterion, history: History, life: Life, *, at: datetime) -> datetime | None:
    since = history.recorded.get(criterion.name) if _is_recorded(criterion) else None
    if since is None:
        since = criterion.since
    waived = history.waived.get(criterion.name)
    match criterion.state:
        case State.WAIVED if waived is not None:
            return waived.since if since is None else max(since, waived.since)
        case State.UNMET if waived is not None and waived.until <= at:
            # It stood in nobody's way as long as it was waived.
            return waived.until if since is None else max(since, waived.until)
        case State.MET if since is None and life.health is Health.HEALTHY:
            # All were met when it became healthy, and the evidence tells of nothing since.
            return life.health_since
        case _:
            return since
