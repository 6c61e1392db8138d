"""Opening tickets from Slack: one conversation, one ticket, however often it is asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from tocsin.adapters.slack.contract import VIA, Surroundings, Workspace, conversation
from tocsin.adapters.slack.entities import plain
from tocsin.adapters.slack.escaping import mrkdwn
from tocsin.adapters.slack.threads import permalink
from tocsin.adapters.slack.triaging import Triager, entry_points_of
from tocsin.core.commands import OpenIncident, PlanMaintenance, ReferenceDraft
from tocsin.core.errors import Conflict, FieldError, Invalid
from tocsin.core.ids import ticket_refs, uuid7
from tocsin.core.ticket import Ticket
from tocsin.core.triage import triage
from tocsin.core.words import TicketType
from tocsin.handler.submission import Outcome, Speaker, Submission
from tocsin.store.contract import Answer, ReadTurn, ReceiptKey

CONVERSATION: Final = "Conversation in Slack"
"""What the reference to a thread is called on the ticket."""

SHOWN_TITLE: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class NewName:
    """The id and the public names, to be tried in order, that a new ticket may have."""

    ticket_id: str
    refs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A ticket, and whether it is ``fresh``: made by this very asking."""

    ticket: Ticket
    fresh: bool


def new_name(kind: TicketType, surroundings: Surroundings) -> NewName:
    """A name for a ticket of that *kind*."""
    at = surroundings.clock()
    prefix = "I" if kind is TicketType.INCIDENT else "M"
    return NewName(
        ticket_id=uuid7(at, surroundings.entropy()),
        refs=ticket_refs(prefix, at, surroundings.entropy()),
    )


def thread_reference(
    workspace: Workspace, channel_id: str, root_ts: str, *, ts: str | None = None
) -> ReferenceDraft:
    """The conversation of a thread, as the ticket's own; *ts* is the message that led to it."""
    return ReferenceDraft(
        kind="chat",
        url=permalink(workspace, channel_id, ts or root_ts, root_ts),
        title=CONVERSATION,
        external_id=conversation(workspace.team_id, channel_id, root_ts),
    )


def once(org_id: int, what: str, key: str) -> ReceiptKey:
    """The receipt under which something is done once: *what* it is and its *key* in Slack."""
    return ReceiptKey(
        org_id=org_id,
        scope=f"slack:{what}",
        key=key,
        # What comes a second time under one key may differ in a word; it is still the same.
        body_digest=hashlib.sha256(key.encode()).digest(),
    )


def done(outcome: Outcome) -> Answer:
    """What is kept of something that was done: that it was."""
    return Answer(status=200, body=b"done")


def open_ticket(
    command: OpenIncident | PlanMaintenance,
    *,
    org_id: int,
    speaker: Speaker,
    surroundings: Surroundings,
    receipt: ReceiptKey | None = None,
) -> Opened:
    """Open it; where its conversation has a ticket already, that one.

    Raises:
        Refusal: it is not opened; the sentence is for who asked.
        StorageFailed: it could not be stored.
    """
    submission = Submission(
        org_id=org_id,
        sort="ticket",
        command=command,
        speaker=speaker,
        via=VIA,
        receipt=receipt,
        render=None if receipt is None else done,
    )
    try:
        outcome = surroundings.writer.do(submission)
    except Conflict as conflict:
        with surroundings.store.reading() as turn:
            held = None if conflict.holder is None else _ticket(turn, org_id, conflict.holder)
        if held is None:
            raise
        return Opened(ticket=held, fresh=False)
    assert isinstance(outcome.state, Ticket)
    return Opened(ticket=outcome.state, fresh=outcome.replayed is None)


def open_report(
    text: str,
    *,
    org_id: int,
    speaker: Speaker,
    surroundings: Surroundings,
    reporter: str | None = None,
    reference: ReferenceDraft | None = None,
    receipt: ReceiptKey | None = None,
    triager: Triager | None = None,
) -> Opened:
    """Open an incident from free *text* as Slack sent it; the org's entry points say what it is.

    Where there is a *triager* its model is asked afterwards; nothing waits for that.

    Raises:
        Refusal: it is not opened; the sentence is for who asked.
        StorageFailed: it could not be stored.
    """
    report = plain(text)
    if triager is None:
        with surroundings.store.reading() as turn:
            found = triage(report, entry_points_of(turn, org_id))
    else:
        found = triager.first(report, org_id)
    name = new_name(TicketType.INCIDENT, surroundings)
    command = OpenIncident(
        ticket_id=name.ticket_id,
        refs=name.refs,
        title=found.title,
        description=found.description,
        severity=found.severity.value,
        assignee=found.assignee,
        services=() if found.service is None else (found.service,),
        reporter_name=reporter,
        references=() if reference is None else (reference,),
        formal=False,
    )
    try:
        opened = open_ticket(
            command, org_id=org_id, speaker=speaker, surroundings=surroundings, receipt=receipt
        )
    except Invalid as wrong:
        # An entry point may name who has gone, or a severity that the org uses no more; that is
        # no reason not to take the report.
        bare = _without(command, wrong.errors)
        if bare is None:
            raise
        opened = open_ticket(
            bare, org_id=org_id, speaker=speaker, surroundings=surroundings, receipt=receipt
        )
    if triager is not None and opened.fresh:
        triager.improve(org_id=org_id, stream=opened.ticket.stream, text=report, found=found)
    return opened


def _without(command: OpenIncident, errors: tuple[FieldError, ...]) -> OpenIncident | None:
    """The opening without what only an entry point said and is wrong; None where more is wrong."""
    for error in errors:
        field = error.field.partition("[")[0]
        if field == "assignee" and command.assignee is not None:
            command = replace(command, assignee=None)
        elif field == "services" and command.services:
            command = replace(command, services=())
        elif field == "severity" and command.severity != "sev3":
            command = replace(command, severity="sev3")
        elif field == "reporter_name" and command.reporter_name is not None:
            command = replace(command, reporter_name=None)
        else:
            return None
    return command


def _ticket(turn: ReadTurn, org_id: int, identity: str) -> Ticket | None:
    streams = [f"{kind.value}:{identity}" for kind in TicketType]
    for head in turn.heads(org_id, streams).values():
        if isinstance(head.state, Ticket):
            return head.state
    return None


# -- what is said of it ---------------------------------------------------------------------------


def opened_words(opened: Opened) -> str:
    """What who asked is told, in mrkdwn."""
    ticket = opened.ticket
    if not opened.fresh:
        return f"This is {name_of(ticket)} already; it is {ticket.status.value.replace('_', ' ')}."
    said = "Opened" if ticket.type is TicketType.INCIDENT else "Planned"
    return f"{said} {name_of(ticket)}."


def name_of(ticket: Ticket) -> str:
    """``*I20261120-af36* · sev2 · title``, in mrkdwn."""
    title = mrkdwn(ticket.title, longest=SHOWN_TITLE)
    return f"*{ticket.ref}* · {ticket.severity.value} · {title}"
