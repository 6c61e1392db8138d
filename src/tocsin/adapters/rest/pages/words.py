"""Words of the documentation that no endpoint declares: tags, names in paths, names of operations.

What is said here is about many endpoints at once; what is said about one stands in its declaration.
"""

from __future__ import annotations

from typing import Any, Final

TITLE: Final = "Tocsin"
SUMMARY: Final = (
    "One record of incidents, maintenance and provisioning for networks that several"
    " organisations run together."
)

TAGS: Final[dict[str, str]] = {
    "tickets": "Incidents and maintenance: open, read, change, move, end, and tell the public.",
    "signals": "What monitoring systems observe: told over the API, or in a neighbour's own way.",
    "events": "The log of the org: in pages, line by line, and live.",
    "measures": "How long things take, how many there are, and how available it all was.",
    "calendars": "What is planned, for calendar programs and for those who read MAINTNOTE.",
    "devices": "Network devices, as registered records.",
    "links": "Links between two devices, as registered records.",
    "locations": "The places that devices stand in, and the metros that they belong to.",
    "ledger": "Devices, links and what they name, whole, as a ledger writes them.",
    "contributors": "The organisations that run parts of the network, and whom to reach there.",
    "services": "What users depend on, by name.",
    "routes": "Which facts go to which destination.",
    "entry-points": "What becomes of reports in free text: whose they are, and how severe.",
    "connectors": "Monitoring systems that may speak to us, and with which token.",
    "inbox": "Every payload that arrived, what became of it, and reading it again.",
    "rules": "What becomes of the signals of connectors.",
    "status-pages": "What the public is shown, and where.",
    "views": "Filters of the list of tickets, kept under a name.",
    "subscriptions": "Who is told what a status page tells.",
    "deliveries": "What did not get through to a destination, and having it tried again.",
    "policy": "How the org wants it.",
    "redactions": "Erasing text and personal data without breaking the chain of the log.",
    "me": "Who the key says you are.",
    "members": "People, and things that act like people, with a role each.",
    "keys": "API keys of members.",
    "operation": "For those who run the server. None of it needs an API key.",
    "documentation": "This page, and what it is made from.",
}

PATH_NAMES: Final[dict[str, tuple[str, str]]] = {
    "org": ("The code of the org that the key belongs to.", "acme"),
    "ticket": ("The ticket, by id or ref.", "I20261120-af36"),
    "update": ("The public update, by id.", "0197a3c2-5d00-7000-8000-00000000002a"),
    "delivery": (
        "The delivery, by id: `dlv_`, the position of its event, `_`, the id of its route.",
        "dlv_4711_0197a3c2-5d00-7000-8000-00000000002a",
    ),
    "connector": ("The connector, by code or id.", "am"),
    "item": (
        "The payload, by id; it carries the instant at which it came.",
        "0197a3c2-5d00-7000-8005-2f8a3c1e9d40",
    ),
    "signal": ("The signal, by id.", "0197a3c2-5d00-7000-8000-00000000002a"),
    "interface": ("The interface, as the device writes its name.", "Ethernet1/2"),
    "name": ("The thing itself, by any name that the description gives it.", "alpha"),
}
"""What a name in a path stands for, and an example of it."""

EXAMPLE_NAMES: Final[dict[str, str]] = {
    "devices": "ams-1",
    "links": "ams-1:fra-1",
    "locations": "ams",
    "contributors": "alpha",
    "services": "api",
    "routes": "noc",
    "entry-points": "0197a3c2-5d00-7000-8000-00000000002a",
    "connectors": "am",
    "rules": "0197a3c2-5d00-7000-8000-00000000002a",
    "status-pages": "main",
    "subscriptions": "0197a3c2-5d00-7000-8000-00000000002a",
    "views": "0197a3c2-5d00-7000-8000-00000000002a",
    "members": "0197a3c2-5d00-7000-8000-00000000002a",
    "keys": "6b1f0c9d2e7a4853",
}
"""Examples of ``{name}``, by the tag of the endpoint."""

_TICKET_VERBS: Final[dict[str, str]] = {
    "status": "move_ticket",
    "acknowledge": "acknowledge_ticket",
    "start": "start_ticket",
    "complete": "complete_ticket",
    "extend": "extend_ticket",
    "cancel": "cancel_ticket",
    "confirm": "confirm_ticket",
    "close": "close_ticket",
    "severity": "change_ticket_severity",
    "assignee": "assign_ticket",
    "labels": "label_ticket",
}

