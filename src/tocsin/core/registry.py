"""The registry of devices and links: records with pubkey, code, owner and sides (Provisioning:
records). What their fields may be is read in :mod:`tocsin.core.registered_devices` and
:mod:`tocsin.core.registered_links`; their life (health, drains, activation) is decided in
:mod:`tocsin.core.provisioning`.
"""

from __future__ import annotations

from typing import Final

from tocsin.core import record_reading as read
from tocsin.core import registered_devices, registered_links
from tocsin.core.errors import Conflict, NotFound
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, Payload, stream_identity
from tocsin.core.provisioning.deciding import (
    decide_life,
    referring,
    refuse_deletion,
    refuse_kept,
)
from tocsin.core.provisioning.folding import lived
from tocsin.core.provisioning.life import Life, born
from tocsin.core.provisioning.on_ledger import OnLedger, life_of
from tocsin.core.record_changes import changed, removed
from tocsin.core.record_facts import (
    DeviceRegistered,
    LinkRegistered,
    RecordRemoved,
    RecordUpdated,
)
from tocsin.core.records import Device, Link, Record
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RegistryCommand,
    RemoveDevice,
    RemoveLink,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.words import LinkType

SORTS: Final = ("device", "link")
"""The sorts of stream that this module decides and folds."""


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
            return registered_devices.registered(command, given)
        case UpdateDevice():
            return registered_devices.changes(
                read.existing(_device(state), "device"), command, given
            )
        case RemoveDevice():
            device = read.existing(_device(state), "device")
            refuse_kept(device, given)
            still = ", ".join(_needing(device, given))
            if still:
                raise Conflict(f"{device.code} still has {still}; delete them first")
            return (RecordRemoved(at=given.at),)
        case RegisterLink():
            read.absent(state, "link")
            return registered_links.registered(command, given)
        case UpdateLink():
            return registered_links.changes(read.existing(_link(state), "link"), command, given)
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
