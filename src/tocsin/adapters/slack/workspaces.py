"""Where Tocsin is installed in Slack, and which org is spoken to in which channel.

What the database says is kept for a few seconds, since every request asks. An org that is tied to a
workspace for the first time is given two routes there; who removes them is not given them again.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from slack_sdk import WebClient

from tocsin.adapters.slack.contract import VIA, Workspace
from tocsin.core.errors import Conflict
from tocsin.core.facts import stream_name
from tocsin.core.record_commands import (
    CreateRoute,
    DestinationDraft,
)
from tocsin.core.records import Policy, Route
from tocsin.core.words import DestinationKind
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import ReadTurn, Store
from tocsin.store.sealing import WrongSecretKey
from tocsin.store.workspaces import ChannelRow, WorkspaceRow

log = structlog.get_logger(__name__)

FRESH_SECONDS: Final = 5.0
"""How long what the database said is believed."""

FIRST_ROUTES: Final = (
    ("Slack incidents", "incident.*"),
    ("Slack maintenance", "maintenance.*"),
)
"""Name and kinds of the routes that an org begins with."""

_ROUTES: Final = uuid.UUID("3d5b1cf2-52a0-4f0c-9e0c-6d0c1a5be0c7")
_POLICY: Final = stream_name("policy", "policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the database said at ``read_at``, in seconds of the timer.

    ``named`` are the channels that an org's policy or routes name by id, by org; they were read at
    the log position ``named_at``.
    """

    read_at: float
    workspaces: Mapping[str, Workspace]
    channels: Mapping[tuple[str, str], int]
    named: Mapping[int, frozenset[str]]
    named_at: int
    sealed: Mapping[str, tuple[bytes, str]] = field(repr=False)


