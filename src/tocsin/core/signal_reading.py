"""What a neighbour's values mean: whether it is over, which instant, and how deep its JSON is.

For neighbours whose shape is their own or their users' (generic JSON, CloudEvents); what a signal
takes of a text is cut in :mod:`signal_texts`.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Final

from tocsin.core.facts import JsonValue
from tocsin.core.ticket_reading import EARLIEST, LATEST
from tocsin.core.words import folded

DEEPEST: Final = 64
"""Levels of a payload's lists and objects."""

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
_ENDED = frozenset(
    (
        *("resolved", "resolve", "resolution", "ok", "okay", "closed", "close", "clear", "cleared"),
        *("recovered", "recovery", "up", "success", "succeeded", "successful", "normal"),
        *("inactive", "healthy", "fixed", "solved", "good", "ended"),
    )
)
# Seconds since 1970 have at least nine digits since 1973; milliseconds have eleven or more.
_COUNT = re.compile(r"[0-9]{9,14}(\.[0-9]{1,9})?", re.ASCII)
_LEAST_MILLISECONDS = 1e11
_MOST = 1e15
_LONGEST_INSTANT = 64


def state(word: str | bool | None) -> str:
    """``resolved`` where *word* says that it is over (or is false), else ``firing``: an alert with
    a word that nobody knows is rather seen once too often."""
    if isinstance(word, bool):
        return FIRING if word else RESOLVED
    return RESOLVED if word is not None and folded(word) in _ENDED else FIRING


def instant(value: JsonValue) -> datetime | None:
    """The instant that *value* names, in UTC; None for anything else.

    RFC 3339 and what else ISO 8601 allows (without a zone: UTC), or a count of seconds or
    milliseconds since 1970 as number or text. Years before 2000 and after 2199 are none.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST_INSTANT:
            return None
        if _COUNT.fullmatch(text) is not None:
            return _since_1970(float(text))
        try:
            read = datetime.fromisoformat(text)
            return _within(read if read.tzinfo is not None else read.replace(tzinfo=UTC))
        except (ValueError, OverflowError):  # the latter on the first and last day there is
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return _since_1970(float(value)) if abs(value) < _MOST else None


def _since_1970(count: float) -> datetime | None:
    seconds = count / 1_000 if abs(count) >= _LEAST_MILLISECONDS else count
    if not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, tz=UTC)


def _within(read: datetime) -> datetime | None:
    moment = read.astimezone(UTC)
    return moment if EARLIEST <= moment < LATEST else None


def fingerprint(*parts: str) -> str:
    """One SHA-256 (hexadecimal) of *parts*, another one for any other division of the same text."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def too_deep(document: JsonValue, *, deepest: int = DEEPEST) -> bool:
    """Whether *document* has more than *deepest* levels of lists and objects."""
    level: list[JsonValue] = [document]
    for _ in range(deepest + 1):
        inner: list[JsonValue] = []
        nested = False
        for value in level:
            if isinstance(value, dict):
                inner.extend(value.values())
                nested = True
            elif isinstance(value, list):
                inner.extend(value)
                nested = True
        if not nested:
            return False
        level = inner
    return True
