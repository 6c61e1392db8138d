"""Folding changed fields into a ticket; what cannot be read, or was erased, changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from tocsin.core.facts import Change
from tocsin.core.instants import NotAnInstant, from_text
from tocsin.core.ticket_facts import TicketUpdated
from tocsin.core.words import Impact, RootCause

Changes = dict[str, Any]


def folded_fields(payload: TicketUpdated) -> Changes:
    """The fields of a ticket that *payload* gives new values, those that can be read."""
    changes: Changes = {}
    for change in (*payload.facts, *payload.changes):
        if isinstance(change, Change):
            read = _READERS.get(change.field)
            if read is not None:
                changes |= read(change)
    if payload.affected_contributors is not None:
        changes["affected_contributors"] = payload.affected_contributors
    if payload.effect is not None:
        changes["effect"] = payload.effect
    return changes


def _text(change: Change) -> Changes:
    return {change.field: change.new} if isinstance(change.new, str) else {}


def _optional(change: Change) -> Changes:
    return {change.field: change.new} if change.new is None or isinstance(change.new, str) else {}


def _texts(change: Change) -> Changes:
    if not isinstance(change.new, list):
        return {}
    return {change.field: tuple(sorted(text for text in change.new if isinstance(text, str)))}


def _number(change: Change) -> Changes:
    whole = isinstance(change.new, int) and not isinstance(change.new, bool)
    return {change.field: change.new} if whole else {}


def _start(change: Change) -> Changes:
    try:
        start_at = from_text(change.new if isinstance(change.new, str) else "")
    except NotAnInstant:
        return {}
    return {"start_at": start_at, "start_given": True}


def _word(words: type[StrEnum]) -> Callable[[Change], Changes]:
    def read(change: Change) -> Changes:
        if change.new is None:
            return {change.field: None}
        known = [member for member in words if member.value == change.new]
        return {change.field: known[0]} if known else {}

    return read


_READERS: Mapping[str, Callable[[Change], Changes]] = {
    "title": _text,
    "description": _text,
    "environment": _text,
    "detected_by": _text,
    "reporter_name": _optional,
    "reporter_email": _optional,
    "project_id": _optional,
    "primary_signal_id": _optional,
    "runbook_path": _optional,
    "internal_reference": _optional,
    "resolution": _optional,
    "impact": _word(Impact),
    "root_cause": _word(RootCause),
    "devices": _texts,
    "links": _texts,
    "services": _texts,
    "correlation_keys": _texts,
    "auto_close_after_hours": _number,
    "start_at": _start,
}
