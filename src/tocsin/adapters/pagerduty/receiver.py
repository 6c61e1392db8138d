"""PagerDuty's way in: events and changes, posted to ``v2/enqueue`` and ``v2/change/enqueue``.

Without a path, at a connector's own address, an event is read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from tocsin.adapters.pagerduty import answers, translation
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.handler.receiving import FRESH, Reply, Request
from tocsin.store.contract import ReadTurn

EVENTS: Final = ("", "v2/enqueue")
CHANGES: Final = "v2/change/enqueue"
KEY_HEADER: Final = "x-routing-key"


class PagerDutyReceiver:
    """Reads and answers clients of PagerDuty's Events API v2 (a
    :class:`~tocsin.handler.receiving.Receiver`)."""

    @property
    def largest_body(self) -> int:
        """What PagerDuty takes, and one byte more, so that its own complaint is answered."""
        return translation.MOST_BYTES + 1

    @property
    def kept_headers(self) -> frozenset[str]:
        """Which client it was, and the key that was made for it."""
        return frozenset({"user-agent", FRESH})

    def token(self, request: Request) -> str | None:
        """The routing key, of the event or of a header."""
        return translation.routing_key(request.body) or request.headers.get(KEY_HEADER)

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Nothing is signed here."""

    def kept_body(self, request: Request) -> bytes:
        """The body as it may be kept: without the routing key, which is a secret."""
        return translation.without_key(request.body)

    def read(self, request: Request, connector: Connector) -> Reading:
        """What an event or a change says.

        Raises:
            Unreadable: PagerDuty would not take it, or there is no such path.
        """
        if request.path == CHANGES:
            return translation.change(request.body)
        if request.path not in EVENTS:
            raise Unreadable("PagerDuty's Events API has no such path.")
        # Who speaks is known by now, be it by a header, which is not there when it is heard again.
        return translation.enqueue(request.body, fresh_key=request.fresh, keyed=True)

    def expires(self, draft: SignalDraft) -> datetime | None:
        """Never: an event is open until its end is told."""
        return None

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """202, with the key that later events are to name."""
        if request.path == CHANGES:
            return _reply(answers.ACCEPTED, answers.change_accepted())
        key = translation.dedup_key(request.body) or request.fresh
        return _reply(answers.ACCEPTED, answers.accepted(key))

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """400 with what is wrong, which no client sends again."""
        if request.path not in (*EVENTS, CHANGES):
            return _reply(404, {"status": "not found", "message": problem.reason})
        return _reply(answers.INVALID, answers.invalid(problem.errors or (problem.reason,)))

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """Nothing can be read here."""
        return _reply(404, {"status": "not found", "message": "Events are posted here."})

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Nothing."""
        return None


def _reply(status: int, body: answers.Json) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(body))
