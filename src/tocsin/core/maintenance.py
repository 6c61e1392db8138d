"""Maintenances: what follows from what is asked of one, and from the clock (Domain: lifecycle).

    planned → in_progress → completed → closed        planned, in_progress → cancelled
    planned, in_progress → closed                     completed → in_progress (extended)

Windows and what stands in their way are in :mod:`windows`; here are opening, moves and time.
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
from tocsin.core.facts import Change, Payload, stream_name
from tocsin.core.maintenance_clock import tick
from tocsin.core.opening import read_opening, refuse_opening, terminal_status
from tocsin.core.overlaps import Work
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_changes import decide_shared, note
from tocsin.core.ticket_facts import (
    Cancelled,
    Completed,
    Confirmed,
    ConflictCleared,
    ConflictFound,
    MaintenanceClosed,
    MaintenancePlanned,
    Started,
    TicketUpdated,
)
from tocsin.core.ticket_fields import read_auto_close
from tocsin.core.ticket_reading import (
    REASON,
    TEXT,
    Assets,
    Errors,
    optional_text,
    owned,
    severity,
    window,
    word,
)
from tocsin.core.windows import change, extend, overlap_facts
from tocsin.core.words import (
    ACTIVE_MAINTENANCE,
    Disposition,
    Impact,
    Severity,
    Status,
    StatusWord,
    TicketType,
)

MOVES: Mapping[Status, tuple[Status, ...]] = {
    Status.PLANNED: (Status.IN_PROGRESS, Status.CLOSED, Status.CANCELLED),
    Status.IN_PROGRESS: (Status.COMPLETED, Status.CLOSED, Status.CANCELLED),
    Status.COMPLETED: (Status.IN_PROGRESS, Status.CLOSED),
    Status.CLOSED: (),
    Status.CANCELLED: (),
}
"""From each status, where a maintenance may go."""

CANCELLED_AS = (
    Disposition.WITHDRAWN,
    Disposition.DECLINED,
    Disposition.INVALID,
    Disposition.DUPLICATE,
    Disposition.SUPERSEDED,
)
ENDED_AS = (
    Disposition.DONE,
    Disposition.FIXED,
    Disposition.NO_ACTION,
    Disposition.DUPLICATE,
    Disposition.SUPERSEDED,
)
AUTO_CLOSE_AFTER_HOURS = 24


def decide(state: Ticket | None, command: TicketCommand, given: Given) -> tuple[Payload, ...]:
    """The facts that follow from *command*; ``()`` when nothing changes.

    Raises:
        NotFound: there is no such maintenance, or no such public update of it.
        Invalid: fields that are wrong, each named.
        InvalidTransition: the lifecycle has no such move; the sentence says which it has.
        Conflict: it exists already, a key is taken, the policy forbids the overlap, or the command
            is for incidents.
        Forbidden: the policy stands against opening it, or only an org_admin may force it.
    """
    if isinstance(command, PlanMaintenance):
        if state is not None:
            raise Conflict(f"{state.ref} exists already")
        return _plan(command, given)
    if state is None:
        if isinstance(command, Tick):
            return ()
        raise NotFound("no such ticket")
    match command:
        case Tick(at=at):
            return tick(state, at, given)
        case ChangeStatus():
            return _update(state, command, given)
        case ChangeFields():
            return change(state, command, given)
        case Extend():
            return extend(
                state,
                end_at=command.end_at,
                at=given.at,
                reason=command.reason,
                force_reason=command.force_reason,
                given=given,
            )
        case Confirm():
            return _confirm(state, given)
        case NoteOverlap(overlap=overlap):
            if state.status not in ACTIVE_MAINTENANCE or overlap in state.conflicts:
                return ()
            return (ConflictFound(overlap=overlap),)
        case ClearOverlap(ticket_id=ticket_id):
            if all(overlap.ticket_id != ticket_id for overlap in state.conflicts):
                return ()
            return (ConflictCleared(ticket_id=ticket_id),)
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
        case OpenIncident() | RecordSloViolation():
            raise Conflict(f"{state.ref} is a maintenance; that belongs to an incident")
        case _:
            assert_never(command)


def _plan(command: PlanMaintenance, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    opening = read_opening(command, given, errors)
    level, native = Severity.SEV3, None
    if command.severity is not None:
        read, native = severity(command.severity, given=given, errors=errors)
        level = level if read is None else read
    ends = window(command.start_at, command.end_at, errors=errors)
    begun = command.start_at is not None and ends is not None and ends[0] <= given.at
    status = _first_status(command, begun=begun, errors=errors)
    hours = command.auto_close_after_hours
    hours = AUTO_CLOSE_AFTER_HOURS if hours is None else read_auto_close(hours, errors)
    force_reason = optional_text(
        command.force_reason, field="force_reason", longest=REASON, errors=errors
    )
    if errors or ends is None or status is None:
        raise invalid_fields(errors)
    stream = stream_name(TicketType.MAINTENANCE.value, command.ticket_id)
    refuse_opening(opening, stream=stream, given=given)
    start_at, end_at = ends
    policy = given.policy
    named = opening.named
    planned = MaintenancePlanned(
        ref=opening.ref,
        pubkey=opening.pubkey,
        devices=named.device_pubkeys,
        links=named.link_pubkeys,
        status=Status.PLANNED,
        start_at=start_at,
        end_at=end_at,
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
        impact=Impact.DEGRADED if opening.impact is None else opening.impact,
        project_id=opening.project_id,
        environment=opening.environment,
        detected_by=opening.detected_by,
        runbook_path=opening.runbook_path,
        assignee=opening.assignee,
        labels=opening.labels,
        correlation_keys=opening.correlation_keys,
        internal_reference=opening.internal_reference,
        auto_close_after_hours=hours,
        auto_start=policy.auto_start,
        reminder_before_hours=policy.reminder_before_hours,
    )
    facts: list[Payload] = [planned, *opening.links]
    if status.status is Status.IN_PROGRESS:
        # Said to be in progress, work has begun; merely open with the window begun, nobody said so.
        said = status.native is None or "open" not in status.native.lower()
        facts.append(
            Started(
                update_id=given.entry_id,
                author_pubkey=given.actor.pubkey,
                at=given.at,
                status_from=Status.PLANNED,
                actual_start_at=given.at if said else None,
                native=status.native,
            )
        )
    work = Work(devices=planned.devices, links=planned.links, start_at=start_at, end_at=end_at)
    facts += overlap_facts((), work, force_reason=force_reason, given=given)
    return tuple(facts)


def _first_status(command: PlanMaintenance, *, begun: bool, errors: Errors) -> StatusWord | None:
    if command.status is None:
        return StatusWord(Status.PLANNED)
    text = command.status
    dialect = read_dialect(command.dialect, errors)
    read = word(
        lambda: status_in(
            text, dialect, ticket_type=TicketType.MAINTENANCE, window_has_begun=begun
        ),
        errors,
    )
    if read is not None and read.status not in ACTIVE_MAINTENANCE:
        errors.append(terminal_status(read.status.value))
    return read


def _update(state: Ticket, command: ChangeStatus, given: Given) -> tuple[Payload, ...]:
    """A comment, a move, or both as one update (Domain: update)."""
    errors: Errors = []
    body = optional_text(command.body, field="body", longest=TEXT, errors=errors)
    if command.status is None and command.body is None:
        errors.append(FieldError("body", "required", "give a body, a status, or both"))
    dialect = read_dialect(command.dialect, errors)
    target: StatusWord | None = None
    if command.status is not None and not errors:
        target = read_status(
            command.status, state=state, dialect=dialect, now=given.at, errors=errors
        )
    read_root_cause(command.root_cause, state=state, errors=errors)
    to_work = target is not None and target.status is Status.IN_PROGRESS
    if command.end_at is not None and not (to_work and state.status is not Status.PLANNED):
        detail = "goes with giving more time to what is in progress or completed"
        errors.append(FieldError("end_at", "forbidden_field", detail))
    if target is None:
        refuse_ending_words(command, errors)
    elif target.status is state.status:
        refuse_another_ending(state, command, given, errors)
    if errors:
        raise invalid_fields(errors)
    comment = () if body is None else (note(body, given),)
    if target is None or (target.status is state.status and command.end_at is None):
        return (*comment, *_besides(state, command))
    if target.status is not state.status and target.status not in MOVES[state.status]:
        raise refuse_move(state, target.status, MOVES[state.status])
    return (*comment, *_move(state, command, target, given))


def _besides(state: Ticket, command: ChangeStatus) -> tuple[Payload, ...]:
    """A resolution that comes with no move: a field like others."""
    errors: Errors = []
    resolution = optional_text(command.resolution, field="resolution", longest=TEXT, errors=errors)
    if errors:
        raise invalid_fields(errors)
    if resolution is None or resolution == state.resolution:
        return ()
    written = Change(field="resolution", old=state.resolution, new=resolution)
    return (TicketUpdated(changes=(written,)),)


def _move(
    state: Ticket, command: ChangeStatus, target: StatusWord, given: Given
) -> tuple[Payload, ...]:
    errors: Errors = []
    at = read_moment(command.at, state=state, given=given, errors=errors)
    reason = optional_text(command.reason, field="reason", longest=REASON, errors=errors)
    if target.status is Status.IN_PROGRESS:
        refuse_ending_words(command, errors)
        if state.status is not Status.PLANNED:
            if command.end_at is None:
                detail = "going back to work needs a new planned end"
                errors.append(FieldError("end_at", "required", detail))
            if errors or command.end_at is None:
                raise invalid_fields(errors)
            return extend(
                state,
                end_at=command.end_at,
                at=at,
                reason=reason,
                force_reason=command.force_reason,
                given=given,
            )
        if errors:
            raise invalid_fields(errors)
        return (
            Started(
                update_id=given.entry_id,
                author_pubkey=given.actor.pubkey,
                at=at,
                status_from=state.status,
                actual_start_at=at,
                reason=reason,
                native=target.native,
            ),
        )
    return _end(state, command, target, at=at, reason=reason, given=given, errors=errors)


def _end(
    state: Ticket,
    command: ChangeStatus,
    target: StatusWord,
    *,
    at: datetime,
    reason: str | None,
    given: Given,
    errors: Errors,
) -> tuple[Payload, ...]:
    """Completed, cancelled or closed; in progress → closed is both at one instant."""
    ending = read_ending(
        command,
        named=target.disposition,
        allowed=CANCELLED_AS if target.status is Status.CANCELLED else ENDED_AS,
        state=state,
        given=given,
        errors=errors,
    )
    if errors:
        raise invalid_fields(errors)
    author = given.actor.pubkey
    frees = tuple(ConflictCleared(ticket_id=known.ticket_id) for known in state.conflicts)
    if target.status is Status.CANCELLED:
        cancelled = Cancelled(
            update_id=given.entry_id,
            author_pubkey=author,
            at=at,
            status_from=state.status,
            disposition=ending.disposition or Disposition.WITHDRAWN,
            duplicate_of=ending.duplicate_of,
            reason=reason,
            native=target.native,
        )
        return cancelled, *_besides(state, command), *frees
    completed = Completed(
        update_id=given.entry_id,
        author_pubkey=author,
        at=at,
        status_from=state.status,
        actual_end_at=at,
        resolution=ending.resolution,
        disposition=ending.disposition,
        reason=reason,
        native=target.native,
    )
    if target.status is Status.COMPLETED:
        return completed, *frees
    planned = state.status is Status.PLANNED
    by_default = Disposition.NO_ACTION if planned else state.disposition or Disposition.DONE
    working = state.status is Status.IN_PROGRESS
    closed = MaintenanceClosed(
        update_id=given.entry_id,
        author_pubkey=author,
        at=at,
        status_from=Status.COMPLETED if working else state.status,
        disposition=ending.disposition or by_default,
        duplicate_of=ending.duplicate_of,
        resolution=ending.resolution,
        reason=reason,
        native=target.native,
    )
    return (completed, closed, *frees) if working else (closed, *frees)


def _confirm(state: Ticket, given: Given) -> tuple[Payload, ...]:
    """The owner's word that this ticket has effect on its assets (Domain: effect needs ownership).

    One who is bound to no contributor has the whole org and speaks for every owner.
    """
    bound_to = given.access.contributor_id
    speakers = state.affected_contributors if bound_to is None else (bound_to,)
    find = given.directory
    devices = [find.device(pubkey) for pubkey in state.devices]
    links = [find.link(pubkey) for pubkey in state.links]
    named = Assets(
        devices=tuple(device for device in devices if device is not None),
        links=tuple(link for link in links if link is not None),
    )
    facts: list[Payload] = []
    having_effect = set(state.effect)
    owns_something = False
    for speaker in speakers:
        theirs = owned(named, (speaker,))
        owns_something = owns_something or bool(theirs)
        if theirs and not theirs <= having_effect:
            having_effect |= theirs
            facts.append(Confirmed(contributor_id=speaker, effect=tuple(sorted(having_effect))))
    if not owns_something:
        raise Conflict("none of the affected devices and links is yours to confirm")
    return tuple(facts)
