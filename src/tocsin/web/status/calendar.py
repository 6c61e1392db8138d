"""The public calendar of maintenance: plain iCalendar that any calendar program reads (RFC 5545).

It says what the page says, no more: the title, the newest words, the window, the services. The
VEVENTs have names of their own, so that whoever also subscribes to an org's MAINTNOTE calendar,
which tells its own people more, has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from tocsin.web.status.addresses import notice_address
from tocsin.web.status.document import Document, changed_at, notices, one_line, plain, urn
from tocsin.web.status.view import Kind, NoticeView, PageView
from tocsin.web.status.words import affected_services, status_words

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
OCTETS: Final = 75
"""Of a line without its end; longer ones are folded (RFC 5545, 3.1)."""

_EVERY: Final = "PT15M"
_SECOND: Final = timedelta(seconds=1)
_ESCAPED: Final = re.compile(r"[\\;,]")


def calendar(page: PageView) -> Document:
    """One VEVENT for each maintenance of *page*, those that are over too, in the order of their
    windows."""
    found = [notice for notice in notices(page) if notice.kind is Kind.MAINTENANCE]
    found.sort(key=lambda notice: (_window(notice), notice.id))
    lines = [
        _line("BEGIN", "VCALENDAR"),
        _line("VERSION", "2.0"),
        _line("PRODID", "-//Tocsin//Public maintenance//EN"),
        _line("CALSCALE", "GREGORIAN"),
        _text_line("X-WR-CALNAME", f"{one_line(page.name)} maintenance"),
        # RFC 7986 and what came before it: each is read by programs that do not read the other.
        _line("REFRESH-INTERVAL;VALUE=DURATION", _EVERY),
        _line("X-PUBLISHED-TTL", _EVERY),
        *(line for notice in found for line in _event(page, notice)),
        _line("END", "VCALENDAR"),
    ]
    return Document(
        body="".join(lines).encode(), content_type=CONTENT_TYPE, changed_at=changed_at(page)
    )


def uid_of(notice: NoticeView) -> str:
    """The UID of a maintenance: the same for ever, wherever the page moves to."""
    return f"{UUID(urn(notice.id))}@status.tocsin"


def _event(page: PageView, notice: NoticeView) -> Iterator[str]:
    start, end = _window(notice)
    yield _line("BEGIN", "VEVENT")
    yield _line("UID", uid_of(notice))
    yield _line("SEQUENCE", str(_revision(notice)))
    yield _line("DTSTAMP", _moment(notice.updated_at))
    yield _line("CREATED", _moment(notice.created_at))
    yield _line("LAST-MODIFIED", _moment(notice.updated_at))
    yield _line("DTSTART", _moment(start))
    yield _line("DTEND", _moment(end))
    yield _text_line("SUMMARY", one_line(notice.title) or notice.ref)
    yield _text_line("DESCRIPTION", _description(page, notice))
    yield _line("URL", notice_address(page, notice))
    yield _line("STATUS", "CANCELLED" if notice.status == "cancelled" else "CONFIRMED")
    # Nobody is busy because a network is worked on.
    yield _line("TRANSP", "TRANSPARENT")
    yield _line("END", "VEVENT")


def _description(page: PageView, notice: NoticeView) -> str:
    parts = [f"{status_words(plain(notice.status))}: {plain(notice.updates[0].body).strip()}"]
    if services := affected_services(notice, page):
        parts.append("Affected: " + ", ".join(one_line(service.name) for service in services))
    parts.append(notice_address(page, notice))
    return "\n\n".join(parts)


def _window(notice: NoticeView) -> tuple[datetime, datetime]:
    """From when until when, in whole seconds; without a planned window, for as long as it was. A
    second that has begun belongs to it, and it is never empty."""
    start = notice.scheduled_for or notice.started_at
    end = notice.scheduled_until or notice.resolved_at or start
    begins = start.replace(microsecond=0)
    ends = (end + _SECOND - timedelta(microseconds=1)).replace(microsecond=0)
    return begins, max(ends, begins + _SECOND)


def _revision(notice: NoticeView) -> int:
    """How often it changed: by updates after the first, and by edits of them."""
    edits = sum(update.edited_at is not None for update in notice.updates)
    return len(notice.updates) - 1 + edits


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text_line(name: str, text: str) -> str:
    """A property whose value is the TEXT *text*."""
    escaped = _ESCAPED.sub(lambda found: "\\" + found[0], plain(text))
    return _line(name, escaped.replace("\n", "\\n"))


def _line(name: str, value: str) -> str:
    """A content line with its end, folded between characters; *value* has no line end."""
    rows: list[str] = []
    row, octets = "", 0
    for character in f"{name}:{value}":
        width = len(character.encode())
        if octets + width > OCTETS:
            rows.append(row)
            # The blank that marks a fold counts as well.
            row, octets = " ", 1
        row += character
        octets += width
    rows.append(row)
    return "\r\n".join(rows) + "\r\n"
