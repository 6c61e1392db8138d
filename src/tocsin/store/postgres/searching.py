"""Words: how a document is cut into them, and how they are asked for.

The same words as SQLite's index knows (``unicode61 remove_diacritics 2``): runs of letters and
digits, without marks, whatever their case. Both sides are cut here, so PostgreSQL only compares.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_WORD = re.compile(r"[^\W_]+")

LONGEST_WORD: Final = 500
"""Characters; of a longer word the beginning counts."""

MOST_PLACES: Final = 255
LAST_PLACE: Final = 16_383
"""What PostgreSQL keeps of where a word stands; a word beyond it is found, a phrase there not."""

NOTHING: Final = "'-'"
"""What no document has."""


def parts_of(text: str) -> list[str]:
    """The words in *text*, in their order."""
    bare = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return [word[:LONGEST_WORD] for word in _WORD.findall(bare.casefold())]


def org_word(org_id: int) -> str:
    """The word that each document of an org has; no text has such a one."""
    return f"'#{org_id}'"


def vector_of(org_id: int, text: str) -> str:
    """The words of a document and where they stand, as a ``tsvector`` is written."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(parts_of(text), start=1):
        found = places.setdefault(word, [])
        if len(found) < MOST_PLACES:
            found.append(str(min(place, LAST_PLACE)))
    words = [f"'{word}':{','.join(found)}" for word, found in places.items()]
    return " ".join([org_word(org_id), *words])


def query_of(org_id: int, words: Sequence[Sequence[str]], *, whole: bool) -> str:
    """What finds the org's documents with all *words*, as a ``tsquery`` is written.

    Of each word any alternative will do; of the last one the beginning, unless it is *whole*.
    """
    wanted = [_any_of(word, beginning=False) for word in words[:-1]]
    wanted.append(_any_of(words[-1], beginning=not whole))
    return " & ".join([org_word(org_id), *wanted])


def _any_of(alternatives: Sequence[str], *, beginning: bool) -> str:
    found = [_phrase(parts_of(one), beginning=beginning) for one in alternatives]
    return f"({' | '.join(found)})"


def _phrase(parts: Sequence[str], *, beginning: bool) -> str:
    if not parts:
        return NOTHING
    quoted = [f"'{part}'" for part in parts]
    if beginning:
        quoted[-1] += ":*"
    return f"({' <-> '.join(quoted)})"
