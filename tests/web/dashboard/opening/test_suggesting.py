"""Names while one types: which come, in what order, how many, and to whom."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.handler.acting import pubkey
from tests.web.dashboard.browsing import Browser, Desk
from tocsin.core.evidence import Access
from tocsin.core.record_commands import CreateService
from tocsin.core.registry_commands import (
    RegisterDevice,
    RemoveDevice,
)
from tocsin.core.words import Role
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.opening.suggesting import LABELS_LEAPT, MOST, SORTS, suggestions


@pytest.fixture
def member(browser: Browser) -> Browser:
    """A browser in which the owner is signed in."""
    browser.sign_in("owner")
    return browser


def asked(browser: Browser, what: str, words: str = "") -> list[dict[str, str]]:
    """What is suggested."""
    page = browser.get(f"/suggest?what={what}&q={words}")
    assert page.status == 200, page.text
    assert page.headers["content-type"] == "application/json"
    found: list[dict[str, str]] = json.loads(page.text)
    return found


def values(browser: Browser, what: str, words: str = "") -> list[str]:
    return [one["value"] for one in asked(browser, what, words)]


def device(at_desk: Desk, code: str, number: int, **more: Any) -> str:
    """Register a device; its id."""
    house = at_desk.house
    identity = house.fresh()
    house.system(
        "device",
        RegisterDevice(
            device_id=identity, pubkey=pubkey(number), code=code, contributor="alpha", **more
        ),
        org_id=house.orgs["net"],
    )
    return identity


def test_beginnings_come_before_what_has_it_inside(member: Browser, at_desk: Desk) -> None:
    for number, code in enumerate(("fra-2", "x-fra", "fra_x", "xfra-1", "zrh-1"), start=100):
        device(at_desk, code, number)
    assert values(member, "device", "fra") == ["fra-1", "fra-2", "fra_x", "x-fra", "xfra-1"]
    assert values(member, "device", "FRA-") == ["fra-1", "fra-2", "xfra-1"]
    assert values(member, "device", "nothing") == []


@pytest.mark.parametrize("words", ["%", "_", "!", "%25%25", "'", "%00", "\\"])
def test_signs_stand_for_themselves(member: Browser, at_desk: Desk, words: str) -> None:
    device(at_desk, "a_b", 200)
    found = values(member, "device", words if words.startswith("%2") else words.replace("%", "%25"))
    assert found == (["a_b"] if words == "_" else [])


def test_more_is_told_of_a_device_than_its_code(member: Browser, at_desk: Desk) -> None:
    device(at_desk, "zrh-1", 210, location="Zürich <2>", device_type="edge")
    (found,) = asked(member, "device", "zrh")
    assert found == {"value": "zrh-1", "text": "zrh-1", "about": "Zürich <2> · edge"}


def test_what_is_removed_is_not_suggested(member: Browser, at_desk: Desk) -> None:
    identity = device(at_desk, "old-1", 220)
    assert values(member, "device", "old") == ["old-1"]
    at_desk.house.ask("admin", RemoveDevice(), sort="device", subject=identity)
    assert values(member, "device", "old") == []


def test_there_are_twenty_at_most(member: Browser, at_desk: Desk) -> None:
    for number in range(30):
        device(at_desk, f"lab-{number:02}", 300 + number)
    assert len(values(member, "device", "lab")) == MOST
    assert len(values(member, "device")) == MOST


def test_services_and_people_are_found_by_name_too(member: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    for code, name in (("api", "Public interface"), ("web", "Website"), ("pub", "Newspaper")):
        house.ask(
            "admin",
            CreateService(service_id=house.fresh(), code=code, name=name),
            sort="service",
        )
    assert values(member, "service", "pub") == ["pub", "api"]
    assert values(member, "service", "site") == ["web"]
    assert values(member, "contributor", "bet") == ["beta"]
    (teammate,) = asked(member, "member", "TEAM")
    assert teammate["text"] == "teammate"
    assert teammate["value"] != "teammate"


def test_labels_are_those_that_tickets_have(member: Browser, at_desk: Desk) -> None:
    house = at_desk.house
    for labels in (("Routing", "edge"), ("edge", "ed"), ("<b>",)):
        house.ask("owner", replace(house.incident(), labels=labels))
    assert values(member, "label") == ["<b>", "ed", "edge", "Routing"]
    assert values(member, "label", "rou") == ["Routing"]
    assert values(member, "label", "dge") == ["edge"]


def test_another_org_is_not_heard_of(at_desk: Desk) -> None:
    at_desk.house.ask("owner", replace(at_desk.house.incident(), labels=("secret",)))
    stranger = Browser(at_desk)
    stranger.sign_in("stranger")
    for what in SORTS:
        found = values(stranger, what)
        assert len(found) == (1 if what == "member" else 0), what


def test_only_who_is_signed_in_is_told_anything(browser: Browser) -> None:
    page = browser.get("/suggest?what=device")
    assert page.status == 303
    assert page.headers["location"].startswith("/sign-in")


def test_an_unknown_sort_is_refused(member: Browser) -> None:
    for path in ("/suggest", "/suggest?what=key", "/suggest?what=%3Cb%3E"):
        page = member.get(path)
        assert page.status == 400
        assert "one of device, link" in page.text


class Counting:
    """A snapshot that counts what is asked of it."""

    def __init__(self, turn: ReadTurn) -> None:
        self._turn = turn
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._turn, name)

        def counted(*given: Any, **named: Any) -> Any:
            self.asked += 1
            return found(*given, **named)

        return counted


def test_labels_of_many_tickets_are_leapt_over(at_desk: Desk) -> None:
    house = at_desk.house
    for number in range(60):
        house.ask("owner", replace(house.incident(), labels=("same", f"own-{number % 3}")))
    admitted = house.orgs["net"]
    with house.store.reading() as turn:
        counting: Any = Counting(turn)
        access = Access(role=Role.VIEWER, member_id="m")
        found = suggestions(counting, admitted, access, what="label", words="")
    assert [one.value for one in found] == ["own-0", "own-1", "own-2", "same"]
    assert counting.asked == len(found) + 1 < LABELS_LEAPT
