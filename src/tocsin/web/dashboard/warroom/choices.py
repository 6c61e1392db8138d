"""What is offered to whom: every form of the war room that would not be refused out of hand.

Asked of the very rules that decide (:mod:`tocsin.core.permissions`, the moves of both lifecycles),
so that a button that is there can be pressed, and none is there that cannot. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tocsin.core import incident, maintenance
from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Confirm,
    EditPublicUpdate,
    Extend,
    PostPublicUpdate,
    RecordSloViolation,
    ReferenceDraft,
    Relate,
    SetRca,
    TicketCommand,
)
from tocsin.core.errors import Forbidden
from tocsin.core.evidence import Access, Given
from tocsin.core.permissions import permit
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role, Severity, Status, TicketType, is_active, is_over, severities_of


class Verb(StrEnum):
    """What may be done, by the last part of its address below ``/tickets/{ref}``."""

    ACKNOWLEDGE = "acknowledge"
    START = "start"
    MOVE = "move"
    RESOLVE = "resolve"
    COMPLETE = "complete"
    CLOSE = "close"
    CANCEL = "cancel"
    REOPEN = "reopen"
    EXTEND = "extend"
    CONFIRM = "confirm"
    NOTE = "note"
    ACT = "act"
    PUBLISH = "publish"
    CORRECT = "correct"
    SEVERITY = "severity"
    ASSIGN = "assign"
    EDIT = "edit"
    WINDOW = "window"
    LABELS = "labels"
    REFERENCE = "reference"
    RELATE = "relate"
    RCA = "rca"
    SLO = "slo"
    REDRIVE = "redrive"


ENDING: Final = (Verb.RESOLVE, Verb.COMPLETE, Verb.CLOSE, Verb.CANCEL)
"""Forms that end a ticket, and say how it ended."""

_TO: Final = {
    Verb.ACKNOWLEDGE: Status.ACKNOWLEDGED,
    Verb.START: Status.IN_PROGRESS,
    Verb.RESOLVE: Status.RESOLVED,
    Verb.COMPLETE: Status.COMPLETED,
    Verb.CLOSE: Status.CLOSED,
    Verb.CANCEL: Status.CANCELLED,
}
_ON_THE_WAY: Final = (Status.INVESTIGATING, Status.MITIGATING, Status.MONITORING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What one person may do about one ticket.

    ``moves`` are the statuses on the way that it may go on to, ``severities`` those it may be
    given, the present one left out. ``mine`` is whether it is theirs already; ``forces`` whether
    they may plan over another's window where the policy forbids it.
    """

    verbs: frozenset[Verb]
    moves: tuple[Status, ...]
    severities: tuple[Severity, ...]
    mine: bool
    forces: bool

    def __contains__(self, verb: object) -> bool:
        return verb in self.verbs

    @property
    def any(self) -> bool:
        """Whether anything at all may be done."""
        return bool(self.verbs)


def choices(ticket: Ticket, given: Given) -> Choices:
    """What ``given.access`` may do about *ticket* as it stands."""
    allowed = _moves(ticket)
    verbs = {verb for verb, status in _TO.items() if status in allowed}
    verbs = {verb for verb in verbs if _may(ChangeStatus(status=_TO[verb].value), ticket, given)}
    moves = tuple(
        status
        for status in _ON_THE_WAY
        if is_active(ticket.status)
        and status in allowed
        and _may(ChangeStatus(status=status.value), ticket, given)
    )
    severities = tuple(
        one
        for one in severities_of(given.policy.severity_levels)
        if one is not ticket.severity and _may(ChangeSeverity(severity=one.value), ticket, given)
    )
    if moves:
        verbs.add(Verb.MOVE)
    if severities:
        verbs.add(Verb.SEVERITY)
    verbs |= {verb for verb, command in _asked(ticket, given) if _may(command, ticket, given)}
    assignee = ticket.assignee
    return Choices(
        verbs=frozenset(verbs),
        moves=moves,
        severities=severities,
        mine=assignee is not None and assignee.id == given.access.member_id,
        forces=given.policy.forbid_overlap
        and given.access.role is Role.ORG_ADMIN
        and ticket.type is TicketType.MAINTENANCE,
    )


def _moves(ticket: Ticket) -> tuple[Status, ...]:
    if ticket.type is TicketType.INCIDENT:
        return incident.MOVES[ticket.status]
    return maintenance.MOVES[ticket.status]


def _asked(ticket: Ticket, given: Given) -> list[tuple[Verb, TicketCommand]]:
    """What else fits a ticket of its type that stands there, and the command that it makes."""
    asked: list[tuple[Verb, TicketCommand]] = [
        (Verb.NOTE, ChangeStatus(body="x")),
        (Verb.ACT, AddAction(action_kind="NOTE", label="x")),
        (Verb.PUBLISH, PostPublicUpdate(status="x", body="x")),
        (Verb.ASSIGN, Assign(assignee=None)),
        (Verb.EDIT, ChangeFields()),
        (Verb.LABELS, ChangeLabels()),
        (Verb.RELATE, Relate(ticket=ticket.id, kind="related")),
        (Verb.RCA, SetRca(url="")),
        (Verb.REFERENCE, _reference()),
    ]
    if ticket.public_updates:
        asked.append((Verb.CORRECT, EditPublicUpdate(public_update_id="")))
    if ticket.type is TicketType.INCIDENT:
        asked.append((Verb.SLO, _violation(given)))
        if not is_active(ticket.status):
            reopening = ChangeStatus(status=Status.INVESTIGATING.value)
            asked.append((Verb.REOPEN, reopening))
        return asked
    if not is_over(ticket.status):
        if ticket.status is Status.PLANNED:
            asked.append((Verb.WINDOW, ChangeFields()))
        else:
            asked.append((Verb.EXTEND, Extend(end_at=given.at)))
        if _unconfirmed(ticket, given.access):
            asked.append((Verb.CONFIRM, Confirm()))
    return asked


def _reference() -> AddReference:
    return AddReference(reference=ReferenceDraft(kind="other", url=""))


def _violation(given: Given) -> RecordSloViolation:
    return RecordSloViolation(
        slo_id="", window_start=given.at, window_end=given.at, error_budget_consumed=0.0
    )


def _unconfirmed(ticket: Ticket, access: Access) -> bool:
    """Whether a confirmation would give *ticket* effect on anything."""
    named = (*ticket.devices, *ticket.links)
    spoke = (ticket.contributor_id, *ticket.confirmed_by)
    return any(pubkey not in ticket.effect for pubkey in named) and (
        access.contributor_id is None or access.contributor_id not in spoke
    )


def _may(command: TicketCommand, ticket: Ticket, given: Given) -> bool:
    try:
        permit(command, ticket, given)
    except Forbidden:
        return False
    return True
