"""The registry of devices and links: records with pubkey, code, owner and sides (Provisioning:
records). Their life (health, drains, activation) is not decided here.
"""

from __future__ import annotations

from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.claims import ASSET_PUBKEY, DEVICE_CODE, LINK_CODE
from tocsin.core.errors import Conflict, FieldError, NotFound
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, NotGiven, Payload, stream_identity, stream_name
from tocsin.core.record_changes import FieldValue, changed, changes_between, removed, touched
from tocsin.core.record_commands import (
    RegisterDevice,
    RegisterLink,
    RegistryCommand,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.record_facts import (
    DeviceRegistered,
    LinkRegistered,
    RecordRemoved,
    RecordUpdated,
)
from tocsin.core.records import Device, Link, Record, Side
from tocsin.core.words import LinkType

SORTS: Final = ("device", "link")
"""The sorts of stream that this module decides and folds."""

DEVICE_TYPES: Final = ("hybrid", "transit", "edge")
WIDEST_BITS_PER_SECOND: Final = 10**16


def decide(state: Record | None, command: RegistryCommand, given: Given) -> tuple[Payload, ...]:
    """The facts that follow from *command* for a device or link; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, a code or pubkey is taken, or links still use the device.
        Invalid: fields are wrong; each is named.
        NotFound: there is no such device or link.
    """
    match command:
        case RegisterDevice():
            read.absent(state, "device")
            return (_registered_device(command, given),)
        case UpdateDevice():
            return _device_changes(read.existing(_device(state), "device"), command, given)
        case RemoveDevice():
            device = read.existing(_device(state), "device")
            links = ", ".join(sorted(link.code for link in given.directory.links_of(device.pubkey)))
            if links:
                raise Conflict(f"{device.code} is a side of {links}; remove them first")
            return (RecordRemoved(at=given.at),)
        case RegisterLink():
            read.absent(state, "link")
            return (_registered_link(command, given),)
        case UpdateLink():
            return _link_changes(read.existing(_link(state), "link"), command, given)
        case RemoveLink():
            read.existing(_link(state), "link")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _device(state: Record | None) -> Device | None:
    if state is not None and not isinstance(state, Device):
        raise NotFound("this is no device")
    return state


def _link(state: Record | None) -> Link | None:
    if state is not None and not isinstance(state, Link):
        raise NotFound("this is no link")
    return state


def evolve(state: Record | None, event: Event) -> Device | Link:
    """*state* after *event*. Total: a fact this code does not know only moves the version."""
    payload = event.payload
    match payload:
        case DeviceRegistered():
            return Device(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                created_by=event.actor.id,
                pubkey=payload.pubkey,
                code=payload.code,
                contributor_id=payload.contributor_id,
                device_type=payload.device_type,
                location=payload.location,
                public_ip=payload.public_ip,
            )
        case LinkRegistered():
            return Link(
                id=stream_identity(event.stream),
                created_at=event.recorded_at,
                updated_at=event.recorded_at,
                version=event.version,
                created_by=event.actor.id,
                pubkey=payload.pubkey,
                code=payload.code,
                contributor_id=payload.contributor_id,
                link_type=payload.link_type,
                side_a=payload.side_a,
                side_z=payload.side_z,
                side_z_contributor_id=payload.side_z_contributor_id,
                bandwidth=payload.bandwidth,
                mtu=payload.mtu,
            )
        case RecordUpdated():
            return changed(_existing(state), payload.changes, event)
        case RecordRemoved():
            return removed(_existing(state), payload.at, event)
        case _:
            return touched(_existing(state), event)


def _existing(state: Record | None) -> Device | Link:
    # Every log begins with the making of its record.
    assert isinstance(state, Device | Link)
    return state


def _registered_device(command: RegisterDevice, given: Given) -> DeviceRegistered:
    errors: read.Errors = []
    made = DeviceRegistered(
        pubkey=read.pubkey(command.pubkey, errors=errors),
        code=read.code(command.code, errors=errors),
        contributor_id=read.owner(command.contributor, given=given, errors=errors),
        device_type=_device_type(command.device_type, errors=errors),
        location=_location(command.location, errors=errors),
        public_ip=_public_ip(command.public_ip, errors=errors),
    )
    read.refuse(errors)
    read.refuse_taken(
        [("pubkey", (ASSET_PUBKEY, made.pubkey)), ("code", (DEVICE_CODE, made.code))],
        stream=stream_name("device", command.device_id),
        given=given,
    )
    return made


def _device_changes(state: Device, command: UpdateDevice, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    _keep_pubkey(state, command.pubkey, errors=errors)
    if not isinstance(command.code, NotGiven):
        wanted["code"] = read.code(command.code, errors=errors)
    if not isinstance(command.contributor, NotGiven):
        wanted["contributor_id"] = read.owner(command.contributor, given=given, errors=errors)
    if not isinstance(command.device_type, NotGiven):
        wanted["device_type"] = _device_type(command.device_type, errors=errors)
    if not isinstance(command.location, NotGiven):
        wanted["location"] = _location(command.location, errors=errors)
    if not isinstance(command.public_ip, NotGiven):
        wanted["public_ip"] = _public_ip(command.public_ip, errors=errors)
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (DEVICE_CODE, command.code))],
            stream=stream_name("device", state.id),
            given=given,
        )
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _keep_pubkey(state: Device | Link, pubkey: str | NotGiven, *, errors: read.Errors) -> None:
    # Tickets, links and the ledger know an asset by its pubkey.
    if not isinstance(pubkey, NotGiven) and pubkey != state.pubkey:
        detail = "cannot change; remove it and register the new one"
        errors.append(FieldError("pubkey", "forbidden_field", detail))


