"""Alertmanager's way in: its webhook, and the API that Prometheus and ``amtool`` speak to it.

At a connector's own address a notification is read; ``api/v2/alerts`` takes alerts as an
Alertmanager does, and the rest of ``api/v2`` is there to be read (:mod:`looking`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec

from tocsin.adapters.alertmanager import looking, translation, views
from tocsin.core.commands import SignalDraft
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.records import Connector
from tocsin.handler.arrival import Accounted
from tocsin.handler.receiving import Reply, Request
from tocsin.store.contract import ReadTurn

LARGEST_BODY: Final = 5 * 1024 * 1024

LARGEST_REMEMBERED: Final = 4 * 1024
"""Bytes of a notification that is not read anew when it comes again."""

# As long as nothing changes in a group, Alertmanager sends the very same bytes again and again, and
# each of a pair of them does. What they say follows from them alone.
_read_before = lru_cache(maxsize=1_024)(translation.webhook)


class NoSuchPath(Unreadable):
    """Nothing of Alertmanager's API is there: 404."""


class AlertmanagerReceiver:
    """Reads and answers Alertmanager, Prometheus and ``amtool`` (a
    :class:`~tocsin.handler.receiving.Receiver`).

    ``version`` and ``started_at`` are told to whoever asks for the status.
    """

    def __init__(self, *, version: str, started_at: datetime) -> None:
        self._status = views.ShownStatus(
            version=version, started_at=started_at, configuration=looking.CONFIGURATION
        )

    @property
    def largest_body(self) -> int:
        """A notification tells of every alert of its group."""
        return LARGEST_BODY

    @property
    def kept_headers(self) -> frozenset[str]:
        """Which Alertmanager or Prometheus it was."""
        return frozenset({"user-agent"})

    def token(self, request: Request) -> str | None:
        """None of its own."""
        return None

    def check(self, request: Request, *, secret: bytes | None) -> None:
        """Nothing is signed here."""

    def read(self, request: Request, connector: Connector) -> Reading:
        """What a notification says, or alerts that are posted.

        Raises:
            NoSuchPath: it is not of Alertmanager's API.
            Unreadable: Alertmanager would not take it, or a silence is asked for.
        """
        match request.path:
            case "":
                if len(request.body) <= LARGEST_REMEMBERED:
                    return _read_before(request.body)
                return translation.webhook(request.body)
            case "api/v2/alerts":
                return translation.alerts(request.body, now=request.at)
            case "api/v2/silences":
                raise Unreadable(
                    "Silences are maintenances here: plan one, and alerts of what it affects are"
                    " held back while it is under way."
                )
            case _:
                raise NoSuchPath("Alertmanager's API has no such path, or it is not taken here.")

    def expires(self, draft: SignalDraft) -> datetime | None:
        """When an alert that Prometheus posted is over unless it is posted again."""
        return translation.expires_at(draft)

    def accepted(self, request: Request, accounted: Accounted) -> Reply:
        """200, and nothing to read for Prometheus."""
        if request.path:
            return Reply(status=200)
        body = {"id": accounted.id, "verdict": accounted.verdict.value}
        return Reply(status=200, body=msgspec.json.encode(body))

    def refused(self, request: Request, problem: Unreadable) -> Reply:
        """400 with a text, which no client sends again; 404 where nothing is."""
        status = 404 if isinstance(problem, NoSuchPath) else 400
        errors = problem.errors or (problem.reason,)
        return Reply(status=status, body=msgspec.json.encode(views.bad_request(errors)))

    def look(self, turn: ReadTurn, request: Request, *, org_id: int, connector: Connector) -> Reply:
        """Alerts, groups, status, silences and receivers."""
        return looking.look(turn, request, org_id=org_id, connector=connector, status=self._status)

    def errand(self, request: Request, connector: Connector) -> Callable[[], None] | None:
        """Nothing."""
        return None
