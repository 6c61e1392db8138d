"""Opening an incident, planning a maintenance: what is asked, what is refused, what is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.web.dashboard.browsing import Browser, Desk, Page
from tocsin.core.commands import ChangeStatus
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateService,
)
from tocsin.core.ticket import Ticket

INCIDENT = "/new/incident"
MAINTENANCE = "/new/maintenance"
CHECK = "/new/maintenance/check"
HOSTILE = "<script>alert(1)</script>\"'><b>{{ 7 * 7 }}"

OUTAGE: Mapping[str, str | Sequence[str]] = {
    "title": "Light gone",
    "description": "No light on Ethernet1 since noon.",
    "severity": "sev2",
    "device_pubkey": "ams-1, fra-1",
    "services": "api",
}
SWAP: Mapping[str, str | Sequence[str]] = {
    "title": "Optic swap",
    "description": "Swap the optic on Ethernet1.",
    "severity": "sev3",
    "device_pubkey": "ams-1",
    "start_at": "2026-11-21T09:00",
    "end_at": "2026-11-21T11:00",
}


@pytest.fixture
def member(browser: Browser) -> Browser:
    """A browser in which the owner is signed in."""
    browser.sign_in("owner")
    return browser


def tickets(at_desk: Desk, sort: str = "incident") -> list[Ticket]:
    """The org's tickets of one sort."""
    with at_desk.house.store.reading() as turn:
        heads = turn.heads_of_sort(at_desk.house.orgs["net"], sort)
    return [head.state for head in heads if isinstance(head.state, Ticket)]


def beside(text: str, name: str) -> str:
    """What stands beside a field as wrong with it."""
    found = re.search(rf'<p class="wrong" id="{re.escape(name)}-wrong">([^<]*)</p>', text)
    return "" if found is None else found[1]


def where(page: Page) -> str:
    """Where the browser is sent on to."""
    assert page.status == 303, page.text
    return page.headers["location"]


def test_an_incident_is_opened_and_its_page_is_next(member: Browser, at_desk: Desk) -> None:
    told = member.fill_in(
        INCIDENT,
        {
            **OUTAGE,
            "start_at": "2026-11-20T11:50",
            "labels": "routing, optics",
            "initial_correlation_key": "ams-1:Ethernet1",
            "assignee": "beta",
            "reporter_name": "Carol of support",
            "reporter_email": "carol@alpha.example",
        },
    )
    (ticket,) = tickets(at_desk)
    assert where(told) == f"/tickets/{ticket.ref}"
    assert (ticket.title, ticket.severity.value) == ("Light gone", "sev2")
    assert len(ticket.devices) == 2
    assert ticket.services == ("api",)
    assert ticket.labels == ("optics", "routing")
    assert ticket.correlation_keys == ("ams-1:Ethernet1",)
    assert ticket.assignee is not None
    assert ticket.assignee.kind == "contributor"
    assert ticket.start_at.hour == 11
    assert ticket.created_by.name == "owner"
    assert (ticket.reporter_name, ticket.reporter_email) == (
        "Carol of support",
        "carol@alpha.example",
    )


def test_sending_twice_opens_one(member: Browser, at_desk: Desk) -> None:
    page = member.get(INCIDENT)
    once = re.search(r'name="once" value="([^"]+)"', page.text)
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert once
    assert token
    fields = {**OUTAGE, "once": once[1], "token": token[1]}
    first, again = member.post(INCIDENT, fields), member.post(INCIDENT, fields)
    assert where(first) == where(again)
    assert len(tickets(at_desk)) == 1


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"title": ""}, "title", ""),
        ({"title": "x" * 201}, "title", ""),
        ({"description": "  "}, "description", ""),
        ({"severity": ""}, "severity", ""),
        ({"severity": "awful"}, "severity", ""),
        ({"device_pubkey": "", "services": ""}, "device_pubkey", "Name at least one"),
        ({"device_pubkey": "ams-1, lon-9"}, "device_pubkey", "lon-9"),
        ({"affected_link_pubkey": "nowhere"}, "affected_link_pubkey", "nowhere"),
        ({"start_at": "soon"}, "start_at", "2026-11-20 09:30"),
        ({"start_at": "2099-01-01T00:00"}, "start_at", "future"),
        ({"assignee": "nobody-here"}, "assignee", "no contributor"),
        ({"initial_correlation_key": "k" * 257}, "initial_correlation_key", ""),
        ({"runbook_path": "javascript:alert(1)"}, "runbook_path", "address"),
        ({"impact": "terrible"}, "impact", ""),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    member: Browser, at_desk: Desk, wrong: dict[str, str], field: str, says: str
) -> None:
    page = member.fill_in(INCIDENT, {**OUTAGE, "internal_reference": "OWN-7", **wrong})
    assert page.status == 422, page.text
    assert beside(page.text, field), page.text
    assert says in beside(page.text, field)
    assert f'<a href="#{field}">' in page.text
    kept = {**OUTAGE, "internal_reference": "OWN-7", **wrong}
    for name in ("title", "description", "device_pubkey", "services", "internal_reference"):
        assert str(kept[name]).strip() in page.text
    assert not tickets(at_desk)


