"""What a move of the status says beside the status: why a ticket ended, from what, and when.

Shared by both lifecycles (Domain: disposition, root cause, ``at``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.commands import ChangeStatus
from tocsin.core.dialects import Dialect, parse_dialect, status_in, status_out
from tocsin.core.errors import FieldError, InvalidTransition
from tocsin.core.evidence import Given
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import (
    TEXT,
    Errors,
    optional_text,
    past_instant,
    ticket_named,
    word,
)
from tocsin.core.words import (
    Disposition,
    RootCause,
    Status,
    StatusWord,
    TicketType,
    folded,
    parse_status,
    parse_word,
)

NAMES_ANOTHER = frozenset({Disposition.DUPLICATE, Disposition.SUPERSEDED})
"""Dispositions that name the other ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why and how something ended; ``duplicate_of`` is a ticket's id."""

    disposition: Disposition | None = None
    duplicate_of: str | None = None
    resolution: str | None = None
    root_cause: RootCause | None = None


def read_dialect(text: str | None, errors: Errors) -> Dialect | None:
    """The dialect that *text* names, or None for the canonical words."""
    return None if text is None else word(lambda: parse_dialect(text), errors)


def read_status(
    text: str, *, state: Ticket, dialect: Dialect | None, now: datetime, errors: Errors
) -> StatusWord | None:
    """The status that *text* means for *state*.

    A word that the dialect has for where the ticket already stands means to leave it there. A
    status of the other type of ticket is one, too: to move there is what the lifecycle refuses.
    """
    if dialect is not None and folded(text) == folded(status_out(state.status, dialect)):
        return StatusWord(state.status)
    begun = state.type is TicketType.MAINTENANCE and state.start_at <= now
    unknown: Errors = []
    read = word(
        lambda: status_in(text, dialect, ticket_type=state.type, window_has_begun=begun), unknown
    )
    if read is None:
        (other,) = set(TicketType) - {state.type}
        read = word(lambda: parse_status(text, ticket_type=other), [])
    if read is None:
        errors += unknown
    return read


def read_moment(at: datetime | None, *, state: Ticket, given: Given, errors: Errors) -> datetime:
    """When a move happened: *at*, or now; not in the future, not before the previous move."""
    now = max(given.at, state.last_status_at)
    read = past_instant(at, now=now, field="at", errors=errors)
    if read is None:
        return now
    if read < state.last_status_at:
        detail = "must not be before the previous change of status"
        errors.append(FieldError("at", "before_previous", detail))
    return read


def read_ending(
    command: ChangeStatus,
    *,
    named: Disposition | None,
    allowed: Iterable[Disposition],
    state: Ticket,
    given: Given,
    errors: Errors,
) -> Ending:
    """Why it ends: the given disposition, or the one that the status word *named*."""
    disposition = named
    given_word = command.disposition
    if given_word is not None:
        disposition = word(lambda: parse_word(Disposition, given_word, field="disposition"), errors)
    elif disposition is None and command.duplicate_of is not None:
        disposition = Disposition.DUPLICATE
    choices = tuple(allowed)
    if disposition is not None and disposition not in choices:
        detail = f"not here; one of {', '.join(choice.value for choice in choices)}"
        errors.append(FieldError("disposition", "unknown_word", detail))
    return Ending(
        disposition=disposition,
        duplicate_of=_other(command.duplicate_of, disposition, state, given, errors),
        resolution=optional_text(
            command.resolution, field="resolution", longest=TEXT, errors=errors
        ),
        root_cause=read_root_cause(command.root_cause, state=state, errors=errors),
    )


def _other(
    name: str | None,
    disposition: Disposition | None,
    state: Ticket,
    given: Given,
    errors: Errors,
) -> str | None:
    if name is None:
        if disposition in NAMES_ANOTHER:
            errors.append(FieldError("duplicate_of", "required", "name the other ticket"))
        return None
    if disposition not in NAMES_ANOTHER:
        detail = "goes with the dispositions duplicate and superseded only"
        errors.append(FieldError("duplicate_of", "forbidden_field", detail))
        return None
    other = ticket_named(name, given=given)
    if other is None or other.id == state.id:
        errors.append(FieldError("duplicate_of", "unknown_ticket", "no other ticket of that name"))
        return None
    return other.id


def read_root_cause(text: str | None, *, state: Ticket, errors: Errors) -> RootCause | None:
    """The root cause that *text* names; only incidents have one."""
    if text is None:
        return None
    if state.type is TicketType.MAINTENANCE:
        errors.append(FieldError("root_cause", "forbidden_field", "only incidents have one"))
        return None
    return word(lambda: parse_word(RootCause, text, field="root_cause"), errors)


def refuse_ending_words(command: ChangeStatus, errors: Errors) -> None:
    """Refuse the reasons of an ending where nothing ends."""
    for field, value in (
        ("disposition", command.disposition),
        ("duplicate_of", command.duplicate_of),
    ):
        if value is not None:
            detail = "goes with an ending; this does not end the ticket"
            errors.append(FieldError(field, "forbidden_field", detail))


def refuse_another_ending(
    state: Ticket, command: ChangeStatus, given: Given, errors: Errors
) -> None:
    """Refuse the reasons of an ending that differ from those with which *state* stands there
    already: saying it again is nothing, and saying it otherwise would be dropped in silence."""
    why = "" if state.disposition is None else state.disposition.value
    if command.disposition is not None and folded(command.disposition) != folded(why):
        detail = f"it is {state.status.value} already" + (f" ({why})" if why else "")
        errors.append(FieldError("disposition", "forbidden_field", detail))
    if command.duplicate_of is not None:
        other = ticket_named(command.duplicate_of, given=given)
        if other is None or other.id != state.duplicate_of:
            detail = f"it is {state.status.value} already, and not by that ticket"
            errors.append(FieldError("duplicate_of", "forbidden_field", detail))


def refuse_move(state: Ticket, status: Status, allowed: Iterable[Status]) -> InvalidTransition:
    """The refusal of a move that the lifecycle does not have, naming those it has."""
    names = ", ".join(choice.value for choice in allowed) or "nothing"
    return InvalidTransition(
        f"{state.ref} is {state.status.value} and cannot become {status.value};"
        f" from here it may become {names}"
    )
