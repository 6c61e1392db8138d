"""The shapes in which devices and links are told, and what all records' shapes have in common."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from tocsin.core.instants import to_text
from tocsin.core.provisioning.assets import Interface
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.records import Device, Link, Record, Side
from tocsin.projections.shapes.record_names import RecordNames


class WaiverShape(Struct, kw_only=True):
    """A criterion that need not be met until an instant; ``by`` is a member's id."""

    criterion: str
    reason: str
    until: str
    by: str


class SaidShape(Struct, kw_only=True):
    """What the ledger that keeps it said last, in words."""

    status: str
    health: str
    desired_status: str


class InterfaceShape(Struct, kw_only=True):
    """An interface; ``link`` is the type of the link that uses it. Health and wish are there for
    one to users (cyoa)."""

    name: str
    kind: str
    loopback_type: str
    role: str
    link: str | None
    status: str
    health: str | None
    desired_status: str | None
    bandwidth: int | None
    mtu: int | None
    ip_net: str | None
    vlan_id: int | None
    waivers: list[WaiverShape]


class DeviceShape(Struct, kw_only=True):
    """A network device; ``contributor`` owns it. ``on_ledger`` is what the ledger says that keeps
    it; null where none does."""

    id: str
    code: str
    pubkey: str
    contributor: str | None
    device_type: str | None
    location: str | None
    exchange: str | None
    public_ip: str | None
    dz_prefixes: list[str]
    max_users: int | None
    metrics_publisher: str | None
    mgmt_vrf: str | None
    status: str
    health: str
    desired_status: str
    status_since: str
    health_since: str
    interfaces: list[InterfaceShape]
    waivers: list[WaiverShape]
    on_ledger: SaidShape | None
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


class SideShape(Struct, kw_only=True):
    """One end of a link: the device's code (null where it is gone) and pubkey."""

    device: str | None
    device_pubkey: str
    interface: str


class LinkShape(Struct, kw_only=True):
    """A link between two devices; ``contributor`` (the A side) owns it. ``on_ledger`` as of
    devices."""

    id: str
    code: str
    pubkey: str
    contributor: str | None
    link_type: str
    side_a: SideShape
    side_z: SideShape
    side_z_contributor: str | None
    bandwidth: int | None
    mtu: int | None
    delay: int | None
    jitter: int | None
    delay_override: int | None
    status: str
    health: str
    desired_status: str
    status_since: str
    health_since: str
    waivers: list[WaiverShape]
    on_ledger: SaidShape | None
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


def interface_shape(one: Interface) -> InterfaceShape:
    """An interface with where it stands."""
    return InterfaceShape(
        name=one.name,
        kind=one.kind.value,
        loopback_type=one.loopback_type.value,
        role=one.role.value,
        link=None if one.link is None else one.link.value,
        status=one.life.status.value,
        health=one.life.health.value if one.needs_evidence else None,
        desired_status=one.life.desired.value if one.needs_evidence else None,
        bandwidth=one.bandwidth,
        mtu=one.mtu,
        ip_net=one.ip_net,
        vlan_id=one.vlan_id,
        waivers=_waivers(one.life),
    )


def _life(life: Life) -> dict[str, Any]:
    return {
        "status": life.status.value,
        "health": life.health.value,
        "desired_status": life.desired.value,
        "status_since": to_text(life.status_since),
        "health_since": to_text(life.health_since),
        "waivers": _waivers(life),
    }


def _said(said: OnLedger | None) -> SaidShape | None:
    if said is None:
        return None
    return SaidShape(status=said.status, health=said.health, desired_status=said.desired_status)


def _waivers(life: Life) -> list[WaiverShape]:
    return [
        WaiverShape(criterion=one.criterion, reason=one.reason, until=to_text(one.until), by=one.by)
        for one in life.waivers
    ]


def device_shape(record: Device, names: RecordNames) -> DeviceShape:
    """A device with the code of its owner."""
    return DeviceShape(
        id=record.id,
        code=record.code,
        pubkey=record.pubkey,
        contributor=code_of(record.contributor_id, names),
        device_type=record.device_type,
        location=record.location,
        exchange=record.exchange,
        public_ip=record.public_ip,
        dz_prefixes=list(record.dz_prefixes),
        max_users=record.max_users,
        metrics_publisher=record.metrics_publisher,
        mgmt_vrf=record.mgmt_vrf,
        interfaces=[interface_shape(one) for one in record.interfaces],
        **_life(record.life),
        on_ledger=_said(record.on_ledger),
        **stamps(record),
    )


def link_shape(record: Link, names: RecordNames) -> LinkShape:
    """A link with the codes of its devices and owners."""
    return LinkShape(
        id=record.id,
        code=record.code,
        pubkey=record.pubkey,
        contributor=code_of(record.contributor_id, names),
        link_type=record.link_type.value,
        side_a=_side(record.side_a, names),
        side_z=_side(record.side_z, names),
        side_z_contributor=code_of(record.side_z_contributor_id, names),
        bandwidth=record.bandwidth,
        mtu=record.mtu,
        delay=record.delay,
        jitter=record.jitter,
        delay_override=record.delay_override,
        **_life(record.life),
        on_ledger=_said(record.on_ledger),
        **stamps(record),
    )


def _side(side: Side, names: RecordNames) -> SideShape:
    device = names.device(side.device)
    return SideShape(
        device=None if device is None else device.code,
        device_pubkey=side.device,
        interface=side.interface,
    )


def code_of(contributor_id: str | None, names: RecordNames) -> str | None:
    """The code of the contributor with that id; None where there is none, or it is gone."""
    contributor = None if contributor_id is None else names.contributor(contributor_id)
    return None if contributor is None else contributor.code


def stamps(record: Record) -> dict[str, Any]:
    """When and how often *record* changed, as every record's shape says it."""
    return {
        "created_at": to_text(record.created_at),
        "updated_at": to_text(record.updated_at),
        "version": record.version,
        "removed_at": UNSET if record.removed_at is None else to_text(record.removed_at),
    }