def test_several_mistakes_are_told_at_once(member: Browser) -> None:
    page = member.fill_in(INCIDENT, {"title": "", "description": "", "severity": ""})
    for name in ("title", "description", "severity"):
        assert beside(page.text, name)


def test_hostile_words_are_words(member: Browser, at_desk: Desk) -> None:
    hostile = dict.fromkeys(OUTAGE, HOSTILE) | {"severity": "sev2", "start_at": HOSTILE}
    page = member.fill_in(INCIDENT, hostile)
    assert page.status == 422
    assert "<script>alert" not in page.text
    assert "<b>{{" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    begun = member.get(f"{INCIDENT}?title=%3Cscript%3E&service=%22%3E%3Cb%3E&severity=%22%3E")
    assert "<script>" not in begun.text.replace("<script src=", "")
    assert "&#34;&gt;&lt;b&gt;" in begun.text


def test_an_address_fills_in_the_form(member: Browser) -> None:
    text = member.get(
        f"{INCIDENT}?service=api&service=web&device=ams-1&title=API+is+down&severity=sev1"
        "&correlation_key=a:b&label=edge&start_at=2026-11-20T11:00:00Z"
    ).text
    assert 'value="API is down"' in text
    assert 'value="api, web"' in text
    assert re.search(r'name="severity" value="sev1" checked', text)
    assert 'value="a:b"' in text
    assert 'value="edge"' in text
    assert 'value="2026-11-20T11:00"' in text


def test_an_open_incident_with_that_key_takes_the_words(member: Browser, at_desk: Desk) -> None:
    key = {"initial_correlation_key": "ams-1:Ethernet1"}
    member.fill_in(INCIDENT, {**OUTAGE, **key})
    (first,) = tickets(at_desk)
    again = {**OUTAGE, **key, "title": "Also dark here", "description": "Seen from <fra-1>."}
    refused = member.fill_in(INCIDENT, again)
    assert refused.status == 409
    assert f"{first.ref}</a> is already open for this" in refused.text
    assert "Also dark here" in refused.text
    assert "Seen from &lt;fra-1&gt;." in refused.text
    added = _sent_again(member, refused, {**again, "on_conflict": "attach"})
    assert where(added) == f"/tickets/{first.ref}"
    (ticket,) = tickets(at_desk)
    with at_desk.house.store.reading() as turn:
        events = turn.stream_events(at_desk.house.orgs["net"], f"incident:{ticket.id}")
    assert events[-1].kind == "incident.note_added"


def _sent_again(browser: Browser, page: Page, fields: Mapping[str, Any]) -> Page:
    carried = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return browser.post(INCIDENT, {**carried, **fields})


def test_those_who_only_look_on_are_told_so(at_desk: Desk) -> None:
    at_desk.house.invite("watcher", org="net", role="viewer")
    watcher = Browser(at_desk)
    watcher.sign_in("watcher")
    for path in (INCIDENT, MAINTENANCE):
        page = watcher.get(path)
        assert page.status == 403
        assert "needs the role member" in page.text
    assert INCIDENT not in watcher.get("/").text
    sent = watcher.post(INCIDENT, OUTAGE)
    assert sent.status == 403
    assert not tickets(at_desk)


def test_what_the_org_says_is_how_many_severities_there_are(member: Browser, at_desk: Desk) -> None:
    assert 'value="sev5"' not in member.get(INCIDENT).text
    at_desk.house.ask("admin", ChangePolicy(severity_levels=5), sort="policy")
    assert 'value="sev5"' in member.get(INCIDENT).text


def test_others_incidents_stand_beside_the_form_and_no_other_orgs(
    member: Browser, at_desk: Desk
) -> None:
    assert "No incident is open." in member.get(INCIDENT).text
    at_desk.house.ask("teammate", replace(at_desk.house.incident("Dark fibre"), devices=("fra-1",)))
    assert "Dark fibre" in member.get(INCIDENT).text
    stranger = Browser(at_desk)
    stranger.sign_in("stranger")
    page = stranger.get(INCIDENT).text
    assert "Dark fibre" not in page
    for theirs in ("ams-1", "Alpha", "teammate"):
        assert theirs not in page


