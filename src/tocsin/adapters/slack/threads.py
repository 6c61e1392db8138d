"""Conversations: which ticket a thread or a channel belongs to, and what is said in it.

A ticket is found by what the store knows: the conversation it was opened from or was given, and the
thread of its card. Only where a card was posted a moment ago, and is not noted yet, does the
message itself say whose it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.slack_response import SlackResponse

from tocsin.adapters.slack.answering import TROUBLE, reason_of
from tocsin.adapters.slack.contract import EVENT_TYPE, Workspace, conversation, message_key
from tocsin.adapters.slack.messages import is_ours, is_ts
from tocsin.core.claims import EXTERNAL_ID
from tocsin.core.facts import stream_name
from tocsin.core.records import Route
from tocsin.core.ticket import Ticket
from tocsin.core.words import DestinationKind, TicketType
from tocsin.store.contract import ReadTurn

log = structlog.get_logger(__name__)

PAGE: Final = 200
MOST_MESSAGES: Final = 10_000
"""Messages that are read of one conversation; a longer one is read from its beginning so far."""

LONGEST_PAUSE: Final = 30.0
"""Seconds that are waited where Slack asks for a pause; it says so itself, mostly for less."""

_PREFIX: Final = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said: a channel, and the thread's first message (which a message outside
    of threads is itself)."""

    workspace: Workspace
    org_id: int
    channel_id: str
    root_ts: str

    @property
    def thread(self) -> str:
        """The identity of the thread: that of its first message."""
        return message_key(self.workspace.team_id, self.channel_id, self.root_ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A thread, or with ``root_ts`` None a whole channel."""

    team_id: str
    channel_id: str
    root_ts: str | None


# -- whose it is ----------------------------------------------------------------------------------


def ticket_of(turn: ReadTurn, place: Place) -> str | None:
    """The stream of the ticket that is spoken of there; None where it is no ticket's.

    The thread's own ticket comes before the one that has the whole channel.
    """
    team, channel = place.workspace.team_id, place.channel_id
    thread = (EXTERNAL_ID, conversation(team, channel, place.root_ts))
    whole = (EXTERNAL_ID, conversation(team, channel))
    held = turn.claims(place.org_id, (thread, whole))
    own = held.get(thread) or turn.lane_of(place.org_id, f"{channel}/{place.root_ts}")
    return own or held.get(whole)


def ticket_on_card(client: WebClient, place: Place) -> str | None:
    """The id of the ticket whose card the thread's first message is, as our message says."""
    try:
        asked = client.conversations_replies(
            channel=place.channel_id, ts=place.root_ts, limit=1, include_all_metadata=True
        )
    except TROUBLE as trouble:
        log.info("a thread could not be read", action="slack_unread", reason=reason_of(trouble))
        return None
    for shape in _messages(asked)[:1]:
        metadata = shape.get("metadata")
        if not is_ours(shape, place.workspace) or not isinstance(metadata, Mapping):
            return None
        payload = metadata.get("event_payload")
        if metadata.get("event_type") != EVENT_TYPE or not isinstance(payload, Mapping):
            return None
        identity = payload.get("ticket_id")
        return identity if isinstance(identity, str) else None
    return None


def stream_of(turn: ReadTurn, org_id: int, ticket_id: str) -> str | None:
    """The stream of the org's ticket with that id."""
    streams = [stream_name(sort.value, ticket_id) for sort in TicketType]
    return next(iter(turn.heads(org_id, streams)), None)


def conversations_of(
    turn: ReadTurn, org_id: int, ticket: Ticket, *, team_id: str
) -> tuple[Conversation, ...]:
    """Where *ticket* is spoken of: the threads and channels that are its own, and the threads of
    its cards, which are in the workspace *team_id*."""
    found: dict[Conversation, None] = {}
    for reference in ticket.references:
        parts = (reference.external_id or "").split(":")
        if parts[0] == _PREFIX and len(parts) in (3, 4):
            root = parts[3] if len(parts) == 4 else None
            found[Conversation(team_id=parts[1], channel_id=parts[2], root_ts=root)] = None
    for remote_id in _cards_of(turn, org_id, ticket):
        channel, _, ts = remote_id.partition("/")
        if channel and is_ts(ts):
            found[Conversation(team_id=team_id, channel_id=channel, root_ts=ts)] = None
    return tuple(found)


def _cards_of(turn: ReadTurn, org_id: int, ticket: Ticket) -> list[str]:
    """What the openings of the ticket's lanes to Slack have made."""
    found = []
    for head in turn.heads_of_sort(org_id, "route"):
        route = head.state
        if isinstance(route, Route) and route.destination.kind is DestinationKind.SLACK:
            lane = turn.lanes(org_id, route.id, (ticket.stream,)).get(ticket.stream)
            if lane is not None and lane.remote_id is not None:
                found.append(lane.remote_id)
    return found


def permalink(workspace: Workspace, channel_id: str, ts: str, root_ts: str) -> str:
    """The address of a message."""
    url = f"{workspace.url.rstrip('/')}/archives/{channel_id}/p{ts.replace('.', '')}"
    return url if ts == root_ts else f"{url}?thread_ts={root_ts}&cid={channel_id}"


# -- what is said there ---------------------------------------------------------------------------


class Unreadable(Exception):
    """A conversation that cannot be read, however often it is tried; ``reason`` is Slack's word for
    why, ``sentence`` says it to a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = _SENTENCES.get(reason, f"Slack does not let me read it ({reason})")


_SENTENCES: Final = {
    "not_in_channel": "I am not in this channel; `/invite @tocsin` lets me in",
    "channel_not_found": "I do not see this channel; `/invite @tocsin` lets me in",
    "missing_scope": (
        "the app may not read channels of this sort; whoever runs Tocsin can add the scope"
    ),
    "is_archived": "the channel is archived",
    "thread_not_found": "the thread is gone",
    "message_not_found": "the thread is gone",
}
_PASSING: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
    }
)


def pages_of(
    client: WebClient, said_in: Conversation, *, patience: int = 0
) -> Iterator[list[Mapping[str, Any]]]:
    """The messages of a conversation, oldest first, as Slack shapes them, page by page.

    Where Slack asks for a pause, it is waited up to *patience* times.

    Raises:
        Unreadable: it cannot be read.
        SlackClientError, OSError, HTTPException: Slack cannot be asked just now.
    """
    if said_in.root_ts is not None:
        yield from _thread(client, said_in.channel_id, said_in.root_ts, patience=patience)
        return
    newest_first: list[Mapping[str, Any]] = []
    channel = said_in.channel_id
    for page in _pages(
        lambda cursor: client.conversations_history(channel=channel, limit=PAGE, cursor=cursor),
        patience=patience,
    ):
        newest_first.extend(page)
    for shape in reversed(newest_first):
        if shape.get("reply_count") and is_ts(shape.get("ts")):
            yield from _thread(client, channel, str(shape["ts"]), patience=patience)
        else:
            yield [shape]


def _thread(
    client: WebClient, channel_id: str, root_ts: str, *, patience: int
) -> Iterator[list[Mapping[str, Any]]]:
    seen: set[object] = set()
    for page in _pages(
        lambda cursor: client.conversations_replies(
            channel=channel_id, ts=root_ts, limit=PAGE, cursor=cursor
        ),
        patience=patience,
    ):
        # The first message of a thread may come with every page.
        fresh = [shape for shape in page if shape.get("ts") not in seen]
        seen.update(shape.get("ts") for shape in fresh)
        yield fresh


def _pages(
    ask: Callable[[str | None], SlackResponse], *, patience: int
) -> Iterator[Sequence[Mapping[str, Any]]]:
    cursor: str | None = None
    read = 0
    while True:
        answer, patience = _asked(ask, cursor, patience=patience)
        page = _messages(answer)
        read += len(page)
        yield page
        metadata = answer.get("response_metadata")
        cursor = metadata.get("next_cursor") if isinstance(metadata, Mapping) else None
        if not cursor or not page:
            return
        if read >= MOST_MESSAGES:
            log.warning("a conversation is too long", action="slack_cut", messages=read)
            return


def _asked(
    ask: Callable[[str | None], SlackResponse], cursor: str | None, *, patience: int
) -> tuple[SlackResponse, int]:
    while True:
        try:
            return ask(cursor), patience
        except SlackApiError as wrong:
            reason = reason_of(wrong)
            if reason not in _PASSING and wrong.response.status_code < 429:
                raise Unreadable(reason) from wrong
            pause = _pause_of(wrong)
            if pause is None or patience <= 0:
                raise
            patience -= 1
            threading.Event().wait(pause)


def _pause_of(wrong: SlackApiError) -> float | None:
    """The seconds that Slack wants to be left alone, where it says so."""
    if wrong.response.status_code != 429:
        return None
    given = wrong.response.headers.get("retry-after") or wrong.response.headers.get("Retry-After")
    asked = given[0] if isinstance(given, list) and given else given
    if not isinstance(asked, str) or not asked.isascii() or not asked.isdigit():
        return 1.0
    return min(float(asked), LONGEST_PAUSE)


def _messages(answer: SlackResponse) -> list[Mapping[str, Any]]:
    found = answer.get("messages")
    if not isinstance(found, list):
        return []
    return [shape for shape in found if isinstance(shape, Mapping)]