class StoredWorkspaces:
    """The workspaces and channels of the directory (see ``contract.Workspaces``).

    ``unseal`` opens tokens, ``timer`` counts seconds.
    """

    def __init__(
        self,
        store: Store,
        *,
        unseal: Callable[[bytes], bytes],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._unseal = unseal
        self._timer = timer
        self._lock = threading.Lock()
        self._last: _Known | None = None

    def of_team(self, team_id: str) -> Workspace | None:
        """The workspace of that id.

        Raises:
            StorageFailed: the database is away.
        """
        return self._known().workspaces.get(team_id)

    def of_org(self, org_id: int) -> Workspace | None:
        """The workspace that an org's cards go to: one of its own, or one with a channel of its
        own; of several the one with the lowest id.

        Raises:
            StorageFailed: the database is away.
        """
        known = self._known()
        own = [one for one in known.workspaces.values() if one.org_id == org_id]
        if own:
            return own[0]
        for (team_id, _), owner in known.channels.items():
            if owner == org_id and team_id in known.workspaces:
                return known.workspaces[team_id]
        return None

    def org_of(self, workspace: Workspace, channel_id: str | None) -> int:
        """The org that is spoken to in that channel.

        The one the channel was given to; else one whose policy or route names the channel; else
        the workspace's own. An org that nobody has given a channel in this workspace is none of
        its orgs: to name a channel is not enough to hear what is said there.

        Raises:
            StorageFailed: the database is away.
        """
        if channel_id is None:
            return workspace.org_id
        known = self._known()
        given = known.channels.get((workspace.team_id, channel_id))
        if given is not None:
            return given
        if channel_id in known.named.get(workspace.org_id, frozenset()):
            return workspace.org_id
        guests = {
            owner for (team_id, _), owner in known.channels.items() if team_id == workspace.team_id
        }
        naming = [one for one in sorted(guests) if channel_id in known.named.get(one, frozenset())]
        return naming[0] if len(naming) == 1 else workspace.org_id

    def forget(self) -> None:
        """Ask the database anew: something was changed just now."""
        with self._lock:
            self._last = None

    def _known(self) -> _Known:
        with self._lock:
            last = self._last
            if last is not None and self._timer() - last.read_at < FRESH_SECONDS:
                return last
            with self._store.reading() as turn:
                self._last = self._read(turn, last)
            return self._last

    def _read(self, turn: ReadTurn, last: _Known | None) -> _Known:
        position = turn.last_position()
        rows, channels = turn.slack_workspaces(), turn.slack_channels()
        orgs = {row.org_id for row in rows} | {row.org_id for row in channels}
        if last is not None and orgs == set(last.named) and not _moved(turn, last.named_at):
            named = last.named
        else:
            named = {org_id: _channels_named(turn, org_id) for org_id in sorted(orgs)}
        opened = {row.team_id: self._opened(row, last) for row in rows}
        return _Known(
            read_at=self._timer(),
            workspaces={team_id: one for team_id, one in opened.items() if one is not None},
            channels={(row.team_id, row.channel_id): row.org_id for row in channels},
            named=named,
            named_at=position,
            sealed={
                row.team_id: (row.sealed, one.token)
                for row in rows
                if (one := opened[row.team_id]) is not None
            },
        )

    def _opened(self, row: WorkspaceRow, last: _Known | None) -> Workspace | None:
        box, token = ("", "") if last is None else last.sealed.get(row.team_id, ("", ""))
        if box != row.sealed:
            try:
                token = self._unseal(row.sealed).decode()
            except WrongSecretKey as wrong:
                log.error(
                    "a workspace's token does not open",
                    action="slack_token_sealed",
                    team=row.team_id,
                    reason=str(wrong),
                )
                return None
        return Workspace(
            team_id=row.team_id,
            org_id=row.org_id,
            url=row.url,
            bot_user_id=row.bot_user_id,
            bot_id=row.bot_id,
            token=token,
        )


def _moved(turn: ReadTurn, position: int) -> bool:
    return any(turn.sort_moved(sort, after=position) for sort in ("policy", "route"))


def _channels_named(turn: ReadTurn, org_id: int) -> frozenset[str]:
    found: set[str | None] = set()
    head = turn.head(org_id, _POLICY)
    if head is not None and isinstance(head.state, Policy):
        found |= {head.state.slack_incidents_channel, head.state.slack_maintenance_channel}
    for one in turn.heads_of_sort(org_id, "route"):
        route = one.state
        if not isinstance(route, Route) or route.removed_at is not None or not route.enabled:
            continue
        if route.destination.kind is DestinationKind.SLACK:
            found.add(route.destination.channel)
    # Names with a # before them are names for Slack to resolve, not ids.
    return frozenset(name for name in found if name is not None and not name.startswith("#"))


# -- tying a workspace to an org ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Installing:
    """What a workspace is tied with: where that is written, and how its token is sealed."""

    store: Store
    writer: Writer
    seal: Callable[[bytes], bytes]
    clock: Callable[[], datetime]


class NoBot(Exception):
    """The token is good, but no bot's."""


def introduced(client: WebClient) -> tuple[Workspace, str, tuple[str, ...]]:
    """What Slack says of the workspace of *client*'s token: itself (of no org yet), its name and
    the scopes of the token.

    Raises:
        NoBot: it is no bot's token.
        SlackApiError: the token is no good.
        OSError: Slack cannot be reached.
    """
    said = client.auth_test()
    bot_id = str(said.get("bot_id") or "")
    if not bot_id or client.token is None:
        raise NoBot("that is no bot's token; it begins with xoxb-")
    headers = {str(name).lower(): value for name, value in dict(said.headers).items()}
    scopes = str(headers.get("x-oauth-scopes", ""))
    workspace = Workspace(
        team_id=str(said["team_id"]),
        org_id=0,
        url=str(said.get("url") or ""),
        bot_user_id=str(said["user_id"]),
        bot_id=bot_id,
        token=client.token,
    )
    return workspace, str(said.get("team") or ""), tuple(scopes.replace(",", " ").split())


def tie(workspace: Workspace, tools: Installing, *, name: str, scopes: tuple[str, ...]) -> None:
    """Write that Tocsin is installed in *workspace* and speaks to its org there.

    The org is given its first routes, once ever: an org_admin who removes them has the last word.

    Raises:
        StorageFailed: the database is away.
    """
    row = WorkspaceRow(
        team_id=workspace.team_id,
        org_id=workspace.org_id,
        name=name,
        url=workspace.url,
        bot_user_id=workspace.bot_user_id,
        bot_id=workspace.bot_id,
        sealed=tools.seal(workspace.token.encode()),
        scopes=scopes,
        installed_at=tools.clock(),
    )
    with tools.store.writing() as turn:
        turn.put_slack_workspace(row)
        turn.commit()
    give_routes(tools, workspace.org_id)
    log.info(
        "tied to a workspace",
        action="slack_installed",
        team=workspace.team_id,
        org_id=workspace.org_id,
    )


def give_channel(tools: Installing, row: ChannelRow) -> None:
    """Let a channel speak to an org of its own, which is given its first routes.

    Raises:
        StorageFailed: the database is away.
    """
    with tools.store.writing() as turn:
        turn.put_slack_channel(row)
        turn.commit()
    give_routes(tools, row.org_id)


def give_routes(tools: Installing, org_id: int) -> None:
    """Give an org the routes that it begins with; nothing if it was given them before.

    Raises:
        StorageFailed: the database is away.
    """
    for name, kinds in FIRST_ROUTES:
        # Always the same id: a record that was removed cannot be made a second time.
        route_id = str(uuid.uuid5(_ROUTES, f"{org_id}:{name}"))
        making = CreateRoute(
            route_id=route_id,
            name=name,
            destination=DestinationDraft(kind=DestinationKind.SLACK.value),
            kinds=(kinds,),
        )
        try:
            tools.writer.do(Submission(org_id=org_id, sort="route", command=making, via=VIA))
        except Conflict:
            log.debug("the route is or was there", action="slack_route_kept", route=route_id)
