"""The Atom feed of a public page (RFC 4287)."""

from __future__ import annotations

from typing import Final

from tocsin.web.status import addresses
from tocsin.web.status.document import Document, changed_at, one_line, seconds, urn
from tocsin.web.status.entries import Entry, entries, feed_subtitle, feed_title
from tocsin.web.status.markup import Element, written
from tocsin.web.status.view import PageView

CONTENT_TYPE: Final = "application/atom+xml; charset=utf-8"


def atom(page: PageView) -> Document:
    """The feed of *page*; titles are plain text, contents HTML."""
    feed = Element(
        "feed",
        [
            Element("id", urn(page.id)),
            Element("title", feed_title(page)),
            Element("subtitle", feed_subtitle(page)),
            Element("updated", seconds(changed_at(page))),
            Element("author", [Element("name", one_line(page.name))]),
            Element("link", "", {"rel": "alternate", "type": "text/html", "href": page.url}),
            Element(
                "link",
                "",
                {
                    "rel": "self",
                    "type": "application/atom+xml",
                    "href": addresses.address_of(page, addresses.ATOM),
                },
            ),
            Element("generator", "Tocsin"),
            *map(_entry, entries(page)),
        ],
        {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "en"},
    )
    return Document(body=written(feed), content_type=CONTENT_TYPE, changed_at=changed_at(page))


def _entry(entry: Entry) -> Element:
    return Element(
        "entry",
        [
            Element("id", entry.id),
            Element("title", entry.title, {"type": "text"}),
            Element("published", seconds(entry.published)),
            Element("updated", seconds(entry.updated)),
            Element("link", "", {"rel": "alternate", "type": "text/html", "href": entry.url}),
            Element("category", "", {"term": entry.kind.value}),
            Element("content", entry.html, {"type": "html"}),
        ],
    )
