"""The life of devices and links under the writer's lock: what is decided is what holds then."""

from __future__ import annotations

from tests.handler.acting import House, pubkey
from tocsin.core.commands import ChangeStatus
from tocsin.core.provisioning.commands import AcceptLink, Advance, Judge, Wish
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import (
    RegisterLink,
    RemoveLink,
    SideDraft,
    UpdateLink,
)


def laid(home: House, link_type: str = "WAN") -> str:
    home.ask(
        "owner",
        RegisterLink(
            link_id=home.fresh(),
            pubkey=pubkey(21),
            code="line",
            link_type=link_type,
            side_a=SideDraft(device="ams-1", interface="Ethernet1"),
            side_z=SideDraft(device="fra-1", interface="Ethernet2"),
        ),
        sort="link",
    )
    return "line"


def link(home: House) -> Link:
    with home.store.reading() as turn:
        (head,) = turn.heads_of_sort(home.orgs["net"], "link")
    assert isinstance(head.state, Link)
    return head.state


def interfaces(home: House, code: str) -> list[tuple[str, str]]:
    with home.store.reading() as turn:
        for head in turn.heads_of_sort(home.orgs["net"], "device"):
            if isinstance(head.state, Device) and head.state.code == code:
                return [(one.name, one.life.status.value) for one in head.state.interfaces]
    raise AssertionError(code)


def advance(home: House) -> str:
    home.system("link", Advance(), org_id=home.orgs["net"], subject="line")
    return link(home).life.status.value


def healthy(home: House) -> None:
    command = Judge(health="healthy", reasons=("all criteria are met",))
    home.system("link", command, org_id=home.orgs["net"], subject="line")


def test_a_link_takes_its_interfaces_into_service_in_the_same_commit(home: House) -> None:
    laid(home)
    assert interfaces(home, "ams-1") == [("Ethernet1", "activated")]
    assert interfaces(home, "fra-1") == [("Ethernet2", "activated")]
    moved = UpdateLink(side_z=SideDraft(device="fra-1", interface="Ethernet5"))
    home.ask("owner", moved, sort="link", subject="line")
    assert interfaces(home, "fra-1") == [("Ethernet5", "activated")]
    home.ask("owner", RemoveLink(), sort="link", subject="line")
    assert interfaces(home, "ams-1") == interfaces(home, "fra-1") == []


def test_the_far_interface_waits_for_its_owner(home: House) -> None:
    laid(home, "DZX")
    assert interfaces(home, "fra-1") == []
    home.ask("teammate", AcceptLink(), sort="link", subject="line")
    assert interfaces(home, "fra-1") == [("Ethernet2", "activated")]
    assert link(home).life.status.value == "hard_drained"


def test_what_is_in_the_way_is_looked_up_at_the_moment_of_the_commit(home: House) -> None:
    laid(home)
    home.ask("owner", Wish(desired="activated"), sort="link", subject="line")
    healthy(home)
    opened = home.ask("owner", home.incident(links=("line",), severity="sev1"))
    assert advance(home) == "hard_drained"

    home.ask(
        "owner", ChangeStatus(status="resolved", resolution="spliced"), subject=opened.stream[9:]
    )
    assert advance(home) == "activated"


def test_another_contributors_ticket_never_holds_a_link_back(home: House) -> None:
    laid(home)
    home.ask("owner", Wish(desired="activated"), sort="link", subject="line")
    healthy(home)
    home.invite("outsider", org="net", role="member", contributor=None)
    home.ask("outsider", home.incident(links=("line",), severity="sev1"))
    assert advance(home) == "activated"


def test_every_change_is_written_once(home: House) -> None:
    laid(home)
    home.ask("owner", Wish(desired="activated"), sort="link", subject="line")
    healthy(home)
    before = link(home).version
    for _ in range(3):
        healthy(home)
        advance(home)
    assert link(home).version == before + 1
