"""The interfaces of a device in the administration: defined, changed, wanted otherwise, removed."""

from __future__ import annotations

import html
import re

import pytest

from tests.web.dashboard.administration.conftest import signed_in
from tests.web.dashboard.administration.test_sheets import typed_in
from tests.web.dashboard.browsing import Browser, Desk, hidden
from tests.web.dashboard.network.test_network import CODE, laid, text_of
from tocsin.core.provisioning.assets import Interface
from tocsin.core.provisioning.commands import Advance, DefineInterface, FollowLedger, Judge
from tocsin.core.records import Device

PORT = "Ethernet1/7"
QUERY = "interface=Ethernet1%2F7"


def address(browser: Browser, code: str = "ams-1") -> str:
    """The page of the device with that code."""
    (found,) = re.findall(
        rf'href="(/admin/devices/[0-9a-f-]+)"[^>]*>{code}<', browser.get("/admin/devices").text
    )
    return str(found)


def interfaces(desk: Desk, code: str = "ams-1") -> dict[str, Interface]:
    """Those of the device, by name."""
    with desk.house.store.reading() as turn:
        for head in turn.heads_of_sort(desk.house.orgs["net"], "device"):
            if isinstance(head.state, Device) and head.state.code == code:
                return {one.name: one for one in head.state.interfaces}
    raise AssertionError(code)


def defined(desk: Desk, **fields: str) -> None:
    command = DefineInterface(name=PORT, **fields)  # type: ignore[arg-type]
    desk.house.ask("owner", command, sort="device", subject="ams-1")


def test_one_is_defined_changed_and_removed(member: Browser, at_desk: Desk) -> None:
    box = address(member)
    assert f'href="{box}/interfaces/new"' in member.get(box).text
    assert "None is defined yet" in member.get(box).text

    assert f'href="{box}#interfaces"' in member.get("/network/devices/ams-1").text

    made = member.fill_in(
        f"{box}/interfaces/new",
        {"name": PORT, "role": "dia", "bandwidth": "100000000000", "ip_net": "10.0.0.1/31"},
    )

    assert (made.status, made.headers["location"]) == (303, f"{box}?done=interface-defined")
    told = text_of(member.get(made.headers["location"]).text)
    assert "The interface is defined." in told
    assert f"{PORT} DIA no link Activated 100 Gbit/s 10.0.0.1/31 Change {PORT}" in told
    form = f"{box}/interfaces/change?{QUERY}"
    assert f'href="{form}"' in member.get(box).text
    shown = member.get(form).text
    begun = typed_in(shown)
    assert (begun["role"], begun["bandwidth"], begun["mtu"]) == ("dia", "100000000000", "")

    typed = begun | {"mtu": "9000", "ip_net": ""}
    changed = member.fill_in(f"{box}/interfaces/change", typed, on=form)

    assert changed.headers["location"] == f"{box}?done=interface-changed"
    assert (interfaces(at_desk)[PORT].mtu, interfaces(at_desk)[PORT].ip_net) == (9_000, None)
    assert "MTU 9,000 bytes" in text_of(member.get(box).text)

    asked = f"{box}/interfaces/remove?{QUERY}"
    assert f"Remove {PORT} of ams-1?" in text_of(member.get(asked).text)
    gone = member.fill_in(f"{box}/interfaces/remove", {}, on=asked)

    assert gone.headers["location"] == f"{box}?done=interface-removed"
    assert interfaces(at_desk) == {}
    assert "removed an interface" in member.get(box).text


def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(
    member: Browser, at_desk: Desk
) -> None:
    box = address(member)
    wrong = {"name": "no name!", "mtu": "7", "ip_net": "ten", "vlan_id": "4,000", "role": "cyoa"}

    refused = member.fill_in(f"{box}/interfaces/new", wrong)

    assert refused.status == 422
    assert 'id="vlan_id-wrong"' in refused.text, "what is no number is told at once"
    refused = member.fill_in(f"{box}/interfaces/new", wrong | {"vlan_id": "4000", "mtu": "9000"})
    assert refused.status == 422
    for field in ("name", "ip_net"):
        assert f'id="{field}-wrong"' in refused.text
    kept = typed_in(refused.text)
    assert {name: kept[name] for name in ("name", "ip_net", "role", "mtu")} == {
        "name": "no name!",
        "ip_net": "ten",
        "role": "cyoa",
        "mtu": "9000",
    }
    nothing = member.fill_in(f"{box}/interfaces/new", {})
    assert nothing.status == 422
    assert 'id="name-wrong"' in nothing.text
    defined(at_desk)
    twice = member.fill_in(f"{box}/interfaces/new", {"name": PORT})
    assert twice.status == 409
    assert "has an interface" in html.unescape(twice.text)
    assert list(interfaces(at_desk)) == [PORT]


def test_the_link_that_uses_one_is_named_in_the_list_and_in_what_is_refused(
    member: Browser, at_desk: Desk
) -> None:
    laid(at_desk)
    box = address(member)

    page = member.get(box).text

    assert re.search(rf'<a href="/admin/links/[0-9a-f-]+"><code>{CODE}</code></a>', page)
    assert "named by its link, and gone with it" in page
    assert "/interfaces/change?interface=Ethernet1" in page
    assert "/interfaces/remove" not in page, "it would be refused"
    asked = f"{box}/interfaces/remove?interface=Ethernet1"
    assert f"The link {CODE} uses it: delete the link first." in member.get(asked).text
    refused = member.fill_in(f"{box}/interfaces/remove", {}, on=asked)
    assert refused.status == 409
    assert f"The link {CODE} uses Ethernet1; delete the link first." in refused.text
    form = f"{box}/interfaces/change?interface=Ethernet1"
    assert f"The link {CODE} uses it: it has no other role meanwhile." in member.get(form).text
    typed = typed_in(member.get(form).text) | {"role": "cyoa"}
    refused = member.fill_in(f"{box}/interfaces/change", typed, on=form)
    assert refused.status == 409
    assert f"The link {CODE} uses Ethernet1; it has no other role meanwhile." in refused.text


