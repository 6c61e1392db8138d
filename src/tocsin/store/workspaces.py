"""The Slack part of the store's directory: workspaces, their channels, and used invitations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from tocsin.core.instants import from_text, to_text

WORKSPACE: Final = "team_id, org_id, name, url, bot_user_id, bot_id, sealed, scopes, installed_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceRow:
    """A workspace that Tocsin is installed in, and the org that it speaks to by default.

    ``sealed`` is the bot's token, which only this installation's key opens; ``scopes`` are what it
    may do, sorted.
    """

    team_id: str
    org_id: int
    name: str
    url: str
    bot_user_id: str
    bot_id: str
    sealed: bytes = field(repr=False)
    scopes: tuple[str, ...]
    installed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel that speaks to an org of its own."""

    team_id: str
    channel_id: str
    org_id: int


class WorkspaceReads(Protocol):
    """What a snapshot tells of Slack."""

    def slack_workspaces(self) -> Sequence[WorkspaceRow]:
        """Every workspace, in the order of their ids."""
        ...

    def slack_channels(self) -> Sequence[ChannelRow]:
        """Every channel that was given an org, in the order of workspace and channel."""
        ...


class WorkspaceWrites(WorkspaceReads, Protocol):
    """What a turn can change of it."""

    def put_slack_workspace(self, row: WorkspaceRow) -> None:
        """Set a workspace, whatever it was before."""
        ...

    def drop_slack_workspace(self, team_id: str) -> bool:
        """Forget a workspace and its channels; whether there was one."""
        ...

    def put_slack_channel(self, row: ChannelRow) -> None:
        """Give a channel an org, whatever it had before."""
        ...

    def drop_slack_channel(self, team_id: str, channel_id: str) -> bool:
        """Let a channel speak to its workspace's org again; whether it had one of its own."""
        ...

    def use_slack_install(self, nonce: str, *, expires_at: datetime, now: datetime) -> bool:
        """Whether that invitation is used for the first time; from now on it is not. What has
        expired by *now* is forgotten."""
        ...


class Rows(Protocol):
    """What a statement gives back."""

    @property
    def rowcount(self) -> int: ...
    def fetchall(self) -> list[Any]: ...


def workspace_of(row: Sequence[Any]) -> WorkspaceRow:
    """The columns :data:`WORKSPACE` of a row."""
    team_id, org_id, name, url, bot_user_id, bot_id, sealed, scopes, installed_at = row
    return WorkspaceRow(
        team_id=team_id,
        org_id=org_id,
        name=name,
        url=url,
        bot_user_id=bot_user_id,
        bot_id=bot_id,
        sealed=bytes(sealed),
        scopes=tuple(scopes.split()),
        installed_at=from_text(installed_at),
    )


def workspace_row(one: WorkspaceRow) -> tuple[object, ...]:
    """The values of :data:`WORKSPACE`."""
    return (
        one.team_id,
        one.org_id,
        one.name,
        one.url,
        one.bot_user_id,
        one.bot_id,
        one.sealed,
        " ".join(sorted(one.scopes)),
        to_text(one.installed_at),
    )


class WorkspaceReading(ABC):
    """Keeps :class:`WorkspaceReads` on any database that takes SQL."""

    @abstractmethod
    def _directory(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """Run a statement over directory tables, with ``?`` for parameters."""

    def slack_workspaces(self) -> Sequence[WorkspaceRow]:
        """Every workspace, in the order of their ids."""
        rows = self._directory(f"SELECT {WORKSPACE} FROM slack_workspaces ORDER BY team_id")
        return [workspace_of(row) for row in rows.fetchall()]

    def slack_channels(self) -> Sequence[ChannelRow]:
        """Every channel that was given an org, in the order of workspace and channel."""
        rows = self._directory(
            "SELECT team_id, channel_id, org_id FROM slack_channels ORDER BY team_id, channel_id"
        )
        return [
            ChannelRow(team_id=team_id, channel_id=channel_id, org_id=org_id)
            for team_id, channel_id, org_id in rows.fetchall()
        ]


class WorkspaceWriting(WorkspaceReading):
    """Keeps :class:`WorkspaceWrites` likewise."""

    def put_slack_workspace(self, row: WorkspaceRow) -> None:
        """Set a workspace, whatever it was before."""
        self._directory(
            f"INSERT INTO slack_workspaces ({WORKSPACE})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (team_id) DO UPDATE SET org_id = excluded.org_id, name = excluded.name,"
            " url = excluded.url, bot_user_id = excluded.bot_user_id, bot_id = excluded.bot_id,"
            " sealed = excluded.sealed, scopes = excluded.scopes,"
            " installed_at = excluded.installed_at",
            workspace_row(row),
        )

    def drop_slack_workspace(self, team_id: str) -> bool:
        """Forget a workspace and its channels; whether there was one."""
        self._directory("DELETE FROM slack_channels WHERE team_id = ?", (team_id,))
        gone = self._directory("DELETE FROM slack_workspaces WHERE team_id = ?", (team_id,))
        return gone.rowcount > 0

    def put_slack_channel(self, row: ChannelRow) -> None:
        """Give a channel an org, whatever it had before."""
        self._directory(
            "INSERT INTO slack_channels (team_id, channel_id, org_id) VALUES (?, ?, ?)"
            " ON CONFLICT (team_id, channel_id) DO UPDATE SET org_id = excluded.org_id",
            (row.team_id, row.channel_id, row.org_id),
        )

    def drop_slack_channel(self, team_id: str, channel_id: str) -> bool:
        """Let a channel speak to its workspace's org again; whether it had one of its own."""
        gone = self._directory(
            "DELETE FROM slack_channels WHERE team_id = ? AND channel_id = ?",
            (team_id, channel_id),
        )
        return gone.rowcount > 0

    def use_slack_install(self, nonce: str, *, expires_at: datetime, now: datetime) -> bool:
        """Whether that invitation is used for the first time; from now on it is not."""
        self._directory("DELETE FROM slack_installs WHERE expires_at <= ?", (to_text(now),))
        made = self._directory(
            "INSERT INTO slack_installs (nonce, expires_at) VALUES (?, ?)"
            " ON CONFLICT (nonce) DO NOTHING",
            (nonce, to_text(expires_at)),
        )
        return made.rowcount > 0
