"""Endpoints of what belongs to a ticket: updates, actions, signals, ties, words for the public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint, Page
from tocsin.adapters.rest.entries import (
    SIGNALS,
    VIOLATIONS,
    action_shape,
    kinds_of,
    newest_updates,
    signal_shape,
    slo_violation_shape,
    update_events,
    update_shape,
)
from tocsin.adapters.rest.names import OutcomeNames
from tocsin.adapters.rest.ticket_bodies import (
    ActionBody,
    InDialect,
    PageQuery,
    PublicUpdateBody,
    PublicUpdatePatch,
    ReferenceBody,
    RelationBody,
    SignalBody,
    SloViolationBody,
    UpdateBody,
)
from tocsin.adapters.rest.ticket_commands import (
    attaching,
    given,
    publishing,
    references,
    updating,
    violating,
)
from tocsin.adapters.rest.tickets import TICKET, about, ticket_head
from tocsin.core.actions import ACTIONS, action_kind_of
from tocsin.core.commands import AddAction, AddReference, EditPublicUpdate, Relate
from tocsin.core.dialects import status_out
from tocsin.core.errors import invalid
from tocsin.core.facts import Event, Payload
from tocsin.core.instants import to_text
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Policy
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import SignalIngested, SloViolationRecorded
from tocsin.handler.submission import Outcome
from tocsin.projections.shapes.ticket_shapes import (
    ActionShape,
    PublicUpdateShape,
    ReferenceShape,
    RelationShape,
    SignalShape,
    SloViolationShape,
    UpdateShape,
)
from tocsin.projections.shapes.tickets import public_update_shape, reference_shape, relation_shape
from tocsin.store.contract import ReadTurn

# -- updates -------------------------------------------------------------------------------------


def _update(call: Call[InDialect, UpdateBody]) -> Asked:
    if call.body.body is None and call.body.status is None:
        # What says why it ended is a field by itself, which PATCH changes.
        raise invalid("body", "required", "give a body, a status, or both")
    return about(call, updating(call.body, dialect=call.dialect))


def _show_update(outcome: Outcome, call: AnyCall) -> UpdateShape:
    facts = update_events(outcome.events)
    if facts:
        return update_shape(facts, dialect=call.dialect)
    # The same status again: accepted, and nothing was recorded.
    ticket = outcome.state
    assert isinstance(ticket, Ticket)
    status = status_out(ticket.status, call.dialect)
    return UpdateShape(
        update_id=None,
        ticket_id=ticket.id,
        author_pubkey=None,
        author=None,
        timestamp=to_text(ticket.last_status_at),
        recorded_at=to_text(ticket.updated_at),
        body=None,
        status_from=status,
        status_to=status,
    )


def _list_updates(turn: ReadTurn, call: Call[PageQuery, None]) -> Page[UpdateShape]:
    head, _ = ticket_head(turn, call)
    bound_to = ("updates", head.stream)
    items, before = newest_updates(
        turn,
        org_id=call.org_id,
        stream=head.stream,
        dialect=call.dialect,
        before_version=_version(call, bound_to),
        limit=call.query.limit,
    )
    return Page(
        items=items, next_cursor=None if before is None else call.cursor((before,), *bound_to)
    )


# -- actions, signals, violations ----------------------------------------------------------------


def _action(call: Call[InDialect, ActionBody]) -> Asked:
    body = call.body
    return about(
        call, AddAction(action_kind=body.action_kind, label=body.label, details=body.details)
    )


def _show_action(outcome: Outcome, call: AnyCall) -> ActionShape:
    (event,) = (one for one in outcome.events if action_kind_of(one.payload) is not None)
    shape = action_shape(event)
    return msgspec.structs.replace(shape, label=call.body.label, details=call.body.details)


def _signal(call: Call[InDialect, SignalBody]) -> Asked:
    return about(call, attaching(call.body))


def _show_signal(outcome: Outcome, call: AnyCall) -> SignalShape:
    (event,) = (one for one in outcome.events if isinstance(one.payload, SignalIngested))
    levels = OutcomeNames(outcome).policy().severity_levels
    return signal_shape(event, dialect=call.dialect, levels=levels)


def _violation(call: Call[InDialect, SloViolationBody]) -> Asked:
    return about(call, violating(call.body))


def _show_violation(outcome: Outcome, call: AnyCall) -> SloViolationShape:
    (event,) = (one for one in outcome.events if isinstance(one.payload, SloViolationRecorded))
    return slo_violation_shape(event)


def _listing(
    name: str, classes: tuple[type[Payload], ...], shape: Callable[[Event, AnyCall, int], Any]
) -> Callable[[ReadTurn, AnyCall], Page[Any]]:
    """A page of a ticket's facts of these classes, newest first."""

    def look(turn: ReadTurn, call: Call[PageQuery, None]) -> Page[Any]:
        head, _ = ticket_head(turn, call)
        bound_to = (name, head.stream)
        found = turn.newest_events(
            call.org_id,
            head.stream,
            kinds_of(classes, stream=head.stream),
            before_version=_version(call, bound_to),
            limit=call.query.limit + 1,
        )
        levels = severity_levels(turn, call.org_id)
        shown = found[: call.query.limit]
        more = len(found) > len(shown)
        return Page(
            items=[shape(event, call, levels) for event in shown],
            next_cursor=call.cursor((shown[-1].version,), *bound_to) if more else None,
        )

    return look


