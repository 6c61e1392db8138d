"""From a destination in trouble to an incident of the org that sends there (Design: dispatcher)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from tocsin.core.claims import CORRELATION_KEY
from tocsin.core.commands import ChangeStatus, OpenIncident
from tocsin.core.errors import Conflict, InvalidTransition, NotFound, Overloaded, Refusal
from tocsin.core.facts import stream_identity
from tocsin.core.ids import ticket_refs, uuid7
from tocsin.core.instants import to_text
from tocsin.dispatcher.outcomes import DestinationTrouble
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import Store

log = structlog.get_logger(__name__)

VIA = "dispatcher"
SEVERITY = "sev3"
LABEL = "tocsin"


class DestinationAlarms:
    """Keeps :class:`tocsin.dispatcher.outcomes.Alarms`: one incident for each trouble, known by its
    correlation key, however often it is told."""

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
        self._clock = clock
        self._entropy = entropy

    def down(self, trouble: DestinationTrouble) -> None:
        """Open an incident, unless there is one.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        at = self._clock()
        command = OpenIncident(
            ticket_id=uuid7(at, self._entropy()),
            refs=ticket_refs("I", at, self._entropy()),
            title=f"Nothing gets through to {trouble.route_name} ({trouble.kind})",
            description=(
                f"Deliveries of the route {trouble.route_name} have been waiting since"
                f" {to_text(trouble.since)}: {trouble.reason}. They go out, in order, as soon as"
                " the destination takes them again; nothing has to be sent by hand."
            ),
            severity=SEVERITY,
            labels=(LABEL,),
            correlation_keys=(correlation_key(trouble.route_id),),
            formal=False,
        )
        try:
            self._writer.do(
                Submission(org_id=trouble.org_id, sort="ticket", command=command, via=VIA)
            )
        except Conflict:
            return  # it was told before, by this process or another
        except Overloaded:
            raise
        except Refusal as refused:
            log.error("no incident for it", action="alarm_refused", reason=str(refused))

    def back(self, trouble: DestinationTrouble) -> None:
        """Resolve the incident, unless somebody has.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        with self._store.reading() as turn:
            stream = turn.claimed_by(
                trouble.org_id, CORRELATION_KEY, correlation_key(trouble.route_id)
            )
        if stream is None:
            return
        command = ChangeStatus(
            status="resolved",
            reason="word gets through again",
            resolution=f"{trouble.route_name} takes deliveries again.",
        )
        try:
            self._writer.do(
                Submission(
                    org_id=trouble.org_id,
                    sort="ticket",
                    subject=stream_identity(stream),
                    command=command,
                    via=VIA,
                )
            )
        except Overloaded:
            raise
        except (InvalidTransition, NotFound):
            return  # a person was faster
        except Refusal as refused:
            log.error("it stays open", action="alarm_refused", reason=str(refused))


def correlation_key(route_id: str) -> str:
    """What all alarms about one route's destination share."""
    return f"tocsin:destination:{route_id}"
