"""Forms that are sent in: checked while the form is still open, done once, however often sent.

Slack closes a form, or shows what is wrong in it, by the answer to its sending. The writer takes
milliseconds, so what the core says against a field is in that answer. Where it takes longer the
form is closed in time all the same, and the person is told of the end by a message.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

import structlog
from slack_bolt import Ack, App

from tocsin.adapters.slack import reporting, submitted, threads
from tocsin.adapters.slack.answering import (
    TROUBLE,
    Asked,
    asked_in,
    late,
    person_of,
    reason_of,
    sentence,
    speaker_of,
    tell,
)
from tocsin.adapters.slack.contract import (
    FORM_CLOSE,
    FORM_INCIDENT,
    FORM_MAINTENANCE,
    FORM_PUBLISH,
    FORM_RCA,
    FORM_STATUS,
    FORM_UPDATE,
    VIA,
    Spoken,
    Surroundings,
)
from tocsin.adapters.slack.escaping import escaped
from tocsin.adapters.slack.fields import Carried, carried_by
from tocsin.adapters.slack.messages import Names, Shelf, is_ts, message_in
from tocsin.adapters.slack.naming import spaced
from tocsin.adapters.slack.obeying import ticket_named
from tocsin.adapters.slack.opening import (
    Opened,
    done,
    name_of,
    new_name,
    once,
    open_ticket,
    opened_words,
    thread_reference,
)
from tocsin.adapters.slack.submitted import Analysed, Named, Published, Updated, Wrong, errors_of
from tocsin.adapters.slack.telling import AWAY
from tocsin.adapters.slack.threads import Conversation, Place, Unreadable
from tocsin.core.commands import (
    ChangeFields,
    ChangeSeverity,
    ChangeStatus,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    ReferenceDraft,
    SetRca,
)
from tocsin.core.errors import Invalid, NotFound, Refusal, Unavailable, VersionMismatch
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType
from tocsin.handler.submission import Speaker, Submission
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

WITHIN_SECONDS: Final = 2.0
"""How long a form stays open for the answer; Slack itself waits three seconds."""

TRIES: Final = 5
"""How often a ticket that moves meanwhile is looked at anew."""

View = Mapping[str, Any]
Errors = dict[str, str]
"""Block id → sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form that was sent in, by whom, and with what it brought back."""

    view: View
    asked: Asked
    carried: Carried
    surroundings: Surroundings
    names: Names

    @property
    def key(self) -> str:
        """What makes it one form, however often it is sent."""
        return str(self.view.get("id", ""))

    def speaker(self) -> Speaker:
        """The member who sent it.

        Raises:
            Forbidden: they are none.
        """
        return speaker_of(person_of(self.asked, self.surroundings))


Act = Callable[[Sent], Spoken | Wrong]


class Handover:
    """Hands what is wrong with a form over to whoever waits for it, but not for long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = threading.Event()
        self._late = False
        self._errors: Errors = {}

    def give(self, errors: Errors) -> bool:
        """Say what is wrong; whether somebody still waits for it."""
        with self._lock:
            if not self._known.is_set():
                self._errors = errors
                self._known.set()
            return not self._late

    def wait(self, seconds: float) -> Errors:
        """What is wrong, where that is known within *seconds*; nothing otherwise."""
        self._known.wait(seconds)
        with self._lock:
            self._late = not self._known.is_set()
            return self._errors


def register(app: App, surroundings: Surroundings, *, within: float = WITHIN_SECONDS) -> None:
    """Add the listeners of forms; each is answered *within* so many seconds."""
    names = Names(client=surroundings.client, clock=surroundings.clock)
    acts: dict[str, Act] = {
        FORM_INCIDENT: _incident,
        FORM_MAINTENANCE: _maintenance,
        FORM_UPDATE: _update,
        FORM_CLOSE: _close,
        FORM_STATUS: _status,
        FORM_RCA: _rca,
        FORM_PUBLISH: _publish,
    }

    def listener(act: Act) -> Callable[..., None]:
        def heard(ack: Ack, body: dict[str, Any]) -> None:
            asked = asked_in(body, surroundings)
            if asked is None:
                ack()
                return
            view = body["view"]
            carried = carried_by(view)
            sent = Sent(
                view=view,
                asked=from_form(asked, carried, surroundings),
                carried=carried,
                surroundings=surroundings,
                names=names,
            )
            handover = Handover()
            try:
                surroundings.run(lambda: _take(act, sent, handover))
            except Unavailable as refusal:
                handover.give(errors_of(refusal, view))
            errors = handover.wait(within)
            if errors:
                ack(response_action="errors", errors=errors)
            else:
                ack()

        return heard

    for callback_id, act in acts.items():
        app.view(callback_id)(listener(act))


