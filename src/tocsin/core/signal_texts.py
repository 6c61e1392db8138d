"""A neighbour's values, cut to what a signal takes: never refused, and what is left stays true.

A neighbour sends texts of any length, keys of any shape and values of any kind, and a refusal would
lose an alert. So what is too long ends in ``…``, a key that had to be shortened keeps a digest that
tells it from its likes, and what does not fit at all is named as left out (Domain: signals).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from tocsin.core.facts import JsonValue
from tocsin.core.instants import NotAnInstant, from_text
from tocsin.core.ticket_reading import EARLIEST, KEY, LATEST
from tocsin.core.ticket_signals import LONGEST_DATA, LONGEST_LABEL_VALUE, MOST_SIGNAL_LABELS

MOST_SIGNALS = 1_000
"""How many signals one payload may bring."""

LONGEST_KEY = 180
"""Characters of a neighbour's own key, so that a connector's code fits before it."""

MOST_DATA = LONGEST_DATA // 2
"""Characters of JSON that a payload may put into a signal, so that there is room for more."""

DEEPEST_DATA = 16

LARGEST_NUMBER = 2**53
"""Beyond it readers of JSON disagree about whole numbers, so they are kept as text."""

LEFT_OUT = "left_out"
"""The key of the data that names what did not fit."""

# What a signal's texts must not have: control characters other than tab and line feed, and halves
# of a pair, which are no text in UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ROOM_FOR_NAMES = 1_000
# An offset as ISO 8601 allows it and RFC 3339 does not: +0000.
_OFFSET_WITHOUT_COLON = re.compile(r"(?<=[0-9])([+-][0-9]{2})([0-9]{2})$", re.ASCII)


class _Unfit(Exception):
    """A value that is nested too deeply."""


def text(value: object, *, longest: int) -> str | None:
    """*value* as a text of at most *longest* characters; None when it is blank or no plain value.

    Numbers are written as JSON writes them. A text that is cut ends in ``…``.
    """
    match value:
        case None:
            return None
        case str():
            return cut(value, longest=longest) or None
        case bool() | int() | float():
            return cut(json.dumps(value), longest=longest)
        case _:
            return None


def name(value: object, *, longest: int) -> str | None:
    """*value* as a name; None when it is blank, too long or no plain value.

    A name is never cut: what is left would be another one.
    """
    read = text(value, longest=longest + 1)
    return read if read is not None and len(read) <= longest else None


def cut(words: str, *, longest: int) -> str:
    """*words* without blanks around them and without control characters, at most *longest* long."""
    # Nearly all are plain, and this is done for every label of every alert.
    words = words.strip() if _is_plain_text(words) else _printable(words).strip()
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def _is_plain_text(words: str) -> bool:
    """Whether nothing in *words* has to be looked at twice."""
    return words.isascii() and words.isprintable()


def _printable(words: str) -> str:
    if _is_plain_text(words):
        return words
    if _UNPRINTABLE.search(words) is None:
        return words
    return _UNPRINTABLE.sub(" ", words.replace("\r\n", "\n"))


def key(value: object, *, longest: int = LONGEST_KEY) -> str | None:
    """*value* as a key of at most *longest* characters; None when it is blank or no plain value.

    Different values stay different: one that has to be shortened or cleaned ends in a digest of the
    whole.
    """
    if isinstance(value, bool | int | float):
        value = json.dumps(value)
    elif not isinstance(value, str):
        return None
    if len(value) <= longest and _is_plain_text(value) and value.strip() == value:
        return value or None
    return _shortened(value, longest)


@lru_cache(maxsize=4_096)
def _shortened(value: str, longest: int) -> str | None:
    """A key that is long or has to be cleaned; that of a group comes with each of its payloads."""
    cleaned = _printable(value).strip()
    if not cleaned:
        return None
    if cleaned == value and len(value) <= longest:
        return value
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{cleaned[: longest - len(digest) - 1]}~{digest}"


def labels(given: Mapping[str, object]) -> dict[str, str]:
    """What a signal can take of the labels *given*: at most 200, names and values cut.

    A value that is no plain value is left out, as is one without a name.
    """
    taken: dict[str, str] = {}
    for name, value in given.items():
        if len(taken) == MOST_SIGNAL_LABELS:
            break
        label = _label(name)
        if label is None or not (value is None or isinstance(value, str | int | float)):
            continue
        if isinstance(value, str):
            taken[label] = cut(value, longest=LONGEST_LABEL_VALUE)
        else:
            taken[label] = text(value, longest=LONGEST_LABEL_VALUE) or ""
    return taken


@lru_cache(maxsize=4_096)
def _label(name: str) -> str | None:
    """*name* as that of a label; the same few come again and again."""
    return key(name, longest=KEY)


def data(given: Mapping[str, object], *, most: int = MOST_DATA) -> dict[str, JsonValue]:
    """What a signal can take of *given*, in its order: at most about *most* characters of JSON.

    None and empty values are not worth keeping. What is nested too deeply or would not fit any more
    is left out and named under ``left_out``.
    """
    taken: dict[str, JsonValue] = {}
    left_out: list[str] = []
    room = most
    for name, value in given.items():
        if value is None or value in ("", [], {}):
            continue
        label = _label(name)
        if label is None:
            continue
        try:
            plain = _printable(value) if isinstance(value, str) else _plain(value, depth=1)
        except _Unfit:
            left_out.append(label)
            continue
        size = _size(label) + _size(plain) + 4
        if size > room:
            left_out.append(label)
            continue
        room -= size
        taken[label] = plain
    if left_out:
        taken[LEFT_OUT] = cut(", ".join(left_out[:_ROOM_FOR_NAMES]), longest=_ROOM_FOR_NAMES)
    return taken


def _size(plain: JsonValue) -> int:
    """Characters that *plain* has as JSON, at most."""
    if isinstance(plain, str):
        # What is printable is at worst escaped by one more character; most data is such text.
        return 2 * len(plain) + 2 if plain.isascii() else len(json.dumps(plain))
    if isinstance(plain, dict) and all(isinstance(inner, str) for inner in plain.values()):
        return sum(_size(name) + _size(inner) + 4 for name, inner in plain.items())
    return len(json.dumps(plain))


def _plain(value: object, *, depth: int) -> JsonValue:
    if depth > DEEPEST_DATA:
        raise _Unfit
    match value:
        case None | bool():
            return value
        case str():
            return _printable(value)
        case int():
            return value if -LARGEST_NUMBER < value < LARGEST_NUMBER else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            return value.isoformat()
        case Mapping():
            return {
                _printable(str(name)): _printable(inner)
                if isinstance(inner, str)
                else _plain(inner, depth=depth + 1)
                for name, inner in value.items()
            }
        case list() | tuple():
            return [_plain(inner, depth=depth + 1) for inner in value]
        case _:
            raise _Unfit


def instant(value: object) -> datetime | None:
    """The instant that *value* names in RFC 3339, in UTC; None for anything else.

    An offset may be without its colon, as PagerDuty's clients write it.

    Years before 2000 and after 2199 are how neighbours spell that there is none
    (``0001-01-01T00:00:00Z``).
    """
    return _instant(value) if isinstance(value, str) and len(value) <= LONGEST_KEY else None


@lru_cache(maxsize=4_096)
def _instant(value: str) -> datetime | None:
    # What fires is told of again and again, and began when it began.
    try:
        read = from_text(
            value if value.endswith("Z") else _OFFSET_WITHOUT_COLON.sub(r"\1:\2", value)
        )
    except NotAnInstant:
        return None
    return read if EARLIEST <= read < LATEST else None
