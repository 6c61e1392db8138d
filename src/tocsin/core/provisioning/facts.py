"""What can be recorded about the life of devices, links and interfaces (Provisioning: events).

``interface`` names the interface of the device that it is about; None is the device or link itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.core.facts import Change, Payload, fact
from tocsin.core.provisioning.words import (
    AssetStatus,
    DesiredStatus,
    Health,
    InterfaceKind,
    InterfaceRole,
    LoopbackType,
)
from tocsin.core.words import LinkType


@fact("device.desired_status_changed", "link.desired_status_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredStatusChanged(Payload):
    """Somebody wants another status of it."""

    desired_from: DesiredStatus
    desired_to: DesiredStatus
    reason: str | None = None
    interface: str | None = None


@fact("device.health_changed", "link.health_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged(Payload):
    """The evidence says something else than before; ``reasons`` are what it says, in sentences."""

    health_from: Health
    health_to: Health
    reasons: tuple[str, ...] = ()
    interface: str | None = None


@fact("device.status_changed", "link.status_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Payload):
    """It moved to another status; ``reasons`` say why it could."""

    status_from: AssetStatus
    status_to: AssetStatus
    reasons: tuple[str, ...] = ()
    interface: str | None = None


@fact("link.acceptance_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceRequested(Payload):
    """The Z side's contributor is asked to agree to the link."""

    contributor_id: str


@fact("link.accepted")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAccepted(Payload):
    """The Z side agreed."""

    contributor_id: str


@fact("device.interface_defined")
@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceDefined(Payload):
    """The device has an interface of that name; ``by_link`` is whether a link named it first, and
    then it goes with the link."""

    name: str
    kind: InterfaceKind = InterfaceKind.PHYSICAL
    loopback_type: LoopbackType = LoopbackType.NONE
    role: InterfaceRole = InterfaceRole.NONE
    bandwidth: int | None = None
    mtu: int | None = None
    ip_net: str | None = None
    vlan_id: int | None = None
    by_link: bool = False


@fact("device.interface_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceChanged(Payload):
    """Fields of an interface changed."""

    name: str
    changes: tuple[Change, ...] = ()


@fact("device.interface_bound")
@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceBound(Payload):
    """A link of that type uses the interface, or with None no link any more."""

    name: str
    link: LinkType | None = None


@fact("device.interface_removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceRemoved(Payload):
    """The device has that interface no more."""

    name: str


@fact("device.mirrored", "link.mirrored")
@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored(Payload):
    """The ledger that keeps it says this, in words; what is not known here reads ``unknown``."""

    status: str
    health: str
    desired_status: str


@fact("device.released", "link.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Payload):
    """No ledger keeps it any more: the record is its own from now on."""


@fact("device.criterion_waived", "link.criterion_waived")
@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionWaived(Payload):
    """A criterion need not be met until an instant, for a reason."""

    criterion: str
    reason: str
    until: datetime
    interface: str | None = None


@fact("device.criterion_demanded", "link.criterion_demanded")
@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionDemanded(Payload):
    """A criterion that was waived has to be met again."""

    criterion: str
    interface: str | None = None
