"""Endpoints of the inbox: every payload that arrived, what became of it, and reading it again (API:
inbox).

Who is bound to a contributor sees what came to that contributor's connectors; what came over the
API has no owner, and is for the unbound.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.record_answers import existing
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.signals.inbox_shapes import (
    InboxDetail,
    InboxItem,
    InboxQuery,
    PayloadCounts,
    PayloadResult,
    ResultTicket,
)
from tocsin.adapters.rest.ticket_commands import optional_utc
from tocsin.core.errors import NotFound
from tocsin.core.evidence import Access
from tocsin.core.facts import stream_name
from tocsin.core.ids import event_id
from tocsin.core.instants import to_text
from tocsin.core.records import Connector
from tocsin.core.ticket import Ticket
from tocsin.handler.naming import ticket_streams
from tocsin.projections.arrivals import (
    WantedPayloads,
    every_connector,
    kept_headers,
    newest_payloads,
)
from tocsin.store.arrivals import Arrived, arrived, instant_of, results_in
from tocsin.store.contract import ReadTurn
from tocsin.store.rows import position_in

MOST_TOLD_BYTES: Final = 4_194_304
"""Of payloads on one page; those beyond it are left out, and say only how large they are."""

_AT_ONCE: Final = 200


# -- who sees what --------------------------------------------------------------------------------


def own_connectors(turn: ReadTurn, org_id: int, access: Access) -> dict[str, Connector] | None:
    """The connectors whose payloads *access* sees, by id; None: every one's, and the API's."""
    if access.contributor_id is None:
        return None
    return {
        identity: connector
        for identity, connector in every_connector(turn, org_id).items()
        if connector.contributor_id == access.contributor_id
    }


def connector_named(turn: ReadTurn, call: AnyCall, name: str) -> Connector:
    """The connector of that code or id, if the caller sees its payloads.

    Raises:
        NotFound: there is none here that it sees.
    """
    connector = existing(turn, call.org_id, Connector, "connector", name)
    bound_to = call.granted.contributor_id
    if bound_to is not None and connector.contributor_id != bound_to:
        raise NotFound(f"there is no connector {name[:64]!r} here whose payloads you may see")
    return connector


def item_named(turn: ReadTurn, call: AnyCall, name: str) -> Arrived:
    """The payload of that id, if the caller sees it.

    Raises:
        NotFound: there is none here that it sees; it may have been deleted since.
    """
    item = arrived(turn, call.org_id, position_in(name))
    own = own_connectors(turn, call.org_id, call.granted)
    if item is None or item.id != name or (own is not None and item.connector_id not in own):
        raise NotFound(f"there is no payload {name[:64]!r} in the inbox here")
    return item


def original(turn: ReadTurn, item: Arrived) -> Arrived:
    """The payload itself, of one that was read again; *item* where it came by itself."""
    if item.replay_of is None:
        return item
    return arrived(turn, item.org_id, item.replay_of) or item


# -- showing --------------------------------------------------------------------------------------


def told_payload(payload: bytes) -> tuple[Any, str]:
    """*payload* as it can be told in JSON, and how: json, text or base64."""
    try:
        msgspec.json.decode(payload)
        return msgspec.Raw(payload), "json"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return payload.decode("utf-8"), "text"
    except UnicodeDecodeError:
        return base64.b64encode(payload).decode(), "base64"


def counts_of(item: Arrived) -> PayloadCounts:
    """How many things of a payload got which verdict."""
    return PayloadCounts(
        attached=item.attached,
        deduplicated=item.deduplicated,
        created=item.created,
        resolved=item.resolved,
        unattached=item.unattached,
    )


def tickets_of(turn: ReadTurn, org_id: int, identities: Sequence[str]) -> dict[str, ResultTicket]:
    """Those tickets by id, with their refs."""
    found: dict[str, ResultTicket] = {}
    wanted = sorted(set(identities))
    for start in range(0, len(wanted), _AT_ONCE):
        streams = [
            stream for one in wanted[start : start + _AT_ONCE] for stream in ticket_streams(one)
        ]
        for head in turn.heads(org_id, streams).values():
            if isinstance(head.state, Ticket):
                found[head.state.id] = ResultTicket(id=head.state.id, ref=head.state.ref)
    return found


def _fields(item: Arrived, connectors: Mapping[str, Connector]) -> dict[str, Any]:
    connector = connectors.get(item.connector_id or "")
    return {
        "id": item.id,
        "connector": None if connector is None else connector.code,
        "received_at": to_text(item.received_at),
        "verdict": item.verdict,
        "reason": item.reason,
        "signals": item.signals,
        "content_type": item.content_type,
        "observed": item.observed,
        "replay_of": None
        if item.replay_of is None
        else event_id(instant_of(item.replay_of), item.replay_of),
        "counts": counts_of(item),
    }


def _list(turn: ReadTurn, call: Call[InboxQuery, None]) -> Page[InboxItem]:
    query, org_id = call.query, call.org_id
    own = own_connectors(turn, org_id, call.granted)
    connectors = every_connector(turn, org_id)
    named = None if query.connector is None else connector_named(turn, call, query.connector)
    since = optional_utc(query.since, field="since")
    until = optional_utc(query.until, field="until")
    bound_to = (
        "inbox",
        "" if named is None else named.id,
        query.verdict or "",
        "" if since is None else to_text(since),
        "" if until is None else to_text(until),
    )
    place = call.place(query.cursor, *bound_to)
    found = newest_payloads(
        turn,
        org_id,
        WantedPayloads(
            connectors=None if named is None and own is None else [named.id] if named else own,
            verdict=query.verdict,
            since=since,
            until=until,
        ),
        before=None if place is None else int(place[0]),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    items: list[InboxItem] = []
    told = 0
    for item in shown:
        payload: Any = UNSET
        encoding: str | UnsetType = UNSET
        size: int | UnsetType = UNSET
        if query.payload:
            whole = arrived(turn, org_id, item.number) or item
            body = original(turn, whole).payload
            size = len(body)
            told += size
            if told <= MOST_TOLD_BYTES:
                payload, encoding = told_payload(body)
        items.append(
            InboxItem(
                **_fields(item, connectors), size=size, payload=payload, payload_encoding=encoding
            )
        )
    more = len(found) > query.limit
    return Page(
        items=items,
        next_cursor=call.cursor((shown[-1].number,), *bound_to) if more else None,
    )


def results_of(
    results: Sequence[tuple[str, str, str, str | None]], tickets: Mapping[str, ResultTicket]
) -> list[PayloadResult]:
    """What became of each thing that a payload says."""
    return [
        PayloadResult(
            fingerprint=fingerprint,
            verdict=verdict,
            because=because,
            ticket=tickets.get(ticket_id or ""),
        )
        for fingerprint, verdict, because, ticket_id in results
    ]


def _read(turn: ReadTurn, call: AnyCall) -> InboxDetail:
    item = item_named(turn, call, call.path["item"])
    body = original(turn, item).payload
    payload, encoding = told_payload(body)
    results = results_in(item.results)
    tickets = tickets_of(turn, call.org_id, [one[3] for one in results if one[3] is not None])
    connectors: dict[str, Connector] = {}
    if item.connector_id is not None:
        head = turn.head(call.org_id, stream_name("connector", item.connector_id))
        if head is not None and isinstance(head.state, Connector):
            connectors[item.connector_id] = head.state
    return InboxDetail(
        **_fields(item, connectors),
        via=item.via,
        headers=kept_headers(item),
        results=results_of(results, tickets),
        size=len(body),
        payload=payload,
        payload_encoding=encoding,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{ORG}/inbox",
        tag="inbox",
        summary="List payloads that arrived, newest first, each with its verdict.",
        description=(
            "Whatever a neighbour sent that was authentic is here, what could not be read"
            " included, for as long as the server keeps it. What came is told with it, up to 4 MiB"
            " a page; `payload=false` leaves it out. Who is bound to a contributor sees that"
            " contributor's connectors' only."
        ),
        query=InboxQuery,
        answer=Page[InboxItem],
        look=_list,
        reads="inbox",
        others={404: "There is no such connector here."},
    ),
    Endpoint(
        method="GET",
        path=f"{ORG}/inbox/{{item}}",
        tag="inbox",
        summary="Read one payload, and what became of each thing that it says.",
        answer=InboxDetail,
        look=_read,
        reads="inbox",
    ),
)
