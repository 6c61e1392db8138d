"""What ``amtool`` and dashboards read of a connector: its alerts, and maintenances as silences.

Parameters that a client repeats (``filter``) are apart by line feeds in the query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.adapters.alertmanager import views
from tocsin.adapters.alertmanager.filters import (
    PATTERN_STEPS,
    Asked,
    BadFilter,
    parse_asked,
    parse_filters,
)
from tocsin.adapters.alertmanager.translation import RESOLVE_TIMEOUT
from tocsin.adapters.alertmanager.views import ShownAlert, ShownMatcher, ShownSilence, ShownStatus
from tocsin.core.commands import SignalDraft
from tocsin.core.patterns import Effort, TooMuchEffort
from tocsin.core.records import Connector
from tocsin.core.ticket import Ticket
from tocsin.core.words import SignalState, TicketType
from tocsin.handler.receiving import Reply, Request
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.store.arrivals import SIGNAL, KnownSignal, signal_of
from tocsin.store.contract import ReadTurn

CONFIGURATION: Final = """\
# Routing is by rules here: GET /v1/rules.
route:
  receiver: tocsin
receivers:
- name: tocsin
"""

MOST_SHOWN: Final = 10_000
"""Alerts of one answer, those that were heard of last."""

SEPARATOR: Final = "\n"

_TOO_MUCH: Final = (
    "the patterns of this question take too long over so many alerts: write them shorter, or"
    " compare with = what is known"
)


def look(
    turn: ReadTurn,
    request: Request,
    *,
    org_id: int,
    connector: Connector,
    status: ShownStatus,
) -> Reply:
    """The answer to a request that only reads."""
    now, effort = request.at, Effort(PATTERN_STEPS)
    try:
        match request.path:
            case "api/v2/alerts":
                asked, shown = _asked(request.query), _alerts(turn, request, org_id, connector)
                return _reply(200, views.alerts(shown, asked, now=now, effort=effort))
            case "api/v2/alerts/groups":
                asked, shown = _asked(request.query), _alerts(turn, request, org_id, connector)
                return _reply(200, views.groups(shown, asked, now=now, effort=effort))
            case "api/v2/silences":
                match = parse_filters(_filters(request.query))
                silences = _silences(turn, org_id)
                return _reply(200, views.silences(silences, match, now=now, effort=effort))
            case "api/v2/status":
                return _reply(200, views.status(status))
            case "api/v2/receivers":
                return _reply(200, views.receivers())
            case _:
                return _reply(404, "Alertmanager's API has no such path, or it is not shown here.")
    except BadFilter as problem:
        return _reply(400, views.bad_request((str(problem),)))
    except TooMuchEffort:
        return _reply(400, views.bad_request((_TOO_MUCH,)))


def _reply(status: int, body: object) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))


def _filters(query: Mapping[str, str]) -> list[str]:
    return [text for text in query.get("filter", "").split(SEPARATOR) if text.strip()]


def _asked(query: Mapping[str, str]) -> Asked:
    return parse_asked(
        _filters(query),
        receiver=query.get("receiver"),
        active=_truth(query, "active"),
        silenced=_truth(query, "silenced"),
        inhibited=_truth(query, "inhibited"),
    )


def _truth(query: Mapping[str, str], name: str) -> bool:
    match query.get(name, "true").lower():
        case "true" | "1" | "yes" | "on" | "y" | "t" | "ok" | "checked":
            return True
        case _:
            return False


# -- alerts ---------------------------------------------------------------------------------------

_decoded = msgspec.json.Decoder(SignalDraft)


def _alerts(
    turn: ReadTurn, request: Request, org_id: int, connector: Connector
) -> Iterable[ShownAlert]:
    # The columns are written in the code, all values are parameters.
    rows = turn.select(
        f"SELECT {SIGNAL} FROM signals"  # noqa: S608
        " WHERE org_id = ? AND connector_id = ? AND state = ?"
        " ORDER BY last_seen DESC, fingerprint LIMIT ?",
        (org_id, connector.id, SignalState.FIRING.value, MOST_SHOWN),
        org_id=org_id,
    )
    return [_alert(signal_of(row), connector, now=request.at) for row in rows]


def _alert(row: KnownSignal, connector: Connector, *, now: datetime) -> ShownAlert:
    draft = _decoded.decode(row.draft)
    # What was held back lies on the maintenance that does it.
    held = () if not row.held or row.stream is None else (row.stream.partition(":")[2],)
    group = _texts(_object(draft.data.get("group")).get("groupLabels"))
    url = draft.data.get("generatorURL")
    return ShownAlert(
        fingerprint=row.fingerprint.removeprefix(f"{connector.code}/"),
        labels=draft.labels,
        annotations=_texts(draft.data.get("annotations")),
        starts_at=row.first_seen if row.began_at is None else row.began_at,
        # What is over only when its end is told is shown as one that was told just now.
        ends_at=now + RESOLVE_TIMEOUT if row.expires_at is None else row.expires_at,
        updated_at=row.last_seen,
        generator_url=url if isinstance(url, str) else None,
        silenced_by=held,
        group=group,
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    return {name: one for name, one in _object(value).items() if isinstance(one, str)}


# -- silences -------------------------------------------------------------------------------------


def _silences(turn: ReadTurn, org_id: int) -> list[ShownSilence]:
    heads = turn.heads(org_id, turn.active_tickets(org_id))
    planned = [
        head.state
        for head in heads.values()
        if isinstance(head.state, Ticket) and head.state.type is TicketType.MAINTENANCE
    ]
    names = LoadedNames(turn, org_id=org_id, tickets=planned)
    return [_silence(one, names) for one in planned]


def _silence(ticket: Ticket, names: LoadedNames) -> ShownSilence:
    assert ticket.end_at is not None, "a maintenance has an end"
    devices = [names.device(pubkey) for pubkey in ticket.devices]
    links = [names.link(pubkey) for pubkey in ticket.links]
    matchers = (
        *_matchers("device", [one.code for one in devices if one is not None]),
        *_matchers("link", [one.code for one in links if one is not None]),
        *_matchers("service", ticket.services),
    )
    if len(matchers) > 1:
        # A silence asks for all of its matchers, a maintenance for any of what it affects.
        named = [name for one in matchers for name in one.value.split("|")]
        matchers = _matchers("affected", named)
    return ShownSilence(
        id=ticket.id,
        matchers=matchers,
        starts_at=ticket.start_at,
        ends_at=ticket.end_at,
        updated_at=ticket.updated_at,
        created_by=ticket.created_by.name or ticket.created_by.type,
        comment=f"{ticket.ref}: {ticket.title}",
    )


def _matchers(name: str, values: Sequence[str]) -> tuple[ShownMatcher, ...]:
    if not values:
        return ()
    return (ShownMatcher(name=name, value="|".join(values), is_regex=len(values) > 1),)
