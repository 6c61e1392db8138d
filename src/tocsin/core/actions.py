"""Which facts are actions: what somebody or the system did about a ticket (Domain: actions)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tocsin.core.facts import Payload
from tocsin.core.ticket_facts import (
    ActionExecuted,
    Cancelled,
    Completed,
    Extended,
    MaintenanceClosed,
    NoteAdded,
    SeverityChanged,
    Started,
    StatusChanged,
    TagAdded,
    TagRemoved,
)
from tocsin.core.words import ActionKind

STATUS_MOVES: Final = (StatusChanged, Started, Completed, Extended, Cancelled, MaintenanceClosed)
"""The facts that move a status, each with ``status_from``, ``status_to`` and ``at``."""

_KINDS: Final[Mapping[type[Payload], ActionKind]] = MappingProxyType(
    {
        NoteAdded: ActionKind.NOTE,
        SeverityChanged: ActionKind.SEVERITY_CHANGE,
        TagAdded: ActionKind.TAG_ADDED,
        TagRemoved: ActionKind.TAG_REMOVED,
        **dict.fromkeys(STATUS_MOVES, ActionKind.STATUS_CHANGE),
    }
)

ACTIONS: Final[tuple[type[Payload], ...]] = (ActionExecuted, *_KINDS)
"""Every class of fact that is an action."""


def action_kind_of(payload: Payload) -> ActionKind | None:
    """The kind of action that *payload* records; None for what is none."""
    if isinstance(payload, ActionExecuted):
        return ActionKind(payload.action_kind)
    return _KINDS.get(type(payload))