_NAMED: Final[dict[str, str]] = {
    "POST /tickets": "open_ticket",
    "PUT /tickets/{ticket}/rca": "set_ticket_rca",
    "GET /tickets/{ticket}/related": "list_related_tickets",
    "GET /tickets/{ticket}/timeline": "read_ticket_timeline",
    "PATCH /tickets/{ticket}/public-updates/{update}": "correct_ticket_public_update",
    "POST /signals": "tell_signals_in_org",
    "POST /v1/signals": "tell_signals",
    "POST /ingest/{connector}": "ingest_in_org",
    "PUT /ingest/{connector}": "ingest_in_org_by_put",
    "POST /v1/ingest/{connector}": "ingest",
    "PUT /v1/ingest/{connector}": "ingest_by_put",
    "GET /stream": "follow_events",
    "POST /redactions": "redact_event",
    "GET /me": "read_me_in_org",
    "GET /v1/me": "read_me",
    "GET /policy": "read_policy",
    "PATCH /policy": "change_policy",
    "DELETE /keys/{name}": "revoke_key",
    "POST /routes/{name}/test": "test_route",
    "GET /maintenance.ics": "read_maintenance_calendar_in_org",
    "GET /v1/maintenance.ics": "read_maintenance_calendar",
    "GET /tickets/{ticket}.ics": "read_ticket_calendar_in_org",
    "GET /v1/tickets/{ticket}.ics": "read_ticket_calendar",
    "GET /deliveries/{delivery}": "read_delivery",
    "POST /deliveries/{delivery}/redrive": "redrive_delivery",
    "POST /deliveries/redrive": "redrive_deliveries",
    "GET /tickets/{ticket}/similar": "list_similar_incidents",
    "POST /signals/{signal}/attach": "attach_signal",
    "GET /inbox": "list_inbox",
    "GET /inbox/{item}": "read_inbox_payload",
    "POST /inbox/{item}/replay": "replay_payload",
    "POST /inbox/replay": "replay_payloads",
    "GET /connectors/{name}/dry-run": "dry_run_connector",
    "POST /connectors/{name}/dry-run": "dry_run_connector_with_rules",
    "POST /connectors/{name}/preview": "preview_connector_mapping",
    "GET /healthz": "check_alive",
    "GET /readyz": "check_ready",
    "GET /metrics": "read_metrics",
    "GET /openapi.json": "read_openapi",
    "GET /docs": "read_documentation",
    **{f"POST /tickets/{{ticket}}/{verb}": name for verb, name in _TICKET_VERBS.items()},
}

_ON_ALL: Final = {"GET": "list", "POST": "create"}
_ON_ONE: Final = {"GET": "read", "PATCH": "change", "PUT": "replace", "DELETE": "remove"}


def operation_name(method: str, path: str) -> str:
    """The ``operationId`` of *method* on *path*: ``open_ticket``, ``list_ticket_updates``.

    Clients are generated from it, so it never changes for the same method and path.
    """
    within = path.removeprefix("/v1/orgs/{org}")
    named = _NAMED.get(f"{method} {within}")
    if named is not None:
        return named
    parts = [part for part in within.split("/") if part and part != "v1"]
    words = [part.replace("-", "_").replace(".", "_") for part in parts if part[0] != "{"]
    on_one = parts[-1].startswith("{")
    verb = (_ON_ONE if on_one else _ON_ALL).get(method, method.lower())
    one_only = on_one or method != "GET"
    owners = [_singular(word) for word in words[:-1]]
    return "_".join([verb, *owners, _singular(words[-1]) if one_only else words[-1]])


def _singular(word: str) -> str:
    return word.removesuffix("s")


IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Fresh for each thing that is asked. The same key with the same body gets the same answer"
        " for 24 hours; with another body it is refused."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    },
    "example": "0197a3c2-5d00-7000-8000-00000000002a",
}

IF_MATCH: Final[dict[str, Any]] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": (
        "The ETag that was read: refused with 412 when it has changed since. `*` is any."
    ),
    "schema": {"type": "string", "maxLength": 16, "pattern": r'^(\*|(W/)?"[0-9]{1,9}")$'},
    "example": '"3"',
}

IF_NONE_MATCH: Final[dict[str, Any]] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what is held: 304 as long as that is what it is.",
    "schema": {"type": "string", "maxLength": 100, "pattern": r'^(\*|(W/)?"[0-9a-f]{1,64}")$'},
    "example": '"5e3aa2b1c7f84d0e9a6b13c25d7f9e01"',
}

LAST_EVENT_ID: Final[dict[str, Any]] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The position of the last event that was seen; the stream goes on behind it.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    "example": "4711",
}

ANSWER_HEADERS: Final[dict[str, tuple[str, bool, dict[str, Any]]]] = {
    "X-Request-Id": (
        "The name of this request in the log of the server.",
        True,
        {"type": "string"},
    ),
    "ETag": (
        "The version, in quotes; send it as If-Match.",
        True,
        {"type": "string", "pattern": '^"[0-9]+"$'},
    ),
    "X-Position": ("The position of the log that this write reached.", True, {"type": "integer"}),
    "X-Indexed-Position": (
        "With q: how far into the log the search has read.",
        False,
        {"type": "integer"},
    ),
    "Idempotency-Replayed": (
        "`true` where this is the answer to an earlier request with the same Idempotency-Key.",
        False,
        {"type": "string", "enum": ["true"]},
    ),
    "RateLimit-Limit": ("How many requests the key may make at once.", True, {"type": "integer"}),
    "RateLimit-Remaining": ("How many of them are left.", True, {"type": "integer"}),
    "RateLimit-Reset": ("Seconds until all of them are back.", True, {"type": "integer"}),
    "Retry-After": ("Seconds to wait before trying again.", True, {"type": "integer"}),
    "WWW-Authenticate": ("How to authenticate.", True, {"type": "string"}),
    "Content-Security-Policy": ("The page loads nothing.", True, {"type": "string"}),
}
"""Headers of answers: what each says, whether it is always there where it is named, its schema."""

REFUSED: Final[dict[int, str]] = {
    400: "The body is not JSON, or the query string cannot be read.",
    401: "No API key, or one that is not known, revoked, expired, or used from elsewhere.",
    403: "Known, but not allowed; the sentence says which role would be.",
    404: "Nothing of that name in this org.",
    409: "A name, key or window is taken, or the lifecycle has no such move.",
    412: "If-Match is stale.",
    413: "The body is larger than is read here.",
    415: "The body is not sent as JSON.",
    422: "Fields or parameters are wrong, each is named; or the Idempotency-Key had another body.",
    429: "The key has used its allowance for now.",
    503: "Storage is away or full, or too much waits. The same request may succeed later.",
}
"""What a refusal with that status means, whatever the endpoint."""
