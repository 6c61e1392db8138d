"""Slack (pre): where Tocsin is installed, whose channels are whose, and which lane a card is of."""

from __future__ import annotations

from alembic import op

from tocsin.store.migrations.row_security import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE slack_workspaces (team_id TEXT NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), name TEXT NOT NULL, url TEXT NOT NULL,
  bot_user_id TEXT NOT NULL, bot_id TEXT NOT NULL, sealed BLOB NOT NULL, scopes TEXT NOT NULL,
  installed_at TEXT NOT NULL);
CREATE TABLE slack_channels (team_id TEXT NOT NULL, channel_id TEXT NOT NULL,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), PRIMARY KEY (team_id, channel_id));
CREATE TABLE slack_installs (nonce TEXT NOT NULL PRIMARY KEY, expires_at TEXT NOT NULL);
CREATE INDEX lanes_of_remote ON lanes (org_id, remote_id)
"""

TABLES_POSTGRES = """
CREATE TABLE slack_workspaces (team_id TEXT NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), name TEXT NOT NULL, url TEXT NOT NULL,
  bot_user_id TEXT NOT NULL, bot_id TEXT NOT NULL, sealed BYTEA NOT NULL, scopes TEXT NOT NULL,
  installed_at TEXT NOT NULL);
CREATE TABLE slack_channels (team_id TEXT NOT NULL, channel_id TEXT NOT NULL,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), PRIMARY KEY (team_id, channel_id));
CREATE TABLE slack_installs (nonce TEXT NOT NULL PRIMARY KEY, expires_at TEXT NOT NULL);
CREATE INDEX lanes_of_remote ON lanes (org_id, remote_id)
"""


def upgrade() -> None:
    """Make the tables of Slack's directory."""
    if op.get_context().dialect.name == "sqlite":
        for statement in TABLES.split(";"):
            op.execute(statement)
        return
    for statement in columns(TABLES_POSTGRES):
        op.execute(statement)


def downgrade() -> None:
    """Never: the log outlives the code. Restore a backup instead."""
    raise RuntimeError("there is no way back from this schema; restore a backup instead")
