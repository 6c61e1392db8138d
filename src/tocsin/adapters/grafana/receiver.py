"""Grafana's way in: a contact point of the kind webhook, by POST or PUT, signed or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import msgspec

from tocsin.adapters.grafana import signing, translation
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.handler.receiving import NotAuthentic, Reply, Request
from tocsin.store.contract import ReadTurn

LARGEST_BODY: Final = 5 * 1024 * 1024
TIMESTAMP_HEADER: Final = "X-Grafana-Alerting-Timestamp"
"""The name that a contact point's timestamp header has as a rule, where it signs the time, too; a
contact point may name it otherwise."""

_MOST_TIMES: Final = 4


class GrafanaReceiver:
    """Reads and answers Grafana's notifications (a
    :class:`~tocsin.handler.receiving.Receiver`)."""

    @property
    def largest_body(self) -> int:
        """A notification tells of every alert of its group."""
        return LARGEST_BODY

    @property
    def kept_headers(self) -> frozenset[str]:
        """Which Grafana it was, and when it signed."""
        return frozenset({"user-agent", TIMESTAMP_HEADER.lower()})

    def token(self, request: Request) -> str | None:
        """None of its own."""
        return None

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Check the signature, where the connector has a *secret*.

        Raises:
            NotAuthentic: it is missing, wrong, or not fresh.
        """
        if secret is None:
            return
        given = request.headers.get(signing.SIGNATURE_HEADER.lower())
        if not any(
            signing.is_signed(
                secret, body=request.body, given=given, now=request.at, timestamp=timestamp
            )
            for timestamp in _timestamps(request)
        ):
            raise NotAuthentic(f"{signing.SIGNATURE_HEADER} is missing, wrong or not fresh")

    def read(self, request: Request, connector: Connector) -> Reading:
        """What a notification says.

        Raises:
            Unreadable: no notification of version "1", or there is no such path.
        """
        if request.path:
            raise Unreadable("Grafana's webhook has no such path.")
        return translation.webhook(request.body)

    def expires(self, draft: SignalDraft) -> datetime | None:
        """Never: Grafana tells the end."""
        return None

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """200; Grafana looks at the status only."""
        return _reply(200, {"id": accounted.id, "verdict": accounted.verdict.value})

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """400, which Grafana writes to its log."""
        return _reply(404 if request.path else 400, {"message": problem.reason})

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """Nothing can be read here."""
        return _reply(404, {"message": "Notifications are posted here."})

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Nothing."""
        return None


def _timestamps(request: Request) -> Sequence[str | None]:
    """What may have been signed as the time; None for no time at all.

    A time counts only where the signature is over it, so it may come by any name.
    """
    named = request.headers.get(TIMESTAMP_HEADER.lower())
    if named is not None:
        return (named,)
    others = (value for value in request.headers.values() if signing.is_recent_time(value))
    return (None, *islice(others, _MOST_TIMES))


def _reply(status: int, body: dict[str, str]) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))
