"""What a Slack remembers: workspaces, people, channels, messages, modals; all of it in memory."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

Block = dict[str, Any]

APP_ID: Final = "A0TOCSIN"
SIGNING_SECRET: Final = "8f742231b10e8888abcd99yyyzzz85a5"
APP_TOKEN: Final = "xapp-1-A0TOCSIN-local"
CLIENT_ID: Final = "1234.5678"
CLIENT_SECRET: Final = "client-secret-of-the-local-slack"

ALL_SCOPES: Final = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:manage",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "groups:history",
        "groups:read",
        "groups:write",
        "im:history",
        "im:read",
        "im:write",
        "mpim:write",
        "pins:read",
        "pins:write",
        "reactions:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
"""Every scope that a method or an event of this server may ask for."""


@dataclass(slots=True, kw_only=True, eq=False)
class Team:
    """A workspace, and the bot that is installed in it (``installed`` False: it is not)."""

    id: str
    name: str
    domain: str
    bot_user_id: str
    bot_id: str
    token: str = field(repr=False)
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    installed: bool = True

    @property
    def url(self) -> str:
        return f"https://{self.domain}.slack.com/"


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """Somebody. ``email`` None is a profile without one."""

    id: str
    team_id: str
    name: str
    real_name: str
    email: str | None
    is_email_confirmed: bool = True
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False
    tz: str = "Europe/Brussels"


@dataclass(slots=True, kw_only=True, eq=False)
class UserGroup:
    id: str
    team_id: str
    handle: str
    name: str
    users: list[str]
    disabled: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message as it stands now; ``versions`` are its earlier texts and blocks, oldest first."""

    ts: str
    user: str
    text: str
    team_id: str
    channel_id: str = ""
    bot_id: str | None = None
    blocks: list[Block] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None
    broadcast: bool = False
    subtype: str | None = None
    edited_at: str | None = None
    tombstone: bool = False
    client_msg_id: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    versions: list[tuple[str, list[Block]]] = field(default_factory=list)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def delivery_id(self) -> str | None:
        payload = (self.metadata or {}).get("event_payload", {})
        found = payload.get("delivery_id")
        return None if found is None else str(found)


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """A conversation; ``shared_with`` are other workspaces that share it (Slack Connect)."""

    id: str
    team_id: str
    name: str
    creator: str
    created: int
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    members: list[str] = field(default_factory=list)
    shared_with: set[str] = field(default_factory=set)
    topic: str = ""
    topics: list[str] = field(default_factory=list)
    purpose: str = ""
    pins: list[str] = field(default_factory=list)
    by_ts: dict[str, Message] = field(default_factory=dict)

    @property
    def messages(self) -> list[Message]:
        """What the channel shows, oldest first: no replies but the broadcast ones."""
        return [m for m in self.by_ts.values() if not m.is_reply or m.broadcast]

    @property
    def everything(self) -> list[Message]:
        return list(self.by_ts.values())

    def message(self, ts: str) -> Message:
        return self.by_ts[ts]

    def thread(self, ts: str) -> list[Message]:
        """The replies below a message, oldest first, without it."""
        return [m for m in self.by_ts.values() if m.thread_ts == ts and m.ts != ts]

    def of_bot(self) -> list[Message]:
        """What the bot has said at top level, oldest first."""
        return [m for m in self.messages if m.bot_id is not None and not m.is_reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemeral:
    """What only one person sees; ``how`` is ``chat.postEphemeral``, ``response_url`` or
    ``answer`` (the body that acknowledged a command)."""

    ts: str
    channel_id: str
    user_id: str
    text: str
    blocks: list[Block]
    thread_ts: str | None
    how: str


@dataclass(slots=True, kw_only=True, eq=False)
class View:
    """An open modal. ``view`` is what the app gave, with ``block_id`` filled in."""

    id: str
    team_id: str
    user_id: str
    view: dict[str, Any]
    hash: str
    root_id: str
    previous_id: str | None
    offered: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def callback_id(self) -> str:
        return str(self.view.get("callback_id", ""))

    @property
    def title(self) -> str:
        return str(self.view["title"]["text"])

    @property
    def private_metadata(self) -> str:
        return str(self.view.get("private_metadata", ""))

    @property
    def blocks(self) -> list[Block]:
        blocks: list[Block] = self.view["blocks"]
        return blocks


@dataclass(slots=True, kw_only=True, eq=False)
class Trigger:
    team_id: str
    user_id: str
    made_at: float
    used: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class ResponseUrl:
    team_id: str
    channel_id: str
    user_id: str
    made_at: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One call of a method. ``arguments`` are without tokens and secrets; ``scopes`` are those it
    made use of; ``error`` is None where it was answered ``ok``."""

    at: float
    method: str
    team_id: str | None
    arguments: dict[str, Any]
    scopes: frozenset[str]
    error: str | None


class State:
    """All that is remembered; take ``lock`` to read more than one thing of it."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.groups: list[UserGroup] = []
        self.channels: dict[str, Channel] = {}
        self.ephemerals: list[Ephemeral] = []
        self.views: dict[str, View] = {}
        self.closed_views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.response_posts: list[tuple[str, dict[str, Any]]] = []
        self.oauth_codes: dict[str, tuple[str, str]] = {}
        self.calls: list[ApiCall] = []
        self.scopes_used: set[str] = set()
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def number(self) -> int:
        return next(self._numbers)

    def new_id(self, letter: str) -> str:
        return f"{letter}{self.number():08d}"

    def new_ts(self) -> str:
        """A ts that was never given: Unix seconds with six digits, always rising."""
        with self.lock:
            self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def team_of_token(self, token: str) -> Team | None:
        return next((t for t in self.teams.values() if t.token == token and t.installed), None)

    def named(self, team_id: str, name: str) -> Channel | None:
        bare = name.removeprefix("#")
        return next((c for c in self.reached_from(team_id) if c.name == bare and not c.is_im), None)

    def reached_from(self, team_id: str) -> Iterable[Channel]:
        """The channels of a workspace, those that are shared with it included."""
        for found in self.channels.values():
            if found.team_id == team_id or team_id in found.shared_with:
                yield found

    def post(self, channel: Channel, message: Message) -> Message:
        with self.lock:
            message.channel_id = channel.id
            channel.by_ts[message.ts] = message
            if message.is_reply and message.thread_ts in channel.by_ts:
                parent = channel.by_ts[message.thread_ts]
                parent.thread_ts = parent.ts
        return message

    def trigger(self, *, team_id: str, user_id: str) -> str:
        number = f"{self.number()}.{team_id}.{self.number():032x}"
        self.triggers[number] = Trigger(team_id=team_id, user_id=user_id, made_at=self.now())
        return number

    def stack_of(self, user_id: str) -> list[View]:
        """A person's open modals, the topmost last."""
        return [v for v in self.views.values() if v.user_id == user_id]
