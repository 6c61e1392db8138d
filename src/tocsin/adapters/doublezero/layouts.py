"""Accounts from their bytes (Provisioning: the doublezero ledger, account layouts).

The fields up to the code were always there; those behind it came one after the other, so an account
may end anywhere among them, and may go on behind the last that is known here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from tocsin.adapters.doublezero.accounts import (
    UNPLACED,
    Account,
    AccountType,
    Contributor,
    Device,
    Exchange,
    GlobalState,
    Interface,
    Link,
    Location,
    Other,
    Segment,
)
from tocsin.adapters.doublezero.borsh import NOBODY, Malformed, Reader, Short
from tocsin.core.provisioning.ledger import Unreadable

LARGEST_ACCOUNT: Final = 1024 * 1024
"""Bytes; a device with a hundred interfaces has a hundredth of them."""


def decoded(data: bytes, pubkey: str) -> Account | Unreadable:
    """What the account *pubkey* holds; nothing that *data* may be is raised over."""
    if len(data) > LARGEST_ACCOUNT:
        return Unreadable(pubkey=pubkey, why=f"it has {len(data):,} bytes")
    reader = Reader(data)
    try:
        account_type = reader.u8()
    except Short:
        return Unreadable(pubkey=pubkey, why="it is empty")
    layout = _LAYOUTS.get(account_type)
    if layout is None:
        return Other(pubkey=pubkey, account_type=account_type)
    name = AccountType(account_type).name.lower()
    try:
        return layout(reader, pubkey)
    except Short:
        return Unreadable(
            pubkey=pubkey,
            why=f"its {len(data):,} bytes end before what every {name} account has",
        )
    except Malformed as problem:
        return Unreadable(pubkey=pubkey, why=f"it is no {name} account: {problem.reason}")


def _contributor(reader: Reader, pubkey: str) -> Contributor:
    return Contributor(
        pubkey=pubkey,
        owner=reader.pubkey(),
        index=reader.u128(),
        bump=reader.u8(),
        status=reader.u8(),
        code=reader.string(),
        reference_count=reader.later("reference_count", reader.u32, otherwise=0),
        ops_manager=reader.later("ops_manager", reader.pubkey, otherwise=NOBODY),
        missing=tuple(reader.missing),
    )


def _location(reader: Reader, pubkey: str) -> Location:
    return Location(
        pubkey=pubkey,
        owner=reader.pubkey(),
        index=reader.u128(),
        bump=reader.u8(),
        lat=reader.f64(),
        lng=reader.f64(),
        loc_id=reader.u32(),
        status=reader.u8(),
        code=reader.string(),
        name=reader.later("name", reader.string, otherwise=""),
        country=reader.later("country", reader.string, otherwise=""),
        reference_count=reader.later("reference_count", reader.u32, otherwise=0),
        missing=tuple(reader.missing),
    )


def _exchange(reader: Reader, pubkey: str) -> Exchange:
    owner, index, bump = reader.pubkey(), reader.u128(), reader.u8()
    lat, lng = reader.f64(), reader.f64()
    bgp_community, _ = reader.u16(), reader.u16()
    return Exchange(
        pubkey=pubkey,
        owner=owner,
        index=index,
        bump=bump,
        lat=lat,
        lng=lng,
        bgp_community=bgp_community,
        status=reader.u8(),
        code=reader.string(),
        name=reader.later("name", reader.string, otherwise=""),
        reference_count=reader.later("reference_count", reader.u32, otherwise=0),
        device1=reader.later("device1", reader.pubkey, otherwise=NOBODY),
        device2=reader.later("device2", reader.pubkey, otherwise=NOBODY),
        missing=tuple(reader.missing),
    )


def _device(reader: Reader, pubkey: str) -> Device:
    owner, index, bump = reader.pubkey(), reader.u128(), reader.u8()
    location, exchange = reader.pubkey(), reader.pubkey()
    device_type, public_ip = reader.u8(), reader.address()
    status, code = reader.u8(), reader.string()
    later = reader.later
    prefixes: tuple[str, ...] = later(
        "dz_prefixes", partial(reader.vector, reader.network), otherwise=()
    )
    publisher = later("metrics_publisher", reader.pubkey, otherwise=NOBODY)
    contributor = later("contributor", reader.pubkey, otherwise=NOBODY)
    mgmt_vrf = later("mgmt_vrf", reader.string, otherwise="")
    deprecated: tuple[Interface | None, ...] = later(
        "deprecated_interfaces",
        partial(reader.vector, partial(_deprecated_interface, reader)),
        otherwise=(),
    )
    return Device(
        pubkey=pubkey,
        owner=owner,
        index=index,
        bump=bump,
        location=location,
        exchange=exchange,
        device_type=device_type,
        public_ip=public_ip,
        status=status,
        code=code,
        dz_prefixes=prefixes,
        metrics_publisher=publisher,
        contributor=contributor,
        mgmt_vrf=mgmt_vrf,
        reference_count=later("reference_count", reader.u32, otherwise=0),
        users_count=later("users_count", reader.u16, otherwise=0),
        max_users=later("max_users", reader.u16, otherwise=0),
        health=later("device_health", reader.u8, otherwise=0),
        desired_status=later("desired_status", reader.u8, otherwise=0),
        unicast_users_count=later("unicast_users_count", reader.u16, otherwise=0),
        multicast_subscribers_count=later("multicast_subscribers_count", reader.u16, otherwise=0),
        max_unicast_users=later("max_unicast_users", reader.u16, otherwise=0),
        max_multicast_subscribers=later("max_multicast_subscribers", reader.u16, otherwise=0),
        reserved_seats=later("reserved_seats", reader.u16, otherwise=0),
        multicast_publishers_count=later("multicast_publishers_count", reader.u16, otherwise=0),
        max_multicast_publishers=later("max_multicast_publishers", reader.u16, otherwise=0),
        interfaces=later(
            "interfaces",
            partial(reader.vector, partial(_interface, reader)),
            otherwise=tuple(one for one in deprecated if one is not None),
        ),
        missing=tuple(reader.missing),
    )


def _link(reader: Reader, pubkey: str) -> Link:
    later = reader.later
    return Link(
        pubkey=pubkey,
        owner=reader.pubkey(),
        index=reader.u128(),
        bump=reader.u8(),
        side_a=reader.pubkey(),
        side_z=reader.pubkey(),
        link_type=reader.u8(),
        bandwidth=reader.u64(),
        mtu=reader.u32(),
        delay_ns=reader.u64(),
        jitter_ns=reader.u64(),
        tunnel_id=reader.u16(),
        tunnel_net=reader.network(),
        status=reader.u8(),
        code=reader.string(),
        contributor=later("contributor", reader.pubkey, otherwise=NOBODY),
        side_a_interface=later("side_a_iface_name", reader.string, otherwise=""),
        side_z_interface=later("side_z_iface_name", reader.string, otherwise=""),
        delay_override_ns=later("delay_override_ns", reader.u64, otherwise=0),
        health=later("link_health", reader.u8, otherwise=0),
        desired_status=later("desired_status", reader.u8, otherwise=0),
        topologies=later("link_topologies", partial(reader.vector, reader.pubkey), otherwise=()),
        flags=later("link_flags", reader.u32, otherwise=0),
        missing=tuple(reader.missing),
    )


def _global_state(reader: Reader, pubkey: str) -> GlobalState:
    later, pubkeys = reader.later, partial(reader.vector, reader.pubkey)
    return GlobalState(
        pubkey=pubkey,
        bump=reader.u8(),
        account_index=reader.u128(),
        foundation_allowlist=later("foundation_allowlist", pubkeys, otherwise=()),
        device_allowlist=later("device_allowlist", pubkeys, otherwise=()),
        user_allowlist=later("user_allowlist", pubkeys, otherwise=()),
        activator_authority=later("activator_authority", reader.pubkey, otherwise=NOBODY),
        sentinel_authority=later("sentinel_authority", reader.pubkey, otherwise=NOBODY),
        contributor_airdrop=later("contributor_airdrop", reader.u64, otherwise=0),
        user_airdrop=later("user_airdrop", reader.u64, otherwise=0),
        health_oracle=later("health_oracle", reader.pubkey, otherwise=NOBODY),
        qa_allowlist=later("qa_allowlist", pubkeys, otherwise=()),
        feature_flags=later("feature_flags", reader.u128, otherwise=0),
        feed_authority=later("feed_authority", reader.pubkey, otherwise=NOBODY),
        missing=tuple(reader.missing),
    )


_LAYOUTS: Final[dict[int, Callable[[Reader, str], Account]]] = {
    AccountType.GLOBAL_STATE: _global_state,
    AccountType.LOCATION: _location,
    AccountType.EXCHANGE: _exchange,
    AccountType.DEVICE: _device,
    AccountType.LINK: _link,
    AccountType.CONTRIBUTOR: _contributor,
}


# -- interfaces -----------------------------------------------------------------------------------


def _deprecated_interface(reader: Reader) -> Interface | None:
    """One of the list that devices had first; ``None`` where it is an empty one."""
    match reader.u8():
        case 0:
            return Interface(
                status=reader.u8(),
                name=reader.string(),
                interface_type=reader.u8(),
                loopback_type=reader.u8(),
                vlan_id=reader.u16(),
                ip_net=reader.network(),
                node_segment_idx=reader.u16(),
                user_tunnel_endpoint=reader.boolean(),
            )
        case 1 | 2:
            return _body(reader, with_segments=False)
        case 3:
            return _body(reader, with_segments=True)
        case _:
            return None


def _body(reader: Reader, *, with_segments: bool) -> Interface:
    return Interface(
        status=reader.u8(),
        name=reader.string(),
        interface_type=reader.u8(),
        cyoa=reader.u8(),
        dia=reader.u8(),
        loopback_type=reader.u8(),
        bandwidth=reader.u64(),
        cir=reader.u64(),
        mtu=reader.u16(),
        routing_mode=reader.u8(),
        vlan_id=reader.u16(),
        ip_net=reader.network(),
        node_segment_idx=reader.u16(),
        user_tunnel_endpoint=reader.boolean(),
        segments=reader.vector(partial(_segment, reader)) if with_segments else (),
    )


def _interface(reader: Reader) -> Interface:
    """One of today's list, which says how long it is, so that it may end early or go on.

    Raises:
        Malformed: it ends before its name does.
    """
    inside = reader.sized(smallest=3)
    later = inside.later
    try:
        inside.u8()  # The version: each only adds to the end of the one before.
        status, name = inside.u8(), inside.string()
    except Short:
        raise Malformed("an interface ends before its name does") from None
    return Interface(
        status=status,
        name=name,
        interface_type=later("interface_type", inside.u8, otherwise=0),
        cyoa=later("cyoa", inside.u8, otherwise=0),
        dia=later("dia", inside.u8, otherwise=0),
        loopback_type=later("loopback_type", inside.u8, otherwise=0),
        bandwidth=later("bandwidth", inside.u64, otherwise=0),
        cir=later("cir", inside.u64, otherwise=0),
        mtu=later("mtu", inside.u16, otherwise=0),
        routing_mode=later("routing_mode", inside.u8, otherwise=0),
        vlan_id=later("vlan_id", inside.u16, otherwise=0),
        ip_net=later("ip_net", inside.network, otherwise=UNPLACED),
        node_segment_idx=later("node_segment_idx", inside.u16, otherwise=0),
        user_tunnel_endpoint=later("user_tunnel_endpoint", inside.boolean, otherwise=False),
        segments=later("segments", partial(inside.vector, partial(_segment, inside)), otherwise=()),
    )


def _segment(reader: Reader) -> Segment:
    return Segment(topology=reader.pubkey(), node_segment_idx=reader.u16())
