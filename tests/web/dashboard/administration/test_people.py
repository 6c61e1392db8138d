"""Contributors with whom to call, and members."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.handler.acting import pubkey
from tests.web.dashboard.administration.conftest import signed_in
from tests.web.dashboard.administration.test_sheets import BY_PATH, make, typed_in
from tests.web.dashboard.browsing import Browser, Desk, hidden


def _contact(number: int, name: str, **other: str) -> dict[str, str]:
    fields = {"name": name, "method": "phone", "address": "+31 20 555 0100", **other}
    return {f"contacts.{number}.{field}": value for field, value in fields.items()}


def test_contacts_are_kept_in_their_order(admin: Browser) -> None:
    address = make(
        admin,
        BY_PATH["contributors"],
        **_contact(0, "Second", order="2"),
        **_contact(1, "First", order="1", hours="24x7"),
    )
    page = admin.get(address).text
    assert page.index("First</b>") < page.index("Second</b>")
    assert "First, +31 20 555 0100" in admin.get("/admin/contributors").text

    form = admin.get(f"{address}/change").text
    typed = typed_in(form)
    names = {typed[f"contacts.{number}.name"] for number in (0, 1)}
    assert names == {"First", "Second"}
    assert 'name="contacts.3.name"' in form


def test_one_more_contact_comes_last(admin: Browser) -> None:
    address = make(
        admin,
        BY_PATH["contributors"],
        **_contact(0, "Duty", order="5"),
        **_contact(1, "Night"),
        **_contact(2, "Manager"),
    )
    page = admin.get(address).text
    assert page.index("Duty</b>") < page.index("Night</b>") < page.index("Manager</b>")


def test_what_is_wrong_stands_at_its_row_though_one_above_is_empty(admin: Browser) -> None:
    typed = {
        "code": "gamma",
        "name": "Gamma",
        "pubkey": pubkey(3),
        **_contact(0, "Duty"),
        **_contact(2, "Mail", method="email", address="no mail"),
    }
    page = admin.fill_in("/admin/contributors/new", typed)
    assert page.status == 422
    assert 'id="contacts-1-address-wrong"' in page.text
    assert "contacts-0-address-wrong" not in page.text
    shown = typed_in(page.text)
    assert shown["contacts.1.name"] == "Mail"
    assert shown["contacts.1.address"] == "no mail"
    assert shown["contacts.2.name"] == ""


def test_taking_all_contacts_away_empties_them(admin: Browser) -> None:
    address = make(admin, BY_PATH["contributors"], **_contact(0, "Duty"))
    form = f"{address}/change"
    text = admin.get(form).text
    typed = {
        name: value for name, value in typed_in(text).items() if not name.startswith("contacts.")
    }
    assert admin.post(form, {**hidden(text, form), **typed}).status == 303
    assert "Nobody is named" in admin.get(address).text


def test_a_member_of_a_contributor_changes_its_name_but_not_its_contacts(
    at_desk: Desk, member: Browser, admin: Browser
) -> None:
    page = member.get("/admin/contributors/alpha")
    assert page.status == 200
    link = re.search(r'href="(/admin/contributors/[^"/]+/change)"', page.text)
    assert link is not None
    form = member.get(link[1]).text
    assert "contacts.0.name" not in form
    typed = typed_in(form) | {"slack_handle": "@alpha-noc"}
    assert member.post(link[1], {**hidden(form, link[1]), **typed}).status == 303
    assert "@alpha-noc" in admin.get("/admin/contributors/alpha").text

    refused = member.post(
        link[1], {**hidden(form, link[1]), **typed, "code": "mine", "version": ""}
    )
    assert refused.status == 403
    assert member.get("/admin/contributors/beta").status == 200
    assert "/change" not in member.get("/admin/contributors/beta").text


def test_who_runs_a_contributor_names_its_contacts(bound_lead: Browser) -> None:
    page = bound_lead.get("/admin/contributors/alpha").text
    link = re.search(r'href="(/admin/contributors/[^"/]+/change)"', page)
    assert link is not None
    form = bound_lead.get(link[1]).text
    typed = typed_in(form) | _contact(0, "Duty")
    assert bound_lead.post(link[1], {**hidden(form, link[1]), **typed}).status == 303
    assert "Duty" in bound_lead.get("/admin/contributors/alpha").text


def test_a_contributor_that_owns_something_cannot_be_removed(admin: Browser) -> None:
    page = admin.get("/admin/contributors/alpha").text
    link = re.search(r'href="(/admin/contributors/[^"/]+/remove)"', page)
    assert link is not None
    refused = admin.fill_in(link[1], {})
    assert refused.status == 409
    assert 'role="alert"' in refused.text


def test_what_is_personal_is_told_field_by_field_and_nothing_of_digests(admin: Browser) -> None:
    address = make(admin, BY_PATH["members"])
    admin.fill_in(f"{address}/link-code", {})
    form = admin.get(f"{address}/change").text
    typed = typed_in(form) | {"contributor": "alpha", "role": "member"}
    assert (
        admin.post(f"{address}/change", {**hidden(form, f"{address}/change"), **typed}).status
        == 303
    )
    page = admin.get(address).text
    history = page[page.index('id="history"') :]
    assert "contributor</span>" in history
    assert ">alpha</ins>" in history
    assert "on-call" not in history
    assert ">oncall_engineer</del>" in history
    assert re.search(r"[0-9a-f]{64}", history) is None


def test_nobody_gives_more_than_they_have(at_desk: Desk, bound_lead: Browser) -> None:
    form = bound_lead.get("/admin/members/new").text
    assert '<option value="sre_lead"' in form
    assert '<option value="org_admin"' not in form
    typed = {**hidden(form, "/admin/members/new"), "name": "Anna", "role": "member"}
    made = bound_lead.post("/admin/members/new", typed | {"contributor": "alpha"})
    assert made.status == 303
    other = bound_lead.post(
        "/admin/members/new", typed | {"contributor": "beta", "once": "another"}
    )
    assert other.status == 403
    assert signed_in(at_desk, "admin").get(made.headers["location"]).status == 200


def test_contacts_that_were_typed_before_one_was_signed_out_are_there_again(
    at_desk: Desk, admin: Browser
) -> None:
    place = "/admin/contributors/new"
    form = admin.get(place).text
    typed = {"code": "gamma", "name": "Gamma", "pubkey": pubkey(3), **_contact(1, "Duty")}
    at_desk.house.clock.pass_by(timedelta(hours=13))
    out = admin.post(place, {**hidden(form, place), **typed})
    assert out.status == 401
    back = admin.post("/sign-in", {**hidden(out.text, "/sign-in"), "key": at_desk.key_of("admin")})
    assert back.status == 200
    assert "You are signed in again" in back.text
    shown = typed_in(back.text)
    assert shown["contacts.0.name"] == "Duty"
    made = admin.post(place, {**hidden(back.text, place), **shown})
    assert made.status == 303, made.text
    assert "Duty</b>" in admin.get(made.headers["location"]).text
