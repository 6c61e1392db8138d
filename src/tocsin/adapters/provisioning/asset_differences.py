"""In what devices, their interfaces and links differ from what a ledger says (Provisioning:
records)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocsin.adapters.provisioning.asked import Asked, Registry, changed, said_of
from tocsin.core.provisioning.assets import Interface, named
from tocsin.core.provisioning.commands import (
    ChangeInterface,
    DefineInterface,
    RemoveInterface,
)
from tocsin.core.provisioning.ledger import UNKNOWN, DeviceFacts, InterfaceFacts, Mirror
from tocsin.core.records import Side
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)

# -- devices ---------------------------------------------------------------------------------------


def devices(held: Registry, seen: Mirror, fresh: Callable[[], str]) -> Iterator[Asked]:
    """What is asked of devices, those that are not there yet with their interfaces."""
    codes = {one.pubkey: one.code for one in (*seen.locations, *seen.exchanges)}
    unread = {one.pubkey for one in seen.unreadable}
    owners = {one.id: one.pubkey for one in held.contributors.values()}
    for facts in seen.devices:
        wanted: dict[str, Any] = {
            "code": facts.code,
            "contributor": facts.contributor,
            "device_type": None if facts.device_type == UNKNOWN else facts.device_type,
            "location": codes.get(facts.location or ""),
            "exchange": codes.get(facts.exchange or ""),
            "public_ip": facts.public_ip,
            "dz_prefixes": facts.dz_prefixes,
            "max_users": facts.max_users,
            "metrics_publisher": facts.metrics_publisher,
            "mgmt_vrf": facts.mgmt_vrf or None,
        }
        about = f"device {facts.code}"
        ours = held.devices.get(facts.pubkey)
        if ours is None:
            yield Asked(
                about=about,
                sort="device",
                command=RegisterDevice(
                    device_id=fresh(), pubkey=facts.pubkey, on_ledger=said_of(facts), **wanted
                ),
                then=tuple(_defined(facts, one) for one in facts.interfaces),
            )
            continue
        for name, place in (("location", facts.location), ("exchange", facts.exchange)):
            if place in unread:
                # What nobody can read is still there.
                del wanted[name]
        if facts.contributor is None:
            del wanted["contributor"]
        if facts.device_type == UNKNOWN:
            del wanted["device_type"]
        now = {name: getattr(ours, name) for name in wanted if name != "contributor"}
        changes = changed(now | {"contributor": owners.get(ours.contributor_id)}, wanted)
        if changes:
            yield _update(about, "device", facts.pubkey, UpdateDevice, changes)


def interfaces(held: Registry, seen: Mirror) -> Iterator[Asked]:
    """What is asked of the interfaces of devices that are there."""
    for facts in seen.devices:
        ours = held.devices.get(facts.pubkey)
        if ours is None:
            continue
        met: set[str] = set()
        for one in facts.interfaces:
            there = named(ours.interfaces, one.name)
            if there is None or there.by_link or one.name in met:
                yield _defined(facts, one)
            elif changes := changed(_as_fields(there), _fields(one)):
                yield Asked(
                    about=f"interface {one.name} of device {facts.code}",
                    sort="device",
                    subject=facts.pubkey,
                    command=ChangeInterface(name=one.name, **changes),
                )
            met.add(one.name)


def interfaces_gone(held: Registry, seen: Mirror) -> Iterator[Asked]:
    """Which interfaces are gone, of devices that are there."""
    # What a link uses goes with the link, and nobody can say that an unreadable one uses nothing.
    unread = {one.pubkey for one in seen.unreadable}
    used = {
        (side.device, side.interface) for one in seen.links for side in (one.side_a, one.side_z)
    }
    used |= {
        (side.device, side.interface)
        for one in held.links.values()
        if one.on_ledger is None or one.pubkey in unread
        for side in (one.side_a, one.side_z)
    }
    for facts in seen.devices:
        ours = held.devices.get(facts.pubkey)
        there = {one.name for one in facts.interfaces}
        for one in () if ours is None else ours.interfaces:
            if one.name in there or one.by_link or (facts.pubkey, one.name) in used:
                continue
            yield Asked(
                about=f"interface {one.name} of device {facts.code}",
                sort="device",
                subject=facts.pubkey,
                command=RemoveInterface(name=one.name),
            )


def _defined(device: DeviceFacts, one: InterfaceFacts) -> Asked:
    return Asked(
        about=f"interface {one.name} of device {device.code}",
        sort="device",
        subject=device.pubkey,
        command=DefineInterface(name=one.name, **_fields(one)),
    )


def _fields(one: InterfaceFacts) -> dict[str, Any]:
    """The fields of an interface as they are given here, where it has one role: the way to the
    internet, before one to users."""
    role = "dia" if "dia" in one.roles else "cyoa" if "cyoa" in one.roles else "none"
    return {
        "kind": one.kind,
        "loopback_type": "none" if one.loopback_type == UNKNOWN else one.loopback_type,
        "role": role,
        "bandwidth": one.bandwidth or None,
        "mtu": one.mtu or None,
        "ip_net": one.ip_net,
        "vlan_id": one.vlan_id or None,
    }


def _as_fields(one: Interface) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "loopback_type": one.loopback_type.value,
        "role": one.role.value,
        "bandwidth": one.bandwidth,
        "mtu": one.mtu,
        "ip_net": one.ip_net,
        "vlan_id": one.vlan_id,
    }


# -- links -----------------------------------------------------------------------------------------


def links(held: Registry, seen: Mirror, fresh: Callable[[], str]) -> Iterator[Asked]:
    """What is asked of links."""
    owners = {one.id: one.pubkey for one in held.contributors.values()}
    for facts in seen.links:
        wanted: dict[str, Any] = {
            "code": facts.code,
            "contributor": facts.contributor,
            "link_type": facts.link_type,
            "side_a": SideDraft(device=facts.side_a.device, interface=facts.side_a.interface),
            "side_z": SideDraft(device=facts.side_z.device, interface=facts.side_z.interface),
            "bandwidth": facts.bandwidth or None,
            "mtu": facts.mtu or None,
            "delay": facts.delay_ns,
            "jitter": facts.jitter_ns,
            "delay_override": facts.delay_override_ns,
        }
        about = f"link {facts.code}"
        ours = held.links.get(facts.pubkey)
        if ours is None:
            made = RegisterLink(
                link_id=fresh(), pubkey=facts.pubkey, on_ledger=said_of(facts), **wanted
            )
            yield Asked(about=about, sort="link", command=made)
            continue
        if facts.contributor is None:
            del wanted["contributor"]
        now: dict[str, Any] = {
            "code": ours.code,
            "contributor": owners.get(ours.contributor_id),
            "link_type": ours.link_type.value,
            "side_a": _draft(ours.side_a),
            "side_z": _draft(ours.side_z),
            "bandwidth": ours.bandwidth,
            "mtu": ours.mtu,
            "delay": ours.delay,
            "jitter": ours.jitter,
            "delay_override": ours.delay_override,
        }
        changes = changed(now, wanted)
        if changes:
            yield _update(about, "link", facts.pubkey, UpdateLink, changes)


def _draft(side: Side) -> SideDraft:
    return SideDraft(device=side.device, interface=side.interface)


def _update(
    about: str,
    sort: str,
    pubkey: str,
    command: type[UpdateDevice] | type[UpdateLink],
    changes: Mapping[str, Any],
) -> Asked:
    parts = [command(**{name: value}) for name, value in changes.items()]
    return Asked(
        about=about,
        sort=sort,
        subject=pubkey,
        command=command(**changes),
        apart=tuple(parts) if len(parts) > 1 else (),
    )
