"""Bodies and queries of devices, links and interfaces."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from tocsin.adapters.rest.record_bodies import Code, Named, Pubkey, RecordsQuery
from tocsin.adapters.rest.ticket_bodies import Body
from tocsin.core.provisioning.interfaces import LONGEST_NAME
from tocsin.core.registered_devices import MOST_PREFIXES
from tocsin.core.registered_links import LONGEST_DELAY, WIDEST_BITS_PER_SECOND

Bandwidth = Annotated[int, Meta(ge=1, le=WIDEST_BITS_PER_SECOND, description="Bits per second.")]
Mtu = Annotated[int, Meta(ge=64, le=65_535, description="Bytes.")]
LinkTypeText = Annotated[str, Meta(max_length=50, description="WAN or DZX.")]
Nanoseconds = Annotated[int, Meta(ge=0, le=LONGEST_DELAY, description="Nanoseconds.")]
Users = Annotated[int, Meta(ge=0, le=65_535)]
Word = Annotated[str, Meta(max_length=50)]
Prefixes = Annotated[
    list[Annotated[str, Meta(max_length=32)]],
    Meta(max_length=MOST_PREFIXES, description="Networks of /29 or shorter: 203.0.113.0/29."),
]
Desired = Annotated[
    str,
    Meta(max_length=50, description="activated, soft_drained, hard_drained or deleted."),
]
InterfaceName = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_NAME, description="As the device writes it.")
]
Reason = Annotated[str, Meta(max_length=1_000)]


class InterfaceBody(Body):
    """A new interface. Its role is the way to the internet (dia), to users (cyoa), or none."""

    name: InterfaceName
    kind: Word = "physical"
    loopback_type: Word | None = None
    role: Word | None = None
    bandwidth: Bandwidth | None = None
    mtu: Mtu | None = None
    ip_net: Annotated[str, Meta(max_length=64, description="As 10.0.0.1/31.")] | None = None
    vlan_id: Annotated[int, Meta(ge=0, le=4_094)] | None = None


class InterfacePatch(Body):
    """Changed fields; null empties. A wish is for interfaces to users only."""

    kind: Word | UnsetType = UNSET
    loopback_type: Word | None | UnsetType = UNSET
    role: Word | None | UnsetType = UNSET
    bandwidth: Bandwidth | None | UnsetType = UNSET
    mtu: Mtu | None | UnsetType = UNSET
    ip_net: Annotated[str, Meta(max_length=64)] | None | UnsetType = UNSET
    vlan_id: Annotated[int, Meta(ge=0, le=4_094)] | None | UnsetType = UNSET
    desired_status: Desired | UnsetType = UNSET


class DrainBody(Body):
    """How it is drained: soft_drained takes no new traffic, hard_drained none at all."""

    to: Desired = "hard_drained"
    reason: Reason | None = None


class UndrainBody(Body):
    """Why it comes back."""

    reason: Reason | None = None


class WaiverBody(Body):
    """A criterion that need not be met until an instant; ``interface`` names one of a device."""

    criterion: Word
    reason: Reason
    until: datetime
    interface: InterfaceName | None = None


class EndedWaiverBody(Body):
    """A criterion that was waived and has to be met again."""

    criterion: Word
    interface: InterfaceName | None = None


class DevicePut(Body):
    """A device as it shall be; the code is in the path."""

    pubkey: Pubkey
    code: Code | None = None
    contributor: Named | None = None
    device_type: Annotated[str, Meta(max_length=50)] | None = None
    location: Annotated[str, Meta(max_length=100)] | None = None
    exchange: Annotated[str, Meta(max_length=100)] | None = None
    public_ip: Annotated[str, Meta(max_length=64)] | None = None
    dz_prefixes: Prefixes = field(default_factory=list)
    max_users: Users | None = None
    metrics_publisher: Pubkey | None = None
    mgmt_vrf: Annotated[str, Meta(max_length=32)] | None = None
    desired_status: Desired | None = None


class DeviceBody(DevicePut):
    """A new device; without a contributor it is the asker's own."""

    code: Code
    interfaces: Annotated[list[InterfaceBody], Meta(max_length=512)] = field(default_factory=list)


class DevicePatch(Body):
    """Changed fields; null empties. The pubkey never changes."""

    pubkey: Pubkey | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    contributor: Named | UnsetType = UNSET
    device_type: Annotated[str, Meta(max_length=50)] | None | UnsetType = UNSET
    location: Annotated[str, Meta(max_length=100)] | None | UnsetType = UNSET
    exchange: Annotated[str, Meta(max_length=100)] | None | UnsetType = UNSET
    public_ip: Annotated[str, Meta(max_length=64)] | None | UnsetType = UNSET
    dz_prefixes: Prefixes | UnsetType = UNSET
    max_users: Users | None | UnsetType = UNSET
    metrics_publisher: Pubkey | None | UnsetType = UNSET
    mgmt_vrf: Annotated[str, Meta(max_length=32)] | None | UnsetType = UNSET
    desired_status: Desired | UnsetType = UNSET


class SideBody(Body):
    """One end of a link: a device by code or pubkey, and the name of its interface."""

    device: Named
    interface: Annotated[str, Meta(min_length=1, max_length=64)]


class LinkPut(Body):
    """A link as it shall be; the code is in the path."""

    pubkey: Pubkey
    link_type: LinkTypeText
    side_a: SideBody
    side_z: SideBody
    code: Code | None = None
    contributor: Named | None = None
    bandwidth: Bandwidth | None = None
    mtu: Mtu | None = None
    delay: Nanoseconds | None = None
    jitter: Nanoseconds | None = None
    delay_override: Nanoseconds | None = None
    desired_status: Desired | None = None


class LinkBody(LinkPut):
    """A new link; without a contributor it is the asker's own."""

    code: Code


class LinkPatch(Body):
    """Changed fields; null empties. The pubkey never changes."""

    pubkey: Pubkey | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    contributor: Named | UnsetType = UNSET
    link_type: LinkTypeText | UnsetType = UNSET
    side_a: SideBody | UnsetType = UNSET
    side_z: SideBody | UnsetType = UNSET
    bandwidth: Bandwidth | None | UnsetType = UNSET
    mtu: Mtu | None | UnsetType = UNSET
    delay: Nanoseconds | None | UnsetType = UNSET
    jitter: Nanoseconds | None | UnsetType = UNSET
    delay_override: Nanoseconds | None | UnsetType = UNSET
    desired_status: Desired | UnsetType = UNSET


class DevicesQuery(RecordsQuery):
    """Which devices: those of a contributor."""

    contributor: Named | None = None


class LinksQuery(RecordsQuery):
    """Which links: of a contributor, with a side on a device."""

    contributor: Named | None = None
    device: Named | None = None
