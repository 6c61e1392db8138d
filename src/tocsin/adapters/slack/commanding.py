"""What is asked in words: slash commands, and mentions in a ticket's own thread or channel.

A slash command that says all that is needed is done; one that does not is answered by a form, for
which Slack gives three seconds. A mention brings nothing that a form could be opened by, so there
the answer says what to type instead.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from slack_bolt import Ack, App

from tocsin.adapters.slack import connecting, naming, showing
from tocsin.adapters.slack.answering import (
    Asked,
    answer,
    asked_in,
    person_of,
    reader,
    speaker_of,
)
from tocsin.adapters.slack.choices import listed
from tocsin.adapters.slack.contract import (
    Person,
    Spoken,
    Surroundings,
    Workspace,
    message_key,
)
from tocsin.adapters.slack.entities import cut, plain
from tocsin.adapters.slack.escaping import mrkdwn, utc
from tocsin.adapters.slack.intentions import (
    Acknowledge,
    Close,
    Comment,
    Create,
    Extend,
    Help,
    Intention,
    Link,
    ListTickets,
    Measure,
    Move,
    Publish,
    Rca,
    SetAssignee,
    SetSeverity,
    Unclear,
    Update,
    Use,
)
from tocsin.adapters.slack.measured import UNLESS_SAID, measured
from tocsin.adapters.slack.naming import spaced
from tocsin.adapters.slack.obeying import Standing, obey
from tocsin.adapters.slack.opening import name_of, once, open_report, opened_words
from tocsin.adapters.slack.spoken import slash
from tocsin.adapters.slack.triaging import Triager
from tocsin.core.errors import Invalid
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import NAME
from tocsin.core.words import Status, TicketType
from tocsin.projections.shapes.ticket_names import LoadedNames, Names

_ANY: Final = re.compile(r".*")


def perform(
    said: Intention,
    *,
    person: Person,
    workspace: Workspace,
    org_id: int,
    channel: str,
    thread: str | None,
    surroundings: Surroundings,
    triager: Triager | None = None,
    ts: str | None = None,
) -> Spoken:
    """Do what somebody said in *channel* (and *thread*), and say what became of it.

    The answer is for that person: the ticket's own card and thread hear of the change through the
    sender. *triager* betters what is opened from words. What is said in one message, the one of
    *ts*, is done once, however often and to whichever process Slack delivers it.

    Raises:
        Refusal: it is not done; its sentence is for the person, in an ephemeral message.
        StorageFailed: it could not be stored; it did not happen.
        SlackClientError, OSError: Slack was asked for something, and did not answer.
    """
    key = None if ts is None else message_key(workspace.team_id, channel, ts)
    standing = Standing(
        person=person,
        workspace=workspace,
        org_id=org_id,
        channel=channel,
        thread=thread,
        receipt=None if key is None else once(org_id, "said", key),
    )
    return _perform(said, standing, surroundings, triager)


def _perform(
    said: Intention, standing: Standing, surroundings: Surroundings, triager: Triager | None
) -> Spoken:
    match said:
        case Help(text=text):
            return Spoken(text)
        case Unclear(sentence=sentence):
            return Spoken(sentence)
        case Link(code=code):
            return connecting.link(code, standing, surroundings)
        case Use(code=code):
            return connecting.use(code, standing, surroundings)
        case ListTickets():
            return Spoken(_list(said, standing, surroundings))
        case Measure(span=span):
            return Spoken(_measure(span or UNLESS_SAID, standing, surroundings))
        case Create(kind=TicketType.INCIDENT, text=text) if text:
            return Spoken(_report(text, standing, surroundings, triager))
        case _ if needs_form(said):
            speaker_of(standing.person)
            return Spoken(_in_words(said))
        case Create() | Publish():
            # Without a form there is nothing to do for them; they were answered above.
            return Spoken(_in_words(said))
        case (
            Acknowledge()
            | Move()
            | Update()
            | Close()
            | Rca()
            | SetSeverity()
            | SetAssignee()
            | Extend()
            | Comment()
        ):
            return obey(said, standing, surroundings)


def _list(said: ListTickets, standing: Standing, surroundings: Surroundings) -> str:
    with surroundings.store.reading() as turn:
        granted = reader(turn, standing.org_id, standing.person, "ticket")
        found = listed(
            turn,
            org_id=standing.org_id,
            kind=said.kind,
            words=said.words,
            member_id=granted.member_id,
        )
        names = LoadedNames(turn, org_id=standing.org_id, tickets=found.tickets)
    if not found.tickets:
        return "Nothing: no such ticket is active. `all` or `over` looks at the others too."
    lines = [_line(one, names) for one in found.tickets]
    if found.more:
        lines.append("… and more; a word, a severity or a status narrows it down.")
    return "\n".join(lines)


def _measure(span: timedelta, standing: Standing, surroundings: Surroundings) -> str:
    with surroundings.store.reading() as turn:
        reader(turn, standing.org_id, standing.person, "ticket")
        return measured(
            turn,
            org_id=standing.org_id,
            span=span,
            now=surroundings.clock(),
            base_url=surroundings.base_url,
        )


def _line(ticket: Ticket, names: Names) -> str:
    """One ticket in a list; of a maintenance also when it is, and on what."""
    line = f"{name_of(ticket)} · {spaced(ticket.status)}"
    if ticket.type is TicketType.INCIDENT or ticket.end_at is None:
        return line
    where = naming.listed((*naming.assets(ticket, names), *ticket.services))
    parts = (line, f"{utc(ticket.start_at)} to {utc(ticket.end_at)}", mrkdwn(where, longest=200))
    return " · ".join(part for part in parts if part)


def _report(
    text: str, standing: Standing, surroundings: Surroundings, triager: Triager | None
) -> str:
    return opened_words(
        open_report(
            text,
            org_id=standing.org_id,
            speaker=speaker_of(standing.person),
            surroundings=surroundings,
            reporter=cut(plain(standing.person.name).strip(), NAME) or None,
            receipt=standing.receipt,
            triager=triager,
        )
    )


def needs_form(said: Intention) -> bool:
    """Whether *said* leaves something open that a form asks for."""
    match said:
        case Create(kind=kind, text=text):
            return kind is TicketType.MAINTENANCE or not text
        case Update(text=text) | Close(text=text):
            return not text
        case Rca(url=url):
            return not url
        case Move(status=status):
            return status is None
        case Publish():
            return True
        case _:
            return False


def _in_words(said: Intention) -> str:
    """What to say instead, where no form can be opened."""
    match said:
        case Create(kind=TicketType.MAINTENANCE):
            return "`/maintenance create` opens the form for planned work."
        case Create():
            return "Say what is wrong behind it, or open the form with `/incident create`."
        case Update():
            return "Say what is new behind it, as in `update the fibre is found`."
        case Close():
            return "Say what helped behind it, as in `close the fibre is spliced`."
        case Rca():
            return "Say the address behind it, as in `rca https://…`."
        case Move():
            return "Say which status, as in `status monitoring the fibre is spliced`."
        case _:
            return "This takes a form: the card's button opens it, or `/incident publish REF`."


# -- slash commands -------------------------------------------------------------------------------


def register(app: App, surroundings: Surroundings, *, triager: Triager | None = None) -> None:
    """Add the listener of the slash commands; *triager* betters what is opened from words."""

    def heard(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        asked = asked_in(body, surroundings)
        if asked is not None:
            surroundings.run(
                lambda: answer(
                    asked, lambda: _slash(asked, body, surroundings, triager), surroundings
                )
            )

    app.command(_ANY)(heard)


def _slash(
    asked: Asked, body: dict[str, Any], surroundings: Surroundings, triager: Triager | None
) -> Spoken | None:
    """Do what a slash command asks, or open the form for it."""
    said = slash(str(body.get("command", "")), str(body.get("text", "")))
    trigger = str(body.get("trigger_id", ""))
    standing = Standing(
        person=person_of(asked, surroundings),
        workspace=asked.workspace,
        org_id=asked.org_id,
        channel=asked.channel,
        receipt=once(asked.org_id, "command", trigger) if trigger else None,
    )
    kind = TicketType.INCIDENT
    if "maintenance" in str(body.get("command", "")).lower():
        kind = TicketType.MAINTENANCE
    if needs_form(said):
        return showing.form_for(said, standing, trigger, surroundings, kind=kind)
    try:
        return _perform(said, standing, surroundings, triager)
    except Invalid as wrong:
        ending = isinstance(said, Close) or (
            isinstance(said, Move) and said.status is Status.RESOLVED
        )
        if ending and any(error.field == "root_cause" for error in wrong.errors):
            return showing.form_for(said, standing, trigger, surroundings)
        raise
