"""From an intention to what is asked of a ticket, done, and said in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tocsin.adapters.slack.answering import speaker_of
from tocsin.adapters.slack.contract import (
    VIA,
    Person,
    Spoken,
    Surroundings,
    Workspace,
    conversation,
)
from tocsin.adapters.slack.escaping import escaped, utc
from tocsin.adapters.slack.intentions import (
    Acknowledge,
    Close,
    Comment,
    Extend,
    Move,
    Myself,
    Named,
    Nobody,
    Rca,
    SetAssignee,
    SetSeverity,
    SlackUser,
    Update,
    Whom,
)
from tocsin.adapters.slack.opening import done
from tocsin.adapters.slack.threads import Place, ticket_of
from tocsin.core import commands
from tocsin.core.claims import CONTRIBUTOR_CODE, EXTERNAL_ID, REF
from tocsin.core.errors import NotFound, invalid
from tocsin.core.facts import stream_identity
from tocsin.core.membership import email_claim
from tocsin.core.records import Member
from tocsin.core.ticket import Ticket
from tocsin.core.words import Status
from tocsin.handler.naming import is_ref, ticket_streams
from tocsin.handler.submission import Outcome, Submission
from tocsin.store.contract import ReadTurn, ReceiptKey

MOST_MEMBERS: Final = 5_000
"""Members that are looked through for one who is called so."""

Order = Acknowledge | Move | Update | Close | Rca | SetSeverity | SetAssignee | Extend | Comment
"""What is asked of one ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who speaks, and where. With a ``receipt`` what is asked is done once under it."""

    person: Person
    workspace: Workspace
    org_id: int
    channel: str | None = None
    thread: str | None = None
    receipt: ReceiptKey | None = None


# -- which ticket ---------------------------------------------------------------------------------


def ticket_named(turn: ReadTurn, org_id: int, name: str) -> Ticket | None:
    """The org's ticket of that id or ref."""
    streams = ticket_streams(name)
    if is_ref(name):
        holder = turn.claimed_by(org_id, REF, name)
        streams = () if holder is None else (holder,)
    for head in turn.heads(org_id, streams).values():
        if isinstance(head.state, Ticket):
            return head.state
    return None


def ticket_here(turn: ReadTurn, standing: Standing) -> Ticket | None:
    """The ticket whose own thread or channel it is that is spoken in."""
    channel, org_id = standing.channel, standing.org_id
    if channel is None:
        return None
    if standing.thread is None:
        identity = conversation(standing.workspace.team_id, channel)
        stream = turn.claimed_by(org_id, EXTERNAL_ID, identity)
    else:
        place = Place(
            workspace=standing.workspace,
            org_id=org_id,
            channel_id=channel,
            root_ts=standing.thread,
        )
        stream = ticket_of(turn, place)
    head = None if stream is None else turn.head(org_id, stream)
    return head.state if head is not None and isinstance(head.state, Ticket) else None


def subject_of(turn: ReadTurn, ref: str | None, standing: Standing) -> Ticket | None:
    """The ticket that *ref* names, or without one that of the conversation; None for neither.

    Raises:
        NotFound: a ref was given, and there is no such ticket.
    """
    if ref is None:
        return ticket_here(turn, standing)
    found = ticket_named(turn, standing.org_id, ref)
    if found is None:
        raise NotFound(f"there is no ticket {ref[:64]} here")
    return found


# -- what is asked --------------------------------------------------------------------------------


def obey(order: Order, standing: Standing, surroundings: Surroundings) -> Spoken:
    """Do what is asked of one ticket, and say what became of it.

    Raises:
        Refusal: it is not done; the sentence is for the person.
        StorageFailed: it could not be stored.
    """
    speaker = speaker_of(standing.person)
    ref = None if isinstance(order, Comment) else order.ref
    with surroundings.store.reading() as turn:
        ticket = subject_of(turn, ref, standing)
        if ticket is None:
            raise NotFound(
                "Which ticket? Name it, as in I20261120-af36; it may be left out only in a"
                " ticket's own thread or channel."
            )
        assignee = None
        if isinstance(order, SetAssignee):
            assignee = _assignee(turn, order.whom, standing, surroundings)
    outcome = surroundings.writer.do(
        Submission(
            org_id=standing.org_id,
            sort="ticket",
            subject=ticket.id,
            command=_command(order, ticket, assignee),
            speaker=speaker,
            via=VIA,
            receipt=standing.receipt,
            render=None if standing.receipt is None else done,
        )
    )
    return Spoken(became(order, outcome))