def test_maintenance_is_planned(member: Browser, at_desk: Desk) -> None:
    told = member.fill_in(
        MAINTENANCE, {**SWAP, "auto_close_after_hours": "12", "reporter_name": "Carol"}
    )
    (ticket,) = tickets(at_desk, "maintenance")
    assert where(told) == f"/tickets/{ticket.ref}"
    assert ticket.end_at is not None
    assert (ticket.start_at.hour, ticket.end_at.hour) == (9, 11)
    assert (ticket.auto_close_after_hours, ticket.reporter_name) == (12, "Carol")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"end_at": "2026-11-21T08:00"}, "end_at"),
        ({"start_at": ""}, "start_at"),
        ({"end_at": ""}, "end_at"),
        ({"auto_close_after_hours": "many"}, "auto_close_after_hours"),
    ],
)
@pytest.mark.parametrize("path", [MAINTENANCE, CHECK])
def test_a_wrong_window_is_told_beside_it(
    member: Browser, at_desk: Desk, wrong: dict[str, str], field: str, path: str
) -> None:
    page = member.fill_in(path, {**SWAP, **wrong}, on=MAINTENANCE, action=MAINTENANCE)
    assert page.status == 422
    assert beside(page.text, field)
    assert "Optic swap" in page.text
    assert not tickets(at_desk, "maintenance")


def test_checking_shows_what_is_in_the_way_and_plans_nothing(
    member: Browser, at_desk: Desk
) -> None:
    other = Browser(at_desk)
    other.sign_in("admin")
    other.fill_in(MAINTENANCE, {**SWAP, "title": "Power <works>"})
    (planned,) = tickets(at_desk, "maintenance")
    mine = {**SWAP, "labels": "optics", "assignee": "beta", "services": "api"}
    page = member.fill_in(CHECK, mine, on=MAINTENANCE, action=MAINTENANCE)
    assert page.status == 200
    assert "in the way of one other maintenance" in page.text
    assert planned.ref in page.text
    assert "Power &lt;works&gt;" in page.text
    assert "device ams-1" in page.text
    assert len(tickets(at_desk, "maintenance")) == 1
    for kept in ("Optic swap", "Swap the optic on Ethernet1.", "2026-11-21T09:00", "optics"):
        assert kept in page.text
    assert re.search(r'<option value="beta" selected>', page.text)
    later = {**mine, "start_at": "2026-11-22T09:00", "end_at": "2026-11-22T11:00"}
    free = member.fill_in(CHECK, later, on=MAINTENANCE, action=MAINTENANCE)
    assert "Nothing is in the way." in free.text
    assert "2026-11-22T09:00" in free.text


def test_over_a_forbidden_overlap_only_an_administrator_plans_with_a_reason(
    member: Browser, at_desk: Desk
) -> None:
    at_desk.house.ask("admin", ChangePolicy(forbid_overlap=True), sort="policy")
    admin = Browser(at_desk)
    admin.sign_in("admin")
    admin.fill_in(MAINTENANCE, SWAP)
    refused = member.fill_in(MAINTENANCE, {**SWAP, "title": "Mine"})
    assert refused.status == 409
    assert "force.reason" not in refused.text
    over = {**SWAP, "title": "It must be"}
    asked = admin.fill_in(MAINTENANCE, over)
    assert asked.status == 409
    assert 'name="force.reason"' in asked.text
    forced = admin.fill_in(MAINTENANCE, {**over, "force.reason": "The optic is failing."})
    assert forced.status == 303
    assert len(tickets(at_desk, "maintenance")) == 2


def test_a_closed_incident_frees_its_key(member: Browser, at_desk: Desk) -> None:
    fields = {**OUTAGE, "initial_correlation_key": "one"}
    member.fill_in(INCIDENT, fields)
    (first,) = tickets(at_desk)
    at_desk.house.ask(
        "owner",
        ChangeStatus(status="cancelled", disposition="invalid"),
        subject=first.id,
    )
    assert member.fill_in(INCIDENT, fields).status == 303
    assert len(tickets(at_desk)) == 2


def test_what_there_is_is_offered_without_a_script(member: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    house.ask(
        "admin",
        CreateService(service_id=house.fresh(), code="api", name='The "API"'),
        sort="service",
    )
    text = member.get(INCIDENT).text
    assert '<option value="api">The &#34;API&#34;</option>' in text
    assert '<option value="ams-1">' in text
    assert 'list="device_pubkey-offered"' in text
