"""Accounts as the program writes them: the layouts once more, in the other direction."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import assert_never

import base58

from tocsin.adapters.doublezero.accounts import (
    Account,
    Contributor,
    Device,
    Exchange,
    GlobalState,
    Interface,
    Link,
    Location,
    Other,
)


def key(text: str) -> bytes:
    data = base58.b58decode(text)
    assert len(data) == 32
    return data


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data


def network(text: str) -> bytes:
    octets, _, prefix = text.partition("/")
    return address(octets) + bytes([int(prefix)])


def address(text: str) -> bytes:
    return bytes(int(octet) for octet in text.split("."))


def vector(items: Iterable[bytes]) -> bytes:
    listed = list(items)
    return struct.pack("<I", len(listed)) + b"".join(listed)


def u128(number: int) -> bytes:
    return number.to_bytes(16, "little")


def encoded(account: Account, *, deprecated: Callable[[Interface], bytes] | None = None) -> bytes:
    """The bytes of an account. With *deprecated* a device keeps its interfaces as it once did, each
    written so, and ends before today's list."""
    match account:
        case Contributor():
            return b"".join(
                (
                    _beginning(10, account.owner, account.index, account.bump),
                    struct.pack("<B", account.status),
                    string(account.code),
                    struct.pack("<I", account.reference_count),
                    key(account.ops_manager),
                )
            )
        case Location():
            return b"".join(
                (
                    _beginning(3, account.owner, account.index, account.bump),
                    struct.pack("<ddIB", account.lat, account.lng, account.loc_id, account.status),
                    string(account.code),
                    string(account.name),
                    string(account.country),
                    struct.pack("<I", account.reference_count),
                )
            )
        case Exchange():
            return b"".join(
                (
                    _beginning(4, account.owner, account.index, account.bump),
                    struct.pack("<ddHH", account.lat, account.lng, account.bgp_community, 0),
                    struct.pack("<B", account.status),
                    string(account.code),
                    string(account.name),
                    struct.pack("<I", account.reference_count),
                    key(account.device1),
                    key(account.device2),
                )
            )
        case Device():
            return _device(account, deprecated)
        case Link():
            return _link(account)
        case GlobalState():
            return b"".join(
                (
                    struct.pack("<BB", 1, account.bump),
                    u128(account.account_index),
                    vector(map(key, account.foundation_allowlist)),
                    vector(map(key, account.device_allowlist)),
                    vector(map(key, account.user_allowlist)),
                    key(account.activator_authority),
                    key(account.sentinel_authority),
                    struct.pack("<QQ", account.contributor_airdrop, account.user_airdrop),
                    key(account.health_oracle),
                    vector(map(key, account.qa_allowlist)),
                    u128(account.feature_flags),
                    key(account.feed_authority),
                )
            )
        case Other():
            return bytes([account.account_type])
        case _:
            assert_never(account)


def _beginning(account_type: int, owner: str, index: int, bump: int) -> bytes:
    return bytes([account_type]) + key(owner) + u128(index) + bytes([bump])


def _device(device: Device, deprecated: Callable[[Interface], bytes] | None) -> bytes:
    old = device.interfaces if deprecated is not None else ()
    parts = [
        _beginning(5, device.owner, device.index, device.bump),
        key(device.location),
        key(device.exchange),
        bytes([device.device_type]),
        address(device.public_ip),
        bytes([device.status]),
        string(device.code),
        vector(map(network, device.dz_prefixes)),
        key(device.metrics_publisher),
        key(device.contributor),
        string(device.mgmt_vrf),
        vector(deprecated(one) for one in old if deprecated is not None),
        struct.pack(
            "<IHHBBHHHHHHH",
            device.reference_count,
            device.users_count,
            device.max_users,
            device.health,
            device.desired_status,
            device.unicast_users_count,
            device.multicast_subscribers_count,
            device.max_unicast_users,
            device.max_multicast_subscribers,
            device.reserved_seats,
            device.multicast_publishers_count,
            device.max_multicast_publishers,
        ),
    ]
    if deprecated is None:
        parts.append(vector(interface(one) for one in device.interfaces))
    return b"".join(parts)


def interface(one: Interface, *, version: int = 4, more: bytes = b"") -> bytes:
    """An interface of today, or of a later version that has *more* behind."""
    body = bytes([version]) + _body(one) + _segments(one) + more
    return struct.pack("<H", len(body) + 2) + body


def first_interface(one: Interface) -> bytes:
    """An interface with tag 0."""
    return b"".join(
        (
            bytes([0, one.status]),
            string(one.name),
            struct.pack("<BBH", one.interface_type, one.loopback_type, one.vlan_id),
            network(one.ip_net),
            struct.pack("<H?", one.node_segment_idx, one.user_tunnel_endpoint),
        )
    )


def second_interface(one: Interface) -> bytes:
    """An interface with tag 1."""
    return b"\1" + _body(one)


def third_interface(one: Interface) -> bytes:
    """An interface with tag 2."""
    return b"\2" + _body(one)


def fourth_interface(one: Interface) -> bytes:
    """An interface with tag 3."""
    return b"\3" + _body(one) + _segments(one)


def _body(one: Interface) -> bytes:
    return b"".join(
        (
            bytes([one.status]),
            string(one.name),
            bytes([one.interface_type, one.cyoa, one.dia, one.loopback_type]),
            struct.pack("<QQH", one.bandwidth, one.cir, one.mtu),
            struct.pack("<BH", one.routing_mode, one.vlan_id),
            network(one.ip_net),
            struct.pack("<H?", one.node_segment_idx, one.user_tunnel_endpoint),
        )
    )


def _segments(one: Interface) -> bytes:
    return vector(
        key(segment.topology) + struct.pack("<H", segment.node_segment_idx)
        for segment in one.segments
    )


def _link(link: Link) -> bytes:
    return b"".join(
        (
            _beginning(6, link.owner, link.index, link.bump),
            key(link.side_a),
            key(link.side_z),
            bytes([link.link_type]),
            struct.pack("<QIQQ", link.bandwidth, link.mtu, link.delay_ns, link.jitter_ns),
            struct.pack("<H", link.tunnel_id),
            network(link.tunnel_net),
            bytes([link.status]),
            string(link.code),
            key(link.contributor),
            string(link.side_a_interface),
            string(link.side_z_interface),
            struct.pack("<QBB", link.delay_override_ns, link.health, link.desired_status),
            vector(map(key, link.topologies)),
            struct.pack("<I", link.flags),
        )
    )
