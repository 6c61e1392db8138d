"""The tables, in two families (Design: store).

*Tenant tables* hold what belongs to an org and are keyed ``org_id`` first. *Directory tables* find
the org in the first place, or keep the house itself; they hold no ticket text. The migrations make
these tables; a test compares the two, so this page is what a database looks like.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql_text

metadata = MetaData()

OBSERVED = sql_text(
    "kind IN ('incident.signal_ingested', 'maintenance.signal_ingested',"
    " 'incident.slo_violation_recorded')"
)

TRACED = sql_text("trace_id IS NOT NULL")
NEW = sql_text("new_at IS NOT NULL")
EXPIRING = sql_text("expires_at IS NOT NULL")
HELD = sql_text("held = 1")

Number = BigInteger().with_variant(Integer, "sqlite")


def text(name: str, *, nullable: bool = False) -> Column[str]:
    """A text column; instants are RFC 3339 text, which sorts as time does."""
    return Column(name, Text, nullable=nullable)


orgs = Table(
    "orgs",
    metadata,
    Column("org_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False, unique=True),
)


def org_id(*, key: bool = False) -> Column[int]:
    """The tenant of a row."""
    return Column("org_id", Integer, ForeignKey("orgs.org_id"), nullable=False, primary_key=key)


credentials = Table(
    "credentials",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("org_id", Integer, ForeignKey("orgs.org_id"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
page_slugs = Table(
    "page_slugs",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("org_id", Integer, ForeignKey("orgs.org_id"), nullable=False),
    text("stream"),
)
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", Number, nullable=False),
)
batches = Table(
    "batches",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("position", Number, nullable=False),
)
secrets = Table(
    "secrets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("org_id", Integer, ForeignKey("orgs.org_id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
# Who does a duty now. ``token`` rises with each grant; ``expires_at`` is the database's own clock,
# in seconds since 1970.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", Number, nullable=False),
    Column("expires_at", Float, nullable=False),
)
house = Table(
    "house",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
# Where Tocsin is installed in Slack, with the bot's sealed token; and channels of another org.
slack_workspaces = Table(
    "slack_workspaces",
    metadata,
    Column("team_id", Text, primary_key=True),
    org_id(),
    text("name"),
    text("url"),
    text("bot_user_id"),
    text("bot_id"),
    Column("sealed", LargeBinary, nullable=False),
    text("scopes"),
    text("installed_at"),
)
slack_channels = Table(
    "slack_channels",
    metadata,
    Column("team_id", Text, primary_key=True),
    Column("channel_id", Text, primary_key=True),
    org_id(),
)
# Invitations to install that were used; until they would have expired.
slack_installs = Table(
    "slack_installs",
    metadata,
    Column("nonce", Text, primary_key=True),
    text("expires_at"),
)

events = Table(
    "events",
    metadata,
    Column("position", Number, primary_key=True, autoincrement=False),
    org_id(),
    text("id"),
    text("stream"),
    Column("version", Integer, nullable=False),
    text("kind"),
    Column("schema", Integer, nullable=False),
    text("recorded_at"),
    text("public"),
    text("private"),
    Column("salt", LargeBinary, nullable=False),
    Column("private_digest", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    UniqueConstraint("org_id", "stream", "version", name="events_of_stream"),
    Index("events_of_org", "org_id", "position", unique=True),
    # What was observed is also listed across tickets; other kinds are no part of it.
    Index("events_observed", "org_id", "kind", "position", sqlite_where=OBSERVED),
)
heads = Table(
    "heads",
    metadata,
    org_id(key=True),
    Column("stream", Text, primary_key=True),
    Column("number", Number, nullable=False),
    Column("version", Integer, nullable=False),
    text("state"),
)
claims = Table(
    "claims",
    metadata,
    org_id(key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    text("stream"),
    sqlite_with_rowid=False,
)
deadlines = Table(
    "deadlines",
    metadata,
    org_id(key=True),
    Column("stream", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    text("due_at"),
    Index("deadlines_due", "due_at"),
    sqlite_with_rowid=False,
)
# One row for each event that goes anywhere; ``deliveries`` is JSON, [[route id, coalesce key], …].
outbox = Table(
    "outbox",
    metadata,
    Column("position", Number, primary_key=True, autoincrement=False),
    org_id(),
    text("stream"),
    text("deliveries"),
    Index("outbox_of_org", "org_id", "position"),
)
# How far a route's destination has come: everything of it up to ``position`` is settled, or noted
# below as in trouble; ``ahead`` is JSON, the positions behind it that are settled already.
destinations = Table(
    "destinations",
    metadata,
    org_id(key=True),
    Column("route_id", Text, primary_key=True),
    Column("position", Number, nullable=False),
    text("ahead"),
    Column("delivered", Number, nullable=False),
    text("delivered_at", nullable=True),
    text("down_since", nullable=True),
    text("down_reason"),
    text("alarmed_at", nullable=True),
)
# A ticket at a destination, once its opening was sent: the remote object, and whether it is parked.
lanes = Table(
    "lanes",
    metadata,
    org_id(key=True),
    Column("route_id", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    text("remote_id", nullable=True),
    Column("parked", Integer, nullable=False),
    Index("lanes_of_remote", "org_id", "remote_id"),
    sqlite_with_rowid=False,
)
# Deliveries in trouble only: to be tried again, held behind such a one, or parked.
deliveries = Table(
    "deliveries",
    metadata,
    org_id(key=True),
    Column("route_id", Text, primary_key=True),
    Column("position", Number, primary_key=True),
    text("stream"),
    text("coalesce_key", nullable=True),
    text("state"),
    Column("attempts", Integer, nullable=False),
    text("tried_at", nullable=True),
    text("due_at"),
    text("reason"),
    Index("deliveries_of_lane", "org_id", "route_id", "stream", "position"),
    Index("deliveries_due", "state", "due_at"),
    sqlite_with_rowid=False,
)
receipts = Table(
    "receipts",
    metadata,
    org_id(key=True),
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_digest", LargeBinary, nullable=False),
    text("stream"),
    Column("position", Number, nullable=False),
    Column("status", Integer, nullable=False),
    text("headers"),
    Column("body", LargeBinary, nullable=False),
    text("expires_at"),
    # Keys are random and answers long: by rowid, answers are appended instead of strewn about. They
    # expire in the order they were given, so the oldest rows are the expired ones.
    # An erasure forgets the answers about its stream.
    Index("receipts_of_stream", "org_id", "stream"),
)
# What lists sort and page by. What they show is the ticket's state, in its head: found by stream.
tickets = Table(
    "tickets",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    org_id(),
    text("stream"),
    text("created_at"),
    text("updated_at"),
    Column("gravity", Integer, nullable=False),
    text("start_at"),
    text("end_at"),
    Column("facets", Integer, nullable=False),
    # Each has facets behind its key, so that the commonest filters are answered by the index alone.
    Index("tickets_by_created", "org_id", "created_at", "number", "facets"),
    Index("tickets_by_updated", "org_id", "updated_at", "number", "facets"),
    Index("tickets_by_gravity", "org_id", "gravity", "number", "facets"),
    Index("tickets_by_start", "org_id", "start_at", "number", "facets", "end_at"),
)
ticket_terms = Table(
    "ticket_terms",
    metadata,
    org_id(key=True),
    Column("term", Text, primary_key=True),
    Column("number", Number, primary_key=True),
    sqlite_with_rowid=False,
)
# What measures are made of: one row for each incident. Lists are JSON arrays; stretches are whole
# microseconds; ``turns`` are the instants at which it ended, was reopened, ended again, …
measured = Table(
    "measured",
    metadata,
    org_id(key=True),
    Column("number", Number, primary_key=True),
    text("created_at"),
    text("severity"),
    text("status"),
    text("root_cause", nullable=True),
    text("impact", nullable=True),
    text("services"),
    text("contributors"),
    text("devices"),
    text("links"),
    text("start_at"),
    text("open_until"),
    text("turns"),
    Column("detecting", Number, nullable=True),
    Column("acknowledging", Number, nullable=True),
    Column("mitigating", Number, nullable=True),
    Column("resolving", Number, nullable=True),
    Column("closing", Number, nullable=True),
    # What was open when, of an impact.
    Index("measured_by_end", "org_id", "impact", "open_until", "start_at"),
    sqlite_with_rowid=False,
)
# What the public was told: one row for each ticket that has a public update. ``ended_at`` is when
# it was told that the ticket is over; later than any instant while it was not.
public_notices = Table(
    "public_notices",
    metadata,
    org_id(key=True),
    Column("number", Number, primary_key=True),
    Column("is_over", Integer, nullable=False),
    text("updated_at"),
    text("ended_at"),
    text("notice"),
    # What is not over and what ended last.
    Index("public_notices_by_end", "org_id", "ended_at", "number"),
    sqlite_with_rowid=False,
)
# Every payload that arrived, with its verdicts. ``number`` is when it came, in microseconds.
inbox = Table(
    "inbox",
    metadata,
    org_id(key=True),
    Column("number", Number, primary_key=True, autoincrement=False),
    text("connector_id", nullable=True),
    text("via"),
    text("verdict"),
    text("reason"),
    text("content_type"),
    text("headers"),
    Column("payload", LargeBinary, nullable=False),
    text("results"),
    Column("attached", Integer, nullable=False),
    Column("deduplicated", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("resolved", Integer, nullable=False),
    Column("unattached", Integer, nullable=False),
    Column("observed", Integer, nullable=False),
    Column("replay_of", Number, nullable=True),
    Index("inbox_of_connector", "org_id", "connector_id", "number"),
)
# The alerts that are known: one row for each fingerprint, whatever ticket it is on, or none.
signals = Table(
    "signals",
    metadata,
    org_id(key=True),
    Column("fingerprint", Text, primary_key=True),
    text("signal_id"),
    text("connector_id", nullable=True),
    text("stream", nullable=True),
    text("state"),
    text("severity"),
    text("verdict"),
    text("because"),
    text("reason"),
    Column("observed", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    text("rule_id", nullable=True),
    Column("new_at", Number, nullable=True),
    text("correlation_key", nullable=True),
    text("trace_id", nullable=True),
    text("service", nullable=True),
    text("began_at", nullable=True),
    text("first_seen"),
    text("last_seen"),
    Column("times", Integer, nullable=False),
    Column("arrival", Number, nullable=False),
    text("expires_at", nullable=True),
    text("draft"),
    text("memo"),
    Index("signals_by_id", "org_id", "signal_id"),
    Index("signals_by_key", "org_id", "correlation_key"),
    Index("signals_by_trace", "org_id", "trace_id", sqlite_where=TRACED, postgresql_where=TRACED),
    Index("signals_of_stream", "org_id", "stream", "state"),
    Index("signals_of_service", "org_id", "service"),
    # What a rule has seen that was new; how many that was of late.
    Index("signals_new", "org_id", "rule_id", "new_at", sqlite_where=NEW, postgresql_where=NEW),
    Index("signals_expiring", "expires_at", sqlite_where=EXPIRING, postgresql_where=EXPIRING),
    Index("signals_held", "org_id", sqlite_where=HELD, postgresql_where=HELD),
)
DIRECTORY_TABLES = (
    orgs,
    credentials,
    page_slugs,
    checkpoints,
    batches,
    secrets,
    leases,
    house,
    slack_workspaces,
    slack_channels,
    slack_installs,
)
TENANT_TABLES = (
    events,
    heads,
    claims,
    deadlines,
    outbox,
    destinations,
    lanes,
    deliveries,
    receipts,
    tickets,
    ticket_terms,
    measured,
    public_notices,
    inbox,
    signals,
)

SEARCH_INDEX = (
    "CREATE VIRTUAL TABLE search USING fts5(org, text, tokenize='unicode61 remove_diacritics 2')"
)
"""SQLite's full-text index of tickets; its rowid is the ticket's number.

Without indexes of prefixes, which double what a ticket costs here and answer no faster.
"""
