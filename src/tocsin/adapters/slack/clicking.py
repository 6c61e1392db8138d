"""What is clicked: the buttons and selects of a card, shortcuts, and what a select asks for.

Everything is acknowledged at once and done after it. What goes well is told by the card and its
thread; a refusal, and a click that changed nothing, is told to the person alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from slack_bolt import Ack, App

from tocsin.adapters.slack import choices, fields, forms, handing_in, showing
from tocsin.adapters.slack.answering import (
    TROUBLE,
    Asked,
    answer,
    asked_in,
    person_of,
    reader,
    reason_of,
    speaker_of,
)
from tocsin.adapters.slack.contract import (
    ACKNOWLEDGE,
    ASSIGNEE,
    CLOSE,
    FORM_PUBLISH,
    OPEN_FROM_MESSAGE,
    OPEN_INCIDENT,
    PICK_ASSIGNEE,
    PICK_DEVICE,
    PICK_LINK,
    PICK_SERVICE,
    PICK_TICKET,
    PUBLISH,
    RESOLVE,
    SEVERITY,
    STATUS,
    UPDATE,
    VIA,
    Spoken,
    Surroundings,
)
from tocsin.adapters.slack.fields import Carried, carried_by
from tocsin.adapters.slack.intentions import Close, Create, Intention, Move, Publish, Update
from tocsin.adapters.slack.messages import is_ts
from tocsin.adapters.slack.obeying import Standing, subject_of, ticket_here
from tocsin.adapters.slack.opening import name_of
from tocsin.adapters.slack.submitted import public_words
from tocsin.adapters.slack.threads import permalink
from tocsin.core.commands import Assign, ChangeSeverity, ChangeStatus, Command
from tocsin.core.errors import Invalid, Refusal
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role, Status, TicketType
from tocsin.handler.submission import Submission
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

_TICKET_BLOCK: Final = "ticket:"

Body = dict[str, Any]
Act = Callable[[Asked, Body, Mapping[str, Any], Surroundings], Spoken | None]
"""What a click does: who asked, the whole request, the action in it."""


def register(
    app: App, surroundings: Surroundings, *, within: float = handing_in.WITHIN_SECONDS
) -> None:
    """Add the listeners of clicks, shortcuts, forms that are sent in, and selects that ask; a form
    is answered *within* so many seconds."""
    acts: dict[str, Act] = {
        ACKNOWLEDGE: _acknowledge,
        RESOLVE: _resolve,
        SEVERITY: _severity,
        ASSIGNEE: _assignee,
        STATUS: _status,
        UPDATE: _asking(lambda ticket: Update(ref=ticket)),
        CLOSE: _asking(lambda ticket: Close(ref=ticket)),
        PUBLISH: _asking(lambda ticket: Publish(ref=ticket)),
        fields.PICK_TEMPLATE: _template,
    }
    for action_id, act in acts.items():
        app.action(action_id)(_clicked(act, surroundings))
    app.shortcut(OPEN_INCIDENT)(_called(_open_incident, surroundings))
    app.shortcut(OPEN_FROM_MESSAGE)(_called(_open_from_message, surroundings))
    for action_id in (PICK_TICKET, PICK_DEVICE, PICK_LINK, PICK_SERVICE, PICK_ASSIGNEE, ASSIGNEE):
        app.options(action_id)(_offering(action_id, surroundings))
    handing_in.register(app, surroundings, within=within)


def _clicked(act: Act, surroundings: Surroundings) -> Callable[..., None]:
    def heard(ack: Ack, body: Body, action: Body) -> None:
        ack()
        asked = asked_in(body, surroundings)
        if asked is not None:
            surroundings.run(
                lambda: answer(asked, lambda: act(asked, body, action, surroundings), surroundings)
            )

    return heard


def _called(
    act: Callable[[Asked, Body, Surroundings], Spoken | None], surroundings: Surroundings
) -> Callable[..., None]:
    def heard(ack: Ack, body: Body) -> None:
        ack()
        asked = asked_in(body, surroundings)
        if asked is not None:
            surroundings.run(
                lambda: answer(asked, lambda: act(asked, body, surroundings), surroundings)
            )

    return heard


def _standing(asked: Asked, surroundings: Surroundings) -> Standing:
    return Standing(
        person=person_of(asked, surroundings),
        workspace=asked.workspace,
        org_id=asked.org_id,
        channel=asked.channel,
        thread=asked.thread,
    )


# -- the card -------------------------------------------------------------------------------------


def _of_button(action: Mapping[str, Any]) -> str:
    return str(action.get("value", ""))


def _of_select(action: Mapping[str, Any]) -> tuple[str, str | None]:
    """The ticket of a card's select, and what was chosen."""
    block_id = str(action.get("block_id", ""))
    option = action.get("selected_option") or {}
    return block_id.removeprefix(_TICKET_BLOCK), option.get("value")


