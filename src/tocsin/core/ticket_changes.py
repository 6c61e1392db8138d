"""What can be asked of either type of ticket in the same way (Domain: events)."""

from __future__ import annotations

from typing import assert_never

from tocsin.core import public_updates, ticket_signals
from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    AttachSignal,
    ChangeLabels,
    ChangeSeverity,
    EditPublicUpdate,
    NoteRelation,
    PostPublicUpdate,
    RecordMessage,
    Redact,
    ReferenceDraft,
    Relate,
    SetRca,
)
from tocsin.core.errors import FieldError, invalid, invalid_fields
from tocsin.core.evidence import Given
from tocsin.core.facts import Payload
from tocsin.core.ticket import Relation, Ticket
from tocsin.core.ticket_facts import (
    ActionExecuted,
    AssigneeChanged,
    LinkedToTicket,
    MessageRecorded,
    NoteAdded,
    Redacted,
    Related,
    SeverityChanged,
    TagAdded,
    TagRemoved,
)
from tocsin.core.ticket_reading import (
    KEY,
    MOST_LABELS,
    MOST_REFERENCES,
    NAME,
    REASON,
    TEXT,
    TITLE,
    Errors,
    assignee,
    labels,
    optional_text,
    reference,
    refuse_held_conversations,
    required_text,
    severity,
    text_set,
    ticket_named,
    word,
)
from tocsin.core.words import POSTABLE_ACTIONS, ActionKind, ReferenceKind, RelationKind, parse_word

SharedCommand = (
    ChangeSeverity
    | Assign
    | ChangeLabels
    | AddAction
    | RecordMessage
    | AttachSignal
    | AddReference
    | Relate
    | SetRca
    | PostPublicUpdate
    | EditPublicUpdate
    | Redact
    | NoteRelation
)

MOST_RELATIONS = 200


def decide_shared(state: Ticket, command: SharedCommand, given: Given) -> tuple[Payload, ...]:
    """The facts that follow from *command*, whatever the type of ticket.

    Raises:
        Invalid: fields that are wrong, each named.
        Conflict: another active ticket holds a signal's correlation key.
        NotFound: no such public update.
    """
    match command:
        case ChangeSeverity():
            return _severity(state, command, given)
        case Assign():
            return _assign(state, command, given)
        case ChangeLabels():
            return _labels(state, command)
        case AddAction():
            return _action(command, given)
        case RecordMessage():
            return _message(command)
        case AttachSignal(signal=draft):
            return ticket_signals.attach(state, draft, given)
        case AddReference(reference=draft):
            return _link(state, draft, given)
        case Relate():
            return _relate(state, command, given)
        case SetRca(url=url):
            if url == state.rca_url:
                return ()
            return _link(state, ReferenceDraft(kind=ReferenceKind.RCA.value, url=url), given)
        case PostPublicUpdate():
            return public_updates.post(state, command, given)
        case EditPublicUpdate():
            return public_updates.edit(state, command)
        case Redact():
            return _redact(command)
        case NoteRelation(relation=relation):
            return () if relation in state.relations else (Related(relation=relation),)
        case _:
            assert_never(command)


