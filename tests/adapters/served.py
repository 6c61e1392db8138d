"""A gateway that is served on a free port of this machine, with one connector: for real clients."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.adapters.neighbouring import TOKEN, Neighbour, neighbour
from tests.adapters.webhook.listening import Certificate
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.gateway import Gateway
from tocsin.app.listening import Server, bound, url_of
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.ticket import Ticket
from tocsin.handler.receiving import Receiver

PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class ServedConnector:
    """Where the gateway is, and the token that its connector knows."""

    url: str
    neighbour: Neighbour
    token: str = TOKEN

    @property
    def ingest_url(self) -> str:
        """The connector's own address."""
        return f"{self.url}/v1/ingest/{self.neighbour.connector.code}"

    def tickets(self) -> list[Ticket]:
        """Every ticket of the org, oldest first."""
        with self.neighbour.house.store.reading() as turn:
            heads = [
                head
                for sort in ("incident", "maintenance")
                for head in turn.heads_of_sort(self.neighbour.org_id, sort)
            ]
        tickets = [head.state for head in heads if isinstance(head.state, Ticket)]
        return sorted(tickets, key=lambda one: (one.created_at, one.id))


@contextmanager
def served(
    folder: Path,
    kind: ConnectorKind,
    *,
    receiver: Callable[[], Receiver] | None = None,
    mapping: Mapping[str, str] | None = None,
    certificate: Certificate | None = None,
) -> Iterator[ServedConnector]:
    """The real application behind the real HTTP server, with a connector of that *kind*; over TLS
    where there is a *certificate*."""
    with (
        neighbour(folder, kind, receiver=receiver, mapping=mapping) as made,
        ThreadPoolExecutor(2) as readers,
    ):
        gateway = Gateway(
            store=made.house.store,
            writer=made.house.writer,
            clock=made.house.clock,
            entropy=lambda: (next(made.house.numbers) * 2_654_435_761_123) % (1 << 62),
            readers=readers,
            cursor_key=b"k" * 32,
            receivers={kind.value: made.receiver},
        )
        taken = bound("127.0.0.1", 0)
        ready = threading.Event()
        server = Server(
            make_application(gateway), on_ready=ready.set, on_stopping=gateway.announcer.close
        )
        url = url_of(taken)
        if certificate is not None:
            server.config.ssl_certfile = certificate.chain
            server.config.ssl_keyfile = certificate.key
            url = url.replace("http:", "https:")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            assert ready.wait(PATIENCE), "the server does not come up"
            yield ServedConnector(url=url, neighbour=made)
        finally:
            server.end()
            thread.join(PATIENCE)
            taken.close()
        assert not thread.is_alive()
