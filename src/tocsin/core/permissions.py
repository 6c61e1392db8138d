"""Who may command what, and why not (Domain: roles).

:func:`permit` is asked before every decision, of tickets here and of records in
:mod:`record_permissions`. Its refusal names the role, or the owner, that would do.

*Own* is what a member created or is assigned and, for a member bound to a contributor, what that
contributor created, is assigned, or has an asset on. Every right of a bound member beyond opening,
adding words and reading reaches only its own; an unbound member has the whole org.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    ClearOverlap,
    Confirm,
    EditPublicUpdate,
    Extend,
    NoteOverlap,
    NoteRelation,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    RecordMessage,
    RecordSloViolation,
    Redact,
    Relate,
    SetRca,
    Tick,
    TicketCommand,
)
from tocsin.core.dialects import parse_dialect, status_in
from tocsin.core.errors import Forbidden
from tocsin.core.evidence import Access, Given
from tocsin.core.record_commands import RecordCommand
from tocsin.core.record_permissions import permit_record
from tocsin.core.records import Connector, Record
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role, Status, UnknownWord, is_over, parse_severity

READERS: Final[Mapping[str, Role]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "ticket",
                "incident",
                "maintenance",
                "device",
                "link",
                "service",
                "location",
                "contributor",
                "member",
                "measures",
                "org",
                "policy",
                "status_page",
                "view",
            ),
            Role.VIEWER,
        ),
        **dict.fromkeys(
            ("inbox", "delivery", "connector", "rule", "route", "entry_point"),
            Role.ONCALL_ENGINEER,
        ),
        "key": Role.SRE_LEAD,
        "subscription": Role.ORG_ADMIN,
    }
)
"""What there is to read, by sort of stream or list, and the least role that reads it."""


def may_read(access: Access, what: str) -> bool:
    """Whether *access* reads things of the sort *what* (a key of :data:`READERS`).

    A bound ``sre_lead`` reads only its contributor's keys; the list is narrowed where it is made.
    """
    return access.system or access.role >= READERS[what]


def permit(
    command: TicketCommand | RecordCommand, state: Ticket | Record | None, given: Given
) -> None:
    """Let *command* pass, asked of *state* by ``given.access``.

    What cannot be read, or names nothing that exists, passes: the decision refuses it better.

    Raises:
        Forbidden: it may not be asked by this role, or not of what is not its own.
    """
    access = given.access
    if access.system:
        return
    ticket = state if isinstance(state, Ticket) else None
    match command:
        case OpenIncident() | PlanMaintenance():
            _require(access, Role.MEMBER, "opening a ticket")
        case AddAction() | AttachSignal() | RecordSloViolation():
            _require(access, Role.MEMBER, "adding to a ticket")
        case ChangeStatus():
            _permit_update(command, ticket, given)
        case Extend():
            _permit_common(ticket, access, "moving the status")
        case ChangeSeverity():
            _permit_severity(command, ticket, given)
        case ChangeFields():
            _permit_common(ticket, access, "changing fields")
        case Assign() | ChangeLabels() | AddReference() | Relate() | SetRca():
            _permit_common(ticket, access, "changing assignee, labels and fields")
        case Confirm():
            _permit_confirmation(ticket, access)
        case PostPublicUpdate() | EditPublicUpdate():
            _require(access, Role.ONCALL_ENGINEER, "a public update")
            _within_reach(ticket, access, "a public update")
        case Redact() if ticket is not None:
            _require(access, Role.ORG_ADMIN, "erasing text")
            _within_reach(ticket, access, "erasing text")
        case Tick() | NoteOverlap() | ClearOverlap() | NoteRelation() | RecordMessage():
            raise Forbidden("only the system does this")
        case _:
            permit_record(command, None if isinstance(state, Ticket) else state, given)


def require_member(access: Access, connector: Connector | None) -> None:
    """Let whoever has a key tell signals: over the API, or in the name of *connector*.

    Raises:
        Forbidden: the role is too low, or the connector is another contributor's.
    """
    if access.system:
        return
    _require(access, Role.MEMBER, "telling signals")
    bound_to = access.contributor_id
    if connector is not None and bound_to is not None and connector.contributor_id != bound_to:
        raise Forbidden("this connector is not your contributor's; use one that is, or its token")


def is_own(ticket: Ticket, access: Access) -> bool:
    """Whether *ticket* is the member's own, or its contributor's (Domain: roles, "own")."""
    if ticket.created_by.id == access.member_id and ticket.created_by.type == "user":
        return True
    assignee = ticket.assignee
    if assignee is not None and assignee.kind == "member" and assignee.id == access.member_id:
        return True
    bound_to = access.contributor_id
    if bound_to is None:
        return False
    return (
        ticket.contributor_id == bound_to
        or (assignee is not None and assignee.kind == "contributor" and assignee.id == bound_to)
        or bound_to in ticket.affected_contributors
    )


def _require(access: Access, role: Role, what: str) -> None:
    if access.role < role:
        raise Forbidden(f"{what} needs the role {role.value}; yours is {access.role.value}")


def _within_reach(ticket: Ticket | None, access: Access, what: str) -> None:
    """Refuse a bound member what is not its contributor's own."""
    if ticket is not None and access.contributor_id is not None and not is_own(ticket, access):
        raise Forbidden(
            f"{what} reaches only your contributor's own tickets; this takes a member of theirs, "
            "or one bound to no contributor"
        )


