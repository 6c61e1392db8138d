"""The feeds: read by a feed reader that is none of ours, and by XML and JSON parsers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser  # type: ignore[import-untyped]  # publishes no types
import pytest
from hypothesis import given, settings

from tests.web.status.any_picture import pictures
from tests.web.status.pictures import ALL, HOSTILE, NOW, URL, hostile, incident, long_history
from tocsin.web.status.atom import atom
from tocsin.web.status.document import Document, one_line, plain
from tocsin.web.status.entries import MOST, entries
from tocsin.web.status.json_feed import json_feed
from tocsin.web.status.rss import rss
from tocsin.web.status.view import NoticeView, PageView

EXAMPLES = pytest.mark.parametrize("page", ALL.values(), ids=ALL.keys())
FEW = settings(max_examples=40, deadline=None)


class Showing(HTMLParser):
    """What of a piece of HTML is text, and which elements and attributes it has."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(attrs)
        if tag in ("p", "br"):
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return words("".join(self.texts))


def words(text: str) -> str:
    """*text* with white space of any length as one blank."""
    return " ".join(text.split())


def shown(detail: Mapping[str, str]) -> str:
    """The text that a reader shows for a title that it took for plain, or for HTML."""
    return (
        words(detail["value"]) if detail["type"] == "text/plain" else Showing(detail["value"]).text
    )


def read(document: Document) -> Any:
    """What the independent reader makes of a feed; it has nothing to complain of."""
    found = feedparser.parse(
        document.body, response_headers={"content-type": document.content_type}
    )
    assert not found.bozo, found.bozo_exception
    return found


def newest_first(page: PageView) -> list[NoticeView]:
    every = [*page.open, *page.maintenances, *page.past]
    return sorted(every, key=lambda one: (one.updated_at, one.id), reverse=True)[:25]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("write", [atom, rss])
@EXAMPLES
def test_a_feed_reader_reads_every_example(
    write: Callable[[PageView], Document], page: PageView
) -> None:
    found = read(write(page))
    expected = newest_first(page)

    assert found.version in ("atom10", "rss20")
    assert shown(found.feed.title_detail) == f"{one_line(page.name)} status"
    assert found.feed.link == URL
    assert [entry.link for entry in found.entries] == [
        f"{URL}/incidents/{one.ref}" for one in expected
    ]
    assert [entry.id for entry in found.entries] == [f"urn:uuid:{one.id}" for one in expected]
    assert [shown(entry.title_detail) for entry in found.entries] == [
        one_line(one.title) for one in expected
    ]


def test_an_entry_tells_the_whole_story_the_newest_words_first() -> None:
    (entry, _) = read(atom(incident())).entries

    assert Showing(entry.content[0].value).text == (
        "Affected: Amsterdam – Frankfurt "
        "Identified – 2026-11-20 12:45 UTC "
        "Splicing has begun; two hours more. https://example.org/map "
        "Identified – 2026-11-20 12:25 UTC "
        "A fibre was cut near Arnhem. The provider has sent a crew. "
        "Investigating – 2026-11-20 12:05 UTC, edited 2026-11-20 12:06 UTC "
        "One of two paths lost light at 12:05 UTC. We are looking."
    )
    assert (entry.published, entry.updated) == ("2026-11-20T12:05:30Z", "2026-11-20T12:45:30Z")


def test_rss_says_when_an_entry_last_changed() -> None:
    found = read(rss(incident()))

    assert found.entries[0].published == "Fri, 20 Nov 2026 12:45:30 GMT"
    assert found.feed.updated == "Fri, 20 Nov 2026 12:45:30 GMT"
    (guid, *_) = ElementTree.fromstring(rss(incident()).body).iter("guid")
    assert guid.attrib == {"isPermaLink": "false"}


def test_an_update_keeps_the_entry_and_raises_its_instant() -> None:
    before = incident()
    (notice,) = before.open
    later = notice.updated_at + timedelta(minutes=7)
    word = replace(notice.updates[0], id="new", body="It works.", posted_at=later)
    after = replace(
        before, open=(replace(notice, updates=(word, *notice.updates), updated_at=later),)
    )

    (old, *_), (new, *_) = entries(before), entries(after)

    assert (new.id, new.url, new.published) == (old.id, old.url, old.published)
    assert new.updated == later > old.updated
    assert "It works." in new.text


def test_a_page_that_moves_keeps_the_ids_of_its_entries() -> None:
    moved = replace(incident(), url="https://elsewhere.example/up", name="Another name")

    assert [one.id for one in entries(moved)] == [one.id for one in entries(incident())]


