"""What people write appears as they wrote it, wherever it appears, and nothing in it is obeyed.

Every text of :mod:`tests.web.hostile` stands in every field of a house that is served for real, and
that has sent its mail and its messages.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import icalendar  # type: ignore[import-untyped]  # publishes no types
import pytest

from tests.adapters.email.listening import Box, listening
from tests.adapters.email.parcels import parcel
from tests.adapters.email.test_mail import sender
from tests.adapters.slack.office import slack_office
from tests.app.test_dashboard import Browser
from tests.app.test_serve import Served, serving
from tests.handler.acting import House
from tests.projections.histories import follow
from tests.web.hostile import BODY, DIRECTIONS, HOUR, TEXTS, Shown, Told, furnish, words
from tests.web.status.test_calendar import properties
from tocsin.adapters.email.mail import Mail
from tocsin.adapters.email.public_letters import (
    confirming_letter,
    public_message,
    signing_in_letter,
    told_letter,
)
from tocsin.adapters.webhook.public_words import (
    PublicPage,
    chat_greeting,
    chat_message,
    telling,
)
from tocsin.dispatcher.contract import Delivered
from tocsin.projections.subscription_words import Told as PublicWords
from tocsin.projections.subscription_words import told_in
from tocsin.web.dashboard.rooms import ROOMS

ELSEWHERE: Final = ("/status/", "/docs", "/v1/", "/assets/", "/sign-out", "#", "http", "mailto:")
HEADERS: Final = frozenset(
    {
        *("from", "to", "subject", "date", "message-id", "list-id", "list-unsubscribe"),
        *("auto-submitted", "mime-version", "content-type", "x-peer", "x-mailfrom", "x-rcptto"),
        "list-unsubscribe-post",
    }
)


@dataclass(frozen=True)
class Here:
    """The house as it is served, and what it sent."""

    served: Served
    browser: Browser
    told: dict[str, Told]
    posted: list[dict[str, Any]]
    mails: dict[str, list[EmailMessage]]
    """By the text's name."""
    public: dict[str, list[PublicWords]]
    """What subscribers to the page of that name are told."""

    def get(self, path: str) -> str:
        """What anybody gets there."""
        status, body = self.served.get(path)
        assert status == 200, (path, body)
        return body.decode()

    def read(self, path: str) -> str:
        """What who is signed in gets there."""
        status, body = self.browser.ask(path)
        assert status == 200, (path, body)
        return body

    @property
    def hosts(self) -> frozenset[str]:
        """Where a page may lead to."""
        return frozenset({"", f"127.0.0.1:{self.served.port}", "chat.example"})


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """A house full of hostile texts."""
    folder = tmp_path_factory.mktemp("hostile")
    with slack_office(folder) as office:
        home = office.home
        home.clock.now = datetime.now(UTC) - 3 * HOUR
        office.route(kinds=("incident.*",))
        told = furnish(home)
        follow(home)
        office.run(600.0)
        posted = [dict(call.arguments) for call in office.slack.calls_of("chat.postMessage")]
        mails = {one.name: _mailed(home, one) for one in told}
        public = {one.name: _public(home, one) for one in told}
        key = f"tk_{home.keys['admin'].key_id}_admin"
    with serving(folder, TOCSIN_DEFAULT_PAGE="page-script") as served:
        browser = Browser(served)
        assert browser.ask("/sign-in", {"key": key, "next": "/"})[0] == 303
        yield Here(served, browser, {one.name: one for one in told}, posted, mails, public)
        served.stop()


def _mailed(home: House, told: Told) -> list[EmailMessage]:
    with listening(Box()) as box:
        mailing = sender(home, box, base_url="https://tocsin.example")
        for outcome in told.outcomes:
            assert isinstance(mailing.send(parcel(home, outcome)), Delivered)
        return box.mails()


def _public(home: House, told: Told) -> list[PublicWords]:
    with home.store.reading() as turn:
        row = turn.page(told.page)
        assert row is not None
        found = [
            told_in(
                turn,
                row.org_id,
                outcome.events[0],
                page_id=row.stream.partition(":")[2],
                page_address=lambda slug: f"https://tocsin.example/status/{slug}",
            )
            for outcome in told.outcomes
        ]
    return [one for one in found if one is not None]


@pytest.fixture(params=TEXTS)
def one(here: Here, request: pytest.FixtureRequest) -> Told:
    """Each of the texts."""
    return here.told[request.param]


# -- pages -------------------------------------------------------------------------------------


