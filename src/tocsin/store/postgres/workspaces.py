"""The Slack part of the directory (see :mod:`tocsin.store.workspaces`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.core.instants import to_text
from tocsin.store.postgres.scoping import Scoped
from tocsin.store.workspaces import (
    WORKSPACE,
    ChannelRow,
    WorkspaceRow,
    workspace_of,
    workspace_row,
)


class WorkspaceReading:
    """What a snapshot tells of Slack."""

    scoped: Scoped

    def slack_workspaces(self) -> Sequence[WorkspaceRow]:
        """Every workspace, in the order of their ids."""
        rows = self.scoped.directory(f"SELECT {WORKSPACE} FROM slack_workspaces ORDER BY team_id")
        return [workspace_of(row) for row in rows.fetchall()]

    def slack_channels(self) -> Sequence[ChannelRow]:
        """Every channel that was given an org, in the order of workspace and channel."""
        rows = self.scoped.directory(
            "SELECT team_id, channel_id, org_id FROM slack_channels ORDER BY team_id, channel_id"
        )
        return [
            ChannelRow(team_id=team_id, channel_id=channel_id, org_id=org_id)
            for team_id, channel_id, org_id in rows.fetchall()
        ]


class WorkspaceWriting(WorkspaceReading):
    """What a turn can change of it."""

    def put_slack_workspace(self, row: WorkspaceRow) -> None:
        """Set a workspace, whatever it was before."""
        self.scoped.directory(
            f"INSERT INTO slack_workspaces ({WORKSPACE})"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (team_id) DO UPDATE SET org_id = excluded.org_id, name = excluded.name,"
            " url = excluded.url, bot_user_id = excluded.bot_user_id, bot_id = excluded.bot_id,"
            " sealed = excluded.sealed, scopes = excluded.scopes,"
            " installed_at = excluded.installed_at",
            workspace_row(row),
        )

    def drop_slack_workspace(self, team_id: str) -> bool:
        """Forget a workspace and its channels; whether there was one."""
        self.scoped.directory("DELETE FROM slack_channels WHERE team_id = %s", (team_id,))
        gone = self.scoped.directory("DELETE FROM slack_workspaces WHERE team_id = %s", (team_id,))
        return gone.rowcount > 0

    def put_slack_channel(self, row: ChannelRow) -> None:
        """Give a channel an org, whatever it had before."""
        self.scoped.directory(
            "INSERT INTO slack_channels (team_id, channel_id, org_id) VALUES (%s, %s, %s)"
            " ON CONFLICT (team_id, channel_id) DO UPDATE SET org_id = excluded.org_id",
            (row.team_id, row.channel_id, row.org_id),
        )

    def drop_slack_channel(self, team_id: str, channel_id: str) -> bool:
        """Let a channel speak to its workspace's org again; whether it had one of its own."""
        gone = self.scoped.directory(
            "DELETE FROM slack_channels WHERE team_id = %s AND channel_id = %s",
            (team_id, channel_id),
        )
        return gone.rowcount > 0

    def use_slack_install(self, nonce: str, *, expires_at: datetime, now: datetime) -> bool:
        """Whether that invitation is used for the first time; from now on it is not."""
        self.scoped.directory("DELETE FROM slack_installs WHERE expires_at <= %s", (to_text(now),))
        made = self.scoped.directory(
            "INSERT INTO slack_installs (nonce, expires_at) VALUES (%s, %s)"
            " ON CONFLICT (nonce) DO NOTHING",
            (nonce, to_text(expires_at)),
        )
        return made.rowcount > 0
