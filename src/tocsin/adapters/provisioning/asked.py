"""What the registry holds and a ledger says, and what is asked where the two differ
(Provisioning: the doublezero ledger)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tocsin.core.commands import Command
from tocsin.core.provisioning.ledger import DeviceFacts, LinkFacts
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus
from tocsin.core.records import Contributor, Device, Link, Location

_STAYS_BY_ITSELF: Final = (
    AssetStatus.ACTIVATED,
    AssetStatus.SOFT_DRAINED,
    AssetStatus.HARD_DRAINED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What an org's registry holds, by pubkey; places as a list, for not all of them have one."""

    contributors: Mapping[str, Contributor]
    places: Sequence[Location]
    devices: Mapping[str, Device]
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A difference: what it is ``about``, in words for the operator, and the command that ends it.

    ``apart`` are its parts, to be asked one by one where the whole is refused; ``then`` is asked
    once it is done.
    """

    about: str
    sort: str
    command: Command
    subject: str | None = None
    apart: tuple[Command, ...] = ()
    then: tuple[Asked, ...] = field(default=())


Phase = tuple[Asked, ...]


def said_of(facts: DeviceFacts | LinkFacts) -> OnLedger:
    """What the ledger says of the life of it. Where nobody ever wished for a status, it is to stay
    as it stands: nothing is drained that nobody wished to drain."""
    desired = facts.desired_status
    if not facts.is_wished:
        stays = facts.status in _STAYS_BY_ITSELF
        desired = facts.status if stays else DesiredStatus.HARD_DRAINED.value
    return OnLedger(status=facts.status, health=facts.health, desired_status=desired)


def changed(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of *wanted* in which *now* differs."""
    return {name: value for name, value in wanted.items() if now[name] != value}