def test_on_public_pages(here: Here, one: Told) -> None:
    for below in (
        "",
        "/history",
        f"/history/{datetime.now(UTC):%Y-%m}",
        f"/incidents/{one.incident}",
        f"/incidents/{one.maintenance}",
    ):
        page = Shown(here.get(f"/status/{one.page}{below}"))
        assert page.obeyed(hosts=here.hosts) == []
        assert words(one.text) in page.text, below
        assert not DIRECTIONS & set(page.source)
    for ref in (one.incident, one.maintenance):
        page = Shown(here.get(f"/status/{one.page}/incidents/{ref}"))
        assert words(one.text + BODY) in page.text
        assert words(f"corrected {one.text}") in page.text
        assert page.text.count(words(one.text)) > 3


@pytest.fixture(scope="module")
def pages(here: Here) -> dict[str, Shown]:
    """Every page that an administrator gets to from the first one, by its path."""
    found: dict[str, Shown] = {}
    leads = ["/", *(route.path for route in ROOMS if "{" not in route.path)]
    while leads:
        path = leads.pop(0)
        if urlsplit(path).path in found:
            continue
        status, body = here.browser.ask(path)
        if not here.browser.headers.get("content-type", "").startswith("text/html"):
            continue
        assert status in (200, 400, 405), path
        page = found[urlsplit(path).path] = Shown(body)
        leads += [lead for lead in page.leads if not lead.startswith(ELSEWHERE)]
        assert len(found) < 1_000
    return found


def test_on_every_page_for_who_is_signed_in(pages: dict[str, Shown], here: Here) -> None:
    assert {urlsplit(route.path).path for route in ROOMS if "{" not in route.path} <= {*pages}
    for path, page in pages.items():
        assert page.obeyed(hosts=here.hosts) == [], path


def test_on_pages_for_who_is_signed_in(pages: dict[str, Shown], here: Here, one: Told) -> None:
    telling = {path for path, page in pages.items() if words(one.text) in page.text}
    rooms = {f"/tickets/{ref}" for ref in (one.incident, one.maintenance)}
    assert {"/", "/tickets", "/maintenance", *rooms} <= telling
    for sort in ("members", "contributors", "connectors", "rules", "routes", "services"):
        assert f"/admin/{sort}" in telling
        assert [path for path in telling if path.startswith(f"/admin/{sort}/")], sort
    for ref in rooms:
        assert pages[ref].text.count(words(one.text)) > 10
    found = Shown(here.read("/tickets?q=" + quote(one.text)))
    assert found.obeyed(hosts=here.hosts) == []
    assert words(one.text) in found.text


# -- what programs read ------------------------------------------------------------------------


def test_in_feeds(here: Here, one: Told) -> None:
    for name in ("feed.rss", "feed.atom"):
        source = here.get(f"/status/{one.page}/{name}")
        assert not DIRECTIONS & set(source)
        entries = 0
        for element in ElementTree.fromstring(source).iter():
            tag, text = element.tag.rpartition("}")[2], element.text or ""
            if tag in ("description", "content", "summary"):
                page = Shown(text)
                assert page.obeyed(hosts=here.hosts) == []
                entries += words(one.text) in page.text
            elif tag == "title" and name == "feed.rss":
                # Readers take it for HTML, or for text: the first show it as it was typed, and to
                # the others it is harmless.
                assert words(one.text) in Shown(text).text
                assert Shown(text).obeyed(hosts=frozenset()) == []
            elif tag == "title":
                assert element.get("type", "text") == "text"
                assert words(one.text) in words(text)
        assert entries >= 2


def test_in_the_json_feed(here: Here, one: Told) -> None:
    feed = json.loads(here.get(f"/status/{one.page}/feed.json"))
    assert feed["title"].startswith(words(one.text))
    assert len(feed["items"]) >= 2
    for item in feed["items"]:
        page = Shown(item["content_html"])
        assert page.obeyed(hosts=here.hosts) == []
        assert words(one.text) in page.text
        assert words(one.text) in words(item["title"])


def test_in_the_calendar(here: Here, one: Told) -> None:
    source = here.get(f"/status/{one.page}/calendar.ics")
    assert not DIRECTIONS & set(source)
    (event,) = icalendar.Calendar.from_ical(source).walk("VEVENT")
    assert not event.errors
    # The library undoes escapes in a wrong order; the names and the number of lines are its own.
    assert "ATTACH" not in event
    told = dict(properties(source.encode()))
    assert words(one.text) in words(told["SUMMARY"])
    assert words(one.text + BODY) in words(told["DESCRIPTION"])


