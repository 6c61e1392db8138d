"""From a mention to an incident, and from a thread to its timeline.

The incident is opened from the mention's own words, at once; Slack is asked afterwards. What was
said before in the thread is then recorded page by page, in its order and with its own times, and
the ticket gets the first message's words where the mention had none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from tocsin.adapters.slack import messages, threads
from tocsin.adapters.slack.answering import TROUBLE, reason_of, speaker_of
from tocsin.adapters.slack.contract import (
    EVENT_TYPE,
    VIA,
    Person,
    Spoken,
    Surroundings,
    message_key,
)
from tocsin.adapters.slack.entities import cut, plain
from tocsin.adapters.slack.escaping import address, mrkdwn
from tocsin.adapters.slack.messages import Message, Names, Shelf, message_in
from tocsin.adapters.slack.opening import (
    Opened,
    once,
    open_report,
    thread_reference,
)
from tocsin.adapters.slack.threads import Conversation, Place, Unreadable
from tocsin.adapters.slack.triaging import Triager, entry_points_of
from tocsin.core.commands import Assign, ChangeFields, ChangeSeverity, Command
from tocsin.core.errors import Refusal, VersionMismatch
from tocsin.core.facts import NOT_GIVEN
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import NAME
from tocsin.core.triage import triage
from tocsin.handler.submission import Submission
from tocsin.projections.addresses import ticket_page
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

UNTITLED: Final = "Reported in a Slack thread"
"""The title until the thread's first message is read."""

PATIENCE: Final = 5
"""How often Slack may ask for a pause while a thread is read."""

