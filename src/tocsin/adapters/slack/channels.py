"""A channel of its own for a severe incident: made, furnished, archived (Integrations: Slack, out).

Every step may be the last of a process that is killed, so each finds out what is there already: the
channel by its name and purpose, the card by its metadata. The mark, a reference of the ticket's, is
made last.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.web.slack_response import SlackResponse

from tocsin.adapters.slack import mentions
from tocsin.adapters.slack.calls import Line, Unanswered, asked_inside
from tocsin.adapters.slack.contract import Spoken, Workspace
from tocsin.adapters.slack.places import pages
from tocsin.adapters.slack.traces import Traces, metadata
from tocsin.core.records import Member
from tocsin.core.ticket import Reference, Ticket
from tocsin.core.words import TicketType
from tocsin.dispatcher.contract import Refused, Retry

LONGEST_NAME: Final = 80
MOST_NAMES: Final = 20
"""Names that are tried for one incident."""

NEVER: Final = "never"
ALWAYS: Final = "always"

_NOT_OF_A_SLUG = re.compile(r"[^a-z0-9]+")
_LEVEL = re.compile(r"sev([0-9])")
_PURPOSE = re.compile(r".*\((?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)", re.DOTALL)
_NAME = re.compile(r"inc-(?P<ref>i[0-9]{8}-[a-z0-9]{4,8})(?:-.*)?")
_PERMALINK = re.compile(r".*/archives/(?P<channel>[CG][A-Z0-9]+)/p(?P<s>[0-9]+)(?P<us>[0-9]{6})")
_USER = re.compile(r"<@([UW][A-Z0-9]+)>")

_GONE: Final = frozenset({"already_archived", "is_archived", "channel_not_found"})
_DONE_BEFORE: Final = frozenset({"already_in_channel", "already_pinned", "already_archived"})


# -- which, and what it is called -----------------------------------------------------------------


def wants_channel(ticket: Ticket, *, policy: str) -> bool:
    """Whether an incident gets a channel of its own, by the org's policy ``dedicated_channel_for``:
    ``never``, ``always``, or the mildest severity that does."""
    if ticket.type is not TicketType.INCIDENT or policy == NEVER:
        return False
    if policy == ALWAYS:
        return True
    level = _LEVEL.fullmatch(policy)
    return level is not None and ticket.severity.rank <= int(level[1])


def channel_name(ticket: Ticket, *, number: int = 1) -> str:
    """``inc-i20261120-af36-fibre-cut``: at most 80 characters that Slack takes; the second of that
    name ends in ``-2``."""
    plain = unicodedata.normalize("NFKD", ticket.title).encode("ascii", "ignore").decode()
    slug = _NOT_OF_A_SLUG.sub("-", plain.lower()).strip("-")
    ending = "" if number == 1 else f"-{number}"
    whole = f"inc-{ticket.ref.lower()}-{slug}".rstrip("-")
    return whole[: LONGEST_NAME - len(ending)].rstrip("-") + ending


def purpose_of(ticket: Ticket) -> str:
    """What a channel says it is for; by this it is known."""
    return f"{ticket.ref} in Tocsin ({ticket.id})"


def ticket_named(channel: Mapping[str, Any], workspace: Workspace) -> tuple[str, str] | None:
    """The ``("id", …)`` of the ticket that a channel of ours is for, or its ``("ref", …)`` where
    nobody got as far as saying so; None for everybody else's channels."""
    if channel.get("creator") != workspace.bot_user_id:
        return None
    purpose = _purpose_in(channel)
    if (said := _PURPOSE.fullmatch(purpose)) is not None:
        return "id", said["id"]
    name = _NAME.fullmatch(str(channel.get("name", "")))
    return None if purpose or name is None else ("ref", f"I{name['ref'][1:]}")


def _purpose_in(channel: Mapping[str, Any]) -> str:
    found = channel.get("purpose")
    return str(found.get("value", "")) if isinstance(found, Mapping) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChannel:
    """An incident's channel, and the message there that is its card; empty where it has none."""

    channel_id: str
    card_ts: str


def own_channel(ticket: Ticket, *, team_id: str) -> OwnChannel | None:
    """The channel that *ticket* has in that workspace, from its references."""
    for reference in ticket.references:
        if (found := _channel_in(reference, team_id=team_id)) is not None:
            return found
    return None


def _channel_in(reference: Reference, *, team_id: str) -> OwnChannel | None:
    # A thread's identity has one part more.
    parts = (reference.external_id or "").split(":")
    if len(parts) != 3 or parts[:2] != ["slack", team_id]:
        return None
    link = _PERMALINK.fullmatch(reference.url)
    ts = "" if link is None or link["channel"] != parts[2] else f"{link['s']}.{link['us']}"
    return OwnChannel(channel_id=parts[2], card_ts=ts)


