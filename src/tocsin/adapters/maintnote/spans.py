"""Durations of iCalendar (RFC 5545, 3.3.6)."""

from __future__ import annotations

import re
from datetime import timedelta

from tocsin.core.ingestion import Unreadable

_SHAPE = re.compile(
    r"\+?P(?:([0-9]{1,3})W)?(?:([0-9]{1,4})D)?"
    r"(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,7})S)?)?",
    re.IGNORECASE,
)


def span(text: str) -> timedelta:
    """The time that a ``DURATION`` names.

    Raises:
        Unreadable: another shape.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise Unreadable("DURATION is not a span such as PT4H")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in shape.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