def from_form(asked: Asked, carried: Carried, surroundings: Surroundings) -> Asked:
    """Who sends a form, who began it in the channel that the form *carried*."""
    if carried.channel is None:
        return asked if carried.org_id is None else replace(asked, org_id=carried.org_id)
    org_id = carried.org_id
    if org_id is None:
        org_id = surroundings.workspaces.org_of(asked.workspace, carried.channel)
    return replace(asked, channel=carried.channel, thread=carried.thread, org_id=org_id)


def _take(act: Act, sent: Sent, handover: Handover) -> None:
    """Do what the form asks; what is wrong goes into the form, everything else to the person."""
    errors: Errors = {}
    spoken: Spoken | None = None
    try:
        result = act(sent)
        if isinstance(result, Wrong):
            errors = result.errors
        else:
            spoken = result
    except (Invalid, Unavailable) as refusal:
        # What was typed is not lost: the form stays open, and says it.
        errors = errors_of(refusal, sent.view)
    except Refusal as refusal:
        log.info("refused", action="slack_refused", code=refusal.code)
        spoken = Spoken(sentence(refusal))
    except StorageFailed as failed:
        log.error("could not be stored", action="slack_unstored", reason=failed.reason)
        errors = errors_of(Unavailable(AWAY), sent.view)
    except TROUBLE as trouble:
        log.warning("slack did not answer", action="slack_unanswered", reason=reason_of(trouble))
        errors = errors_of(Unavailable(late(trouble)), sent.view)
    finally:
        # An error in the code goes on to whoever runs this; the form does not wait for it.
        in_time = handover.give(errors)
    if spoken is None and not in_time:
        spoken = Spoken(escaped("\n".join(errors.values())))
    if spoken is not None and spoken.text:
        tell(sent.asked, spoken, sent.surroundings)


# -- opening --------------------------------------------------------------------------------------


def _incident(sent: Sent) -> Spoken | Wrong:
    name = new_name(TicketType.INCIDENT, sent.surroundings)
    command = submitted.opened_incident(
        sent.view,
        now=sent.surroundings.clock(),
        ticket_id=name.ticket_id,
        refs=name.refs,
        references=_references(sent),
    )
    return _opened(command, sent)


def _maintenance(sent: Sent) -> Spoken | Wrong:
    name = new_name(TicketType.MAINTENANCE, sent.surroundings)
    command = submitted.planned_maintenance(
        sent.view,
        now=sent.surroundings.clock(),
        ticket_id=name.ticket_id,
        refs=name.refs,
        references=_references(sent),
    )
    return _opened(command, sent)


def _place(sent: Sent) -> Place | None:
    """The thread of the message that the form was opened from, if it was."""
    carried = sent.carried
    if carried.channel is None or not is_ts(carried.message) or not is_ts(carried.thread):
        return None
    assert carried.thread is not None
    return Place(
        workspace=sent.asked.workspace,
        org_id=sent.asked.org_id,
        channel_id=carried.channel,
        root_ts=carried.thread,
    )


def _references(sent: Sent) -> tuple[ReferenceDraft, ...]:
    """The conversation of the message that the form was opened from, if it was."""
    place = _place(sent)
    if place is None:
        return ()
    ts = sent.carried.message
    return (thread_reference(place.workspace, place.channel_id, place.root_ts, ts=ts),)


def _opened(command: OpenIncident | PlanMaintenance | Wrong, sent: Sent) -> Spoken | Wrong:
    if isinstance(command, Wrong):
        return command
    surroundings, org_id, place = sent.surroundings, sent.asked.org_id, _place(sent)
    with ExitStack() as reading:
        if place is not None:
            # From before it is open: what is said there now comes after what was said before.
            reading.enter_context(surroundings.held_back.while_reading(place.thread))
        opened = open_ticket(
            command,
            org_id=org_id,
            speaker=sent.speaker(),
            surroundings=surroundings,
            receipt=once(org_id, "view", sent.key),
        )
        if opened.fresh and place is not None:
            _take_in_later(opened, place, sent, reading.pop_all())
    return Spoken(opened_words(opened))


def _take_in_later(opened: Opened, place: Place, sent: Sent, reading: ExitStack) -> None:
    """Take the thread in once the form has its answer, and end the *reading* then."""

    def take_in() -> None:
        with reading:
            _take_in(opened, place, sent)

    try:
        sent.surroundings.run(take_in)
    except Unavailable:
        # It is open, and said to be; rather is that said late than the thread forgotten.
        take_in()