def _permit_common(ticket: Ticket | None, access: Access, what: str) -> None:
    """The rows "status" and "assignee, labels, fields": member its own, oncall_engineer all."""
    _require(access, Role.MEMBER, what)
    if ticket is None:
        return
    if access.role < Role.ONCALL_ENGINEER and not is_own(ticket, access):
        raise Forbidden(
            f"{what} of a ticket that is not your own needs the role "
            f"{Role.ONCALL_ENGINEER.value}; yours is {access.role.value}"
        )
    _within_reach(ticket, access, what)


def _permit_update(command: ChangeStatus, ticket: Ticket | None, given: Given) -> None:
    access = given.access
    if command.status is None:
        _require(access, Role.MEMBER, "an update")
        said = (command.root_cause, command.disposition, command.duplicate_of, command.resolution)
        if any(word is not None for word in said):
            _permit_common(ticket, access, "changing fields")
        return
    _permit_common(ticket, access, "moving the status")
    # Any other move out of an end is no move at all, and the lifecycle says so better.
    reopening = ticket is not None and _status(command, ticket) is Status.INVESTIGATING
    if ticket is not None and reopening and is_over(ticket.status):
        _require(access, Role.SRE_LEAD, f"reopening a {ticket.status.value} ticket")


def _status(command: ChangeStatus, ticket: Ticket) -> Status | None:
    """The status that is asked for, or None where the word means nothing."""
    assert command.status is not None
    try:
        dialect = None if command.dialect is None else parse_dialect(command.dialect)
        return status_in(
            command.status, dialect, ticket_type=ticket.type, window_has_begun=False
        ).status
    except UnknownWord:
        return None


def _permit_severity(command: ChangeSeverity, ticket: Ticket | None, given: Given) -> None:
    access = given.access
    _require(access, Role.MEMBER, "changing the severity")
    if ticket is None:
        return
    try:
        wanted = parse_severity(command.severity, levels=given.policy.severity_levels)
    except UnknownWord:
        return
    if wanted.rank > ticket.severity.rank:
        _require(access, Role.SRE_LEAD, "lowering the severity")
    elif access.role < Role.SRE_LEAD and not is_own(ticket, access):
        raise Forbidden(
            "raising the severity of a ticket that is not your own needs the role "
            f"{Role.SRE_LEAD.value}; yours is {access.role.value}"
        )
    _within_reach(ticket, access, "changing the severity")


def _permit_confirmation(ticket: Ticket | None, access: Access) -> None:
    _require(access, Role.MEMBER, "confirming")
    if ticket is None:
        return
    if access.contributor_id is None:
        _require(access, Role.ORG_ADMIN, "confirming for an owner of affected assets")
    elif access.contributor_id not in ticket.affected_contributors:
        raise Forbidden("only the owners of affected assets confirm")
