"""Endpoints of the interfaces of a device. Their names have slashes, which a path takes as they are
or percent-encoded."""

from __future__ import annotations

from typing import Any

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint, Page
from tocsin.adapters.rest.provisioning.bodies import InterfaceBody, InterfacePatch
from tocsin.adapters.rest.provisioning.registry import DEVICES, defining
from tocsin.adapters.rest.record_answers import existing
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.errors import invalid
from tocsin.core.facts import NotGiven
from tocsin.core.provisioning.commands import ChangeInterface, RemoveInterface, Wish
from tocsin.core.records import Device
from tocsin.projections.shapes.assets import InterfaceShape, interface_shape
from tocsin.store.contract import ReadTurn

INTERFACES = f"{DEVICES.one}/interfaces"
INTERFACE = f"{INTERFACES}/{{interface}}"


def _look(turn: ReadTurn, call: AnyCall) -> Page[InterfaceShape]:
    device = existing(turn, call.org_id, Device, "device", call.path["name"])
    return Page(items=[interface_shape(one) for one in device.interfaces], next_cursor=None)


def _define(call: Call[None, InterfaceBody]) -> Asked:
    return Asked(sort="device", subject=call.path["name"], command=defining(call.body))


def _change(call: Call[None, InterfacePatch]) -> Asked:
    body, name = call.body, call.path["interface"]
    fields: dict[str, Any] = {
        field: value
        for field in (
            "kind",
            "loopback_type",
            "role",
            "bandwidth",
            "mtu",
            "ip_net",
            "vlan_id",
        )
        if not isinstance(value := given(getattr(body, field)), NotGiven)
    }
    desired = given(body.desired_status)
    if isinstance(desired, NotGiven):
        command: ChangeInterface | Wish = ChangeInterface(name=name, **fields)
    elif fields:
        raise invalid("desired_status", "forbidden_field", "is wanted by a request of its own")
    else:
        command = Wish(desired=desired, interface=name)
    return Asked(sort="device", subject=call.path["name"], command=command)


def _remove(call: AnyCall) -> Asked:
    command = RemoveInterface(name=call.path["interface"])
    return Asked(sort="device", subject=call.path["name"], command=command)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=INTERFACES,
        tag=DEVICES.path,
        summary="List the interfaces of a device, by name.",
        answer=Page[InterfaceShape],
        look=_look,
        reads="device",
    ),
    Endpoint(
        method="POST",
        path=INTERFACES,
        tag=DEVICES.path,
        summary="Define an interface of a device.",
        description=(
            "One to the internet (dia) is in service at once, one to users (cyoa) on evidence; one"
            " of a link as long as the link uses it."
        ),
        body=InterfaceBody,
        answer=DEVICES.shape,
        status=201,
        ask=_define,
        show=DEVICES.shown,
        others={409: "The device has one of that name."},
        example={"name": "Ethernet1/2", "role": "dia", "bandwidth": 100_000_000_000},
    ),
    Endpoint(
        method="PATCH",
        path=INTERFACE,
        tag=DEVICES.path,
        summary="Change an interface, or want another status of it.",
        description="What is left out stays, null empties. One to users is drained with a wish.",
        body=InterfacePatch,
        answer=DEVICES.shape,
        ask=_change,
        show=DEVICES.shown,
        others={409: "A link uses it, or follows it.", 412: "If-Match is stale."},
        example={"mtu": 9_000},
    ),
    Endpoint(
        method="DELETE",
        path=INTERFACE,
        tag=DEVICES.path,
        summary="Take an interface away.",
        description="No link may use it, and one to users has to be drained.",
        answer=DEVICES.shape,
        ask=_remove,
        show=DEVICES.shown,
        others={409: "A link uses it, or it is in service.", 412: "If-Match is stale."},
    ),
)
