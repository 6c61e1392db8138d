"""First light (pre): the log and everything that is kept beside it."""

from __future__ import annotations

from alembic import op

from tocsin.store.migrations.row_security import columns, locked

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE orgs (org_id INTEGER NOT NULL PRIMARY KEY, code TEXT NOT NULL UNIQUE);
CREATE TABLE credentials (key_id TEXT NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), digest BLOB NOT NULL);
CREATE TABLE checkpoints (name TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE batches (batch_id TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE secrets (id TEXT NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), sealed BLOB NOT NULL);
CREATE TABLE house (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (position INTEGER NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), id TEXT NOT NULL, stream TEXT NOT NULL,
  version INTEGER NOT NULL, kind TEXT NOT NULL, schema INTEGER NOT NULL, recorded_at TEXT NOT NULL,
  public TEXT NOT NULL, private TEXT NOT NULL, salt BLOB NOT NULL, private_digest BLOB NOT NULL,
  chain BLOB NOT NULL, CONSTRAINT events_of_stream UNIQUE (org_id, stream, version));
CREATE UNIQUE INDEX events_of_org ON events (org_id, position);
CREATE INDEX events_observed ON events (org_id, kind, position) WHERE kind IN
  ('incident.signal_ingested', 'maintenance.signal_ingested', 'incident.slo_violation_recorded');
CREATE TABLE heads (org_id INTEGER NOT NULL REFERENCES orgs (org_id), stream TEXT NOT NULL,
  number INTEGER NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (org_id, stream));
CREATE TABLE claims (org_id INTEGER NOT NULL REFERENCES orgs (org_id), kind TEXT NOT NULL,
  key TEXT NOT NULL, stream TEXT NOT NULL, PRIMARY KEY (org_id, kind, key)) WITHOUT ROWID;
CREATE TABLE deadlines (org_id INTEGER NOT NULL REFERENCES orgs (org_id), stream TEXT NOT NULL,
  kind TEXT NOT NULL, due_at TEXT NOT NULL, PRIMARY KEY (org_id, stream, kind)) WITHOUT ROWID;
CREATE INDEX deadlines_due ON deadlines (due_at);
CREATE TABLE outbox (position INTEGER NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), stream TEXT NOT NULL, deliveries TEXT NOT NULL);
CREATE TABLE receipts (org_id INTEGER NOT NULL REFERENCES orgs (org_id), scope TEXT NOT NULL,
  key TEXT NOT NULL, body_digest BLOB NOT NULL, stream TEXT NOT NULL, position INTEGER NOT NULL,
  status INTEGER NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, expires_at TEXT NOT NULL,
  PRIMARY KEY (org_id, scope, key));
CREATE TABLE tickets (number INTEGER NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), stream TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, gravity INTEGER NOT NULL,
  start_at TEXT NOT NULL, end_at TEXT NOT NULL, facets INTEGER NOT NULL);
CREATE INDEX tickets_by_created ON tickets (org_id, created_at, number, facets);
CREATE INDEX tickets_by_updated ON tickets (org_id, updated_at, number, facets);
CREATE INDEX tickets_by_gravity ON tickets (org_id, gravity, number, facets);
CREATE INDEX tickets_by_start ON tickets (org_id, start_at, number, facets, end_at);
CREATE TABLE ticket_terms (org_id INTEGER NOT NULL REFERENCES orgs (org_id), term TEXT NOT NULL,
  number INTEGER NOT NULL, PRIMARY KEY (org_id, term, number)) WITHOUT ROWID;
CREATE VIRTUAL TABLE search USING fts5(org, text,
  tokenize='unicode61 remove_diacritics 2');
INSERT INTO house (name, value) VALUES ('schema', '1'), ('oldest_code', '1')
"""

# Tenant tables are keyed by their org first. Foreign keys are left to the comments here: every
# row's org is one that the turn has looked up, and looking it up twenty times a ticket is dear.
TABLES_POSTGRES = """
CREATE TABLE orgs (org_id INTEGER NOT NULL PRIMARY KEY, code TEXT NOT NULL UNIQUE);
CREATE TABLE credentials (key_id TEXT NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), digest BYTEA NOT NULL);
CREATE TABLE checkpoints (name TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL);
CREATE TABLE batches (batch_id TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL);
CREATE INDEX batches_old ON batches (position);
CREATE TABLE secrets (id TEXT NOT NULL PRIMARY KEY,
  org_id INTEGER NOT NULL REFERENCES orgs (org_id), sealed BYTEA NOT NULL);
