"""What every feed tells: an entry for each notice, with its whole story, the newest change first.

One entry for each notice and not for each update, as readers of a Statuspage's feeds expect: its id
stays, its ``updated`` rises with every update, and the newest words stand on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from tocsin.web.status.addresses import notice_address
from tocsin.web.status.document import notices, one_line, plain, urn
from tocsin.web.status.prose import https_address, paragraphs
from tocsin.web.status.view import Kind, NoticeView, PageView
from tocsin.web.status.words import affected_services, instant, listed, status_words, window

MOST: Final = 25
"""Entries of a feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A notice in a feed. ``id`` is a URN for ever; ``html`` and ``text`` tell the same."""

    id: str
    url: str
    title: str
    kind: Kind
    published: datetime
    updated: datetime
    html: str
    text: str


def entries(page: PageView) -> tuple[Entry, ...]:
    """The :data:`MOST` notices of *page* that changed last, the newest change first."""
    newest = sorted(notices(page), key=lambda one: (one.updated_at, one.id), reverse=True)
    return tuple(_entry(page, notice) for notice in newest[:MOST])


def feed_title(page: PageView) -> str:
    """What a feed of *page* is called."""
    return f"{one_line(page.name)} status"


def feed_subtitle(page: PageView) -> str:
    """What the feed is about, in one line."""
    return one_line(page.look.about or "") or "Incidents and maintenance"


def _entry(page: PageView, notice: NoticeView) -> Entry:
    facts = _facts(page, notice)
    rca = https_address(notice.rca_url)
    html = [
        Markup("<p>{}</p>").format(Markup("<br>").join(facts)) if facts else Markup(),
        *(
            Markup("<p><strong>{}</strong> – <small>{}</small></p>\n{}").format(
                status_words(plain(update.status)),
                _when(update.posted_at, update.edited_at),
                paragraphs(plain(update.body)),
            )
            for update in notice.updates
        ),
    ]
    text = [
        "\n".join(facts),
        *(
            f"{status_words(plain(update.status))} – {_when(update.posted_at, update.edited_at)}\n"
            f"{plain(update.body).strip()}"
            for update in notice.updates
        ),
    ]
    if rca is not None:
        html.append(Markup('<p><a href="{}">What happened and why</a></p>').format(rca))
        text.append(f"What happened and why: {rca}")
    return Entry(
        id=urn(notice.id),
        url=notice_address(page, notice),
        title=one_line(notice.title) or plain(notice.ref),
        kind=notice.kind,
        published=notice.created_at,
        updated=notice.updated_at,
        html="\n".join(part for part in html if part),
        text="\n\n".join(part for part in text if part),
    )


def _facts(page: PageView, notice: NoticeView) -> Sequence[str]:
    """The planned window, and the services that are affected: what a reader asks first."""
    facts = []
    if notice.scheduled_for is not None:
        facts.append(f"Planned: {window(notice.scheduled_for, notice.scheduled_until)}")
    if names := [one_line(service.name) for service in affected_services(notice, page)]:
        facts.append(f"Affected: {listed(names, most=10)}")
    return facts


def _when(posted_at: datetime, edited_at: datetime | None) -> str:
    return instant(posted_at) + ("" if edited_at is None else f", edited {instant(edited_at)}")
