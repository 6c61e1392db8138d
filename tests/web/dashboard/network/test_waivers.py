"""Waiving a criterion on a page, demanding it again, and what the log tells of it there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.web.dashboard.browsing import Browser, Desk
from tests.web.dashboard.network.test_network import CODE, LINE, laid, text_of
from tocsin.core.provisioning.commands import (
    DefineInterface,
    FollowLedger,
    Judge,
    LeaveLedger,
    Waive,
    Wish,
)
from tocsin.core.provisioning.life import Waiver
from tocsin.core.records import Device, Link

BOX = "/network/devices/ams-1"
PORT = "Ethernet1/7"
ON_PORT = f"{BOX}?interface=Ethernet1%2F7"


@pytest.fixture
def admin(browser: Browser, at_desk: Desk) -> Browser:
    laid(at_desk)
    define = DefineInterface(name=PORT, role="cyoa")
    at_desk.house.ask("owner", define, sort="device", subject="ams-1")
    browser.sign_in("admin")
    return browser


def until(desk: Desk, *, days: int = 30) -> str:
    """So many days ahead, as a browser sends it."""
    return f"{desk.house.clock() + timedelta(days=days):%Y-%m-%dT%H:%M}"


def waived(desk: Desk, sort: str) -> list[Waiver]:
    """The waivers of everything of a sort, and of its interfaces."""
    found: list[Waiver] = []
    with desk.house.store.reading() as turn:
        for head in turn.heads_of_sort(desk.house.orgs["net"], sort):
            assert isinstance(head.state, Device | Link)
            found += head.state.life.waivers
            if isinstance(head.state, Device):
                found += [one for port in head.state.interfaces for one in port.life.waivers]
    return found


def test_a_criterion_is_waived_and_demanded_again(admin: Browser, at_desk: Desk) -> None:
    page = admin.get(LINE).text
    assert "None: every criterion has to be met." in page
    assert f'href="{LINE}/waive"' in page
    form = admin.get(f"{LINE}/waive").text
    assert '<option value="side_a">Side A</option>' in form
    assert 'value="record"' not in form, "what the machine goes by is not waived"

    sent = {"criterion": "side_a", "reason": "standby, <b>no traffic</b>", "until": until(at_desk)}
    done = admin.fill_in(f"{LINE}/waive", sent)

    assert (done.status, done.headers["location"]) == (303, f"{LINE}?done=waive")
    (waiver,) = waived(at_desk, "link")
    assert (waiver.criterion, waiver.reason) == ("side_a", "standby, <b>no traffic</b>")
    page = admin.get(done.headers["location"]).text
    told = text_of(page)
    assert "It is waived." in told
    assert "Side A until" in told
    assert ", by admin Demand again standby" in told
    assert "&lt;b&gt;no traffic&lt;/b&gt;" in page
    assert "admin waived “Side A” until" in told

    again = admin.fill_in(f"{LINE}/demand", {}, on=f"{LINE}/demand?criterion=side_a")

    assert (again.status, again.headers["location"]) == (303, f"{LINE}?done=demand")
    assert waived(at_desk, "link") == []
    told = text_of(admin.get(again.headers["location"]).text)
    assert "It has to be met again." in told
    assert "admin demands “Side A” again" in told


def test_an_interface_has_its_page_and_its_waivers(admin: Browser, at_desk: Desk) -> None:
    assert f'href="{ON_PORT}"' in admin.get(BOX).text
    told = text_of(admin.get(ON_PORT).text)
    assert "Ethernet1/7 Where it stands Status Hard drained" in told
    assert "Up Unknown telemetry is silent" in told
    assert "Tickets" not in told.partition("What happened")[2]
    form = f"{BOX}/waive?interface=Ethernet1%2F7"
    assert '<option value="up">' in admin.get(form).text

    sent = {"criterion": "up", "reason": "no user yet", "until": until(at_desk)}
    done = admin.fill_in(f"{BOX}/waive", sent, on=form)

    assert done.headers["location"] == f"{ON_PORT}&done=waive"
    (waiver,) = waived(at_desk, "device")
    assert waiver.criterion == "up"
    told = text_of(admin.get(ON_PORT).text)
    assert "Up Waived" in told
    assert "Demand again no user yet" in told
    assert "admin waived “Up” until" in told
    again = admin.fill_in(
        f"{BOX}/demand", {}, on=f"{BOX}/demand?criterion=up&interface=Ethernet1%2F7"
    )
    assert again.headers["location"] == f"{ON_PORT}&done=demand"
    assert waived(at_desk, "device") == []


def test_what_is_wrong_with_a_waiver_is_said_and_what_was_typed_stays(
    admin: Browser, at_desk: Desk
) -> None:
    late = {"criterion": "side_z", "reason": "for ever", "until": until(at_desk, days=900)}
    refused = admin.fill_in(f"{LINE}/waive", late)

    assert refused.status == 422
    assert "an instant within the next 366 days is expected" in refused.text.lower()
    assert "for ever" in refused.text
    assert '<option value="side_z" selected>' in refused.text
    nothing = admin.fill_in(f"{LINE}/waive", {"criterion": "side_z"})
    assert nothing.status == 422
    assert waived(at_desk, "link") == []


def test_nobody_but_the_orgs_administrators_waives(browser: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    ends = at_desk.house.clock() + timedelta(days=1)
    waive = Waive(criterion="side_a", reason="standby", until=ends)
    at_desk.house.ask("admin", waive, sort="link", subject=CODE)
    browser.sign_in("owner")

    page = browser.get(LINE).text

    assert "standby" in page
    assert "/waive" not in page
    assert "/demand" not in page
    assert browser.get(f"{LINE}/waive").status == 403
    assert browser.get(f"{LINE}/demand?criterion=side_a").status == 403


def test_a_waiver_that_is_over_says_so(admin: Browser, at_desk: Desk) -> None:
    ends = at_desk.house.clock() + timedelta(minutes=1)
    waive = Waive(criterion="side_a", reason="standby", until=ends)
    at_desk.house.ask("admin", waive, sort="link", subject=CODE)
    at_desk.house.clock.pass_by(timedelta(minutes=5))

    page = admin.get(LINE).text

    assert "(over)" in page
    assert "/demand" not in page


def test_what_is_not_there_has_no_form(admin: Browser) -> None:
    for path in (
        f"{BOX}?interface=Ethernet9",
        f"{BOX}/waive?interface=Ethernet9",
        f"{LINE}?interface=Ethernet1",
        "/network/links/nothing/waive",
    ):
        assert admin.get(path).status == 404, path


def test_who_did_what_when_and_why_is_told_newest_first(browser: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    laid(at_desk)
    wish = Wish(desired="soft_drained", reason="optic <swap>")
    house.ask("owner", wish, sort="link", subject=CODE)
    judge = Judge(health="impaired", reasons=("3 errors on side_a", "1 error on side_z"))
    house.system("link", judge, org_id=house.orgs["net"], subject=CODE)
    house.ask("owner", DefineInterface(name=PORT, role="dia"), sort="device", subject="ams-1")
    browser.sign_in("owner")

    page = browser.get(LINE).text

    told = text_of(page).partition("What happened")[2]
    judged = "Tocsin itself judged its health: Impaired just now 3 errors on side_a 1 error"
    wanted = "owner of alpha wants it soft drained just now optic"
    assert judged in told
    assert wanted in told
    assert told.index(judged) < told.index(wanted)
    assert "optic &lt;swap&gt;" in page
    told = text_of(browser.get(BOX).text)
    assert "owner of alpha defined it ( Ethernet1/7 ) just now" in told


def test_what_a_ledger_says_is_beside_what_holds_here(browser: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    laid(at_desk)
    browser.sign_in("owner")
    assert "On the ledger" not in browser.get(LINE).text
    said = FollowLedger(status="soft_drained", health="healthy", desired_status="activated")
    house.system("link", said, org_id=house.orgs["net"], subject=CODE)

    told = text_of(browser.get(LINE).text)

    assert "On the ledger soft drained, healthy, wanted activated" in told
    assert "Tocsin itself was told by the ledger that it is soft drained, healthy" in told
    assert "moved it on: Soft drained just now as the ledger has it" in told
    house.system("link", LeaveLedger(), org_id=house.orgs["net"], subject=CODE)
    told = text_of(browser.get(LINE).text)
    assert "On the ledger" not in told
    assert "Tocsin itself keeps it here, as no ledger does any more" in told
