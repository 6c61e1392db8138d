"""Instants and spans as people type and read them. Pure: the present is an argument.

Everything is UTC. Written instants are RFC 3339 with six digits and ``Z``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SPAN = re.compile(
    r"(?:(?P<weeks>\d{1,4})w)?(?:(?P<days>\d{1,5})d)?(?:(?P<hours>\d{1,6})h)?"
    r"(?:(?P<minutes>\d{1,7})m)?(?:(?P<seconds>\d{1,8})s)?"
)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)")


class Unreadable(ValueError):
    """A time or span that cannot be read; the message says which forms can."""


def span(text: str) -> timedelta:
    """The length that ``2h30m``, ``1d`` or ``45m`` means (units w, d, h, m, s, in that order).

    Raises:
        Unreadable: it is none of these forms, or is empty.
    """
    match = _SPAN.fullmatch(text.strip())
    given = {unit: int(n) for unit, n in match.groupdict().items() if n} if match else {}
    if not given:
        raise Unreadable(f"{text!r} is not a length of time; write 45m, 2h30m or 1d")
    return timedelta(**given)


def instant(text: str, *, now: datetime) -> datetime:
    """The instant that RFC 3339, ``now``, ``+2h30m`` or ``-1d`` (from *now*) means.

    Raises:
        Unreadable: it is none of these forms, has no offset, or lies outside the calendar.
    """
    stripped = text.strip()
    try:
        if stripped.lower() == "now":
            return now
        if stripped[:1] == "+":
            return now + span(stripped[1:])
        if stripped[:1] == "-":
            return now - span(stripped[1:])
        if _RFC_3339.fullmatch(stripped):
            return datetime.fromisoformat(stripped.upper()).astimezone(UTC)
    except Unreadable:
        pass
    except (ValueError, OverflowError):
        raise Unreadable(f"{text!r} is not in the calendar") from None
    raise Unreadable(
        f"{text!r} is not a time; write 2026-11-20T22:00:00Z (Z or an offset), now, +2h30m or -1d"
    )


def written(at: datetime) -> str:
    """*at* as the gateway writes it: UTC, six digits, ``Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read(text: object) -> datetime | None:
    """The instant the gateway wrote, or None where there is none (or no readable one)."""
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def distance(at: datetime, *, now: datetime) -> str:
    """How far *at* is from *now* in one unit: ``in 3 h``, ``5 d ago``, ``just now``."""
    seconds = (at - now).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "just now"
    unit, name = (60, "min") if size < 5400 else (3600, "h") if size < 129_600 else (86_400, "d")
    amount = f"{max(1, round(size / unit))} {name}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


def human(text: object, *, now: datetime) -> str:
    """A written instant for people, ``2026-11-20 22:00Z (in 3 h)``; a dash where there is none."""
    at = read(text)
    if at is None:
        return "–" if text is None else str(text)
    return f"{at:%Y-%m-%d %H:%M}Z ({distance(at, now=now)})"


def clock(text: object) -> str:
    """A written instant to the second, ``2026-11-20 22:00:07Z``; a dash where there is none."""
    at = read(text)
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M:%S}Z"
