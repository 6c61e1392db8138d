"""Measures (pre): one row for each incident, of which they are made."""

from __future__ import annotations

from alembic import op

from tocsin.store.migrations.row_security import columns, locked

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE measured (org_id INTEGER NOT NULL REFERENCES orgs (org_id), number INTEGER NOT NULL,
  created_at TEXT NOT NULL, severity TEXT NOT NULL, status TEXT NOT NULL, root_cause TEXT,
  impact TEXT, services TEXT NOT NULL, contributors TEXT NOT NULL, devices TEXT NOT NULL,
  links TEXT NOT NULL, start_at TEXT NOT NULL, open_until TEXT NOT NULL, turns TEXT NOT NULL,
  detecting INTEGER, acknowledging INTEGER, mitigating INTEGER, resolving INTEGER, closing INTEGER,
  PRIMARY KEY (org_id, number)) WITHOUT ROWID;
CREATE INDEX measured_by_end ON measured (org_id, impact, open_until, start_at)
"""

TABLES_POSTGRES = """
CREATE TABLE measured (org_id INTEGER NOT NULL, number BIGINT NOT NULL,
  created_at TEXT NOT NULL, severity TEXT NOT NULL, status TEXT NOT NULL, root_cause TEXT,
  impact TEXT, services TEXT NOT NULL, contributors TEXT NOT NULL, devices TEXT NOT NULL,
  links TEXT NOT NULL, start_at TEXT NOT NULL, open_until TEXT NOT NULL, turns TEXT NOT NULL,
  detecting BIGINT, acknowledging BIGINT, mitigating BIGINT, resolving BIGINT, closing BIGINT,
  PRIMARY KEY (org_id, number));
CREATE INDEX measured_by_end ON measured (org_id, impact, open_until, start_at)
"""


def upgrade() -> None:
    """Make the table; whoever follows the log fills it."""
    if op.get_context().dialect.name == "sqlite":
        for statement in TABLES.split(";"):
            op.execute(statement)
        return
    for statement in columns(TABLES_POSTGRES):
        op.execute(statement)
    for statement in locked("measured"):
        op.execute(statement)


def downgrade() -> None:
    """Never: the log outlives the code. Restore a backup instead."""
    raise RuntimeError("there is no way back from this schema; restore a backup instead")
