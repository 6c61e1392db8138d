"""Words: how the index is asked for them, in the language of FTS5.

For a beginning (``"car" *``) FTS5 first gathers every document that has any word of that beginning,
before it hands out the first of them. Where only a few words begin so, which is nearly always so
for a word that was typed to its end, they are named instead: then it walks along, and stops when
the page is full.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tocsin.store.sqlite.connecting import WORDS, Connection

MOST_NAMED: Final = 16
"""Words of one beginning that are named one by one; where there are more, FTS5 gathers them."""

_ONE_WORD: Final = re.compile(r"[0-9A-Za-z]+")
"""What is surely one word of the index, and spelt there as here but for its case."""

_BEHIND_ANY: Final = "\U0010ffff"
_NEXT: Final = "!"
"""Sorts before every letter and digit: what begins with a word and this is behind the word itself,
and before every longer one."""


def org_token(org_id: int) -> str:
    """The word that stands for an org in the search index."""
    return f"o{org_id}"


def match_of(
    connection: Connection, org_id: int, words: Sequence[Sequence[str]], *, whole: bool
) -> str:
    """What finds the org's documents with all *words*.

    Of each word any alternative will do; of the last one the beginning, unless it is *whole*.
    """
    wanted = [_any_of([_quoted(one) for one in word]) for word in words[:-1]]
    last: list[str] = []
    for one in words[-1]:
        last += [_quoted(one)] if whole else _begun(connection, one)
    wanted.append(_any_of(last))
    return f"org : {org_token(org_id)} AND text : ({' AND '.join(wanted)})"


def words_beginning(connection: Connection, beginning: str) -> list[str] | None:
    """The words of the index that begin so, sorted; None when more than :data:`MOST_NAMED` do.

    *beginning* is in lower case, letters and digits only.
    """
    found: list[str] = []
    at = beginning
    while len(found) <= MOST_NAMED:
        row = connection.execute(
            f"SELECT term FROM {WORDS} WHERE term >= ? AND term < ? LIMIT 1",
            (at, beginning + _BEHIND_ANY),
        ).fetchone()
        if row is None:
            return found
        found.append(row[0])
        at = row[0] + _NEXT
    return None


def _begun(connection: Connection, beginning: str) -> list[str]:
    named = None
    if _ONE_WORD.fullmatch(beginning):
        named = words_beginning(connection, beginning.lower())
    # No word begins so: the beginning itself finds nothing either, and says so at once.
    return [f"{_quoted(beginning)} *"] if not named else [_quoted(word) for word in named]


def _any_of(quoted: Sequence[str]) -> str:
    return f"({' OR '.join(quoted)})"


def _quoted(word: str) -> str:
    """Quoted, so that it is never read as anything else."""
    return '"' + word.replace('"', '""') + '"'
