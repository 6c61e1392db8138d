"""Where things of a public page are found: each of its forms, and the page of each notice."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from tocsin.web.status.view import NoticeView, PageView

RSS: Final = "feed.rss"
ATOM: Final = "feed.atom"
JSON_FEED: Final = "feed.json"
CALENDAR: Final = "calendar.ics"
STATUSPAGE_NAMES: Final = {"history.rss": RSS, "history.atom": ATOM}
"""What readers that know a Statuspage ask for instead."""

BADGE: Final = "badge.svg"
CRASH_LIST: Final = "list"
STATUSPAGE: Final = "api/v2"
NETWORK: Final = "network.json"
"""How devices and links are, where the page shows that."""
NOTICES: Final = "incidents"
"""Before the ref of a notice, maintenance too, as on a Statuspage."""


def address_of(page: PageView, form: str) -> str:
    """The whole address of a form of *page*, which is one of the names above."""
    return f"{page.url}/{form}"


def notice_address(page: PageView, notice: NoticeView) -> str:
    """The whole address of the page of one *notice*."""
    return f"{page.url}/{NOTICES}/{quote(notice.ref, safe='', errors='replace')}"
