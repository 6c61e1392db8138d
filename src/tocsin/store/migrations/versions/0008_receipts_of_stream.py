"""Receipts by stream (pre): an erasure forgets the answers about a ticket without reading all."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index; receipts are of one day, so that it takes a moment."""
    op.execute("CREATE INDEX receipts_of_stream ON receipts (org_id, stream)")


def downgrade() -> None:
    """Never: the log outlives the code. Restore a backup instead."""
    raise RuntimeError("there is no way back from this schema; restore a backup instead")