def _version(call: Call[PageQuery, None], bound_to: tuple[str, ...]) -> int | None:
    place = call.place(call.query.cursor, *bound_to)
    return None if place is None else int(place[0])


def severity_levels(turn: ReadTurn, org_id: int) -> int:
    """How many severities the org uses."""
    head = turn.head(org_id, "policy:policy")
    policy = head.state if head is not None and isinstance(head.state, Policy) else DEFAULT_POLICY
    return policy.severity_levels


# -- ties ----------------------------------------------------------------------------------------


def _reference(call: Call[InDialect, ReferenceBody]) -> Asked:
    (draft,) = references([call.body])
    return about(call, AddReference(reference=draft))


def _show_reference(outcome: Outcome, call: AnyCall) -> ReferenceShape:
    ticket = outcome.state
    assert isinstance(ticket, Ticket)
    return next(
        reference_shape(one) for one in reversed(ticket.references) if one.url == call.body.url
    )


def _relation(call: Call[InDialect, RelationBody]) -> Asked:
    return about(call, Relate(ticket=call.body.ticket, kind=call.body.kind))


def _show_relation(outcome: Outcome, call: AnyCall) -> RelationShape:
    ticket, names = outcome.state, OutcomeNames(outcome)
    assert isinstance(ticket, Ticket)
    shapes = (
        relation_shape(one, names, call.dialect) for one in ticket.relations if not one.inverse
    )
    return next(
        shape
        for shape in shapes
        if call.body.ticket in (shape.ticket.id, shape.ticket.ref)
        and shape.kind.replace("_", "") == call.body.kind.strip().lower().translate(_PLAIN)
    )


_PLAIN = {ord("-"): None, ord("_"): None, ord(" "): None}


# -- words for the public ------------------------------------------------------------------------


def _publish(call: Call[InDialect, PublicUpdateBody]) -> Asked:
    return about(call, publishing(call.body))


def _show_published(outcome: Outcome, call: AnyCall) -> PublicUpdateShape:
    ticket = outcome.state
    assert isinstance(ticket, Ticket)
    return public_update_shape(ticket, ticket.public_updates[-1].id)


def _correct(call: Call[InDialect, PublicUpdatePatch]) -> Asked:
    return about(
        call,
        EditPublicUpdate(
            public_update_id=call.path["update"],
            title=given(call.body.title),
            body=given(call.body.body),
        ),
    )


def _show_corrected(outcome: Outcome, call: AnyCall) -> PublicUpdateShape:
    assert isinstance(outcome.state, Ticket)
    return public_update_shape(outcome.state, call.path["update"])