def test_on_the_badge(here: Here, one: Told) -> None:
    for query in ("", f"?service=service-{one.name}"):
        root = ElementTree.fromstring(here.get(f"/status/{one.page}/badge.svg{query}"))
        found = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert found <= {"svg", "title", "g", "rect", "text", "path", "clipPath", "linearGradient"}
        assert not [name for element in root.iter() for name in element.attrib if name[:2] == "on"]
        assert words(one.text)[:20] in words("".join(root.itertext()))


def test_in_statuspages_json(here: Here, one: Told) -> None:
    below = f"/status/{one.page}/api/v2"
    summary = json.loads(here.get(f"{below}/summary.json"))
    assert words(summary["page"]["name"]) == words(one.text)
    assert {words(part["name"]) for part in summary["components"]} == {words(one.text)}
    (incident,) = summary["incidents"]
    assert words(incident["name"]) == words(one.text)
    latest, first = incident["incident_updates"]
    assert words(latest["body"]) == words(one.text + BODY)
    assert words(first["body"]) == words(f"corrected {one.text}")
    (planned,) = summary["scheduled_maintenances"]
    assert words(planned["name"]) == words(one.text)


def test_in_crashbots_list(here: Here, one: Told) -> None:
    listed = json.loads(here.get(f"/status/{one.page}/list"))
    (row,) = listed["open"]
    assert words(row["title"]) == words(one.text)
    assert words(row["description"]) == words(one.text + BODY)


# -- what is sent ------------------------------------------------------------------------------


def _expect_harmless(mail: EmailMessage, text: str) -> None:
    """It shows *text* in its subject and both of its parts, and obeys nothing of it."""
    assert {name.lower() for name in mail} <= HEADERS
    assert words(text) in words(mail["subject"])
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert words(text) in words(plain.get_content())
    assert not DIRECTIONS & set(plain.get_content())
    shown = Shown(page.get_content())
    assert shown.obeyed(hosts=frozenset({"tocsin.example"})) == []
    assert words(text) in shown.text
    assert not DIRECTIONS & set(shown.source)


def test_in_mail(here: Here, one: Told) -> None:
    assert len(here.mails[one.name]) == len(one.outcomes)
    for mail in here.mails[one.name]:
        _expect_harmless(mail, one.text)


def test_in_mail_to_those_outside(here: Here, one: Told) -> None:
    link = "https://tocsin.example/status/x/subscribe/end?token=a.b"
    letters = [told_letter(told, way_out=link) for told in here.public[one.name]]
    assert len(letters) == 4
    letters.append(confirming_letter(one.text, services=(one.text,), link=link))
    letters.append(signing_in_letter(one.text, link=link, minutes=15))
    for letter in letters:
        sent = public_message(
            letter,
            address="reader@example.org",
            identity="1",
            at=datetime.now(UTC),
            mail=Mail(host="mail.example", port=25, from_address="t@example.org", security="none"),
        )
        _expect_harmless(message_from_bytes(sent.as_bytes(), policy=default), one.text)


def _texts(value: object) -> Iterator[tuple[str, str]]:
    """Every text of blocks, with the type that says how it is read."""
    match value:
        case {"type": "plain_text" | "mrkdwn" as kind, "text": str(text)}:
            yield kind, text
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
        case _:
            return


def _read(post: dict[str, Any]) -> str:
    """What a message of ours says to people; nothing in it is a mention or a link of theirs."""
    assert post.get("parse", "none") == "none"
    assert not post.get("link_names")
    blocks = post.get("blocks") or []
    texts = [*_texts(json.loads(blocks) if isinstance(blocks, str) else blocks)]
    said = ""
    for kind, text in [*texts, ("mrkdwn", post.get("text", ""))]:
        if kind == "mrkdwn":
            for spell in re.findall("<([^>]*)>", text):
                assert spell.startswith(("!date^", "https://tocsin.example/")), text
        said += " " + (html.unescape(text) if kind == "mrkdwn" else text)
    return words(said)


def test_in_slack(here: Here, one: Told) -> None:
    sent = [post for post in here.posted if one.incident in json.dumps(post)]
    assert sent
    assert any(words(one.text) in _read(post) for post in sent)


def test_in_chats_and_webhooks_of_those_outside(here: Here, one: Told) -> None:
    link = "https://tocsin.example/status/x/subscribe/end?token=a.b"
    for told in here.public[one.name]:
        assert words(one.text) in _read(json.loads(chat_message(told, way_out=link)))
        event = json.loads(telling(told, way_out=link))
        assert words(event["data"]["title"]) == words(one.text)
        assert words(one.text) in words(event["data"]["body"])
    greeting = PublicPage(code="x", name=one.text, url="https://tocsin.example/status/x")
    assert words(one.text) in _read(json.loads(chat_greeting(greeting, way_out=link)))
