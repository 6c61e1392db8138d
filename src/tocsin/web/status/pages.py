"""The status page as HTML: the page, its history, one notice, and what stands where nothing is.

Everything is rendered on the server at the picture's ``made_at`` and complete without a script; the
same picture gives the same bytes. Nothing is loaded from elsewhere and nothing is inline, so that
:data:`~tocsin.web.templating.CONTENT_SECURITY_POLICY` can hold on every page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final, Self
from urllib.parse import quote, urlsplit

from tocsin.web.status import addresses, bars, network, prose, words
from tocsin.web.status.view import Kind, Level, NoticeView, PageView, ServiceView
from tocsin.web.templating import pages

CONTENT_TYPE: Final = "text/html; charset=utf-8"
ASSETS: Final = (
    "tocsin.css",
    "status.js",
    *(f"{level.value}.svg" for level in Level),
)
"""The files that pages load, by their names below the address of the assets."""
SERVED_ASSETS: Final = (
    *ASSETS,
    "dashboard.css",
    "administration.css",
    "pictures.css",
    "planning.css",
    "subscribe.css",
    "measuring.css",
    "network.css",
    "live.js",
    "map.js",
    "keys.js",
    "opening.css",
    "suggest.js",
    "times.js",
    "warroom.css",
)
"""Those, and what only the pages of those who are signed in load."""
DAYS_OF_PAST: Final = 14
PAST_SHOWN: Final = 8
UPDATES_SHOWN: Final = 3
MONTHS_ON_A_PAGE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a page's links lead: to a server, or beside the file that an export wrote.

    ``root`` is the address of the page without a slash at the end, ``leaf`` what an address of a
    page ends in, ``assets`` where :data:`ASSETS` are. ``subscribe`` is None where nobody would
    answer, and ``live`` is whether it makes sense to look again.
    """

    root: str
    leaf: str
    assets: str
    subscribe: str | None = None
    live: bool = True

    @classmethod
    def served(cls, url: str, *, assets: str = "/assets", subscribe: bool = False) -> Self:
        """The links of a page served at *url* and below."""
        root = quote(urlsplit(url).path.rstrip("/"), safe="/%")
        return cls(
            root=root, leaf="", assets=assets, subscribe=f"{root}/subscribe" if subscribe else None
        )

    @classmethod
    def exported(cls, *, depth: int) -> Self:
        """The links of a file *depth* folders below the export's own: 0 for the page itself, 1 for
        its history, 2 for a month of it and for a notice."""
        root = "/".join([".."] * depth) or "."
        return cls(root=root, leaf="/index.html", assets=f"{root}/assets", live=False)

    @property
    def home(self) -> str:
        """The page itself."""
        return f"{self.root}{self.leaf}"

    @property
    def history(self) -> str:
        """The newest months."""
        return f"{self.root}/history{self.leaf}"

    def months(self, last: date) -> str:
        """The history up to the month of *last*."""
        return f"{self.root}/history/{last:%Y-%m}{self.leaf}"

    def notice(self, ref: str) -> str:
        """An incident's or a maintenance's own page."""
        return f"{self.root}/incidents/{quote(ref, safe='')}{self.leaf}"

    def file(self, name: str) -> str:
        """A feed, the calendar or another form of the page, named in :mod:`addresses`."""
        return f"{self.root}/{name}"

    def asset(self, name: str) -> str:
        """One of :data:`SERVED_ASSETS`, by an address that changes with its content."""
        return f"{self.assets}/{name}?v={_digest(name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Services that are shown together; without a name those that belong to no group."""

    name: str | None
    level: Level
    services: tuple[ServiceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What happened in a month, newest first."""

    first: date
    notices: tuple[NoticeView, ...]


def asset(name: str) -> bytes:
    """The bytes of one of :data:`SERVED_ASSETS`.

    Raises:
        KeyError: *name* is not one of them.
    """
    if name not in SERVED_ASSETS:
        raise KeyError(name)
    return files("tocsin.web").joinpath("assets", name).read_bytes()


def status_page(page: PageView, to: Addresses, *, stale_since: datetime | None = None) -> str:
    """The page itself. *stale_since* is since when the picture could not be renewed, if it could
    not; the page then says so."""
    since = page.made_at - timedelta(days=DAYS_OF_PAST)
    recent = [notice for notice in page.past if (notice.resolved_at or notice.updated_at) >= since]
    under_way = [notice for notice in page.maintenances if notice.status != "scheduled"]
    return rendered(
        "page.html",
        page=page,
        to=to,
        stale_since=stale_since,
        sections=_sections(page),
        network=network.network_of(page.network),
        under_way=under_way,
        upcoming=[notice for notice in page.maintenances if notice.status == "scheduled"],
        recent=recent[:PAST_SHOWN],
        days_of_past=DAYS_OF_PAST,
        more_recent=len(recent) > PAST_SHOWN,
        titles={notice.ref: notice.title for notice in _everything(page)},
    )


def history(
    page: PageView, to: Addresses, *, last: date | None = None, stale_since: datetime | None = None
) -> str | None:
    """The history of three months up to the month of *last*, or of the newest.

    None when no page of the history ends with that month; :func:`history_pages` are those that do.
    """
    pages = history_pages(page)
    wanted = pages[0] if last is None else last.replace(day=1)
    if wanted not in pages:
        return None
    at = pages.index(wanted)
    notices = sorted(_happened(page), key=_began, reverse=True)
    months = tuple(
        Month(
            first=month,
            notices=tuple(notice for notice in notices if _month(_began(notice)) == month),
        )
        for month in (_before(wanted, months=back) for back in range(MONTHS_ON_A_PAGE))
    )
    return rendered(
        "history.html",
        page=page,
        to=to,
        stale_since=stale_since,
        months=months,
        anything=any(month.notices for month in months),
        newer=pages[at - 1] if at else None,
        older=pages[at + 1] if at + 1 < len(pages) else None,
        newest=at == 0,
    )


def history_pages(page: PageView) -> tuple[date, ...]:
    """The first days of the months that pages of the history end with, newest first; never none."""
    newest = _month(page.made_at)
    oldest = min((_month(_began(notice)) for notice in _happened(page)), default=newest)
    found = [newest]
    while _before(found[-1], months=MONTHS_ON_A_PAGE - 1) > oldest:
        found.append(_before(found[-1], months=MONTHS_ON_A_PAGE))
    return tuple(found)


def notice_page(
    page: PageView, ref: str, to: Addresses, *, stale_since: datetime | None = None
) -> str | None:
    """The own page of the notice *ref* with all its updates; None when the page shows no such."""
    for notice in _everything(page):
        if notice.ref == ref:
            return rendered("notice.html", page=page, to=to, stale_since=stale_since, notice=notice)
    return None


def missing_page(page: PageView | None, to: Addresses | None) -> str:
    """What stands where nothing is: the way back to *page*, if there is one; for status 404."""
    if page is None or to is None:
        return rendered("nowhere.html", to=Addresses(root="", leaf="", assets="/assets"))
    return rendered("missing.html", page=page, to=to, stale_since=None)


def rendered(template: str, **values: object) -> str:
    """One of the templates of public pages, by its name among them."""
    return _PAGES.get_template(f"status/{template}").render(values)


def _everything(page: PageView) -> tuple[NoticeView, ...]:
    return (*page.open, *page.maintenances, *page.past)


def _happened(page: PageView) -> Sequence[NoticeView]:
    return [
        notice
        for notice in _everything(page)
        if notice.kind is Kind.INCIDENT or notice.status != "scheduled"
    ]


def _began(notice: NoticeView) -> datetime:
    if notice.kind is Kind.MAINTENANCE and notice.scheduled_for is not None:
        return notice.scheduled_for
    return notice.started_at


def _month(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


def _before(month: date, *, months: int) -> date:
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _sections(page: PageView) -> tuple[Section, ...]:
    by_id: Mapping[str, ServiceView] = {service.id: service for service in page.services}
    groups = sorted(page.groups, key=lambda group: group.position)
    grouped = {service for group in groups for service in group.services}
    alone = tuple(
        sorted(
            (service for service in page.services if service.id not in grouped),
            key=lambda service: service.position,
        )
    )
    ungrouped = Section(name=None, level=page.level, services=alone)
    named = tuple(
        Section(
            name=group.name,
            level=group.level,
            services=tuple(by_id[id_] for id_ in group.services if id_ in by_id),
        )
        for group in groups
    )
    return tuple(section for section in (ungrouped, *named) if section.services)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(asset(name)).hexdigest()[:10]


_PAGES: Final = pages(
    Kind=Kind,
    Level=Level,
    bars=bars,
    forms=addresses,
    level_of=network.level_of,
    state_words=network.state_words,
    prose=prose,
    words=words,
    UPDATES_SHOWN=UPDATES_SHOWN,
)
