"""The application: every endpoint on its path, and a short way in for the most frequent one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from litestar import Litestar, Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.types import ASGIApp, Receive, Scope, Send

from tocsin.adapters.rest import (
    calendars,
    deliveries,
    destinations,
    entry_points,
    events,
    health,
    identity,
    measures,
    observations,
    policy,
    records,
    redactions,
    sign_in,
    status_pages,
    subscriptions,
    ticket_lists,
    ticket_parts,
    tickets,
    timelines,
    trials,
    views,
)
from tocsin.adapters.rest.connectors import records as connectors
from tocsin.adapters.rest.connectors import rules
from tocsin.adapters.rest.documentation import documentation_endpoints
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.ingest.drop_in import way_of
from tocsin.adapters.rest.ingest.serving import Ingest
from tocsin.adapters.rest.pipeline import Pipeline
from tocsin.adapters.rest.problems import PROBLEM, problem_of
from tocsin.adapters.rest.provisioning import (
    interfaces,
    ledger,
    lives,
    locations,
    readiness,
    registry,
)
from tocsin.adapters.rest.signals import (
    inbox,
    previews,
    rehearsals,
    replays,
    signal_lists,
    similar,
)
from tocsin.adapters.rest.signals import (
    telling as signals,
)
from tocsin.core.errors import Malformed, MethodNotAllowed, NotFound, Refusal

_BEFORE = "/v1/orgs/"
INTERFACE = "{interface}"
_READS = ("GET", "HEAD")
PIPELINE = "tocsin.pipeline"
"""The key of a scope that says whose pipeline serves it."""
_FREQUENT = {"tickets": tickets.OPEN, "signals": signals.TELL_IN_ORG}
"""What is asked most often, by what follows the org."""


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint there is, in the order of the documentation."""
    described = (
        *tickets.ENDPOINTS,
        *ticket_lists.ENDPOINTS,
        *ticket_parts.ENDPOINTS,
        *timelines.ENDPOINTS,
        *signals.ENDPOINTS,
        *similar.ENDPOINTS,
        *signal_lists.ENDPOINTS,
        *observations.ENDPOINTS,
        *events.ENDPOINTS,
        *measures.ENDPOINTS,
        *calendars.ENDPOINTS,
        *registry.ENDPOINTS,
        *lives.ENDPOINTS,
        *interfaces.ENDPOINTS,
        *readiness.ENDPOINTS,
        *locations.ENDPOINTS,
        *ledger.ENDPOINTS,
        *records.ENDPOINTS,
        *destinations.ENDPOINTS,
        *entry_points.ENDPOINTS,
        *connectors.ENDPOINTS,
        *rehearsals.ENDPOINTS,
        *previews.ENDPOINTS,
        *rules.ENDPOINTS,
        *status_pages.ENDPOINTS,
        *sign_in.ENDPOINTS,
        *subscriptions.ENDPOINTS,
        *views.ENDPOINTS,
        *inbox.ENDPOINTS,
        *replays.ENDPOINTS,
        *trials.ENDPOINTS,
        *deliveries.ENDPOINTS,
        *policy.ENDPOINTS,
        *redactions.ENDPOINTS,
        *identity.ENDPOINTS,
        *health.ENDPOINTS,
    )
    return (*described, *documentation_endpoints(described))


class Application:
    """The gateway as an ASGI application.

    What is asked most often, opening a ticket and telling signals, does not go through the router:
    that would cost it as much as everything else on its way in. What neighbours send has a way of
    its own.
    """

    def __init__(self, gateway: Gateway, served: tuple[Endpoint, ...]) -> None:
        self._pipeline = Pipeline(gateway)
        self._announcer = gateway.announcer
        self._files = tuple(one for one in served if _is_file(one))
        self._frequent = _FREQUENT if tickets.OPEN in served else {}
        listens = any(endpoint.for_neighbours for endpoint in served)
        self._ingest: Ingest | None = None
        if listens:
            self._ingest = Ingest(
                gateway,
                callers=self._pipeline.callers,
                next_request_id=self._pipeline.next_request_id,
            )
        self._router = _router_of(served)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            if scope["method"] == "POST":
                short = self._short_way(path)
                if short is not None:
                    await self._pipeline.serve(*short, scope, receive, send)
                    return
            if self._ingest is not None:
                way = way_of(path)
                if way is not None:
                    await self._ingest.serve(way, scope, receive, send)
                    return
        if scope["type"] == ScopeType.HTTP and scope["method"] in _READS:
            file = calendars.file_at(scope["path"])
            if file is not None and file[0] in self._files:
                await self._pipeline.serve(*file, scope, receive, send)
                return
        if cast(str, scope["type"]) == "lifespan":
            self._announcer.attach()
        scope[PIPELINE] = self._pipeline  # type: ignore[literal-required]
        await self._router(scope, receive, send)

    def _short_way(self, path: str) -> tuple[Endpoint, Mapping[str, str]] | None:
        """What is asked most often, found without the router."""
        if not self._frequent:
            return None
        if path == signals.TELL.path:
            return signals.TELL, {}
        if path.startswith(_BEFORE):
            org, _, rest = path[len(_BEFORE) :].partition("/")
            endpoint = self._frequent.get(rest)
            if endpoint is not None:
                return endpoint, {"org": org}
        return None


