"""The shapes in which devices and links are told, and what all records' shapes have in common."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from tocsin.core.instants import to_text
from tocsin.core.records import Device, Link, Record, Side
from tocsin.projections.shapes.record_names import RecordNames


class DeviceShape(Struct, kw_only=True):
    """A network device; ``contributor`` owns it."""

    id: str
    code: str
    pubkey: str
    contributor: str | None
    device_type: str | None
    location: str | None
    public_ip: str | None
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
    """A link between two devices; ``contributor`` (the A side) owns it."""

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
    created_at: str
    updated_at: str
    version: int
    removed_at: str | UnsetType = UNSET


def device_shape(record: Device, names: RecordNames) -> DeviceShape:
    """A device with the code of its owner."""
    return DeviceShape(
        id=record.id,
        code=record.code,
        pubkey=record.pubkey,
        contributor=code_of(record.contributor_id, names),
        device_type=record.device_type,
        location=record.location,
        public_ip=record.public_ip,
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
