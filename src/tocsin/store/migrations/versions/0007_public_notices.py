"""Status pages (pre): one row for each ticket that the public was told of."""

from __future__ import annotations

from alembic import op

from tocsin.store.migrations.row_security import columns, locked

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE public_notices (org_id INTEGER NOT NULL REFERENCES orgs (org_id),
  number INTEGER NOT NULL, is_over INTEGER NOT NULL, updated_at TEXT NOT NULL,
  ended_at TEXT NOT NULL, notice TEXT NOT NULL, PRIMARY KEY (org_id, number)) WITHOUT ROWID;
CREATE INDEX public_notices_by_end ON public_notices (org_id, ended_at, number)
"""

TABLES_POSTGRES = """
CREATE TABLE public_notices (org_id INTEGER NOT NULL, number BIGINT NOT NULL,
  is_over INTEGER NOT NULL, updated_at TEXT NOT NULL, ended_at TEXT NOT NULL,
  notice TEXT NOT NULL, PRIMARY KEY (org_id, number));
CREATE INDEX public_notices_by_end ON public_notices (org_id, ended_at, number)
"""


def upgrade() -> None:
    """Make the table; whoever follows the log fills it."""
    if op.get_context().dialect.name == "sqlite":
        for statement in TABLES.split(";"):
            op.execute(statement)
        return
    for statement in columns(TABLES_POSTGRES):
        op.execute(statement)
    for statement in locked("public_notices"):
        op.execute(statement)


def downgrade() -> None:
    """Never: the log outlives the code. Restore a backup instead."""
    raise RuntimeError("there is no way back from this schema; restore a backup instead")
