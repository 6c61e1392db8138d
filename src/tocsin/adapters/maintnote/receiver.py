"""MAINTNOTE's way in: an ``.ics`` file or a raw message, posted by whatever receives the mail.

What cannot be read waits in the inbox for a person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from tocsin.adapters.maintnote.announcing import announced
from tocsin.adapters.maintnote.letters import LARGEST
from tocsin.adapters.maintnote.reading import read
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.handler.receiving import Reply, Request
from tocsin.store.contract import ReadTurn


class MaintnoteReceiver:
    """Reads and answers notices of planned work (a
    :class:`~tocsin.handler.receiving.Receiver`)."""

    @property
    def largest_body(self) -> int:
        """A message may carry more than its calendar."""
        return LARGEST

    @property
    def kept_headers(self) -> frozenset[str]:
        """Who brought it."""
        return frozenset({"user-agent"})

    def token(self, request: Request) -> str | None:
        """None of its own."""
        return None

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Nothing is signed here."""

    def read(self, request: Request, connector: Connector) -> Reading:
        """The notices, in their order.

        Raises:
            Unreadable: neither a calendar nor a message with one, one of its entries cannot be
                relied on, or there is no such path.
        """
        if request.path:
            raise Unreadable("Notices are posted to the connector's address itself.")
        return Reading(tuple(announced(notice) for notice in read(request.body)))

    def expires(self, draft: SignalDraft) -> datetime | None:
        """Never: nothing here fires."""
        return None

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """202, with what became of each notice."""
        results = [
            {
                "verdict": told.verdict.value,
                "reason": told.reason,
                "ticket_id": told.ticket_id,
                "ticket_ref": told.ticket_ref,
            }
            for told in accounted.results
        ]
        return _reply(
            202, {"id": accounted.id, "verdict": accounted.verdict.value, "results": results}
        )

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """422: it waits in the inbox for a person, and to send it again changes nothing."""
        if request.path:
            return _reply(404, {"message": problem.reason})
        return _reply(422, {"message": problem.reason, "waits_for": "a person, in the inbox"})

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """Nothing can be read here."""
        return _reply(404, {"message": "Notices are posted here."})

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Nothing."""
        return None


def _reply(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))