def test_somebody_who_was_slower_sees_what_was_changed(
    member: Browser, admin: Browser, at_desk: Desk
) -> None:
    defined(at_desk)
    box = address(member)
    form, action = f"{box}/interfaces/change?{QUERY}", f"{box}/interfaces/change"
    mine = member.get(form).text
    theirs = typed_in(admin.get(form).text) | {"mtu": "1500"}
    assert admin.fill_in(action, theirs, on=form).status == 303

    late = member.post(action, {**hidden(mine, action), **typed_in(mine), "mtu": "9000"})

    assert late.status == 412
    assert "Changed meanwhile" in late.text
    assert "changed an interface" in late.text
    assert typed_in(late.text)["mtu"] == "9000"
    asked = f"{box}/interfaces/remove"
    stale = hidden(member.get(f"{asked}?{QUERY}").text, asked)
    assert admin.fill_in(action, theirs | {"mtu": "2000"}, on=form).status == 303
    assert member.post(asked, stale).status == 412
    assert PORT in interfaces(at_desk)
    again = member.post(action, {**hidden(late.text, action), **typed_in(late.text)})
    assert again.status == 412, "what was looked at has moved on once more"


def test_one_to_users_is_drained_here_before_it_is_removed(member: Browser, at_desk: Desk) -> None:
    defined(at_desk, role="cyoa")
    box, house = address(member), at_desk.house
    assert "wanted hard drained" in text_of(member.get(box).text)
    form = f"{box}/interfaces/want?{QUERY}"
    assert typed_in(member.get(form).text) == {"desired_status": "hard_drained"}

    done = member.fill_in(f"{box}/interfaces/want", {"desired_status": "activated"}, on=form)

    assert done.headers["location"] == f"{box}?done=interface-wanted"
    healthy = Judge(health="healthy", reasons=("it is up",), interface=PORT)
    for command in (healthy, Advance()):
        house.system("device", command, org_id=house.orgs["net"], subject="ams-1")
    page = member.get(box).text
    assert "Activated wanted activated" in text_of(page)
    assert f"{box}/interfaces/remove" not in page
    asked = f"{box}/interfaces/remove?{QUERY}"
    refused = member.fill_in(f"{box}/interfaces/remove", {}, on=asked)
    assert refused.status == 409
    assert "drain it first" in refused.text
    member.fill_in(f"{box}/interfaces/want", {"desired_status": "hard_drained"}, on=form)
    house.system("device", Advance(), org_id=house.orgs["net"], subject="ams-1")
    assert member.fill_in(f"{box}/interfaces/remove", {}, on=asked).status == 303


@pytest.mark.parametrize("verb", ["new", "change", "want", "remove"])
def test_others_see_no_button_and_may_send_nothing(
    member: Browser, at_desk: Desk, verb: str
) -> None:
    defined(at_desk, role="cyoa")
    other = signed_in(at_desk, "teammate")
    box = address(member)
    assert "/interfaces/" in member.get(box).text
    assert PORT in other.get(box).text
    assert "/interfaces/" not in other.get(box).text
    assert "#interfaces" not in other.get("/network/devices/ams-1").text

    assert other.get(f"{box}/interfaces/{verb}?{QUERY}").status == 403
    sent = {"interface": PORT, "name": "Ethernet9", "desired_status": "activated", "mtu": "9000"}
    refused = other.fill_in(f"{box}/interfaces/{verb}", sent, on="/", action="/sign-out")

    assert refused.status == 403
    assert list(interfaces(at_desk)) == [PORT]
    assert interfaces(at_desk)[PORT].mtu is None


@pytest.mark.parametrize("verb", ["change", "want", "remove"])
def test_what_is_no_interface_is_not_found(member: Browser, verb: str) -> None:
    box = address(member)
    assert member.get(f"{box}/interfaces/{verb}?interface=Ethernet9").status == 404
    assert member.get(f"{box}/interfaces/{verb}").status == 404
    sent = member.fill_in(
        f"{box}/interfaces/{verb}", {"interface": "../.."}, on="/", action="/sign-out"
    )
    assert sent.status == 404


def test_what_a_ledger_says_is_not_offered_to_be_changed(member: Browser, at_desk: Desk) -> None:
    defined(at_desk, role="cyoa")
    house, box = at_desk.house, address(member)
    house.system(
        "device",
        FollowLedger(status="hard_drained", health="unknown", desired_status="hard_drained"),
        org_id=house.orgs["net"],
        subject="ams-1",
    )

    page = member.get(box).text

    assert "A ledger says which there are" in page
    assert f"{box}/interfaces/new" not in page
    assert f"{box}/interfaces/change" not in page
    assert f"{box}/interfaces/remove" not in page
    assert f"{box}/interfaces/want" in page
    refused = member.fill_in(f"{box}/interfaces/new", {"name": "Ethernet9"})
    assert refused.status == 409
    assert "change it there" in refused.text
