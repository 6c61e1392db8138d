"""Endpoints of tickets: open, read, change, move, end."""

from __future__ import annotations

from typing import Any

import msgspec

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.entries import (
    NEWEST,
    SIGNALS,
    VIOLATIONS,
    action_shape,
    kinds_of,
    newest_updates,
    signal_shape,
    slo_violation_shape,
)
from tocsin.adapters.rest.names import OutcomeNames
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.ticket_bodies import (
    AssigneeBody,
    CancelBody,
    CloseBody,
    ExtendBody,
    InDialect,
    LabelsBody,
    MoveBody,
    Nothing,
    RcaBody,
    SeverityBody,
    StatusBody,
    TicketBody,
    TicketPatch,
)
from tocsin.adapters.rest.ticket_commands import (
    cancelling,
    changing,
    closing,
    in_utc,
    moving,
    opening,
    optional_utc,
)
from tocsin.core.actions import ACTIONS
from tocsin.core.claims import REF
from tocsin.core.commands import (
    Assign,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Command,
    Confirm,
    Extend,
    SetRca,
)
from tocsin.core.errors import Conflict, NotFound
from tocsin.core.facts import Payload
from tocsin.core.ticket import Ticket
from tocsin.handler.naming import is_ref, ticket_streams
from tocsin.handler.submission import Outcome
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.shapes.ticket_shapes import TicketDetail, TicketShape
from tocsin.projections.shapes.tickets import detail_of, ticket_shape
from tocsin.store.contract import Head, ReadTurn

TICKETS = "/v1/orgs/{org}/tickets"
TICKET = f"{TICKETS}/{{ticket}}"

ATTEMPTS_TO_ATTACH = 3


def show_ticket(outcome: Outcome, call: AnyCall) -> TicketShape:
    """The ticket as the commit left it."""
    assert isinstance(outcome.state, Ticket)
    return ticket_shape(outcome.state, OutcomeNames(outcome), dialect=call.dialect)


def about(call: AnyCall, command: Command, *, dry_run: bool = False) -> Asked:
    """*command*, asked of the ticket in the path."""
    return Asked(sort="ticket", subject=call.path["ticket"], command=command, dry_run=dry_run)


def head_of(turn: ReadTurn, org_id: int, name: str) -> Head:
    """The ticket of that id or ref.

    Raises:
        NotFound: there is none in this org.
    """
    streams = ticket_streams(name)
    if is_ref(name):
        holder = turn.claimed_by(org_id, REF, name)
        streams = () if holder is None else (holder,)
    for head in turn.heads(org_id, streams).values():
        if isinstance(head.state, Ticket):
            return head
    raise NotFound(f"there is no ticket {name[:64]!r} here")


def ticket_head(turn: ReadTurn, call: AnyCall) -> tuple[Head, Ticket]:
    """The ticket that the path names.

    Raises:
        NotFound: there is none in this org.
    """
    head = head_of(turn, call.org_id, call.path["ticket"])
    assert isinstance(head.state, Ticket)
    return head, head.state


async def _open(acting: Acting) -> Reply:
    call: Call[InDialect, TicketBody] = acting.call
    body, gateway = call.body, call.gateway
    at = gateway.clock()
    command = opening(
        body, ticket_id=gateway.fresh_id(), at=at, bits=gateway.entropy(), dialect=call.dialect
    )
    asked = Asked(sort="ticket", command=command, dry_run=body.dry_run)
    if body.on_conflict == "refuse":
        return await acting.submit(asked, show_ticket)
    return await _open_or_attach(acting, asked, body)


async def _open_or_attach(acting: Acting, asked: Asked, body: TicketBody) -> Reply:
    """Open it, or add the report to the active ticket that holds one of its correlation keys.

    The holder may end before the report reaches it; then it is opened after all.
    """
    report = body.title if body.description is None else f"{body.title}\n\n{body.description}"
    for attempt in range(ATTEMPTS_TO_ATTACH):
        try:
            return await acting.submit(asked, show_ticket)
        except Conflict as conflict:
            if conflict.holder is None or attempt == ATTEMPTS_TO_ATTACH - 1:
                raise
            holder = conflict.holder
        note = ChangeStatus(body=report)
        joined = Asked(sort="ticket", subject=holder, command=note, dry_run=body.dry_run)
        reply = await acting.submit(joined, show_ticket, status=200)
        if msgspec.json.decode(reply.body)["active"]:
            return reply
    raise AssertionError("the last attempt returns or raises")


def _look_at_ticket(turn: ReadTurn, call: Call[InDialect, None]) -> TicketDetail:
    head, ticket = ticket_head(turn, call)
    names = LoadedNames(turn, org_id=call.org_id, tickets=[ticket])
    levels = names.policy().severity_levels

    def newest(*classes: type[Payload]) -> Any:
        return turn.newest_events(
            call.org_id, head.stream, kinds_of(classes, stream=head.stream), limit=NEWEST
        )

    updates, _ = newest_updates(turn, org_id=call.org_id, stream=head.stream, dialect=call.dialect)
    return detail_of(
        ticket_shape(ticket, names, dialect=call.dialect),
        updates=updates,
        actions=[action_shape(one) for one in newest(*ACTIONS)],
        signals=[
            signal_shape(one, dialect=call.dialect, levels=levels) for one in newest(*SIGNALS)
        ],
        slo_violations=[slo_violation_shape(one) for one in newest(*VIOLATIONS)],
    )


def _change(call: Call[InDialect, TicketPatch]) -> Asked:
    return about(call, changing(call.body), dry_run=call.body.dry_run)


def _move(call: Call[InDialect, StatusBody]) -> Asked:
    return about(call, moving(call.body, dialect=call.dialect))


