"""A connector on a real database, with its receiver, and a neighbour that speaks to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from tests.handler.acting import House, house
from tocsin.app.receivers import receivers
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.ingestion import Unreadable
from tocsin.core.record_commands import CreateConnector
from tocsin.core.records import Connector
from tocsin.core.ticket import Ticket
from tocsin.handler.arrival import Accounted, Arrival, ConnectorToken, Unread
from tocsin.handler.receiving import Receiver, Reply, Request

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN = "a-token-of-thirty-two-characters"

_numbers = count(1)


def connector(kind: ConnectorKind, *, mapping: Mapping[str, str] | None = None) -> Connector:
    """A connector of that *kind*, of no database."""
    return Connector(
        id="c-1",
        created_at=AT,
        updated_at=AT,
        version=1,
        code="nms",
        name="Monitoring",
        kind=kind,
        token_digest="0" * 64,
        mapping={} if mapping is None else mapping,
    )


def request(
    path: str = "",
    body: bytes | object = b"",
    *,
    method: str = "POST",
    at: datetime = AT,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """What a neighbour sends; a *body* that is no bytes is sent as JSON."""
    return Request(
        method=method,
        path=path,
        query=query or {},
        headers=headers or {},
        body=body if isinstance(body, bytes) else msgspec.json.encode(body),
        at=at,
        fresh=f"fresh-{next(_numbers)}",
    )


def json_of(reply: Reply) -> Any:
    """What an answer says."""
    return msgspec.json.decode(reply.body)


@dataclass(slots=True)
class Neighbour:
    """Speaks to a connector through its receiver, and is answered when all is on disk."""

    house: House
    receiver: Receiver
    connector: Connector

    @property
    def org_id(self) -> int:
        """The org of the connector."""
        return self.house.orgs["net"]

    def send(
        self, path: str = "", body: bytes | object = b"", **given: Any
    ) -> tuple[Reply, Accounted]:
        """Send that, at the house's own instant; the answer, and what became of it."""
        sent = request(path, body, at=self.house.clock(), **given)
        try:
            reading = self.receiver.read(sent, self.connector)
        except Unreadable as problem:
            accounted = self._take(sent, Unread(problem.reason))
            return self.receiver.refused(sent, problem), accounted
        accounted = self._take(sent, reading)
        return self.receiver.accepted(sent, accounted), accounted

    def _take(self, sent: Request, reading: Any) -> Accounted:
        return self.house.writer.account(
            Arrival(
                org_id=self.org_id,
                reading=reading,
                connector_id=self.connector.id,
                token=ConnectorToken(
                    connector_id=self.connector.id,
                    digest=hashlib.sha256(TOKEN.encode()).hexdigest(),
                ),
                via=f"connector:{self.connector.code}",
                payload=sent.body,
                expires=self.receiver.expires,
            )
        )

    def look(self, path: str, **given: Any) -> Reply:
        """Read that."""
        asked = request(path, method="GET", at=self.house.clock(), **given)
        with self.house.store.reading() as turn:
            return self.receiver.look(turn, asked, org_id=self.org_id, connector=self.connector)

    def ticket(self, accounted: Accounted, *, result: int = 0) -> Ticket:
        """The ticket that the result with that number is about."""
        identity = accounted.results[result].ticket_id
        assert identity is not None, accounted
        with self.house.store.reading() as turn:
            streams = [f"incident:{identity}", f"maintenance:{identity}"]
            (head,) = turn.heads(self.org_id, streams).values()
        assert isinstance(head.state, Ticket)
        return head.state


@contextmanager
def neighbour(
    folder: Path,
    kind: ConnectorKind,
    *,
    receiver: Callable[[], Receiver] | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Iterator[Neighbour]:
    """A neighbour of that *kind*, read by the *receiver* that the server has for it, or another."""
    with house(folder) as furnished:
        identity = furnished.fresh()
        furnished.system(
            "connector",
            CreateConnector(
                connector_id=identity,
                code="nms",
                name="Monitoring",
                kind=kind.value,
                token_digest=hashlib.sha256(TOKEN.encode()).hexdigest(),
                mapping={} if mapping is None else mapping,
            ),
            org_id=furnished.orgs["net"],
        )
        with furnished.store.reading() as turn:
            (head,) = turn.heads_of_sort(furnished.orgs["net"], "connector")
        assert isinstance(head.state, Connector)
        made = receivers(now=furnished.clock)[kind.value] if receiver is None else receiver()
        yield Neighbour(house=furnished, receiver=made, connector=head.state)
