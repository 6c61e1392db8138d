"""Signals (pre): every payload that arrives, and every alert that is known."""

from __future__ import annotations

from alembic import op

from tocsin.store.migrations.row_security import columns, locked

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE inbox (org_id INTEGER NOT NULL REFERENCES orgs (org_id), number INTEGER NOT NULL,
  connector_id TEXT, via TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL,
  content_type TEXT NOT NULL, headers TEXT NOT NULL, payload BLOB NOT NULL, results TEXT NOT NULL,
  attached INTEGER NOT NULL, deduplicated INTEGER NOT NULL, created INTEGER NOT NULL,
  resolved INTEGER NOT NULL, unattached INTEGER NOT NULL, observed INTEGER NOT NULL,
  replay_of INTEGER, PRIMARY KEY (org_id, number));
CREATE INDEX inbox_of_connector ON inbox (org_id, connector_id, number);
CREATE TABLE signals (org_id INTEGER NOT NULL REFERENCES orgs (org_id), fingerprint TEXT NOT NULL,
  signal_id TEXT NOT NULL, connector_id TEXT, stream TEXT, state TEXT NOT NULL,
  severity TEXT NOT NULL, verdict TEXT NOT NULL, because TEXT NOT NULL, reason TEXT NOT NULL,
  observed INTEGER NOT NULL, held INTEGER NOT NULL, rule_id TEXT, new_at INTEGER,
  correlation_key TEXT, trace_id TEXT, service TEXT, began_at TEXT, first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL, times INTEGER NOT NULL, arrival INTEGER NOT NULL, expires_at TEXT,
  draft TEXT NOT NULL, memo TEXT NOT NULL, PRIMARY KEY (org_id, fingerprint));
CREATE INDEX signals_by_id ON signals (org_id, signal_id);
CREATE INDEX signals_by_key ON signals (org_id, correlation_key);
CREATE INDEX signals_by_trace ON signals (org_id, trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX signals_of_stream ON signals (org_id, stream, state);
CREATE INDEX signals_of_service ON signals (org_id, service);
CREATE INDEX signals_new ON signals (org_id, rule_id, new_at) WHERE new_at IS NOT NULL;
CREATE INDEX signals_expiring ON signals (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX signals_held ON signals (org_id) WHERE held = 1
"""

TABLES_POSTGRES = """
CREATE TABLE inbox (org_id INTEGER NOT NULL, number BIGINT NOT NULL,
  connector_id TEXT, via TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL,
  content_type TEXT NOT NULL, headers TEXT NOT NULL, payload BYTEA NOT NULL, results TEXT NOT NULL,
  attached INTEGER NOT NULL, deduplicated INTEGER NOT NULL, created INTEGER NOT NULL,
  resolved INTEGER NOT NULL, unattached INTEGER NOT NULL, observed INTEGER NOT NULL,
  replay_of BIGINT, PRIMARY KEY (org_id, number));
CREATE INDEX inbox_of_connector ON inbox (org_id, connector_id, number);
CREATE TABLE signals (org_id INTEGER NOT NULL, fingerprint TEXT NOT NULL,
  signal_id TEXT NOT NULL, connector_id TEXT, stream TEXT, state TEXT NOT NULL,
  severity TEXT NOT NULL, verdict TEXT NOT NULL, because TEXT NOT NULL, reason TEXT NOT NULL,
  observed INTEGER NOT NULL, held INTEGER NOT NULL, rule_id TEXT, new_at BIGINT,
  correlation_key TEXT, trace_id TEXT, service TEXT, began_at TEXT, first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL, times INTEGER NOT NULL, arrival BIGINT NOT NULL, expires_at TEXT,
  draft TEXT NOT NULL, memo TEXT NOT NULL, PRIMARY KEY (org_id, fingerprint));
CREATE INDEX signals_by_id ON signals (org_id, signal_id);
CREATE INDEX signals_by_key ON signals (org_id, correlation_key);
CREATE INDEX signals_by_trace ON signals (org_id, trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX signals_of_stream ON signals (org_id, stream, state);
CREATE INDEX signals_of_service ON signals (org_id, service);
CREATE INDEX signals_new ON signals (org_id, rule_id, new_at) WHERE new_at IS NOT NULL;
CREATE INDEX signals_expiring ON signals (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX signals_held ON signals (org_id) WHERE held = 1
"""


def upgrade() -> None:
    """Make the tables; nothing has arrived yet."""
    if op.get_context().dialect.name == "sqlite":
        for statement in TABLES.split(";"):
            op.execute(statement)
        return
    for statement in columns(TABLES_POSTGRES):
        op.execute(statement)
    for table in ("inbox", "signals"):
        for statement in locked(table):
            op.execute(statement)


def downgrade() -> None:
    """Never: the log outlives the code. Restore a backup instead."""
    raise RuntimeError("there is no way back from this schema; restore a backup instead")
