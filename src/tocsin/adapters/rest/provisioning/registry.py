"""Endpoints of the registry: devices and links, by pubkey and code (Provisioning: records)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.provisioning.bodies import (
    DeviceBody,
    DevicePatch,
    DevicePut,
    DevicesQuery,
    InterfaceBody,
    LinkBody,
    LinkPatch,
    LinkPut,
    LinksQuery,
    SideBody,
)
from tocsin.adapters.rest.record_answers import found
from tocsin.adapters.rest.records import (
    Sort,
    listing,
    making,
    owned_by,
    patching,
    posting,
    putting,
    reading,
    removing,
)
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.provisioning.commands import DefineInterface
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.projections.shapes.assets import DeviceShape, LinkShape, device_shape, link_shape
from tocsin.store.contract import ReadTurn

# -- devices -------------------------------------------------------------------------------------

DEVICES: Final = Sort(
    sort="device",
    path="devices",
    kind=Device,
    shape=DeviceShape,
    show=device_shape,
    named="By code, pubkey or id.",
    query=DevicesQuery,
    wanted=owned_by,
)


def _new_device(body: DevicePut, code: str, identity: str) -> RegisterDevice:
    return RegisterDevice(
        device_id=identity,
        pubkey=body.pubkey,
        code=code,
        contributor=body.contributor,
        device_type=body.device_type,
        location=body.location,
        exchange=body.exchange,
        public_ip=body.public_ip,
        dz_prefixes=tuple(body.dz_prefixes),
        max_users=body.max_users,
        metrics_publisher=body.metrics_publisher,
        mgmt_vrf=body.mgmt_vrf,
        desired_status=body.desired_status,
        interfaces=tuple(map(defining, body.interfaces)) if isinstance(body, DeviceBody) else (),
    )


def _change_device(body: DevicePatch) -> Command:
    return UpdateDevice(
        pubkey=given(body.pubkey),
        code=given(body.code),
        contributor=given(body.contributor),
        device_type=given(body.device_type),
        location=given(body.location),
        exchange=given(body.exchange),
        public_ip=given(body.public_ip),
        dz_prefixes=_prefixes(given(body.dz_prefixes)),
        max_users=given(body.max_users),
        metrics_publisher=given(body.metrics_publisher),
        mgmt_vrf=given(body.mgmt_vrf),
        desired_status=given(body.desired_status),
    )


def _prefixes(values: list[str] | NotGiven) -> tuple[str, ...] | NotGiven:
    return tuple(values) if isinstance(values, list) else values


def defining(body: InterfaceBody) -> DefineInterface:
    """The command that defines what *body* says."""
    return DefineInterface(
        name=body.name,
        kind=body.kind,
        loopback_type=body.loopback_type,
        role=body.role,
        bandwidth=body.bandwidth,
        mtu=body.mtu,
        ip_net=body.ip_net,
        vlan_id=body.vlan_id,
    )


# -- links ---------------------------------------------------------------------------------------


def _links_wanted(turn: ReadTurn, call: Call[LinksQuery, None]) -> Callable[[Link], bool]:
    owned, name = owned_by(turn, call), call.query.device
    if name is None:
        return owned
    device = found(turn, call.org_id, Device, "device", name)
    pubkey = "" if device is None else device.pubkey
    return lambda link: owned(link) and pubkey in (link.side_a.device, link.side_z.device)


LINKS: Final = Sort(
    sort="link",
    path="links",
    kind=Link,
    shape=LinkShape,
    show=link_shape,
    named="By code, pubkey or id.",
    query=LinksQuery,
    wanted=_links_wanted,
)


def _side(body: SideBody) -> SideDraft:
    return SideDraft(device=body.device, interface=body.interface)


def _new_link(body: LinkPut, code: str, identity: str) -> RegisterLink:
    return RegisterLink(
        link_id=identity,
        pubkey=body.pubkey,
        code=code,
        contributor=body.contributor,
        link_type=body.link_type,
        side_a=_side(body.side_a),
        side_z=_side(body.side_z),
        bandwidth=body.bandwidth,
        mtu=body.mtu,
        delay=body.delay,
        jitter=body.jitter,
        delay_override=body.delay_override,
        desired_status=body.desired_status,
    )


def _other_side(body: SideBody | NotGiven) -> SideDraft | NotGiven:
    return _side(body) if isinstance(body, SideBody) else NOT_GIVEN


def _change_link(body: LinkPatch) -> Command:
    return UpdateLink(
        pubkey=given(body.pubkey),
        code=given(body.code),
        contributor=given(body.contributor),
        link_type=given(body.link_type),
        side_a=_other_side(given(body.side_a)),
        side_z=_other_side(given(body.side_z)),
        bandwidth=given(body.bandwidth),
        mtu=given(body.mtu),
        delay=given(body.delay),
        jitter=given(body.jitter),
        delay_override=given(body.delay_override),
        desired_status=given(body.desired_status),
    )


_DEVICE = {
    "contributor": "alpha",
    "pubkey": "2HETTKRwjgwrdJYYHjtfEDiLd2tNtQf3KwSa4vLii4PB",
    "device_type": "hybrid",
    "location": "AMS3",
}
_LINK = {
    "contributor": "alpha",
    "pubkey": "5BLixsxZh9YjL1mpfJrd7dB7ATqBfBqSkGzZuoVZaaFV",
    "link_type": "WAN",
    "side_a": {"device": "ams-1", "interface": "Ethernet1"},
    "side_z": {"device": "fra-1", "interface": "Ethernet1"},
}

ENDPOINTS: tuple[Endpoint, ...] = (
    listing(DEVICES),
    posting(
        DEVICES,
        making(DEVICES, _new_device),
        body=DeviceBody,
        summary="Register a device.",
        example={"code": "ams-1", **_DEVICE},
    ),
    reading(DEVICES),
    patching(DEVICES, _change_device, body=DevicePatch, example={"location": "AMS4"}),
    putting(DEVICES, _new_device, body=DevicePut, example=_DEVICE),
    removing(
        DEVICES,
        RemoveDevice(),
        summary="Take a device out of the registry.",
        description="It has to be hard drained, without links and interfaces.",
    ),
    listing(LINKS),
    posting(
        LINKS,
        making(LINKS, _new_link),
        body=LinkBody,
        summary="Register a link between two devices.",
        description=(
            "WAN stays inside one contributor's network, DZX joins two and waits until the Z side"
            " has accepted it."
        ),
        example={"code": "ams-1:fra-1", **_LINK},
    ),
    reading(LINKS),
    patching(LINKS, _change_link, body=LinkPatch, example={"mtu": 9000}),
    putting(LINKS, _new_link, body=LinkPut, example=_LINK),
    removing(
        LINKS,
        RemoveLink(),
        summary="Take a link out of the registry.",
        description="It has to be hard drained.",
    ),
)
