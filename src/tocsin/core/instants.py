"""Instants as text and back: RFC 3339 in UTC, always six digits of a second and ``Z``.

One spelling per instant, so that texts sort as the instants do and can be compared and hashed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

# Every part is bounded and nothing repeats without end, so matching cannot run away.
_SHAPE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?P<offset>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)


class NotAnInstant(ValueError):
    """Text or a value that names no single instant; the message says what is missing."""


def to_text(instant: datetime) -> str:
    """*instant* as ``2026-11-20T09:30:00.000000Z``.

    Raises:
        NotAnInstant: it has no zone, or is beyond the years 1 to 9999 in UTC.
    """
    return _spelt(instant if instant.tzinfo is UTC else _in_utc(instant))


@lru_cache(maxsize=1_024)
def _spelt(instant: datetime) -> str:
    """One in UTC. A ticket says the same instant a dozen times on its way to the disk: in its
    event, its state, its row and its answer."""
    return instant.isoformat("T", "microseconds")[:26] + "Z"


def from_text(text: str) -> datetime:
    """The instant that the RFC 3339 *text* names, aware and in UTC.

    Any offset is read, ``T`` may be a blank, letters may be small; a fraction has up to nine digits
    and is cut, not rounded, to microseconds.

    Raises:
        NotAnInstant: another shape, no offset, no such day, or beyond the years 1 to 9999 in UTC.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise NotAnInstant("not an instant such as 2026-11-20T09:30:00Z")
    if shape["offset"] is None:
        raise NotAnInstant("without a zone: add Z for UTC, or an offset such as +02:00")
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError as problem:
        raise NotAnInstant(f"no such day: {problem}") from None
    return instant if instant.tzinfo is UTC else _in_utc(instant)


def _in_utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise NotAnInstant("without a zone: an instant needs one")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise NotAnInstant("outside the years 1 to 9999 in UTC") from None
