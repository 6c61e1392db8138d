"""Messages in channels: where they go, what they are called, and posting them (Integrations: Slack,
out)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final

from tocsin.adapters.slack.calls import Line, Unanswered, asked_inside
from tocsin.adapters.slack.contract import Spoken, Workspace
from tocsin.adapters.slack.places import Places
from tocsin.core.records import Destination, Policy
from tocsin.core.words import TicketType

INCIDENTS_CHANNEL: Final = "#contributor-incidents"
MAINTENANCE_CHANNEL: Final = "#contributor-maintenance"

_CHANNEL_IS_GONE: Final = frozenset({"channel_not_found", "is_archived"})
_REMOTE = re.compile(r"(?P<channel>[CGD][A-Z0-9]{5,30})/(?P<ts>[0-9]{1,12}\.[0-9]{6})")


@dataclass(frozen=True, slots=True)
class Card:
    """Where a card is: the channel's id, and the message's."""

    channel: str
    ts: str

    @property
    def remote_id(self) -> str:
        """``C0123/1700000000.000100``."""
        return f"{self.channel}/{self.ts}"


def card_at(remote_id: str | None) -> Card | None:
    """The card that a remote id names; None for what names none."""
    found = None if remote_id is None else _REMOTE.fullmatch(remote_id)
    return None if found is None else Card(found["channel"], found["ts"])


def channel_for(destination: Destination, policy: Policy, kind: TicketType) -> str:
    """The channel of a route's cards: its own, else the one that the policy says for that type."""
    if destination.channel is not None:
        return destination.channel
    if kind is TicketType.MAINTENANCE:
        return policy.slack_maintenance_channel or MAINTENANCE_CHANNEL
    return policy.slack_incidents_channel or INCIDENTS_CHANNEL


class Room:
    """A channel to post in, by id or by name."""

    def __init__(self, line: Line, places: Places, workspace: Workspace, named: str) -> None:
        self._line = line
        self._places = places
        self._workspace = workspace
        self._named = named

    def channel_id(self) -> str:
        """Its id.

        Raises:
            Unanswered: there is none, or Slack cannot be asked.
        """
        return self._places.id_of(self._line, team_id=self._workspace.team_id, named=self._named)

    def post(
        self,
        said: Spoken,
        *,
        carrying: dict[str, Any],
        thread: str | None = None,
        broadcast: bool = False,
    ) -> Card:
        """Post *said*; joins a public channel that the app is not in, and looks again for one that
        has another id by now.

        Raises:
            Unanswered: Slack refuses, or cannot be asked.
        """
        channel = self.channel_id()
        try:
            return self._posted(channel, said, carrying, thread, broadcast)
        except Unanswered as unanswered:
            if channel == self._named or unanswered.error not in _CHANNEL_IS_GONE:
                raise
            # The name may be another channel's by now.
            self._places.forget(channel)
            if (other := self.channel_id()) == channel:
                raise
            return self._posted(other, said, carrying, thread, broadcast)

    def _posted(
        self,
        channel: str,
        said: Spoken,
        carrying: dict[str, Any],
        thread: str | None,
        broadcast: bool,
    ) -> Card:
        answer = asked_inside(
            self._line,
            channel,
            lambda client: client.chat_postMessage(
                channel=channel,
                text=said.text,
                blocks=said.blocks or None,
                thread_ts=thread,
                reply_broadcast=broadcast or None,
                metadata=carrying,
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return Card(str(answer.get("channel", channel)), str(answer.get("ts", "")))


def digest(card: Spoken) -> bytes:
    """What tells one rendering from another."""
    return hashlib.sha256(json.dumps([card.text, card.blocks]).encode()).digest()
