"""What the accounts of the serviceability program hold, as they hold it: numbers stay the program's
(Provisioning: the doublezero ledger). What they mean in our words is :mod:`.words`.

``missing`` names the later fields that an account does not have; those hold their defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from tocsin.adapters.doublezero.borsh import NOBODY

UNPLACED = "0.0.0.0/0"
"""The network that stands where there is none."""

UNADDRESSED = UNPLACED.removesuffix("/0")
"""The address that stands where there is none."""


class AccountType(IntEnum):
    """The first byte of an account."""

    GLOBAL_STATE = 1
    GLOBAL_CONFIG = 2
    LOCATION = 3
    EXCHANGE = 4
    DEVICE = 5
    LINK = 6
    USER = 7
    CONTRIBUTOR = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What every account begins with, besides its own address."""

    pubkey: str
    owner: str
    index: int
    bump: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributor(Held):
    """Who brings devices and links."""

    status: int
    code: str
    reference_count: int = 0
    ops_manager: str = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Held):
    """A building. ``lat`` and ``lng`` are degrees as they are held, sensible or not."""

    lat: float
    lng: float
    loc_id: int
    status: int
    code: str
    name: str = ""
    country: str = ""
    reference_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Held):
    """A metro. ``lat`` and ``lng`` are degrees as they are held, sensible or not."""

    lat: float
    lng: float
    bgp_community: int
    status: int
    code: str
    name: str = ""
    reference_count: int = 0
    device1: str = NOBODY
    device2: str = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The number of an interface within one topology."""

    topology: str
    node_segment_idx: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An interface of a device; ``bandwidth`` and ``cir`` are bits per second."""

    status: int
    name: str
    interface_type: int = 0
    cyoa: int = 0
    dia: int = 0
    loopback_type: int = 0
    bandwidth: int = 0
    cir: int = 0
    mtu: int = 0
    routing_mode: int = 0
    vlan_id: int = 0
    ip_net: str = UNPLACED
    node_segment_idx: int = 0
    user_tunnel_endpoint: bool = False
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Held):
    """A device. ``interfaces`` are the ones it has, wherever the account keeps them."""

    location: str
    exchange: str
    device_type: int
    public_ip: str
    status: int
    code: str
    dz_prefixes: tuple[str, ...] = ()
    metrics_publisher: str = NOBODY
    contributor: str = NOBODY
    mgmt_vrf: str = ""
    reference_count: int = 0
    users_count: int = 0
    max_users: int = 0
    health: int = 0
    desired_status: int = 0
    unicast_users_count: int = 0
    multicast_subscribers_count: int = 0
    max_unicast_users: int = 0
    max_multicast_subscribers: int = 0
    reserved_seats: int = 0
    multicast_publishers_count: int = 0
    max_multicast_publishers: int = 0
    interfaces: tuple[Interface, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Held):
    """A link between two devices; ``bandwidth`` is bits per second."""

    side_a: str
    side_z: str
    link_type: int
    bandwidth: int
    mtu: int
    delay_ns: int
    jitter_ns: int
    tunnel_id: int
    tunnel_net: str
    status: int
    code: str
    contributor: str = NOBODY
    side_a_interface: str = ""
    side_z_interface: str = ""
    delay_override_ns: int = 0
    health: int = 0
    desired_status: int = 0
    topologies: tuple[str, ...] = ()
    flags: int = 0

    @property
    def is_unicast_drained(self) -> bool:
        """Whether only multicast goes over it."""
        return bool(self.flags & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalState:
    """Who may do what on the ledger, and what accounts are numbered from."""

    pubkey: str
    bump: int
    account_index: int
    foundation_allowlist: tuple[str, ...] = ()
    device_allowlist: tuple[str, ...] = ()
    user_allowlist: tuple[str, ...] = ()
    activator_authority: str = NOBODY
    sentinel_authority: str = NOBODY
    contributor_airdrop: int = 0
    user_airdrop: int = 0
    health_oracle: str = NOBODY
    qa_allowlist: tuple[str, ...] = ()
    feature_flags: int = 0
    feed_authority: str = NOBODY
    missing: tuple[str, ...] = ()

    def may_set_health(self, payer: str) -> bool:
        """Whether *payer* is who sets health, without a permission of its own."""
        return payer == self.health_oracle or payer in self.foundation_allowlist


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """An account of a type that is not read here; nothing is wrong with it."""

    pubkey: str
    account_type: int


Account: TypeAlias = Contributor | Location | Exchange | Device | Link | GlobalState | Other
