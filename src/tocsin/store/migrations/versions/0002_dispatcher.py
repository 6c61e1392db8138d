"""The dispatcher (pre): how far destinations have come, what is in trouble, who does which duty."""

from __future__ import annotations

from alembic import op

from tocsin.store.migrations.row_security import columns, locked

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE INDEX outbox_of_org ON outbox (org_id, position);
CREATE TABLE destinations (org_id INTEGER NOT NULL REFERENCES orgs (org_id),
  route_id TEXT NOT NULL, position INTEGER NOT NULL, ahead TEXT NOT NULL,
  delivered INTEGER NOT NULL, delivered_at TEXT, down_since TEXT, down_reason TEXT NOT NULL,
  alarmed_at TEXT, PRIMARY KEY (org_id, route_id));
CREATE TABLE lanes (org_id INTEGER NOT NULL REFERENCES orgs (org_id), route_id TEXT NOT NULL,
  stream TEXT NOT NULL, remote_id TEXT, parked INTEGER NOT NULL,
  PRIMARY KEY (org_id, route_id, stream)) WITHOUT ROWID;
CREATE TABLE deliveries (org_id INTEGER NOT NULL REFERENCES orgs (org_id),
  route_id TEXT NOT NULL, position INTEGER NOT NULL, stream TEXT NOT NULL, coalesce_key TEXT,
  state TEXT NOT NULL, attempts INTEGER NOT NULL, tried_at TEXT, due_at TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (org_id, route_id, position)) WITHOUT ROWID;
CREATE INDEX deliveries_of_lane ON deliveries (org_id, route_id, stream, position);
CREATE INDEX deliveries_due ON deliveries (state, due_at);
CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL,
  token INTEGER NOT NULL, expires_at FLOAT NOT NULL)
"""

TABLES_POSTGRES = """
CREATE TABLE destinations (org_id INTEGER NOT NULL, route_id TEXT NOT NULL,
  position BIGINT NOT NULL, ahead TEXT NOT NULL, delivered BIGINT NOT NULL, delivered_at TEXT,
  down_since TEXT, down_reason TEXT NOT NULL, alarmed_at TEXT,
  PRIMARY KEY (org_id, route_id)) WITH (fillfactor = 50);
CREATE TABLE lanes (org_id INTEGER NOT NULL, route_id TEXT NOT NULL, stream TEXT NOT NULL,
  remote_id TEXT, parked INTEGER NOT NULL, PRIMARY KEY (org_id, route_id, stream));
CREATE TABLE deliveries (org_id INTEGER NOT NULL, route_id TEXT NOT NULL,
  position BIGINT NOT NULL, stream TEXT NOT NULL, coalesce_key TEXT, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, tried_at TEXT, due_at TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (org_id, route_id, position));
CREATE INDEX deliveries_of_lane ON deliveries (org_id, route_id, stream, position);
CREATE INDEX deliveries_due ON deliveries (state, due_at);
CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL,
  token BIGINT NOT NULL, expires_at DOUBLE PRECISION NOT NULL) WITH (fillfactor = 50)
"""
TENANT_TABLES = ("destinations", "lanes", "deliveries")


def upgrade() -> None:
    """Make the dispatcher's tables."""
    if op.get_context().dialect.name == "sqlite":
        for statement in TABLES.split(";"):
            op.execute(statement)
        return
    for statement in columns(TABLES_POSTGRES):
        op.execute(statement)
    for table in TENANT_TABLES:
        for statement in locked(table):
            op.execute(statement)


def downgrade() -> None:
    """Never: the log outlives the code. Restore a backup instead."""
    raise RuntimeError("there is no way back from this schema; restore a backup instead")
