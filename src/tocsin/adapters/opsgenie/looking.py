"""What clients of Opsgenie read: an alert, lists of alerts, and what became of a request.

An alert is what is known of its alias; an alert that was opened here counts as closed as soon as
its ticket is over, whoever ended it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from tocsin.adapters.opsgenie import answers, translation
from tocsin.adapters.opsgenie.answers import ShownAlert, ShownRequest
from tocsin.core import signal_texts
from tocsin.core.commands import SignalDraft
from tocsin.core.facts import stream_name
from tocsin.core.hearing import prefixed
from tocsin.core.records import Connector
from tocsin.core.ticket import Ticket
from tocsin.core.verdicts import Because, Word
from tocsin.core.words import SignalState, Status, TicketType, is_active
from tocsin.handler.arrival import PayloadVerdict
from tocsin.handler.receiving import Reply, Request
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.store.arrivals import (
    SIGNAL,
    Arrived,
    KnownSignal,
    arrived,
    results_in,
    signal_of,
    signals_in,
)
from tocsin.store.contract import ReadTurn
from tocsin.store.rows import position_in

ALERTS: Final = "v2/alerts"
REQUESTS: Final = "v2/alerts/requests/"

MOST_LISTED: Final = 1_000
"""The newest alerts of a connector, which lists and counts are of."""

_MOST_ON_A_PAGE: Final = 100
_ON_A_PAGE: Final = 20
_MOST_NUMBER: Final = 10**9
_TERM = re.compile(
    r'\s*(status|alias|priority)\s*[:=]\s*("[^"]*"|[^\s()"]+)\s*(?:and(?=\s))?', re.I
)
_decoded = msgspec.json.Decoder(SignalDraft)


class BadQuestion(ValueError):
    """What is asked is not understood; the message says which part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which alerts are asked for, and which page of them."""

    status: str | None = None
    alias: str | None = None
    priority: str | None = None
    limit: int = _ON_A_PAGE
    offset: int = 0
    newest_first: bool = True


def look(turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
    """The answer to a request that only reads."""
    path, request_id = request.path, request.fresh
    try:
        if path == ALERTS:
            return _listed(turn, request, org_id=org_id, connector=connector)
        if path == f"{ALERTS}/count":
            shown = _wanted_of(turn, _wanted(request), org_id=org_id, connector=connector)
            return _reply(200, _answered({"count": len(shown)}, request_id))
    except BadQuestion as problem:
        return _reply(422, {"message": str(problem), "took": 0.0, "requestId": request_id})
    if path.startswith(REQUESTS):
        identity = path.removeprefix(REQUESTS)
        return _request(turn, identity, request_id, org_id=org_id, connector=connector)
    identifier = path.removeprefix(f"{ALERTS}/")
    if identifier != path:
        return _one(turn, identifier, request_id, org_id=org_id, connector=connector)
    return missing("Opsgenie's Alert API has no such path.", request_id=request_id)


def missing(message: str, *, request_id: str) -> Reply:
    """404, in Opsgenie's shape."""
    return _reply(404, {"message": message, "took": 0.0, "requestId": request_id})


def _reply(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))


def _answered(data: object, request_id: str) -> dict[str, Any]:
    return {"data": data, "took": 0.0, "requestId": request_id}


def _one(
    turn: ReadTurn, identifier: str, request_id: str, *, org_id: int, connector: Connector
) -> Reply:
    key = signal_texts.key(identifier)
    held = () if key is None else (prefixed(key, connector),)
    rows = [
        row
        for row in signals_in(turn, org_id, "fingerprint", held)
        if row.connector_id == connector.id
    ]
    for shown in _shown(turn, rows, org_id=org_id, connector=connector):
        return _reply(200, answers.alert(shown, request_id=request_id, took=0.0))
    return missing("There is no alert with this identifier.", request_id=request_id)