def _ask(command: Command, ticket: str, asked: Asked, surroundings: Surroundings) -> Spoken | None:
    """Ask *command* of the ticket; a word to the person where nothing came of it."""
    speaker = speaker_of(person_of(asked, surroundings))
    outcome = surroundings.writer.do(
        Submission(
            org_id=asked.org_id,
            sort="ticket",
            subject=ticket,
            command=command,
            speaker=speaker,
            via=VIA,
        )
    )
    if outcome.events:
        return None
    assert isinstance(outcome.state, Ticket)
    return Spoken(f"{name_of(outcome.state)}: it was so already, and nothing has changed.")


def _acknowledge(
    asked: Asked, body: Body, action: Mapping[str, Any], surroundings: Surroundings
) -> Spoken | None:
    command = ChangeStatus(status=Status.ACKNOWLEDGED.value)
    return _ask(command, _of_button(action), asked, surroundings)


def _resolve(
    asked: Asked, body: Body, action: Mapping[str, Any], surroundings: Surroundings
) -> Spoken | None:
    ticket = _of_button(action)
    try:
        return _ask(ChangeStatus(status=Status.RESOLVED.value), ticket, asked, surroundings)
    except Invalid as wrong:
        if not any(error.field == "root_cause" for error in wrong.errors):
            raise
        said = Move(status=Status.RESOLVED, ref=ticket)
        return _form(said, asked, body, surroundings)


def _severity(
    asked: Asked, body: Body, action: Mapping[str, Any], surroundings: Surroundings
) -> Spoken | None:
    ticket, chosen = _of_select(action)
    if chosen is None:
        return None
    return _ask(ChangeSeverity(severity=chosen), ticket, asked, surroundings)


def _assignee(
    asked: Asked, body: Body, action: Mapping[str, Any], surroundings: Surroundings
) -> Spoken | None:
    ticket, chosen = _of_select(action)
    if chosen is None:
        return None
    return _ask(Assign(assignee=_party(chosen)), ticket, asked, surroundings)


def _party(chosen: str) -> str | None:
    """Whom an option of the assignee's select means: an id or code, bare or behind its kind."""
    kind, colon, identity = chosen.partition(":")
    if colon and kind in ("member", "contributor"):
        return identity
    return None if chosen == choices.NOBODY else chosen


def _status(
    asked: Asked, body: Body, action: Mapping[str, Any], surroundings: Surroundings
) -> Spoken | None:
    """A status is asked for with a message, so a form opens; to stay where it is needs none."""
    ticket, chosen = _of_select(action)
    if chosen is None:
        return None
    standing = _standing(asked, surroundings)
    with surroundings.store.reading() as turn:
        showing.permit(turn, standing, Role.MEMBER, "moving the status")
        found = subject_of(turn, ticket, standing)
        if found is None or found.status == chosen:
            return None
        view = forms.status_form(
            ticket=found, status=chosen, carried=showing.carried_from(standing)
        )
    showing.open_view(view, standing, str(body.get("trigger_id", "")), surroundings)
    return None


def _asking(said: Callable[[str], Intention]) -> Act:
    """A button that opens the form of *said* for the card's ticket."""

    def act(
        asked: Asked, body: Body, action: Mapping[str, Any], surroundings: Surroundings
    ) -> Spoken | None:
        return _form(said(_of_button(action)), asked, body, surroundings)

    return act


def _form(said: Intention, asked: Asked, body: Body, surroundings: Surroundings) -> Spoken | None:
    standing = _standing(asked, surroundings)
    return showing.form_for(said, standing, str(body.get("trigger_id", "")), surroundings)


