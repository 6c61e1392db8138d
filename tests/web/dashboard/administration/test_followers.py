"""Who follows a status page, for those who may end it."""

from __future__ import annotations

from tests.handler.acting import NOON
from tests.web.dashboard.administration.conftest import signed_in
from tests.web.dashboard.administration.test_outgoing import parked, route
from tests.web.dashboard.browsing import Browser, Desk
from tocsin.core.record_commands import CreateStatusPage
from tocsin.core.subscription_commands import CreateSubscription

WHO = "reader@elsewhere.example"


def follower(desk: Desk) -> str:
    """Somebody who follows a status page; the subscription's id."""
    house = desk.house
    page, identity = house.fresh(), house.fresh()
    made = CreateStatusPage(status_page_id=page, code="main", name="Acme")
    house.ask("admin", made, sort="status_page")
    house.system(
        "subscription",
        CreateSubscription(
            subscription_id=identity, page="main", kind="email", address=WHO, asked_at=NOON
        ),
        org_id=house.orgs["net"],
    )
    return identity


def test_a_subscription_is_seen_and_ended_by_an_administrator(
    at_desk: Desk, admin: Browser
) -> None:
    address = f"/admin/subscriptions/{follower(at_desk)}"
    listed = admin.get("/admin/subscriptions").text
    assert WHO in listed
    assert ">Acme<" in listed
    assert "/admin/subscriptions/new" not in listed
    page = admin.get(address).text
    assert f"{address}/change" not in page
    assert admin.fill_in(f"{address}/remove", {}).status == 303
    assert WHO not in admin.get("/admin/subscriptions").text


def test_nobody_else_learns_who_follows(at_desk: Desk, engineer: Browser) -> None:
    identity = follower(at_desk)
    parked(at_desk, identity)
    parked(at_desk, route(at_desk))
    stranger = signed_in(at_desk, "stranger")
    for browser, status in ((engineer, 403), (stranger, 404)):
        assert browser.get(f"/admin/subscriptions/{identity}").status == status
        assert browser.get(f"/admin/subscriptions/{identity}/remove").status == status
        for place in ("/admin", "/admin/deliveries", "/admin/status-pages"):
            page = browser.get(place)
            assert page.status == 200
            assert WHO not in page.text
    assert "Subscriptions" not in engineer.get("/admin").text
    shown = engineer.get("/admin/deliveries").text
    assert ">subscriptions</span>" in shown
    assert f"/admin/subscriptions/{identity}" not in shown


def test_what_did_not_reach_a_follower_is_among_the_deliveries(
    at_desk: Desk, admin: Browser
) -> None:
    identity = follower(at_desk)
    parked(at_desk, identity, reason="the mailbox is full")
    page = admin.get("/admin/deliveries").text
    assert "the mailbox is full" in page
    assert f"/admin/subscriptions/{identity}" in page
