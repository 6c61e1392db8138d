"""What a ledger did not take, and how that is said (Provisioning: rules of evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from tocsin.core.provisioning.ledger import Change, Deletion, HealthChange, StatusChange
from tocsin.core.provisioning.life import Life, Step
from tocsin.core.provisioning.words import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Untaken:
    """A change that a ledger did not take since an instant, and why. ``unsure`` says that it may
    have taken it, ``away`` that it did not answer."""

    change: Change
    reason: str
    since: datetime
    unsure: bool = False
    away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaySince:
    """That a ledger does not answer since an instant, and why."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """That a ledger keeps an asset, and what is known of that here: what it did not take, and that
    it is ``away``."""

    untaken: tuple[Untaken, ...] = ()
    away: AwaySince | None = None


def sentences(
    kept: Kept,
    life: Life,
    step: Step,
    *,
    becomes: Health,
) -> tuple[str, ...]:
    """What the ledger that keeps an asset has to do with what comes next, as parts of a
    sentence."""
    wanted = in_the_way(kept.untaken, life, step, becomes=becomes)
    if kept.away is not None:
        return (_away(kept.away), *(sentence(one) for one in wanted if not one.away))
    comes_up = becomes is Health.HEALTHY and life.health is not becomes
    if not wanted and (step.moves or comes_up):
        # Also where nobody knows, because another process tells it.
        return ("the ledger is told first",)
    return tuple(map(sentence, wanted))


def _away(one: AwaySince | Untaken) -> str:
    return f"the ledger is away since {one.since:%Y-%m-%d %H:%M}: {one.reason}"


def sentence(one: Untaken) -> str:
    """It as a part of a sentence."""
    since = f"{one.since:%Y-%m-%d %H:%M}"
    if one.away:
        return _away(one)
    if one.unsure:
        return f"whether the ledger took it is not known since {since}: {one.reason}"
    return f"the ledger did not take it since {since}: {one.reason}"


def in_the_way(
    untaken: Sequence[Untaken], life: Life, step: Step, *, becomes: Health
) -> tuple[Untaken, ...]:
    """Those of *untaken* that are still wanted of *life*: *step* is what comes next, *becomes* the
    health that the evidence comes to."""
    return tuple(one for one in untaken if _is_wanted(one.change, life, step, becomes))


def _is_wanted(change: Change, life: Life, step: Step, becomes: Health) -> bool:
    match change:
        case HealthChange(health=health):
            return becomes is not life.health and health == becomes.value
        case StatusChange(status=status, desired_status=desired):
            stands = status is None or (step.status is not None and status == step.status.value)
            return stands and desired in (None, life.desired.value)
        case Deletion():
            return step.removed
        case _:
            assert_never(change)