def _template(
    asked: Asked, body: Body, action: Mapping[str, Any], surroundings: Surroundings
) -> Spoken | None:
    """A template was picked: the form comes again, filled from it."""
    view = body.get("view") or {}
    if view.get("callback_id") != FORM_PUBLISH:
        return None
    carried = carried_by(view)
    asked = handing_in.from_form(asked, carried, surroundings)
    chosen = (action.get("selected_option") or {}).get("value")
    standing = _standing(asked, surroundings)
    kind = TicketType.MAINTENANCE if carried.kind == "maintenance" else TicketType.INCIDENT
    with surroundings.store.reading() as turn:
        showing.permit(turn, standing, Role.ONCALL_ENGINEER, "a public update")
        ticket = None if carried.ticket is None else subject_of(turn, carried.ticket, standing)
        again = showing.publish_view(
            turn,
            standing,
            ticket,
            kind=kind,
            carried=carried,
            template=chosen,
            draft=public_words(view),
        )
    surroundings.client(asked.workspace).views_update(
        view_id=str(view.get("id")), hash=view.get("hash"), view=again
    )
    return None


# -- shortcuts ------------------------------------------------------------------------------------


def _open_incident(asked: Asked, body: Body, surroundings: Surroundings) -> Spoken | None:
    return _form(Create(kind=TicketType.INCIDENT), asked, body, surroundings)


def _open_from_message(asked: Asked, body: Body, surroundings: Surroundings) -> Spoken | None:
    """Open the form filled from a message; where its thread has a ticket, say which."""
    message = body.get("message") or {}
    ts, channel = message.get("ts"), asked.channel
    if channel is None or not is_ts(ts):
        return Spoken("This is no message that an incident could be opened from.")
    root = str(message.get("thread_ts") or ts)
    person = person_of(asked, surroundings)
    standing = Standing(
        person=person,
        workspace=asked.workspace,
        org_id=asked.org_id,
        channel=channel,
        thread=root,
    )
    carried = Carried(
        org_id=asked.org_id,
        channel=channel,
        thread=root,
        message=str(ts),
        permalink=permalink(asked.workspace, channel, str(ts), root),
    )
    with surroundings.store.reading() as turn:
        showing.permit(turn, standing, Role.MEMBER, "opening a ticket")
        held = ticket_here(turn, standing)
        if held is not None:
            return Spoken(f"This conversation is {name_of(held)} already.")
        view = showing.incident_view(
            turn, standing, surroundings, text=str(message.get("text") or ""), carried=carried
        )
    showing.open_view(view, standing, str(body.get("trigger_id", "")), surroundings)
    return None


# -- selects that ask -----------------------------------------------------------------------------


def _offering(action_id: str, surroundings: Surroundings) -> Callable[..., None]:
    """The options of a select for what is typed; none for who may not read."""

    def heard(ack: Ack, body: Body) -> None:
        ack(options=_options(action_id, body, surroundings))

    return heard


def _options(action_id: str, body: Body, surroundings: Surroundings) -> list[fields.Option]:
    asked = asked_in(body, surroundings)
    if asked is None:
        return []
    asked = handing_in.from_form(asked, carried_by(body.get("view") or {}), surroundings)
    asks = PICK_ASSIGNEE if action_id == ASSIGNEE else action_id
    try:
        person = person_of(asked, surroundings)
        with surroundings.store.reading() as turn:
            reader(turn, asked.org_id, person, _READ[asks])
            return choices.offered(
                turn,
                org_id=asked.org_id,
                action_id=asks,
                block_id=str(body.get("block_id", "")),
                typed=str(body.get("value") or ""),
            )
    except Refusal as refusal:
        # A list has no room for a sentence; sending the form says it.
        log.info("refused", action="slack_refused", code=refusal.code)
    except StorageFailed as failed:
        log.error("no options", action="slack_unread", reason=failed.reason)
    except TROUBLE as trouble:
        log.warning("slack did not answer", action="slack_unanswered", reason=reason_of(trouble))
    return []


_READ: Final = {
    PICK_TICKET: "ticket",
    PICK_DEVICE: "device",
    PICK_LINK: "link",
    PICK_SERVICE: "service",
    PICK_ASSIGNEE: "member",
}
"""What a select reads, as the permissions call it."""
