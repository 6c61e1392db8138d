"""The window of a maintenance: moving it, giving it more time, and who is in the way of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tocsin.core.commands import ChangeFields
from tocsin.core.errors import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidTransition,
    invalid_fields,
)
from tocsin.core.evidence import Given
from tocsin.core.facts import JsonValue, NotGiven, Payload
from tocsin.core.overlaps import Work, forbidding, overlaps_of, work_of
from tocsin.core.ticket import Overlap, Ticket
from tocsin.core.ticket_facts import ConflictCleared, ConflictFound, Extended, Rescheduled
from tocsin.core.ticket_fields import FieldsRead, field_facts, read_auto_close, read_fields
from tocsin.core.ticket_reading import (
    REASON,
    Errors,
    instant,
    optional_text,
    refuse_held_keys,
    window,
)
from tocsin.core.words import ACTIVE_MAINTENANCE, OVER, Role, Status


def overlap_facts(
    known: tuple[Overlap, ...], work: Work, *, force_reason: str | None, given: Given
) -> tuple[Payload, ...]:
    """The overlaps of *work* that were not known, and the end of those that are gone.

    Raises:
        Conflict: the policy forbids the overlap, and nobody forces it.
        Forbidden: somebody who is no org_admin forces it.
    """
    found = overlaps_of(work, given.maintenances, given.directory)
    forced = None
    if found and given.policy.forbid_overlap:
        stands = forbidding(found, given.maintenances, given.directory)
        if stands and force_reason is None:
            refs = ", ".join(other.ref for other in stands)
            raise Conflict(
                f"overlaps with {refs}, and the policy forbids it;"
                " an org_admin may force it with a reason"
            )
        if stands and given.access.role is not Role.ORG_ADMIN:
            raise Forbidden("only an org_admin may force an overlap that the policy forbids")
        forced = force_reason if stands else None
    ids = {overlap.ticket_id for overlap in found}
    return (
        *(
            ConflictFound(overlap=overlap, forced_reason=forced)
            for overlap in found
            if overlap not in known
        ),
        *(
            ConflictCleared(ticket_id=overlap.ticket_id)
            for overlap in known
            if overlap.ticket_id not in ids
        ),
    )


def change(state: Ticket, command: ChangeFields, given: Given) -> tuple[Payload, ...]:
    """The facts of changed fields, a moved window and what that runs into.

    Raises:
        Invalid: fields that are wrong, each named.
        InvalidTransition: the window of what is done or over is moved.
        Conflict: the policy forbids the overlap, or a correlation key is taken.
        Forbidden: only an org_admin may force; or an asset is another contributor's.
    """
    errors: Errors = []
    read = read_fields(state, command, given, errors)
    values: dict[str, JsonValue] = dict(read.values)
    if not isinstance(command.auto_close_after_hours, NotGiven):
        values["auto_close_after_hours"] = read_auto_close(command.auto_close_after_hours, errors)
    if not isinstance(command.primary_signal_id, NotGiven):
        detail = "only incidents have one"
        errors.append(FieldError("primary_signal_id", "forbidden_field", detail))
    reason = optional_text(command.reason, field="reason", longest=REASON, errors=errors)
    force_reason = optional_text(
        command.force_reason, field="force_reason", longest=REASON, errors=errors
    )
    start_at = state.start_at if isinstance(command.start_at, NotGiven) else command.start_at
    end_at = state.end_at if isinstance(command.end_at, NotGiven) else command.end_at
    ends = window(start_at, end_at, errors=errors)
    moves = ends is not None and ends != (state.start_at, state.end_at)
    if moves and state.status is Status.IN_PROGRESS and start_at != state.start_at:
        detail = "has passed: work is in progress; the planned start stays as it was"
        errors.append(FieldError("start_at", "window", detail))
    if errors or ends is None or state.end_at is None:
        raise invalid_fields(errors)
    if moves and state.status not in ACTIVE_MAINTENANCE:
        raise InvalidTransition(
            f"{state.ref} is {state.status.value}: its window cannot be moved any more"
            + ("; extend it to go on" if state.status is Status.COMPLETED else "")
        )
    facts = list(field_facts(state, FieldsRead(values=values, named=read.named), given))
    if moves:
        facts.append(
            Rescheduled(
                start_at_before=state.start_at,
                end_at_before=state.end_at,
                start_at=ends[0],
                end_at=ends[1],
                reminder_before_hours=given.policy.reminder_before_hours,
                reason=reason,
            )
        )
    if state.status in ACTIVE_MAINTENANCE and (moves or read.named is not None) and facts:
        work = Work(
            devices=state.devices if read.named is None else read.named.device_pubkeys,
            links=state.links if read.named is None else read.named.link_pubkeys,
            start_at=min(ends[0], work_of(state).start_at) if not moves else ends[0],
            end_at=ends[1],
        )
        facts += overlap_facts(state.conflicts, work, force_reason=force_reason, given=given)
    return tuple(facts)


def extend(
    state: Ticket,
    *,
    end_at: datetime,
    at: datetime,
    reason: str | None,
    force_reason: str | None,
    given: Given,
) -> tuple[Payload, ...]:
    """More time: a later planned end; what was completed goes back to work.

    Raises:
        Invalid: the new end is not later, or not in the future.
        InvalidTransition: it is over.
        Conflict: the policy forbids the overlap, or another ticket took a correlation key.
        Forbidden: only an org_admin may force.
    """
    if state.status in OVER:
        raise InvalidTransition(
            f"{state.ref} is {state.status.value} and cannot be extended; plan another one"
        )
    errors: Errors = []
    read = instant(end_at, field="end_at", errors=errors)
    reason = optional_text(reason, field="reason", longest=REASON, errors=errors)
    force_reason = optional_text(force_reason, field="force_reason", longest=REASON, errors=errors)
    before = state.end_at
    completed = state.status is Status.COMPLETED
    if read is not None and before is not None:
        if read == before and not completed:
            return ()
        if read <= state.start_at or (read <= before and not completed):
            detail = "must be after the planned end that it replaces"
            errors.append(FieldError("end_at", "window", detail))
        elif completed and read <= given.at:
            errors.append(FieldError("end_at", "window", "must be in the future"))
    if errors or read is None or before is None:
        raise invalid_fields(errors)
    extended: Payload
    if state.status is Status.PLANNED:
        extended = Rescheduled(
            start_at_before=state.start_at,
            end_at_before=before,
            start_at=state.start_at,
            end_at=read,
            reminder_before_hours=given.policy.reminder_before_hours,
            reason=reason,
        )
    else:
        extended = Extended(
            update_id=given.entry_id,
            author_pubkey=given.actor.pubkey,
            at=max(at, state.last_status_at),
            status_from=state.status,
            end_at_before=before,
            end_at=read,
            reason=reason,
        )
    if completed:
        refuse_held_keys(state.correlation_keys, stream=state.stream, given=given)
    work = replace(work_of(state), end_at=read)
    found = overlap_facts(state.conflicts, work, force_reason=force_reason, given=given)
    return extended, *found
