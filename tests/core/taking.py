"""Whether the core takes what a neighbour's payload was read to say."""

from __future__ import annotations

from tests.core.telling import Town, decide, given, incident_open, under
from tocsin.core.commands import AttachSignal, SignalDraft
from tocsin.core.errors import FieldError
from tocsin.core.ingestion import (
    Acknowledged,
    Amended,
    Announced,
    Ended,
    Noted,
    Reading,
)
from tocsin.core.signal_texts import LONGEST_KEY
from tocsin.core.ticket_facts import SignalIngested
from tocsin.core.ticket_reading import (
    LABEL,
    MOST_LABELS,
    NAME,
    NEEDS_AFFECTED,
    TEXT,
    TITLE,
    optional_text,
)

FIVE_LEVELS: Town = under(severity_levels=5)


def assert_taken(reading: Reading) -> None:
    """Every signal of *reading* can be attached, and every word be told, as it stands."""
    for said in reading.said:
        match said:
            case SignalDraft():
                assert_attachable(said)
            case Acknowledged(key=key, by=by, note=note) | Ended(key=key, by=by, note=note):
                assert_texts((key, LONGEST_KEY), (by, NAME), (note, TEXT))
            case Noted(key=key, text=text, by=by):
                assert_texts((key, LONGEST_KEY), (text, TEXT), (by, NAME))
            case Announced(key=key, summary=summary):
                assert_texts((key, LONGEST_KEY), (summary, TITLE))
            case Amended():
                assert_texts(
                    (said.key, LONGEST_KEY),
                    (said.title, TITLE),
                    (said.description, TEXT),
                    (said.assignee, NAME),
                    *((label, LABEL) for label in (*said.add_labels, *said.remove_labels)),
                )
                assert len(said.add_labels) <= MOST_LABELS
                assert NEEDS_AFFECTED not in said.add_labels


def assert_attachable(draft: SignalDraft) -> None:
    ticket = incident_open()
    (signal,) = decide(ticket, AttachSignal(signal=draft), given(town=FIVE_LEVELS))
    assert isinstance(signal, SignalIngested)
    assert len(signal.correlation_key or "") <= LONGEST_KEY
    assert len(signal.fingerprint or "") <= LONGEST_KEY


def assert_texts(*texts: tuple[str | None, int]) -> None:
    for text, longest in texts:
        errors: list[FieldError] = []
        optional_text(text, field="text", longest=longest, errors=errors)
        assert errors == []