def _take_in(opened: Opened, place: Place, sent: Sent) -> None:
    """Record what was said in the thread that the ticket was opened from, and will be a part of
    its timeline from now on; tell the person where that fails."""
    workspace = place.workspace
    shelf = Shelf(
        org_id=place.org_id,
        stream=opened.ticket.stream,
        workspace=workspace,
        channel_id=place.channel_id,
    )
    said_in = Conversation(
        team_id=workspace.team_id, channel_id=place.channel_id, root_ts=place.root_ts
    )
    unread = "I cannot read what was said there before"
    try:
        client = sent.surroundings.client(workspace)
        for page in threads.pages_of(client, said_in, patience=reporting.PATIENCE):
            found = [message_in(shape, workspace) for shape in page]
            said = [message for message in found if message is not None]
            reporting.record(said, shelf, sent.surroundings, sent.names)
    except Unreadable as unreadable:
        log.warning("a thread could not be read", action="slack_unread", reason=unreadable.reason)
        trouble = f"{unread}: {unreadable.sentence}"
    except TROUBLE as wrong:
        log.warning("a thread could not be read", action="slack_unread", reason=reason_of(wrong))
        trouble = f"{unread}: Slack did not answer ({reason_of(wrong)})"
    except (Refusal, StorageFailed) as failed:
        log.error("a thread was not taken in", action="slack_untaken", reason=str(failed))
        trouble = "not all that was said there before could be stored just now"
    else:
        return
    tell(sent.asked, Spoken(f"{opened.ticket.ref} is open, but {trouble}."), sent.surroundings)


# -- changing -------------------------------------------------------------------------------------

Change = ChangeFields | ChangeSeverity | ChangeStatus | SetRca | PostPublicUpdate


def _update(sent: Sent) -> Spoken | Wrong:
    return _changed(submitted.updated(sent.view, now=sent.surroundings.clock()), sent)


def _close(sent: Sent) -> Spoken | Wrong:
    return _changed(submitted.closed(sent.view, now=sent.surroundings.clock()), sent)


def _status(sent: Sent) -> Spoken | Wrong:
    return _changed(submitted.status_changed(sent.view, now=sent.surroundings.clock()), sent)


def _rca(sent: Sent) -> Spoken | Wrong:
    return _changed(submitted.analysed(sent.view, now=sent.surroundings.clock()), sent)


def _publish(sent: Sent) -> Spoken | Wrong:
    return _changed(submitted.published(sent.view, now=sent.surroundings.clock()), sent)


def _changed(asks: Updated | Analysed | Published | Wrong, sent: Sent) -> Spoken | Wrong:
    match asks:
        case Wrong():
            return asks
        case Updated():
            return _updated(asks, sent)
        case Analysed(ticket=ticket, command=command):
            return _done(ticket, (command,), "has its root-cause analysis", sent)
        case Published(ticket=ticket, command=command):
            return _done(ticket, (command,), "is told to the public", sent)
        case _:
            assert_never(asks)


def _updated(asks: Updated, sent: Sent) -> Spoken:
    """Name what is affected besides what the ticket names at that very moment, and do the rest.

    Messages and the like move a ticket all the time, so it is looked at anew where it has moved.
    """
    tries = TRIES if asks.besides else 1
    while True:
        tries -= 1
        naming, version = _naming(asks.ticket, asks.besides, sent)
        try:
            return _done(asks.ticket, (*naming, *asks.commands), None, sent, version=version)
        except VersionMismatch:
            if not tries:
                raise


def _naming(ticket: str, besides: Named, sent: Sent) -> tuple[tuple[ChangeFields, ...], int | None]:
    """The change that names what is affected *besides*, and the version that it is made for."""
    if not besides:
        return (), None
    with sent.surroundings.store.reading() as turn:
        now = ticket_named(turn, sent.asked.org_id, ticket)
    if now is None:
        raise NotFound(f"there is no ticket {ticket[:64]} here")
    change = ChangeFields(
        devices=_with(now.devices, besides.devices),
        links=_with(now.links, besides.links),
        services=_with(now.services, besides.services),
    )
    return (change,), now.version


def _with(there: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...] | NotGiven:
    return (*there, *(one for one in more if one not in there)) if more else NOT_GIVEN


def _done(
    ticket: str,
    commands: tuple[Change, ...],
    what: str | None,
    sent: Sent,
    *,
    version: int | None = None,
) -> Spoken:
    """Do them in their order, all or none: each is tried before the first is done, which is of
    that *version*. The person is told *what* came of it, None for where it stands now."""
    speaker, org_id = sent.speaker(), sent.asked.org_id
    handed = [
        Submission(
            org_id=org_id,
            sort="ticket",
            subject=ticket,
            command=command,
            speaker=speaker,
            via=VIA,
            expected_version=None if number else version,
            receipt=once(org_id, "view", f"{sent.key}:{number}"),
            render=done,
        )
        for number, command in enumerate(commands)
    ]
    writer = sent.surroundings.writer
    if len(handed) > 1:
        for submission in handed:
            writer.do(replace(submission, dry_run=True))
    outcomes = [writer.do(submission) for submission in handed]
    last = outcomes[-1]
    assert isinstance(last.state, Ticket)
    if not any(one.events or one.replayed is not None for one in outcomes):
        return Spoken(f"{name_of(last.state)}: it was so already, and nothing has changed.")
    return Spoken(f"{name_of(last.state)} {what or _standing(last.state, commands)}.")


def _standing(ticket: Ticket, commands: tuple[Change, ...]) -> str:
    moved = any(isinstance(one, ChangeStatus) and one.status is not None for one in commands)
    return f"is {spaced(ticket.status)} now" if moved else "is updated"
