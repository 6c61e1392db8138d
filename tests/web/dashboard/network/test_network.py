"""The pages of the network: devices and links by status and health, one of them with its readiness,
and what can be done with it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.acting import pubkey
from tests.web.dashboard.browsing import Browser, Desk
from tocsin.core.location_commands import CreateLocation
from tocsin.core.provisioning.commands import DefineInterface, Judge, Waive
from tocsin.core.provisioning.criteria import State
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health
from tocsin.core.records import Link
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.web.dashboard.network.checklist import checklist
from tocsin.web.dashboard.network.map import NARROW, WIDE, Arc, Metro, Plan, Sheet, Tone, picture
from tocsin.web.dashboard.network.words import (
    health_mark,
    state_mark,
    status_mark,
    wanted_words,
)
from tocsin.web.dashboard.visits import Told

CODE = "ams-1:fra-1"
LINE = f"/network/links/{CODE}"


def text_of(page: str) -> str:
    """What one reads of *page*."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def laid(desk: Desk, link_type: str = "WAN") -> None:
    desk.house.ask(
        "owner",
        RegisterLink(
            link_id=desk.house.fresh(),
            pubkey=pubkey(21),
            code=CODE,
            link_type=link_type,
            side_a=SideDraft(device="ams-1", interface="Ethernet1"),
            side_z=SideDraft(device="fra-1", interface="Ethernet2"),
        ),
        sort="link",
    )


def wanted(desk: Desk) -> tuple[str, bool]:
    """What is wanted of the link, and whether its Z side has accepted it."""
    with desk.house.store.reading() as turn:
        (head,) = turn.heads_of_sort(desk.house.orgs["net"], "link")
    assert isinstance(head.state, Link)
    return head.state.life.desired.value, head.state.life.accepted


@pytest.fixture
def owner(browser: Browser) -> Browser:
    browser.sign_in("owner")
    return browser


@pytest.mark.parametrize("path", ["devices", "links"])
def test_a_record_leads_to_what_is_between_it_and_service(
    owner: Browser, at_desk: Desk, path: str
) -> None:
    laid(at_desk)
    record = re.search(rf'href="(/admin/{path}/[0-9a-f-]+)"', owner.get(f"/admin/{path}").text)
    assert record is not None

    there = re.search(rf'href="(/network/{path}/[^"]+)"', owner.get(record[1]).text)

    assert there is not None
    assert "Readiness" in owner.get(there[1]).text


