"""Routes tried out and switched, and deliveries that did not get through."""

from __future__ import annotations

from tests.handler.acting import NOON
from tests.web.dashboard.administration.conftest import Receiver, signed_in
from tests.web.dashboard.browsing import Browser, Desk
from tocsin.core.record_commands import (
    CreateRoute,
    DestinationDraft,
)
from tocsin.dispatcher.contract import Refused
from tocsin.store.outgoing import DestinationRow, Noted, Settlement, Trouble

HOSTILE = "<img src=x onerror=alert(1)>"


def route(desk: Desk, name: str = "noc", **given: object) -> str:
    """A route, made by the administrator; its id."""
    identity = desk.house.fresh()
    desk.house.ask(
        "admin",
        CreateRoute(
            route_id=identity,
            name=name,
            kinds=("incident.*",),
            destination=DestinationDraft(kind="webhook", url="https://noc.example/hook"),
            **given,  # type: ignore[arg-type]
        ),
        sort="route",
    )
    return identity


def parked(
    desk: Desk, route_id: str, *, title: str = "Fibre cut", reason: str = "410 Gone"
) -> None:
    """Word of a new incident that did not get through."""
    made = desk.house.ask("owner", desk.house.incident(title))
    org_id = desk.house.orgs["net"]
    with desk.house.store.tending() as turn:
        opening = turn.stream_events(org_id, made.stream)[0]
        noted = Noted(
            org_id=org_id,
            route_id=route_id,
            position=opening.position,
            stream=opening.stream,
            state=Trouble.PARKED,
            due_at=NOON,
            attempts=5,
            tried_at=NOON,
            reason=reason,
        )
        row = DestinationRow(org_id=org_id, route_id=route_id, position=0)
        turn.settle(Settlement(destination=row, noted=(noted,)))
        turn.commit()


def test_a_test_says_whether_it_arrived(sending: Desk, receiver: Receiver) -> None:
    admin = signed_in(sending, "admin")
    address = f"/admin/routes/{route(sending)}"
    page = admin.fill_in(f"{address}/test", {}, on=address)
    assert page.status == 200
    assert "The test arrived" in page.text
    receiver.verdict = Refused(f"it answered 410 {HOSTILE}")
    page = admin.fill_in(f"{address}/test", {}, on=address)
    assert "The test did not arrive" in page.text
    assert "it answered 410" in page.text
    assert HOSTILE not in page.text


def test_a_server_that_cannot_send_there_says_so(at_desk: Desk, admin: Browser) -> None:
    address = f"/admin/routes/{route(at_desk)}"
    page = admin.fill_in(f"{address}/test", {}, on=address)
    assert page.status == 409
    assert "cannot be tested here" in page.text


def test_a_route_is_switched_off_and_on(at_desk: Desk, admin: Browser) -> None:
    address = f"/admin/routes/{route(at_desk)}"
    assert admin.fill_in(f"{address}/enabled", {}, on=address).status == 303
    assert "Switched off" in admin.get(address).text
    assert admin.fill_in(f"{address}/enabled", {}, on=address).status == 303
    assert "Enabled" in admin.get(address).text


def test_what_was_typed_for_another_kind_of_destination_does_not_matter(admin: Browser) -> None:
    made = admin.fill_in(
        "/admin/routes/new",
        {
            "name": "mail",
            "destination.kind": "email",
            "destination.address": "noc@alpha.example",
            "destination.url": "https://left.over.example",
            "enabled": "on",
        },
    )
    assert made.status == 200, made.text
    assert "noc@alpha.example" in admin.get("/admin/routes?q=noc@").text


def test_what_is_wrong_with_an_address_stands_beside_it(admin: Browser) -> None:
    typed = {"name": "noc", "destination.kind": "webhook", "destination.url": "http://10.0.0.1/"}
    page = admin.fill_in("/admin/routes/new", typed)
    assert page.status == 422
    assert 'id="destination-url-wrong"' in page.text
    typed = {"name": "noc", "destination.kind": "email", "destination.address": ""}
    page = admin.fill_in("/admin/routes/new", typed)
    assert page.status == 422
    assert 'id="destination-address-wrong"' in page.text


def test_a_deliveries_page_without_trouble_is_calm(admin: Browser) -> None:
    page = admin.get("/admin/deliveries").text
    assert "Everything that was to be told has arrived" in page


def test_parked_deliveries_say_why_and_are_tried_again(at_desk: Desk, admin: Browser) -> None:
    noc, other = route(at_desk), route(at_desk, "other")
    parked(at_desk, noc, title="One", reason=f"410 {HOSTILE}")
    parked(at_desk, noc, title="Two")
    parked(at_desk, other, title="Three")
    page = admin.get("/admin/deliveries?state=parked").text
    assert "410 &lt;img" in page
    assert HOSTILE not in page
    assert "opened: One" in page
    assert page.count(">Try again</button>") == 3
    assert "Try all 3 again" in page
    assert "3 deliveries are parked" in admin.get("/admin").text
    assert "Three" not in admin.get(f"/admin/deliveries?route={noc}").text

    forms = [part.split('"')[0] for part in page.split('action="')[1:]]
    single = next(form for form in forms if "/dlv_" in form)
    assert admin.fill_in(single, {}, on="/admin/deliveries").status == 303
    assert admin.get("/admin/deliveries?state=parked").text.count(">Try again</button>") == 2
    several = admin.fill_in("/admin/deliveries/redrive", {"route": other}, on="/admin/deliveries")
    assert several.status == 303
    assert admin.get("/admin/deliveries?state=parked").text.count(">Try again</button>") == 1
    everything = admin.fill_in("/admin/deliveries/redrive", {"route": ""}, on="/admin/deliveries")
    assert everything.status == 303
    page = admin.get(everything.headers["location"]).text
    assert ">Try again</button>" not in page
    assert (
        page.count("Waiting for the next attempt</td>")
        + page.count("Waiting for the next attempt<span")
        == 3
    )


def test_a_delivery_that_arrived_meanwhile_is_not_found(admin: Browser) -> None:
    gone = admin.fill_in("/admin/deliveries/dlv_1_nobody/redrive", {}, on="/", action="/sign-out")
    assert gone.status == 404


def test_who_is_on_call_sees_deliveries_but_has_none_tried_again(
    at_desk: Desk, engineer: Browser
) -> None:
    parked(at_desk, route(at_desk))
    page = engineer.get("/admin/deliveries")
    assert "410 Gone" in page.text
    assert "Try" not in page.text[page.text.index('id="by-destination"') :].replace("Trying", "")
    refused = engineer.fill_in("/admin/deliveries/redrive", {}, on="/", action="/sign-out")
    assert refused.status == 403


def test_a_bound_lead_has_their_own_tried_again(at_desk: Desk, bound_lead: Browser) -> None:
    own, other = route(at_desk, "own", contributor="alpha"), route(at_desk, "other")
    parked(at_desk, own)
    parked(at_desk, other)
    page = bound_lead.get("/admin/deliveries").text
    assert page.count(">Try again</button>") == 1
    assert (
        bound_lead.fill_in(
            "/admin/deliveries/redrive", {"route": own}, on="/admin/deliveries"
        ).status
        == 303
    )
    assert ">Try again</button>" not in bound_lead.get("/admin/deliveries").text


def test_another_org_sees_none_of_it(at_desk: Desk) -> None:
    parked(at_desk, route(at_desk))
    page = signed_in(at_desk, "stranger").get("/admin/deliveries").text
    assert "Fibre cut" not in page
    assert "noc" not in page