def _posted(
    path: str, ask: Any, show: Any, body: Any, answer: Any, summary: str, *, example: Any,
    tag: str = "tickets", description: str = "",
) -> Endpoint:  # fmt: skip
    return Endpoint(
        method="POST",
        path=f"{TICKET}/{path}",
        tag=tag,
        summary=summary,
        description=description,
        body=body,
        query=InDialect,
        answer=answer,
        status=201,
        ask=ask,
        show=show,
        example=example,
    )


def _listed(path: str, look: Any, answer: Any, summary: str) -> Endpoint:
    return Endpoint(
        method="GET",
        path=f"{TICKET}/{path}",
        tag="tickets",
        summary=summary,
        query=PageQuery,
        answer=answer,
        look=look,
        reads="ticket",
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    _posted(
        "updates", _update, _show_update, UpdateBody, UpdateShape,
        "Comment, move the status, or both in one commit.",
        example={"body": "Carrier confirms a cut near Diemen.", "status": "investigating"},
    ),
    _listed("updates", _list_updates, Page[UpdateShape], "List updates, newest first."),
    _posted(
        "actions", _action, _show_action, ActionBody, ActionShape, "Record what was done.",
        description=(
            "RUNBOOK_STEP_EXECUTED, ROLLBACK_TRIGGERED, SCALE_CHANGE or NOTE, which is a comment."
        ),
        example={"action_kind": "RUNBOOK_STEP_EXECUTED", "label": "drained ams-1:fra-1"},
    ),
    _listed(
        "actions",
        _listing("actions", ACTIONS, lambda event, call, levels: action_shape(event)),
        Page[ActionShape],
        "List what was done, by people and by the system, newest first.",
    ),
    _posted(
        "signals", _signal, _show_signal, SignalBody, SignalShape, "Attach a signal by hand.",
        example={"source": "prometheus", "summary": "loss 3 %", "correlation_key": "ams-1:loss"},
    ),
    _listed(
        "signals",
        _listing(
            "signals",
            SIGNALS,
            lambda event, call, levels: signal_shape(event, dialect=call.dialect, levels=levels),
        ),
        Page[SignalShape],
        "List the signals of a ticket, newest first.",
    ),
    _posted(
        "slo-violations", _violation, _show_violation, SloViolationBody, SloViolationShape,
        "Record a broken objective on an incident.",
        example={
            "slo_id": "transit-availability",
            "window_start": "2026-11-01T00:00:00Z",
            "window_end": "2026-11-20T00:00:00Z",
            "error_budget_consumed": 1.25,
        },
    ),
    _listed(
        "slo-violations",
        _listing(
            "slo-violations", VIOLATIONS, lambda event, call, levels: slo_violation_shape(event)
        ),
        Page[SloViolationShape],
        "List the broken objectives of an incident, newest first.",
    ),
    _posted(
        "references", _reference, _show_reference, ReferenceBody, ReferenceShape,
        "Add an address elsewhere.",
        example={"kind": "ticket", "url": "https://tracker.example.org/42", "title": "Carrier"},
    ),
    _posted(
        "relations", _relation, _show_relation, RelationBody, RelationShape,
        "Tie it to another ticket.",
        description="caused_by, duplicate_of, follow_up or related; the other one shows it too.",
        example={"ticket": "I20261120-af36", "kind": "related"},
    ),
    _posted(
        "public-updates", _publish, _show_published, PublicUpdateBody, PublicUpdateShape,
        "Say something to the public.",
        description=(
            "The only way text reaches the public. Incidents: investigating, identified,"
            " monitoring, resolved; maintenance: scheduled, in_progress, verifying, completed,"
            " cancelled. The title is required the first time."
        ),
        example={
            "title": "Slow connections between Amsterdam and Frankfurt",
            "status": "investigating",
            "body": "We see packet loss and are looking for the cause.",
            "services": [],
        },
    ),
    Endpoint(
        method="PATCH",
        path=f"{TICKET}/public-updates/{{update}}",
        tag="tickets",
        summary="Correct a public update.",
        description="It is shown as edited; the old words stay in the log.",
        body=PublicUpdatePatch,
        query=InDialect,
        answer=PublicUpdateShape,
        ask=_correct,
        show=_show_corrected,
        example={"body": "We see packet loss of about 3 % and are looking for the cause."},
    ),
)  # fmt: skip