def test_devices_and_links_are_listed_with_sign_and_word(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    impaired = Judge(health="impaired", reasons=("3 errors",))
    at_desk.house.system("device", impaired, org_id=at_desk.house.orgs["net"], subject="fra-1")

    page = owner.get("/network")

    assert page.status == 200
    assert page.text.index(">fra-1<") < page.text.index(">ams-1<"), "what is impaired comes first"
    assert 'class="level major_outage"' in page.text
    told = text_of(page.text)
    assert "2 devices, 0 in service, 1 impaired" in told
    assert "one link, 0 in service, 0 impaired" in told
    assert "Hard drained" in told
    assert "ams-1 – fra-1" in told
    assert f'href="{LINE}"' in page.text


def test_they_are_sought_by_code_and_pubkey(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)

    found = owner.get("/network?q=fra").text
    assert "/network/devices/fra-1" in found
    assert "/network/devices/ams-1" not in found
    assert LINE in found
    assert "/network/devices/ams-1" in owner.get(f"/network?q={pubkey(11)}").text
    none = owner.get("/network?q=%3Cscript%3E")
    assert none.status == 200
    assert "None is called like that" in none.text
    assert "<script>" not in none.text


def test_a_link_shows_its_life_and_readiness_as_a_checklist(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    at_desk.house.ask("owner", at_desk.house.incident(links=(CODE,), severity="sev1"))

    page = owner.get(LINE)

    assert page.status == 200
    told = text_of(page.text)
    for said in (
        "Status Hard drained since",
        "Health Unknown since",
        "Wanted hard drained",
        "What happens next It is hard drained, as wanted.",
        "Readiness 2 of 5",
        "Record Met its status is hard drained",
        "Wanted in service Not met its desired status is hard drained",
        "Side A Unknown telemetry is silent: no source of telemetry is set",
        "telemetry, 1,440 minutes",
        "Side A ams-1 Ethernet1",
    ):
        assert said in told, said
    assert re.search(r"Waits for I\d+-\w+", told)
    assert re.search(r"Tickets I\d+-\w+ sev1", told)
    assert owner.get(f"/network/links/{pubkey(21)}").status == 200


def test_a_device_shows_its_interfaces_and_where_it_stands(owner: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    place = CreateLocation(
        location_id=house.fresh(), code="ams", name="Amsterdam", kind="exchange", country="NL"
    )
    house.ask("admin", place, sort="location")
    house.ask(
        "owner", UpdateDevice(exchange="ams", location="AMS3"), sort="device", subject="ams-1"
    )
    assert "None is defined yet" in owner.get("/network/devices/ams-1").text
    for name, role in (("Ethernet1/7", "cyoa"), ("Ethernet2", "dia")):
        define = DefineInterface(name=name, role=role)
        house.ask("owner", define, sort="device", subject="ams-1")

    house.ask("owner", DefineInterface(name="Ethernet9"), sort="device", subject="ams-1")
    inside = DefineInterface(name="Loopback255", kind="loopback", loopback_type="vpnv4")
    house.ask("owner", inside, sort="device", subject="ams-1")

    told = text_of(owner.get("/network/devices/ams-1").text)

    assert "Loopback255 loopback none not asked not asked" in told
    assert "Ethernet9 none free not asked not asked" in told
    assert "Exchange Amsterdam, NL (ams)" in told
    assert "Location AMS3" in told
    assert "Ethernet1/7 CYOA none Hard drained Unknown" in told
    assert "Ethernet2 DIA none Activated not asked" in told
    assert "Way to the internet defined Met 1 DIA interface activated" in told


def test_what_was_judged_is_told_by_what_people_call_the_criteria(
    owner: Browser, at_desk: Desk
) -> None:
    laid(at_desk)
    judge = Judge(health="impaired", reasons=("side_a: 3 errors", "nobody: knows", "rain"))
    at_desk.house.system("link", judge, org_id=at_desk.house.orgs["net"], subject=CODE)

    page = owner.get(LINE).text

    for why in ("Side A: 3 errors", "nobody: knows", "rain"):
        assert f'<li dir="auto">{why}</li>' in page


def test_a_strangers_word_is_said_to_hold_nothing_back(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    at_desk.house.ask("teammate", at_desk.house.incident(devices=("ams-1",), severity="sev1"))

    told = text_of(owner.get("/network/devices/ams-1").text)

    assert re.search(
        r"Without effect here I\d+-\w+ Told by somebody who owns nothing of it: everybody sees it, "
        r"and it holds nothing back\.",
        told,
    )
    assert "Waits for" not in told


def test_a_waiver_is_shown(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    until = at_desk.house.clock().replace(month=12)
    waive = Waive(criterion="side_a", reason="standby", until=until)
    at_desk.house.ask("admin", waive, sort="link", subject=CODE)

    assert "Side A Waived waived until" in text_of(owner.get(LINE).text)


def test_it_is_drained_and_wanted_back(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    assert f'href="{LINE}/undrain"' in owner.get(LINE).text

    back = owner.fill_in(f"{LINE}/undrain", {"reason": "laid"})
    assert (back.status, back.headers["location"]) == (303, f"{LINE}?done=undrain")
    assert wanted(at_desk) == ("activated", True)
    shown = owner.get(back.headers["location"]).text
    assert "It is wanted in service." in shown
    assert f'href="{LINE}/undrain"' not in shown

    gone = owner.fill_in(f"{LINE}/drain", {"to": "soft_drained", "reason": "optic swap"})
    assert gone.status == 303
    assert wanted(at_desk) == ("soft_drained", True)


def test_a_refused_form_keeps_what_was_typed(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    refused = owner.fill_in(f"{LINE}/drain", {"to": "upside_down", "reason": "optic swap"})

    assert refused.status == 422
    assert "optic swap" in refused.text
    assert "soft_drained or hard_drained is expected" in text_of(refused.text).lower()
    assert wanted(at_desk) == ("hard_drained", True)


def test_the_other_side_accepts_and_drains_and_no_more(browser: Browser, at_desk: Desk) -> None:
    laid(at_desk, "DZX")
    browser.sign_in("teammate")
    page = browser.get(LINE).text
    assert f'href="{LINE}/accept"' in page
    assert f'href="{LINE}/drain"' in page
    assert f'href="{LINE}/undrain"' not in page
    assert browser.get(f"{LINE}/undrain").status == 403

    assert browser.fill_in(f"{LINE}/accept", {}).status == 303
    assert wanted(at_desk) == ("hard_drained", True)
    assert f'href="{LINE}/accept"' not in browser.get(LINE).text


def test_who_only_reads_is_offered_nothing(browser: Browser, at_desk: Desk) -> None:
    at_desk.house.invite("watcher", org="net", role="viewer", contributor=None)
    browser.sign_in("watcher")

    page = browser.get("/network/devices/ams-1")

    assert page.status == 200
    assert "/drain" not in page.text
    assert browser.get("/network/devices/ams-1/drain").status == 403


def test_what_is_not_there_or_another_orgs_is_not_found(browser: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    browser.sign_in("owner")
    for path in ("links/nothing", "devices/nothing", "links/ams-1", f"devices/{CODE}"):
        assert browser.get(f"/network/{path}").status == 404, path
    browser.sign_in("stranger")
    for path in (LINE, "/network/devices/ams-1", f"{LINE}/drain"):
        assert browser.get(path).status == 404, path
    assert "None is registered yet" in browser.get("/network").text


def test_while_readiness_cannot_be_told_the_reason_is_said() -> None:
    busy = Told(status=503, body={"detail": "others are being explained; try again in a moment"})
    assert checklist(busy).trouble == "others are being explained; try again in a moment"
    assert checklist(None).trouble == "readiness cannot be told just now"
    assert checklist(busy).checks == ()


def test_every_word_has_a_sign() -> None:
    marks = [
        *map(status_mark, AssetStatus),
        *map(health_mark, Health),
        *(state_mark(one.value) for one in State),
    ]
    assert all(one.text and one.sign in ("calm", "call", "work") for one in marks)
    assert len({status_mark(one).text for one in AssetStatus}) == len(AssetStatus)
    assert len({health_mark(one).text for one in Health}) == len(Health)
    assert all(wanted_words(one) for one in DesiredStatus)


def test_metros_are_on_the_map_by_shape_and_links_as_arcs(owner: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    laid(at_desk)
    assert '<svg class="picture map"' not in owner.get("/network").text
    for device, code, lat, lng in (("ams-1", "ams", 52.4, 4.9), ("fra-1", "fra", 50.1, 8.7)):
        made = CreateLocation(
            location_id=house.fresh(),
            code=code,
            name=f"<{code}>",
            kind="exchange",
            lat=lat,
            lng=lng,
        )
        house.ask("admin", made, sort="location")
        house.ask("admin", UpdateDevice(exchange=code), sort="device", subject=device)

    drawn = owner.get("/network").text

    assert "Map of 2 metros and 1 connections" in drawn
    assert "&lt;ams&gt;: one device, not in service" in drawn
    assert "<title>ams – fra: one link, not in service</title>" in drawn
    assert drawn.count('<svg class="picture map for-') == 2, "one for each width"
    assert drawn.count('<rect class="full"') == 4
    impaired = Judge(health="impaired", reasons=("3 errors",))
    house.system("device", impaired, org_id=house.orgs["net"], subject="fra-1")
    house.system("link", impaired, org_id=house.orgs["net"], subject=CODE)
    drawn = owner.get("/network").text
    assert 'class="arc major_outage impaired"' in drawn
    assert drawn.count('<rect class="full"') == 2
    assert "&lt;fra&gt;: one device, impaired" in drawn


@given(
    st.lists(
        st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.sampled_from(Tone)),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from((WIDE, NARROW)),
)
def test_every_metro_is_inside_the_picture(
    metros: list[tuple[float, float, Tone]], sheet: Sheet
) -> None:
    plan = Plan(
        metros=tuple(
            Metro(code=f"m{n}", name="M", lat=lat, lng=lng, devices=1, tone=tone)
            for n, (lat, lng, tone) in enumerate(metros)
        ),
        arcs=tuple(
            Arc(ends=("m0", f"m{n}"), links=2, tone=Tone.IN_SERVICE) for n in range(len(metros))
        ),
        unplaced=0,
    )

    drawn = ElementTree.fromstring(str(picture(plan, sheet)))

    texts = [one for one in drawn.iter() if one.tag == "text"]
    assert len(texts) == len(metros)
    for one in texts:
        assert 0 <= float(one.attrib["x"]) <= sheet.width
        assert 0 <= float(one.attrib["y"]) <= sheet.height


@pytest.mark.parametrize("sheet", [WIDE, NARROW], ids=lambda sheet: sheet.shown)
def test_neighbours_on_the_map_can_be_told_apart(sheet: Sheet) -> None:
    metros = tuple(
        Metro(code=code, name=code, lat=lat, lng=lng, devices=1, tone=Tone.IN_SERVICE)
        for code, lat, lng in (
            *(("ams", 52.4, 4.9), ("fra", 50.1, 8.7), ("lon", 51.5, -0.1), ("par", 48.9, 2.4)),
            *(("sjc", 37.3, -121.9), ("syd", -33.9, 151.2), ("bru", 50.9, 4.4), ("brx", 50.9, 4.4)),
        )
    )

    drawn = ElementTree.fromstring(str(picture(Plan(metros=metros, arcs=(), unplaced=0), sheet)))

    at = [
        (float(one.attrib["x"]), float(one.attrib["y"]))
        for one in drawn.iter()
        if one.tag == "text"
    ]
    assert all(
        abs(x - u) > sheet.box[0] * 0.8 or abs(y - v) > sheet.box[1] * 0.8
        for number, (x, y) in enumerate(at)
        for u, v in at[number + 1 :]
    )


def test_codes_that_would_lie_on_one_another_wait_and_the_worst_is_written_first() -> None:
    metros = tuple(
        Metro(code=f"m{n}", name="M", lat=50.0, lng=4.0 + n / 100, devices=1, tone=tone)
        for n, tone in enumerate([Tone.IN_SERVICE] * 79 + [Tone.IMPAIRED])
    )
    far = Metro(code="syd", name="S", lat=-33.9, lng=151.2, devices=1, tone=Tone.IN_SERVICE)
    arc = Arc(ends=("m0", "syd"), links=1, tone=Tone.IMPAIRED)

    drawn = ElementTree.fromstring(
        str(picture(Plan(metros=(far, *metros), arcs=(arc,), unplaced=0), WIDE))
    )

    texts = [one for one in drawn.iter() if one.tag == "text"]
    written = {one.text for one in texts if one.get("class") != "crowded"}
    assert len(texts) == 81
    assert {"syd", "m79"} <= written
    assert len(written) < 10
    (worst,) = (one for one in drawn.iter("g") if one.get("class") == "major_outage")
    assert drawn.attrib["data-worst"] == worst.attrib["data-at"]
    assert [one.attrib["href"] for one in drawn.iter("a")][-1] == "/network?metro=m79"


def test_the_ends_of_an_impaired_link_are_drawn_over_what_only_rests(at_desk: Desk) -> None:
    house = at_desk.house
    laid(at_desk)
    register = RegisterDevice(device_id=house.fresh(), pubkey=pubkey(31), code="zrh-1")
    house.ask("owner", register, sort="device")
    for device, code in (("ams-1", "ams"), ("fra-1", "fra"), ("zrh-1", "zrh")):
        placed(at_desk, device, code)
    for sort, one, health in (("link", CODE, "impaired"), ("device", "zrh-1", "healthy")):
        judge = Judge(health=health, reasons=())
        house.system(sort, judge, org_id=house.orgs["net"], subject=one)
    reader = Browser(at_desk)
    reader.sign_in("admin")

    drawn = reader.get("/network").text

    first = drawn[drawn.index("for-desks") : drawn.index("for-telephones")]
    order = re.findall(r'href="/network\?metro=(\w+)"', first)
    assert order == ["zrh", "ams", "fra"], "by code alone the one that only rests would be last"


def test_one_begins_at_a_connection_where_that_is_worst() -> None:
    one, other = (
        Metro(code=code, name=code, lat=2.5 * lng, lng=lng, devices=1, tone=Tone.IN_SERVICE)
        for code, lng in (("ams", 4.0), ("fra", 24.0))
    )
    arc = Arc(ends=("ams", "fra"), links=1, tone=Tone.IMPAIRED)

    drawn = picture(Plan(metros=(one, other), arcs=(arc,), unplaced=0), WIDE)

    assert 'data-worst="500.0 230.0"' in drawn


def placed(desk: Desk, device: str, code: str, *, lat: float = 50.0, lng: float = 4.0) -> None:
    """The device is at a metro of that code."""
    made = CreateLocation(
        location_id=desk.house.fresh(),
        code=code,
        name=f"<{code}>",
        kind="exchange",
        lat=lat,
        lng=lng,
    )
    desk.house.ask("admin", made, sort="location")
    desk.house.ask("admin", UpdateDevice(exchange=code), sort="device", subject=device)


def test_one_looks_at_the_part_of_a_contributor_or_a_metro(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    placed(at_desk, "ams-1", "ams")
    placed(at_desk, "fra-1", "fra", lng=8.7)
    assert 'href="/network?metro=ams">On the map' in owner.get("/network/devices/ams-1").text
    every = owner.get("/network").text
    assert '<option value="alpha">' in every
    assert '<option value="ams">&lt;ams&gt; (ams)</option>' in every
    assert 'href="/network?contributor=alpha"' in every
    assert 'href="/network?metro=ams"' in every
    assert "Show all" not in every

    for asked in ("contributor=alpha", "metro=ams", "contributor=alpha&metro=ams"):
        page = owner.get(f"/network?{asked}").text
        told = text_of(page)
        assert "Devices one device, 0 in service" in told
        assert 'href="/network/devices/fra-1"' not in page
        assert f'href="{LINE}"' in page, "its link is of either end"
        assert "Map of 2 metros and 1 connections" in page, "and the map has where that leads"
        assert "and where its links lead" in told
        assert 'value="alpha" selected' in page or "contributor" not in asked
        assert '<a href="/network">Show all</a>' in page
    nowhere = owner.get("/network?contributor=%3Cb%3E&metro=x").text
    assert "None is there." in nowhere
    assert '<option value="&lt;b&gt;" selected>&lt;b&gt;</option>' in nowhere
    assert "<svg class" not in nowhere[nowhere.index("<main") :].replace('<svg class="sign"', "")
    both = owner.get("/network?contributor=alpha&metro=fra").text
    assert "Devices 0 devices" in text_of(both)


def test_a_link_shows_how_wide_and_how_long_it_is(owner: Browser, at_desk: Desk) -> None:
    laid(at_desk)
    measured = UpdateLink(bandwidth=400 * 10**9, mtu=9_192, delay=2_352_000, jitter=5_760)
    at_desk.house.ask("owner", measured, sort="link", subject=CODE)

    told = text_of(owner.get(LINE).text)

    assert "Bandwidth 400 Gbit/s Delay 2.352 ms Jitter 0.006 ms MTU 9,192 bytes" in told
