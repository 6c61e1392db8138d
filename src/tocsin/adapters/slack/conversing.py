"""What is said in Slack: mentions, messages in tickets' conversations, and direct messages.

A mention opens an incident, from the message or from the whole thread; where a ticket is spoken of
already it is a command. Messages there become messages of the ticket's timeline, whoever says them;
messages elsewhere are nobody's business, and cost a look into the store or two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import structlog
from slack_bolt import App

from tocsin.adapters.slack import answering, messages, reporting, threads
from tocsin.adapters.slack.answering import Asked, person_of
from tocsin.adapters.slack.commanding import perform
from tocsin.adapters.slack.contract import Spoken, Surroundings, Workspace, message_key
from tocsin.adapters.slack.entities import plain, without_mention
from tocsin.adapters.slack.intentions import Help, Intention
from tocsin.adapters.slack.messages import Message, Names, Shelf, is_ts, message_in
from tocsin.adapters.slack.ordering import Answered
from tocsin.adapters.slack.reporting import Report
from tocsin.adapters.slack.spoken import mention
from tocsin.adapters.slack.threads import Place
from tocsin.adapters.slack.triaging import Triager
from tocsin.adapters.slack.understanding import about, in_private
from tocsin.adapters.slack.vocabulary import HELP
from tocsin.core.errors import Refusal
from tocsin.core.facts import stream_sort
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType
from tocsin.handler.submission import Submission
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

_TOMBSTONE: Final = "tombstone"
_DIRECT: Final = "im"


def register(app: App, surroundings: Surroundings, *, triager: Triager | None = None) -> None:
    """Have *app* listen to what is said: it is acknowledged by Bolt, and done on other threads.

    *triager* betters what was opened from words, where a language model is there to ask.
    """
    ear = Ear(surroundings, triager=triager)

    def mentioned(body: dict[str, Any]) -> None:
        surroundings.run(lambda: ear.mentioned(body))

    def said(body: dict[str, Any]) -> None:
        surroundings.run(lambda: ear.said(body))

    app.event("app_mention")(mentioned)
    app.event("message")(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """An event that says something: where, who (None where it does not tell) and its shape."""

    workspace: Workspace
    org_id: int
    channel_id: str
    user_id: str | None
    user_team: str
    shape: Mapping[str, Any]

    @property
    def direct(self) -> bool:
        """Whether it was said to the bot alone."""
        return self.shape.get("channel_type") == _DIRECT or self.channel_id.startswith("D")

    def place(self, shape: Mapping[str, Any]) -> Place:
        """Where the message of that *shape* stands."""
        root = shape.get("thread_ts")
        return Place(
            workspace=self.workspace,
            org_id=self.org_id,
            channel_id=self.channel_id,
            root_ts=str(root if is_ts(root) else shape.get("ts")),
        )


class Ear:
    """Hears events; called from many threads at once."""

    def __init__(self, surroundings: Surroundings, *, triager: Triager | None = None) -> None:
        self._surroundings = surroundings
        self._triager = triager
        self._names = Names(client=surroundings.client, clock=surroundings.clock)
        self._answered = Answered()

    # -- mentions --------------------------------------------------------------------------------

    def mentioned(self, body: Mapping[str, Any]) -> None:
        """Somebody has called the bot."""
        heard = self._heard(body)
        if heard is None or heard.user_id is None:
            return
        shape = heard.shape
        message = message_in(shape, heard.workspace)
        if message is None or message.by_bot:
            return
        if not self._answered.first(_key(heard, message.ts)):
            return
        if heard.direct:
            # It comes as a direct message as well.
            return
        place = heard.place(shape)
        in_thread = place.root_ts != message.ts
        asked = _asked(heard, thread=place.root_ts if in_thread else None)
        stream = self._stream(place, shape)
        if stream is not None:
            self._command(asked, stream, shape)
            return
        report = Report(
            place=place,
            message=message,
            text=without_mention(message.text, heard.workspace.bot_user_id),
            in_thread=in_thread,
        )
        answering.answer(asked, lambda: self._report(asked, report), self._surroundings)

    def _stream(self, place: Place, shape: Mapping[str, Any]) -> str | None:
        """The stream of the ticket that is spoken of there."""
        parent = shape.get("parent_user_id")
        with self._surroundings.store.reading() as turn:
            found = threads.ticket_of(turn, place)
        if found is not None or place.root_ts == shape.get("ts"):
            return found
        if parent is not None and parent != place.workspace.bot_user_id:
            return None
        # Under a message of ours: its card may have been posted a moment ago, and not be noted yet.
        client = self._surroundings.client(place.workspace)
        identity = threads.ticket_on_card(client, place)
        if identity is None:
            return None
        with self._surroundings.store.reading() as turn:
            return threads.stream_of(turn, place.org_id, identity)

    def _report(self, asked: Asked, report: Report) -> Spoken | None:
        if not report.text and not report.in_thread:
            return Spoken(HELP[None])
        if plain(report.text).strip().lower() == "help":
            return Spoken(HELP[None])
        surroundings, place = self._surroundings, report.place
        person = person_of(asked, surroundings)
        with surroundings.held_back.while_reading(place.thread):
            opened = reporting.open_incident(report, person, surroundings)
            if not opened.fresh:
                return reporting.already(opened, report, surroundings)
            if report.text:
                reporting.improve(
                    opened.ticket,
                    plain(report.text),
                    org_id=place.org_id,
                    surroundings=surroundings,
                    triager=self._triager,
                )
            answered = reporting.answer_in_thread(opened, report, surroundings)
            if surroundings.held_back.passed_by(place.thread):
                # Somebody's answer to the mention was heard before the mention was.
                report = replace(report, in_thread=True)
            trouble = reporting.take_in(
                opened, report, surroundings, self._names, triager=self._triager
            )
        if trouble is None and not answered:
            return reporting.told_alone(opened, report, surroundings)
        return trouble

    def _command(self, asked: Asked, stream: str, shape: Mapping[str, Any]) -> None:
        """Do what is asked where a ticket is spoken of."""
        surroundings = self._surroundings
        bot, kind = asked.workspace.bot_user_id, TicketType(stream_sort(stream))
        said = mention(str(shape.get("text") or ""), bot_user_id=bot, kind=kind)
        with surroundings.store.reading() as turn:
            head = turn.head(asked.org_id, stream)
        if head is not None and isinstance(head.state, Ticket):
            said = about(said, head.state.ref)
        answering.answer(
            asked,
            lambda: self._perform(said, asked, asked.channel or "", shape.get("ts")),
            surroundings,
        )

    def _perform(self, said: Intention, asked: Asked, channel_id: str, ts: str | None) -> Spoken:
        return perform(
            said,
            person=person_of(asked, self._surroundings),
            workspace=asked.workspace,
            org_id=asked.org_id,
            channel=channel_id,
            thread=asked.thread,
            surroundings=self._surroundings,
            triager=self._triager,
            ts=ts,
        )

    # -- messages --------------------------------------------------------------------------------

    def said(self, body: Mapping[str, Any]) -> None:
        """Somebody has said, edited or deleted something where the bot can hear it."""
        heard = self._heard(body)
        if heard is None:
            return
        shape = heard.shape
        match shape.get("subtype"):
            case "message_changed":
                self._edited(heard)
            case "message_deleted":
                self._deleted(heard, shape.get("previous_message"), shape.get("deleted_ts"))
            case _ if heard.direct:
                self._direct(heard)
            case _:
                message = message_in(shape, heard.workspace)
                if message is None or message.by_bot:
                    return
                self._take(
                    heard,
                    shape,
                    lambda shelf, names: messages.recording(message, shelf, names=names),
                    [message],
                )

    def _edited(self, heard: _Heard) -> None:
        shape, before = heard.shape.get("message"), heard.shape.get("previous_message")
        if not isinstance(shape, Mapping):
            return
        if shape.get("subtype") == _TOMBSTONE:
            # The first message of a thread leaves a mark behind.
            self._deleted(heard, before, shape.get("ts"))
            return
        message = message_in(shape, heard.workspace)
        if message is None or message.by_bot or message.edited_ts is None:
            return
        was = message_in(before, heard.workspace) if isinstance(before, Mapping) else None
        if was is not None and was.text == message.text:
            # A preview was added, or a thread has begun under it: the words are the same.
            return
        self._take(
            heard,
            shape,
            lambda shelf, names: messages.correcting(message, shelf, names=names),
            [message],
        )

    def _deleted(self, heard: _Heard, before: object, ts: object) -> None:
        if not isinstance(before, Mapping) or not isinstance(ts, str) or not is_ts(ts):
            return
        was = message_in(before, heard.workspace)
        if was is None or was.by_bot:
            return
        self._take(
            heard,
            before,
            lambda shelf, names: messages.deleting(
                ts,
                shelf,
                author=messages.author_of(was, names),
                at=self._told_at(heard),
            ),
            [was],
        )

    def _take(
        self,
        heard: _Heard,
        shape: Mapping[str, Any],
        submission: Callable[[Shelf, Mapping[str, str]], Submission],
        said: list[Message],
    ) -> None:
        """Record a message where a ticket is spoken of, and nothing elsewhere."""
        place = heard.place(shape)
        surroundings = self._surroundings

        def look() -> str | None:
            with surroundings.store.reading() as turn:
                return threads.ticket_of(turn, place)

        def record(stream: str) -> None:
            shelf = Shelf(
                org_id=heard.org_id,
                stream=stream,
                workspace=heard.workspace,
                channel_id=heard.channel_id,
            )
            names = self._names.of(heard.workspace, messages.people_in(said))
            try:
                messages.record_all(surroundings.writer, [submission(shelf, names)])
            except (Refusal, StorageFailed) as failed:
                # Who has only said something has asked for nothing: it is not they who are told.
                # What is missing is found when the conversation is read again.
                log.error("a message was not taken", action="slack_untaken", reason=str(failed))

        surroundings.held_back.take(
            place.thread,
            at=self._told_at(heard),
            reply=place.root_ts != shape.get("ts"),
            look=look,
            record=record,
        )

    def _told_at(self, heard: _Heard) -> datetime:
        """When what *heard* tells of happened."""
        told = heard.shape.get("event_ts") or heard.shape.get("ts")
        if isinstance(told, str) and is_ts(told):
            return messages.instant_of(told)
        return self._surroundings.clock()

    # -- direct messages -------------------------------------------------------------------------

    def _direct(self, heard: _Heard) -> None:
        message = message_in(heard.shape, heard.workspace)
        if message is None or message.by_bot or heard.user_id is None:
            return
        if not self._answered.first(_key(heard, f"{message.ts}:direct")):
            return
        text = without_mention(message.text, heard.workspace.bot_user_id)
        said = in_private(text, bot_user_id=heard.workspace.bot_user_id)
        # With no channel named, the answer is a message in the conversation with that person.
        asked = Asked(
            workspace=heard.workspace,
            org_id=heard.org_id,
            team_id=heard.user_team,
            user_id=heard.user_id,
        )
        if isinstance(said, Help):
            answering.answer(asked, lambda: Spoken(said.text), self._surroundings)
            return
        answering.answer(
            asked,
            lambda: self._perform(said, asked, heard.channel_id, message.ts),
            self._surroundings,
        )

    # -- reading events --------------------------------------------------------------------------

    def _heard(self, body: Mapping[str, Any]) -> _Heard | None:
        shape = body.get("event")
        team_id = body.get("team_id")
        if not isinstance(shape, Mapping) or not isinstance(team_id, str):
            return None
        channel_id = shape.get("channel")
        workspace = self._surroundings.workspaces.of_team(team_id)
        if workspace is None or not isinstance(channel_id, str):
            return None
        user = shape.get("user")
        own_team = shape.get("user_team") or shape.get("source_team") or shape.get("team")
        return _Heard(
            workspace=workspace,
            org_id=self._surroundings.workspaces.org_of(workspace, channel_id),
            channel_id=channel_id,
            user_id=user if isinstance(user, str) else None,
            user_team=own_team if isinstance(own_team, str) else team_id,
            shape=shape,
        )


def _asked(heard: _Heard, *, thread: str | None) -> Asked:
    return Asked(
        workspace=heard.workspace,
        org_id=heard.org_id,
        team_id=heard.user_team,
        user_id=heard.user_id or "",
        channel=heard.channel_id,
        thread=thread,
    )


def _key(heard: _Heard, ts: str) -> str:
    return message_key(heard.workspace.team_id, heard.channel_id, ts)
