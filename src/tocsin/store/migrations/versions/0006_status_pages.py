"""Status pages (pre): which org's page is at a public address."""

from __future__ import annotations

from alembic import op

from tocsin.store.migrations.row_security import columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE page_slugs (slug TEXT NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), stream TEXT NOT NULL)
"""


def upgrade() -> None:
    """Make the table; no org has a page yet."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(TABLES)
        return
    for statement in columns(TABLES):
        op.execute(statement)


def downgrade() -> None:
    """Never: the log outlives the code. Restore a backup instead."""
    raise RuntimeError("there is no way back from this schema; restore a backup instead")
