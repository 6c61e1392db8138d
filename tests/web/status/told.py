"""Pages, services and notices as they come out of the log, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tocsin.core.public_notices import PublicNotice, PublicWords
from tocsin.core.records import PageGroup, Service, StatusPage
from tocsin.core.ticket import ServiceImpact
from tocsin.core.words import Severity, TicketType

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def page(
    *, services: tuple[str, ...] = (), groups: Mapping[str, tuple[str, ...]] | None = None
) -> StatusPage:
    """The page ``ring`` of these services."""
    return StatusPage(
        id="ring-id",
        created_at=NOON - 400 * DAY,
        updated_at=NOON - 300 * DAY,
        version=1,
        code="ring",
        name="Ring of Towns",
        services=services,
        groups=tuple(PageGroup(name=name, services=of) for name, of in (groups or {}).items()),
        about="All is well, mostly.",
        support_url="https://help.example.org/",
        accent="#1f6feb",
    )


def service(code: str, *, age: timedelta = 400 * DAY) -> Service:
    """A service that was made so long before noon."""
    return Service(
        id=f"{code}-id",
        created_at=NOON - age,
        updated_at=NOON - age,
        version=1,
        code=code,
        name=code.title(),
        description=f"What {code} is",
    )


def words(
    number: int,
    status: str,
    *,
    at: datetime | None = None,
    services: Mapping[str, str | None] | None = None,
    pages: tuple[str, ...] = (),
    edited_at: datetime | None = None,
) -> PublicWords:
    """An update; if not said when, *number* minutes past eleven."""
    return PublicWords(
        id=f"u{number}",
        status=status,
        title=f"Title {number}",
        body=f"Body {number}",
        posted_at=at or NOON - HOUR + number * timedelta(minutes=1),
        edited_at=edited_at,
        services=tuple(
            ServiceImpact(code=code, impact=impact) for code, impact in (services or {}).items()
        ),
        pages=pages,
        event=f"e{number}",
    )


def notice(number: int, *updates: PublicWords, severity: Severity = Severity.SEV2) -> PublicNotice:
    """An incident."""
    return PublicNotice(
        stream=f"incident:i{number}",
        ref=f"I20261120-{number:04d}",
        kind=TicketType.INCIDENT,
        severity=severity,
        updates=updates,
    )


def work(number: int, *updates: PublicWords, start_at: datetime) -> PublicNotice:
    """A maintenance of two hours."""
    return PublicNotice(
        stream=f"maintenance:m{number}",
        ref=f"M20261120-{number:04d}",
        kind=TicketType.MAINTENANCE,
        severity=Severity.SEV4,
        start_at=start_at,
        end_at=start_at + 2 * HOUR,
        updates=updates,
    )
