"""Devices and links: what the network is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.core.claims import ASSET_PUBKEY, DEVICE_CODE, LINK_CODE
from tocsin.core.records import Device, Link, Side
from tocsin.core.registered_devices import DEVICE_TYPES
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.words import LinkType
from tocsin.projections.shapes.assets import code_of
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard import addresses
from tocsin.web.dashboard.administration import cells, choosing, interfaces, lives
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.administration.sheets import Column, Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind
from tocsin.web.dashboard.words import bandwidth_words

_PUBKEY: Final = Field(
    name="pubkey",
    label="Pubkey",
    required=True,
    longest=64,
    hint="Its ed25519 public key in base58. It never changes.",
)
_OWNER: Final = Field(name="contributor", label="Belongs to", kind=Kind.CHOICE, required=True)


def _belongs(record: Device | Link, names: RecordNames) -> Cell:
    code = code_of(record.contributor_id, names)
    return cells.code(
        code, otherwise="is gone", href=f"/admin/contributors/{record.contributor_id}"
    )


_WANTED: Final = Field(
    name="desired_status",
    label="Wanted",
    kind=Kind.CHOICE,
    hint="It is drained within moments, and in service once it is healthy and no ticket is in the"
    " way.",
    choices=(
        Choice(value="activated", text="in service"),
        Choice(value="soft_drained", text="soft drained: no new traffic"),
        Choice(value="hard_drained", text="hard drained: no traffic"),
        Choice(value="deleted", text="deleted, once nothing refers to it"),
    ),
)


def _stands(record: Device | Link, names: RecordNames) -> Cell:
    return lives.status(record.life)


def _health(record: Device | Link, names: RecordNames) -> Cell:
    return lives.health(record.life)


def _wanted(record: Device | Link, names: RecordNames) -> Cell:
    return cells.text(record.life.desired.value.replace("_", " "))


def _readiness(record: Device | Link, names: RecordNames) -> Cell:
    if record.removed_at is not None:
        return cells.text("no more")
    path = "devices" if isinstance(record, Device) else "links"
    return cells.text("what is between it and service", href=addresses.asset(path, record.code))


_LIFE: Final = (
    Column(label="Status", of=_stands),
    Column(label="Health", of=_health),
    Column(label="Wanted", of=_wanted),
    Column(label="Readiness", of=_readiness),
)


# -- devices --------------------------------------------------------------------------------------

_DEVICE: Final = (
    choosing.CODE,
    _OWNER,
    Field(
        name="device_type",
        label="Type",
        kind=Kind.CHOICE,
        choices=(
            Choice(value="", text="not said"),
            *(Choice(value=one, text=one) for one in DEVICE_TYPES),
        ),
    ),
    Field(
        name="exchange",
        label="Exchange",
        longest=100,
        hint="The metro, by the code of an exchange.",
    ),
    Field(name="location", label="Location", longest=100, hint="The building, by the code of one."),
    Field(name="public_ip", label="Public IP address", longest=64),
    Field(
        name="dz_prefixes",
        label="Networks",
        kind=Kind.LISTED,
        hint="Such as 203.0.113.0/29. One of /29 or shorter is needed to come into service.",
    ),
    Field(
        name="max_users",
        label="Users at most",
        kind=Kind.NUMBER,
        hint="0 until it has been in service once.",
    ),
)

DEVICES: Final = Sheet(
    sort="device",
    path="devices",
    kind=Device,
    one="device",
    many="Devices",
    make="Register a device",
    about="Network devices, each known by its pubkey and a code.",
    empty="None is registered yet. Tickets name the devices they are about, so that their owner"
    " hears of it.",
    claims=(DEVICE_CODE, ASSET_PUBKEY),
    title=lambda record: record.code,
    also=lambda record: record.pubkey,
    columns=(
        Column(label="Status", of=_stands),
        Column(label="Belongs to", of=_belongs),
        Column(
            label="Type",
            of=lambda one, names: cells.text(one.device_type, otherwise="not said"),
        ),
        Column(
            label="Location",
            of=lambda one, names: cells.text(one.location, otherwise="not said"),
        ),
    ),
    facts=(
        *_LIFE,
        Column(label="Pubkey", of=lambda one, names: cells.code(one.pubkey)),
        Column(label="Belongs to", of=_belongs),
        Column(
            label="Type",
            of=lambda one, names: cells.text(one.device_type, otherwise="not said"),
        ),
        Column(
            label="Location",
            of=lambda one, names: cells.text(one.location, otherwise="not said"),
        ),
        Column(
            label="Exchange",
            of=lambda one, names: cells.text(one.exchange, otherwise="not said"),
        ),
        Column(
            label="Public address",
            of=lambda one, names: cells.code(one.public_ip, otherwise="not said"),
        ),
        Column(
            label="Networks",
            of=lambda one, names: cells.codes(one.dz_prefixes, otherwise="none"),
        ),
        Column(
            label="Users at most",
            of=lambda one, names: cells.text(one.max_users, otherwise="not said"),
        ),
    ),
    said=lambda one, names: {
        "code": one.code,
        "contributor": code_of(one.contributor_id, names),
        "device_type": one.device_type,
        "exchange": one.exchange,
        "location": one.location,
        "public_ip": one.public_ip,
        "dz_prefixes": list(one.dz_prefixes),
        "max_users": one.max_users,
        "desired_status": one.life.desired.value,
    },
    new=(_DEVICE[0], _PUBKEY, *_DEVICE[1:]),
    change=(*_DEVICE, _WANTED),
    choices={"contributor": choosing.contributors("choose one")},
    making=lambda visit: RegisterDevice(device_id="", pubkey="", code=""),
    changing=UpdateDevice(),
    removing=RemoveDevice(),
    removal="It has to be hard drained, without links and interfaces. Tickets keep naming it.",
    template="device.html",
    beside=interfaces.beside,
)

# -- links ----------------------------------------------------------------------------------------


def _end(side: Side, names: RecordNames) -> str:
    device = names.device(side.device)
    return f"{side.device if device is None else device.code} {side.interface}"


def _said_of_side(side: Side, names: RecordNames) -> Mapping[str, Any]:
    device = names.device(side.device)
    return {
        "device": side.device if device is None else device.code,
        "interface": side.interface,
    }


def _bandwidth(record: Link, names: RecordNames) -> Cell:
    if record.bandwidth is None:
        return cells.text(None, otherwise="not said")
    return cells.text(bandwidth_words(record.bandwidth))


def _side(name: str, label: str) -> tuple[Field, Field]:
    return (
        Field(
            name=f"{name}.device",
            label=f"{label}: device",
            required=True,
            longest=64,
            suggest="device",
            hint="By code or pubkey.",
        ),
        Field(
            name=f"{name}.interface",
            label=f"{label}: interface",
            required=True,
            longest=64,
            hint="Such as Ethernet1.",
        ),
    )


_LINK: Final = (
    choosing.CODE,
    _OWNER,
    Field(
        name="link_type",
        label="Type",
        kind=Kind.CHOICE,
        required=True,
        hint="WAN stays inside one contributor's network, DZX joins two.",
        choices=tuple(Choice(value=one.value, text=one.value) for one in LinkType),
    ),
    *_side("side_a", "Side A"),
    *_side("side_z", "Side Z"),
    Field(name="bandwidth", label="Bandwidth in bits a second", kind=Kind.NUMBER),
    Field(name="mtu", label="MTU in bytes", kind=Kind.NUMBER),
)

LINKS: Final = Sheet(
    sort="link",
    path="links",
    kind=Link,
    one="link",
    many="Links",
    make="Register a link",
    about="Links between two devices; the owner of side A owns the link.",
    empty="None is registered yet. A link joins two devices that are.",
    claims=(LINK_CODE, ASSET_PUBKEY),
    title=lambda record: record.code,
    also=lambda record: record.pubkey,
    columns=(
        Column(label="Status", of=_stands),
        Column(label="Belongs to", of=_belongs),
        Column(label="Type", of=lambda one, names: cells.text(one.link_type.value)),
        Column(label="Side A", of=lambda one, names: cells.text(_end(one.side_a, names))),
        Column(label="Side Z", of=lambda one, names: cells.text(_end(one.side_z, names))),
    ),
    facts=(
        *_LIFE,
        Column(label="Pubkey", of=lambda one, names: cells.code(one.pubkey)),
        Column(label="Belongs to", of=_belongs),
        Column(label="Type", of=lambda one, names: cells.text(one.link_type.value)),
        Column(label="Side A", of=lambda one, names: cells.text(_end(one.side_a, names))),
        Column(label="Side Z", of=lambda one, names: cells.text(_end(one.side_z, names))),
        Column(label="Bandwidth", of=_bandwidth),
        Column(
            label="MTU",
            of=lambda one, names: cells.text(
                None if one.mtu is None else f"{one.mtu:,} bytes", otherwise="not said"
            ),
        ),
    ),
    said=lambda one, names: {
        "code": one.code,
        "contributor": code_of(one.contributor_id, names),
        "link_type": one.link_type.value,
        "side_a": _said_of_side(one.side_a, names),
        "side_z": _said_of_side(one.side_z, names),
        "bandwidth": one.bandwidth,
        "mtu": one.mtu,
        "desired_status": one.life.desired.value,
    },
    new=(_LINK[0], _PUBKEY, *_LINK[1:]),
    change=(*_LINK, _WANTED),
    choices={"contributor": choosing.contributors("choose one")},
    making=lambda visit: RegisterLink(
        link_id="",
        pubkey="",
        code="",
        link_type="WAN",
        side_a=SideDraft(device="", interface=""),
        side_z=SideDraft(device="", interface=""),
    ),
    changing=UpdateLink(),
    removing=RemoveLink(),
    removal="It has to be hard drained. Tickets keep naming it.",
)
