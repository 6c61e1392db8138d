"""Every fact about a ticket as a reply in its thread: who did what, from what, to what, and why
(Integrations: Slack, out).

Pure. Sentences are plain text; what people wrote follows in a block of its own, as it was typed.
What was erased of an event is not in it, so it is not here.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from tocsin.adapters.slack import mentions, naming
from tocsin.adapters.slack.cards import (
    TEXT,
    marked_section,
    section,
    shown_address,
)
from tocsin.adapters.slack.changes import change_lines, named_before
from tocsin.adapters.slack.contract import Blocks, Reply, Spoken
from tocsin.adapters.slack.escaping import mrkdwn, one_line, plain, utc, wide
from tocsin.adapters.slack.summaries import (
    LONGEST_SAID,
    LONGEST_SENTENCE,
    Told,
    ahead,
    announced,
    dated,
    ending,
    other,
    percent,
    standing,
    unheard,
    window,
)
from tocsin.core.facts import Event
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import (
    ActionExecuted,
    AssigneeChanged,
    Cancelled,
    Completed,
    Confirmed,
    ConflictCleared,
    ConflictFound,
    Extended,
    IncidentClosed,
    IncidentCreated,
    IncidentReopened,
    IncidentResolved,
    LinkedToTicket,
    MaintenanceClosed,
    MaintenancePlanned,
    MessageRecorded,
    NoteAdded,
    Overran,
    PublicUpdateEdited,
    PublicUpdatePosted,
    Redacted,
    Related,
    Reminded,
    Rescheduled,
    SeverityChanged,
    SignalIngested,
    SloViolationRecorded,
    Started,
    StatusChanged,
    TagAdded,
    TagRemoved,
    TicketUpdated,
)
from tocsin.core.ticket_reading import NEEDS_AFFECTED
from tocsin.core.words import (
    ENDED,
    OVER,
    ReferenceKind,
    Status,
    TicketType,
    is_active,
)
from tocsin.projections.shapes.ticket_names import Names


def reply(event: Event, ticket: Ticket, names: Names) -> Reply | None:
    """What *event* says in the thread of *ticket*, as it stands now; None for what the card or
    another reply says.

    Raises:
        TypeError: the event is not about a ticket.
    """
    told = _told(event, ticket, names)
    if told is None:
        return None
    called = mentions.called(event, ticket, names)
    blocks: Blocks = [section(told.sentence, longest=LONGEST_SENTENCE)]
    lines = "\n".join(f"{name}: {value}" for name, value in told.summary)
    if lines:
        blocks.append(section(lines))
    if told.said and told.said.strip():
        blocks.append(section(told.said, longest=LONGEST_SAID))
    if told.link is not None:
        blocks.append(marked_section(shown_address(told.link)))
    if called:
        blocks.append(marked_section(called))
    plainly = plain(told.sentence, longest=LONGEST_SENTENCE)
    for more in (lines, told.said, told.link):
        if more:
            plainly = f"{plainly}\n{more}"
    text = mrkdwn(plainly, longest=TEXT - wide(called) - 1)
    return Reply(text=f"{text}\n{called}".rstrip(), blocks=blocks, broadcast=told.broadcast)


def to_be_named(event: Event, ticket: Ticket) -> tuple[Ticket, ...]:
    """The tickets whose names have to be loaded to tell *event*: *ticket* as it stands, and with
    what the event names of before."""
    payload = event.payload
    match payload:
        case AssigneeChanged(assignee_from=before, assignee_to=now):
            return (ticket, replace(ticket, assignee=before), replace(ticket, assignee=now))
        case TicketUpdated(facts=facts, changes=changes):
            return (ticket, named_before((*facts, *changes), ticket))
        case ConflictFound(overlap=overlap):
            return (ticket, replace(ticket, conflicts=(overlap,)))
        case ConflictCleared(ticket_id=other_id):
            return (ticket, replace(ticket, conflicts=(), duplicate_of=other_id))
        case Related(relation=relation):
            return (ticket, replace(ticket, relations=(relation,)))
        case Confirmed(contributor_id=contributor_id):
            return (ticket, replace(ticket, contributor_id=contributor_id))
        case (
            StatusChanged(duplicate_of=str() as other_id)
            | IncidentClosed(duplicate_of=str() as other_id)
        ):
            return (ticket, replace(ticket, duplicate_of=other_id))
        case (
            Cancelled(duplicate_of=str() as other_id)
            | MaintenanceClosed(duplicate_of=str() as other_id)
        ):
            return (ticket, replace(ticket, duplicate_of=other_id))
        case _:
            return (ticket,)


# -- short sentences, for whoever asked -----------------------------------------------------------


def opened(ticket: Ticket) -> Spoken:
    """That *ticket* is there now."""
    verb = "Planned" if ticket.type is TicketType.MAINTENANCE else "Opened"
    return sentence(f"{verb} {ticket.ref} ({naming.level(ticket.severity)}): {ticket.title}")


def refused(reason: str) -> Spoken:
    """That something was not done, and why; *reason* is the refusal's own sentence."""
    stripped = one_line(reason)
    if not stripped:
        return sentence("That was not done.")
    return sentence(f"That was not done: {stripped}")


