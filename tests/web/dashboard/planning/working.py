"""A small network with work on it: two devices, a link between them, and who plans what."""

from __future__ import annotations

from datetime import timedelta

from tests.handler.acting import NOON, House, pubkey
from tocsin.core.commands import ChangeStatus, PlanMaintenance
from tocsin.core.record_commands import CreateService
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    SideDraft,
)

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7 * 7 }}"


def wire(house: House) -> None:
    """A link from ams-1 to fra-1, a device that nothing ends on, and a service."""
    org_id = house.orgs["net"]
    house.system(
        "link",
        RegisterLink(
            link_id=house.fresh(),
            pubkey=pubkey(21),
            code="ams-fra",
            contributor="alpha",
            link_type="WAN",
            side_a=SideDraft(device="ams-1", interface="Ethernet1"),
            side_z=SideDraft(device="fra-1", interface="Ethernet2"),
        ),
        org_id=org_id,
    )
    house.system(
        "device",
        RegisterDevice(
            device_id=house.fresh(), pubkey=pubkey(13), code="lon-1", contributor="beta"
        ),
        org_id=org_id,
    )
    house.system(
        "service",
        CreateService(service_id=house.fresh(), code="transit", name="Transit"),
        org_id=org_id,
    )


def planned(
    house: House,
    ref: str,
    *,
    who: str = "owner",
    title: str = "Swap the optic",
    hours: float = 24,
    lasting: float = 2,
    **given: object,
) -> str:
    """Plan work that begins so many *hours* after noon; its id."""
    ticket_id = house.fresh()
    start = NOON + timedelta(hours=hours)
    fields: dict[str, object] = {
        "devices": ("ams-1",),
        "start_at": start,
        "end_at": start + timedelta(hours=lasting),
    }
    command = PlanMaintenance(
        ticket_id=ticket_id,
        refs=(ref,),
        title=title,
        description="Ten minutes, all of it.",
        **(fields | given),  # type: ignore[arg-type]
    )
    house.ask(who, command)
    return ticket_id


def moved(house: House, ticket_id: str, status: str, *, who: str = "owner") -> None:
    """Move a maintenance on."""
    command = ChangeStatus(status=status, resolution="Done.")
    house.ask(who, command, subject=f"maintenance:{ticket_id}")
