"""What a ledger says and is told: plain values, in our words (Provisioning: records; the doublezero
ledger).

A ledger keeps the devices and links of one org. What it says is mirrored into the registry, and
health and status are written on it before they are recorded here: what it did not take has not
happened. Where no ledger is set up, our own record is the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, Protocol, TypeAlias

UNKNOWN: Final = "unknown"
"""What is said where a ledger has a number that nobody told the meaning of."""

LastWish = Literal["soft_drained", "hard_drained"]
"""How a drained device was wished to be drained, which a ledger may not tell apart."""


class Kind(StrEnum):
    """What has a health and a status."""

    DEVICE = "device"
    LINK = "link"


class LedgerAway(Exception):
    """The ledger does not answer, or not as a ledger does; ``reason`` is a sentence for the
    operator that holds no address and nothing of the other side's text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# -- what it says ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributorFacts:
    """A contributor; ``ops_manager`` is ``None`` where there is none."""

    pubkey: str
    code: str
    owner: str
    status: str
    ops_manager: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """A location or an exchange. ``lat`` and ``lng`` are degrees, or ``None`` both where what is
    held is no place on earth; ``country`` is ``None`` for an exchange."""

    pubkey: str
    code: str
    name: str
    status: str
    country: str | None
    lat: float | None
    lng: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFacts:
    """An interface. ``roles`` are ``cyoa`` and ``dia``, either or both, in that order;
    ``bandwidth`` is bits per second, ``ip_net`` ``None`` where there is none."""

    name: str
    kind: str
    loopback_type: str
    roles: tuple[str, ...]
    status: str
    bandwidth: int
    mtu: int
    ip_net: str | None
    vlan_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """A device. Pubkeys are ``None`` where the account names nobody; ``references`` is how many
    links and users the chain counts on it; ``missing`` what the account is too old to have.
    ``is_wished`` is whether anybody has wished for a status at all."""

    pubkey: str
    code: str
    contributor: str | None
    location: str | None
    exchange: str | None
    device_type: str
    public_ip: str | None
    dz_prefixes: tuple[str, ...]
    max_users: int
    metrics_publisher: str | None
    mgmt_vrf: str
    status: str
    health: str
    desired_status: str
    references: int
    interfaces: tuple[InterfaceFacts, ...]
    missing: tuple[str, ...]
    is_wished: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFacts:
    """One end of a link: a device by pubkey, and the name of its interface."""

    device: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """A link. ``bandwidth`` is bits per second, delays are nanoseconds; ``delay_override_ns`` is
    ``None`` where the measured delay counts; ``is_wished`` as of devices."""

    pubkey: str
    code: str
    contributor: str | None
    link_type: str
    side_a: SideFacts
    side_z: SideFacts
    bandwidth: int
    mtu: int
    delay_ns: int
    jitter_ns: int
    delay_override_ns: int | None
    is_unicast_drained: bool
    status: str
    health: str
    desired_status: str
    missing: tuple[str, ...]
    is_wished: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An account that cannot be read, and ``why``; it is counted, named and left alone."""

    pubkey: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """All that the ledger says, each kind in order of pubkey. ``others`` is how many accounts there
    are of types that are not mirrored."""

    contributors: tuple[ContributorFacts, ...] = ()
    locations: tuple[PlaceFacts, ...] = ()
    exchanges: tuple[PlaceFacts, ...] = ()
    devices: tuple[DeviceFacts, ...] = ()
    links: tuple[LinkFacts, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    others: int = 0


# -- what it is told -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChange:
    """``health`` is what a device or link is to be from now on."""

    kind: Kind
    pubkey: str
    health: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """``status``, ``desired_status`` or both of a device or link are to be this; ``None`` stays.

    ``contributor`` is the one who owns it. For the contributor of a link's other side it is that
    one, and ``side_z`` the device there.
    """

    kind: Kind
    pubkey: str
    contributor: str
    status: str | None = None
    desired_status: str | None = None
    side_z: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A device or link is to go; ``status`` is where it stands."""

    kind: Kind
    pubkey: str
    contributor: str
    status: str


Change: TypeAlias = HealthChange | StatusChange | Deletion


@dataclass(frozen=True, slots=True)
class Written:
    """It is on the ledger, with the transaction of that signature."""

    change: Change
    signature: str


@dataclass(frozen=True, slots=True)
class NotWritten:
    """It is not on the ledger; ``code`` is the program's own, where that refused it, and ``away``
    says that nobody answered: what else there is need not be tried now."""

    change: Change
    reason: str
    code: int | None = None
    away: bool = False


@dataclass(frozen=True, slots=True)
class Unsure:
    """It was handed in with the transaction of that signature; what became of that is not known."""

    change: Change
    signature: str
    reason: str


Outcome: TypeAlias = Written | NotWritten | Unsure


class Ledger(Protocol):
    """A ledger. Every method takes bounded time. Others write on it too: what was seen may be
    outdated at once."""

    def look(self, *, wishes: Mapping[str, LastWish]) -> Mirror:
        """All that it says now; *wishes* has, by pubkey, how each device was last wished to be
        drained.

        Raises:
            LedgerAway: there is no answer to work with. All that was known before stays so.
        """

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """What became of each of *changes*, in their order; raises nothing over what the ledger
        does."""
