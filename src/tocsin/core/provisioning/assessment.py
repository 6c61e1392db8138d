"""From criteria to health: what it becomes, why, and when it would be ready (Provisioning: link,
device, rules of evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tocsin.core.provisioning.criteria import Cause, Criterion, State
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.words import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the criteria come to: the health that follows, which may be the one that was, the
    reasons for it as sentences, and when all criteria are met if nothing changes (None where
    something has to change first)."""

    criteria: tuple[Criterion, ...]
    health: Health
    changed: bool
    reasons: tuple[str, ...]
    ready_at: datetime | None


def assess(criteria: Sequence[Criterion], life: Life, *, at: datetime) -> Assessment:
    """What *criteria* make of the health that it has *at* an instant.

    Up only when every criterion is met or waived; from healthy down only by errors that were
    counted. What is unknown or missing moves it in neither direction.
    """
    judged = tuple(_waived(criterion, life, at=at) for criterion in criteria)
    open_ones = [one for one in judged if not one.holds]
    health = _next(life.health, judged)
    falls = health is Health.IMPAIRED and life.health is not health
    # What it fell by, or what keeps it as it is; for good news every criterion speaks.
    speaking = [one for one in open_ones if _erred(one)] if falls else open_ones
    ends = [one.ready_at for one in open_ones]
    return Assessment(
        criteria=judged,
        health=health,
        changed=health is not life.health,
        reasons=tuple(f"{one.name}: {one.reason}" for one in speaking or judged),
        ready_at=None if None in ends else max((end for end in ends if end), default=at),
    )


def _next(health: Health, criteria: Sequence[Criterion]) -> Health:
    if all(one.holds for one in criteria):
        return Health.HEALTHY
    match health:
        case Health.HEALTHY:
            return Health.IMPAIRED if any(map(_erred, criteria)) else health
        case Health.IMPAIRED | Health.PENDING:
            return health
        case Health.UNKNOWN:
            # Only what is known says that it is not ready yet.
            return Health.PENDING if all(_is_decided(one) for one in criteria) else health


def _erred(criterion: Criterion) -> bool:
    return criterion.cause is Cause.ERRORS and not criterion.holds


def _is_decided(criterion: Criterion) -> bool:
    if criterion.holds:
        # What is waived is nobody's question any more, whatever is missing of it.
        return True
    return criterion.state is not State.UNKNOWN and criterion.cause is not Cause.GAPS


def _waived(criterion: Criterion, life: Life, *, at: datetime) -> Criterion:
    """*criterion*, or that it is waived; one that is met needs no waiver."""
    waiver = life.waived(criterion.name, at=at)
    if waiver is None or criterion.holds:
        return criterion
    until = f"{waiver.until:%Y-%m-%d %H:%M}"
    otherwise = f"{criterion.state}: {criterion.reason}"
    return replace(
        criterion,
        state=State.WAIVED,
        reason=f"waived until {until}: {waiver.reason} (else {otherwise})",
        ready_at=None,
        waiver=waiver,
    )