def sentence(text: str) -> Spoken:
    """*text*, which may quote people, said as it stands."""
    return Spoken(mrkdwn(text, longest=TEXT), [section(text)])


# -- what each fact says --------------------------------------------------------------------------


def _told(event: Event, ticket: Ticket, names: Names) -> Told | None:
    who = naming.who(event.actor)
    payload = event.payload
    match payload:
        case IncidentCreated() | MaintenancePlanned() | MessageRecorded():
            return None  # the card says the first, the chat itself the last
        case TicketUpdated(facts=facts, changes=changes):
            lines = change_lines((*facts, *changes), names)
            return Told(sentence=f"{who} changed", said="\n".join(lines)) if lines else None
        case StatusChanged():
            return _moved(payload, event, ticket, names)
        case IncidentResolved(resolution=text, root_cause=cause, disposition=disposition):
            return Told(
                sentence=f"{who} resolved it{dated(payload.at, event)}",
                summary=tuple(ending(text, cause, disposition, None, names)),
            )
        case IncidentClosed():
            ended = ending(
                payload.resolution or ticket.resolution,
                payload.root_cause or ticket.root_cause,
                payload.disposition or ticket.disposition,
                payload.duplicate_of,
                names,
            )
            return announced(
                f"{ticket.ref} closed by {who}{dated(payload.at, event)}",
                standing(Status.CLOSED, ticket, names),
                chain(ended, unheard(ticket)),
            )
        case IncidentReopened(reason=reason):
            return Told(sentence=f"{who} reopened it{dated(payload.at, event)}", said=reason)
        case NoteAdded(body=body):
            return Told(sentence=f"{who} wrote", said=body)
        case SeverityChanged(severity_from=before, severity_to=now, reason=reason):
            verb = "raised" if now.rank < before.rank else "lowered"
            moved = f"from {naming.level(before)} to {naming.level(now)}"
            return Told(sentence=f"{who} {verb} the severity {moved}", said=reason)
        case AssigneeChanged():
            return Told(sentence=_reassigned(payload, who, names))
        case TagAdded(label=label):
            return Told(sentence=f"{who} put on the label “{label}”")
        case TagRemoved(label=label) if label == NEEDS_AFFECTED:
            return None  # it says now what is affected, and the change of that field is told
        case TagRemoved(label=label):
            return Told(sentence=f"{who} took off the label “{label}”")
        case SignalIngested():
            seen = f"{payload.source} ({payload.state}): {one_line(payload.summary)}"
            return Told(sentence=seen)
        case ActionExecuted(action_kind=kind, label=label, details=details):
            did = f"{who} did: {one_line(label)} ({naming.spaced(kind).lower()})"
            return Told(sentence=did, said=details)
        case SloViolationRecorded():
            used = percent(payload.error_budget_consumed)
            broken = f"Objective {payload.slo_id} is broken, {used} of its error budget used"
            return Told(sentence=broken, said=payload.details)
        case LinkedToTicket():
            return _linked(payload, who)
        case Related(relation=relation):
            tie = naming.spaced(relation.kind)
            if relation.inverse:
                tie = f"{tie} (the other way round)"
            return Told(sentence=f"{who} tied it to {other(relation.ticket_id, names)}: {tie}")
        case PublicUpdatePosted(title=title, status=status, body=body):
            posted = f"{who} told the public ({naming.spaced(status)}): {one_line(title)}"
            return Told(sentence=posted, said=body)
        case PublicUpdateEdited(title=title, body=body):
            return Told(sentence=f"{who} corrected for the public: {one_line(title)}", said=body)
        case Redacted(fields=fields, reason=reason):
            erased = ", ".join(naming.spaced(one) for one in fields)
            return Told(sentence=f"{who} erased {erased} of an earlier entry", said=reason)
        case _:
            return _told_of_maintenance(event, ticket, names, who=who)