def permalink(workspace: Workspace, own: OwnChannel) -> str:
    """The address of the card in an incident's channel."""
    address = f"{workspace.url.rstrip('/')}/archives/{own.channel_id}"
    return f"{address}/p{own.card_ts.replace('.', '')}" if own.card_ts else address


def user_of(member: Member | None, *, team_id: str) -> str | None:
    """The Slack user that a member is in that workspace; None for one who is none there."""
    if member is None or member.slack_team_id not in (None, team_id):
        return None
    called = mentions.person(member.slack_user_id)
    found = None if called is None else _USER.fullmatch(called)
    return None if found is None else found[1]


# -- making it ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A channel with everything in it, and in sentences what could not be done."""

    own: OwnChannel
    name: str
    shortcomings: tuple[str, ...]


class Furnishing:
    """Makes one incident's channel, from wherever an earlier attempt got to."""

    def __init__(self, line: Line, traces: Traces, workspace: Workspace, ticket: Ticket) -> None:
        self._line = line
        self._traces = traces
        self._workspace = workspace
        self._ticket = ticket
        self._shortcomings: list[str] = []

    def make(self, card: Spoken, *, invited: str | None) -> Made:
        """The channel, with the card pinned and the assignee there.

        Raises:
            Unanswered: it cannot be made, or not now; what was done stays, and is found again.
        """
        channel_id, name, is_new = self._channel()
        self._if_it_may_be(
            "its purpose could not be set",
            channel_id,
            lambda client: client.conversations_setPurpose(
                channel=channel_id, purpose=purpose_of(self._ticket)
            ),
        )
        ts = self._card(channel_id, card, is_new=is_new)
        self._if_it_may_be(
            "the card could not be pinned there",
            channel_id,
            lambda client: client.pins_add(channel=channel_id, timestamp=ts),
        )
        if invited is not None:
            self.invite(channel_id, invited)
        own = OwnChannel(channel_id=channel_id, card_ts=ts)
        return Made(own=own, name=name, shortcomings=tuple(self._shortcomings))

    def invite(self, channel_id: str, user_id: str) -> tuple[str, ...]:
        """Have the assignee there; what could not be done.

        Raises:
            Unanswered: not now.
        """
        self._if_it_may_be(
            "the assignee could not be invited there",
            channel_id,
            lambda client: client.conversations_invite(channel=channel_id, users=[user_id]),
        )
        return tuple(self._shortcomings)

    def _channel(self) -> tuple[str, str, bool]:
        for number in range(1, MOST_NAMES + 1):
            name = channel_name(self._ticket, number=number)

            def create(client: WebClient, name: str = name) -> SlackResponse:
                return client.conversations_create(name=name)

            try:
                made = self._line.ask(create).get("channel")
            except Unanswered as unanswered:
                if unanswered.error != "name_taken":
                    raise
                found = self._ours(name)
                if found is not None:
                    return found, name, False
                continue
            return str(made["id"]) if isinstance(made, Mapping) else "", name, True
        raise Unanswered(Refused(f"every name like {channel_name(self._ticket)} is taken"))

    def _ours(self, name: str) -> str | None:
        """The channel of that name, if it is this incident's: made by an attempt that died."""
        for page, _ in pages(self._line, archived=False):
            for channel in page:
                if channel.get("name") == name:
                    wanted = {("id", self._ticket.id), ("ref", self._ticket.ref)}
                    mine = ticket_named(channel, self._workspace) in wanted
                    return str(channel.get("id", "")) if mine else None
        return None

    def _card(self, channel_id: str, card: Spoken, *, is_new: bool) -> str:
        carried = f"channel:{self._ticket.id}"
        if not is_new:
            place = (self._workspace.team_id, channel_id, "")
            since = self._ticket.created_at
            earlier = self._traces.find(self._line, place, carried, since=since)
            if earlier is not None:
                return earlier
        answer = asked_inside(
            self._line,
            channel_id,
            lambda client: client.chat_postMessage(
                channel=channel_id,
                text=card.text,
                blocks=card.blocks,
                metadata=metadata(carried, self._ticket.id),
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return str(answer.get("ts", ""))

    def _if_it_may_be(
        self, otherwise: str, channel_id: str, call: Callable[[WebClient], SlackResponse]
    ) -> None:
        try:
            asked_inside(self._line, channel_id, call)
        except Unanswered as unanswered:
            if unanswered.error in _DONE_BEFORE:
                return
            if isinstance(unanswered.verdict, Retry):
                raise
            self._shortcomings.append(f"{otherwise}: {unanswered.verdict.reason}")


def archive(line: Line, channel_id: str) -> None:
    """Put a channel away.

    Raises:
        Unanswered: it cannot be, or not now.
    """
    try:
        asked_inside(
            line, channel_id, lambda client: client.conversations_archive(channel=channel_id)
        )
    except Unanswered as unanswered:
        if unanswered.error not in _GONE:
            raise