def _command(order: Order, ticket: Ticket, assignee: str | None) -> commands.Command:
    match order:
        case Acknowledge():
            return commands.ChangeStatus(status=Status.ACKNOWLEDGED.value)
        case Move():
            return _moving(order)
        case Update(text=text) | Comment(text=text):
            return commands.ChangeStatus(body=text)
        case Close(text=text):
            return commands.ChangeStatus(status=Status.CLOSED.value, resolution=text or None)
        case Rca(url=url):
            return commands.SetRca(url=url)
        case SetSeverity(word=word, reason=reason):
            return commands.ChangeSeverity(severity=word, reason=reason or None)
        case SetAssignee():
            return commands.Assign(assignee=assignee)
        case Extend():
            return _extending(order, ticket)


def _moving(order: Move) -> commands.ChangeStatus:
    text = order.text or None
    word = order.word or (None if order.status is None else order.status.value)
    if order.reopens or order.status is Status.CANCELLED:
        return commands.ChangeStatus(status=word, reason=text)
    if order.status in (Status.RESOLVED, Status.COMPLETED):
        return commands.ChangeStatus(status=word, resolution=text)
    return commands.ChangeStatus(status=word, body=text)


def _extending(order: Extend, ticket: Ticket) -> commands.Extend:
    until = order.until
    if until is None:
        if ticket.end_at is None or order.by is None:
            raise invalid("end_at", "required", f"{ticket.ref} has no planned end to extend")
        try:
            until = ticket.end_at + order.by
        except OverflowError:
            raise invalid("end_at", "window", "that is beyond the calendar") from None
    return commands.Extend(end_at=until, reason=order.text or None)


def _assignee(
    turn: ReadTurn, whom: Whom, standing: Standing, surroundings: Surroundings
) -> str | None:
    """The member's id or contributor's code that *whom* means; None takes it away.

    Raises:
        NotFound: nobody is called so, or more than one.
    """
    match whom:
        case Nobody():
            return None
        case Myself():
            return speaker_of(standing.person).member_id
        case SlackUser(user_id=user_id):
            workspace = standing.workspace
            person = surroundings.people.who(
                workspace, standing.org_id, team_id=workspace.team_id, user_id=user_id
            )
            if person.speaker is None:
                raise NotFound(
                    f"{person.name or user_id} is no member here yet, so nothing can be given to"
                    " them; they tie themselves to one with /tocsin link CODE"
                )
            return person.speaker.member_id
        case Named(name=name):
            return _called(turn, standing.org_id, name)


def _called(turn: ReadTurn, org_id: int, name: str) -> str:
    if turn.claimed_by(org_id, CONTRIBUTOR_CODE, name) is not None:
        return name
    stream = turn.claimed_by(org_id, *email_claim(name))
    if stream is not None:
        return stream_identity(stream)
    head = turn.head(org_id, f"member:{name}")
    if head is not None:
        return name
    wanted = name.casefold()
    found = [
        head.state.id
        for head in turn.heads_of_sort(org_id, "member", limit=MOST_MEMBERS)
        if isinstance(head.state, Member)
        and head.state.removed_at is None
        and head.state.name.casefold() == wanted
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{len(found)} members are called {name[:64]}; name one by e-mail address")
    raise NotFound(f"no member or contributor here is called {name[:64]}")


# -- what became of it ----------------------------------------------------------------------------


def became(order: Order, outcome: Outcome) -> str:
    """What the person is told once it is done, in mrkdwn."""
    ticket = outcome.state
    assert isinstance(ticket, Ticket)
    if not outcome.events and outcome.replayed is None:
        return f"*{ticket.ref}* was so already; nothing has changed."
    match order:
        case Acknowledge() | Move() | Close():
            return f"*{ticket.ref}* is {ticket.status.value.replace('_', ' ')} now."
        case Update() | Comment():
            return f"Your words are on *{ticket.ref}*."
        case Rca():
            return f"The root-cause analysis of *{ticket.ref}* is noted."
        case SetSeverity():
            return f"*{ticket.ref}* is {ticket.severity.value} now."
        case SetAssignee():
            return f"*{ticket.ref}* is given to {escaped(_has(ticket, outcome))} now."
        case Extend():
            until = "an open end" if ticket.end_at is None else utc(ticket.end_at)
            return f"*{ticket.ref}* is planned until {until} now."


def _has(ticket: Ticket, outcome: Outcome) -> str:
    if ticket.assignee is None:
        return "nobody"
    if ticket.assignee.kind == "member":
        member = outcome.directory.member(ticket.assignee.id)
        return "a member who is gone" if member is None else member.name
    contributor = outcome.directory.contributor(ticket.assignee.id)
    return "a contributor that is gone" if contributor is None else contributor.name
