"""What of the log may ever be published: the minimal facts, and nothing else (Domain: ticket)."""

from __future__ import annotations

from dataclasses import fields

from tests.core.telling import HOUR, NOON, OUTAGE, ROOT, after, decide, given
from tocsin.core.commands import ChangeFields
from tocsin.core.facts import registered_kinds
from tocsin.core.ticket_facts import Redacted, TicketUpdated

TICKET = {"type", "pubkey", "devices", "links", "status", "start_at", "end_at"}
UPDATE = {"author_pubkey", "at", "status_from", "status_to"}

PUBLISHED = {
    "incident.created": TICKET,
    "incident.updated": {"facts"},
    "incident.status_changed": UPDATE,
    "incident.resolved": {"at"},
    "incident.closed": {"at"},
    "incident.reopened": {"at"},
    "incident.note_added": {"author_pubkey"},
    "maintenance.planned": TICKET,
    "maintenance.updated": {"facts"},
    "maintenance.status_changed": UPDATE,
    "maintenance.rescheduled": {"start_at", "end_at", "start_at_before", "end_at_before"},
    "maintenance.started": {*UPDATE, "actual_start_at"},
    "maintenance.completed": {*UPDATE, "actual_end_at"},
    "maintenance.extended": {*UPDATE, "end_at", "end_at_before"},
    "maintenance.cancelled": UPDATE,
    "maintenance.closed": UPDATE,
    "maintenance.note_added": {"author_pubkey"},
}
"""By kind; whatever is not here publishes nothing of what it says."""


def test_each_kind_publishes_its_minimal_facts_and_no_other_kind_any() -> None:
    found = {kind: set(payload.public) for (kind, _), payload in registered_kinds().items()}

    assert {kind: names for kind, names in found.items() if names} == PUBLISHED


def test_no_text_is_published() -> None:
    for payload in registered_kinds().values():
        assert payload.public.isdisjoint(payload.redactable), payload


WORDS_OF_PEOPLE = {
    "author",
    "body",
    "body_before",
    "description",
    "details",
    "forced_reason",
    "reason",
    "reporter_email",
    "reporter_name",
    "resolution",
    "summary",
    "text",
    "title",
    "title_before",
}


def test_whatever_people_say_of_a_ticket_can_be_erased() -> None:
    for (kind, _), payload in registered_kinds().items():
        if kind.partition(".")[0] in ("incident", "maintenance") and payload is not Redacted:
            said = {one.name for one in fields(payload) if one.name in WORDS_OF_PEOPLE}  # type: ignore[arg-type]
            assert said <= payload.redactable, kind


def test_of_changed_fields_only_the_minimal_ones_are_published() -> None:
    every = ChangeFields(
        title="Amsterdam is grey",
        description="Some light",
        devices=("fra-1",),
        links=("ams-1:fra-1",),
        services=("dns",),
        impact="outage",
        reporter_name="Mia",
        reporter_email="mia@example.org",
        project_id="p",
        environment="staging",
        detected_by="monitor",
        runbook_path="runbooks/dark",
        root_cause="carrier",
        correlation_keys=("k",),
        internal_reference="X-1",
        resolution="Spliced.",
        primary_signal_id="s",
        start_at=NOON - HOUR,
    )
    (updated,) = decide(after(None, OUTAGE), every, given(ROOT))

    assert isinstance(updated, TicketUpdated)
    assert [one.field for one in updated.facts] == ["devices", "links", "start_at"]
    assert len(updated.changes) == 15
