"""Later ends, as people write them: ``2h``, ``until 2026-11-20 14:05``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_INSTANT = re.compile(
    r"\s*(?:until|till|to)?\s*(\d{4}-\d{2}-\d{2})[ tT]+(\d{1,2}):(\d{2})(?::\d{2})?"
    r"\s*(?:z|utc)?(?=[\s,:;.]|$)",
    re.IGNORECASE,
)
_AMOUNT = r"\d{1,4}\s*(?:minutes?|mins?|m|hours?|hrs?|h|days?|d)"
_DURATION = re.compile(
    rf"\s*(?:by|for)?\s*\+?((?:{_AMOUNT})(?:\s*{_AMOUNT})*)(?=[\s,:;.]|$)", re.IGNORECASE
)
_PART = re.compile(r"(\d{1,4})\s*([mhd])", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

LONGEST = timedelta(days=366)
"""Nobody extends by more; what says so has a slip in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterEnd:
    """An instant, or so much later; and the words behind it."""

    until: datetime | None = None
    by: timedelta | None = None
    rest: str = ""


def later_end(text: str) -> LaterEnd | None:
    """The later end that *text* begins with; a time is UTC. None where it begins with none."""
    instant = _INSTANT.match(text)
    if instant is not None:
        try:
            day = datetime.fromisoformat(instant[1])
            until = day.replace(hour=int(instant[2]), minute=int(instant[3]), tzinfo=UTC)
        except ValueError:
            return None
        return LaterEnd(until=until, rest=_behind(text, instant.end()))
    duration = _DURATION.match(text)
    if duration is None:
        return None
    by = sum(
        (int(part[1]) * _UNITS[part[2].lower()] for part in _PART.finditer(duration[1])),
        timedelta(),
    )
    if not timedelta() < by <= LONGEST:
        return None
    return LaterEnd(by=by, rest=_behind(text, duration.end()))


def _behind(text: str, end: int) -> str:
    return text[end:].lstrip(" \t,:;.").strip()
