"""Taking in what neighbours say: each payload is heard, judged and carried out under the writer's
lock, and stored with its verdicts in the same commit (Domain: signals, correlation).

What a verdict asks for is done by :class:`tocsin.handler.deliberation.Deliberation`, as for any
other command; what is around a signal is looked up by :mod:`tocsin.handler.vicinity`. What is
refused there leaves the signal unattached, with the reason: a payload is never lost for it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tocsin.core.commands import (
    SignalDraft,
)
from tocsin.core.errors import NotFound, Unauthenticated
from tocsin.core.evidence import SYSTEM_ACCESS, Access
from tocsin.core.facts import SYSTEM, Actor, Event
from tocsin.core.hearing import (
    UNKNOWN_SEVERITY,
    prefixed,
    rules_of,
)
from tocsin.core.ids import event_id
from tocsin.core.ingestion import (
    Announced,
)
from tocsin.core.permissions import require_member
from tocsin.core.records import Connector, Rule
from tocsin.core.ticket_facts import SignalIngested
from tocsin.core.verdicts import Because, Step, Word
from tocsin.core.words import SignalState
from tocsin.handler.alerts import (
    alert_name,
    draft_from,
    heard_again,
    inbox_row,
    name_of,
    verdict_of_all,
    written,
)
from tocsin.handler.arrival import Accounted, Arrival, PayloadVerdict, Told, Unread
from tocsin.handler.directory import OrgDirectory
from tocsin.handler.hearing import Hearing, actor_of
from tocsin.handler.known_signals import KnownSignals
from tocsin.handler.vicinity import Vicinity
from tocsin.store.arrivals import KnownSignal, instant_of, newest_number, number_at

if TYPE_CHECKING:
    from tocsin.handler.deliberation import Deliberation

_FIRING: Final = SignalState.FIRING.value
_encode = msgspec.json.Encoder().encode
_decode_draft = msgspec.json.Decoder(SignalDraft).decode
_NO_HEADERS: Final = "{}"

__all__ = ["Reception", "heard_again"]


def _is_on_a_ticket(row: KnownSignal | None) -> bool:
    return row is not None and row.stream is not None and row.state == _FIRING


class Reception:
    """Takes in the payloads of one turn, in order."""

    def __init__(self, deliberation: Deliberation) -> None:
        self.house = deliberation
        self._expected = 0
        self._known: dict[int, KnownSignals] = {}
        self._vicinities: dict[int, Vicinity] = {}
        self._numbers: dict[int, int] = {}
        self._rules: dict[tuple[int, str | None], Sequence[Rule]] = {}
        self._attaching = False

    # -- before and after ------------------------------------------------------------------------

    def prepare(self, arrivals: Iterable[Arrival]) -> None:
        """Read in one go what most of *arrivals* will ask for."""
        fingerprints: dict[int, list[str]] = {}
        keys: dict[int, dict[str, str]] = {}
        for one in arrivals:
            self._expected += one.weight
            if isinstance(one.reading, Unread):
                continue
            directory = self.house.directory(one.org_id)
            connector = directory.connector(one.connector_id or "")
            names = fingerprints.setdefault(one.org_id, [])
            held = keys.setdefault(one.org_id, {})
            for said in one.reading.said:
                if isinstance(said, SignalDraft):
                    name = name_of(said, connector, again=one.again)
                    names.append(name)
                    if said.correlation_key:
                        held[name] = said.correlation_key
                        if not one.again:
                            held[name] = prefixed(said.correlation_key, connector)
                elif isinstance(said, Announced):
                    names.append(prefixed(said.key, connector))
        for org_id, names in fingerprints.items():
            known = self.signals(org_id)
            known.load(names)
            self.house.load_tickets(
                org_id, {row.stream for row in known.rows if row.stream is not None}
            )
            # What fires on its ticket already will hardly ask who holds its key.
            self.vicinity(org_id).load_keys(
                {key for name, key in keys[org_id].items() if not _is_on_a_ticket(known.get(name))}
            )

    def finish(self) -> None:
        """Put into the batch what the alerts have come to."""
        for known in self._known.values():
            known.into(self.house.batch)

    def signals(self, org_id: int) -> KnownSignals:
        """The org's alerts, as this turn sees them."""
        found = self._known.get(org_id)
        if found is None:
            found = self._known[org_id] = KnownSignals(
                self.house.turn, org_id, expected=self._expected
            )
        return found

    def vicinity(self, org_id: int) -> Vicinity:
        """What is around signals of the org."""
        found = self._vicinities.get(org_id)
        if found is None:
            found = self._vicinities[org_id] = Vicinity(self.house, org_id, self.signals(org_id))
        return found

    def rules_for(self, org_id: int, connector: Connector | None) -> Sequence[Rule]:
        """The rules that *connector* is asked for, in their order."""
        place = (org_id, None if connector is None else connector.id)
        rules = self._rules.get(place)
        if rules is None:
            rules = self._rules[place] = rules_of(
                connector, self.house.directory(org_id).signal_rules()
            )
        return rules

    def records_moved(self) -> None:
        """A record was changed in this turn: rules are looked at anew."""
        self._rules.clear()

    # -- one payload -----------------------------------------------------------------------------

    def take(self, arrival: Arrival) -> Accounted:
        """What becomes of one payload.

        Raises:
            Refusal: who sent it may not; nothing of it is in the batch.
        """
        org_id = arrival.org_id
        directory = self.house.directory(org_id)
        at = self.house.instant()
        connector = directory.connector(arrival.connector_id or "")
        if arrival.connector_id is not None and connector is None and not arrival.again:
            raise NotFound("there is no such connector here")
        actor, access = self._who(arrival, connector, directory, at)
        answered = self.house.receipts.answered(arrival.receipt)
        if answered is not None:
            return Accounted(
                id="",
                number=0,
                verdict=PayloadVerdict.DEDUPLICATED,
                reason="the same request was answered before",
                results=(),
                position=answered.position,
                replayed=answered.answer,
            )
        number = self._next_number(org_id, at)
        hearing = Hearing(
            self, arrival, connector=connector, actor=actor, access=access, at=at, number=number
        )
        reading = arrival.reading
        results: tuple[Told, ...] = ()
        if isinstance(reading, Unread):
            verdict, reason = reading.verdict, reading.reason
        else:
            results = tuple([hearing.hear(said) for said in reading.said])
            verdict, reason = verdict_of_all(results)
        accounted = Accounted(
            id=event_id(instant_of(number), number),
            number=number,
            verdict=verdict,
            reason=reason,
            results=results,
            position=self.house.position,
        )
        if not arrival.again:
            self.house.batch.inbox.append(inbox_row(arrival, accounted))
        if arrival.render is not None:
            accounted = replace(accounted, answer=arrival.render(accounted))
        if arrival.receipt is not None and accounted.answer is not None:
            self.house.receipts.keep(
                arrival.receipt,
                stream=f"inbox:{accounted.id}",
                position=self.house.position,
                answer=accounted.answer,
                at=at,
            )
        return accounted

    def _who(
        self, arrival: Arrival, connector: Connector | None, directory: OrgDirectory, at: datetime
    ) -> tuple[Actor, Access]:
        if arrival.token is not None:
            digest = "" if connector is None else connector.token_digest
            fits = hmac.compare_digest(digest.encode(), arrival.token.digest.encode())
            if connector is None or not fits or connector.id != arrival.token.connector_id:
                raise Unauthenticated("this token is not known here; make the connector a new one")
        elif arrival.credential is not None:
            actor, access = self.house.bearer(arrival.credential, arrival.org_id, directory, at)
            require_member(access, connector)
            if connector is None:
                return actor, access
        if connector is None:
            return SYSTEM, SYSTEM_ACCESS
        return actor_of(connector, connector.contributor_id, directory)

    def _next_number(self, org_id: int, at: datetime) -> int:
        newest = self._numbers.get(org_id)
        if newest is None:
            newest = newest_number(self.house.turn, org_id)
        number = self._numbers[org_id] = max(number_at(at), newest + 1)
        return number

    # -- attached by other ways ------------------------------------------------------------------

    def attached(self, event: Event) -> None:
        """A signal was put on a ticket by a person: from now on it is known as an alert too."""
        payload = event.payload
        if self._attaching or not isinstance(payload, SignalIngested):
            return
        known = self.signals(event.org_id)
        name = alert_name(payload)
        before = known.get(name)
        level = (payload.severity or UNKNOWN_SEVERITY).value
        firing = payload.state == _FIRING
        known.put(
            KnownSignal(
                org_id=event.org_id,
                fingerprint=name,
                signal_id=payload.signal_id if before is None else before.signal_id,
                connector_id=None if before is None else before.connector_id,
                stream=event.stream,
                state=payload.state,
                severity=level,
                verdict=(Word.ATTACHED if firing else Word.RESOLVED).value,
                because=Because.BY_HAND.value,
                # By whom, its event says, where a name can be erased.
                reason="attached by hand",
                rule_id=None if before is None else before.rule_id,
                new_at=None if before is None else before.new_at,
                correlation_key=payload.correlation_key
                or (None if before is None else before.correlation_key),
                trace_id=payload.trace_id,
                service=payload.service,
                began_at=payload.ts if firing else None,
                first_seen=event.recorded_at if before is None else before.first_seen,
                last_seen=event.recorded_at if before is None else before.last_seen,
                times=1 if before is None else before.times,
                arrival=0 if before is None else before.arrival,
                expires_at=None if before is None or not firing else before.expires_at,
                draft=written(draft_from(payload)),
                memo="" if before is None else before.memo,
            )
        )

    # -- for hearings ----------------------------------------------------------------------------

    def carry_out(
        self, org_id: int, steps: Sequence[tuple[Step, Actor, Access]], *, via: str
    ) -> str | None:
        """Do all of *steps*, or nothing; the id of the last signal that was attached.

        Raises:
            Refusal: one of them is refused.
        """
        self._attaching = True
        try:
            events = self.house.carry_out(org_id, steps, via=via)
        finally:
            self._attaching = False
        found = [one.payload for one in events if isinstance(one.payload, SignalIngested)]
        return found[-1].signal_id if found else None
