"""One call of a Web API method: who calls, with what, and what they may do."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from tests.servers.slack.refusing import SlackError
from tests.servers.slack.state import Channel, Message, State, Team, User

Answer = dict[str, Any]
Item = TypeVar("Item")

SECRETS: Final = frozenset({"token", "client_secret", "code"})


@dataclass(slots=True, kw_only=True)
class Call:
    """``team`` is the workspace of the token; ``scopes`` gathers those the call made use of, and
    ``events`` what the app is to be told of it."""

    state: State
    method: str
    arguments: dict[str, Any]
    team_or_none: Team | None
    basic: tuple[str, str] | None = None
    token: str = field(default="", repr=False)
    scopes: set[str] = field(default_factory=set)
    events: list[tuple[Channel, dict[str, Any]]] = field(default_factory=list)

    @property
    def team(self) -> Team:
        if self.team_or_none is None:
            raise SlackError("invalid_auth" if self.token else "not_authed")
        return self.team_or_none

    def need(self, *any_of: str) -> None:
        """One of those scopes is needed.

        Raises:
            SlackError: missing_scope.
        """
        held = [scope for scope in any_of if scope in self.team.scopes]
        if not held:
            provided = ",".join(sorted(self.team.scopes))
            raise SlackError("missing_scope", needed=any_of[0], provided=provided)
        self.scopes.add(held[0])

    def need_for(self, channel: Channel, public: Sequence[str], private: Sequence[str]) -> None:
        """The scopes of ``public`` or ``private`` channels; direct messages have ``im:…``."""
        if channel.is_im:
            self.need("im:" + public[0].split(":")[1].replace("manage", "write"))
        else:
            self.need(*(private if channel.is_private else public))

    def tell(self, channel: Channel, event: dict[str, Any]) -> None:
        """The app is told of that, where it hears what is said in the channel."""
        self.events.append((channel, event))

    # -- arguments --------------------------------------------------------------------------------

    def text(self, name: str, *, error: str = "invalid_arguments") -> str:
        """An argument that has to be there."""
        value = self.arguments.get(name)
        if value is None or value == "":
            messages = [] if error != "invalid_arguments" else [f"missing required field: {name}"]
            raise SlackError(error, messages=messages)
        return str(value)

    def optional(self, name: str) -> str | None:
        value = self.arguments.get(name)
        return None if value is None or value == "" else str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.arguments.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def whole(self, name: str, *, default: int, most: int) -> int:
        value = self.arguments.get(name)
        if value is None or value == "":
            return min(default, most)
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise SlackError("invalid_limit") from None
        if number < 1:
            raise SlackError("invalid_limit")
        return min(number, most)

    def structure(self, name: str, *, error: str) -> Any:
        """An argument that is a list or an object, or the JSON of one."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None

    def words(self, name: str) -> list[str]:
        """An argument that is a list, or text with commas."""
        value = self.arguments.get(name)
        if isinstance(value, list):
            return [str(one) for one in value]
        return [part.strip() for part in str(value or "").split(",") if part.strip()]

    # -- who and where ----------------------------------------------------------------------------

    def channel(self, *, name: str = "channel") -> Channel:
        """The channel with that id, as far as the bot can see it.

        Raises:
            SlackError: channel_not_found.
        """
        found = self.state.channels.get(self.text(name, error="channel_not_found"))
        if found is None or not self.sees(found):
            raise SlackError("channel_not_found")
        return found

    def sees(self, channel: Channel) -> bool:
        here = channel.team_id == self.team.id or self.team.id in channel.shared_with
        hidden = channel.is_private or channel.is_im
        return here and (not hidden or self.inside(channel))

    def inside(self, channel: Channel) -> bool:
        return self.team.bot_user_id in channel.members

    def must_be_inside(self, channel: Channel) -> None:
        if not self.inside(channel):
            raise SlackError("not_in_channel")

    def user(self, user_id: str) -> User:
        """Somebody of this workspace, or of one that shares a channel with it.

        Raises:
            SlackError: user_not_found.
        """
        found = self.state.users.get(user_id)
        if found is None or not self.knows(found):
            raise SlackError("user_not_found")
        return found

    def knows(self, user: User) -> bool:
        return user.team_id == self.team.id or any(
            user.id in channel.members for channel in self.state.reached_from(self.team.id)
        )

    def message(self, channel: Channel, ts: str, *, error: str = "message_not_found") -> Message:
        found = channel.by_ts.get(ts)
        if found is None or found.tombstone:
            raise SlackError(error)
        return found

    def page(self, items: Iterable[Item], *, default: int, most: int) -> tuple[list[Item], str]:
        """A page, and the cursor of the next one ("" after the last).

        Raises:
            SlackError: invalid_cursor, invalid_limit.
        """
        everything = list(items)
        start = 0
        cursor = self.optional("cursor")
        if cursor is not None:
            try:
                start = int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
            except (binascii.Error, ValueError):
                raise SlackError("invalid_cursor") from None
        end = start + self.whole("limit", default=default, most=most)
        more = end < len(everything)
        following = base64.b64encode(f"next:{end}".encode()).decode() if more else ""
        return everything[start:end], following


Handler = Callable[[Call], Answer]
METHODS: Final[dict[str, Handler]] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    """Registers what answers a method."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = handler
        return handler

    return register


def paged(answer: Answer, cursor: str) -> Answer:
    return {**answer, "response_metadata": {"next_cursor": cursor}}


def read_arguments(*, content_type: str, body: bytes, query: str) -> dict[str, Any]:
    """The arguments of a request, from its address, a form or JSON.

    Raises:
        SlackError: invalid_json, json_not_object.
    """
    arguments: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if content_type.startswith("application/json"):
        try:
            more = json.loads(body or b"{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(more, dict):
            raise SlackError("json_not_object")
        arguments |= more
    elif body:
        arguments |= parse_qsl(body.decode(), keep_blank_values=True)
    return arguments


def read_authorization(header: str) -> tuple[str, tuple[str, str] | None]:
    """The bearer token, and a user name and password."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "basic":
        name, _, password = base64.b64decode(rest).decode().partition(":")
        return "", (name, password)
    return (rest.strip(), None) if scheme.lower() == "bearer" else ("", None)


def without_secrets(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in SECRETS}