def _device_type(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    return read.one_of(DEVICE_TYPES, value.strip().lower(), field="device_type", errors=errors)


def _location(value: str | None, *, errors: read.Errors) -> str | None:
    return read.optional_text(value, field="location", longest=100, errors=errors)


def _public_ip(value: str | None, *, errors: read.Errors) -> str | None:
    return None if value is None else read.ip_address(value, field="public_ip", errors=errors)


def _registered_link(command: RegisterLink, given: Given) -> LinkRegistered:
    errors: read.Errors = []
    side_a, _ = _side(command.side_a, field="side_a", given=given, errors=errors)
    side_z, z_owner = _side(command.side_z, field="side_z", given=given, errors=errors)
    _refuse_loop(side_a, side_z, errors=errors)
    made = LinkRegistered(
        pubkey=read.pubkey(command.pubkey, errors=errors),
        code=read.code(command.code, errors=errors),
        contributor_id=read.owner(command.contributor, given=given, errors=errors),
        link_type=read.word(LinkType, command.link_type, field="link_type", errors=errors),
        side_a=side_a,
        side_z=side_z,
        side_z_contributor_id=z_owner,
        bandwidth=_bandwidth(command.bandwidth, errors=errors),
        mtu=_mtu(command.mtu, errors=errors),
    )
    read.refuse(errors)
    read.refuse_taken(
        [("pubkey", (ASSET_PUBKEY, made.pubkey)), ("code", (LINK_CODE, made.code))],
        stream=stream_name("link", command.link_id),
        given=given,
    )
    return made


def _link_changes(state: Link, command: UpdateLink, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    _keep_pubkey(state, command.pubkey, errors=errors)
    if not isinstance(command.code, NotGiven):
        wanted["code"] = read.code(command.code, errors=errors)
    if not isinstance(command.contributor, NotGiven):
        wanted["contributor_id"] = read.owner(command.contributor, given=given, errors=errors)
    if not isinstance(command.link_type, NotGiven):
        wanted["link_type"] = read.word(
            LinkType, command.link_type, field="link_type", errors=errors
        )
    side_a, side_z = state.side_a, state.side_z
    if not isinstance(command.side_a, NotGiven):
        side_a, _ = _side(command.side_a, field="side_a", given=given, errors=errors)
        wanted["side_a"] = side_a
    if not isinstance(command.side_z, NotGiven):
        side_z, z_owner = _side(command.side_z, field="side_z", given=given, errors=errors)
        wanted["side_z"] = side_z
        wanted["side_z_contributor_id"] = z_owner
    _refuse_loop(side_a, side_z, errors=errors)
    if not isinstance(command.bandwidth, NotGiven):
        wanted["bandwidth"] = _bandwidth(command.bandwidth, errors=errors)
    if not isinstance(command.mtu, NotGiven):
        wanted["mtu"] = _mtu(command.mtu, errors=errors)
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (LINK_CODE, command.code))],
            stream=stream_name("link", state.id),
            given=given,
        )
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _side(draft: SideDraft, *, field: str, given: Given, errors: read.Errors) -> tuple[Side, str]:
    """The side that *draft* names, and the id of its device's owner."""
    interface = read.text(draft.interface, field=f"{field}.interface", longest=64, errors=errors)
    device = given.directory.device(draft.device)
    if device is None:
        detail = f'no device "{draft.device[:64]}" is registered'
        errors.append(FieldError(f"{field}.device", "unknown_device", detail))
        return Side(device="", interface=interface), ""
    return Side(device=device.pubkey, interface=interface), device.contributor_id


def _refuse_loop(side_a: Side, side_z: Side, *, errors: read.Errors) -> None:
    if side_a.device and side_a.device == side_z.device:
        detail = "is the device of side_a; a link joins two"
        errors.append(FieldError("side_z.device", "duplicate", detail))


def _bandwidth(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(
        value, field="bandwidth", least=1, most=WIDEST_BITS_PER_SECOND, errors=errors
    )


def _mtu(value: int | None, *, errors: read.Errors) -> int | None:
    return (
        None
        if value is None
        else read.number(value, field="mtu", least=64, most=65_535, errors=errors)
    )