CREATE TABLE house (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (position BIGINT NOT NULL UNIQUE, org_id INTEGER NOT NULL,
  id TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,
  schema INTEGER NOT NULL, recorded_at TEXT NOT NULL, public TEXT NOT NULL, private TEXT NOT NULL,
  salt BYTEA NOT NULL, private_digest BYTEA NOT NULL, chain BYTEA NOT NULL,
  PRIMARY KEY (org_id, position),
  CONSTRAINT events_of_stream UNIQUE (org_id, stream, version));
CREATE INDEX events_observed ON events (org_id, kind, position) WHERE kind IN
  ('incident.signal_ingested', 'maintenance.signal_ingested', 'incident.slo_violation_recorded');
CREATE INDEX events_first ON events (position) WHERE version = 1;
CREATE TABLE heads (org_id INTEGER NOT NULL, stream TEXT NOT NULL, number BIGINT NOT NULL,
  version INTEGER NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (org_id, stream)) WITH (fillfactor = 85);
CREATE TABLE claims (org_id INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  stream TEXT NOT NULL, PRIMARY KEY (org_id, kind, key));
CREATE TABLE deadlines (org_id INTEGER NOT NULL, stream TEXT NOT NULL, kind TEXT NOT NULL,
  due_at TEXT NOT NULL, PRIMARY KEY (org_id, stream, kind));
CREATE INDEX deadlines_due ON deadlines (due_at);
CREATE TABLE outbox (position BIGINT NOT NULL UNIQUE, org_id INTEGER NOT NULL,
  stream TEXT NOT NULL, deliveries TEXT NOT NULL, PRIMARY KEY (org_id, position));
CREATE TABLE receipts (org_id INTEGER NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL,
  body_digest BYTEA NOT NULL, stream TEXT NOT NULL, position BIGINT NOT NULL,
  status INTEGER NOT NULL, headers TEXT NOT NULL, body BYTEA NOT NULL, expires_at TEXT NOT NULL,
  PRIMARY KEY (org_id, scope, key));
CREATE INDEX receipts_expiring ON receipts (expires_at);
CREATE TABLE tickets (number BIGINT NOT NULL UNIQUE, org_id INTEGER NOT NULL,
  stream TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  gravity INTEGER NOT NULL, start_at TEXT NOT NULL, end_at TEXT NOT NULL, facets INTEGER NOT NULL,
  PRIMARY KEY (org_id, number));
CREATE INDEX tickets_by_created ON tickets (org_id, created_at, number, facets);
CREATE INDEX tickets_by_updated ON tickets (org_id, updated_at, number, facets);
CREATE INDEX tickets_by_gravity ON tickets (org_id, gravity, number, facets);
CREATE INDEX tickets_by_start ON tickets (org_id, start_at, number, facets, end_at);
CREATE TABLE ticket_terms (org_id INTEGER NOT NULL, term TEXT NOT NULL, number BIGINT NOT NULL,
  PRIMARY KEY (org_id, term, number));
CREATE TABLE search (org_id INTEGER NOT NULL, rowid BIGINT NOT NULL UNIQUE, text TEXT NOT NULL,
  words TSVECTOR NOT NULL, PRIMARY KEY (org_id, rowid));
CREATE INDEX search_words ON search USING gin (words);
INSERT INTO house (name, value) VALUES ('schema', '1'), ('oldest_code', '1')
"""
TENANT_TABLES = (
    "events",
    "heads",
    "claims",
    "deadlines",
    "outbox",
    "receipts",
    "tickets",
    "ticket_terms",
    "search",
)


def upgrade() -> None:
    """Make every table of the first release."""
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
    raise RuntimeError("there is no way back from the first schema; restore a backup instead")
