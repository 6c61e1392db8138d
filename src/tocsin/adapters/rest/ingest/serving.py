"""Taking in what neighbours send, and answering it (API: ingest; Integrations).

This is the way of all their requests, beside the pipeline of the endpoints: a payload that arrived
is kept whatever it says, and an answer is such that the neighbour's client does the right thing. It
is never 429, which some of them take for a reason to drop what they have: overload is 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

import structlog
from litestar.types import HTTPScope, Receive, Send

from tocsin.adapters.rest.authentication import Callers
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.ingest.drop_in import Way, refused, shaped
from tocsin.adapters.rest.ingest.speakers import Speakers
from tocsin.adapters.rest.ingest.visits import Visit
from tocsin.adapters.rest.payloads import ClientGone
from tocsin.adapters.rest.problems import problem_of_accident, problem_of_storage
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.core.errors import Overloaded, RateLimited, Refusal
from tocsin.store.contract import StorageFailed

log = structlog.get_logger(__name__)

_NOSNIFF: Final[Header] = (b"x-content-type-options", b"nosniff")
_NOT_KEPT: Final[Header] = (b"cache-control", b"no-store")
_WITHOUT_LENGTH: Final = (204, 304)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Ingest:
    """Serves neighbours for one gateway; belongs to one event loop.

    ``callers`` are the API keys that the gateway knows, with their rates; ``next_request_id`` names
    requests.
    """

    def __init__(
        self, gateway: Gateway, *, callers: Callers, next_request_id: Callable[[], str]
    ) -> None:
        self._gateway = gateway
        self._speakers = Speakers(gateway, callers=callers)
        self._next_request_id = next_request_id
        self._answers: dict[tuple[str, int], Any] = {}
        self._verdicts: dict[tuple[str, str], Any] = {}

    async def serve(self, way: Way, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request that came that *way*."""
        request_id = self._next_request_id()
        visit = Visit(self._gateway, self._speakers, way=way, scope=scope, receive=receive)
        outcome: str | None = None
        try:
            said = await visit.answered()
        except Refusal as refusal:
            if isinstance(refusal, RateLimited):
                refusal = Overloaded(refusal.detail, retry_after=refusal.retry_after)
            outcome = refusal.code
            said = refused(refusal, way=way, request_id=request_id)
        except StorageFailed as failed:
            log.error(
                "a payload met a failing storage",
                action="ingest_unavailable",
                request_id=request_id,
                reason=failed.reason,
            )
            outcome = "unavailable"
            said = self._storage_failed(failed, way=way, request_id=request_id)
        except ClientGone:
            return
        except asyncio.CancelledError:
            raise
        except BaseException:
            # An error of ours, of any kind: the neighbour is told that it was one, so that it says
            # the same again, and the error goes on to the log.
            log.error(
                "a payload met an error",
                action="ingest_failed",
                request_id=request_id,
                kind=visit.kind,
                endpoint=way.label,
            )
            self._count(visit.kind, "internal")
            problem = problem_of_accident(request_id=request_id)
            said = shaped(
                problem, way=way, code="internal", said="an error of ours", request_id=request_id
            )
            await self._send(said, way=way, scope=scope, request_id=request_id, send=send)
            raise
        if visit.verdict is not None:
            outcome = visit.verdict.value
        if outcome is not None:
            self._count(visit.kind, outcome)
        await self._send(said, way=way, scope=scope, request_id=request_id, send=send)
        if visit.errand is not None:
            self._run(visit.errand, kind=visit.kind, request_id=request_id)

    @staticmethod
    def _storage_failed(failed: StorageFailed, *, way: Way, request_id: str) -> Reply:
        problem = problem_of_storage(failed, request_id=request_id)
        # Twice is harmless: what was stored after all is known by its keys when it comes again.
        said = "it could not be stored; send it again in a moment"
        return shaped(problem, way=way, code="unavailable", said=said, request_id=request_id)

    async def _send(
        self, said: Reply, *, way: Way, scope: HTTPScope, request_id: str, send: Send
    ) -> None:
        method, body = scope["method"], said.body
        self._count_answer(way, method, said.status)
        headers: list[Header] = [
            said.content_type,
            _NOT_KEPT,
            (b"x-request-id", request_id.encode()),
            _NOSNIFF,
            *said.headers,
        ]
        if said.status not in _WITHOUT_LENGTH:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": said.status, "headers": headers})
        if method == "HEAD":
            body = b""
        await send({"type": "http.response.body", "body": body, "more_body": False})

    # -- counting --------------------------------------------------------------------------------

    def _count_answer(self, way: Way, method: str, status: int) -> None:
        named = f"{method if method in _METHODS else 'other'} {way.label}"
        counter = self._answers.get((named, status))
        if counter is None:
            counter = self._gateway.metrics.requests.labels(named, str(status))
            self._answers[named, status] = counter
        counter.inc()

    def _count(self, kind: str, verdict: str) -> None:
        """One more payload of that kind had that verdict, or was refused with that code."""
        counter = self._verdicts.get((kind, verdict))
        if counter is None:
            counter = self._gateway.metrics.ingested.labels(kind, verdict)
            self._verdicts[kind, verdict] = counter
        counter.inc()

    # -- afterwards ------------------------------------------------------------------------------

    def _run(self, errand: Callable[[], None], *, kind: str, request_id: str) -> None:
        """Run *errand* away from the event loop; the neighbour was answered already."""

        def ended(running: Future[None]) -> None:
            wrong = None if running.cancelled() else running.exception()
            if wrong is not None:
                log.warning(
                    "an errand failed",
                    action="errand_failed",
                    kind=kind,
                    request_id=request_id,
                    reason=type(wrong).__name__,
                )

        self._gateway.readers.submit(errand).add_done_callback(ended)
