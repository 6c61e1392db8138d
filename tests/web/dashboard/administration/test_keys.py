"""Keys, and what else is shown once."""

from __future__ import annotations

import re

from tests.web.dashboard.administration.conftest import signed_in
from tests.web.dashboard.administration.test_sheets import BY_PATH, make
from tests.web.dashboard.browsing import Browser, Desk, hidden

SECRET = re.compile(r"tk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


def test_a_key_is_shown_once_and_opens_the_dashboard(at_desk: Desk, admin: Browser) -> None:
    form = admin.get("/admin/keys/new").text
    typed = {**hidden(form, "/admin/keys/new"), "name": "ci", "role": "sre_lead"}
    made = admin.post("/admin/keys/new", typed)
    assert made.status == 200
    assert "Shown this once" in made.text
    found = SECRET.search(made.text)
    assert found is not None
    assert "location" not in made.headers

    again = admin.post("/admin/keys/new", typed)
    assert SECRET.search(again.text) is None
    assert "made and shown already" in again.text

    address = f"/admin/keys/{found[0].split('_')[1]}"
    for place in (address, "/admin/keys", "/admin/members"):
        assert found[0] not in admin.get(place).text
    holder = Browser(at_desk)
    assert holder.post("/sign-in", {"key": found[0], "next": "/admin/keys"}).status == 303
    assert holder.get("/admin/keys").status == 200

    assert admin.fill_in(f"{address}/remove", {}).status == 303
    assert holder.get("/admin/keys").status == 401
    assert "Revoked" in admin.get(address).text


def test_a_key_of_a_member_is_made_from_their_page(at_desk: Desk, admin: Browser) -> None:
    page = admin.get("/admin/members").text
    member = re.search(r'href="(/admin/members/[^"]+)" dir="auto">owner', page)
    assert member is not None
    shown = admin.get(member[1]).text
    link = re.search(r'href="(/admin/keys/new[^"]*)"', shown)
    assert link is not None
    form = admin.get(link[1].replace("&amp;", "&")).text
    identity = member[1].rpartition("/")[2]
    assert f'<option value="{identity}" selected>owner, member</option>' in form
    made = admin.post(
        "/admin/keys/new",
        {
            **hidden(form, "/admin/keys/new"),
            "name": "laptop",
            "member": identity,
            "role": "member",
        },
    )
    assert made.status == 200
    assert "laptop" in admin.get(member[1]).text


def test_who_runs_a_contributor_sees_its_keys_only(bound_lead: Browser, admin: Browser) -> None:
    page = bound_lead.get("/admin/keys").text
    assert ">owner</a>" in page
    assert "teammate" not in page
    theirs = re.search(
        r'href="(/admin/keys/[0-9a-f]+)" dir="auto">teammate', admin.get("/admin/keys").text
    )
    assert theirs is not None
    for place in (theirs[1], f"{theirs[1]}/change", f"{theirs[1]}/remove"):
        assert bound_lead.get(place).status == 404
    form = bound_lead.get("/admin/keys/new").text
    assert ">teammate, member<" not in form
    assert ">owner, member<" in form
    assert "administrator" not in form[form.index('name="role"') : form.index("</form>")]
    made = bound_lead.post(
        "/admin/keys/new",
        {**hidden(form, "/admin/keys/new"), "name": "too much", "role": "org_admin"},
    )
    assert made.status == 403
    assert SECRET.search(made.text) is None


def test_a_connector_tells_its_token_once(admin: Browser) -> None:
    form = admin.get("/admin/connectors/new").text
    typed = {
        **hidden(form, "/admin/connectors/new"),
        "kind": "alertmanager",
        "code": "am",
        "name": "Alertmanager",
    }
    made = admin.post("/admin/connectors/new", typed)
    token = re.search(r">([0-9a-f]{32})</textarea>", made.text)
    assert token is not None
    assert "webhook_configs" in made.text
    assert "/v1/orgs/net/ingest/am" in made.text
    assert token[1] not in admin.post("/admin/connectors/new", typed).text

    address = re.search(r'href="(/admin/connectors/[^"/]+)">I have', made.text)
    assert address is not None
    page = admin.get(address[1])
    assert token[1] not in page.text
    renewed = admin.fill_in(f"{address[1]}/token", {})
    other = re.search(r">([0-9a-f]{32})</textarea>", renewed.text)
    assert other is not None
    assert other[1] != token[1]
    assert "token</span> replaced" in admin.get(address[1]).text


def test_a_token_that_is_brought_along_is_not_the_one_of_the_form(admin: Browser) -> None:
    brought = "an-old-routing-key-of-32-letters"
    page = admin.fill_in(
        "/admin/connectors/new",
        {"kind": "pagerduty", "code": "pd", "name": "Pagers", "its_token": "short"},
    )
    assert page.status == 422
    assert 'id="its_token-wrong"' in page.text
    page = admin.fill_in(
        "/admin/connectors/new",
        {"kind": "pagerduty", "code": "pd", "name": "Pagers", "its_token": brought},
    )
    assert page.status == 200
    assert "/v2/enqueue" in page.text


def test_a_webhooks_secret_is_told_once(admin: Browser) -> None:
    form = admin.get("/admin/routes/new").text
    typed = {
        **hidden(form, "/admin/routes/new"),
        "name": "noc",
        "destination.kind": "webhook",
        "destination.url": "https://hooks.example.net/noc",
        "enabled": "on",
    }
    made = admin.post("/admin/routes/new", typed)
    assert "whsec_" in made.text
    secret = re.search(r">(whsec_[^<]{20,})</textarea>", made.text)
    assert secret is not None
    assert secret[1] not in admin.post("/admin/routes/new", typed).text
    address = re.search(r'href="(/admin/routes/[^"/]+)">I have', made.text)
    assert address is not None
    assert secret[1] not in admin.get(address[1]).text
    kept = admin.fill_in(f"{address[1]}/change", {**_webhook(), "name": "renamed"})
    assert kept.status == 200
    assert "No new secret" in kept.text


def _webhook() -> dict[str, str]:
    return {
        "destination.kind": "webhook",
        "destination.url": "https://hooks.example.net/noc",
        "enabled": "on",
    }


def test_a_code_for_slack_is_shown_once(admin: Browser, at_desk: Desk) -> None:
    address = make(admin, BY_PATH["members"])
    page = admin.fill_in(f"{address}/link-code", {})
    assert page.status == 200
    assert "/tocsin link net." in page.text
    code = re.search(r"/tocsin link (\S+?)<", page.text)
    assert code is not None
    assert code[1] not in admin.get(address).text
    member = signed_in(at_desk, "owner")
    assert member.get(f"{address}/link-code").status == 403


def test_a_link_to_sign_in_is_shown_once(sending: Desk) -> None:
    admin = signed_in(sending, "admin")
    address = make(admin, BY_PATH["members"])
    page = admin.fill_in(f"{address}/sign-in-link", {})
    assert page.status == 200
    link = re.search(r">(https://desk.example/[^<]+)</textarea>", page.text)
    assert link is not None
    assert link[1] not in admin.get(address).text
    member = signed_in(sending, "owner")
    assert "/sign-in-link" not in member.get(address).text
    assert member.get(f"{address}/sign-in-link").status == 403


def test_a_server_that_makes_no_links_says_so(admin: Browser) -> None:
    page = admin.fill_in(f"{make(admin, BY_PATH['members'])}/sign-in-link", {})
    assert page.status == 409
    assert "makes no links" in page.text