def _to(status: str) -> Any:
    def ask(call: Call[InDialect, MoveBody]) -> Asked:
        body = call.body
        return about(
            call,
            ChangeStatus(status=status, reason=body.reason, at=optional_utc(body.at, field="at")),
        )

    return ask


def _extend(call: Call[InDialect, ExtendBody]) -> Asked:
    end_at = in_utc(call.body.end_at, field="end_at")
    force = call.body.force
    return about(
        call,
        Extend(
            end_at=end_at,
            reason=call.body.reason,
            force_reason=None if force is None else force.reason,
        ),
    )


def _cancel(call: Call[InDialect, CancelBody]) -> Asked:
    return about(call, cancelling(call.body))


def _close(call: Call[InDialect, CloseBody]) -> Asked:
    return about(call, closing(call.body))


def _confirm(call: Call[InDialect, Nothing]) -> Asked:
    return about(call, Confirm())


def _severity(call: Call[InDialect, SeverityBody]) -> Asked:
    return about(call, ChangeSeverity(severity=call.body.severity, reason=call.body.reason))


def _assign(call: Call[InDialect, AssigneeBody]) -> Asked:
    return about(call, Assign(assignee=call.body.assignee))


def _label(call: Call[InDialect, LabelsBody]) -> Asked:
    return about(call, ChangeLabels(add=tuple(call.body.add), remove=tuple(call.body.remove)))


def _rca(call: Call[InDialect, RcaBody]) -> Asked:
    return about(call, SetRca(url=call.body.url))


def _verb(
    path: str,
    ask: Any,
    body: Any,
    summary: str,
    *,
    method: str = "POST",
    optional: bool = False,
    description: str = "",
    example: Any = None,
) -> Endpoint:
    return Endpoint(
        method=method,
        path=f"{TICKET}/{path}",
        tag="tickets",
        summary=summary,
        description=description,
        body=body,
        body_optional=optional,
        query=InDialect,
        answer=TicketShape,
        ask=ask,
        show=show_ticket,
        example=example,
    )


OPEN = Endpoint(
    method="POST",
    path=TICKETS,
    tag="tickets",
    summary="Open an incident, or plan a maintenance.",
    description=(
        "On disk before it is answered. A description is required, at least one device, link or"
        " service, and of an incident the severity. A"
        " maintenance needs start_at and end_at, and answers with the overlaps it has. With"
        " on_conflict=attach a report whose correlation key an active ticket holds is added"
        " there, and answers 200 with that ticket. dry_run answers 200 and does nothing."
    ),
    body=TicketBody,
    query=InDialect,
    answer=TicketShape,
    status=201,
    act=_open,
    others={200: "A dry run, or the ticket that the report was attached to."},
    example={
        "type": "incident",
        "title": "Packet loss on ams-1:fra-1",
        "description": "3 % loss since 14:00, all traffic affected.",
        "severity": "sev2",
        "services": ["transit"],
    },
)

ENDPOINTS: tuple[Endpoint, ...] = (
    OPEN,
    Endpoint(
        method="GET",
        path=TICKET,
        tag="tickets",
        summary="Read a ticket, by id or ref.",
        description="With the newest hundred of its signals, actions, updates and violations.",
        query=InDialect,
        answer=TicketDetail,
        look=_look_at_ticket,
        reads="ticket",
    ),
    Endpoint(
        method="PATCH",
        path=TICKET,
        tag="tickets",
        summary="Change fields of a ticket.",
        description=(
            "Never status, severity or assignee; they have paths of their own. Lists are replaced"
            " whole; null empties. Moving a maintenance's window answers with its overlaps."
        ),
        body=TicketPatch,
        query=InDialect,
        answer=TicketShape,
        ask=_change,
        show=show_ticket,
        example={"title": "Packet loss between Amsterdam and Frankfurt", "impact": "degraded"},
    ),
    _verb(
        "status", _move, StatusBody, "Move the status.", example={"status": "investigating"}
    ),
    _verb(
        "acknowledge", _to("acknowledged"), MoveBody, "Acknowledge: somebody is looking.",
        optional=True, example={},
    ),
    _verb(
        "start", _to("in_progress"), MoveBody, "Start a maintenance: work has begun.",
        optional=True, example={},
    ),
    _verb(
        "complete", _to("completed"), MoveBody, "Complete a maintenance: work is done.",
        optional=True, example={},
    ),
    _verb(
        "extend", _extend, ExtendBody, "Give a maintenance a later planned end.",
        example={"end_at": "2027-01-15T06:00:00Z"},
    ),
    _verb(
        "cancel", _cancel, CancelBody, "Cancel it.", optional=True,
        example={"reason": "planned twice", "disposition": "invalid"},
    ),
    _verb(
        "confirm", _confirm, Nothing,
        "Confirm, as the owner of what it touches, that it may have effect there.",
        optional=True, example={},
    ),
    _verb(
        "close", _close, CloseBody, "Close it: nothing is left to do.", optional=True,
        description="An active incident is resolved at the same instant.",
        example={"resolution": "optic replaced", "root_cause": "hardware"},
    ),
    _verb(
        "severity", _severity, SeverityBody, "Raise or lower the severity.",
        example={"severity": "sev1", "reason": "second site affected"},
    ),
    _verb(
        "assignee", _assign, AssigneeBody, "Give it to a member or contributor, or to nobody.",
        example={"assignee": None},
    ),
    _verb(
        "labels", _label, LabelsBody, "Put labels on and take labels off.",
        example={"add": ["routing"], "remove": []},
    ),
    _verb(
        "rca", _rca, RcaBody, "Set or replace the address of the root-cause analysis.",
        method="PUT", description="Also after closing.",
        example={"url": "https://wiki.example.org/rca/42"},
    ),
)  # fmt: skip
