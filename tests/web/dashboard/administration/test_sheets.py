"""What every sort of record has: list, page, forms, removal and history."""

from __future__ import annotations

import html
import re

import pytest

from tests.handler.acting import pubkey
from tests.handler.laying import judge
from tests.web.dashboard.administration.conftest import signed_in
from tests.web.dashboard.browsing import Browser, Desk, hidden
from tocsin.core.facts import registered_kinds
from tocsin.core.provisioning.commands import DefineInterface, Wish
from tocsin.core.record_commands import CreateService
from tocsin.web.dashboard.administration.histories import WORDS
from tocsin.web.dashboard.administration.pages import PAGES, SHEETS
from tocsin.web.dashboard.administration.sheets import Sheet
from tocsin.web.dashboard.visits import FormAt

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> **{{ 7 * 7 }}**"
BY_PATH = {sheet.path: sheet for sheet in SHEETS}
MADE: dict[str, dict[str, str]] = {
    "members": {"name": "Anna", "role": "oncall_engineer", "email": "anna@alpha.example"},
    "contributors": {"code": "gamma", "name": "Gamma", "pubkey": pubkey(3)},
    "keys": {"name": "ci", "role": "member", "expires_in_days": "90"},
    "connectors": {"kind": "alertmanager", "code": "am", "name": "Alertmanager", "mode": "live"},
    "rules": {
        "name": "Dark lines",
        "order": "3",
        "match.matchers": 'labels.alertname="LinkDown"\nseverity=~"sev[12]"',
        "action": "create",
        "on_resolve": "note",
        "storm_limit": "50",
        "storm_minutes": "5",
    },
    "entry-points": {"name": "Payments", "match.words": "checkout\ncredit card", "order": "0"},
    "routes": {
        "name": "noc",
        "destination.kind": "webhook",
        "destination.url": "https://hooks.example.net/noc",
        "match.kinds": "incident.*",
        "enabled": "on",
    },
    "status-pages": {"code": "main", "name": "Acme", "time_zone": "UTC"},
    "services": {"code": "api", "name": "Public API"},
    "devices": {
        "code": "lis-1",
        "pubkey": pubkey(13),
        "contributor": "alpha",
        "exchange": "lis",
        "dz_prefixes": "203.0.113.0/29, 198.51.100.0/28",
        "max_users": "0",
    },
    "links": {
        "code": "ams-1:fra-1",
        "pubkey": pubkey(14),
        "contributor": "alpha",
        "link_type": "WAN",
        "side_a.device": "ams-1",
        "side_a.interface": "Ethernet1",
        "side_z.device": "fra-1",
        "side_z.interface": "Ethernet1",
    },
    "locations": {
        "code": "lis",
        "name": "Lisboa",
        "kind": "exchange",
        "country": "PT",
        "lat": "38.7223",
        "lng": "-9.1393",
    },
}
every_sheet = pytest.mark.parametrize(
    "sheet", [one for one in SHEETS if one.making is not None], ids=lambda sheet: sheet.path
)


def make(browser: Browser, sheet: Sheet, **other: str) -> str:
    """Make one through its form; the address of its page."""
    page = browser.fill_in(f"{sheet.home}/new", MADE[sheet.path] | other)
    if page.status == 303:
        return page.headers["location"].partition("?")[0]
    found = re.search(rf'href="({sheet.home}/[^"/]+)">(?:I have|Go on)', page.text)
    assert found is not None, page.text
    return found[1]


@every_sheet
def test_one_is_made_shown_changed_and_removed(admin: Browser, sheet: Sheet) -> None:
    address = make(admin, sheet)
    name = MADE[sheet.path].get("name", MADE[sheet.path].get("code", ""))
    assert name in admin.get(sheet.home).text
    shown = admin.get(address)
    assert shown.status == 200
    assert name in shown.text

    form = f"{address}/change"
    typed = typed_in(admin.get(form).text)
    changed = admin.post(form, {**hidden(admin.get(form).text, form), **typed, **_other(sheet)})
    assert changed.status in (200, 303), changed.text
    history = admin.get(address).text
    assert "Another" in history or "other-1" in history
    assert "admin</bdi> changed it" in re.sub(r"\s+", " ", history)

    removal = admin.get(f"{address}/remove")
    assert removal.status == 200
    gone = admin.fill_in(f"{address}/remove", {})
    assert gone.status == 303
    assert gone.headers["location"] == f"{sheet.home}?done=removed"
    if sheet.path == "keys":
        assert "Revoked" in admin.get(sheet.home).text
    else:
        assert address not in admin.get(sheet.home).text


def _other(sheet: Sheet) -> dict[str, str]:
    if any(field.name == "name" for field in sheet.change):
        return {"name": "Another"}
    return {"code": "other-1"}


