"""Content lines of iCalendar: the grammar that calendars are written in, both ways (RFC 5545, 3.1).

The grammar is kept here, as text from strangers has to come through whole and at a bounded cost:
the libraries for it lose backslashes and percent signs of a text on its way out and back, and
follow whatever rule a calendar gives for its time zone for as long as it leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tocsin.core.ingestion import Unreadable

LARGEST: Final = 1_000_000
"""Bytes of a calendar."""

MOST_LINES: Final = 20_000
LONGEST_NAME: Final = 64
MOST_PARAMETERS: Final = 20

OCTETS: Final = 75
"""Of a line as it is sent, without its end."""

_FOLD = re.compile(rb"(?:\r\n|\r|\n)[ \t]")
_END = re.compile(r"\r\n|\r|\n")
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CIRCUMFLEX = re.compile(r"\^([n^'])")
_PARAMETER_ESCAPES: Final = {"n": "\n", "^": "^", "'": '"'}

NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A property, ``BEGIN`` or ``END``: *name* and the names of parameters in capitals; *value* as
    it was written, without blanks around it."""

    name: str
    value: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def lines_of(body: bytes) -> Iterator[Line]:
    """The content lines of a calendar, unfolded.

    Folds inside a character are mended; bytes that are no UTF-8 are taken as Latin-1. What is no
    content line is left out: mailers break lines, and what matters is asked for by name.

    Raises:
        Unreadable: more than 1,000,000 bytes or 20,000 lines.
    """
    if len(body) > LARGEST:
        raise Unreadable(f"the calendar has {len(body):,} bytes; at most {LARGEST:,} are read")
    whole = _FOLD.sub(b"", body)
    try:
        text = whole.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = whole.decode("latin-1")
    found = _END.split(text)
    if len(found) > MOST_LINES:
        raise Unreadable(f"the calendar has {len(found):,} lines; at most {MOST_LINES:,} are read")
    for raw in found:
        line = _line(raw)
        if line is not None:
            yield line


def _line(raw: str) -> Line | None:
    head = _NAME.match(raw.lstrip())
    if head is None:
        return None
    pieces, value = _split(raw.lstrip()[head.end() :])
    if value is None:
        return None
    parameters = {
        name.strip().upper(): _parameter(given)
        for name, mark, given in (piece.partition("=") for piece in pieces[:MOST_PARAMETERS])
        if mark
    }
    return Line(name=head[0].upper(), value=value.strip(), parameters=parameters)


def _split(rest: str) -> tuple[list[str], str | None]:
    """The parameters that stand before the colon, and what comes after it; quotes hold both."""
    pieces: list[str] = []
    start, quoted = 0, False
    for index, character in enumerate(rest):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in ";:":
            if start:
                pieces.append(rest[start:index])
            elif rest[:index].strip():
                return [], None
            start = index + 1
            if character == ":":
                return pieces, rest[start:]
    return [], None


def _parameter(given: str) -> str:
    bare = given.strip().removeprefix('"').removesuffix('"')
    return _CIRCUMFLEX.sub(lambda found: _PARAMETER_ESCAPES[found[1]], bare)


def text_of(value: str) -> str:
    """The text that a TEXT *value* stands for: unescaped, without control characters."""
    return clean(_ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value))


def clean(text: str) -> str:
    """*text* without control characters other than tab and line feed."""
    return _CONTROLS.sub("", _END.sub("\n", text))


def text_line(name: str, text: str) -> str:
    """A property whose value is the TEXT *text*."""
    escaped = clean(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return line(name, escaped.replace("\n", "\\n"))


def line(name: str, value: str, *, parameters: Mapping[str, str] = NO_PARAMETERS) -> str:
    """A content line with its end, folded so that none is longer than 75 octets.

    *value* must be free of line ends: of a type that has none, or escaped.
    """
    head = name + "".join(f";{key}={_quoted(text)}" for key, text in parameters.items())
    return _folded(f"{head}:{value}")


def _quoted(text: str) -> str:
    safe = clean(text).replace("^", "^^").replace("\n", "^n").replace('"', "^'")
    return f'"{safe}"'


def _folded(whole: str) -> str:
    """Folds stand between characters, never inside one."""
    rows: list[str] = []
    start, octets = 0, 0
    for index, character in enumerate(whole):
        width = len(character.encode())
        # A row after the first begins with the blank that marks it as a fold.
        if octets + width > OCTETS - bool(rows):
            rows.append(whole[start:index])
            start, octets = index, 0
        octets += width
    rows.append(whole[start:])
    return "\r\n ".join(rows) + "\r\n"
