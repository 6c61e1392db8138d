"""Incidents: what follows from what is asked of one (Domain: lifecycle).

    open → acknowledged → investigating → mitigating → monitoring → resolved → closed

Any active one goes on to any later one; investigating, mitigating and monitoring go back among
themselves; any active one may be cancelled; an ended one may be reopened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

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
from tocsin.core.dialects import status_in
from tocsin.core.endings import (
    Ending,
    read_dialect,
    read_ending,
    read_moment,
    read_root_cause,
    read_status,
    refuse_another_ending,
    refuse_ending_words,
    refuse_move,
)
from tocsin.core.errors import Conflict, FieldError, NotFound, invalid_fields
from tocsin.core.evidence import Given
from tocsin.core.facts import Change, JsonValue, NotGiven, Payload, stream_name
from tocsin.core.instants import to_text
from tocsin.core.opening import read_opening, refuse_opening, terminal_status
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_changes import decide_shared, note
from tocsin.core.ticket_facts import (
    IncidentClosed,
    IncidentCreated,
    IncidentReopened,
    IncidentResolved,
    StatusChanged,
    TicketUpdated,
)
from tocsin.core.ticket_fields import FieldsRead, field_facts, read_fields
from tocsin.core.ticket_reading import (
    NAME,
    REASON,
    TEXT,
    Errors,
    optional_text,
    past_instant,
    refuse_held_keys,
    required_text,
    severity,
    word,
)
from tocsin.core.ticket_signals import record_violation
from tocsin.core.words import (
    ACTIVE_INCIDENT,
    INCIDENT_STATUSES,
    OVER,
    Disposition,
    RootCause,
    Severity,
    Status,
    StatusWord,
    TicketType,
    parse_word,
)

_AMONG_THEMSELVES = frozenset({Status.INVESTIGATING, Status.MITIGATING, Status.MONITORING})


def _moves() -> Mapping[Status, tuple[Status, ...]]:
    found: dict[Status, tuple[Status, ...]] = {}
    for place, status in enumerate(INCIDENT_STATUSES):
        if status in ACTIVE_INCIDENT:
            back = _AMONG_THEMSELVES if status in _AMONG_THEMSELVES else frozenset[Status]()
            found[status] = tuple(
                other
                for other_place, other in enumerate(INCIDENT_STATUSES)
                if other is not status and (other_place > place or other in back)
            )
    found[Status.RESOLVED] = (Status.INVESTIGATING, Status.CLOSED)
    found[Status.CLOSED] = (Status.INVESTIGATING,)
    found[Status.CANCELLED] = (Status.INVESTIGATING,)
    return found


MOVES = _moves()
"""From each status, where an incident may go."""

CANCELLED_AS = (Disposition.DECLINED, Disposition.INVALID, Disposition.DUPLICATE)
ENDED_AS = (
    Disposition.FIXED,
    Disposition.NO_ACTION,
    Disposition.DONE,
    Disposition.INVALID,
    Disposition.DUPLICATE,
    Disposition.SUPERSEDED,
)


def decide(state: Ticket | None, command: TicketCommand, given: Given) -> tuple[Payload, ...]:
    """The facts that follow from *command*; ``()`` when nothing changes.

    Raises:
        NotFound: there is no such incident, or no such public update of it.
        Invalid: fields that are wrong, each named.
        InvalidTransition: the lifecycle has no such move; the sentence says which it has.
        Conflict: it exists already, a correlation key is taken, or the command is for maintenances.
        Forbidden: the policy stands against opening it.
    """
    if isinstance(command, OpenIncident):
        if state is not None:
            raise Conflict(f"{state.ref} exists already")
        return _open(command, given)
    if isinstance(command, Tick):
        return ()
    if state is None:
        raise NotFound("no such ticket")
    match command:
        case ChangeStatus():
            return _update(state, command, given)
        case ChangeFields():
            return _change(state, command, given)
        case RecordSloViolation():
            return record_violation(command, given)
        case (
            ChangeSeverity()
            | Assign()
            | ChangeLabels()
            | AddAction()
            | RecordMessage()
            | AttachSignal()
            | AddReference()
            | Relate()
            | SetRca()
            | PostPublicUpdate()
            | EditPublicUpdate()
            | Redact()
            | NoteRelation()
        ):
            return decide_shared(state, command, given)
        case PlanMaintenance() | Extend() | Confirm() | NoteOverlap() | ClearOverlap():
            raise Conflict(f"{state.ref} is an incident; only a maintenance has a planned window")
        case _:
            assert_never(command)


def _open(command: OpenIncident, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    opening = read_opening(command, given, errors)
    level, native = _first_severity(command.severity, given, errors)
    status = _first_status(command, errors)
    start_at = past_instant(command.start_at, now=given.at, field="start_at", errors=errors)
    detected_at = past_instant(
        command.detected_at, now=given.at, field="detected_at", errors=errors
    )
    if command.end_at is not None:
        detail = "the end of an incident is set by closing it"
        errors.append(FieldError("end_at", "forbidden_field", detail))
    signal_id = optional_text(
        command.primary_signal_id, field="primary_signal_id", longest=NAME, errors=errors
    )
    root_cause = command.root_cause
    cause = (
        None
        if root_cause is None
        else word(lambda: parse_word(RootCause, root_cause, field="root_cause"), errors)
    )
    if errors or level is None or status is None:
        raise invalid_fields(errors)
    stream = stream_name(TicketType.INCIDENT.value, command.ticket_id)
    refuse_opening(opening, stream=stream, given=given)
    start = given.at if start_at is None else start_at
    created = IncidentCreated(
        ref=opening.ref,
        pubkey=opening.pubkey,
        devices=opening.named.device_pubkeys,
        links=opening.named.link_pubkeys,
        status=status.status,
        start_at=start,
        title=opening.title,
        description=opening.description,
        severity=level,
        native_status=status.native,
        native_severity=native,
        contributor_id=opening.contributor_id,
        reporter_name=opening.reporter_name,
        reporter_email=opening.reporter_email,
        services=opening.services,
        affected_contributors=opening.affected_contributors,
        effect=opening.effect,
        impact=opening.impact,
        project_id=opening.project_id,
        environment=opening.environment,
        detected_by=opening.detected_by,
        primary_signal_id=signal_id,
        runbook_path=opening.runbook_path,
        assignee=opening.assignee,
        labels=opening.labels,
        correlation_keys=opening.correlation_keys,
        internal_reference=opening.internal_reference,
        start_given=start_at is not None,
        detected_at=start if detected_at is None else detected_at,
    )
    if cause is None:
        return (created, *opening.links)
    # A field like others, which may be set at any time.
    known = Change(field="root_cause", old=None, new=cause.value)
    return (created, *opening.links, TicketUpdated(changes=(known,)))


def _first_severity(
    text: str | None, given: Given, errors: Errors
) -> tuple[Severity | None, str | None]:
    if text is None:
        errors.append(FieldError("severity", "required", "an incident needs a severity"))
        return None, None
    return severity(text, given=given, errors=errors)


def _first_status(command: OpenIncident, errors: Errors) -> StatusWord | None:
    if command.status is None:
        return StatusWord(Status.OPEN)
    text = command.status
    dialect = read_dialect(command.dialect, errors)
    read = word(
        lambda: status_in(text, dialect, ticket_type=TicketType.INCIDENT, window_has_begun=False),
        errors,
    )
    if read is not None and read.status not in ACTIVE_INCIDENT:
        errors.append(terminal_status(read.status.value))
    return read


def _update(state: Ticket, command: ChangeStatus, given: Given) -> tuple[Payload, ...]:
    """A comment, a move, or both as one update (Domain: update)."""
    errors: Errors = []
    body = optional_text(command.body, field="body", longest=TEXT, errors=errors)
    if command.end_at is not None:
        detail = "the end of an incident is set by closing it"
        errors.append(FieldError("end_at", "forbidden_field", detail))
    if command.status is None and command.body is None and command.root_cause is None:
        errors.append(FieldError("body", "required", "give a body, a status, or both"))
    dialect = read_dialect(command.dialect, errors)
    target: StatusWord | None = None
    if command.status is not None and not errors:
        target = read_status(
            command.status, state=state, dialect=dialect, now=given.at, errors=errors
        )
    if errors:
        raise invalid_fields(errors)
    comment = () if body is None else (note(body, given),)
    if target is None:
        refuse_ending_words(command, errors)
    elif target.status is state.status:
        refuse_another_ending(state, command, given, errors)
    if target is None or target.status is state.status:
        return (*comment, *_besides(state, command, errors))
    if target.status not in MOVES[state.status]:
        raise refuse_move(state, target.status, MOVES[state.status])
    return (*comment, *_move(state, command, target, given))


def _besides(state: Ticket, command: ChangeStatus, errors: Errors) -> tuple[Payload, ...]:
    """A root cause or resolution that comes with no move: fields like others."""
    cause = read_root_cause(command.root_cause, state=state, errors=errors)
    resolution = optional_text(command.resolution, field="resolution", longest=TEXT, errors=errors)
    if errors:
        raise invalid_fields(errors)
    return _written(state, resolution, cause)


def _written(state: Ticket, resolution: str | None, cause: RootCause | None) -> tuple[Payload, ...]:
    changes: list[Change] = []
    if resolution is not None and resolution != state.resolution:
        changes.append(Change(field="resolution", old=state.resolution, new=resolution))
    if cause is not None and cause is not state.root_cause:
        old = None if state.root_cause is None else state.root_cause.value
        changes.append(Change(field="root_cause", old=old, new=cause.value))
    return (TicketUpdated(changes=tuple(changes)),) if changes else ()


def _move(
    state: Ticket, command: ChangeStatus, target: StatusWord, given: Given
) -> tuple[Payload, ...]:
    errors: Errors = []
    status = target.status
    at = read_moment(command.at, state=state, given=given, errors=errors)
    reason = optional_text(command.reason, field="reason", longest=REASON, errors=errors)
    if status in (Status.RESOLVED, Status.CLOSED, Status.CANCELLED):
        ending = read_ending(
            command,
            named=target.disposition,
            allowed=CANCELLED_AS if status is Status.CANCELLED else ENDED_AS,
            state=state,
            given=given,
            errors=errors,
        )
        ending = _with_cause(ending, status, state, given, errors)
        if errors:
            raise invalid_fields(errors)
        return _end(state, target, ending, at=at, reason=reason, given=given)
    refuse_ending_words(command, errors)
    fields = _besides(state, command, errors)
    moved = _moved(state.status, target, at=at, reason=reason, given=given)
    if state.status in ACTIVE_INCIDENT:
        return (moved, *fields)
    if state.status in OVER and reason is None and command.body is None:
        detail = f"reopening a {state.status.value} incident needs one"
        raise invalid_fields([FieldError("reason", "required", detail)])
    refuse_held_keys(state.correlation_keys, stream=state.stream, given=given)
    return moved, IncidentReopened(at=at, reason=reason), *fields


def _with_cause(
    ending: Ending, status: Status, state: Ticket, given: Given, errors: Errors
) -> Ending:
    """The ending with its root cause: asked of people by policy, known of what ended by itself."""
    if status is Status.CANCELLED or ending.root_cause is not None or state.root_cause is not None:
        return ending
    if given.actor.type != "user":
        return Ending(
            disposition=ending.disposition,
            duplicate_of=ending.duplicate_of,
            resolution=ending.resolution,
            root_cause=RootCause.SELF_RESOLVED,
        )
    if given.policy.require_root_cause and not any(e.field == "root_cause" for e in errors):
        detail = f"the policy asks for one of {', '.join(cause.value for cause in RootCause)}"
        errors.append(FieldError("root_cause", "required", detail))
    return ending


def _moved(
    before: Status,
    target: StatusWord,
    *,
    at: datetime,
    reason: str | None,
    given: Given,
    ending: Ending | None = None,
) -> StatusChanged:
    return StatusChanged(
        update_id=given.entry_id,
        author_pubkey=given.actor.pubkey,
        at=at,
        status_from=before,
        status_to=target.status,
        reason=reason,
        native=target.native,
        disposition=None if ending is None else ending.disposition,
        duplicate_of=None if ending is None else ending.duplicate_of,
    )


def _end(
    state: Ticket,
    target: StatusWord,
    ending: Ending,
    *,
    at: datetime,
    reason: str | None,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts of an ending; active → closed is resolved and closed with one instant."""
    if target.status is Status.CANCELLED:
        ending = Ending(
            disposition=ending.disposition or Disposition.DECLINED,
            duplicate_of=ending.duplicate_of,
            resolution=ending.resolution,
            root_cause=ending.root_cause,
        )
        moved = _moved(state.status, target, at=at, reason=reason, given=given, ending=ending)
        return (moved, *_written(state, ending.resolution, ending.root_cause))
    resolved = IncidentResolved(
        at=at,
        resolution=ending.resolution,
        root_cause=ending.root_cause,
        disposition=ending.disposition,
    )
    closed = IncidentClosed(
        at=at,
        resolution=ending.resolution,
        root_cause=ending.root_cause,
        disposition=ending.disposition,
        duplicate_of=ending.duplicate_of,
    )
    moved = _moved(state.status, target, at=at, reason=reason, given=given, ending=ending)
    if target.status is Status.RESOLVED:
        return moved, resolved
    if state.status is Status.RESOLVED:
        return moved, closed
    first = _moved(state.status, StatusWord(Status.RESOLVED), at=at, reason=None, given=given)
    second = _moved(Status.RESOLVED, target, at=at, reason=reason, given=given, ending=ending)
    return first, resolved, second, closed


def _change(state: Ticket, command: ChangeFields, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    read = read_fields(state, command, given, errors)
    values: dict[str, JsonValue] = dict(read.values)
    for field, value in (
        ("end_at", command.end_at),
        ("auto_close_after_hours", command.auto_close_after_hours),
        ("force_reason", command.force_reason),
    ):
        if value is not None and not isinstance(value, NotGiven):
            detail = "an incident has no planned window; it ends when it is closed"
            errors.append(FieldError(field, "forbidden_field", detail))
    if not isinstance(command.start_at, NotGiven):
        start_at = past_instant(command.start_at, now=given.at, field="start_at", errors=errors)
        if start_at is not None:
            values["start_at"] = to_text(start_at)
            if state.resolved_at is not None and start_at > state.resolved_at:
                detail = "must not be after the incident was resolved"
                errors.append(FieldError("start_at", "window", detail))
    if command.reason is not None:
        required_text(command.reason, field="reason", longest=REASON, errors=errors)
    if errors:
        raise invalid_fields(errors)
    return field_facts(state, FieldsRead(values=values, named=read.named), given)
