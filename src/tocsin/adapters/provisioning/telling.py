"""What a ledger is told when a device or link that it keeps goes on (Provisioning: the doublezero
ledger)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from tocsin.adapters.provisioning.writing import Told
from tocsin.core.provisioning.commands import Advance
from tocsin.core.provisioning.ledger import (
    UNKNOWN,
    Change,
    Deletion,
    HealthChange,
    Kind,
    StatusChange,
)
from tocsin.core.provisioning.life import Step
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus
from tocsin.core.records import Contributor, Device, Link
from tocsin.store.contract import Head, ReadTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """That *asset* goes on: ``told`` is what its ledger is told first, None where our own record
    keeps it or only its interfaces to users go on."""

    head: Head
    asset: Device | Link
    told: Told | None
    moves_interfaces: bool


def kind_of(head: Head) -> Kind:
    """What it is the head of."""
    return Kind(head.stream.partition(":")[0])


def wish_to_write(asset: Device | Link) -> DesiredStatus | None:
    """The wish that is still to be written on the ledger of *asset*, if one is.

    A wish to be deleted is none that a ledger has: the deletion itself is written.
    """
    said, desired = asset.on_ledger, asset.life.desired
    if said is None or said.desired_status in (UNKNOWN, desired.value):
        return None
    return None if desired is DesiredStatus.DELETED else desired


def to_tell(turn: ReadTurn, head: Head, asset: Device | Link, step: Step) -> Told | None:
    """What the ledger that keeps *asset* is told when *step* comes next."""
    said = asset.on_ledger
    if said is None:
        return None
    wish = wish_to_write(asset)
    # Whatever stands there in a number that nobody knows is not written over.
    moves = step.moves and said.status != UNKNOWN
    if not moves and wish is None:
        return None
    contributor = turn.head(head.org_id, f"contributor:{asset.contributor_id}")
    if contributor is None or not isinstance(contributor.state, Contributor):
        return None
    owner = contributor.state.pubkey
    change: Change
    if moves and step.removed:
        change = Deletion(
            kind=kind_of(head),
            pubkey=asset.pubkey,
            contributor=owner,
            status=asset.life.status.value,
        )
    else:
        change = StatusChange(
            kind=kind_of(head),
            pubkey=asset.pubkey,
            contributor=owner,
            status=None if not moves or step.status is None else step.status.value,
            desired_status=None if wish is None else wish.value,
        )
    return Told(code=asset.code, change=change)


def after(change: Change) -> Advance:
    """What is handed in once *change* was taken."""
    match change:
        case Deletion():
            return Advance(taken=AssetStatus.DELETING)
        case StatusChange(status=status, desired_status=desired):
            return Advance(
                taken=None if status is None else AssetStatus(status),
                taken_desired=None if desired is None else DesiredStatus(desired),
            )
        case HealthChange():
            return Advance()
        case _:
            assert_never(change)
