"""A badge of a page or of one of its services: an SVG for the READMEs of the world.

Two fields side by side, as such badges are: whose state, and the state, as a word and as a colour.
It loads nothing and has no style or script, so that it is whole wherever it is shown, and the
strictest content security policy lets it through. Both texts are told to reader programs as well.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Final

from tocsin.web.status.document import Document, changed_at, one_line
from tocsin.web.status.markup import Element, written
from tocsin.web.status.view import Level, PageView, ServiceView
from tocsin.web.status.words import level_words

CONTENT_TYPE: Final = "image/svg+xml; charset=utf-8"
LONGEST: Final = 40
"""Characters of a name."""

INK: Final = "#ffffff"
LABEL_COLOUR: Final = "#3f4650"
COLOURS: Final = {
    Level.OPERATIONAL: "#1b7a3d",
    Level.MAINTENANCE: "#2563b8",
    Level.DEGRADED: "#8a6100",
    Level.PARTIAL: "#b0480f",
    Level.MAJOR: "#b3202c",
}
"""Behind the word of a level; :data:`INK` on each is legible (WCAG 2.2, 1.4.3: 4.5 to 1)."""

_HEIGHT: Final = 20
_SIZE: Final = 11
_PADDING: Final = 6
_NARROW: Final = frozenset("iljtfr1I|!.,:;'`()[] ")
_WIDE: Final = frozenset("mwMW@%")


def badge(page: PageView, service: ServiceView | None = None) -> Document:
    """The badge of *page*, or of one *service* of it."""
    subject = page if service is None else service
    label = _shortened(one_line(subject.name)) or "status"
    level = subject.level
    word = level_words(level).lower()
    left, right = _field(label), _field(word)
    width = left + right
    told = f"{label}: {word}"
    svg = Element(
        "svg",
        [
            Element("title", told),
            _box(0, left, LABEL_COLOUR),
            _box(left, right, COLOURS[level]),
            _words(label, middle=left / 2, length=left - 2 * _PADDING),
            _words(word, middle=left + right / 2, length=right - 2 * _PADDING),
        ],
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(width),
            "height": str(_HEIGHT),
            "viewBox": f"0 0 {width} {_HEIGHT}",
            "role": "img",
            "aria-label": told,
        },
    )
    return Document(
        body=written(svg, head=""), content_type=CONTENT_TYPE, changed_at=changed_at(page)
    )


def _box(left: int, width: int, colour: str) -> Element:
    return Element(
        "rect",
        "",
        {"x": str(left), "width": str(width), "height": str(_HEIGHT), "fill": colour},
    )


def _words(text: str, *, middle: float, length: int) -> Element:
    """*text*, set to exactly *length* whatever font is there."""
    return Element(
        "text",
        text,
        {
            "x": f"{middle:g}",
            "y": "14",
            "fill": INK,
            "font-family": "Verdana,Geneva,DejaVu Sans,sans-serif",
            "font-size": str(_SIZE),
            "text-anchor": "middle",
            "textLength": str(length),
            "lengthAdjust": "spacingAndGlyphs",
        },
    )


def _field(text: str) -> int:
    return max(_SIZE, math.ceil(sum(map(_width, text)))) + 2 * _PADDING


def _width(character: str) -> float:
    """About as wide as Verdana has it at this size; ``textLength`` takes up the rest."""
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return 0.0
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return float(_SIZE)
    if character in _NARROW:
        return 4.5
    if character in _WIDE:
        return 10.5
    return 8.0 if character.isupper() else 7.0


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
