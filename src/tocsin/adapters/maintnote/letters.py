"""Calendars out of a letter: the parts of an RFC 5322 message that are iCalendar.

Nothing is unpacked but the transfer encoding of a part, and nothing is fetched: a calendar in an
archive, or behind an address, is for a person.
"""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesParser
from typing import Final

from tocsin.core.ingestion import Unreadable

LARGEST: Final = 5 * 1_048_576
"""Bytes of a message."""

MOST_LINES: Final = 100_000
MOST_PARTS: Final = 40
"""Parts, and so also levels of parts in parts."""

MOST_CALENDARS: Final = 20

LONGEST_HEADER: Final = 4_000
"""Bytes of a header that says what a part is: mail's own reader of them needs the square of it."""

_END = re.compile(rb"\r\n|\r|\n")
_HEADER = re.compile(
    rb"(?:\A|[\r\n])(content-(?:type|disposition|transfer-encoding):"
    rb"[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*)",
    re.IGNORECASE,
)
_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:le|be)?|(?:us-)?ascii|iso-8859-[0-9]{1,2}|(?:windows-|cp)125[0-8]"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr"
)
"""Those of mail; not every codec there is, as some are slow by design."""

_TYPES: Final = frozenset({"text/calendar", "application/ics", "application/calendar"})


def calendars_in(message: bytes) -> tuple[bytes, ...]:
    """The calendars in *message*, in the order of its parts.

    Raises:
        Unreadable: it is too large, has too many parts, or has no calendar.
    """
    if len(message) > LARGEST:
        raise Unreadable(f"the message has {len(message):,} bytes; at most {LARGEST:,} are read")
    _bound_parts(message)
    parts = (part for part in BytesParser().parsebytes(message).walk() if _is_calendar(part))
    found = tuple(body for part in parts if (body := _body(part)))
    if not found:
        raise Unreadable("there is no calendar in it: no part of type text/calendar, no .ics file")
    if len(found) > MOST_CALENDARS:
        raise Unreadable(f"the message has more than {MOST_CALENDARS} calendars")
    return found


def _bound_parts(message: bytes) -> None:
    """Refuse, before it is taken apart, what would take too long or go too deep.

    Raises:
        Unreadable: too many parts, or one whose headers are too long.
    """
    if sum(1 for _ in _END.finditer(message)) > MOST_LINES:
        raise Unreadable(f"the message has more than {MOST_LINES:,} lines")
    # What parts are divided by begins so, and a ruler drawn in a text.
    if message.count(b"\n--") + message.count(b"\r--") > 20 * MOST_PARTS:
        raise Unreadable(f"the message has more than {MOST_PARTS} parts")
    parts = 0
    for header in _HEADER.finditer(message):
        if len(header[1]) > LONGEST_HEADER:
            raise Unreadable("a part of the message is described at too great a length")
        parts += header[1][:13].lower() == b"content-type:"
        if parts > MOST_PARTS:
            raise Unreadable(f"the message has more than {MOST_PARTS} parts")


def _is_calendar(part: Message) -> bool:
    name = part.get_filename() or ""
    return part.get_content_type() in _TYPES or name.strip().lower().endswith(".ics")


def _body(part: Message) -> bytes:
    """What the part holds, in UTF-8 where it says which encoding it is in; nothing where it holds
    parts."""
    held = part.get_payload(decode=True)
    if not isinstance(held, bytes):
        return b""
    charset = part.get_content_charset("utf-8")
    if _CHARSET.fullmatch(charset) is None:
        return held
    try:
        return held.decode(charset).encode()
    except (LookupError, ValueError):
        # Another encoding than it says: whoever reads the lines makes the best of it.
        return held
