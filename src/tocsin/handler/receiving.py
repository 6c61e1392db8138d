"""What a neighbour's way in has to be, so that one HTTP surface serves them all.

Each adapter says how its neighbour's requests are read and answered; who may speak, what is stored
and what follows are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.store.contract import ReadTurn

FRESH: Final = "x-tocsin-fresh"
"""Among the headers that a receiver wants kept: the id of the request, of which it makes keys, so
that the same payload heard again has the same ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a neighbour sent.

    ``path`` is what follows the neighbour's own prefix, without a slash in front: ``""`` for
    ``/v1/ingest/{connector}``, ``v2/alerts/42/close`` for a path that a client of the neighbour has
    built in. A parameter of ``query`` that is repeated has its values parted by line feeds. Names
    of ``headers`` are in small letters; the first of several counts. ``at`` is the instant of its
    arrival, ``fresh`` a random id that nothing else has.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: datetime
    fresh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the neighbour is answered, in its own shape."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class NotAuthentic(Exception):
    """The payload is not signed as the connector asks; says what is wrong, nothing of the secret.

    Nothing of it is stored.
    """


class Receiver(Protocol):
    """One kind of neighbour. Everything here is quick, and pure but for :meth:`look`."""

    @property
    def largest_body(self) -> int:
        """How many bytes of a body are read; a larger one is refused as too large."""
        ...

    @property
    def kept_headers(self) -> frozenset[str]:
        """Names of headers, in small letters, that are kept beside the payload; never secrets."""
        ...

    def token(self, request: Request) -> str | None:
        """The token in the neighbour's own way; None where it has none or there is none.

        ``Authorization: Bearer`` and ``?token=`` are looked at by whoever asks this.
        """
        ...

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Check the signature, where the kind signs and the connector has a *secret*.

        Raises:
            NotAuthentic: it is missing or wrong.
        """
        ...

    def read(self, request: Request, connector: Connector) -> Reading:
        """What a payload says.

        Raises:
            Unreadable: it says nothing.
        """
        ...

    def expires(self, draft: SignalDraft) -> datetime | None:
        """Until when a firing signal holds unless heard again; None: until its end is told."""
        ...

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """The answer once all of it is on disk."""
        ...

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """The answer to what cannot be read, such that the client does the right thing."""
        ...

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """The answer to a request that only reads; 404 in the neighbour's shape where the path is
        none of its own."""
        ...

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Something to do elsewhere once the payload is on disk, away from the event loop, which
        may take seconds and fail; None: nothing."""
        ...


Receivers = Mapping[str, Receiver]
"""By connector kind."""
