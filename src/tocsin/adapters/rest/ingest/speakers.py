"""Who speaks on the ways in of neighbours: a neighbour by its connector's token, or somebody for it
by an API key (API: ingest)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tocsin.adapters.rest.authentication import Caller, Callers
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.ingest.connector_tokens import (
    Neighbour,
    Neighbours,
    digest_of,
    with_code,
    with_token,
)
from tocsin.adapters.rest.ingest.drop_in import Way
from tocsin.core.errors import NotFound, Unauthenticated
from tocsin.core.permissions import require_member
from tocsin.handler.admission import Admission, admission
from tocsin.handler.receiving import Receiver, Reply, Request
from tocsin.handler.submission import Credential
from tocsin.store.contract import ReadTurn


@runtime_checkable
class ShakesHands(Protocol):
    """A kind whose neighbours ask first whether they may send."""

    def handshake(self, request: Request) -> Reply:
        """The answer to ``OPTIONS``."""
        ...


@runtime_checkable
class TellsPayloads(Protocol):
    """A kind whose neighbours also tell something by GET."""

    def is_payload(self, request: Request) -> bool:
        """Whether *request* tells something."""
        ...


@runtime_checkable
class BlanksBodies(Protocol):
    """A kind whose payloads have the token in them."""

    def kept_body(self, request: Request) -> bytes:
        """The body as it may be kept: without the token."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who reads what a kind of neighbour says, and what else it can, which not every kind does."""

    receiver: Receiver
    shakes_hands: ShakesHands | None
    tells_payloads: TellsPayloads | None
    blanks_bodies: BlanksBodies | None


def listener(receiver: Receiver) -> Listener:
    """What *receiver* can: found out once, as asking takes as long as reading a payload."""
    return Listener(
        receiver=receiver,
        shakes_hands=receiver if isinstance(receiver, ShakesHands) else None,
        tells_payloads=receiver if isinstance(receiver, TellsPayloads) else None,
        blanks_bodies=receiver if isinstance(receiver, BlanksBodies) else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks: the neighbour itself by its ``token``, whose SHA-256 is ``digest``, or somebody
    for it by an API key."""

    neighbour: Neighbour
    listener: Listener
    token: str | None = None
    digest: str = ""
    credential: Credential | None = None

    @property
    def receiver(self) -> Receiver:
        """Who reads what it says."""
        return self.listener.receiver


class Speakers:
    """Finds out who speaks, for one gateway; only the event loop touches it.

    ``callers`` are the API keys that the gateway knows, with their rates.
    """

    def __init__(self, gateway: Gateway, *, callers: Callers) -> None:
        self._gateway = gateway
        self._callers = callers
        self._neighbours = Neighbours(gateway, clock=time.monotonic)
        self._listeners = {kind: listener(one) for kind, one in gateway.receivers.items()}
        # Several kinds may be read by one receiver.
        self._receivers = tuple({id(one): one for one in gateway.receivers.values()}.values())

    def listener_of(self, kind: str) -> Listener:
        """Who reads payloads of that kind.

        Raises:
            NotFound: nobody here.
        """
        found = self._listeners.get(kind)
        if found is None:
            raise NotFound(f"this server does not listen to connectors of the kind {kind}")
        return found

    def own_token(self, way: Way, request: Request) -> str | None:
        """The token that came in a neighbour's own way."""
        asked = (
            self._receivers if way.kind is None else (self.listener_of(way.kind.value).receiver,)
        )
        for receiver in asked:
            token = receiver.token(request)
            if token:
                return token
        return None

    async def with_token(self, way: Way, token: str, *, anew: bool = False) -> Speaker:
        """The neighbour whose *token* that is; *anew*: not as it was a moment ago.

        Raises:
            NotFound: the path names another connector.
            Unauthenticated: nobody has it, or nobody of the kind whose path it is.
        """
        digest = digest_of(token)
        found = () if anew else self._neighbours.known(digest)
        neighbour = chosen(found, way)
        if neighbour is None:
            found = await self._neighbours.looked_up(digest, anew=anew)
            neighbour = chosen(found, way)
        if neighbour is None:
            raise unknown(found, way)
        return Speaker(
            neighbour=neighbour,
            listener=self.listener_of(neighbour.connector.kind.value),
            token=token,
            digest=digest,
        )

    def with_token_now(self, turn: ReadTurn, way: Way, token: str) -> Neighbour:
        """The neighbour whose *token* that is on this snapshot.

        Raises:
            NotFound, Unauthenticated: as :meth:`with_token`.
        """
        found = with_token(turn, digest_of(token), unseal=self._gateway.unseal)
        neighbour = chosen(found, way)
        if neighbour is None:
            raise unknown(found, way)
        return neighbour

    async def with_key(self, way: Way, credential: Credential) -> Speaker:
        """The connector that the path names, for whoever has an API key that may speak for it.

        Raises:
            Forbidden: the role does not do, or it is not the contributor's connector.
            NotFound: there is no such connector, or the org is another.
            RateLimited: the key has used its allowance.
            Unauthenticated: the key is not known.
        """
        known: Caller | None = self._callers.known(credential)
        if known is not None:
            known.bucket.take()
        at = self._gateway.clock()

        def look(turn: ReadTurn) -> tuple[Admission, int, Neighbour | None]:
            admitted = admission(turn, credential, at=at)
            row = turn.credential(credential.key_id)
            assert row is not None
            neighbour = with_code(
                turn,
                way.connector,
                org_id=row.org_id,
                org_code=admitted.org.code,
                unseal=self._gateway.unseal,
            )
            require_member(admitted.access, None if neighbour is None else neighbour.connector)
            return admitted, row.org_id, neighbour

        admitted, org_id, neighbour = await self._gateway.read(look)
        caller = self._callers.remember(credential, admitted, org_id=org_id)
        if known is None:
            caller.bucket.take()
        if neighbour is None or way.org not in (None, neighbour.org_code):
            raise NotFound("there is no connector of that code here")
        return Speaker(
            neighbour=neighbour,
            listener=self.listener_of(neighbour.connector.kind.value),
            credential=credential,
        )


def chosen(found: tuple[Neighbour, ...], way: Way) -> Neighbour | None:
    """The first of *found* that the path means: of the kind whose path it is, or of the code that
    it names; None where there is none."""
    for one in found:
        connector = one.connector
        if way.kind is not None:
            if connector.kind is way.kind:
                return one
        elif way.connector in (connector.code, connector.id) and way.org in (None, one.org_code):
            return one
    return None


def unknown(found: tuple[Neighbour, ...], way: Way) -> NotFound | Unauthenticated:
    """What is to be said of a token that is none of those that the path means."""
    if found and way.kind is None:
        return NotFound("this token is not that of a connector of that code here")
    return Unauthenticated("this token is not known here; make the connector a new one")
