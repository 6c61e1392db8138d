"""The registry of devices and links: records with pubkey, code, owner and sides (Provisioning:
records). Their life (health, drains, activation) is decided in :mod:`tocsin.core.provisioning`.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from tocsin.core import record_reading as read
from tocsin.core.claims import ASSET_PUBKEY, DEVICE_CODE, LINK_CODE
from tocsin.core.errors import Conflict, FieldError, NotFound
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, NotGiven, Payload, stream_identity, stream_name
from tocsin.core.provisioning import interfaces
from tocsin.core.provisioning.assets import is_used
from tocsin.core.provisioning.commands import Wish
from tocsin.core.provisioning.deciding import (
    decide_life,
    referring,
    refuse_deletion,
    refuse_kept,
    wished,
)
from tocsin.core.provisioning.facts import AcceptanceRequested, DesiredStatusChanged
from tocsin.core.provisioning.folding import lived
from tocsin.core.provisioning.life import Life, born
from tocsin.core.provisioning.on_ledger import OnLedger, life_of
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus
from tocsin.core.record_changes import FieldValue, changed, changes_between, removed
from tocsin.core.record_facts import (
    DeviceRegistered,
    LinkRegistered,
    RecordRemoved,
    RecordUpdated,
)
from tocsin.core.records import Device, Link, Record, Side
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RegistryCommand,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.words import LinkType

SORTS: Final = ("device", "link")
"""The sorts of stream that this module decides and folds."""

DEVICE_TYPES: Final = ("hybrid", "transit", "edge")
WIDEST_BITS_PER_SECOND: Final = 10**16
MOST_PREFIXES: Final = 32
LONGEST_PREFIX: Final = 29
LONGEST_DELAY: Final = 10**12
"""Nanoseconds."""


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
            return _registered_device(command, given)
        case UpdateDevice():
            return _device_changes(read.existing(_device(state), "device"), command, given)
        case RemoveDevice():
            device = read.existing(_device(state), "device")
            refuse_kept(device, given)
            still = ", ".join(_needing(device, given))
            if still:
                raise Conflict(f"{device.code} still has {still}; delete them first")
            return (RecordRemoved(at=given.at),)
        case RegisterLink():
            read.absent(state, "link")
            return _registered_link(command, given)
        case UpdateLink():
            return _link_changes(read.existing(_link(state), "link"), command, given)
        case RemoveLink():
            link = read.existing(_link(state), "link")
            refuse_kept(link, given)
            if link.on_ledger is None:
                refuse_deletion(link, link.life)
            return (RecordRemoved(at=given.at),)
        case _:
            return decide_life(_living(state), command, given)


def _needing(device: Device, given: Given) -> tuple[str, ...]:
    """Names of what keeps *device* from being removed.

    Raises:
        DeviceNotHardDrained: it is in service, and here.
    """
    if device.on_ledger is None:
        refuse_deletion(device, device.life)
        return referring(device, given)
    # It is gone where it was kept, and its interfaces with it.
    return tuple(sorted(link.code for link in given.directory.links_of(device.pubkey)))


def _living(state: Record | None) -> Device | Link:
    if not isinstance(state, Device | Link) or state.removed_at is not None:
        raise NotFound("there is no such device or link")
    return state


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
                life=_first_life(payload.on_ledger, event),
                location=payload.location,
                exchange=payload.exchange,
                public_ip=payload.public_ip,
                dz_prefixes=payload.dz_prefixes,
                max_users=payload.max_users,
                metrics_publisher=payload.metrics_publisher,
                mgmt_vrf=payload.mgmt_vrf,
                on_ledger=payload.on_ledger,
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
                life=_first_life(
                    payload.on_ledger, event, requested=payload.link_type is LinkType.DZX
                ),
                bandwidth=payload.bandwidth,
                mtu=payload.mtu,
                delay=payload.delay,
                jitter=payload.jitter,
                delay_override=payload.delay_override,
                on_ledger=payload.on_ledger,
            )
        case RecordUpdated():
            return changed(_existing(state), payload.changes, event)
        case RecordRemoved():
            return removed(_existing(state), payload.at, event)
        case _:
            return lived(_existing(state), event)


def _first_life(said: OnLedger | None, event: Event, *, requested: bool = False) -> Life:
    if said is None:
        return born(at=event.recorded_at, requested=requested)
    return life_of(said, at=event.recorded_at, requested=requested)


def _existing(state: Record | None) -> Device | Link:
    # Every log begins with the making of its record.
    assert isinstance(state, Device | Link)
    return state


def _registered_device(command: RegisterDevice, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    desired = _desired(command.desired_status, errors=errors)
    made = DeviceRegistered(
        pubkey=read.pubkey(command.pubkey, errors=errors),
        code=read.code(command.code, errors=errors),
        contributor_id=read.owner(command.contributor, given=given, errors=errors),
        device_type=_device_type(command.device_type, errors=errors),
        location=_location(command.location, errors=errors),
        public_ip=_public_ip(command.public_ip, errors=errors),
        exchange=_location(command.exchange, field="exchange", errors=errors),
        dz_prefixes=_prefixes(command.dz_prefixes, errors=errors),
        max_users=_max_users(command.max_users, errors=errors),
        metrics_publisher=_publisher(command.metrics_publisher, errors=errors),
        mgmt_vrf=_vrf(command.mgmt_vrf, errors=errors),
        on_ledger=command.on_ledger,
    )
    read.refuse(errors)
    read.refuse_taken(
        [("pubkey", (ASSET_PUBKEY, made.pubkey)), ("code", (DEVICE_CODE, made.code))],
        stream=stream_name("device", command.device_id),
        given=given,
    )
    return (
        made,
        *_first_wish(desired),
        *interfaces.all_defined(command.interfaces),
    )


def _first_wish(desired: DesiredStatus) -> tuple[Payload, ...]:
    if desired is DesiredStatus.HARD_DRAINED:
        return ()
    return (DesiredStatusChanged(desired_from=DesiredStatus.HARD_DRAINED, desired_to=desired),)


def _desired(value: str | None, *, errors: read.Errors) -> DesiredStatus:
    """The wish that something is born with: drained, where nobody says otherwise."""
    if value is None:
        return DesiredStatus.HARD_DRAINED
    wanted = read.word(DesiredStatus, value, field="desired_status", errors=errors)
    if wanted is DesiredStatus.DELETED:
        detail = "nothing is made to be deleted"
        errors.append(FieldError("desired_status", "wrong_value", detail))
    return wanted


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
    if not isinstance(command.exchange, NotGiven):
        wanted["exchange"] = _location(command.exchange, field="exchange", errors=errors)
    if not isinstance(command.public_ip, NotGiven):
        wanted["public_ip"] = _public_ip(command.public_ip, errors=errors)
    if not isinstance(command.dz_prefixes, NotGiven):
        wanted["dz_prefixes"] = _prefixes(command.dz_prefixes, errors=errors)
    if not isinstance(command.max_users, NotGiven):
        wanted["max_users"] = _max_users(command.max_users, errors=errors)
    if not isinstance(command.metrics_publisher, NotGiven):
        wanted["metrics_publisher"] = _publisher(command.metrics_publisher, errors=errors)
    if not isinstance(command.mgmt_vrf, NotGiven):
        wanted["mgmt_vrf"] = _vrf(command.mgmt_vrf, errors=errors)
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (DEVICE_CODE, command.code))],
            stream=stream_name("device", state.id),
            given=given,
        )
    return _changes(state, wanted, command.desired_status, given)


def _changes(
    state: Device | Link,
    wanted: dict[str, FieldValue],
    desired: str | NotGiven,
    given: Given,
) -> tuple[Payload, ...]:
    changes = changes_between(state, wanted)
    if changes:
        refuse_kept(state, given)
    wishes: tuple[Payload, ...] = ()
    if not isinstance(desired, NotGiven):
        wishes = wished(state, Wish(desired=desired), given)
    return (*((RecordUpdated(changes=changes),) if changes else ()), *wishes)


def _keep_pubkey(state: Device | Link, pubkey: str | NotGiven, *, errors: read.Errors) -> None:
    # Tickets, links and the ledger know an asset by its pubkey.
    if not isinstance(pubkey, NotGiven) and pubkey != state.pubkey:
        detail = "cannot change; remove it and register the new one"
        errors.append(FieldError("pubkey", "forbidden_field", detail))


def _device_type(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    return read.one_of(DEVICE_TYPES, value.strip().lower(), field="device_type", errors=errors)


def _location(value: str | None, *, field: str = "location", errors: read.Errors) -> str | None:
    return read.optional_text(value, field=field, longest=100, errors=errors)


def _prefixes(values: tuple[str, ...], *, errors: read.Errors) -> tuple[str, ...]:
    """Networks of eight addresses or more: users of the device are given theirs from these."""
    if len(values) > MOST_PREFIXES:
        detail = f"at most {MOST_PREFIXES} are taken"
        errors.append(FieldError("dz_prefixes", "too_long", detail))
        return ()
    found: list[str] = []
    for index, value in enumerate(values):
        field = f"dz_prefixes[{index}]"
        try:
            network = ipaddress.IPv4Network(value.strip()[:32])
        except ValueError:
            detail = "is not a network such as 203.0.113.0/29"
            errors.append(FieldError(field, "bad_address", detail))
            continue
        if network.prefixlen > LONGEST_PREFIX:
            detail = f"/{network.prefixlen} is too small; /{LONGEST_PREFIX} or shorter is needed"
            errors.append(FieldError(field, "out_of_range", detail))
        elif str(network) in found:
            errors.append(FieldError(field, "duplicate", "stands there twice"))
        found.append(str(network))
    return tuple(found)


def _max_users(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(value, field="max_users", least=0, most=65_535, errors=errors)


def _publisher(value: str | None, *, errors: read.Errors) -> str | None:
    if value is None:
        return None
    return read.pubkey(value, field="metrics_publisher", errors=errors)


def _vrf(value: str | None, *, errors: read.Errors) -> str | None:
    return read.optional_text(value, field="mgmt_vrf", longest=32, errors=errors)


def _public_ip(value: str | None, *, errors: read.Errors) -> str | None:
    return None if value is None else read.ip_address(value, field="public_ip", errors=errors)


def _registered_link(command: RegisterLink, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    desired = _desired(command.desired_status, errors=errors)
    is_open = command.on_ledger is not None
    side_a, _ = _side(command.side_a, field="side_a", given=given, errors=errors)
    side_z, z_owner = _side(
        command.side_z, field="side_z", given=given, errors=errors, is_open=is_open
    )
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
        delay=_nanoseconds(command.delay, field="delay", errors=errors),
        jitter=_nanoseconds(command.jitter, field="jitter", errors=errors),
        delay_override=_nanoseconds(command.delay_override, field="delay_override", errors=errors),
        on_ledger=command.on_ledger,
    )
    read.refuse(errors)
    read.refuse_taken(
        [("pubkey", (ASSET_PUBKEY, made.pubkey)), ("code", (LINK_CODE, made.code))],
        stream=stream_name("link", command.link_id),
        given=given,
    )
    said = command.on_ledger
    asked: tuple[Payload, ...] = ()
    if made.link_type is LinkType.DZX and (said is None or said.status == AssetStatus.REQUESTED):
        asked = (AcceptanceRequested(contributor_id=z_owner),)
    return (made, *asked, *_first_wish(desired))


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
        _refuse_to_join(state, wanted["link_type"], given, errors=errors)
    side_a, side_z = state.side_a, state.side_z
    asked: tuple[Payload, ...] = ()
    if not isinstance(command.side_a, NotGiven):
        side_a, _ = _side(
            command.side_a, field="side_a", given=given, errors=errors, own=(state.side_a,)
        )
        wanted["side_a"] = side_a
    if not isinstance(command.side_z, NotGiven):
        side_z, z_owner = _side(
            command.side_z,
            field="side_z",
            given=given,
            errors=errors,
            is_open=state.on_ledger is not None,
            own=(state.side_z,),
        )
        wanted["side_z"] = side_z
        wanted["side_z_contributor_id"] = z_owner
        asked = _asked_again(state, z_owner, given, errors=errors)
    _refuse_loop(side_a, side_z, errors=errors)
    if not isinstance(command.bandwidth, NotGiven):
        wanted["bandwidth"] = _bandwidth(command.bandwidth, errors=errors)
    if not isinstance(command.mtu, NotGiven):
        wanted["mtu"] = _mtu(command.mtu, errors=errors)
    if not isinstance(command.delay, NotGiven):
        wanted["delay"] = _nanoseconds(command.delay, field="delay", errors=errors)
    if not isinstance(command.jitter, NotGiven):
        wanted["jitter"] = _nanoseconds(command.jitter, field="jitter", errors=errors)
    if not isinstance(command.delay_override, NotGiven):
        wanted["delay_override"] = _nanoseconds(
            command.delay_override, field="delay_override", errors=errors
        )
    read.refuse(errors)
    if not isinstance(command.code, NotGiven):
        read.refuse_taken(
            [("code", (LINK_CODE, command.code))],
            stream=stream_name("link", state.id),
            given=given,
        )
    return (*_changes(state, wanted, command.desired_status, given), *asked)


def _side(
    draft: SideDraft,
    *,
    field: str,
    given: Given,
    errors: read.Errors,
    is_open: bool = False,
    own: tuple[Side, ...] = (),
) -> tuple[Side, str]:
    """The side that *draft* names, and the id of its device's owner; one that *is_open* need not
    name its interface yet. *own* are the sides that the link has already."""
    interface = draft.interface
    if interface or not is_open:
        interface = read.text(interface, field=f"{field}.interface", longest=64, errors=errors)
    device = given.directory.device(draft.device)
    if device is None:
        detail = f'no device "{draft.device[:64]}" is registered'
        errors.append(FieldError(f"{field}.device", "unknown_device", detail))
        return Side(device="", interface=interface), ""
    side = Side(device=device.pubkey, interface=interface)
    # A ledger says itself what is there; one interface carries one link.
    if side not in own and not given.access.system and is_used(device.interfaces, interface):
        detail = f"another link uses {interface[:64]} of {device.code}"
        errors.append(FieldError(f"{field}.interface", "duplicate", detail))
    return side, device.contributor_id


def _asked_again(
    state: Link, z_owner: str, given: Given, *, errors: read.Errors
) -> tuple[Payload, ...]:
    """What follows when the Z side of a link between two contributors becomes another one's."""
    if state.link_type is not LinkType.DZX or z_owner in ("", state.side_z_contributor_id):
        return ()
    if state.life.accepted and not given.access.system:
        detail = "is another contributor's, who has not accepted this link; register a new one"
        errors.append(FieldError("side_z.device", "forbidden_field", detail))
        return ()
    return () if state.life.accepted else (AcceptanceRequested(contributor_id=z_owner),)


def _refuse_to_join(
    state: Link, link_type: FieldValue, given: Given, *, errors: read.Errors
) -> None:
    # Nobody would ever be asked to accept what began inside one contributor's network.
    joins = link_type is LinkType.DZX and state.link_type is not LinkType.DZX
    if joins and not given.access.system:
        detail = "a DZX link begins with the other side accepting it; register a new one"
        errors.append(FieldError("link_type", "forbidden_field", detail))


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


def _nanoseconds(value: int | None, *, field: str, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(value, field=field, least=0, most=LONGEST_DELAY, errors=errors)
