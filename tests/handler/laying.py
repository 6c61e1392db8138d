"""Links between the house's two devices, and what becomes of them."""

from __future__ import annotations

from tests.handler.acting import House, pubkey
from tocsin.core.facts import Event
from tocsin.core.provisioning.commands import Advance, Judge, Wish
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import RegisterLink, SideDraft


def lay(home: House, *, code: str = "line", number: int = 0, link_type: str = "WAN") -> str:
    """A link from the owner's device to the teammate's; its code."""
    home.ask(
        "owner",
        RegisterLink(
            link_id=home.fresh(),
            pubkey=pubkey(100 + number),
            code=code,
            link_type=link_type,
            side_a=SideDraft(device="ams-1", interface=f"Ethernet{number}"),
            side_z=SideDraft(device="fra-1", interface=f"Ethernet{number}"),
        ),
        sort="link",
    )
    return code


def judge(home: House, code: str, health: str, *reasons: str, sort: str = "link") -> None:
    """The monitor says that its health is so."""
    command = Judge(health=health, reasons=reasons)
    home.system(sort, command, org_id=home.orgs["net"], subject=code)


def activate(home: House, code: str) -> None:
    """Its owner wants it, its evidence is good, and the activator has looked at it."""
    home.ask("owner", Wish(desired="activated"), sort="link", subject=code)
    judge(home, code, "healthy", "all criteria are met")
    home.system("link", Advance(), org_id=home.orgs["net"], subject=code)


def told(
    home: House, code: str, happening: str, *, sort: str = "link"
) -> tuple[Event, Device | Link]:
    """The last event of that name of the asset with that code, and the asset as it stands."""
    with home.store.reading() as turn:
        for head in turn.heads_of_sort(home.orgs["net"], sort):
            if isinstance(head.state, Device | Link) and head.state.code == code:
                events = turn.stream_events(home.orgs["net"], head.stream)
                named = [one for one in events if one.kind == f"{sort}.{happening}"]
                return named[-1], head.state
    raise AssertionError(code)
