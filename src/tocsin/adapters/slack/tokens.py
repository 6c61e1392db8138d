"""Text in pieces: the first words of a command, refs in any spelling, and the rest as typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tocsin.adapters.slack.entities import cut, plain

_TOKEN = re.compile(r"<[^<>]*>|[^\s<]+|<")
_REF = re.compile(r"([im])(\d{8})-?([a-z0-9]{4,8})", re.IGNORECASE)
_LIKE_A_REF = re.compile(r"[im]-?\d{6,9}[-a-z0-9]*", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
AROUND: Final = "\"'`“”„‘’‚«»*_~.,:;!?()[]{}"
"""What may stand around a word and does not belong to it."""
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−_", "-"))
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "‘": "’", "'": "'"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it came (``text``), as a word (small, bare), and where in the text it ends."""

    text: str
    word: str
    end: int


def tokens_of(text: str, most: int = 4) -> list[Token]:
    """The first few tokens of *text*; an entity is one."""
    found: list[Token] = []
    for token in _TOKEN.finditer(text):
        word = plain(token[0]).strip(AROUND).lstrip("/").lower().translate(_DASHES)
        if word:
            found.append(Token(token[0], word, token.end()))
        if len(found) == most:
            break
    return found


def first_of(text: str) -> tuple[Token | None, str]:
    """The first token of *text*, and the rest."""
    tokens = tokens_of(text, 1)
    return (tokens[0], text[tokens[0].end :]) if tokens else (None, "")


def ref_of(token: str) -> str | None:
    """The ref or id that *token* is, in its canonical spelling; a link to a ticket is one too."""
    inner = token[1:-1] if token.startswith("<") and token.endswith(">") else token
    target, _, label = inner.partition("|")
    parts = (label, target.rstrip("/").rpartition("/")[2]) if "://" in target else (token,)
    for part in parts:
        word = plain(part).strip(AROUND + "#").translate(_DASHES)
        ref = _REF.fullmatch(word)
        if ref is not None and word.isascii():
            return f"{ref[1].upper()}{ref[2]}-{ref[3].lower()}"
        if _ID.fullmatch(word) is not None:
            return word.lower()
    return None


def with_ref(text: str) -> tuple[str | None, str, str | None]:
    """The ref that *text* begins with, the rest, and a word that only looks like a ref."""
    token, rest = first_of(text)
    if token is None:
        return None, "", None
    ref = ref_of(token.text)
    if ref is not None:
        return ref, rest.lstrip(" \t:,-"), None
    bad = token.word if _LIKE_A_REF.fullmatch(token.word) is not None else None
    return None, text, bad


def words_in(text: str) -> str:
    """*text* as people read it, without quotes around all of it."""
    return unquoted(plain(text).strip())


def unquoted(text: str) -> str:
    """*text* without the one pair of quotes that is around all of it."""
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 2 or not text.endswith(closing):
        return text
    inner = text[1:-1]
    return text if closing in inner or text[0] in inner else inner.strip()


def harmless(text: str) -> str:
    """*text* for a sentence in mrkdwn, within a code span."""
    bare = cut(" ".join(plain(text).replace("`", "").split()), 40)
    return bare.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") or "…"
