"""What the pages show, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import Browser, Desk, desk
from tocsin.core.commands import ChangeStatus, PlanMaintenance
from tocsin.core.record_commands import CreateConnector
from tocsin.core.words import Severity
from tocsin.web.status.colours import TEXT_CONTRAST, contrast
from tocsin.web.status.pages import asset

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> **{{ 7 * 7 }}**"
PLACES = ("/", "/tickets")


class Parts(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def opened(at_desk: Desk, title: str, **given: object) -> None:
    at_desk.house.ask("owner", at_desk.house.incident(title, **given))


def planned(at_desk: Desk, title: str, *, in_hours: int) -> None:
    house = at_desk.house
    house.ask(
        "owner",
        PlanMaintenance(
            ticket_id=house.fresh(),
            refs=(f"M20261120-{in_hours:04d}",),
            title=title,
            description="Optic on Ethernet1.",
            devices=("ams-1",),
            start_at=NOON + timedelta(hours=in_hours),
            end_at=NOON + timedelta(hours=in_hours + 2),
        ),
    )


def titles(text: str) -> list[str]:
    found: list[str] = re.findall(r'<(?:b|span) dir="auto">([^<]*)</', text)
    return found


@pytest.fixture
def member(browser: Browser) -> Browser:
    """A browser in which the owner is signed in."""
    browser.sign_in("owner")
    return browser


def test_open_incidents_stand_by_severity_the_oldest_first(member: Browser, at_desk: Desk) -> None:
    for title, severity in (("mild", "sev3"), ("bad", "sev1"), ("worse than mild", "sev2")):
        opened(at_desk, title, severity=severity)
        at_desk.house.clock.pass_by(timedelta(hours=1))
    opened(at_desk, "bad and younger", severity="sev1")
    at_desk.house.clock.pass_by(timedelta(seconds=90))
    page = member.get("/").text
    assert titles(page) == ["bad", "bad and younger", "worse than mild", "mild"]
    assert [one["class"] for one in Parts(page).all("section") if "group-of" in str(one)] == [
        "card group-of sev1",
        "card group-of sev2",
        "card group-of sev3",
    ]
    assert "sev1 · Critical" in page
    assert "4 incidents not acknowledged" in page
    assert 'datetime="2026-11-20T12:00:00Z" title="2026-11-20 12:00 UTC">3 h 1 min ago' in page


def test_what_is_acknowledged_waits_for_nobody(member: Browser, at_desk: Desk) -> None:
    opened(at_desk, "taken", detected_at=NOON)
    ticket = at_desk.house.incident()
    at_desk.house.ask("owner", replace(ticket, title="also taken"))
    at_desk.house.ask("owner", ChangeStatus(status="acknowledged"), subject=ticket.ticket_id)
    page = member.get("/").text
    assert "One incident not acknowledged" in page
    assert "Acknowledged</span>" in page


def test_maintenance_under_way_comes_before_what_is_next(member: Browser, at_desk: Desk) -> None:
    for hours in (30, 3, 50):
        planned(at_desk, f"in {hours} hours", in_hours=hours)
    page = member.get("/").text
    assert titles(page) == ["in 3 hours", "in 30 hours", "in 50 hours"]
    assert "2026-11-20 15:00 – 17:00 UTC" in page
    assert "No open incident" in page


def test_empty_places_say_what_to_do(member: Browser, at_desk: Desk) -> None:
    page = member.get("/").text
    assert "Nothing is recorded yet." in page
    assert "tocsin incident create" in page
    assert "tocsin incident create" in member.get("/tickets").text
    ticket = at_desk.house.incident()
    at_desk.house.ask("owner", ticket)
    at_desk.house.ask(
        "owner", ChangeStatus(status="cancelled", disposition="invalid"), subject=ticket.ticket_id
    )
    page = member.get("/").text
    assert "Nothing is open." in page
    assert "Nothing is recorded yet." not in page
    assert "No ticket is like that" in member.get("/tickets?severity=sev1").text


def test_only_who_reads_connectors_hears_of_their_silence(member: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    house.ask(
        "admin",
        CreateConnector(
            connector_id=house.fresh(),
            kind="generic",
            code="probe",
            name="The probe",
            token_digest="a" * 64,
            expected_every_minutes=5,
        ),
        sort="connector",
    )
    house.clock.pass_by(timedelta(minutes=30, seconds=1))
    admin = Browser(at_desk)
    admin.sign_in("admin")
    assert "The probe is silent" in admin.get("/").text
    assert "nothing heard for 30 min" in admin.get("/").text
    seen = member.get("/").text
    assert "The probe" not in seen
    assert "are shown to on-call engineers" in seen


@pytest.mark.parametrize("path", PLACES)
def test_hostile_words_are_words(member: Browser, at_desk: Desk, path: str) -> None:
    opened(at_desk, HOSTILE)
    page = member.get(path).text
    parts = Parts(page)
    assert all((one.get("src") or "").startswith("/assets/") for one in parts.all("script"))
    assert not parts.all("img")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "49" not in titles(page)[0]
    assert not any("style" in attributes for _, attributes in parts.found)
    assert not any(name.startswith("on") for _, found in parts.found for name in found)


def test_what_was_typed_into_filters_comes_back_as_text(member: Browser) -> None:
    page = member.get("/tickets?q=%22%3E%3Cscript%3E&service=%3Cb%3E&type=%3Ci%3E")
    assert page.status == 400
    assert 'value="&#34;&gt;&lt;script&gt;"' in page.text
    assert all(one.get("src") for one in Parts(page.text).all("script"))
    assert not Parts(page.text).all("i")
    assert 'aria-describedby="type-wrong"' in page.text


def test_filters_are_in_the_address(member: Browser, at_desk: Desk) -> None:
    opened(at_desk, "light gone", severity="sev1")
    opened(at_desk, "slow", severity="sev3")
    planned(at_desk, "swap", in_hours=4)
    for query, found in (
        ("", {"light gone", "slow", "swap"}),
        ("type=incident", {"light gone", "slow"}),
        ("type=maintenance&active=true", {"swap"}),
        ("active=false", set()),
        ("severity=sev1", {"light gone"}),
        ("severity=sev1&severity=sev3&type=incident", {"light gone", "slow"}),
        ("status=planned", {"swap"}),
        ("service=none", set()),
    ):
        page = member.get(f"/tickets?{query}")
        assert page.status == 200
        assert set(titles(page.text)) == found, query
    filled = member.get("/tickets?severity=sev1&active=true").text
    assert '<option value="sev1" selected>' in filled
    assert '<option value="true" selected>' in filled


@pytest.mark.parametrize(
    "query",
    [
        "type=outage",
        "status=broken",
        "severity=sev9",
        "sort=colour",
        "active=perhaps",
        "from=yesterday~1",
        "from=2026-11-20T12:00:00.000000Z~-1",
        "sort=severity&from=9~1",
        "q=%2B%2B",
    ],
)
def test_a_filter_that_cannot_be_read_is_told_beside_it(member: Browser, query: str) -> None:
    page = member.get(f"/tickets?{query}")
    assert page.status == 400
    assert "The filters cannot be read" in page.text
    assert "<table" not in page.text


@pytest.mark.parametrize("order", ["", "severity", "updated_at", "start_at"])
def test_every_ticket_is_on_one_page(member: Browser, at_desk: Desk, order: str) -> None:
    for number in range(120):
        opened(at_desk, f"no. {number}", severity=("sev1", "sev2", "sev3")[number % 3])
    seen: list[str] = []
    path: Any = f"/tickets?type=incident&sort={order}"
    while path is not None:
        page = member.get(path)
        assert page.status == 200
        seen += titles(page.text)
        following = [one["href"] for one in Parts(page.text).all("a") if one.get("rel") == "next"]
        path = following[0] if following else None
    assert sorted(seen) == sorted(f"no. {number}" for number in range(120))


def test_every_answer_keeps_readers_safe(member: Browser, at_desk: Desk) -> None:
    answers = [
        member.get(path, method=method)
        for path in (*PLACES, "/sign-in", "/sign-out", "/nowhere")
        for method in ("GET", "HEAD", "PUT")
    ]
    for answer in [*answers, Browser(at_desk).get("/"), Browser(at_desk).get("/sign-in")]:
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert {answer.status for answer in answers} == {200, 303, 404, 405}
    assert all(not answer.text for answer in answers[1::3])


def test_while_the_database_is_away_the_page_says_so(member: Browser, at_desk: Desk) -> None:
    at_desk.away = True
    page = member.get("/tickets?type=incident")
    assert (page.status, page.headers["retry-after"]) == (503, "5")
    assert 'href="/tickets?type=incident"' in page.text
    assert member.cookie
    at_desk.away = False
    assert member.get("/tickets?type=incident").status == 200


@pytest.mark.parametrize("path", [*PLACES, "/sign-in"])
def test_every_page_can_be_read_aloud_and_walked_through(
    member: Browser, at_desk: Desk, path: str
) -> None:
    opened(at_desk, "light gone")
    page = (Browser(at_desk) if path == "/sign-in" else member).get(path).text
    parts = Parts(page)
    assert parts.all("html") == [{"lang": "en"}]
    assert len(parts.all("h1")) == 1
    assert len(parts.all("main")) == 1
    labelled = {one["for"] for one in parts.all("label")}
    fields = [*parts.all("input"), *parts.all("select")]
    assert {one["id"] for one in fields if one.get("type") != "hidden"} <= labelled
    assert all(one.get("aria-hidden") == "true" for one in parts.all("svg"))
    assert not any("tabindex" in one for tag, one in parts.found if tag != "main")
    identities = [one["id"] for _, one in parts.found if "id" in one]
    assert len(identities) == len(set(identities))
    wanted = {one.get("href", "") for one in parts.all("use")}
    assert wanted <= {f"#{one['id']}" for one in parts.all("symbol")}
    classes = {name for _, one in parts.found for name in (one.get("class") or "").split()}
    styled = (asset("tocsin.css") + asset("dashboard.css")).decode()
    assert {name for name in classes if f".{name}" not in styled} == set()


def test_postgresql_shows_the_same(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    with desk(tmp_path, at=fresh_database()) as at_desk:
        admin = Browser(at_desk)
        admin.sign_in("admin")
        opened(at_desk, "light gone")
        planned(at_desk, "swap", in_hours=4)
        assert titles(admin.get("/").text) == ["light gone", "swap"]
        assert titles(admin.get("/tickets?sort=severity").text) == ["light gone", "swap"]


def test_answers_are_counted_by_address_and_nothing_else_is_an_address(
    member: Browser, at_desk: Desk
) -> None:
    for path in ("/", "/tickets?q=secret", "/nowhere"):
        member.get(path)
    assert at_desk.observed == [
        ("POST /sign-in", 303),
        ("GET /", 200),
        ("GET /tickets", 200),
        ("GET other", 404),
    ]
    member.get("/", method="BREW")
    assert at_desk.observed[-1] == ("other /", 405)


def tokens(sheet: str) -> dict[str, str]:
    """The colours by name, of which the last word counts."""
    return dict(re.findall(r"--([a-z_-]+):(#[0-9a-f]{6})", sheet))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_told_from_its_ground(scheme: str) -> None:
    light, _, dark = asset("tocsin.css").decode().partition("@media (prefers-color-scheme:dark)")
    colour = tokens(light) | (tokens(dark) if scheme == "dark" else {})
    own = asset("dashboard.css").decode()
    tones = dict(re.findall(r"\.(sev\d)\{--tone:var\(--([a-z_]+)\)", own))
    inks = dict(re.findall(r"\.(sev\d)\{[^}]*--tone-ink:var\(--([a-z_-]+)\)", own))
    washes = dict(re.findall(r"\.(sev\d)\{[^}]*--tone-wash:var\(--([a-z_-]+)\)", own))
    assert set(tones) == set(inks) == set(washes) == {one.value for one in Severity}

    texts = [("soft", wash) for wash in washes.values()]
    texts += [(inks[one], ground) for one in inks for ground in (washes[one], "card", "well")]
    texts += [("partial_outage-ink", "card"), ("partial_outage-ink", "well")]
    texts += [("major_outage-ink", "card"), ("card", "accent"), ("soft", "paper")]
    texts += [("ink", "degraded_performance-wash"), ("soft", "well"), ("accent", "card")]
    shapes = [(tones[one], ground) for one in tones for ground in (washes[one], "card", "well")]
    shapes += [("edge", "card"), ("edge", "paper"), ("accent", "paper")]
    for ink, ground in texts:
        assert contrast(colour[ink], colour[ground]) >= TEXT_CONTRAST, (ink, ground)
    for shape, ground in shapes:
        assert contrast(colour[shape], colour[ground]) >= 3.0, (shape, ground)