class _Router(Litestar):
    """Litestar without its plugins for Pydantic and attrs, which no handler here speaks: to load
    them would be a tenth of what a server takes to be ready."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


_routers: dict[int, tuple[tuple[Endpoint, ...], Litestar]] = {}


def _router_of(served: tuple[Endpoint, ...]) -> Litestar:
    """The router of these endpoints, made once in a process: whose pipeline serves a request stands
    in its scope."""
    known = _routers.get(id(served))
    if known is None:
        by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in served:
            # The router has no suffix of a name: what has one is found before it.
            if not _is_file(endpoint) and not endpoint.for_neighbours:
                by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        router = _Router(
            [_handler(path, methods) for path, methods in by_path.items()],
            openapi_config=None,
            exception_handlers={HTTPException: _unrouted},
        )
        # With what it was made of, so that the name stays its own.
        known = _routers[id(served)] = (served, router)
    return known[1]


def _is_file(endpoint: Endpoint) -> bool:
    return endpoint.path.endswith("}.ics")


def _pipeline_of(scope: Scope) -> Pipeline:
    pipeline: Pipeline = scope[PIPELINE]  # type: ignore[literal-required]
    return pipeline


def _handler(path: str, methods: Mapping[str, Endpoint]) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> ASGIApp:
        # What may be read may be asked for its headers alone.
        endpoint = methods["GET" if request.method == "HEAD" else request.method]

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            names = request.path_params
            if "interface" in names:
                names = {**names, "interface": str(names["interface"]).removeprefix("/")}
            await _pipeline_of(scope).serve(endpoint, names, scope, receive, send)

        return answer

    # The names of interfaces have slashes: the last part of their path is all that is left.
    last = path.rpartition("/")[2]
    pattern = path.replace("}", ":str}")
    if last == INTERFACE:
        pattern = pattern.replace("{interface:str}", "{interface:path}")
    answered = [*methods, "HEAD"] if "GET" in methods else list(methods)
    return HTTPRouteHandler(
        pattern,
        http_method=answered,  # type: ignore[arg-type]
        include_in_schema=False,
        # The answer has its own status; this one keeps Litestar from asking for an empty body.
        status_code=200,
    )(handle)


def _unrouted(request: Request[Any, Any, Any], wrong: HTTPException) -> Response[bytes]:
    """What the router refuses: no such path, no such method there, an unreadable address."""
    refusal: Refusal
    headers: dict[str, str] = {}
    if isinstance(wrong, MethodNotAllowedException):
        refusal = MethodNotAllowed(f"{request.method} is not a method of this path")
        headers = dict(wrong.headers or {})
    elif wrong.status_code == 404:
        refusal = NotFound("there is nothing at this path; /docs lists what there is")
    else:
        refusal = Malformed(wrong.detail)
    request_id = _pipeline_of(request.scope).next_request_id()
    reply = problem_of(refusal, request_id=request_id)
    return Response(
        reply.body,
        status_code=reply.status,
        media_type=PROBLEM[1].decode(),
        headers={
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Request-Id": request_id,
            **headers,
        },
    )


def make_application(gateway: Gateway) -> Application:
    """The application of *gateway*, with every endpoint."""
    return Application(gateway, endpoints())


def make_probes(gateway: Gateway) -> Application:
    """The application of a process that answers nobody but those who run it."""
    return Application(gateway, health.ENDPOINTS)
