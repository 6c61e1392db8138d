"""The answers of Opsgenie's Alert API, as its clients read them (Integrations: Opsgenie). Pure.

``took`` is in seconds. Every answer names the request by its id, which a client may ask about
later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tocsin.core.instants import to_text

Json = dict[str, Any]

ACCEPTED: Final = 202
INVALID: Final = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRequest:
    """A request that was accepted, and what became of it; ``alias`` and ``alert_id`` are of the
    alert it was about."""

    action: str
    processed_at: datetime
    is_success: bool
    status: str
    alert_id: str = ""
    alias: str = ""
    integration_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """One alert, seen as Opsgenie shows it: the ticket that holds its alias."""

    id: str
    tiny_id: str
    alias: str
    message: str
    is_open: bool
    is_acknowledged: bool
    priority: str
    created_at: datetime
    updated_at: datetime
    last_occurred_at: datetime
    count: int = 1
    source: str = ""
    owner: str = ""
    entity: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


def accepted(*, request_id: str, took: float) -> Json:
    """The body of a 202."""
    return {"result": "Request will be processed", "took": took, "requestId": request_id}


def refused(errors: Sequence[str], *, request_id: str, took: float) -> Json:
    """The body of a 422; *errors* as :class:`~tocsin.core.ingestion.Unreadable` has them, with the
    field before the colon where one is to blame."""
    fields = dict(error.split(": ", 1) for error in errors if ": " in error)
    return {
        "message": "Request body is not processable. Please check the errors.",
        **({"errors": fields} if fields else {"code": INVALID}),
        "took": took,
        "requestId": request_id,
    }


def request_status(shown: ShownRequest, *, request_id: str, took: float) -> Json:
    """``GET /v2/alerts/requests/{requestId}``."""
    return {
        "data": {
            "success": shown.is_success,
            "isSuccess": shown.is_success,
            "action": shown.action,
            "processedAt": to_text(shown.processed_at),
            "integrationId": shown.integration_id,
            "status": shown.status,
            "alertId": shown.alert_id,
            "alias": shown.alias,
        },
        "took": took,
        "requestId": request_id,
    }


def alert(shown: ShownAlert, *, request_id: str, took: float) -> Json:
    """``GET /v2/alerts/{identifier}``."""
    return {"data": _alert(shown), "took": took, "requestId": request_id}


def alerts(shown: Sequence[ShownAlert], *, request_id: str, took: float) -> Json:
    """``GET /v2/alerts``, without its paging."""
    return {"data": [_alert(one) for one in shown], "took": took, "requestId": request_id}


def _alert(shown: ShownAlert) -> Json:
    return {
        "id": shown.id,
        "tinyId": shown.tiny_id,
        "alias": shown.alias,
        "message": shown.message,
        "status": "open" if shown.is_open else "closed",
        "acknowledged": shown.is_acknowledged,
        "isSeen": shown.is_acknowledged,
        "tags": list(shown.tags),
        "snoozed": False,
        "count": shown.count,
        "lastOccurredAt": to_text(shown.last_occurred_at),
        "createdAt": to_text(shown.created_at),
        "updatedAt": to_text(shown.updated_at),
        "source": shown.source,
        "owner": shown.owner,
        "priority": shown.priority,
        "responders": [{"type": "team", "id": team} for team in shown.teams],
        "integration": {"id": "", "name": "Tocsin", "type": "API"},
        "actions": [],
        "entity": shown.entity,
        "description": shown.description,
        "details": dict(shown.details),
    }


def pong(*, request_id: str, took: float) -> Json:
    """The body of a 202 to a heartbeat's ping."""
    return {"result": "PONG - Heartbeat received", "took": took, "requestId": request_id}
