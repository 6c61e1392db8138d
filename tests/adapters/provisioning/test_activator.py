"""The activator lets go on what may go on, once, and waits for tickets with effect."""

from __future__ import annotations

from datetime import timedelta

from tests.adapters.provisioning.town import (
    activator,
    device,
    furnish,
    lay,
    link,
    position,
    stands,
    want,
)
from tests.handler.acting import House, pubkey
from tocsin.core.commands import ChangeStatus
from tocsin.core.provisioning.commands import Judge, Wish
from tocsin.core.record_commands import CreateContributor
from tocsin.core.registry_commands import RegisterDevice, RemoveLink


def judge(home: House, health: str = "healthy", *, code: str = "line") -> None:
    command = Judge(health=health, reasons=("as the test says",))
    home.system("link", command, org_id=home.orgs["net"], subject=code)


def test_health_and_wish_become_status_at_the_next_round(home: House) -> None:
    lay(home)
    judge(home)
    told = activator(home).everything()
    assert (told.moved, told.refused, told.waiting) == (("line",), 0, 0)
    assert told.examined == 3
    assert stands(home) == ("healthy", "activated")


def test_a_round_without_change_writes_nothing(home: House) -> None:
    lay(home)
    judge(home)
    duty = activator(home)
    duty.everything()
    before = position(home)
    assert duty.everything().moved == ()
    assert duty.listen() is None
    assert position(home) == before


def test_it_listens_to_events_between_its_rounds(home: House) -> None:
    duty = activator(home)
    assert duty.go() > timedelta(0)
    lay(home)
    judge(home)
    duty.go()
    assert stands(home) == ("healthy", "activated")
    want(home, "soft_drained")
    duty.go()
    assert stands(home) == ("healthy", "soft_drained")


def test_the_next_round_comes_after_the_interval(filed: House) -> None:
    duty = activator(filed)
    pause = duty.go()
    filed.clock.pass_by(pause - timedelta(seconds=1))
    assert duty.go() == timedelta(seconds=1)
    filed.clock.pass_by(timedelta(seconds=1))
    assert duty.go() == pause


def test_two_activators_write_every_change_once(home: House) -> None:
    lay(home)
    judge(home)
    first, second = activator(home), activator(home)
    before = link(home).version
    first.go()
    second.go()
    first.go()
    assert stands(home) == ("healthy", "activated")
    assert link(home).version == before + 1


def test_it_waits_for_a_ticket_with_effect_and_goes_on_when_that_ends(home: House) -> None:
    lay(home)
    judge(home)
    opened = home.ask("owner", home.incident(links=("line",), severity="sev1"))
    duty = activator(home)
    told = duty.everything()
    assert (told.moved, told.waiting) == ((), 1)
    assert stands(home) == ("healthy", "hard_drained")

    home.ask("owner", home.incident(title="Elsewhere", devices=("ams-1",), severity="sev4"))
    again = duty.listen()
    assert again is not None
    assert (again.moved, again.waiting) == ((), 1)

    home.ask(
        "owner", ChangeStatus(status="resolved", resolution="spliced"), subject=opened.stream[9:]
    )
    after = duty.listen()
    assert after is not None
    assert (after.moved, after.waiting) == (("line",), 0)


def test_a_ticket_that_has_no_effect_is_not_waited_for(home: House) -> None:
    lay(home)
    judge(home)
    home.invite("outsider", org="net", role="member", contributor=None)
    home.ask("outsider", home.incident(links=("line",), severity="sev1"))
    assert activator(home).everything().moved == ("line",)


def test_impaired_is_not_drained(home: House) -> None:
    lay(home)
    judge(home)
    duty = activator(home)
    duty.everything()
    judge(home, "impaired")
    duty.everything()
    assert stands(home) == ("impaired", "activated")


def test_what_shall_be_deleted_goes_when_nothing_refers_to_it(home: House) -> None:
    lay(home, wanted=False)
    duty = activator(home)
    home.ask("admin", Wish(desired="deleted"), sort="device", subject="fra-1")
    assert duty.everything().moved == ()
    assert device(home, "fra-1").removed_at is None
    want(home, "deleted")
    duty.listen()
    assert link(home).removed_at is not None
    duty.listen()
    assert device(home, "fra-1").removed_at is not None


def test_every_org_has_its_round(home: House) -> None:
    org_id = home.orgs["elsewhere"]
    contributor = CreateContributor(
        contributor_id=home.fresh(), code="gamma", name="Gamma", pubkey=pubkey(3)
    )
    home.system("contributor", contributor, org_id=org_id)
    register = RegisterDevice(
        device_id=home.fresh(), pubkey=pubkey(31), code="lis-1", contributor="gamma"
    )
    home.system("device", register, org_id=org_id)
    home.ask(
        "stranger", Wish(desired="soft_drained"), sort="device", subject="lis-1", org="elsewhere"
    )
    lay(home)
    judge(home)
    assert sorted(activator(home).everything().moved) == ["line", "lis-1"]


def test_an_interface_to_users_goes_its_own_way(home: House) -> None:
    furnish(home)
    command = Judge(health="healthy", reasons=("as the test says",), interface="Ethernet9")
    home.system("device", command, org_id=home.orgs["net"], subject="ams-1")
    assert activator(home).everything().moved == ("ams-1",)
    status = {one.name: one.life.status.value for one in device(home).interfaces}
    assert status == {"Ethernet8": "activated", "Ethernet9": "activated"}
    assert device(home).life.status.value == "hard_drained"


def test_a_link_that_is_gone_stops_nobody(home: House) -> None:
    lay(home, code="gone", number=22)
    lay(home)
    judge(home)
    home.ask("owner", RemoveLink(), sort="link", subject="gone")
    assert activator(home).everything().moved == ("line",)