def typed_in(text: str) -> dict[str, str]:
    """What stands in the fields of the form of a page."""
    form = text[text.index('class="card pad fields typed"') :]
    found = dict(re.findall(r'<input id="[^"]*" name="([^"]*)" value="([^"]*)"', form))
    found |= dict(
        re.findall(r'<input inputmode="numeric" id="[^"]*" name="([^"]*)" value="([^"]*)"', form)
    )
    for name, inside in re.findall(
        r'<select id="[^"]*" name="([^"]*)"[^>]*>(.*?)</select>', form, re.S
    ):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        found[name] = "" if chosen is None else chosen[1]
    for name, inside in re.findall(
        r'<textarea id="[^"]*" name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.S
    ):
        found[name] = inside
    for name in re.findall(r'type="checkbox" id="[^"]*" name="([^"]*)" value="on" checked', form):
        found[name] = "on"
    return {name: html.unescape(value) for name, value in found.items()}


@every_sheet
def test_saving_what_is_there_changes_nothing(admin: Browser, sheet: Sheet) -> None:
    """What the form begins with is the record in the words of the API, field by field."""
    address = make(admin, sheet)
    before = admin.get(address).text
    form = admin.get(f"{address}/change").text
    saved = admin.post(f"{address}/change", {**hidden(form, f"{address}/change"), **typed_in(form)})
    assert saved.status in (200, 303), saved.text
    assert before.count("changed it") == admin.get(address).text.count("changed it")


@every_sheet
def test_hostile_text_is_text(admin: Browser, sheet: Sheet) -> None:
    named = any(field.name == "name" for field in sheet.new)
    address = make(admin, sheet, **({"name": HOSTILE} if named else {}))
    places = [sheet.home, address, f"{address}/change", f"{address}/remove"]
    for place in places:
        page = admin.get(place).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "49**" not in page
        assert " style=" not in page
        assert " onerror=" not in page or "&lt;img" in page


@every_sheet
def test_an_empty_form_says_beside_each_field_what_is_missing(admin: Browser, sheet: Sheet) -> None:
    empty = {field.name: "" for field in sheet.new}
    page = admin.fill_in(f"{sheet.home}/new", empty)
    assert page.status == 422
    assert 'aria-invalid="true"' in page.text
    assert 'role="alert"' in page.text


@every_sheet
def test_nothing_typed_is_lost(admin: Browser, sheet: Sheet) -> None:
    wrong = MADE[sheet.path] | {"code": "Not a code!", "name": "n" * 300, "pubkey": "x"}
    page = admin.fill_in(f"{sheet.home}/new", wrong)
    assert page.status == 422
    shown = typed_in(page.text)
    for field in sheet.new:
        if field.name in wrong and field.kind.value != "secret":
            assert shown[field.name] == wrong[field.name]


@every_sheet
def test_a_list_without_any_says_what_to_do(at_desk: Desk, sheet: Sheet) -> None:
    stranger = signed_in(at_desk, "stranger")
    page = stranger.get(sheet.home)
    assert page.status == 200
    if sheet.path not in ("members", "keys"):
        assert sheet.empty.split(".")[0].split("'")[0] in page.text
        assert f"{sheet.home}/new" in page.text


@every_sheet
def test_another_org_has_nothing_of_it(at_desk: Desk, admin: Browser, sheet: Sheet) -> None:
    address = make(admin, sheet)
    stranger = signed_in(at_desk, "stranger")
    for place in (address, f"{address}/change", f"{address}/remove"):
        assert stranger.get(place).status == 404
    assert address not in stranger.get(sheet.home).text
    sent = stranger.fill_in(f"{address}/remove", {}, on="/", action="/sign-out")
    assert sent.status == 404
    assert admin.get(address).status == 200


@every_sheet
def test_what_is_not_there_is_not_found(admin: Browser, sheet: Sheet) -> None:
    assert admin.get(f"{sheet.home}/nobody").status == 404
    assert admin.get(f"{sheet.home}/nobody/change").status == 404


@every_sheet
def test_a_stale_form_says_what_changed_and_keeps_what_was_typed(
    at_desk: Desk, admin: Browser, sheet: Sheet
) -> None:
    address = make(admin, sheet)
    form = f"{address}/change"
    mine = admin.get(form).text
    theirs = typed_in(mine) | _other(sheet)
    assert admin.post(form, {**hidden(mine, form), **theirs}).status in (200, 303)

    own = typed_in(mine) | (
        {"name": "My own word"} if "name" in _other(sheet) else {"code": "my-own"}
    )
    page = admin.post(form, {**hidden(mine, form), "once": "another", **own})
    assert page.status == 412
    assert "Changed meanwhile" in page.text
    assert next(iter(_other(sheet).values())) in page.text
    assert typed_in(page.text)[next(iter(_other(sheet)))] in ("My own word", "my-own")

    again = admin.post(form, {**hidden(page.text, form), **own})
    assert again.status in (200, 303)
    shown = admin.get(address).text
    assert "My own word" in shown or "my-own" in shown


