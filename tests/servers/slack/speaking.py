"""What people say in Slack, change and take back, and the events that the app is sent of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from tests.servers.slack import events
from tests.servers.slack.delivering import Answer, Outbox, Request
from tests.servers.slack.filling import NotPossible
from tests.servers.slack.messages import take_away
from tests.servers.slack.showing import shown
from tests.servers.slack.state import Channel, Message, State, User

MARKUP: Final = re.compile(r"(<(?:[@#!][^<>\s]+(?:\|[^<>]*)?|https?://[^<>\s]+|mailto:[^<>\s]+)>)")


def as_typed(text: str) -> str:
    """What somebody types as it goes over the wire: ``&``, ``<`` and ``>`` escaped, but for
    mentions and links that stand there as Slack writes them (``<@U1>``, ``<https://a.example>``).
    """
    parts = MARKUP.split(text)
    parts[::2] = [
        part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for part in parts[::2]
    ]
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What somebody did to a message: the requests it makes, and how those were answered (none
    where they are kept back by ``deliver=False``)."""

    message: Message
    requests: list[Request]
    answers: list[Answer] = field(default_factory=list)

    @property
    def ts(self) -> str:
        return self.message.ts


class Speaks:
    """The people of a Slack, and what they say."""

    state: State
    outbox: Outbox
    subscribed: set[str]

    def say(
        self,
        user: User,
        channel: Channel,
        text: str,
        *,
        thread: Message | Done | str | None = None,
        broadcast: bool = False,
        deliver: bool = True,
    ) -> Done:
        """Says something; with a mention of the bot in it Slack sends two events, as it does."""
        self._must_be_member(user, channel)
        if channel.is_archived:
            raise NotPossible("the channel is archived")
        if thread is not None and not isinstance(thread, str):
            thread = thread.ts
        if thread is not None and thread not in channel.by_ts:
            raise NotPossible("there is no such thread")
        with self.state.lock:
            message = self.state.post(
                channel,
                Message(
                    ts=self.state.new_ts(),
                    user=user.id,
                    team_id=user.team_id,
                    text=as_typed(text),
                    thread_ts=thread,
                    broadcast=broadcast,
                    client_msg_id=f"msg-{self.state.number()}",
                ),
            )
            told = [
                (
                    events.message_event_name(channel),
                    events.said(self.state, channel, message),
                )
            ]
            if events.is_mention(events.hearing(self.state, channel), user, message.text):
                mentioned = events.mentioned(self.state, channel, message)
                told.insert(0, ("app_mention", mentioned))
            requests = self._told(channel, told)
        return self._done(message, requests, deliver=deliver)

    def mention(
        self,
        user: User,
        channel: Channel,
        text: str,
        *,
        thread: Message | Done | str | None = None,
        deliver: bool = True,
    ) -> Done:
        """Says something to the bot."""
        team = events.hearing(self.state, channel) or self.state.teams[channel.team_id]
        spoken = f"<@{team.bot_user_id}> {text}"
        return self.say(user, channel, spoken, thread=thread, deliver=deliver)

    def edit(self, user: User, said: Message | Done, text: str, *, deliver: bool = True) -> Done:
        message, channel = self._own(user, said)
        with self.state.lock:
            before = shown(self.state, channel, message)
            message.versions.append((message.text, message.blocks))
            message.text = as_typed(text)
            message.edited_at = self.state.new_ts()
            event = events.changed(self.state, channel, message, before)
            requests = self._told(channel, [(events.message_event_name(channel), event)])
        return self._done(message, requests, deliver=deliver)

    def unfurl(self, said: Message | Done, *, deliver: bool = True) -> Done:
        """Slack shows what a link leads to: a message_changed in which no word has changed."""
        message = said.message if isinstance(said, Done) else said
        channel = self.state.channels[message.channel_id]
        with self.state.lock:
            before = shown(self.state, channel, message)
            event = events.changed(self.state, channel, message, before)
            event["message"]["attachments"] = [{"id": 1, "from_url": "https://a.example/"}]
            requests = self._told(channel, [(events.message_event_name(channel), event)])
        return self._done(message, requests, deliver=deliver)

    def delete(self, user: User, said: Message | Done, *, deliver: bool = True) -> Done:
        """A message with replies leaves a tombstone, which Slack tells of as a change."""
        message, channel = self._own(user, said)
        with self.state.lock:
            before = shown(self.state, channel, message)
            take_away(channel, message)
            event = events.taken_away(self.state, channel, message, before)
            requests = self._told(channel, [(events.message_event_name(channel), event)])
        return self._done(message, requests, deliver=deliver)

    def redeliver(
        self, what: Request | Answer, *, retry: int = 1, reason: str = "http_timeout"
    ) -> Answer:
        """The same event once more, with the same event_id, as Slack does after a failure."""
        request = what.request if isinstance(what, Answer) else what
        return self.outbox.deliver(request.again(retry, reason))

    def resend(self, answer: Answer) -> Answer:
        """The very same body once more, signed anew: a form that is sent twice."""
        return self.outbox.deliver(answer.request)

    # -- inside -----------------------------------------------------------------------------------

    def _told(self, channel: Channel, told: list[tuple[str, dict[str, Any]]]) -> list[Request]:
        return events.told(self.state, channel, subscribed=self.subscribed, events=told)

    def _done(self, message: Message, requests: list[Request], *, deliver: bool) -> Done:
        answers = [self.outbox.deliver(request) for request in requests] if deliver else []
        return Done(message=message, requests=requests, answers=answers)

    def _own(self, user: User, said: Message | Done) -> tuple[Message, Channel]:
        message = said.message if isinstance(said, Done) else said
        if message.user != user.id:
            raise NotPossible(f"the message is not {user.name}'s")
        return message, self.state.channels[message.channel_id]

    def _must_be_member(self, user: User, channel: Channel) -> None:
        if user.id not in channel.members:
            raise NotPossible(f"{user.name} is not in #{channel.name}")