LONGEST_TITLE_SHOWN: Final = 200
RETITLING_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A mention that reports something: its message, where, its text without the mention (empty
    where it only calls), and whether it stands in a thread that began before it."""

    place: Place
    message: Message
    text: str
    in_thread: bool

    @property
    def key(self) -> str:
        """The identity of the mention."""
        return message_key(self.place.workspace.team_id, self.place.channel_id, self.message.ts)


# -- opening --------------------------------------------------------------------------------------


def open_incident(report: Report, person: Person, surroundings: Surroundings) -> Opened:
    """Open the incident of that conversation; the one that is there already when it has one.

    Raises:
        Refusal: it is not opened, and why; for the person.
        StorageFailed: it could not be stored.
    """
    place = report.place
    return open_report(
        report.text or UNTITLED,
        org_id=place.org_id,
        speaker=speaker_of(person),
        surroundings=surroundings,
        reporter=cut(plain(person.name).strip(), NAME) or None,
        reference=thread_reference(place.workspace, place.channel_id, place.root_ts),
        receipt=once(place.org_id, "mention", report.key),
    )


# -- saying so ------------------------------------------------------------------------------------


def named(ticket: Ticket, surroundings: Surroundings) -> str:
    """*ticket* in mrkdwn: its ref, a link where an address is known, and its title."""
    title = mrkdwn(ticket.title, longest=LONGEST_TITLE_SHOWN)
    if surroundings.base_url is None:
        return f"*{ticket.ref}* {title}"
    url = ticket_page(ticket.ref, base_url=surroundings.base_url)
    return f"*{address(url, ticket.ref)}* {title}"


def already(opened: Opened, report: Report, surroundings: Surroundings) -> Spoken:
    """What somebody is told who reports what was reported here before."""
    shown = named(opened.ticket, surroundings)
    return Spoken(f"This thread is an incident already: {shown}")


def told_alone(opened: Opened, report: Report, surroundings: Surroundings) -> Spoken:
    """What somebody is told where the thread itself takes no answer."""
    return Spoken(f"Opened {named(opened.ticket, surroundings)}")


def answer_in_thread(opened: Opened, report: Report, surroundings: Surroundings) -> bool:
    """Say in the thread that the incident is open; whether Slack took it."""
    place = report.place
    shown = named(opened.ticket, surroundings)
    try:
        surroundings.client(place.workspace).chat_postMessage(
            channel=place.channel_id,
            thread_ts=place.root_ts,
            text=f"Opened {shown}\nWhat is said in this thread goes to its timeline.",
            metadata={
                "event_type": EVENT_TYPE,
                "event_payload": {"ticket_id": opened.ticket.id},
            },
            unfurl_links=False,
            unfurl_media=False,
        )
    except TROUBLE as trouble:
        log.warning("not answered", action="slack_unanswered", reason=reason_of(trouble))
        return False
    return True


# -- what was said before -------------------------------------------------------------------------


def take_in(
    opened: Opened,
    report: Report,
    surroundings: Surroundings,
    names: Names,
    *,
    triager: Triager | None = None,
) -> Spoken | None:
    """Record what the conversation holds by now; a sentence for the person where that fails.

    A thread is read from Slack; a message by itself is known already. Where the report had no
    words, *triager* is asked about those of the thread's first message.
    """
    place, ticket = report.place, opened.ticket
    shelf = Shelf(
        org_id=place.org_id,
        stream=ticket.stream,
        workspace=place.workspace,
        channel_id=place.channel_id,
    )
    if not report.in_thread:
        record([report.message], shelf, surroundings, names)
        return None
    said_in = Conversation(
        team_id=place.workspace.team_id, channel_id=place.channel_id, root_ts=place.root_ts
    )
    first = True
    try:
        pages = threads.pages_of(surroundings.client(place.workspace), said_in, patience=PATIENCE)
        for page in pages:
            found = [message_in(shape, place.workspace) for shape in page]
            said = [message for message in found if message is not None]
            if first and said and not report.text:
                _reword(said[0], shelf, surroundings, names, triager=triager)
            first = first and not said
            record(said, shelf, surroundings, names)
    except Unreadable as unreadable:
        record([report.message], shelf, surroundings, names)
        log.warning("a thread could not be read", action="slack_unread", reason=unreadable.reason)
        return Spoken(
            f"{ticket.ref} is open, but I cannot read what was said here before:"
            f" {unreadable.sentence}. What I can read by then is added when it is closed."
        )
    except TROUBLE as trouble:
        record([report.message], shelf, surroundings, names)
        log.warning("a thread could not be read", action="slack_unread", reason=reason_of(trouble))
        return Spoken(
            f"{ticket.ref} is open, but Slack did not let me read all that was said here before"
            f" ({reason_of(trouble)}). The rest is added when it is closed."
        )
    except (Refusal, StorageFailed) as failed:
        log.error("a thread was not taken in", action="slack_untaken", reason=str(failed))
        return Spoken(
            f"{ticket.ref} is open, but not all that was said here could be stored just now. The"
            " rest is added when it is closed."
        )
    return None


def record(said: Sequence[Message], shelf: Shelf, surroundings: Surroundings, names: Names) -> None:
    """Record what was *said*, in its order.

    Raises:
        Refusal: it is not taken.
        StorageFailed: it could not be stored.
    """
    known = names.of(shelf.workspace, messages.people_in(said))
    handed = [messages.recording(message, shelf, names=known) for message in said]
    for result in messages.record_all(surroundings.writer, handed):
        if isinstance(result, BaseException):
            raise result


def _reword(
    message: Message,
    shelf: Shelf,
    surroundings: Surroundings,
    names: Names,
    *,
    triager: Triager | None,
) -> None:
    """Give a ticket that was opened without words those of the thread's first message, as triage
    reads them; what a person has changed meanwhile stays."""
    known = names.of(shelf.workspace, messages.people_in([message]))
    words = messages.shown(message, known)
    with surroundings.store.reading() as turn:
        read = triage(words, entry_points_of(turn, shelf.org_id))

    def retitled(ticket: Ticket) -> Command | None:
        if ticket.title != UNTITLED:
            return None
        wording = ticket.description == UNTITLED
        services = () if read.service is None or ticket.services else (read.service,)
        return ChangeFields(
            title=read.title,
            description=read.description if wording else NOT_GIVEN,
            services=services or NOT_GIVEN,
        )

    if not _changed(retitled, shelf, surroundings):
        return
    _changed(
        lambda ticket: (
            None
            if read.how == "default" or ticket.severity is read.severity
            else ChangeSeverity(severity=read.severity.value, reason="triage of the thread")
        ),
        shelf,
        surroundings,
    )
    _changed(
        lambda ticket: (
            None
            if read.assignee is None or ticket.assignee is not None
            else Assign(assignee=read.assignee)
        ),
        shelf,
        surroundings,
    )
    with surroundings.store.reading() as turn:
        head = turn.head(shelf.org_id, shelf.stream)
    if head is not None and isinstance(head.state, Ticket):
        improve(head.state, words, org_id=shelf.org_id, surroundings=surroundings, triager=triager)


def improve(
    ticket: Ticket,
    words: str,
    *,
    org_id: int,
    surroundings: Surroundings,
    triager: Triager | None,
) -> None:
    """Have *triager* ask its model about the *words* that *ticket* was opened from. It is not
    waited for."""
    if triager is None:
        return
    with surroundings.store.reading() as turn:
        read = triage(words, entry_points_of(turn, org_id))
    found = replace(
        read,
        title=ticket.title,
        description=ticket.description,
        severity=ticket.severity,
        assignee=None if ticket.assignee is None else ticket.assignee.id,
        service=next(iter(ticket.services), None),
    )
    triager.improve(org_id=org_id, stream=ticket.stream, text=words, found=found)


def _changed(
    wanted: Callable[[Ticket], Command | None], shelf: Shelf, surroundings: Surroundings
) -> bool:
    """Have the system change the ticket as it stands; whether it did.

    What moves it meanwhile is looked at anew: messages do, and they decide nothing.
    """
    for _ in range(RETITLING_TRIES):
        with surroundings.store.reading() as turn:
            head = turn.head(shelf.org_id, shelf.stream)
        if head is None or not isinstance(head.state, Ticket):
            return False
        command = wanted(head.state)
        if command is None:
            return False
        try:
            surroundings.writer.do(
                Submission(
                    org_id=shelf.org_id,
                    sort="ticket",
                    subject=shelf.stream,
                    command=command,
                    via=VIA,
                    expected_version=head.version,
                )
            )
        except VersionMismatch:
            continue
        except Refusal as refusal:
            log.warning("not triaged", action="slack_untriaged", reason=refusal.code)
            return False
        return True
    return False
