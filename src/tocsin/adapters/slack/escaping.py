"""Text of people, made fit for Slack: escaped, of bounded length, and still what was typed.

Lengths are counted in UTF-16 units, the widest of the ways in which a limit may be meant, so that
what fits here fits for everybody who counts. In ``plain_text`` nothing needs escaping, which is why
cards and replies put what people wrote there and only words of ours in ``mrkdwn``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote

ELLIPSIS: Final = "…"

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HALVES = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_GAP = re.compile(r"\s+")

_JOINER: Final = "\u200d"
_MOST_JOINED: Final = 32
"""Characters that are kept together as one; a longer heap of marks may be cut."""


def wide(text: str) -> int:
    """The length of *text* in UTF-16 units."""
    return len(text) + sum(1 for one in text if one > "\uffff")


def escaped(text: str) -> str:
    """*text* for ``mrkdwn``: its ``&``, ``<`` and ``>`` stand for themselves, so that nothing in it
    becomes a mention, a link or a date."""
    return "".join(_ENTITIES.get(one, one) for one in tidy(text))


def plain(text: str, *, longest: int) -> str:
    """*text* for ``plain_text``, cut to *longest* units between two characters as people see
    them."""
    return _cut(_plain_pieces(tidy(text)), longest=longest)


def mrkdwn(text: str, *, longest: int) -> str:
    """*text* escaped for ``mrkdwn`` and cut to *longest* units, never inside an entity or a
    character."""
    return _cut(_escaped_pieces(tidy(text)), longest=longest)


def one_line(text: str) -> str:
    """*text* with every run of blanks and line ends as one blank."""
    return _GAP.sub(" ", text).strip()


def tidy(text: str) -> str:
    """*text* without controls and halves of characters, which JSON or Slack cannot carry."""
    return _UNSEEN.sub("", _HALVES.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")))


def address(url: str, shown: str) -> str:
    """A ``mrkdwn`` link to *url* that reads *shown*; nothing in either can end it early."""
    target = quote(tidy(url), safe="%/:?#[]@!$&'()*+,;=~-._").replace("&", "&amp;")
    return f"<{target}|{escaped(one_line(shown)).replace('|', '¦')}>"


def utc(instant: datetime) -> str:
    """``2026-11-20 14:05 UTC``."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def local(instant: datetime) -> str:
    """*instant* as each reader's client shows it in their own zone, UTC text for those that
    cannot."""
    return f"<!date^{int(instant.timestamp())}^{{date_short_pretty}} {{time}}|{utc(instant)}>"


def _cut(pieces: Iterator[str], *, longest: int) -> str:
    """The *pieces* joined, as many as fit; an ellipsis says that there were more."""
    kept: list[str] = []
    used = 0
    fitting = 0
    for piece in pieces:
        used += wide(piece)
        if used > longest:
            return "".join(kept[:fitting]) + (ELLIPSIS if longest > 0 else "")
        kept.append(piece)
        if used < longest:
            # Up to here there is room for the ellipsis as well.
            fitting = len(kept)
    return "".join(kept)


def _plain_pieces(text: str) -> Iterator[str]:
    """*text* in characters as people see them: with their marks, joined emoji and flags whole."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or at - start >= _MOST_JOINED or not _joined(text, start, at):
            yield text[start:at]
            start = at


def _escaped_pieces(text: str) -> Iterator[str]:
    for piece in _plain_pieces(text):
        yield "".join(_ENTITIES.get(one, one) for one in piece)


def _joined(text: str, start: int, at: int) -> bool:
    """Whether the character at *at* belongs to the one that began at *start*."""
    before, here = text[at - 1], text[at]
    if here.isascii():
        return before == _JOINER and not here.isspace()
    if here == _JOINER or before == _JOINER or unicodedata.combining(here):
        return True
    if "\ufe00" <= here <= "\ufe0f" or here == "\u20e3":
        return True
    if "\U0001f3fb" <= here <= "\U0001f3ff" or "\U000e0020" <= here <= "\U000e007f":
        return True
    # Two letters of a region are one flag; the third begins the next.
    return _regional(here) and _regional(before) and (at - start) == 1


def _regional(one: str) -> bool:
    return "\U0001f1e6" <= one <= "\U0001f1ff"
