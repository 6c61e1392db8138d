"""From a connector that has fallen silent to an incident of its org (API: connectors).

Who is silent is asked of the inbox each time, and what was told of the tickets: nothing is
remembered, so that it goes on after a restart and in another process as if it had always been
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from tocsin.core.claims import CORRELATION_KEY
from tocsin.core.commands import ChangeStatus, OpenIncident
from tocsin.core.errors import Conflict, InvalidTransition, NotFound, Overloaded, Refusal
from tocsin.core.facts import stream_identity
from tocsin.core.ids import ticket_refs, uuid7
from tocsin.core.instants import HOUR, MINUTE, from_text, to_text
from tocsin.core.records import Connector
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Writer
from tocsin.projections.connector_health import last_payloads, silent_since
from tocsin.store.contract import ReadTurn, Store

log = structlog.get_logger(__name__)

VIA: Final = "clock"
SEVERITY: Final = "sev3"
LABEL: Final = "tocsin"
MOST_GRACE: Final = 5 * MINUTE
"""After a start others need a moment to get through: who is silent then was perhaps not let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """A connector whose incident is to be opened (silent since) or resolved (none)."""

    org_id: int
    connector: Connector
    since: datetime | None
    stream: str | None


class SilenceAlarms:
    """Keeps one incident for each connector that is silent, and resolves it by itself.

    One that a person has ended is not opened again before the connector was heard, or changed.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        clock: Callable[[], datetime],
        entropy: Callable[[], int],
    ) -> None:
        self._store = store
        self._writer = writer
        self._entropy = entropy
        self._began = clock()

    def look(self, *, at: datetime) -> None:
        """Open and resolve what there is to open and resolve at the instant *at*.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        with self._store.reading() as turn:
            found = [
                one for org in turn.orgs() for one in _findings(turn, org.org_id, self._began, at)
            ]
        for one in found:
            if one.since is not None:
                self._open(one, since=one.since, at=at)
            elif one.stream is not None:
                self._resolve(one, stream=one.stream)

    def _open(self, one: _Finding, *, since: datetime, at: datetime) -> None:
        connector = one.connector
        minutes = connector.expected_every_minutes
        command = OpenIncident(
            ticket_id=uuid7(at, self._entropy()),
            refs=ticket_refs("I", at, self._entropy()),
            title=f"Nothing heard of {connector.name} ({connector.code}) for {spoken(at - since)}",
            description=(
                f"The connector {connector.code} is expected to be heard of every {minutes}"
                f" minutes, and was not since {to_text(since)}. Perhaps what it watches is quiet;"
                " perhaps nobody watches it any more, or nothing it says gets here. This resolves"
                " by itself when it is heard again."
            ),
            severity=SEVERITY,
            labels=(LABEL,),
            correlation_keys=(correlation_key(connector.id),),
            formal=False,
        )
        if self._asked(one.org_id, command, subject=None):
            log.warning(
                "a connector is silent",
                action="connector_silent",
                org=one.org_id,
                connector=connector.code,
                since=to_text(since),
            )

    def _resolve(self, one: _Finding, *, stream: str) -> None:
        connector = one.connector
        if connector.removed_at is not None:
            reason = f"{connector.code} was removed."
        elif connector.expected_every_minutes is None:
            reason = f"{connector.code} need not be heard of any more."
        else:
            reason = f"{connector.code} was heard again, or need not be heard of so often."
        command = ChangeStatus(status="resolved", reason=reason, resolution=reason)
        self._asked(one.org_id, command, subject=stream_identity(stream))

    def _asked(
        self, org_id: int, command: OpenIncident | ChangeStatus, *, subject: str | None
    ) -> bool:
        try:
            self._writer.do(
                Submission(org_id=org_id, sort="ticket", subject=subject, command=command, via=VIA)
            )
        except (Conflict, InvalidTransition, NotFound):
            return False  # another process, or a person, was faster
        except Overloaded:
            raise
        except Refusal as refused:
            log.error("no word of a silence", action="alarm_refused", reason=str(refused))
            return False
        return True


def correlation_key(connector_id: str) -> str:
    """What the alarm about one connector's silence is known by."""
    return f"tocsin:silence:{connector_id}"


def spoken(span: timedelta) -> str:
    """*span* in minutes, or in hours where it is two of them or more."""
    if span >= 2 * HOUR:
        return f"{span // HOUR} hours"
    minutes = max(1, span // MINUTE)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _findings(turn: ReadTurn, org_id: int, began: datetime, at: datetime) -> Iterator[_Finding]:
    heads = turn.heads_of_sort(org_id, "connector")
    connectors = [head.state for head in heads if isinstance(head.state, Connector)]
    if not connectors:
        return
    claims = {(CORRELATION_KEY, correlation_key(one.id)): one for one in connectors}
    open_for = {claims[claim].id: stream for claim, stream in turn.claims(org_id, claims).items()}
    expected = [one for one in connectors if one.expected_every_minutes is not None]
    last = last_payloads(turn, org_id, [one.id for one in expected if one.removed_at is None])
    for one in connectors:
        since = silent_since(one, last.get(one.id), at=at)
        stream = open_for.get(one.id)
        if since is None and stream is not None:
            yield _Finding(org_id=org_id, connector=one, since=None, stream=stream)
        elif (
            since is not None
            and stream is None
            and at >= began + _grace(one)
            and not _told(turn, org_id, one, since)
        ):
            yield _Finding(org_id=org_id, connector=one, since=since, stream=None)


def _grace(connector: Connector) -> timedelta:
    return min(timedelta(minutes=connector.expected_every_minutes or 0), MOST_GRACE)


def _told(turn: ReadTurn, org_id: int, connector: Connector, since: datetime) -> bool:
    """Whether an incident was opened for this very silence, and somebody has ended it since."""
    rows = turn.select(
        "SELECT tickets.created_at FROM ticket_terms CROSS JOIN tickets"
        " ON tickets.number = ticket_terms.number AND tickets.org_id = ticket_terms.org_id"
        " WHERE ticket_terms.org_id = ? AND ticket_terms.term = ?"
        " ORDER BY ticket_terms.number DESC LIMIT 1",
        (org_id, f"correlation_key={correlation_key(connector.id)}"),
        org_id=org_id,
    )
    return bool(rows) and from_text(rows[0][0]) > max(since, connector.updated_at)
