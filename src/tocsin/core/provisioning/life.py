"""The life of a device, link or interface: wish and health become status (Provisioning: link,
device, interface).

Status moves by one rule, :func:`next_step`, which the activator asks before it does anything and
the decision asks again at the moment of the commit: what is written is what holds then. Draining is
somebody's wish and never follows from evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tocsin.core.provisioning.words import (
    DRAINED,
    READY_FOR_ACTIVATION,
    AssetStatus,
    DesiredStatus,
    Health,
)

_DRAINS_TO: Final = {
    DesiredStatus.SOFT_DRAINED: AssetStatus.SOFT_DRAINED,
    DesiredStatus.HARD_DRAINED: AssetStatus.HARD_DRAINED,
}
_DRAINABLE: Final = (*READY_FOR_ACTIVATION, AssetStatus.ACTIVATED, AssetStatus.REQUESTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A criterion that need not be met until ``until``: who said so (a member's id), and why."""

    criterion: str
    reason: str
    until: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where it stands, what is wanted, and what the evidence says, each since when.

    ``accepted`` is False while the Z side of a DZX link has not agreed to it. ``activated_before``
    decides which burn-in applies.
    """

    status: AssetStatus
    desired: DesiredStatus
    health: Health
    status_since: datetime
    health_since: datetime
    accepted: bool = True
    activated_before: bool = False
    waivers: tuple[Waiver, ...] = ()

    def waived(self, criterion: str, *, at: datetime) -> Waiver | None:
        """The waiver of *criterion* that holds *at* that instant, if there is one."""
        return next(
            (one for one in self.waivers if one.criterion == criterion and at < one.until), None
        )


def born(*, at: datetime, requested: bool = False) -> Life:
    """The life of what was just recorded: drained, and *requested* where a Z side has to accept."""
    return Life(
        status=AssetStatus.REQUESTED if requested else AssetStatus.HARD_DRAINED,
        desired=DesiredStatus.HARD_DRAINED,
        health=Health.UNKNOWN,
        status_since=at,
        health_since=at,
        accepted=not requested,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens next: the ``status`` to move to, or whether it is ``removed``; neither while it
    stays. ``why`` is a sentence, ``waits_for`` the refs of tickets that stand in the way."""

    status: AssetStatus | None = None
    removed: bool = False
    why: str
    waits_for: tuple[str, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether anything is to be done."""
        return self.status is not None or self.removed


def next_step(
    life: Life, *, in_the_way: Sequence[str] = (), referred_to: Sequence[str] = ()
) -> Step:
    """What becomes of *life* by itself now.

    *in_the_way* are the refs of tickets with effect that forbid activation: active incidents of
    sev1 or sev2, maintenance in force. *referred_to* are names of what still needs it.
    """
    match life.desired:
        case DesiredStatus.SOFT_DRAINED | DesiredStatus.HARD_DRAINED:
            return _draining(life, _DRAINS_TO[life.desired])
        case DesiredStatus.DELETED:
            return _deleting(life, referred_to)
        case DesiredStatus.ACTIVATED:
            return _activating(life, in_the_way)


def _draining(life: Life, wanted: AssetStatus) -> Step:
    if life.status is wanted:
        return Step(why=f"it is {words(wanted)}, as wanted")
    if life.status is AssetStatus.REQUESTED and wanted is AssetStatus.HARD_DRAINED:
        # Born with this wish: it is the other side's turn, unless somebody drains it on purpose.
        return Step(why="it waits for the other side to accept it")
    if life.status not in _DRAINABLE:
        return Step(why=f"it is {words(life.status)}, which no wish moves")
    return Step(status=wanted, why=f"{words(wanted)} is wanted")


def _deleting(life: Life, referred_to: Sequence[str]) -> Step:
    if life.status is AssetStatus.DELETING:
        return Step(why="it is being deleted")
    if life.status is not AssetStatus.HARD_DRAINED:
        return Step(why=f"only what is hard drained is deleted; it is {words(life.status)}")
    if referred_to:
        return Step(why=f"{', '.join(referred_to)} still needs it")
    return Step(removed=True, why="deletion is wanted, and nothing refers to it")


def _activating(life: Life, in_the_way: Sequence[str]) -> Step:
    if life.status is AssetStatus.ACTIVATED:
        return Step(why="it is activated, as wanted")
    if not life.accepted:
        return Step(why="it waits for the other side to accept it")
    if life.status not in READY_FOR_ACTIVATION:
        return Step(why=f"it is {words(life.status)}, which no wish moves")
    if life.health is not Health.HEALTHY:
        return Step(why=f"its health is {life.health.value}; it is activated once it is healthy")
    if in_the_way:
        refs = tuple(in_the_way)
        return Step(why=f"it waits for {', '.join(refs)} to end", waits_for=refs)
    return Step(status=AssetStatus.ACTIVATED, why="it is healthy, and activation is wanted")


def withdrawn(life: Life) -> bool:
    """Whether draining *life* hard now takes back a request that nobody has accepted."""
    return life.status is AssetStatus.REQUESTED


# -- what happened ---------------------------------------------------------------------------------


def wishing(life: Life, desired: DesiredStatus) -> Life:
    """*life* with another wish."""
    return replace(life, desired=desired)


def standing(life: Life, status: AssetStatus, *, at: datetime) -> Life:
    """*life* with another status since *at*."""
    activated = life.activated_before or status is AssetStatus.ACTIVATED
    return replace(life, status=status, status_since=at, activated_before=activated)


def judged(life: Life, health: Health, *, at: datetime) -> Life:
    """*life* with another health since *at*."""
    return replace(life, health=health, health_since=at)


def accepted(life: Life, *, at: datetime) -> Life:
    """*life* after the Z side agreed."""
    life = replace(life, accepted=True)
    if life.status is AssetStatus.REQUESTED:
        return standing(life, AssetStatus.HARD_DRAINED, at=at)
    return life


def waiving(life: Life, waiver: Waiver) -> Life:
    """*life* with *waiver* in place of an earlier one of the same criterion."""
    others = tuple(one for one in life.waivers if one.criterion != waiver.criterion)
    return replace(life, waivers=(*others, waiver))


def demanding(life: Life, criterion: str) -> Life:
    """*life* in which *criterion* has to be met again."""
    return replace(life, waivers=tuple(one for one in life.waivers if one.criterion != criterion))


def is_drained(life: Life) -> bool:
    """Whether it carries nothing by somebody's wish."""
    return life.status in DRAINED


def words(status: AssetStatus) -> str:
    """The status as it stands in a sentence."""
    return status.value.replace("_", " ")
