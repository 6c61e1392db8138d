"""Our maintenances as a MAINTNOTE calendar, and one of them as an ``.ics`` (Integrations).

A VEVENT keeps its UID for ever: the ticket's id. SEQUENCE is the ticket's version, the number of
its facts so far: every change raises it, so that whoever holds an older one knows; that notes raise
it too costs a reader nothing but a look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from tocsin.adapters.maintnote.lines import clean, line, text_line
from tocsin.adapters.maintnote.notices import IMPACT_OUT, STATUS_OUT, NoticeStatus
from tocsin.core.records import Org
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import TEXT, TITLE
from tocsin.core.words import Impact
from tocsin.projections.shapes.ticket_names import Names

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
SUFFIX: Final = ".ics"

_SECOND = timedelta(seconds=1)


def calendar(
    maintenances: Iterable[Ticket],
    *,
    org: Org,
    names: Names,
    organizer: str,
    base_url: str,
    stamp: datetime | None = None,
) -> bytes:
    """The calendar of *maintenances*, one VEVENT each, in their order; for one, give one.

    *organizer* is an e-mail address; *base_url* the address of this service, whose host is the
    provider that it names. *stamp* is when the calendar is written; without it each VEVENT says
    when its ticket last changed, and the same tickets give the same bytes.
    """
    parts = [
        line("BEGIN", "VCALENDAR"),
        line("VERSION", "2.0"),
        line("PRODID", "-//Tocsin//Maintenance//EN"),
        line("CALSCALE", "GREGORIAN"),
        text_line("X-WR-CALNAME", f"{org.name} maintenance"),
    ]
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
    yield line("URL", f"{base_url.rstrip('/')}/v1/orgs/{org.code}/tickets/{ticket.ref}")
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