def _severity(state: Ticket, command: ChangeSeverity, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    level, native = severity(command.severity, given=given, errors=errors)
    reason = optional_text(command.reason, field="reason", longest=REASON, errors=errors)
    if errors or level is None:
        raise invalid_fields(errors)
    if level is state.severity:
        return ()
    return (
        SeverityChanged(
            severity_from=state.severity, severity_to=level, reason=reason, native=native
        ),
    )


def _assign(state: Ticket, command: Assign, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    chosen = assignee(command.assignee, given=given, errors=errors)
    if errors:
        raise invalid_fields(errors)
    if chosen == state.assignee:
        return ()
    return (AssigneeChanged(assignee_from=state.assignee, assignee_to=chosen),)


def _labels(state: Ticket, command: ChangeLabels) -> tuple[Payload, ...]:
    errors: Errors = []
    added = labels(command.add, errors=errors, field="add")
    removed = labels(command.remove, errors=errors, field="remove")
    both = sorted(set(added).intersection(removed))
    if both:
        detail = f'"{both[0]}" is put on and taken off at once'
        errors.append(FieldError("add", "duplicate", detail))
    after = {*state.labels, *added}.difference(removed)
    if len(after) > max(MOST_LABELS, len(state.labels)):
        errors.append(FieldError("add", "too_long", f"a ticket has at most {MOST_LABELS} labels"))
    if errors:
        raise invalid_fields(errors)
    return (
        *(TagAdded(label=label) for label in added if label not in state.labels),
        *(TagRemoved(label=label) for label in removed if label in state.labels),
    )


def _action(command: AddAction, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    kind = word(lambda: parse_word(ActionKind, command.action_kind, field="action_kind"), errors)
    if kind is not None and kind not in POSTABLE_ACTIONS:
        allowed = ", ".join(known.value for known in ActionKind if known in POSTABLE_ACTIONS)
        detail = f"{kind.value} is written by the system; one of {allowed}"
        errors.append(FieldError("action_kind", "unknown_word", detail))
    longest = TEXT if kind is ActionKind.NOTE else TITLE
    label = required_text(command.label, field="label", longest=longest, errors=errors)
    details = optional_text(command.details, field="details", longest=TEXT, errors=errors)
    if errors or kind is None:
        raise invalid_fields(errors)
    if kind is ActionKind.NOTE:
        body = label if details is None else f"{label}\n\n{details}"
        return (note(body, given),)
    return (
        ActionExecuted(
            action_id=given.entry_id, action_kind=kind.value, label=label, details=details
        ),
    )


def note(body: str, given: Given) -> NoteAdded:
    """A comment by the actor; *body* was read already."""
    return NoteAdded(update_id=given.entry_id, author_pubkey=given.actor.pubkey, body=body)


def _message(command: RecordMessage) -> tuple[Payload, ...]:
    errors: Errors = []
    identity = required_text(command.message_id, field="message_id", longest=KEY, errors=errors)
    source = required_text(command.source, field="source", longest=NAME, errors=errors)
    if errors:
        raise invalid_fields(errors)
    return (
        MessageRecorded(
            message_id=identity,
            source=source,
            # Whatever was said there is kept as far as it goes: it cannot be said again shorter.
            author=command.author[:NAME],
            text="" if command.deleted else command.text[:TEXT],
            at=command.at,
            deleted=command.deleted,
        ),
    )


def _link(state: Ticket, draft: ReferenceDraft, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    read = reference(draft, field="", errors=errors)
    is_analysis = read.kind == ReferenceKind.RCA.value
    full = len(state.references) >= MOST_REFERENCES and read not in state.references
    # An analysis may be replaced at any time; the addresses that came before it stay.
    if full and not is_analysis:
        detail = f"a ticket has at most {MOST_REFERENCES} references"
        errors.append(FieldError("url", "too_long", detail))
    if errors:
        raise invalid_fields(errors)
    if read in state.references and (not is_analysis or read.url == state.rca_url):
        return ()
    refuse_held_conversations((read,), stream=state.stream, given=given)
    return (LinkedToTicket(reference=read),)


def _relate(state: Ticket, command: Relate, given: Given) -> tuple[Payload, ...]:
    errors: Errors = []
    kind = word(lambda: parse_word(RelationKind, command.kind, field="kind"), errors)
    other = ticket_named(command.ticket, given=given)
    if other is None:
        errors.append(FieldError("ticket", "unknown_ticket", "no ticket of that id or ref"))
    elif other.id == state.id:
        errors.append(FieldError("ticket", "duplicate", "a ticket is not tied to itself"))
    if len(state.relations) >= MOST_RELATIONS:
        detail = f"a ticket has at most {MOST_RELATIONS} relations"
        errors.append(FieldError("ticket", "too_long", detail))
    if errors or kind is None or other is None:
        raise invalid_fields(errors)
    relation = Relation(kind=kind.value, ticket_id=other.id)
    return () if relation in state.relations else (Related(relation=relation),)


def _redact(command: Redact) -> tuple[Payload, ...]:
    errors: Errors = []
    event = required_text(command.event, field="event", longest=NAME, errors=errors)
    fields = text_set(command.fields, field="fields", most=NAME, longest=KEY, errors=errors)
    reason = optional_text(command.reason, field="reason", longest=REASON, errors=errors)
    if not command.fields:
        errors.append(FieldError("fields", "required", "name what is to be erased"))
    if errors:
        raise invalid_fields(errors)
    if not command.remaining_digest:
        raise invalid("event", "required", "nothing seals what is left of that event")
    return (
        Redacted(
            event=event, fields=fields, remaining_digest=command.remaining_digest, reason=reason
        ),
    )
