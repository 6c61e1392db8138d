"""Public words as HTML: paragraphs, line breaks and https links, and nothing else.

People write plain text; whatever else it looks like, Markdown or markup, is shown as they typed it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup, escape

LONGEST_LINK: Final = 2_000

_WORDS: Final = re.compile(r"(\s+)")
_PARAGRAPHS: Final = re.compile(r"\n(?:[ \t]*\n)+")
_ADDRESS: Final = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+\.?",
    re.IGNORECASE,
)
_BEFORE: Final = "([{<\"'"
_AFTER: Final = ".,;:!?\"'>]}*_~`"
# Control characters do nothing good on a page; the directional ones turn the rest of a line round.
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


def cleaned(text: str) -> str:
    """*text* with lines ended by ``\\n`` and without control and directional characters."""
    return _UNWANTED.sub("", re.sub(r"\r\n?|\u2028|\u2029", "\n", text))


def https_address(text: str | None) -> str | None:
    """*text* when it is an address that may be linked to, None when it is not.

    That is ``https://`` with a host name of ASCII letters, perhaps a port, and no user name,
    so that what one reads before the first slash is where one gets to.
    """
    if text is None or len(text) > LONGEST_LINK or not _ADDRESS.fullmatch(text):
        return None
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it is what checks it
    except ValueError:
        return None
    if "@" in parts.netloc or parts.hostname is None or not _HOST.fullmatch(parts.hostname):
        return None
    return text


def paragraphs(text: str) -> Markup:
    """*text* as ``<p>`` elements, each in the direction of its own first strong character."""
    blocks = (block.strip("\n") for block in _PARAGRAPHS.split(cleaned(text).strip()))
    return Markup("\n").join(
        Markup('<p dir="auto">{}</p>').format(
            Markup("<br>").join(_line(line) for line in block.split("\n"))
        )
        for block in blocks
        if block
    )


def first_paragraph(text: str, *, longest: int = 280) -> str:
    """The first paragraph of *text* as one plain line of at most *longest* characters."""
    block = _PARAGRAPHS.split(cleaned(text).strip(), maxsplit=1)[0]
    line = " ".join(block.split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0].rstrip(_AFTER) + "…"


def _line(line: str) -> Markup:
    return Markup("").join(_word(word) for word in _WORDS.split(line))


def _word(word: str) -> Markup:
    if "https://" not in word:
        return escape(word)
    before = len(word) - len(word.lstrip(_BEFORE))
    address = word[before:].rstrip(_AFTER)
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(_AFTER)
    if https_address(address) is None:
        return escape(word)
    return Markup('{}<a href="{}" rel="noopener nofollow">{}</a>{}').format(
        word[:before], address, address, word[before + len(address) :]
    )
