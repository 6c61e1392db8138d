"""The outgoing half of both turns: the outbox, destinations, lanes, what is in trouble, leases."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tocsin.core.facts import Event
from tocsin.core.instants import from_text, to_text
from tocsin.store.codec import decoded_event, deliveries_of_text
from tocsin.store.outgoing import (
    DestinationRow,
    Holding,
    LaneRow,
    Noted,
    Outgoing,
    Settlement,
    Trouble,
)
from tocsin.store.outgoing_rows import (
    DESTINATION,
    NOTED,
    destination_of,
    destination_row,
    noted_of,
    noted_row,
)
from tocsin.store.sqlite.bulk import insert
from tocsin.store.sqlite.connecting import Connection

NOW = "(julianday('now') - 2440587.5) * 86400.0"
"""Seconds since 1970 by the database's clock."""


class OutgoingReading:
    """What a snapshot tells of the outbox (see :class:`tocsin.store.outgoing.OutgoingReads`)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def outgoing(
        self, *, after: int, limit: int, org_id: int | None = None, upto: int | None = None
    ) -> Sequence[Outgoing]:
        """The outbox behind position *after*: every org's, or one's."""
        last = (1 << 62) if upto is None else upto
        if org_id is None:
            rows = self.connection.execute(
                "SELECT org_id, stream, position, deliveries FROM outbox"
                " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
                (after, last, limit),
            )
        else:
            rows = self.connection.execute(
                "SELECT org_id, stream, position, deliveries FROM outbox"
                " WHERE org_id = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?",
                (org_id, after, last, limit),
            )
        return [
            Outgoing(
                org_id=org, stream=stream, position=position, deliveries=deliveries_of_text(text)
            )
            for org, stream, position, text in rows.fetchall()
        ]

    def outgoing_count(self, org_id: int, route_id: str, *, after: int, upto: int) -> int:
        """How many deliveries of a route the outbox has behind *after*, up to and with *upto*."""
        row = self.connection.execute(
            "SELECT count(*) FROM outbox WHERE org_id = ? AND position > ? AND position <= ?"
            " AND instr(deliveries, ?) > 0",
            (org_id, after, upto, f'["{route_id}",'),
        ).fetchone()
        return int(row[0])

    def destinations(self, org_id: int) -> Mapping[str, DestinationRow]:
        """The org's destinations by route id."""
        rows = self.connection.execute(
            f"SELECT {DESTINATION} FROM destinations WHERE org_id = ?", (org_id,)
        )
        return {row[1]: destination_of(row) for row in rows.fetchall()}

    def lane_of(self, org_id: int, remote_id: str) -> str | None:
        """The stream whose lane's opening made that object somewhere."""
        row = self.connection.execute(
            "SELECT stream FROM lanes WHERE org_id = ? AND remote_id = ? LIMIT 1",
            (org_id, remote_id),
        ).fetchone()
        return None if row is None else str(row[0])

    def lanes(self, org_id: int, route_id: str, streams: Collection[str]) -> Mapping[str, LaneRow]:
        """The lanes of those tickets at that route, as far as they were opened or parked."""
        if not streams:
            return {}
        rows = self.connection.execute(
            "SELECT stream, remote_id, parked FROM lanes WHERE org_id = ? AND route_id = ?"
            " AND stream IN (SELECT value FROM json_each(?))",
            (org_id, route_id, json.dumps(sorted(streams))),
        )
        return {
            stream: LaneRow(stream=stream, remote_id=remote_id, parked=bool(parked))
            for stream, remote_id, parked in rows.fetchall()
        }

    def noted_lanes(self, org_id: int, route_id: str, streams: Collection[str]) -> frozenset[str]:
        """Which of *streams* have anything noted at that route, other than parked."""
        if not streams:
            return frozenset()
        rows = self.connection.execute(
            "SELECT DISTINCT stream FROM deliveries WHERE org_id = ? AND route_id = ?"
            " AND stream IN (SELECT value FROM json_each(?)) AND state <> 'parked'",
            (org_id, route_id, json.dumps(sorted(streams))),
        )
        return frozenset(stream for (stream,) in rows.fetchall())

    def noted(
        self,
        org_id: int,
        *,
        route_id: str | None = None,
        stream: str | None = None,
        states: Collection[Trouble] = tuple(Trouble),
        after: tuple[int, str] = (0, ""),
        limit: int = 1000,
    ) -> Sequence[Noted]:
        """What is in trouble, in the order of position and route."""
        where = ["org_id = ?", "(position, route_id) > (?, ?)"]
        values: list[object] = [org_id, *after]
        if route_id is not None:
            where.append("route_id = ?")
            values.append(route_id)
        if stream is not None:
            where.append("stream = ?")
            values.append(stream)
        where.append(f"state IN ({', '.join('?' * len(states))})")
        values += [state.value for state in states]
        rows = self.connection.execute(
            f"SELECT {NOTED} FROM deliveries WHERE {' AND '.join(where)}"
            " ORDER BY position, route_id LIMIT ?",
            (*values, limit),
        )
        return [noted_of(row) for row in rows.fetchall()]

    def noted_count(self, org_id: int) -> Mapping[tuple[str, Trouble], int]:
        """How many deliveries are in trouble, by route id and state."""
        rows = self.connection.execute(
            "SELECT route_id, state, count(*) FROM deliveries WHERE org_id = ? GROUP BY 1, 2",
            (org_id,),
        )
        return {(route_id, Trouble(state)): count for route_id, state, count in rows.fetchall()}

    def due_deliveries(
        self, at: datetime, *, routes: Collection[str], limit: int = 500
    ) -> Sequence[Noted]:
        """Deliveries of *routes* whose next attempt has come by *at*, the longest due first."""
        rows = self.connection.execute(
            f"SELECT {NOTED} FROM deliveries WHERE state = 'waiting' AND due_at <= ?"
            " AND route_id IN (SELECT value FROM json_each(?)) ORDER BY due_at, position LIMIT ?",
            (to_text(at), json.dumps(sorted(routes)), limit),
        )
        return [noted_of(row) for row in rows.fetchall()]

    def sort_moved(self, sort: str, *, after: int) -> bool:
        """Whether any org's stream of that sort has moved behind a position."""
        row = self.connection.execute(
            "SELECT 1 FROM events WHERE position > ? AND stream > ? AND stream < ? LIMIT 1",
            (after, f"{sort}:", f"{sort};"),
        ).fetchone()
        return row is not None

    def events_at(self, org_id: int, positions: Collection[int]) -> Mapping[int, Event]:
        """Events of the org by their positions."""
        rows = self.connection.execute(
            "SELECT position, org_id, public, private FROM events"
            " WHERE position IN (SELECT value FROM json_each(?)) AND org_id = ?",
            (json.dumps(list(positions)), org_id),
        )
        return {
            position: decoded_event(position=position, org_id=org, public=public, private=private)
            for position, org, public, private in rows.fetchall()
        }

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at that position was recorded."""
        row = self.connection.execute(
            "SELECT recorded_at FROM events WHERE position = ?", (position,)
        ).fetchone()
        return None if row is None else from_text(row[0])

    def sealed_secret(self, org_id: int, secret_id: str) -> bytes | None:
        """A secret of the org, as it lies sealed."""
        row = self.connection.execute(
            "SELECT sealed FROM secrets WHERE id = ? AND org_id = ?", (secret_id, org_id)
        ).fetchone()
        return None if row is None else row[0]

    def lease_owners(self) -> Mapping[str, tuple[str, float]]:
        """Who holds which lease, and for how many seconds more."""
        rows = self.connection.execute(
            f"SELECT name, owner, expires_at - {NOW} FROM leases WHERE expires_at > {NOW}"
        )
        return {name: (owner, left) for name, owner, left in rows.fetchall()}


class OutgoingWriting(OutgoingReading):
    """What a turn changes of the outbox (see :class:`tocsin.store.outgoing.OutgoingWrites`)."""

    def take_leases(
        self, names: Collection[str], *, owner: str, seconds: float
    ) -> Mapping[str, int]:
        """Take those of *names* that are free, expired or *owner*'s own; their tokens."""
        taken: dict[str, int] = {}
        for name in names:
            row = self.connection.execute(
                f"INSERT INTO leases (name, owner, token, expires_at) VALUES (?, ?, 1, {NOW} + ?)"
                " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner,"
                " token = leases.token + (leases.owner <> excluded.owner),"
                " expires_at = excluded.expires_at"
                f" WHERE leases.owner = excluded.owner OR leases.expires_at <= {NOW}"
                " RETURNING token",
                (name, owner, seconds),
            ).fetchone()
            if row is not None:
                taken[name] = row[0]
        return taken

    def return_leases(self, names: Collection[str], *, owner: str) -> None:
        """Let others take at once what *owner* holds of *names*."""
        self.connection.executemany(
            "UPDATE leases SET expires_at = 0 WHERE name = ? AND owner = ?",
            [(name, owner) for name in names],
        )

    def forget_leases(self) -> None:
        """Let go of every lease, whoever has it."""
        self.connection.execute("UPDATE leases SET expires_at = 0")

    def holds(self, holding: Holding) -> bool:
        """Whether every lease of *holding* is still its owner's under that token."""
        # An expired one that nobody has taken is as good as held: tokens rise with every grant.
        rows = self.connection.execute(
            "SELECT name, token FROM leases WHERE owner = ?"
            " AND name IN (SELECT value FROM json_each(?))",
            (holding.owner, json.dumps(sorted(holding.tokens))),
        )
        return dict(rows.fetchall()) == dict(holding.tokens)

    def settle(self, settlement: Settlement) -> None:
        """Mark what became of deliveries."""
        destination = settlement.destination
        org_id, route_id = destination.org_id, destination.route_id
        if settlement.cancelled:
            self.connection.execute(
                "DELETE FROM deliveries WHERE org_id = ? AND route_id = ?", (org_id, route_id)
            )
            # Nothing is left to be asked for again, so nothing may go on waiting for it.
            self.connection.execute(
                "DELETE FROM lanes WHERE org_id = ? AND route_id = ? AND parked = 1",
                (org_id, route_id),
            )
        if settlement.moved:
            self.connection.execute(
                "DELETE FROM lanes WHERE org_id = ? AND route_id = ? AND parked = 0",
                (org_id, route_id),
            )
        insert(
            self.connection,
            f"INSERT INTO destinations ({DESTINATION})",
            [destination_row(destination)],
            tail="ON CONFLICT DO UPDATE SET position = excluded.position, ahead = excluded.ahead,"
            " delivered = excluded.delivered, delivered_at = excluded.delivered_at,"
            " down_since = excluded.down_since, down_reason = excluded.down_reason,"
            " alarmed_at = excluded.alarmed_at",
        )
        insert(
            self.connection,
            "INSERT INTO lanes (org_id, route_id, stream, remote_id, parked)",
            [
                (org_id, route_id, one.stream, one.remote_id, int(one.parked))
                for one in settlement.lanes
            ],
            tail="ON CONFLICT DO UPDATE SET remote_id = excluded.remote_id,"
            " parked = excluded.parked",
        )
        if settlement.dropped:
            self.connection.execute(
                "DELETE FROM deliveries WHERE org_id = ? AND route_id = ?"
                " AND position IN (SELECT value FROM json_each(?))",
                (org_id, route_id, json.dumps(settlement.dropped)),
            )
        self.note(settlement.noted)

    def note(self, noted: Sequence[Noted]) -> None:
        """Set down deliveries in trouble, whatever was noted of them before."""
        insert(
            self.connection,
            f"INSERT INTO deliveries ({NOTED})",
            [noted_row(one) for one in noted],
            tail="ON CONFLICT DO UPDATE SET state = excluded.state, attempts = excluded.attempts,"
            " tried_at = excluded.tried_at, due_at = excluded.due_at, reason = excluded.reason",
        )

    def redrive(
        self,
        org_id: int,
        *,
        at: datetime,
        route_id: str | None = None,
        position: int | None = None,
    ) -> int:
        """Have parked deliveries tried again, with attempts counted anew; how many."""
        where, values = "org_id = ? AND state = 'parked'", [org_id]
        bound: list[object] = [*values]
        if route_id is not None:
            where += " AND route_id = ?"
            bound.append(route_id)
        if position is not None:
            where += " AND position = ?"
            bound.append(position)
        self.connection.execute(
            "DELETE FROM lanes WHERE parked = 1 AND (org_id, route_id, stream) IN"
            f" (SELECT org_id, route_id, stream FROM deliveries WHERE {where})",
            tuple(bound),
        )
        return self.connection.execute(
            "UPDATE deliveries SET state = 'waiting', attempts = 0, tried_at = NULL, due_at = ?"
            f" WHERE {where}",
            (to_text(at), *bound),
        ).rowcount

    def drop_sent(self, org_id: int, *, upto: int) -> int:
        """Delete the org's outbox up to and with a position; how many rows."""
        return self.connection.execute(
            "DELETE FROM outbox WHERE org_id = ? AND position <= ?", (org_id, upto)
        ).rowcount
