"""Every form of a page by where it stands below the page's address, for whoever serves or exports.

The words are made by the modules next to this one; here is only which of them is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from tocsin.core.logos import Logo
from tocsin.web.status import addresses, pages, statuspage_json
from tocsin.web.status.atom import atom
from tocsin.web.status.badge import badge
from tocsin.web.status.calendar import calendar
from tocsin.web.status.colours import accent_sheet
from tocsin.web.status.crash_list import crash_list
from tocsin.web.status.document import Document, changed_at, notices
from tocsin.web.status.json_feed import json_feed
from tocsin.web.status.network import network_json
from tocsin.web.status.pages import Addresses
from tocsin.web.status.rss import rss
from tocsin.web.status.view import PageView

HOME: Final = ""
HISTORY: Final = "history"
ACCENT: Final = "accent.css"
STYLE_TYPE: Final = "text/css; charset=utf-8"
LOGOS: Final = ("logo.png", "logo.webp")
"""A page's own picture, whichever it is."""

MACHINE_FORMS: Final[Mapping[str, Callable[[PageView], Document]]] = MappingProxyType(
    {
        addresses.RSS: rss,
        addresses.ATOM: atom,
        addresses.JSON_FEED: json_feed,
        addresses.CALENDAR: calendar,
        addresses.BADGE: badge,
        addresses.CRASH_LIST: crash_list,
        "api/v2/summary.json": statuspage_json.summary,
        "api/v2/status.json": statuspage_json.status,
        "api/v2/components.json": statuspage_json.components,
        "api/v2/incidents.json": statuspage_json.incidents,
        "api/v2/incidents/unresolved.json": statuspage_json.unresolved_incidents,
        "api/v2/scheduled-maintenances.json": statuspage_json.scheduled_maintenances,
        "api/v2/scheduled-maintenances/upcoming.json": statuspage_json.upcoming_maintenances,
        "api/v2/scheduled-maintenances/active.json": statuspage_json.active_maintenances,
    }
)
"""What programs read, by its name below the page."""

_MONTH: Final = re.compile(r"history/([0-9]{4})-(0[1-9]|1[0-2])")
_NOTICE: Final = re.compile(rf"{addresses.NOTICES}/([^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of a page, not written yet. ``name`` is one for all names that it goes by; ``open``
    is whether scripts of other sites may read it."""

    name: str
    write: Callable[[], Document]
    open: bool


def is_machine_form(name: str) -> bool:
    """Whether what stands, or would stand, at *name* is for programs rather than for people."""
    if name == addresses.NETWORK:
        return True
    return name in MACHINE_FORMS or name in addresses.STATUSPAGE_NAMES or name.startswith("api/")


def form(
    page: PageView,
    name: str,
    to: Addresses,
    *,
    service: str | None = None,
    stale_since: datetime | None = None,
) -> Form | None:
    """The form of *page* at *name* below it; None where there is none.

    *service* is the code of a service that a badge is to be about. *stale_since* is since when the
    picture could not be renewed, which pages for people say.
    """
    name = addresses.STATUSPAGE_NAMES.get(name, name)
    if name == addresses.BADGE and service is not None:
        return _badge_of(page, service)
    machine = MACHINE_FORMS.get(name)
    if machine is not None:
        return Form(name=name, write=lambda: machine(page), open=True)
    if name == addresses.NETWORK:
        return _network(page)
    if name == ACCENT:
        return _accent(page)
    if page.look.logo is not None and name == page.look.logo.name:
        return _logo(page, page.look.logo)
    write = _for_people(page, name, to, stale_since=stale_since)
    if write is None:
        return None
    return Form(name=name, write=lambda: _html(page, write()), open=False)


def names(page: PageView) -> Iterator[str]:
    """The name of every form of *page* there is, second names too; the page itself is first."""
    yield HOME
    yield HISTORY
    for month in pages.history_pages(page):
        yield f"{HISTORY}/{month:%Y-%m}"
    for notice in notices(page):
        yield f"{addresses.NOTICES}/{notice.ref}"
    yield from MACHINE_FORMS
    yield from addresses.STATUSPAGE_NAMES
    if page.network is not None:
        yield addresses.NETWORK
    if accent_sheet(page.look.accent):
        yield ACCENT
    if page.look.logo is not None:
        yield page.look.logo.name


def missing(page: PageView | None, to: Addresses | None) -> bytes:
    """What people see where nothing is: the way back to *page*, if there is one."""
    return pages.missing_page(page, to).encode(errors="replace")


def _for_people(
    page: PageView, name: str, to: Addresses, *, stale_since: datetime | None
) -> Callable[[], str] | None:
    if name == HOME:
        return lambda: pages.status_page(page, to, stale_since=stale_since)
    if name == HISTORY:
        return lambda: pages.history(page, to, stale_since=stale_since) or ""
    month = _MONTH.fullmatch(name)
    if month is not None:
        year, number = int(month[1]), int(month[2])
        last = date(year, number, 1) if year else None
        if last not in pages.history_pages(page):
            return None
        return lambda: pages.history(page, to, last=last, stale_since=stale_since) or ""
    told = _NOTICE.fullmatch(name)
    if told is not None and any(notice.ref == told[1] for notice in notices(page)):
        return lambda: pages.notice_page(page, told[1], to, stale_since=stale_since) or ""
    return None


def _badge_of(page: PageView, code: str) -> Form | None:
    service = next((one for one in page.services if one.code == code), None)
    if service is None:
        return None
    named = f"{addresses.BADGE}?service={code}"
    return Form(name=named, write=lambda: badge(page, service), open=True)


def _network(page: PageView) -> Form | None:
    facts = page.network
    if facts is None:
        return None
    return Form(name=addresses.NETWORK, write=lambda: network_json(page, facts), open=True)


def _accent(page: PageView) -> Form | None:
    sheet = accent_sheet(page.look.accent)
    if not sheet:
        return None
    return Form(
        name=ACCENT,
        write=lambda: Document(
            body=sheet.encode(), content_type=STYLE_TYPE, changed_at=changed_at(page)
        ),
        open=False,
    )


def _logo(page: PageView, logo: Logo) -> Form:
    return Form(
        name=logo.name,
        write=lambda: Document(
            body=logo.body, content_type=logo.content_type, changed_at=changed_at(page)
        ),
        open=False,
    )


def is_picture(name: str) -> bool:
    """Whether what stands, or would stand, at *name* is a page's own picture."""
    return name in LOGOS


def _html(page: PageView, text: str) -> Document:
    return Document(
        body=text.encode(errors="replace"),
        content_type=pages.CONTENT_TYPE,
        changed_at=changed_at(page),
    )