def _listed(turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
    wanted = _wanted(request)
    shown = _wanted_of(turn, wanted, org_id=org_id, connector=connector)
    if not wanted.newest_first:
        shown.reverse()
    end = wanted.offset + wanted.limit
    paging = {"first": _page(request, wanted, offset=0)}
    if end < len(shown):
        paging["next"] = _page(request, wanted, offset=end)
    body = answers.alerts(shown[wanted.offset : end], request_id=request.fresh, took=0.0)
    return _reply(200, {**body, "paging": paging})


def _page(request: Request, wanted: Wanted, *, offset: int) -> str:
    asked = {**request.query, "limit": wanted.limit, "offset": offset}
    # A token may have come in the query; an address is not the place to repeat it.
    return f"/{ALERTS}?{urlencode({name: asked[name] for name in asked if name != 'token'})}"


def _wanted(request: Request) -> Wanted:
    query = request.query
    terms: dict[str, str] = {}
    text, place = query.get("query", "").strip()[:1_000], 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            raise BadQuestion("query: only status, alias and priority can be asked for here")
        terms[term[1].lower()] = term[2].strip('"')
        place = term.end()
    if terms.get("status", "open").lower() not in ("open", "closed"):
        raise BadQuestion("query: status is open or closed")
    return Wanted(
        status=terms["status"].lower() if "status" in terms else None,
        alias=terms.get("alias"),
        priority=terms["priority"].upper() if "priority" in terms else None,
        limit=min(_number(query, "limit", otherwise=_ON_A_PAGE), _MOST_ON_A_PAGE),
        offset=_number(query, "offset", otherwise=0),
        newest_first=query.get("order", "desc").lower() != "asc",
    )


def _number(query: Any, name: str, *, otherwise: int) -> int:
    text = query.get(name)
    if text is None or text == "":
        return otherwise
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadQuestion(f"{name}: is a whole number of at most {_MOST_NUMBER - 1}")
    return int(text)


def _wanted_of(
    turn: ReadTurn, wanted: Wanted, *, org_id: int, connector: Connector
) -> list[ShownAlert]:
    """The alerts that are wanted, newest first."""
    # The columns are written in the code, all values are parameters.
    rows = turn.select(
        f"SELECT {SIGNAL} FROM signals WHERE org_id = ? AND connector_id = ?"  # noqa: S608
        " ORDER BY first_seen DESC, fingerprint LIMIT ?",
        (org_id, connector.id, MOST_LISTED),
        org_id=org_id,
    )
    shown = _shown(turn, [signal_of(row) for row in rows], org_id=org_id, connector=connector)
    return [one for one in shown if _fits(one, wanted)]


def _fits(one: ShownAlert, wanted: Wanted) -> bool:
    return (
        (wanted.status is None or one.is_open is (wanted.status == "open"))
        and (wanted.alias is None or one.alias == wanted.alias)
        and (wanted.priority is None or one.priority == wanted.priority)
    )


def _shown(
    turn: ReadTurn, rows: Sequence[KnownSignal], *, org_id: int, connector: Connector
) -> Iterable[ShownAlert]:
    heads = turn.heads(org_id, {row.stream for row in rows if row.stream is not None})
    tickets = {
        stream: head.state for stream, head in heads.items() if isinstance(head.state, Ticket)
    }
    names = LoadedNames(turn, org_id=org_id, tickets=tickets.values())
    for row in rows:
        ticket = None if row.stream is None else tickets.get(row.stream)
        yield _alert(row, ticket, names, connector)


def _alert(
    row: KnownSignal, ticket: Ticket | None, names: LoadedNames, connector: Connector
) -> ShownAlert:
    draft = _decoded.decode(row.draft)
    alias = key_of(row.fingerprint, connector)
    owner = None
    if ticket is not None and ticket.assignee is not None and ticket.assignee.kind == "member":
        owner = names.member(ticket.assignee.id)
    tags = draft.data.get("tags")
    description = draft.data.get("description")
    entity = draft.labels.get("entity", "")
    return ShownAlert(
        id=alias,
        tiny_id=alias,
        alias=alias,
        message=draft.summary if ticket is None else ticket.title,
        is_open=row.state == SignalState.FIRING.value
        and (ticket is None or is_active(ticket.status)),
        is_acknowledged=ticket is not None and ticket.status is not Status.OPEN,
        priority=_priority(row.severity if ticket is None else ticket.severity.value),
        created_at=row.first_seen,
        updated_at=row.last_seen if ticket is None else max(ticket.updated_at, row.last_seen),
        last_occurred_at=row.last_seen,
        count=max(1, row.times),
        source=draft.source,
        owner="" if owner is None else owner.name,
        entity=entity,
        description=(description if isinstance(description, str) else "")
        if ticket is None
        else ticket.description,
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        details={name: value for name, value in draft.labels.items() if name != "entity"},
    )


def key_of(fingerprint: str, connector: Connector) -> str:
    """The alias of the alert that is known by *fingerprint*: the key behind its connector's code.

    A longer alias is known by a shorter key, which names it as well.
    """
    return fingerprint.removeprefix(f"{connector.code}/")


def _priority(severity: str) -> str:
    digits = severity.removeprefix("sev")
    return f"P{digits}" if f"P{digits}" in translation.PRIORITIES else "P3"


def _request(
    turn: ReadTurn, identity: str, request_id: str, *, org_id: int, connector: Connector
) -> Reply:
    found = arrived(turn, org_id, position_in(identity))
    if found is None or found.id != identity or found.connector_id != connector.id:
        return missing("There is no such request, or it is kept no more.", request_id=request_id)
    alias = _about(turn, found, org_id=org_id, connector=connector)
    shown = ShownRequest(
        action=_action(found),
        processed_at=found.received_at,
        is_success=found.verdict
        not in (PayloadVerdict.UNPARSEABLE.value, PayloadVerdict.REFUSED.value)
        and not _is_about_nothing(found),
        status=found.reason,
        alert_id=alias,
        alias=alias,
        integration_id=connector.id,
    )
    return _reply(200, answers.request_status(shown, request_id=identity, took=0.0))


def _is_about_nothing(found: Arrived) -> bool:
    """A word about an alert that is not open."""
    results = results_in(found.results)
    return bool(results) and all(one[2] == Because.NOTHING_OPEN.value for one in results)


def _action(found: Arrived) -> str:
    """What was asked for, as far as its verdicts tell."""
    results = results_in(found.results)
    if not results:
        return "Ping"
    _, word, because, _ = results[0]
    if because in (Because.SAID.value, Because.NOTHING_OPEN.value):
        return "Update"
    return "Close" if word == Word.RESOLVED.value else "Create"


def _about(turn: ReadTurn, found: Arrived, *, org_id: int, connector: Connector) -> str:
    """The alias of the alert that a request is about; empty where there is none."""
    for fingerprint, _, _, ticket_id in results_in(found.results):
        if fingerprint:
            return key_of(fingerprint, connector)
        if ticket_id is None:
            continue
        streams = [stream_name(sort.value, ticket_id) for sort in TicketType]
        for row in signals_in(turn, org_id, "stream", streams):
            if row.connector_id == connector.id:
                return key_of(row.fingerprint, connector)
    return ""
