"""A filled store, read without a server."""

from __future__ import annotations

from pathlib import Path

from bench.tickets import ORG
from tocsin.core.ticket import Ticket
from tocsin.projections.tickets import TicketQuery, list_tickets
from tocsin.store.sqlite import SqliteStore


def listed(data: Path) -> list[Ticket]:
    """All tickets of the store in *data* in the order of their creation, two hundred at most."""
    store = SqliteStore(data / "tocsin.db")
    try:
        with store.reading() as turn:
            org = turn.org(ORG)
            assert org is not None
            query = TicketQuery(descending=False, limit=200)
            page = list_tickets(turn, org_id=org.org_id, query=query)
    finally:
        store.close()
    return [head.state for head in page.heads if isinstance(head.state, Ticket)]
