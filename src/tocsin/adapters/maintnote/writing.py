"""Our maintenances as a MAINTNOTE calendar, and one of them as an ``.ics`` (Integrations).

A VEVENT keeps its UID for ever: the ticket's id. SEQUENCE is the ticket's version, the number of
its facts so far. Facts are only ever added, one that erases text included, so that it rises with
every change of the ticket and never falls, whatever is rebuilt; that notes raise it too costs a
reader nothing but a look. What changes without a fact of the ticket, such as the code of one of its
links, is told at once and under the same SEQUENCE.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Final
from urllib.parse import urlsplit

from tocsin.adapters.maintnote.lines import clean, line, text_line
from tocsin.adapters.maintnote.notices import IMPACT_OUT, STATUS_OUT, NoticeStatus
from tocsin.core.records import Org
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import TEXT, TITLE
from tocsin.core.words import Impact
from tocsin.projections.addresses import ticket_page
from tocsin.projections.shapes.ticket_names import Names

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
SUFFIX: Final = ".ics"

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWriter:
    """Writes our calendars in the name of *organizer*: an e-mail address, with a name before it or
    not; without one of ``noreply`` at the host of this service."""

    organizer: str | None = None

    def calendar(
        self,
        maintenances: Sequence[Ticket],
        *,
        org: Org,
        names: Names,
        base_url: str,
        refresh: timedelta | None,
        remark: str | None,
    ) -> bytes:
        """The calendar of *maintenances* (:func:`calendar`), stamped with their last changes."""
        _, address = parseaddr(self.organizer or "")
        return calendar(
            maintenances,
            org=org,
            names=names,
            organizer=address or f"noreply@{urlsplit(base_url).hostname or org.code}",
            base_url=base_url,
            refresh=refresh,
            remark=remark,
        )

    def file_name(self, ticket: Ticket) -> str:
        """The name of the file that one maintenance is given as."""
        return file_name(ticket)


def calendar(
    maintenances: Iterable[Ticket],
    *,
    org: Org,
    names: Names,
    organizer: str,
    base_url: str,
    stamp: datetime | None = None,
    refresh: timedelta | None = None,
    remark: str | None = None,
) -> bytes:
    """The calendar of *maintenances*, one VEVENT each, in their order; for one, give one.

    *organizer* is an e-mail address; *base_url* the address of this service, whose host is the
    provider that it names. *stamp* is when the calendar is written; without it each VEVENT says
    when its ticket last changed, and the same tickets give the same bytes. *refresh*, in whole
    minutes, is how often whoever subscribes should ask again; *remark* is about the whole calendar.
    """
    parts = [
        line("BEGIN", "VCALENDAR"),
        line("VERSION", "2.0"),
        line("PRODID", "-//Tocsin//Maintenance//EN"),
        line("CALSCALE", "GREGORIAN"),
        text_line("X-WR-CALNAME", f"{org.name} maintenance"),
    ]
    if remark is not None:
        parts.append(text_line("X-WR-CALDESC", remark))
    if refresh is not None:
        often = f"PT{refresh // timedelta(minutes=1)}M"
        # RFC 7986 and what came before it: each is read by programs that do not read the other.
        parts.append(line("REFRESH-INTERVAL;VALUE=DURATION", often))
        parts.append(line("X-PUBLISHED-TTL", often))
    for ticket in maintenances:
        parts += _event(
            ticket, org=org, names=names, organizer=organizer, base_url=base_url, stamp=stamp
        )
    parts.append(line("END", "VCALENDAR"))
    return "".join(parts).encode()


def file_name(ticket: Ticket) -> str:
    """The name of the file that one maintenance is given as."""
    return f"{ticket.ref}{SUFFIX}"


def uid_of(ticket: Ticket) -> str:
    """The UID of a maintenance: the same for ever, wherever it is asked for."""
    return f"{ticket.id}@tocsin"


def _event(
    ticket: Ticket,
    *,
    org: Org,
    names: Names,
    organizer: str,
    base_url: str,
    stamp: datetime | None,
) -> Iterator[str]:
    status = STATUS_OUT[ticket.status]
    start = _whole_second(ticket.start_at)
    # A second that has begun belongs to the window.
    end = _whole_second((ticket.end_at or ticket.start_at) + _SECOND - timedelta(microseconds=1))
    yield line("BEGIN", "VEVENT")
    yield text_line("UID", uid_of(ticket))
    yield line("SEQUENCE", str(ticket.version))
    yield line("DTSTAMP", _moment(stamp or ticket.updated_at))
    yield line("DTSTART", _moment(start))
    yield line("DTEND", _moment(max(end, start + _SECOND)))
    yield line("LAST-MODIFIED", _moment(ticket.updated_at))
    yield text_line("SUMMARY", ticket.title[:TITLE])
    yield text_line("DESCRIPTION", ticket.description[:TEXT])
    yield line("ORGANIZER", f"mailto:{_address(organizer)}", parameters={"CN": org.name})
    yield line("URL", ticket_page(ticket.ref, base_url=base_url))
    yield line("STATUS", _calendar_status(status))
    yield text_line("X-MAINTNOTE-PROVIDER", urlsplit(base_url).hostname or org.code)
    yield text_line("X-MAINTNOTE-ACCOUNT", org.code)
    yield text_line("X-MAINTNOTE-MAINTENANCE-ID", ticket.ref)
    for identity in _objects(ticket, names):
        yield text_line("X-MAINTNOTE-OBJECT-ID", identity)
    yield text_line("X-MAINTNOTE-IMPACT", IMPACT_OUT[ticket.impact or Impact.DEGRADED])
    yield text_line("X-MAINTNOTE-STATUS", status.value)
    yield line("END", "VEVENT")


def _objects(ticket: Ticket, names: Names) -> Sequence[str]:
    """The codes of what is affected, links first; a pubkey where the asset is gone; the ticket's
    own ref where nothing is named, as a notice names something."""
    found = [
        *((link.code if (link := names.link(key)) else key) for key in ticket.links),
        *((device.code if (device := names.device(key)) else key) for key in ticket.devices),
        *ticket.services,
    ]
    return tuple(dict.fromkeys(found)) or (ticket.ref,)


def _calendar_status(status: NoticeStatus) -> str:
    """The status that any calendar shows."""
    return "CANCELLED" if status is NoticeStatus.CANCELLED else "CONFIRMED"


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _whole_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def _address(text: str) -> str:
    return "".join(clean(text).split())
