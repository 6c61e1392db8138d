"""CloudEvents' way in, in all three content modes, read by default or by the connector's mapping.

The handshake of ``OPTIONS`` is :meth:`CloudEventsReceiver.handshake`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from tocsin.adapters.cloudevents import binding, translation
from tocsin.adapters.cloudevents.translation import Mapped
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.handler.receiving import Reply, Request
from tocsin.store.contract import ReadTurn

REQUESTS_A_MINUTE: Final = 60_000
"""What a sender is told that it may; nobody is held to it, as overload is answered by 503."""

MakeMapped = Callable[[Mapping[str, str], str], Mapped]
"""A reading of events by a connector's mapping, given that and the connector's code."""

KEPT: Final = frozenset(
    {
        *("user-agent", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject"),
        *("ce-time", "ce-dataschema", "ce-traceparent", "ce-tracestate", "ce-partitionkey"),
        *("ce-sequence", "ce-sequencetype", "ce-severitytext", "ce-severitynumber"),
        *("ce-recordedtime", "ce-correlationid", "ce-causationid"),
    }
)
"""The attributes of the specification and of its documented extensions: what is read again when
a binary event is heard again."""


class OtherFormat(Unreadable):
    """Events in a format that is not JSON: 415."""


class CloudEventsReceiver:
    """Reads and answers senders of CloudEvents 1.0 over HTTP (a
    :class:`~tocsin.handler.receiving.Receiver`).

    ``make_mapped`` reads by the mapping of a connector that has one.
    """

    def __init__(self, make_mapped: MakeMapped) -> None:
        self._make_mapped = make_mapped

    @property
    def largest_body(self) -> int:
        """Of a request, whose batch may be of many events."""
        return binding.MOST_BYTES

    @property
    def kept_headers(self) -> frozenset[str]:
        """The attributes of a binary event."""
        return KEPT

    def token(self, request: Request) -> str | None:
        """None of its own."""
        return None

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Nothing is signed here."""

    def handshake(self, request: Request) -> Reply:
        """The answer to ``OPTIONS``: the origin that asks may send; without one, nothing is
        said."""
        allowed = binding.handshake(_headers(request), requests_a_minute=REQUESTS_A_MINUTE)
        headers = {"Allow": "POST"} if allowed is None else allowed
        return Reply(status=200, headers=tuple(headers.items()))

    def read(self, request: Request, connector: Connector) -> Reading:
        """What the events of a request say.

        Raises:
            OtherFormat: they are not in JSON.
            Unreadable: no events, the mapping does not find a signal in one, or there is no such
                path.
        """
        if request.path:
            raise Unreadable("Events are posted to the connector's address itself.")
        mapped = self._make_mapped(connector.mapping, connector.code) if connector.mapping else None
        try:
            reading = translation.read(request.body, _headers(request), mapped=mapped)
        except binding.UnknownFormat:
            raise OtherFormat("The events are in a format that is not JSON.") from None
        if mapped is not None and not reading.said:
            raise Unreadable("The connector's mapping finds no signal in it.")
        return reading

    def expires(self, draft: SignalDraft) -> datetime | None:
        """Never: an end is told, if at all."""
        return None

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """202: it is delivered."""
        return _reply(202, {"id": accounted.id, "verdict": accounted.verdict.value})

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """415 to a format that is not known, else 400; senders repeat neither."""
        if request.path:
            return _reply(404, {"message": problem.reason})
        return _reply(415 if isinstance(problem, OtherFormat) else 400, {"message": problem.reason})

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """Nothing can be read here."""
        return _reply(404, {"message": "Events are posted here."})

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Nothing."""
        return None


def _headers(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple(request.headers.items())


def _reply(status: int, body: dict[str, str]) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))
