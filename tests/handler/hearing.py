"""Neighbours that speak to the house: connectors, what they say, and what is kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from tests.handler.acting import House
from tocsin.core.aggregates import State
from tocsin.core.commands import Command, SignalDraft
from tocsin.core.facts import Event
from tocsin.core.ingestion import Reading, Said
from tocsin.core.record_commands import (
    CreateConnector,
    CreateRule,
    CreateService,
)
from tocsin.core.ticket import Ticket
from tocsin.handler.arrival import Accounted, Arrival, ConnectorToken, Unread
from tocsin.handler.writer import Writer
from tocsin.store.arrivals import (
    INBOX,
    SIGNAL,
    Arrived,
    KnownSignal,
    arrived_of,
    signal_of,
)


@dataclass
class Neighbour:
    """A connector, and what it says."""

    house: House
    connector_id: str
    token: str
    org: str = "net"

    @property
    def org_id(self) -> int:
        """The number of its org."""
        return self.house.orgs[self.org]

    def arrival(
        self, *said: Said, reopens: bool = True, token: str | None = None, payload: bytes = b"{}"
    ) -> Arrival:
        """A payload that says so."""
        digest = hashlib.sha256((self.token if token is None else token).encode()).hexdigest()
        return Arrival(
            org_id=self.org_id,
            reading=Reading(said, reopens=reopens),
            connector_id=self.connector_id,
            token=ConnectorToken(connector_id=self.connector_id, digest=digest),
            via=f"connector:{self.connector_id}",
            payload=payload,
            content_type="application/json",
        )

    def says(self, *said: Said, reopens: bool = True) -> Accounted:
        """Have it say so."""
        return self.house.writer.account(self.arrival(*said, reopens=reopens))

    def mumbles(self, reason: str = "Not JSON.") -> Accounted:
        """Have it send what nobody can read."""
        arrival = self.arrival(payload=b"\xff\xfe")
        return self.house.writer.account(
            Arrival(
                org_id=arrival.org_id,
                reading=Unread(reason),
                connector_id=arrival.connector_id,
                token=arrival.token,
                payload=arrival.payload,
            )
        )


def neighbour(
    house: House, kind: str = "alertmanager", *, code: str = "am", org: str = "net", **given: object
) -> Neighbour:
    """A connector of that kind."""
    identity, token = house.fresh(), f"token-of-{org}-{code}".ljust(32, "x")
    command = CreateConnector(
        connector_id=identity,
        code=code,
        name=code.title(),
        kind=kind,
        token_digest=hashlib.sha256(token.encode()).hexdigest(),
        **given,  # type: ignore[arg-type]
    )
    house.system("connector", command, org_id=house.orgs[org])
    return Neighbour(house=house, connector_id=identity, token=token, org=org)


def rule(house: House, name: str, action: str = "create", **given: object) -> str:
    """A rule of the org ``net``; its id."""
    identity = house.fresh()
    command = CreateRule(rule_id=identity, name=name, action=action, **given)  # type: ignore[arg-type]
    house.system("rule", command, org_id=house.orgs["net"])
    return identity


def service(house: House, code: str) -> None:
    """A service of the org ``net``."""
    command = CreateService(service_id=house.fresh(), code=code, name=code)
    house.system("service", command, org_id=house.orgs["net"])


def alert(
    key: str = "disk",
    *,
    name: str | None = None,
    state: str = "firing",
    severity: str | None = "sev1",
    ts: datetime | None = None,
    labels: Mapping[str, str] | None = None,
    **given: object,
) -> SignalDraft:
    """An alert of a group *key*; *name* is its own fingerprint."""
    fields: dict[str, object] = {
        "source": "alertmanager",
        "summary": f"{key} is full",
        "state": state,
        "severity": severity,
        "ts": ts,
        "correlation_key": key,
        "fingerprint": f"{key}-1" if name is None else name,
        "labels": {} if labels is None else labels,
    }
    return SignalDraft(**(fields | given))  # type: ignore[arg-type]


def tickets(house: House, *, org: str = "net") -> list[Ticket]:
    """All tickets of the org, oldest first."""
    org_id = house.orgs[org]
    with house.store.reading() as turn:
        heads = [
            *turn.heads_of_sort(org_id, "incident"),
            *turn.heads_of_sort(org_id, "maintenance"),
        ]
    states: list[State] = [head.state for head in sorted(heads, key=lambda head: head.number)]
    return [state for state in states if isinstance(state, Ticket)]


def only(house: House) -> Ticket:
    """The one ticket there is."""
    (found,) = tickets(house)
    return found


def inbox(house: House, *, org: str = "net") -> list[Arrived]:
    """Everything that has arrived, oldest first."""
    with house.store.reading() as turn:
        rows = turn.select(
            f"SELECT {INBOX} FROM inbox WHERE org_id = ? ORDER BY number",
            (house.orgs[org],),
            org_id=house.orgs[org],
        )
    return [arrived_of(row) for row in rows]


def known(house: House, *, org: str = "net") -> dict[str, KnownSignal]:
    """Every alert that is known, by its fingerprint."""
    with house.store.reading() as turn:
        rows = turn.select(
            f"SELECT {SIGNAL} FROM signals WHERE org_id = ?",
            (house.orgs[org],),
            org_id=house.orgs[org],
        )
    return {row.fingerprint: row for row in map(signal_of, rows)}


def events(house: House, ticket: Ticket, *, org: str = "net") -> list[Event]:
    """The events of a ticket."""
    with house.store.reading() as turn:
        return list(turn.stream_events(house.orgs[org], ticket.stream))


def kinds(house: House, ticket: Ticket) -> list[str]:
    """The kinds of the events of a ticket, without what they are of."""
    return [event.kind.partition(".")[2] for event in events(house, ticket)]


def told(accounted: Accounted) -> list[str]:
    """The verdicts, in order."""
    return [one.verdict.value for one in accounted.results]


def ask(house: House, command: Command, ticket: Ticket, who: str = "admin") -> None:
    """Have a person do something to a ticket."""
    house.ask(who, command, subject=ticket.id)


@contextmanager
def another_writer(house: House) -> Iterator[Writer]:
    """A writer of a process beside the house's own, on the same database."""
    store = house.reopen()
    numbers = count(1_000_000_000)
    writer = Writer(
        store=store,
        clock=house.clock,
        entropy=lambda: next(numbers),
        seal=lambda secret: secret[::-1],
    )
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
        store.close()
