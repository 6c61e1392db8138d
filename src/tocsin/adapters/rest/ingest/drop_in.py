"""Where neighbours come in: our own address for each connector, and the paths that the clients of
PagerDuty, Opsgenie and Alertmanager have built in (API: ingest; Integrations).

A built-in path names no connector: its token does. Behind our own address of a connector the same
paths work, for clients whose base address can be set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tocsin.adapters.rest.problems import problem_of
from tocsin.adapters.rest.replies import Reply
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.errors import Refusal, Unauthenticated

_OWN: Final = "/v1/ingest/"
_OF_ORG: Final = "/v1/orgs/"
_INGEST: Final = "ingest"
_ATLASSIAN: Final = "/jsm/ops/integration/"

PAGERDUTY_PATHS: Final = ("v2/enqueue", "v2/change/enqueue")
OPSGENIE_ROOTS: Final = ("v2/alerts", "v2/heartbeats")
ALERTMANAGER_ROOT: Final = "api/v2/"

OWN_LABEL: Final = "/v1/ingest/{connector}"
"""What the metrics call our own addresses of connectors."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way that a path is: ``path`` is what the receiver is told of it, ``label`` its name in
    the metrics.

    ``kind`` is whose path it is, None for our own address of a connector: that names the
    ``connector``, and may name its ``org``.
    """

    path: str
    label: str
    kind: ConnectorKind | None = None
    connector: str = ""
    org: str | None = None


def way_of(path: str) -> Way | None:
    """The way that *path* is; None where it is no neighbour's."""
    if path.startswith("/v1/"):
        return _own_way(path)
    if path.startswith(("/v2/", "/api/v2/", _ATLASSIAN)):
        inner = path.removeprefix(_ATLASSIAN) if path.startswith(_ATLASSIAN) else path[1:]
        kind = kind_of(inner)
        # Atlassian's prefix is Opsgenie's and nobody else's.
        if kind is None or (path.startswith(_ATLASSIAN) and kind is not ConnectorKind.OPSGENIE):
            return None
        return Way(path=inner, label=_label(inner, kind), kind=kind)
    return None


def _own_way(path: str) -> Way | None:
    org = None
    if path.startswith(_OWN):
        rest = path[len(_OWN) :]
    elif path.startswith(_OF_ORG):
        org, _, behind = path[len(_OF_ORG) :].partition("/")
        word, _, rest = behind.partition("/")
        if word != _INGEST:
            return None
    else:
        return None
    connector, _, inner = rest.partition("/")
    if not connector:
        return None
    return Way(path=inner, label=OWN_LABEL, connector=connector, org=org)


def kind_of(inner: str) -> ConnectorKind | None:
    """Whose built-in path *inner* is, without a slash in front."""
    if inner in PAGERDUTY_PATHS:
        return ConnectorKind.PAGERDUTY
    if inner.startswith("v2/"):
        root = "/".join(inner.split("/", 2)[:2])
        return ConnectorKind.OPSGENIE if root in OPSGENIE_ROOTS else None
    return ConnectorKind.ALERTMANAGER if inner.startswith(ALERTMANAGER_ROOT) else None


def _label(inner: str, kind: ConnectorKind) -> str:
    match kind:
        case ConnectorKind.PAGERDUTY:
            return f"/{inner}"
        case ConnectorKind.OPSGENIE:
            return "/" + "/".join(inner.split("/", 2)[:2])
        case _:
            return "/api/v2"


# -- refusals -------------------------------------------------------------------------------------


def refused(refusal: Refusal, *, way: Way, request_id: str) -> Reply:
    """The answer that says *refusal*, in the shape that the clients of that path read.

    On our own address it is a problem document.
    """
    problem = problem_of(refusal, request_id=request_id, basic=True)
    return _shaped(problem, way=way, code=refusal.code, said=refusal.detail, request_id=request_id)


def shaped(problem: Reply, *, way: Way, code: str, said: str, request_id: str) -> Reply:
    """A *problem* document that is no refusal, in the shape that the clients of that path read."""
    return _shaped(problem, way=way, code=code, said=said, request_id=request_id)


def _shaped(problem: Reply, *, way: Way, code: str, said: str, request_id: str) -> Reply:
    status, body = problem.status, None
    match way.kind:
        case None:
            return problem
        case ConnectorKind.PAGERDUTY:
            if code == Unauthenticated.code:
                # To its clients a key that is not known is an event that is not valid.
                status, said = 400, "'routing_key' is not a key that is known here"
            body = _pagerduty(status, said)
        case ConnectorKind.OPSGENIE:
            body = {"message": said, "took": 0.0, "requestId": request_id}
        case _:
            body = {"code": status, "message": said}
    headers = problem.headers if status == problem.status else ()
    return Reply(status=status, body=_encode(body), headers=headers)


def _pagerduty(status: int, said: str) -> dict[str, Any]:
    if status < 500:
        return {"status": "invalid event", "message": "Event object is invalid", "errors": [said]}
    return {"status": "unavailable", "message": said, "errors": [said]}
