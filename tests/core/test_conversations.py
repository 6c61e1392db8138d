"""A conversation belongs to one ticket, and what is said there is kept beside the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.telling import (
    CLOCK,
    NOON,
    OUTAGE,
    ROOT,
    after,
    decide,
    given,
    incident_open,
    maintenance_planned,
)
from tocsin.core.claims import EXTERNAL_ID
from tocsin.core.commands import AddReference, ChangeStatus, RecordMessage, ReferenceDraft
from tocsin.core.errors import Conflict, Invalid
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_claims import claims_of
from tocsin.core.ticket_facts import MessageRecorded

THREAD = "slack:T024:C061:1700000000.000100"
CHAT = ReferenceDraft(kind="chat", url="https://acme.slack.com/archives/C061", external_id=THREAD)
IN_THREAD = replace(OUTAGE, references=(CHAT,))
HELD = {(EXTERNAL_ID, THREAD): "incident:0192-other"}
SAID = RecordMessage(
    message_id=f"{THREAD}:m", source="slack", author="Mia", text="Looking at it.", at=NOON
)


def test_a_ticket_keeps_its_conversation_for_ever() -> None:
    opened = after(None, IN_THREAD)
    closed = after(opened, ChangeStatus(status="closed"), given(by=ROOT))

    assert (EXTERNAL_ID, THREAD) in claims_of(opened)
    assert (EXTERNAL_ID, THREAD) in claims_of(closed)


def test_a_conversation_opens_one_ticket_and_the_second_is_told_which() -> None:
    with pytest.raises(Conflict, match="belongs to 0192-other") as refused:
        decide(None, IN_THREAD, given(claims=HELD))
    assert refused.value.holder == "0192-other"

    with pytest.raises(Conflict):
        decide(incident_open(), AddReference(reference=CHAT), given(by=ROOT, claims=HELD))


def test_its_own_conversation_twice_is_nothing_new() -> None:
    opened = after(None, IN_THREAD)
    own = {(EXTERNAL_ID, THREAD): opened.stream}

    assert decide(opened, AddReference(reference=CHAT), given(by=ROOT, claims=own)) == ()


@pytest.mark.parametrize("ticket", [incident_open(), maintenance_planned()])
def test_a_message_is_recorded_and_changes_nothing_else(ticket: Ticket) -> None:
    recorded = decide(ticket, SAID, given(by=CLOCK))

    assert recorded == (
        MessageRecorded(
            message_id=f"{THREAD}:m", source="slack", author="Mia", text="Looking at it.", at=NOON
        ),
    )
    heard = after(ticket, SAID, given(by=CLOCK))
    assert heard == replace(ticket, version=heard.version, updated_at=heard.updated_at)


def test_a_deleted_message_keeps_no_text() -> None:
    (gone,) = decide(incident_open(), replace(SAID, deleted=True), given(by=CLOCK))

    assert isinstance(gone, MessageRecorded)
    assert (gone.deleted, gone.text) == (True, "")


def test_a_message_is_cut_where_the_timeline_ends_and_never_refused_for_its_length() -> None:
    (kept,) = decide(
        incident_open(), replace(SAID, text="é" * 40_000, author="a" * 500), given(by=CLOCK)
    )

    assert isinstance(kept, MessageRecorded)
    assert (kept.text, kept.author) == ("é" * 10_000, "a" * 100)


def test_a_message_without_identity_is_refused() -> None:
    with pytest.raises(Invalid):
        decide(incident_open(), replace(SAID, message_id=""), given(by=CLOCK))