def test_a_member_sees_no_button_and_may_send_nothing(member: Browser, admin: Browser) -> None:
    for path in ("services", "status-pages", "members", "contributors"):
        sheet = BY_PATH[path]
        address = make(admin, sheet)
        page = member.get(address)
        assert page.status == 200
        assert f"{address}/remove" not in page.text
        assert f"{address}/change" not in page.text
        assert f"{sheet.home}/new" not in member.get(sheet.home).text
        assert member.get(f"{sheet.home}/new").status == 403
        assert member.get(f"{address}/remove").status == 403
        sent = member.fill_in(f"{address}/remove", {}, on="/", action="/sign-out")
        assert sent.status == 403
        assert admin.get(address).status == 200


def test_pages_are_only_for_who_may_read_them(member: Browser, engineer: Browser) -> None:
    for path in ("connectors", "rules", "routes", "entry-points", "inbox", "deliveries"):
        assert member.get(f"/admin/{path}").status == 403
        assert engineer.get(f"/admin/{path}").status == 200
        assert f'href="/admin/{path}"' not in member.get("/admin").text
        assert f'href="/admin/{path}"' in engineer.get("/admin").text
    refused = engineer.get("/admin/keys")
    assert refused.status == 403
    assert "SRE lead" in refused.text


def test_a_list_is_searched_by_name_and_code(admin: Browser) -> None:
    make(admin, BY_PATH["services"], code="api", name="Public API")
    make(admin, BY_PATH["services"], code="dns", name="Names")
    found = admin.get("/admin/services?q=PUBLIC").text
    assert "Public API" in found
    assert "Names" not in found
    assert "Names" in admin.get("/admin/services?q=dns").text
    assert "Show all" in admin.get("/admin/services?q=nothing").text


def test_a_long_list_comes_in_pages(at_desk: Desk, admin: Browser) -> None:
    for number in range(120):
        at_desk.house.ask(
            "admin",
            CreateService(
                service_id=at_desk.house.fresh(),
                code=f"s-{number:03d}",
                name=f"Service {number:03d}",
            ),
            sort="service",
        )
    place: str | None = "/admin/services"
    seen: list[str] = []
    pages = 0
    while place is not None:
        text = admin.get(place).text
        seen += re.findall(r'dir="auto">(Service \d+)</a>', text)
        more = re.search(r'href="([^"]*)" rel="next"', text)
        place = None if more is None else more[1].replace("&amp;", "&")
        pages += 1
    assert seen == [f"Service {number:03d}" for number in range(120)]
    assert pages == 3


def test_a_record_is_found_by_its_code_too(admin: Browser) -> None:
    address = make(admin, BY_PATH["services"])
    by_code = admin.get("/admin/services/api")
    assert by_code.status == 200
    assert f"{address}/change" in by_code.text


def test_every_form_has_its_own_address() -> None:
    paths = [page.path for page in PAGES if isinstance(page, FormAt)]
    assert len(paths) == len(set(paths))


def test_what_is_seldom_needed_is_folded_away_unless_it_says_something(admin: Browser) -> None:
    folded = '<details class="seldom" id="seldom">'
    assert folded in admin.get("/admin/rules/new").text
    assert folded in admin.get(f"{make(admin, BY_PATH['rules'])}/change").text
    unusual = make(admin, BY_PATH["rules"], name="Unusual", quiet_minutes="10")
    assert folded not in admin.get(f"{unusual}/change").text
    wrong = MADE["connectors"] | {"hmac_secret": "short"}
    page = admin.fill_in("/admin/connectors/new", wrong)
    assert page.status == 422
    assert folded not in page.text
    assert 'id="hmac_secret-wrong"' in page.text


def test_every_fact_about_a_record_is_told_in_words() -> None:
    tickets = ("incident.", "maintenance.")
    kinds = {kind for kind, _ in registered_kinds() if not kind.startswith(tickets)}

    assert {kind.partition(".")[2] for kind in kinds} <= set(WORDS)


def test_what_happened_to_the_life_of_a_device_is_told(at_desk: Desk) -> None:
    house = at_desk.house
    for command in (
        DefineInterface(name="Ethernet1/7", role="cyoa"),
        Wish(desired="activated", interface="Ethernet1/7"),
        Wish(desired="activated"),
    ):
        house.ask("admin", command, sort="device", subject="ams-1")
    judge(house, "ams-1", "healthy", "all criteria are met", sort="device")
    browser = signed_in(at_desk, "admin")

    listed = browser.get("/admin/devices").text
    (path,) = re.findall(r'href="(/admin/devices/[0-9a-f-]+)"[^>]*>(?:<bdi>)?ams-1', listed)
    told = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", browser.get(path).text)))

    assert "defined an interface" in told
    assert "interface Ethernet1/7 desired status hard drained → activated" in told
    assert "Tocsin itself judged its health" in told
    assert "health unknown → healthy" in told
    assert "_changed" not in told