def _told_of_maintenance(event: Event, ticket: Ticket, names: Names, *, who: str) -> Told | None:
    payload = event.payload
    match payload:
        case Rescheduled():
            return announced(
                f"{ticket.ref} rescheduled by {who}",
                standing(ticket.status, ticket, names),
                window(payload),
                said=payload.reason,
            )
        case Started(actual_start_at=None, reason=reason):
            return Told(sentence="Its window has begun: it is in progress", said=reason)
        case Started(reason=reason):
            return Told(sentence=f"{who} started the work{dated(payload.at, event)}", said=reason)
        case Completed(resolution=text, disposition=disposition, reason=reason):
            return Told(
                sentence=f"{who} completed the work{dated(payload.at, event)}",
                summary=tuple(ending(text, None, disposition, None, names)),
                said=reason,
            )
        case Extended(end_at_before=before, end_at=now, reason=reason):
            later = f"{who} extended it: planned end from {utc(before)} to {utc(now)}"
            return Told(sentence=later, said=reason)
        case Cancelled(disposition=disposition, duplicate_of=other_id, reason=reason):
            return announced(
                f"{ticket.ref} cancelled by {who}{dated(payload.at, event)}",
                standing(Status.CANCELLED, ticket, names),
                chain(ending(None, None, disposition, other_id, names), unheard(ticket)),
                said=reason,
            )
        case MaintenanceClosed():
            ended = ending(
                payload.resolution or ticket.resolution,
                None,
                payload.disposition,
                payload.duplicate_of,
                names,
            )
            return announced(
                f"{ticket.ref} closed by {who}{dated(payload.at, event)}",
                standing(Status.CLOSED, ticket, names),
                chain(ended, unheard(ticket)),
                said=payload.reason,
            )
        case Reminded(late=True):
            return None
        case Reminded(at=at, start_at=start_at):
            return announced(
                f"{ticket.ref} begins {ahead(start_at - at)}, at {utc(start_at)}",
                standing(ticket.status, ticket, names),
                iter(()),
            )
        case Overran(end_at=end_at):
            return Told(sentence=f"Still in progress past its planned end, {utc(end_at)}")
        case Confirmed(contributor_id=contributor_id):
            owner = naming.contributor(contributor_id, names)
            return Told(sentence=f"{who} confirmed it for {owner}, who owns what it touches")
        case ConflictFound(overlap=overlap, forced_reason=forced):
            shared = naming.listed(one.code for one in overlap.shared)
            by_force = " (planned over the policy that forbids it)" if forced else ""
            against = other(overlap.ticket_id, names)
            return Told(sentence=f"Conflicts with {against} on {shared}{by_force}", said=forced)
        case ConflictCleared(ticket_id=other_id):
            return Told(sentence=f"No longer conflicts with {other(other_id, names)}")
        case _:
            raise TypeError(f"{event.kind} is not about a ticket")


def _moved(moved: StatusChanged, event: Event, ticket: Ticket, names: Names) -> Told | None:
    who = naming.who(event.actor)
    if moved.status_to is Status.CANCELLED:
        return announced(
            f"{ticket.ref} cancelled by {who}{dated(moved.at, event)}",
            standing(Status.CANCELLED, ticket, names),
            chain(
                ending(None, None, moved.disposition, moved.duplicate_of, names), unheard(ticket)
            ),
            said=moved.reason,
        )
    reopened = moved.status_from in ENDED | OVER and is_active(moved.status_to)
    if moved.status_to in (Status.RESOLVED, Status.CLOSED) or reopened:
        return None  # recorded with it is a fact that says more
    way = f"from {naming.spaced(moved.status_from)} to {naming.spaced(moved.status_to)}"
    return Told(sentence=f"{who} moved it {way}{dated(moved.at, event)}", said=moved.reason)


def _reassigned(payload: AssigneeChanged, who: str, names: Names) -> str:
    before, now = payload.assignee_from, payload.assignee_to
    had = "" if before is None else f" (it was with {naming.party(before, names)})"
    if now is None:
        return f"{who} gave it back: nobody has it now{had}"
    return f"{who} gave it to {naming.party(now, names)}{had}"


def _linked(payload: LinkedToTicket, who: str) -> Told | None:
    reference = payload.reference
    if reference.external_id is not None:
        return None  # the conversation that this ticket grew out of needs no telling
    kinds = {
        ReferenceKind.RCA.value: "the root-cause analysis",
        ReferenceKind.OTHER.value: "a link",
    }
    what = kinds.get(reference.kind, f"a {naming.spaced(reference.kind)}")
    title = "" if not reference.title else f": {one_line(reference.title)}"
    return Told(sentence=f"{who} added {what}{title}", link=reference.url)