def test_a_feed_holds_the_newest_and_no_more() -> None:
    page = long_history()

    assert len(page.past) > MOST
    assert len(read(rss(page)).entries) == MOST
    assert len(json.loads(json_feed(page).body)["items"]) == MOST


@EXAMPLES
def test_a_json_feed_is_one_by_its_paper(page: PageView) -> None:
    document = json_feed(page)
    feed = json.loads(document.body)

    assert document.content_type.startswith("application/feed+json")
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["home_page_url"], feed["feed_url"]) == (URL, f"{URL}/feed.json")
    assert feed["title"] == f"{one_line(page.name)} status"
    for item, notice in zip(feed["items"], newest_first(page), strict=True):
        assert item["id"] == f"urn:uuid:{notice.id}"
        assert item["url"] == f"{URL}/incidents/{notice.ref}"
        assert item["title"] == one_line(notice.title)
        assert instant(item["date_published"]) <= instant(item["date_modified"])
        assert all(plain(update.body).strip() in item["content_text"] for update in notice.updates)
        assert item["tags"] == [notice.kind.value]


def test_hostile_words_stay_words_in_every_feed() -> None:
    page = hostile()
    titles = {one_line(text) for text in HOSTILE}

    for feed in (read(atom(page)), read(rss(page))):
        assert {shown(entry.title_detail) for entry in feed.entries} == titles
    root = ElementTree.fromstring(rss(page).body)
    for source in root.iterfind("channel/item/description"):
        seen = Showing(str(source.text))
        assert seen.elements <= {"p", "strong", "small", "br", "a"}
        assert all(
            value is not None and value.startswith("https://")
            for name, value in seen.attributes
            if name == "href"
        )
        assert {name for name, _ in seen.attributes} <= {"dir", "href", "rel"}


def test_a_plain_title_reads_the_same_for_readers_of_both_kinds() -> None:
    page = incident()
    (notice,) = page.open

    def title(text: str) -> str:
        root = ElementTree.fromstring(rss(replace(page, open=(replace(notice, title=text),))).body)
        return str(root.findtext("channel/item/title"))

    assert title("Loss < 4% & more, R&D") == "Loss < 4% & more, R&D"
    assert html.unescape(title("<b>down</b> &amp; out")) == "<b>down</b> &amp; out"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://x.example/", "https://a b"])
def test_a_report_that_is_no_https_address_is_not_linked_to(address: str) -> None:
    page = incident()
    told = replace(page, open=(replace(page.open[0], rca_url=address),), past=())

    assert address not in entries(told)[0].html
    assert "What happened and why" not in entries(told)[0].text


@given(pictures())
@FEW
def test_whatever_the_words_the_feeds_are_well_formed_and_say_them(page: PageView) -> None:
    expected = newest_first(page)
    found = ElementTree.fromstring(atom(page).body)
    names = {"a": "http://www.w3.org/2005/Atom"}
    items = json.loads(json_feed(page).body)["items"]

    assert [one_line(one.title) or one.ref for one in expected] == [
        title.text for title in found.findall("a:entry/a:title", names)
    ]
    assert [one_line(one.title) or one.ref for one in expected] == [item["title"] for item in items]
    contents = [str(one.text) for one in found.findall("a:entry/a:content", names)]
    for source, notice in zip(contents, expected, strict=True):
        told = Showing(source).text
        assert all(words(plain(update.body)) in told for update in notice.updates)
    assert len(ElementTree.fromstring(rss(page).body).findall("channel/item")) == len(expected)


@pytest.mark.parametrize("write", [atom, rss, json_feed])
@EXAMPLES
def test_the_same_words_are_the_same_bytes_whenever_they_are_looked_at(
    write: Callable[[PageView], Document], page: PageView
) -> None:
    later = replace(page, made_at=NOW + timedelta(hours=3))

    assert write(page) == write(later)
    assert write(page).changed_at >= page.updated_at


@EXAMPLES
def test_every_address_is_whole(page: PageView) -> None:
    for source in (atom(page).body, rss(page).body):
        root = ElementTree.fromstring(source)
        found = [one.get("href") or one.text for one in root.iter() if one.tag.endswith("link")]
        assert found
        assert all(urlsplit(str(one)).netloc == "status.example.org" for one in found)


def test_no_feed_has_a_character_that_xml_forbids() -> None:
    forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

    assert not forbidden.search(atom(hostile()).body.decode())
    assert not forbidden.search(rss(hostile()).body.decode())
