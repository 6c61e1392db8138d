"""Every kind of event about a ticket has a sentence of its own, and tells the demo's history."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tocsin.app.demo import furnish
from tocsin.core.facts import registered_kinds
from tocsin.projections.sentences import LONGEST, SENTENCES, sentence_of
from tocsin.store.codec import data_of
from tocsin.store.sqlite import SqliteStore


def test_every_kind_has_a_sentence() -> None:
    kinds = {kind for kind, _ in registered_kinds()}
    names = {
        name
        for sort, _, name in (kind.partition(".") for kind in kinds)
        if sort in ("incident", "maintenance")
    }
    assert set(SENTENCES) == names


def test_a_message_says_whose_it_is_and_whether_it_was_taken_back() -> None:
    said = {"author": "Mia", "text": "Restarted.", "message_id": "m", "source": "slack"}

    assert sentence_of("incident.message_recorded", said) == "Mia, in a chat: Restarted."
    gone = sentence_of("incident.message_recorded", {**said, "text": "", "deleted": True})
    assert gone == "Mia took back a message in a chat"


def test_a_reminder_that_came_too_late_does_not_say_that_it_begins_soon() -> None:
    reminded = {"at": "2026-11-20T12:00:00.000000Z", "start_at": "2026-11-20T12:00:00.000000Z"}

    assert sentence_of("maintenance.reminded", {**reminded, "late": False}) == "begins soon"
    late = sentence_of("maintenance.reminded", {**reminded, "late": True})
    assert late == "the reminder was found after the start"


def test_a_whole_history_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "tocsin.db")
    furnish(store, seal=bytes, until=datetime(2026, 11, 20, 9, tzinfo=UTC))
    told: dict[str, str] = {}
    with store.reading() as turn:
        for event in turn.log(limit=10_000):
            if event.stream.startswith(("incident:", "maintenance:")):
                text = sentence_of(event.kind, data_of(event.payload))
                assert 0 < len(text) <= LONGEST
                assert "None" not in text
                told[event.kind] = text
    store.close()
    assert told["incident.created"].startswith("opened: ")
    assert " → " in told["incident.status_changed"]
    assert told["incident.slo_violation_recorded"].startswith("objective ")
