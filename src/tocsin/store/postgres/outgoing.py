"""The outgoing half of both turns: the outbox, destinations, lanes, what is in trouble, leases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

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
from tocsin.store.postgres.bulk import insert
from tocsin.store.postgres.scoping import Scoped

NOW: Final = "extract(epoch FROM clock_timestamp())::float8"
"""Seconds since 1970 by the database's clock."""

NOTED_COLUMNS: Final = {
    "org_id": "int",
    "route_id": "text",
    "position": "bigint",
    "stream": "text",
    "coalesce_key": "text",
    "state": "text",
    "attempts": "int",
    "tried_at": "text",
    "due_at": "text",
    "reason": "text",
}
DESTINATION_COLUMNS: Final = {
    "org_id": "int",
    "route_id": "text",
    "position": "bigint",
    "ahead": "text",
    "delivered": "bigint",
    "delivered_at": "text",
    "down_since": "text",
    "down_reason": "text",
    "alarmed_at": "text",
}
LANE_COLUMNS: Final = {
    "org_id": "int",
    "route_id": "text",
    "stream": "text",
    "remote_id": "text",
    "parked": "int",
}


class OutgoingReading:
    """What a snapshot tells of the outbox (see :class:`tocsin.store.outgoing.OutgoingReads`)."""

    def __init__(self, scoped: Scoped) -> None:
        self.scoped = scoped

    def outgoing(
        self, *, after: int, limit: int, org_id: int | None = None, upto: int | None = None
    ) -> Sequence[Outgoing]:
        """The outbox behind position *after*: every org's, or one's."""
        last = (1 << 62) if upto is None else upto
        own, values = ("", ()) if org_id is None else (" AND org_id = %s", (org_id,))
        rows = self.scoped.of(
            org_id,
            "SELECT org_id, stream, position, deliveries FROM outbox"
            f" WHERE position > %s AND position <= %s{own} ORDER BY position LIMIT %s",
            (after, last, *values, limit),
        )
        return [
            Outgoing(
                org_id=org, stream=stream, position=position, deliveries=deliveries_of_text(text)
            )
            for org, stream, position, text in rows.fetchall()
        ]

    def outgoing_count(self, org_id: int, route_id: str, *, after: int, upto: int) -> int:
        """How many deliveries of a route the outbox has behind *after*, up to and with *upto*."""
        rows = self.scoped.of(
            org_id,
            "SELECT count(*) FROM outbox WHERE org_id = %s AND position > %s AND position <= %s"
            " AND strpos(deliveries, %s) > 0",
            (org_id, after, upto, f'["{route_id}",'),
        )
        return int(rows.fetchall()[0][0])

    def destinations(self, org_id: int) -> Mapping[str, DestinationRow]:
        """The org's destinations by route id."""
        rows = self.scoped.of(
            org_id, f"SELECT {DESTINATION} FROM destinations WHERE org_id = %s", (org_id,)
        )
        return {row[1]: destination_of(row) for row in rows.fetchall()}

    def lane_of(self, org_id: int, remote_id: str) -> str | None:
        """The stream whose lane's opening made that object somewhere."""
        row = self.scoped.of(
            org_id,
            "SELECT stream FROM lanes WHERE org_id = %s AND remote_id = %s LIMIT 1",
            (org_id, remote_id),
        ).fetchone()
        return None if row is None else str(row[0])

    def lanes(self, org_id: int, route_id: str, streams: Collection[str]) -> Mapping[str, LaneRow]:
        """The lanes of those tickets at that route, as far as they were opened or parked."""
        if not streams:
            return {}
        rows = self.scoped.of(
            org_id,
            "SELECT stream, remote_id, parked FROM lanes WHERE org_id = %s AND route_id = %s"
            " AND stream = ANY(%s)",
            (org_id, route_id, sorted(streams)),
        )
        return {
            stream: LaneRow(stream=stream, remote_id=remote_id, parked=bool(parked))
            for stream, remote_id, parked in rows.fetchall()
        }

    def noted_lanes(self, org_id: int, route_id: str, streams: Collection[str]) -> frozenset[str]:
        """Which of *streams* have anything noted at that route, other than parked."""
        if not streams:
            return frozenset()
        rows = self.scoped.of(
            org_id,
            "SELECT DISTINCT stream FROM deliveries WHERE org_id = %s AND route_id = %s"
            " AND stream = ANY(%s) AND state <> 'parked'",
            (org_id, route_id, sorted(streams)),
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
        where = ["org_id = %s", "(position, route_id) > (%s, %s)", "state = ANY(%s)"]
        values: list[object] = [org_id, *after, [state.value for state in states]]
        if route_id is not None:
            where.append("route_id = %s")
            values.append(route_id)
        if stream is not None:
            where.append("stream = %s")
            values.append(stream)
        rows = self.scoped.of(
            org_id,
            f"SELECT {NOTED} FROM deliveries WHERE {' AND '.join(where)}"
            " ORDER BY position, route_id LIMIT %s",
            (*values, limit),
        )
        return [noted_of(row) for row in rows.fetchall()]

    def noted_count(self, org_id: int) -> Mapping[tuple[str, Trouble], int]:
        """How many deliveries are in trouble, by route id and state."""
        rows = self.scoped.of(
            org_id,
            "SELECT route_id, state, count(*) FROM deliveries WHERE org_id = %s GROUP BY 1, 2",
            (org_id,),
        )
        return {(route_id, Trouble(state)): count for route_id, state, count in rows.fetchall()}

    def due_deliveries(
        self, at: datetime, *, routes: Collection[str], limit: int = 500
    ) -> Sequence[Noted]:
        """Deliveries of *routes* whose next attempt has come by *at*, the longest due first."""
        rows = self.scoped.of(
            None,
            f"SELECT {NOTED} FROM deliveries WHERE state = 'waiting' AND due_at <= %s"
            " AND route_id = ANY(%s) ORDER BY due_at, position LIMIT %s",
            (to_text(at), sorted(routes), limit),
        )
        return [noted_of(row) for row in rows.fetchall()]

    def events_at(self, org_id: int, positions: Collection[int]) -> Mapping[int, Event]:
        """Events of the org by their positions."""
        rows = self.scoped.of(
            org_id,
            "SELECT position, org_id, public, private FROM events"
            " WHERE org_id = %s AND position = ANY(%s::bigint[])",
            (org_id, list(positions)),
        )
        return {
            position: decoded_event(position=position, org_id=org, public=public, private=private)
            for position, org, public, private in rows.fetchall()
        }

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at that position was recorded."""
        row = self.scoped.of(
            None, "SELECT recorded_at FROM events WHERE position = %s", (position,)
        ).fetchone()
        return None if row is None else from_text(row[0])

    def sort_moved(self, sort: str, *, after: int) -> bool:
        """Whether any stream of that sort, of whatever org, moved behind a position."""
        row = self.scoped.of(
            None,
            "SELECT 1 FROM events WHERE position > %s AND starts_with(stream, %s) LIMIT 1",
            (after, f"{sort}:"),
        ).fetchone()
        return row is not None

    def sealed_secret(self, org_id: int, secret_id: str) -> bytes | None:
        """A secret of the org, as it lies sealed."""
        row = self.scoped.directory(
            "SELECT sealed FROM secrets WHERE id = %s AND org_id = %s", (secret_id, org_id)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def lease_owners(self) -> Mapping[str, tuple[str, float]]:
        """Who holds which lease, and for how many seconds more."""
        rows = self.scoped.directory(
            f"SELECT name, owner, expires_at - {NOW} FROM leases WHERE expires_at > {NOW}"
        )
        return {name: (owner, left) for name, owner, left in rows.fetchall()}


class OutgoingWriting(OutgoingReading):
    """What a turn changes of the outbox (see :class:`tocsin.store.outgoing.OutgoingWrites`)."""

    def take_leases(
        self, names: Collection[str], *, owner: str, seconds: float
    ) -> Mapping[str, int]:
        """Take those of *names* that are free, expired or *owner*'s own; their tokens."""
        rows = self.scoped.directory(
            "INSERT INTO leases (name, owner, token, expires_at)"
            f" SELECT name, %s, 1, {NOW} + %s FROM unnest(%s::text[]) AS wanted (name)"
            " ORDER BY name ON CONFLICT (name) DO UPDATE SET owner = excluded.owner,"
            " token = leases.token + (leases.owner <> excluded.owner)::int,"
            " expires_at = excluded.expires_at"
            f" WHERE leases.owner = excluded.owner OR leases.expires_at <= {NOW}"
            " RETURNING name, token",
            (owner, float(seconds), sorted(set(names))),
        )
        return dict(rows.fetchall())

    def return_leases(self, names: Collection[str], *, owner: str) -> None:
        """Let others take at once what *owner* holds of *names*."""
        self.scoped.directory(
            "UPDATE leases SET expires_at = 0 WHERE name = ANY(%s) AND owner = %s",
            (sorted(names), owner),
        )

    def forget_leases(self) -> None:
        """Let go of every lease, whoever has it."""
        self.scoped.directory("UPDATE leases SET expires_at = 0")

    def holds(self, holding: Holding) -> bool:
        """Whether every lease of *holding* is still its owner's under that token."""
        if not holding.tokens:
            return True
        # An expired one that nobody has taken is as good as held: tokens rise with every grant.
        # Whoever would take it waits until this turn ends.
        rows = self.scoped.directory(
            "SELECT name, token FROM leases WHERE owner = %s AND name = ANY(%s)"
            " ORDER BY name FOR SHARE",
            (holding.owner, sorted(holding.tokens)),
        )
        return dict(rows.fetchall()) == dict(holding.tokens)

    def settle(self, settlement: Settlement) -> None:
        """Mark what became of deliveries."""
        destination = settlement.destination
        org_id, route_id = destination.org_id, destination.route_id
        if settlement.cancelled:
            self.scoped.of(
                org_id,
                "DELETE FROM deliveries WHERE org_id = %s AND route_id = %s",
                (org_id, route_id),
            )
            # Nothing is left to be asked for again, so nothing may go on waiting for it.
            self.scoped.of(
                org_id,
                "DELETE FROM lanes WHERE org_id = %s AND route_id = %s AND parked = 1",
                (org_id, route_id),
            )
        if settlement.moved:
            self.scoped.of(
                org_id,
                "DELETE FROM lanes WHERE org_id = %s AND route_id = %s AND parked = 0",
                (org_id, route_id),
            )
        insert(
            self.scoped,
            "destinations",
            DESTINATION_COLUMNS,
            [destination_row(destination)],
            org_id=org_id,
            tail="ON CONFLICT (org_id, route_id) DO UPDATE SET position = excluded.position,"
            " ahead = excluded.ahead, delivered = excluded.delivered,"
            " delivered_at = excluded.delivered_at, down_since = excluded.down_since,"
            " down_reason = excluded.down_reason, alarmed_at = excluded.alarmed_at",
        )
        lanes = {one.stream: one for one in settlement.lanes}
        insert(
            self.scoped,
            "lanes",
            LANE_COLUMNS,
            [
                (org_id, route_id, one.stream, one.remote_id, int(one.parked))
                for one in lanes.values()
            ],
            org_id=org_id,
            tail="ON CONFLICT (org_id, route_id, stream) DO UPDATE SET"
            " remote_id = excluded.remote_id, parked = excluded.parked",
        )
        if settlement.dropped:
            self.scoped.of(
                org_id,
                "DELETE FROM deliveries WHERE org_id = %s AND route_id = %s"
                " AND position = ANY(%s::bigint[])",
                (org_id, route_id, list(settlement.dropped)),
            )
        self.note(settlement.noted)

    def note(self, noted: Sequence[Noted]) -> None:
        """Set down deliveries in trouble, whatever was noted of them before."""
        latest = {(one.org_id, one.route_id, one.position): one for one in noted}
        orgs = {one.org_id for one in noted}
        insert(
            self.scoped,
            "deliveries",
            NOTED_COLUMNS,
            [noted_row(one) for one in latest.values()],
            org_id=orgs.pop() if len(orgs) == 1 else None,
            tail="ON CONFLICT (org_id, route_id, position) DO UPDATE SET state = excluded.state,"
            " attempts = excluded.attempts, tried_at = excluded.tried_at,"
            " due_at = excluded.due_at, reason = excluded.reason",
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
        where = "org_id = %s AND state = 'parked'"
        values: list[object] = [org_id]
        if route_id is not None:
            where += " AND route_id = %s"
            values.append(route_id)
        if position is not None:
            where += " AND position = %s"
            values.append(position)
        self.scoped.of(
            org_id,
            "DELETE FROM lanes WHERE parked = 1 AND (org_id, route_id, stream) IN"
            f" (SELECT org_id, route_id, stream FROM deliveries WHERE {where})",
            tuple(values),
        )
        return self.scoped.of(
            org_id,
            "UPDATE deliveries SET state = 'waiting', attempts = 0, tried_at = NULL, due_at = %s"
            f" WHERE {where}",
            (to_text(at), *values),
        ).rowcount

    def drop_sent(self, org_id: int, *, upto: int) -> int:
        """Delete the org's outbox up to and with a position; how many rows."""
        return self.scoped.of(
            org_id, "DELETE FROM outbox WHERE org_id = %s AND position <= %s", (org_id, upto)
        ).rowcount
