"""The JSON feed of a public page (JSON Feed 1.1)."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.web.status import addresses
from tocsin.web.status.document import Document, changed_at, one_line, plain, seconds
from tocsin.web.status.entries import Entry, entries, feed_subtitle, feed_title
from tocsin.web.status.view import PageView

CONTENT_TYPE: Final = "application/feed+json; charset=utf-8"
VERSION: Final = "https://jsonfeed.org/version/1.1"


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks: the page."""

    name: str
    url: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A notice; the title is plain text, and the content is there as HTML and as text."""

    id: str
    url: str
    title: str
    content_html: str
    content_text: str
    date_published: str
    date_modified: str
    tags: tuple[str, ...]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """The whole feed."""

    version: str
    title: str
    home_page_url: str
    feed_url: str
    description: str
    language: str
    authors: tuple[Author, ...]
    items: tuple[Item, ...]


def json_feed(page: PageView) -> Document:
    """The feed of *page*."""
    feed = Feed(
        version=VERSION,
        title=feed_title(page),
        home_page_url=plain(page.url),
        feed_url=plain(addresses.address_of(page, addresses.JSON_FEED)),
        description=feed_subtitle(page),
        language="en",
        authors=(Author(name=one_line(page.name), url=plain(page.url)),),
        items=tuple(map(_item, entries(page))),
    )
    return Document(
        body=msgspec.json.encode(feed), content_type=CONTENT_TYPE, changed_at=changed_at(page)
    )


def _item(entry: Entry) -> Item:
    return Item(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        content_html=entry.html,
        content_text=entry.text,
        date_published=seconds(entry.published),
        date_modified=seconds(entry.updated),
        tags=(entry.kind.value,),
    )
