"""A neighbour's request as it is kept beside its payload, and made of that again.

What a receiver wants kept are headers. Where the request came to, and how, is kept among them
under names that no header on the wire has: whoever receives leaves those out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.receiving import FRESH, Receiver, Request
from tocsin.projections.arrivals import kept_headers
from tocsin.store.arrivals import Arrived

METHOD: Final = "x-tocsin-method"
PATH: Final = "x-tocsin-path"
QUERY: Final = "x-tocsin-query"

_SECRET: Final = frozenset({"token", "apikey", "api_key", "key"})
"""Names in a query that are the token."""

_LONGEST: Final = 2_000
"""Characters of one header that are kept."""


def to_keep(request: Request, receiver: Receiver) -> dict[str, str]:
    """What of *request* is kept beside its payload: no secrets, and what is the usual is left out.

    The content type is not among it, as it has a place of its own.
    """
    kept = {
        name: value[:_LONGEST]
        for name, value in request.headers.items()
        if name in receiver.kept_headers and not name.startswith("x-tocsin-")
    }
    if FRESH in receiver.kept_headers:
        kept[FRESH] = request.fresh
    if request.method != "POST":
        kept[METHOD] = request.method
    if request.path:
        kept[PATH] = request.path[:_LONGEST]
    query = {name: value for name, value in request.query.items() if name.lower() not in _SECRET}
    if query:
        kept[QUERY] = urlencode(query)[:_LONGEST]
    return kept


def made_again(item: Arrived) -> Request:
    """The request that *item* was, as far as it was kept, at the instant at which it came."""
    headers = kept_headers(item)
    method, path = headers.pop(METHOD, "POST"), headers.pop(PATH, "")
    query: Mapping[str, str] = dict(parse_qsl(headers.pop(QUERY, ""), keep_blank_values=True))
    fresh = headers.pop(FRESH, item.id)
    if item.content_type:
        headers["content-type"] = item.content_type
    return Request(
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=item.payload,
        at=item.received_at,
        fresh=fresh,
    )


def read_again(item: Arrived, *, connector: Connector, receiver: Receiver) -> Reading:
    """What the payload *item* says to *receiver* now.

    Raises:
        Unreadable: it says nothing.
    """
    try:
        return receiver.read(made_again(item), connector)
    except RecursionError:
        raise Unreadable("It is nested too deeply.") from None
