"""Tickets to look at, and the people who look."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

from tests.handler.acting import NOON
from tests.web.dashboard.browsing import Browser, Desk
from tocsin.core.commands import PlanMaintenance
from tocsin.core.ticket import Ticket

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> **{{ 7 * 7 }}**"


def opened(at_desk: Desk, title: str = "Fibre cut", *, by: str = "owner", **given: object) -> str:
    """Open an incident; its ref."""
    outcome = at_desk.house.ask(by, at_desk.house.incident(title, **given))
    assert isinstance(outcome.state, Ticket)
    return outcome.state.ref


def planned(
    at_desk: Desk, *, by: str = "owner", in_hours: int = 3, device: str = "ams-1", **given: object
) -> str:
    """Plan a maintenance of two hours; its ref."""
    house = at_desk.house
    fields: dict[str, object] = {
        "ticket_id": house.fresh(),
        "refs": (f"M20261120-{next(house.numbers):04d}",),
        "title": "Optic swap",
        "description": "Optic on Ethernet1.",
        "devices": (device,),
        "start_at": NOON + timedelta(hours=in_hours),
        "end_at": NOON + timedelta(hours=in_hours + 2),
    }
    outcome = house.ask(by, PlanMaintenance(**(fields | given)))  # type: ignore[arg-type]
    assert isinstance(outcome.state, Ticket)
    return outcome.state.ref


def ticket(at_desk: Desk, ref: str) -> Ticket:
    """The ticket as it stands."""
    org_id = at_desk.house.orgs["net"]
    with at_desk.house.store.reading() as turn:
        stream = turn.claimed_by(org_id, "ref", ref)
        assert stream is not None
        head = turn.head(org_id, stream)
    assert head is not None
    assert isinstance(head.state, Ticket)
    return head.state


def seen_by(at_desk: Desk, who: str) -> Browser:
    """A browser in which that one of the cast is signed in."""
    browser = Browser(at_desk)
    browser.sign_in(who)
    return browser


def member_of(at_desk: Desk, role: str, *, contributor: str | None = None) -> Browser:
    """A browser of a new member with that role."""
    at_desk.house.invite(role, org="net", role=role, contributor=contributor)
    return seen_by(at_desk, role)


def actions(text: str, ref: str) -> set[str]:
    """What may be done on a page: the last parts of where its forms are sent to."""
    found = re.findall(rf'<form[^>]* action="/tickets/{ref}/([^"]*)"', text)
    return {one.partition("/")[0] for one in found}


def opens(text: str) -> list[str]:
    """The groups that stand open."""
    return re.findall(r'<details class="deed" id="do-([a-z]+)"[^>]* open>', text)


def beside(text: str, field: str) -> str:
    """What is said beside a field; the name is that of the form."""
    name = field.replace(".", "-")
    found = re.search(rf'<p class="wrong" id="{re.escape(name)}-wrong">([^<]*)</p>', text)
    assert found is not None, f"nothing is said beside {field}"
    return unescape(found[1])


def entries(text: str) -> list[str]:
    """The sentences of the timeline, in their order, with who did it."""
    rows = re.findall(r'<div class="entry-what">\s*<p>(.*?)</p>', text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def ids(self) -> list[str]:
        """Every id, in order."""
        return [str(given["id"]) for _, given in self.found if "id" in given]


class _Filled(HTMLParser):
    """What a browser sends of the form of that action, before anybody has typed."""

    def __init__(self, text: str, action: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._action, self._inside = action, False
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._words: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("action") == self._action
            if self._inside:
                self.found = {}
        if not self._inside:
            return
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and name:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.found.setdefault(name, []).append(value)
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option":
            self._options.append((value, "selected" in given))
        elif tag == "textarea":
            self._words = name
            self.found[str(name)] = [""]

    def handle_data(self, data: str) -> None:
        if self._inside and self._words is not None:
            held = self.found[self._words][0] + data
            self.found[self._words] = [held.removeprefix("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._words = None
        elif tag == "select" and self._inside and self._select is not None:
            chosen = [value for value, selected in self._options if selected]
            first = [value for value, _ in self._options[:1]]
            self.found[self._select] = chosen or first
        elif tag == "form":
            self._inside = False


def filled(text: str, action: str) -> dict[str, list[str]]:
    """What a browser sends of the last form to *action* on the page, as it stands there."""
    found = _Filled(text, action).found
    assert found, f"no form is sent to {action}"
    return found
