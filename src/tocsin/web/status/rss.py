"""The RSS 2.0 feed of a public page (RSS Advisory Board: RSS 2.0, Best Practices Profile)."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from tocsin.web.status import addresses
from tocsin.web.status.document import Document, changed_at
from tocsin.web.status.entries import Entry, entries, feed_subtitle, feed_title
from tocsin.web.status.markup import Element, written
from tocsin.web.status.view import PageView

CONTENT_TYPE: Final = "application/rss+xml; charset=utf-8"
MINUTES_TO_LIVE: Final = 5

_TAG: Final = re.compile(r"<[A-Za-z/!?]")


def rss(page: PageView) -> Document:
    """The feed of *page*; descriptions are HTML, and ``pubDate`` is the last change."""
    channel = Element(
        "channel",
        [
            Element("title", _title(feed_title(page))),
            Element("link", page.url),
            Element("description", _title(feed_subtitle(page))),
            Element("language", "en"),
            Element("lastBuildDate", _moment(changed_at(page))),
            Element("generator", "Tocsin"),
            Element("ttl", str(MINUTES_TO_LIVE)),
            Element(
                "atom:link",
                "",
                {
                    "rel": "self",
                    "type": "application/rss+xml",
                    "href": addresses.address_of(page, addresses.RSS),
                },
            ),
            *map(_item, entries(page)),
        ],
    )
    root = Element(
        "rss", [channel], {"version": "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom"}
    )
    return Document(body=written(root), content_type=CONTENT_TYPE, changed_at=changed_at(page))


def _item(entry: Entry) -> Element:
    return Element(
        "item",
        [
            Element("title", _title(entry.title)),
            Element("link", entry.url),
            Element("description", entry.html),
            Element("category", entry.kind.value),
            Element("pubDate", _moment(entry.updated)),
            Element("guid", entry.id, {"isPermaLink": "false"}),
        ],
    )


def _title(text: str) -> str:
    """*text* for where RSS does not say whether markup is meant, and readers differ.

    Plain, as the profile has it; what would be read as markup is written as HTML that shows it, for
    a reader that takes it for markup would show nothing of it.
    """
    return html.escape(text, quote=False) if _is_like_markup(text) else text


def _is_like_markup(text: str) -> bool:
    return _TAG.search(text) is not None or html.unescape(text) != text


def _moment(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)
