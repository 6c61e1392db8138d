"""The words of provisioning, and the numbers that the seed document gives them (Provisioning:
enums)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Health(StrEnum):
    """What the evidence says of a device, link or interface."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    HEALTHY = "healthy"
    IMPAIRED = "impaired"


class DesiredStatus(StrEnum):
    """What its owner wants."""

    ACTIVATED = "activated"
    SOFT_DRAINED = "soft_drained"
    HARD_DRAINED = "hard_drained"
    DELETED = "deleted"


class AssetStatus(StrEnum):
    """Where it stands."""

    REQUESTED = "requested"
    PENDING = "pending"
    PROVISIONING = "provisioning"
    ACTIVATED = "activated"
    SOFT_DRAINED = "soft_drained"
    HARD_DRAINED = "hard_drained"
    DELETING = "deleting"
    REJECTED = "rejected"


class DeviceType(StrEnum):
    """What a device is for: users, transit, or both."""

    HYBRID = "hybrid"
    TRANSIT = "transit"
    EDGE = "edge"


class LocationKind(StrEnum):
    """What a place is: a house that devices stand in, or the metro that it belongs to."""

    LOCATION = "location"
    EXCHANGE = "exchange"


class InterfaceKind(StrEnum):
    """What an interface is."""

    PHYSICAL = "physical"
    LOOPBACK = "loopback"


class LoopbackType(StrEnum):
    """What a loopback is for."""

    NONE = "none"
    VPNV4 = "vpnv4"
    IPV4 = "ipv4"


class InterfaceRole(StrEnum):
    """What an interface does besides links: the way to the internet, or to users."""

    NONE = "none"
    DIA = "dia"
    CYOA = "cyoa"


HEALTH_NUMBERS: Final[Mapping[Health, int]] = {
    Health.UNKNOWN: 0,
    Health.PENDING: 1,
    Health.HEALTHY: 2,
    Health.IMPAIRED: 3,
}
DESIRED_NUMBERS: Final[Mapping[DesiredStatus, int]] = {
    DesiredStatus.ACTIVATED: 0,
    DesiredStatus.SOFT_DRAINED: 1,
    DesiredStatus.HARD_DRAINED: 2,
    DesiredStatus.DELETED: 3,
}

DRAINED: Final = (AssetStatus.SOFT_DRAINED, AssetStatus.HARD_DRAINED)
READY_FOR_ACTIVATION: Final = (*DRAINED, AssetStatus.PROVISIONING)
"""Provisioning counts like hard_drained: the chain has it, the seed document does not."""
