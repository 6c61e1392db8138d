"""The way of a request, in the order of its checks: credential, membership, rate, idempotency,
body, permission, version (Design: edge).

Permission and version are the writer's to check for what is written, as both must hold at the
moment of the commit; for what is read they are checked on the snapshot that is read.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from itertools import count
from typing import Any, TypeVar

import msgspec
import structlog
from litestar.types import Receive, Scope, Send

from tocsin.adapters.rest.authentication import INSIDE, Callers, Inside, presented
from tocsin.adapters.rest.bodies import read_body, read_query
from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint, Show
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.payloads import ClientGone, received, unpacked
from tocsin.adapters.rest.problems import problem_of, problem_of_accident, problem_of_storage
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.core.dialects import parse_dialect
from tocsin.core.errors import (
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Overloaded,
    RateLimited,
    Refusal,
    Unauthenticated,
    UnsupportedMedia,
    invalid,
)
from tocsin.core.origins import client_address, plain_address
from tocsin.core.permissions import READERS, may_read
from tocsin.core.words import UnknownWord
from tocsin.handler.admission import Admission, admission
from tocsin.handler.receipts import refuse_another
from tocsin.handler.submission import Outcome, Submission
from tocsin.store.contract import Answer, ReadTurn, ReceiptKey, StorageFailed

log = structlog.get_logger(__name__)

T = TypeVar("T")

LONGEST_IDEMPOTENCY_KEY = 255
_encode = msgspec.json.Encoder().encode
_ALWAYS: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"),)
_NO_LENGTH = 304
"""Has the length of the answer that it stands for, or none."""


class Pipeline:
    """Runs endpoints for one gateway; belongs to one event loop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._callers = Callers(clock=time.monotonic)
        self._process = secrets.token_hex(4)
        self._numbers = count(1)
        self._counted: dict[tuple[int, int], Any] = {}

    @property
    def callers(self) -> Callers:
        """The keys that were seen, with their rates."""
        return self._callers

    def next_request_id(self) -> str:
        """A name for a request that the log and the client share."""
        return f"{self._process}-{next(self._numbers):x}"

    async def serve(
        self,
        endpoint: Endpoint,
        path: Mapping[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        request_id = self.next_request_id()
        call: AnyCall | None = None
        try:
            client = scope.get("client")
            peer = plain_address(client[0]) if client else ""
            call = Call(
                gateway=self._gateway,
                path=path,
                headers=headers,
                request_id=request_id,
                peer=peer,
                address=client_address(
                    peer,
                    headers.get(b"x-forwarded-for"),
                    trusted=self._gateway.trusted_proxies,
                ),
                query=None,
                body=None,
            )
            reply = await self._answered(endpoint, call, scope, receive)
        except Refusal as refusal:
            if call is not None and call.credential and isinstance(refusal, Unauthenticated):
                self._callers.forget(call.credential.key_id)
            reply = problem_of(refusal, request_id=request_id, basic=endpoint.basic)
        except StorageFailed as failed:
            log.error(
                "request met a failing storage",
                action="request_unavailable",
                request_id=request_id,
                reason=failed.reason,
            )
            reply = problem_of_storage(failed, request_id=request_id)
        except ClientGone:
            return
        except asyncio.CancelledError:
            raise
        except BaseException:
            # An error of ours, of any kind, which goes on.
            log.error(
                "request met an error",
                action="request_failed",
                request_id=request_id,
                endpoint=f"{endpoint.method} {endpoint.path}",
            )
            # Said to the client as far as it may know; the rest is for the log, and for us.
            reply = problem_of_accident(request_id=request_id)
            await self._send(endpoint, call, reply, request_id, scope, send)
            raise
        await self._send(endpoint, call, reply, request_id, scope, send)

    # -- the checks ------------------------------------------------------------------------------

    async def _answered(
        self, endpoint: Endpoint, call: AnyCall, scope: Scope, receive: Receive
    ) -> Reply:
        gateway = self._gateway
        if not endpoint.anonymous:
            await self._let_in(endpoint, call, scope)
        if endpoint.writes and gateway.writer.full:
            raise Overloaded(
                "too much is waiting to be written; try again in a moment", retry_after=1
            )
        raw_query = scope["query_string"]
        if endpoint.body is not None:
            call.raw = await received(
                receive,
                length=call.headers.get(b"content-length", b""),
                largest=endpoint.largest_body,
            )
            packing = call.headers.get(b"content-encoding")
            if packing is not None and call.raw:
                call.raw = unpacked(
                    call.raw, encoding=packing.decode("latin-1"), largest=endpoint.largest_body
                )
        receipt = self._receipt_key(endpoint, call, scope)
        try:
            if endpoint.query is not None:
                call.query = read_query(raw_query, endpoint.query)
                self._read_dialect(call)
            elif raw_query:
                call.query = read_query(raw_query, _Nothing)
            if endpoint.body is not None and (call.raw or not endpoint.body_optional):
                _refuse_other_media(call)
                call.body = read_body(call.raw, endpoint.body)
            elif endpoint.body is not None:
                call.body = endpoint.body()
        except (Invalid, Malformed, UnsupportedMedia):
            if receipt is not None:
                await self._refuse_other_body(receipt)
            raise
        if endpoint.ask is not None:
            assert endpoint.show is not None
            asked = endpoint.ask(call)
            return await self.submit(
                call, asked, endpoint.show, status=endpoint.status, receipt=receipt
            )
        if endpoint.look is not None:
            return await self._looked(endpoint, call)
        assert endpoint.act is not None
        return await endpoint.act(Acting(self, endpoint, call, receipt, scope, receive))

    async def _let_in(self, endpoint: Endpoint, call: AnyCall, scope: Scope) -> None:
        inside: Inside | None = scope.get(INSIDE)  # type: ignore[assignment]
        if inside is None:
            credential = presented(call.headers, address=call.address, basic=endpoint.basic)
        else:
            credential, call.via = inside.credential, inside.via
        call.credential = credential
        caller = self._callers.known(credential)
        if caller is None:
            caller = await self._introduced(call)
        call.caller = caller
        org = call.path.get("org")
        if org is not None and org != caller.org_code:
            raise NotFound(f"there is no org {org[:64]!r} that this key opens")
        try:
            caller.bucket.take()
        except RateLimited as limited:
            if not endpoint.ingest:
                raise
            raise Overloaded(limited.detail, retry_after=limited.retry_after) from None

    async def _introduced(self, call: AnyCall) -> Any:
        credential, at = call.credential, call.now()
        assert credential is not None

        def look(turn: ReadTurn) -> Any:
            admitted = admission(turn, credential, at=at)
            row = turn.credential(credential.key_id)
            assert row is not None
            return admitted, row.org_id

        admitted, org_id = await self._gateway.read(look)
        return self._callers.remember(credential, admitted, org_id=org_id)

    def _receipt_key(self, endpoint: Endpoint, call: AnyCall, scope: Scope) -> ReceiptKey | None:
        given = call.headers.get(b"idempotency-key")
        if given is None or endpoint.method != "POST" or call.credential is None:
            return None
        key = given.decode("latin-1").strip()
        if not 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY or not key.isprintable():
            code = "too_long" if len(key) > LONGEST_IDEMPOTENCY_KEY else "bad_character"
            raise invalid(
                "Idempotency-Key",
                code if key else "required",
                "1 to 255 printable characters, fresh per request",
            )
        digest = hashlib.sha256(call.raw)
        if scope["query_string"]:
            digest.update(b"\0" + scope["query_string"])
        return ReceiptKey(
            org_id=call.org_id,
            scope=f"{call.credential.key_id} {scope['path']}",
            key=key,
            body_digest=digest.digest(),
        )

    async def _refuse_other_body(self, key: ReceiptKey) -> None:
        """The key may have come with another body before, which is then what is wrong."""
        receipt = await self._gateway.read(lambda turn: turn.receipt(key))
        if receipt is not None and receipt.expires_at > self._gateway.clock():
            refuse_another(receipt, key)

    @staticmethod
    def _read_dialect(call: AnyCall) -> None:
        name = getattr(call.query, "dialect", None)
        if name is None:
            return
        try:
            call.dialect = parse_dialect(name)
        except UnknownWord as unknown:
            raise invalid("dialect", "unknown_word", str(unknown).partition(": ")[2]) from None

    # -- writing ---------------------------------------------------------------------------------

    async def submit(
        self,
        call: AnyCall,
        asked: Asked,
        show: Show,
        *,
        status: int,
        receipt: ReceiptKey | None,
    ) -> Reply:
        """Have the writer do what was asked, and answer once it is on disk."""

        def render(outcome: Outcome) -> Answer:
            return Answer(
                status=200 if asked.dry_run else status,
                body=_encode(show(outcome, call)),
                headers=(
                    ("x-position", str(outcome.position)),
                    ("etag", f'"{outcome.version}"'),
                ),
            )

        outcome = await self._gateway.writer.submit(
            Submission(
                org_id=call.org_id,
                sort=asked.sort,
                command=asked.command,
                subject=asked.subject,
                credential=call.credential,
                via=call.via,
                expected_version=expected_version(call.headers.get(b"if-match")),
                receipt=None if asked.dry_run else receipt,
                render=render,
                preceding=asked.preceding,
                secret_digest=asked.secret_digest,
                secrets=asked.secrets,
                dry_run=asked.dry_run,
            ),
            asyncio.get_running_loop(),
        )
        answer = outcome.answer
        assert answer is not None, "every outcome is rendered"
        self._learn(call, outcome)
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        body = answer.body
        if outcome.replayed is not None:
            headers.append((b"idempotency-replayed", b"true"))
        elif asked.reveal:
            body = _encode({**msgspec.json.decode(body), **asked.reveal})
        return Reply(status=answer.status, body=body, headers=tuple(headers))

    def _learn(self, call: AnyCall, outcome: Outcome) -> None:
        """The writer's directory knows the key as it is now."""
        assert call.caller is not None
        key = outcome.directory.key(call.caller.key_id)
        if key is not None:
            self._callers.sized(call.caller, key)

    # -- reading ---------------------------------------------------------------------------------

    async def look(
        self, call: AnyCall, work: Callable[[ReadTurn], T], *, reads: str | None = None
    ) -> T:
        """What *work* finds, on a snapshot on which the key still opens the org and reads such
        things.

        Raises:
            Unauthenticated: the key opens nothing any more.
            Forbidden: its role does not read this.
        """
        credential, at = call.credential, call.now()
        assert credential is not None

        def looking(turn: ReadTurn) -> tuple[Admission, T]:
            admitted = admission(turn, credential, at=at)
            call.access = admitted.access
            refuse_reader(call, reads)
            return admitted, work(turn)

        admitted, found = await self._gateway.read(looking)
        self._callers.remember(credential, admitted, org_id=call.org_id)
        return found

    async def _looked(self, endpoint: Endpoint, call: AnyCall) -> Reply:
        look = endpoint.look
        assert look is not None

        def work(turn: ReadTurn) -> Reply:
            found = look(turn, call)
            return found if isinstance(found, Reply) else _shown(found, endpoint)

        return await self.look(call, work, reads=endpoint.reads)

    # -- sending ---------------------------------------------------------------------------------

    async def _send(
        self,
        endpoint: Endpoint,
        call: AnyCall | None,
        reply: Reply,
        request_id: str,
        scope: Scope,
        send: Send,
    ) -> None:
        headers = [
            reply.content_type,
            reply.caching,
            (b"x-request-id", request_id.encode()),
            *_ALWAYS,
            *reply.headers,
        ]
        if reply.chunks is None and reply.status != _NO_LENGTH:
            headers.append((b"content-length", b"%d" % len(reply.body)))
        if call is not None and call.caller is not None:
            headers += call.caller.bucket.headers()
        self._count(endpoint, reply.status)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        whole = scope.get("method") != "HEAD"
        if reply.chunks is not None:
            # Closed here, however it ends: what it holds is not left to the garbage collector.
            async with aclosing(reply.chunks) as chunks:
                if whole:
                    async for chunk in chunks:
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        body = reply.body if whole else b""
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _count(self, endpoint: Endpoint, status: int) -> None:
        counter = self._counted.get((id(endpoint), status))
        if counter is None:
            counter = self._gateway.metrics.requests.labels(
                f"{endpoint.method} {endpoint.path}", str(status)
            )
            self._counted[id(endpoint), status] = counter
        counter.inc()


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The query of an endpoint that takes none."""


class Acting:
    """What an endpoint that acts freely has in hand; ``receipt`` names the request, where it came
    with an Idempotency-Key."""

    def __init__(
        self,
        pipeline: Pipeline,
        endpoint: Endpoint,
        call: AnyCall,
        receipt: ReceiptKey | None,
        scope: Scope,
        receive: Receive,
    ) -> None:
        self.call = call
        self.scope = scope
        self.receive = receive
        self.receipt = receipt
        self._pipeline = pipeline
        self._endpoint = endpoint

    async def look(self, work: Callable[[ReadTurn], T], *, reads: str | None = None) -> T:
        """What *work* finds, for a key that still opens the org (:meth:`Pipeline.look`)."""
        return await self._pipeline.look(self.call, work, reads=reads)

    async def submit(self, asked: Asked, show: Show, *, status: int | None = None) -> Reply:
        """Have the writer do it."""
        return await self._pipeline.submit(
            self.call,
            asked,
            show,
            status=self._endpoint.status if status is None else status,
            receipt=self.receipt,
        )


def refuse_reader(call: AnyCall, sort: str | None) -> None:
    """Refuse a caller whose role does not read things of that sort.

    Raises:
        Forbidden: names the role that does.
    """
    if sort is not None and not may_read(call.granted, sort):
        raise Forbidden(f"reading this takes the role {READERS[sort].value} or above")


def expected_version(given: bytes | None) -> int | None:
    """The version that an If-Match header names; None where any will do.

    A tag that is none of ours matches no version, and so names one that there cannot be.

    Raises:
        Invalid: it names several.
    """
    if given is None or given.strip() == b"*":
        return None
    text = given.strip().removeprefix(b"W/").strip(b'"')
    if b"," in given:
        raise invalid("If-Match", "repeated", "name the one version that was read")
    return int(text) if text.isdigit() and len(text) < 10 else -1


def _shown(found: Any, endpoint: Endpoint) -> Reply:
    headers: tuple[Header, ...] = ()
    version = getattr(found, "version", None)
    if isinstance(version, int):
        headers = ((b"etag", b'"%d"' % version),)
    return Reply(status=endpoint.status, body=_encode(found), headers=headers)


def _refuse_other_media(call: AnyCall) -> None:
    media = call.headers.get(b"content-type", b"application/json").partition(b";")[0].strip()
    if media.lower() != b"application/json" and not media.lower().endswith(b"+json"):
        raise UnsupportedMedia("send JSON, with Content-Type: application/json")
