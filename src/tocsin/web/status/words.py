"""What a public page says: states, instants and spans in words, all in English and in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final, assert_never

from tocsin.web.status.view import Kind, Level, NoticeView, PageView, ServiceView

_STATUS: Final = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "verifying": "Verifying",
    "completed": "Completed",
    "cancelled": "Cancelled",
}
INCIDENT_STEPS: Final = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE_STEPS: Final = ("scheduled", "in_progress", "verifying", "completed")
_NAMED_AT_MOST: Final = 3
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The first thing a reader sees, and one sentence below it."""

    level: Level
    title: str
    detail: str


def level_words(level: Level) -> str:
    """How a service is, in the words that readers of status pages know."""
    match level:
        case Level.OPERATIONAL:
            return "Operational"
        case Level.MAINTENANCE:
            return "Under maintenance"
        case Level.DEGRADED:
            return "Degraded"
        case Level.PARTIAL:
            return "Partial outage"
        case Level.MAJOR:
            return "Major outage"
        case _:
            assert_never(level)


def status_words(status: str) -> str:
    """The public status of a notice, as a word of a sentence's beginning."""
    return _STATUS.get(status) or status.replace("_", " ").capitalize()


def steps(notice: NoticeView) -> tuple[tuple[str, bool], ...]:
    """The way of a notice from its first word to its last: each status, and whether it is the one
    that holds now. Empty for a notice that left the way, such as a cancelled one."""
    way = INCIDENT_STEPS if notice.kind is Kind.INCIDENT else MAINTENANCE_STEPS
    if notice.status not in way:
        return ()
    return tuple((status, status == notice.status) for status in way)


def headline(page: PageView) -> Headline:
    """The state of *page* in a title and a sentence; the worst state wins."""
    match page.level:
        case Level.OPERATIONAL:
            return _calm(page)
        case Level.MAINTENANCE | Level.DEGRADED | Level.PARTIAL | Level.MAJOR:
            return _troubled(page)
        case _:
            assert_never(page.level)


def _calm(page: PageView) -> Headline:
    everything = "All services are operational" if page.services else "No trouble is known"
    if not page.open:
        detail = "No incident is open."
    elif all(notice.status == "monitoring" for notice in page.open):
        detail = f"We are still watching {_counted(len(page.open), 'incident')}."
    else:
        detail = f"{_counted(len(page.open), 'incident')} being looked into, see below."
    return Headline(level=page.level, title=everything, detail=detail)


def _troubled(page: PageView) -> Headline:
    hit = [service for service in page.services if service.level is page.level]
    worse_than_well = sum(service.level is not Level.OPERATIONAL for service in page.services)
    well = len(page.services) - worse_than_well
    if not hit:
        title = level_words(page.level)
    elif len(hit) == 1:
        title = f"{level_words(page.level)}: {hit[0].name}"
    elif len(hit) == len(page.services):
        title = f"{level_words(page.level)} of all services"
    else:
        title = f"{level_words(page.level)} of {len(hit)} services"
    if page.level in (Level.MAINTENANCE, Level.DEGRADED) and len(hit) > 1:
        subject = "All" if len(hit) == len(page.services) else str(len(hit))
        title = f"{subject} services are {level_words(page.level).lower()}"
    parts = []
    if 1 < len(hit) < len(page.services):
        parts.append(f"{listed([service.name for service in hit])}.")
    if also := worse_than_well - len(hit):
        parts.append(f"{also} {'other has' if also == 1 else 'others have'} lesser trouble.")
    if well and worse_than_well:
        number = "one" if well == 1 else str(well)
        subject = number.capitalize() if also else f"The other {number}"
        parts.append(f"{subject} {'is' if well == 1 else 'are'} operational.")
    return Headline(level=page.level, title=title, detail=" ".join(parts))


def listed(names: Sequence[str], *, most: int = _NAMED_AT_MOST) -> str:
    """``a, b and c``; ``a, b, c and 4 more`` when there are more than *most*."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def affected_services(notice: NoticeView, page: PageView) -> tuple[ServiceView, ...]:
    """The services of *page* that *notice* affects or affected, in the page's order."""
    return tuple(service for service in page.services if service.id in notice.services)


def instant(at: datetime) -> str:
    """*at* to the minute: ``2026-11-20 14:05 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def machine_instant(at: datetime) -> str:
    """*at* as HTML's ``datetime`` reads it, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def window(start: datetime, end: datetime | None) -> str:
    """From when until when: ``2026-11-20 22:00 – 23:30 UTC``; another second day is named too."""
    start = start.astimezone(UTC)
    if end is None:
        return instant(start)
    end = end.astimezone(UTC)
    last = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M} – {last} UTC"


def span(length: timedelta) -> str:
    """A length of time in at most two units: ``42 min``, ``1 h 5 min``, ``2 d 4 h``."""
    seconds = max(0, int(length.total_seconds()))
    minutes = seconds // 60
    if seconds < 60:
        return f"{seconds} s" if seconds else "less than a minute"
    if minutes < 60:
        return f"{minutes} min"
    if seconds < _DAY:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(seconds, _DAY)
    return f"{days} d {rest // 3600} h" if rest // 3600 else f"{days} d"


def age(at: datetime, *, now: datetime) -> str:
    """How far *at* is from *now*: ``just now``, ``in 1 h 20 min``, ``3 days ago``."""
    distance = at - now
    far = abs(distance)
    if far < timedelta(minutes=1):
        return "just now"
    if far < timedelta(hours=1):
        words = f"{far // timedelta(minutes=1)} min"
    elif far < timedelta(hours=6):
        words = span(far)
    elif far < timedelta(days=2):
        words = f"{far // timedelta(hours=1)} h"
    else:
        words = f"{far.days} days"
    return f"in {words}" if distance > timedelta(0) else f"{words} ago"


def share(uptime: float) -> str:
    """*uptime* in per cent with up to two decimals, rounded down: no 100 after trouble."""
    percent = (Decimal(str(uptime)) * 100).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    text = f"{percent:f}".rstrip("0").rstrip(".")
    return f"{text} %"


def _counted(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"
