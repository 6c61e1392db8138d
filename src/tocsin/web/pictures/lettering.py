"""How wide words are in a picture, reckoned on the safe side: no browser measures them for us."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from tocsin.web.status.document import one_line

SMALL: Final = 12.0
"""The size of letters in pictures, px at the width a picture is made for."""

LONGEST: Final = 200
"""Characters of a title or of an entry of a list."""

_BOLDER: Final = 1.12
_NARROW: Final = frozenset("iljtfr1I|!.,:;'`()[] ")
_BROAD: Final = frozenset("mwMW@%")


def told(text: str, *, most: int = LONGEST) -> str:
    """*text* in one line without control characters, at most *most* characters of it."""
    line = one_line(text[: 4 * most])
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def breadth(text: str, *, size: float = SMALL) -> float:
    """About how wide *text* is, px, when its letters are *size* px; rather too wide than not."""
    return sum(map(_share, text)) * size


def bold_breadth(text: str, *, size: float = SMALL) -> float:
    """About how wide *text* is, px, in bold letters of *size* px."""
    return breadth(text, size=size) * _BOLDER


def fitted(text: str, *, room: float, size: float = SMALL) -> str:
    """*text*, in bold, shortened to *room* px; empty when not even three letters would fit."""
    if bold_breadth(text, size=size) <= room:
        return text
    kept = ""
    used = _share("…") * size * _BOLDER
    for character in text:
        used += _share(character) * size * _BOLDER
        if used > room:
            break
        kept += character
    kept = kept.rstrip()
    return f"{kept}…" if len(kept) >= 3 else ""


def px(number: float) -> str:
    """A coordinate to a tenth of a px: exact enough to see, short enough to send."""
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def apart(places: Iterable[tuple[float, float]], *, room: float) -> tuple[bool, ...]:
    """Which of *places*, (left, right) from left to right, can be kept without any two nearer than
    *room* px; the first comes first."""
    last = float("-inf")
    kept = []
    for left, right in places:
        fits = left >= last + room
        kept.append(fits)
        if fits:
            last = right
    return tuple(kept)


def _share(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 1.05
    if character in _BROAD:
        return 0.98
    if character.isupper():
        return 0.74
    return 0.36 if character in _NARROW else 0.62
