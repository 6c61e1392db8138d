"""Channels by name: looked up once, kept, and forgotten when Slack knows them no more."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.web.slack_response import SlackResponse

from tocsin.adapters.slack.calls import Line, Unanswered
from tocsin.adapters.slack.traces import next_cursor
from tocsin.dispatcher.contract import Refused

PAGE: Final = 1000
"""Channels of one answer; a workspace may have many thousands, and few such answers a minute."""

MISSED_SECONDS: Final = 5.0
"""How long a name that leads nowhere is not looked for again: Slack lists about twenty times a
minute, and who has just made the channel shall not wait long."""

_MOST_NAMES: Final = 10_000

_ID = re.compile(r"[CGD][A-Z0-9]{5,30}")

PUBLIC: Final = "public_channel"
PUBLIC_AND_PRIVATE: Final = "public_channel,private_channel"


def is_channel_id(text: str) -> bool:
    """Whether *text* is an id; names are in small letters."""
    return _ID.fullmatch(text) is not None


def no_such_channel(named: str) -> Unanswered:
    """There is no such channel, as far as the app can see."""
    name = named.lstrip("#")
    return Unanswered(
        Refused(
            f"there is no channel #{name}, or it is archived, or private and the app is not in it:"
            " create it, invite the app, or correct the route (channel_not_found)"
        ),
        error="channel_not_found",
    )


class Places:
    """The ids of channels by workspace and name; used by many threads."""

    def __init__(self, *, timer: Callable[[], float] = monotonic) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._ids: dict[tuple[str, str], str] = {}
        self._missed: dict[tuple[str, str], float] = {}
        self._cursors: dict[str, str] = {}

    def id_of(self, line: Line, *, team_id: str, named: str) -> str:
        """The id of the channel that is *named* by id, ``name`` or ``#name``.

        Raises:
            Unanswered: there is none that is seen, or Slack cannot be asked.
        """
        if is_channel_id(named):
            return named
        key = (team_id, named.strip().lstrip("#").lower())
        with self._lock:
            known = self._ids.get(key)
            missed = self._missed.get(key)
            cursor = self._cursors.get(team_id, "")
        if known is not None:
            return known
        if missed is not None and self._timer() - missed < MISSED_SECONDS:
            raise no_such_channel(key[1])
        try:
            self._list(line, team_id, cursor)
        except Unanswered as unanswered:
            if unanswered.error != "invalid_cursor":
                raise
            self._list(line, team_id, cursor := "")
        found = self._known(key)
        if found is None and cursor:
            # That was the rest of a list whose beginning is older: read that as well.
            self._list(line, team_id, "")
            found = self._known(key)
        if found is None:
            with self._lock:
                if len(self._missed) > _MOST_NAMES:
                    self._missed.clear()
                self._missed[key] = self._timer()
            raise no_such_channel(key[1])
        return found

    def forget(self, channel_id: str) -> None:
        """Slack knows that channel no more."""
        with self._lock:
            self._ids = {key: one for key, one in self._ids.items() if one != channel_id}

    def _known(self, key: tuple[str, str]) -> str | None:
        with self._lock:
            return self._ids.get(key)

    def _list(self, line: Line, team_id: str, cursor: str) -> None:
        """Read the workspace's list of channels from *cursor* on, and keep what was read of it even
        if Slack stops answering: the next look goes on from there."""
        for page, following in pages(line, cursor=cursor, archived=False):
            with self._lock:
                if len(self._ids) > _MOST_NAMES:
                    self._ids.clear()
                self._ids |= {
                    (team_id, str(one["name"])): str(one["id"])
                    for one in page
                    if "name" in one and "id" in one
                }
                self._cursors[team_id] = following


def pages(
    line: Line, *, cursor: str = "", archived: bool
) -> Iterator[tuple[list[Mapping[str, Any]], str]]:
    """The channels that the app sees, page by page, each with where the next one begins.

    Raises:
        Unanswered: Slack cannot be asked.
    """
    types = PUBLIC_AND_PRIVATE
    while True:

        def page(client: WebClient, cursor: str = cursor, types: str = types) -> SlackResponse:
            return client.conversations_list(
                exclude_archived=not archived, types=types, limit=PAGE, cursor=cursor or None
            )

        try:
            answer = line.ask(page)
        except Unanswered as unanswered:
            if unanswered.error != "missing_scope" or types == PUBLIC:
                raise
            # An app may do without private channels.
            types = PUBLIC
            continue
        channels = answer.get("channels")
        cursor = next_cursor(answer)
        found = channels if isinstance(channels, list) else []
        yield [one for one in found if isinstance(one, Mapping)], cursor
        if not cursor:
            return
