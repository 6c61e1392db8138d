"""Beginnings of words in SQLite: the few words of one beginning are named, many are gathered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.databases import lay_out
from tests.store.retelling import indexed
from tocsin.store.sqlite.reading import SqliteReadTurn
from tocsin.store.sqlite.searching import MOST_NAMED, match_of, words_beginning
from tocsin.store.sqlite.store import SqliteStore

FEW = [f"few{number:02d}" for number in range(MOST_NAMED)]
MANY = [f"many{number:02d}" for number in range(MOST_NAMED + 1)]


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[SqliteReadTurn]:
    """A snapshot with as many words of one beginning as are named, and with one more of another."""
    store = SqliteStore(lay_out(tmp_path / "words.db"))
    try:
        with store.tending() as tending:
            indexed(tending, {1: " ".join(FEW), 2: " ".join(MANY), 3: "Few Fewer"}, org_id=1)
            tending.commit()
        with store.reading() as turn:
            yield turn
    finally:
        store.close()


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        ("few0", FEW[:10]),
        ("few", None),
        ("fewe", ["fewer"]),
        ("many1", MANY[10:]),
        ("many", None),
        ("nobody", []),
    ],
)
def test_the_words_of_a_beginning(
    turn: SqliteReadTurn, beginning: str, words: list[str] | None
) -> None:
    assert words_beginning(turn.connection, beginning) == words


@pytest.mark.parametrize(
    ("words", "whole", "asked"),
    [
        ([("Fewe",)], False, '("fewer")'),
        ([("Fewe",)], True, '("Fewe")'),
        ([("many",), ("fewe",)], False, '("many") AND ("fewer")'),
        ([("many",)], False, '("many" *)'),
        ([("nobody",)], False, '("nobody" *)'),
        ([("ams-few",)], False, '("ams-few" *)'),
        ([("fewe", "a-b")], False, '("fewer" OR "a-b" *)'),
        ([('fe"w',)], False, '("fe""w" *)'),
    ],
)
def test_what_the_index_is_asked(
    turn: SqliteReadTurn, words: list[tuple[str, ...]], whole: bool, asked: str
) -> None:
    found = match_of(turn.connection, 1, words, whole=whole)

    assert found == f"org : o1 AND text : ({asked})"
