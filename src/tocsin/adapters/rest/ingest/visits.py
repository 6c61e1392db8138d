"""One request of a neighbour on its way: who speaks, the payload, what it says, what became of it
(API: ingest).

The order of the checks: token or key, a place in the queue, size, signature, and then what it says.
From where it is known who speaks, whatever comes is kept in the inbox, but for what is not signed
as it should be.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote_plus

from litestar.types import HTTPScope, Receive

from tocsin.adapters.rest.authentication import presented
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.ingest.connector_tokens import carried_token, query_of
from tocsin.adapters.rest.ingest.drop_in import Way, kind_of
from tocsin.adapters.rest.ingest.kept_requests import to_keep
from tocsin.adapters.rest.ingest.speakers import Listener, Speaker, Speakers
from tocsin.adapters.rest.payloads import received, unpacked
from tocsin.adapters.rest.replies import Reply as Said
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.errors import (
    Malformed,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    Refusal,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.origins import client_address, plain_address
from tocsin.handler.arrival import Accounted, Arrival, ConnectorToken, PayloadVerdict, Unread
from tocsin.handler.receiving import NotAuthentic, Reply, Request
from tocsin.handler.submission import Credential
from tocsin.store.contract import Answer, ReadTurn, ReceiptKey

LARGEST_PAYLOAD: Final = 5 * 1_048_576
"""Bytes of a payload that is read at most, whatever its kind."""

LARGEST_UNKNOWN: Final = 1_048_576
"""Bytes that are read of somebody who is known, if at all, only by what is in the payload."""

READ_ASIDE: Final = 131_072
"""From how many bytes on a payload is read away from the event loop."""

_LONGEST_IDEMPOTENCY_KEY: Final = 255
_CONTENT_TYPE: Final = "content-type"
_LONGEST_TYPE: Final = 200
_METHODS: Final = ("POST", "PUT", "OPTIONS")
_LOOKS: Final = ("GET", "HEAD", "OPTIONS")
"""Methods that tell nothing."""
_ASKS: Final = "webhook-request-origin"


class Visit:
    """What is known of it: the ``kind`` of its neighbour, ``verdict`` once it is in the inbox, and
    an ``errand`` that is left to be done."""

    def __init__(
        self, gateway: Gateway, speakers: Speakers, *, way: Way, scope: HTTPScope, receive: Receive
    ) -> None:
        self._gateway = gateway
        self._speakers = speakers
        self._way = way
        self._scope = scope
        self._receive = receive
        self.kind = "unknown" if way.kind is None else way.kind.value
        self.verdict: PayloadVerdict | None = None
        self.errand: Callable[[], None] | None = None

    async def answered(self) -> Said:
        """What the neighbour is answered."""
        scope, way = self._scope, self._way
        # Of several of one name the first counts.
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in reversed(list(scope["headers"]))
        }
        request = Request(
            method=scope["method"],
            path=way.path,
            query=query_of(scope["query_string"]),
            headers=headers,
            body=b"",
            at=self._gateway.clock(),
            fresh=self._gateway.fresh_id(),
        )
        token = carried_token(headers, request.query)
        speaker: Speaker | None = None
        if token is not None and token.startswith("tk_") and way.kind is None:
            speaker = await self._speakers.with_key(way, self._presented(token))
            token = None
        else:
            token = token or self._speakers.own_token(way, request)
            if token is not None:
                speaker = await self._speakers.with_token(way, token)
        if speaker is not None:
            self.kind = speaker.neighbour.connector.kind.value
            if not self._is_payload(request, speaker):
                return await self._looked(request, speaker)
        elif request.method in _LOOKS:
            return _said(self._agreed(request))
        if self._gateway.writer.full:
            raise Overloaded(
                "too much is waiting to be written; try again in a moment", retry_after=1
            )
        largest = LARGEST_UNKNOWN
        if speaker is not None:
            largest = min(speaker.receiver.largest_body, LARGEST_PAYLOAD)
        elif way.kind is not None:
            largest = min(largest, self._speakers.listener_of(way.kind.value).receiver.largest_body)
        try:
            body = await received(
                self._receive,
                length=headers.get("content-length", "").encode("latin-1"),
                largest=largest,
            )
            body = unpacked(body, encoding=headers.get("content-encoding", ""), largest=largest)
        except (Malformed, TooLarge, UnsupportedMedia) as wrong:
            if speaker is not None:
                await self._left_unread(request, speaker, wrong)
            raise
        request = replace(request, body=body)
        if speaker is None:
            token = self._speakers.own_token(way, request)
            if token is None:
                raise _nobody()
            speaker = await self._speakers.with_token(way, token)
            self.kind = speaker.neighbour.connector.kind.value
        try:
            return await self._heard(request, speaker)
        except (Unauthenticated, NotFound):
            if speaker.token is None:
                raise
            # What is known of the connector may be older than its newest token or secret.
            speaker = await self._speakers.with_token(self._way, speaker.token, anew=True)
            return await self._heard(request, speaker)

    def _presented(self, token: str) -> Credential:
        scope, trusted = self._scope, self._gateway.trusted_proxies
        client = scope.get("client")
        peer = plain_address(client[0]) if client else ""
        forwarded = dict(scope["headers"]).get(b"x-forwarded-for")
        value = b"Bearer " + token.encode("utf-8", "surrogateescape")
        return presented(
            {b"authorization": value}, address=client_address(peer, forwarded, trusted=trusted)
        )

    # -- what tells nothing ----------------------------------------------------------------------

    def _is_payload(self, request: Request, speaker: Speaker) -> bool:
        """Whether something is told by it.

        Raises:
            NotFound: the path is none of the neighbour's.
            MethodNotAllowed: our own address of a connector has no such method.
        """
        way, kind = self._way, speaker.neighbour.connector.kind
        if way.kind is None and not way.path and request.method not in (*_METHODS, *_LOOKS):
            raise _no_method(request)
        if way.kind is None and way.path and kind_of(way.path) is not kind:
            raise NotFound("a connector of that kind has no such path")
        tells = speaker.listener.tells_payloads
        if tells is not None:
            return request.method != "OPTIONS" and tells.is_payload(request)
        return request.method not in _LOOKS

    def _agreed(self, request: Request) -> Reply:
        """The answer to a handshake that comes before a token does, as that of CloudEvents may:
        the same whatever connectors there are, as it lets nobody in.

        Raises:
            Unauthenticated: it is no handshake.
        """
        way = self._way
        asks = request.method == "OPTIONS" and _ASKS in request.headers
        if asks and way.kind is None and not way.path:
            shakes = self._speakers.listener_of(ConnectorKind.CLOUDEVENTS.value).shakes_hands
            if shakes is not None:
                return shakes.handshake(request)
        raise _nobody()

    async def _looked(self, request: Request, speaker: Speaker) -> Said:
        receiver = speaker.receiver
        if request.method == "OPTIONS":
            shakes = speaker.listener.shakes_hands
            if shakes is not None:
                return _said(shakes.handshake(request))
            return Said(status=200, headers=((b"allow", ", ".join(_METHODS).encode()),))
        if not self._way.path:
            raise _no_method(request)

        def look(turn: ReadTurn) -> Reply:
            # On the snapshot that is read, the token must still be its connector's.
            neighbour = speaker.neighbour
            if speaker.token is not None:
                neighbour = self._speakers.with_token_now(turn, self._way, speaker.token)
            return receiver.look(
                turn, request, org_id=neighbour.org_id, connector=neighbour.connector
            )

        return _said(await self._gateway.read(look))

    # -- payloads --------------------------------------------------------------------------------

    async def _heard(self, request: Request, speaker: Speaker) -> Said:
        receiver, neighbour = speaker.receiver, speaker.neighbour
        connector = neighbour.connector
        self._is_payload(request, speaker)
        try:
            receiver.check(request, secret=neighbour.secret)
        except NotAuthentic as wrong:
            raise Unauthenticated(str(wrong) or "the payload is not signed as it should") from None
        problem: Unreadable | None = None
        reading: Reading | Unread
        try:
            if len(request.body) < READ_ASIDE:
                reading = receiver.read(request, connector)
            else:
                reading = await asyncio.get_running_loop().run_in_executor(
                    self._gateway.readers, receiver.read, request, connector
                )
        except Unreadable as unreadable:
            problem, reading = unreadable, Unread(unreadable.reason)
        except RecursionError:
            problem = Unreadable("It is nested too deeply.")
            reading = Unread(problem.reason)

        def answer(accounted: Accounted) -> Reply:
            if problem is not None:
                return receiver.refused(request, problem)
            return receiver.accepted(request, accounted)

        accounted = await self._taken(request, speaker, reading, answer=answer)
        if accounted.replayed is not None:
            return _again(accounted.replayed)
        self.verdict = accounted.verdict
        if problem is None:
            self.errand = receiver.errand(request, connector)
        said = _said(answer(accounted))
        return replace(said, headers=(*said.headers, (b"x-position", b"%d" % accounted.position)))

    async def _left_unread(self, request: Request, speaker: Speaker, wrong: Refusal) -> None:
        """Keep that something came, of which nothing was read."""
        verdict = PayloadVerdict.UNPARSEABLE
        if isinstance(wrong, TooLarge):
            verdict = PayloadVerdict.REFUSED
        try:
            accounted = await self._taken(request, speaker, Unread(wrong.detail, verdict))
        except (Unauthenticated, NotFound):
            if speaker.token is None:
                raise
            speaker = await self._speakers.with_token(self._way, speaker.token, anew=True)
            accounted = await self._taken(request, speaker, Unread(wrong.detail, verdict))
        self.verdict = accounted.verdict

    async def _taken(
        self,
        request: Request,
        speaker: Speaker,
        reading: Reading | Unread,
        *,
        answer: Callable[[Accounted], Reply] | None = None,
    ) -> Accounted:
        neighbour, receiver, token = speaker.neighbour, speaker.receiver, speaker.token
        connector = neighbour.connector
        receipt = None if answer is None else self._receipt(request, speaker)

        def render(accounted: Accounted) -> Answer:
            assert answer is not None, "asked only with a receipt"
            return _kept(answer(accounted))

        return await self._gateway.writer.take(
            Arrival(
                org_id=neighbour.org_id,
                reading=reading,
                connector_id=connector.id,
                token=None
                if token is None
                else ConnectorToken(connector_id=connector.id, digest=speaker.digest),
                credential=speaker.credential,
                via=f"connector:{connector.code}",
                payload=_kept_body(request, speaker.listener),
                content_type=request.headers.get(_CONTENT_TYPE, "")[:_LONGEST_TYPE],
                headers=_without_token(to_keep(request, receiver), token),
                expires=receiver.expires,
                receipt=receipt,
                render=None if receipt is None else render,
            ),
            asyncio.get_running_loop(),
        )

    def _receipt(self, request: Request, speaker: Speaker) -> ReceiptKey | None:
        """Which request this is, where the neighbour says so."""
        key = request.headers.get("idempotency-key", "").strip()
        if request.method != "POST" or not 0 < len(key) <= _LONGEST_IDEMPOTENCY_KEY:
            return None
        if not key.isprintable():
            return None
        credential, neighbour = speaker.credential, speaker.neighbour
        who = neighbour.connector.id if credential is None else credential.key_id
        return ReceiptKey(
            org_id=neighbour.org_id,
            scope=f"{who} {self._scope['path']}",
            key=key,
            body_digest=hashlib.sha256(request.body).digest(),
        )


def _kept_body(request: Request, listener: Listener) -> bytes:
    blanks = listener.blanks_bodies
    return request.body if blanks is None else blanks.kept_body(request)


def _without_token(kept: dict[str, str], token: str | None) -> dict[str, str]:
    """What is *kept* and has the *token* nowhere in it, by whatever name that came."""
    if token is None:
        return kept
    written = (token, quote_plus(token))
    return {name: value for name, value in kept.items() if not any(one in value for one in written)}


def _no_method(request: Request) -> MethodNotAllowed:
    return MethodNotAllowed(
        f"{request.method} is not a method of this path; POST is", allowed=_METHODS
    )


def _nobody() -> Unauthenticated:
    return Unauthenticated(
        "send the connector's token as Authorization: Bearer …, as the password of HTTP Basic or"
        " as ?token=…; or an API key"
    )


def _said(reply: Reply) -> Said:
    return Said(
        status=reply.status,
        body=reply.body,
        content_type=(b"content-type", reply.content_type.encode("latin-1")),
        headers=tuple(
            [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers]
        ),
    )


def _kept(reply: Reply) -> Answer:
    return Answer(
        status=reply.status,
        body=reply.body,
        headers=((_CONTENT_TYPE, reply.content_type), *reply.headers),
    )


def _again(answer: Answer) -> Said:
    headers = [(name.lower().encode("latin-1"), value.encode()) for name, value in answer.headers]
    (shown, *others) = headers
    return Said(
        status=answer.status,
        body=answer.body,
        content_type=shown,
        headers=(*others, (b"idempotency-replayed", b"true")),
    )
