"""A log proves itself: damage is found wherever it is, and erasure is no damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.handler.acting import House, house
from tocsin.core.commands import ChangeFields, ChangeStatus, Redact
from tocsin.core.record_commands import ChangePolicy
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.tending import COLUMNS, backup, check

POSITION = 14
"""An event in the middle of the log of :func:`story`."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def story(home: House) -> str:
    """A ticket's life; the stream's name."""
    stream = home.ask("owner", home.incident(title="Fibre cut near Amsterdam")).stream
    home.ask("owner", ChangeFields(title="Fibre cut near Utrecht"), subject=stream)
    home.ask("owner", ChangeStatus(status="acknowledged", body="on it"), subject=stream)
    home.ask("owner", ChangeStatus(status="closed", resolution="spliced"), subject=stream)
    return stream


def test_an_undamaged_log_has_no_problems(home: House) -> None:
    story(home)
    assert check(home.path) == []


def flipped(value: object) -> list[object]:
    """*value* with one bit changed, at its first, middle and last byte; a number one off."""
    match value:
        case int():
            return [value + 1_000, -value]
        case str():
            raw = value.encode()
        case bytes():
            raw = value
        case _:
            raise TypeError(value)
    found: list[object] = []
    for place in {0, len(raw) // 2, len(raw) - 1}:
        changed = bytearray(raw)
        changed[place] ^= 1
        found.append(bytes(changed).decode() if isinstance(value, str) else bytes(changed))
    return found


@pytest.mark.parametrize("column", COLUMNS.split(", "))
def test_one_changed_byte_anywhere_in_an_event_is_found(home: House, column: str) -> None:
    story(home)
    database = sqlite3.connect(home.path, isolation_level=None)
    (value,) = database.execute(
        f"SELECT {column} FROM events WHERE position = ?", (POSITION,)
    ).fetchone()
    damages = flipped(value)
    assert damages
    for damage in damages:
        database.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (damage, POSITION))
        assert check(home.path) != [], f"{column}: {value!r} became {damage!r}"
        changed = damage if column == "position" else POSITION
        database.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (value, changed))
    assert check(home.path) == []
    database.close()


def test_a_missing_event_is_found(home: House) -> None:
    story(home)
    database = sqlite3.connect(home.path, isolation_level=None)
    database.execute("DELETE FROM events WHERE position = ?", (POSITION,))
    database.close()
    assert any("missing" in problem for problem in check(home.path))


def test_a_state_or_row_that_is_not_what_the_log_says_is_found(home: House) -> None:
    story(home)
    database = sqlite3.connect(home.path, isolation_level=None)
    database.execute("UPDATE tickets SET gravity = gravity + 1")
    assert any("row of ticket" in problem for problem in check(home.path))
    database.execute("UPDATE tickets SET gravity = gravity - 1")
    rename = "UPDATE ticket_terms SET term = ? WHERE term = ?"
    database.execute(rename, ("environment=x", "environment=production"))
    assert any("found by what it is" in problem for problem in check(home.path))
    database.execute(rename, ("environment=production", "environment=x"))
    database.execute(
        "INSERT INTO deadlines (org_id, stream, kind, due_at) SELECT org_id, stream, 'overrun',"
        " '2030-01-01T00:00:00.000000Z' FROM tickets"
    )
    assert any("waits for" in problem for problem in check(home.path))
    database.execute("DELETE FROM deadlines")
    database.execute("UPDATE claims SET key = key || 'x' WHERE kind = 'ref'")
    assert any("claims of" in problem for problem in check(home.path))
    database.execute("UPDATE claims SET key = substr(key, 1, length(key) - 1) WHERE kind = 'ref'")
    assert check(home.path) == []
    database.execute("UPDATE heads SET state = replace(state, 'Utrecht', 'Leiden')")
    assert any("the state of" in problem for problem in check(home.path))
    database.close()


def test_a_state_that_is_lost_is_missed_although_another_org_has_one_of_that_name(
    home: House,
) -> None:
    for who, org in (("admin", "net"), ("stranger", "elsewhere")):
        home.ask(who, ChangePolicy(require_root_cause=True), sort="policy", org=org)
    database = sqlite3.connect(home.path, isolation_level=None)
    database.execute(
        "DELETE FROM heads WHERE stream = 'policy:policy' AND org_id = ?", (home.orgs["net"],)
    )
    database.close()

    assert check(home.path) == ["policy:policy has events and no state; run: tocsin db rebuild"]


def test_the_chain_still_verifies_after_a_redaction_and_seals_what_is_left(home: House) -> None:
    stream = story(home)
    with home.store.reading() as reader:
        first = reader.stream_events(home.orgs["net"], stream)[0]
    home.ask("admin", Redact(event=first.id, fields=("title",)), subject=stream)
    assert check(home.path) == []
    database = sqlite3.connect(home.path, isolation_level=None)
    database.execute(
        "UPDATE events SET private = replace(private, '[removed]', '[changed]') WHERE id = ?",
        (first.id,),
    )
    database.close()
    assert any("seals" in problem for problem in check(home.path))


def test_a_backup_of_a_database_in_use_opens_and_holds_the_same_log(
    home: House, tmp_path: Path
) -> None:
    stream = story(home)
    copy = tmp_path / "copy.db"
    backup(home.path, copy)
    home.ask("owner", ChangeFields(internal_reference="N-1"), subject=stream)

    store = SqliteStore(copy)
    with store.reading() as there, home.store.reading() as here:
        assert there.log() == here.log()[: there.last_position()]
        assert there.last_position() == here.last_position() - 1
    store.close()
    assert check(copy) == []
    with pytest.raises(FileExistsError):
        backup(home.path, copy)
