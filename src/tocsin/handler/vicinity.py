"""What is around a signal, as far as its verdict may ask: found in the store, and in what the turn
has decided (:class:`tocsin.core.verdicts.Surroundings`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tocsin.core.claims import CORRELATION_KEY, Claim
from tocsin.core.connector_words import RuleAction
from tocsin.core.correlation import is_in_force, storm_key
from tocsin.core.hearing import Heard
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import IncidentReopened, StatusChanged
from tocsin.core.verdicts import Known, Surroundings
from tocsin.core.words import Severity, SignalState, Status, TicketType, is_active
from tocsin.handler.known_signals import KnownSignals
from tocsin.store.arrivals import KnownSignal, active_incidents_with, number_at

if TYPE_CHECKING:
    from tocsin.handler.deliberation import Deliberation

MOST_ALIKE: Final = 50
"""So many active incidents on its service or assets are looked at, the newest first."""

_BEYOND: Final = frozenset({Status.INVESTIGATING, Status.MITIGATING, Status.MONITORING})
_MOVES: Final = ("incident.status_changed", "incident.reopened")
_MOST_MOVES: Final = 50


class Vicinity:
    """Looks around in one org, for one turn."""

    def __init__(self, house: Deliberation, org_id: int, known: KnownSignals) -> None:
        self._house = house
        self._org_id = org_id
        self._known = known

    def load_keys(self, keys: Collection[str]) -> None:
        """Read who holds those correlation keys, in one go."""
        claims = [(CORRELATION_KEY, key) for key in keys]
        holders = self._house.holders(self._org_id, claims)
        self._house.load_tickets(self._org_id, set(holders.values()))

    def of(self, heard: Heard, row: KnownSignal | None) -> Surroundings:
        """What is around *heard*, whose alert is known as *row*."""
        key = heard.signal.correlation_key
        known = None if row is None else self._as_known(row)
        holder = None if key is None else self._holder(key)
        by_key = holder
        if key is not None and (holder is None or not _is_active_incident(holder)):
            by_key = self._joined(key)
        firing: frozenset[str] = frozenset()
        moved: frozenset[str] = frozenset()
        if not heard.is_firing:
            if known is not None and known.ticket is not None:
                ticket = known.ticket
                if self._known.others_fire(ticket.stream, besides=heard.fingerprint):
                    firing = frozenset({ticket.id})
                elif self._moved_by_person(ticket):
                    moved = frozenset({ticket.id})
            return Surroundings(
                directory=self._house.directory(self._org_id),
                known=known,
                by_key=by_key,
                holder=holder,
                firing=firing,
                moved=moved,
            )
        rule = heard.rule
        creates = rule is not None and rule.action is RuleAction.CREATE
        looks = rule is not None and (
            rule.action is RuleAction.ATTACH or (creates and rule.within_minutes is not None)
        )
        settled = by_key is not None or (
            known is not None and known.ticket is not None and _is_active_incident(known.ticket)
        )
        new_keys, storm = 0, None
        if creates and not settled and rule is not None and rule.storm_limit:
            since = self._house.now - timedelta(minutes=rule.storm_minutes)
            new_keys = self._known.new_under(
                rule.id, since=number_at(since), limit=rule.storm_limit
            )
            storm = self._holder(storm_key(rule))
        return Surroundings(
            directory=self._house.directory(self._org_id),
            known=known,
            by_key=by_key,
            holder=holder,
            by_trace=None if settled else self._traced(heard.signal.trace_id),
            last=self._last(key) if creates and not settled and key is not None else None,
            alike=self._alike(heard) if looks and not settled else (),
            maintenances=self._maintenances(heard) if creates and not settled else (),
            new_keys=new_keys,
            storm=storm,
        )

    def ticket_of(self, key: str) -> Ticket | None:
        """The active ticket that words about *key* are about: an incident before planned work."""
        holder = self._holder(key)
        if holder is not None and _is_active_incident(holder):
            return holder
        named = self._newest(
            ticket
            for ticket in self._tickets_of(self._known.named(key))
            if is_active(ticket.status)
        )
        return named or holder

    # -- each of them ----------------------------------------------------------------------------

    def _as_known(self, row: KnownSignal) -> Known:
        ticket = None if row.stream is None else self._house.ticket_at(self._org_id, row.stream)
        return Known(
            state=SignalState(row.state),
            severity=Severity(row.severity),
            began_at=row.began_at,
            ticket=ticket,
        )

    def _holder(self, key: str) -> Ticket | None:
        claim: Claim = (CORRELATION_KEY, key)
        stream = self._house.holders(self._org_id, (claim,)).get(claim)
        return None if stream is None else self._house.ticket_at(self._org_id, stream)

    def _joined(self, key: str) -> Ticket | None:
        """The active incident that an alert with that key is on, though it does not hold it."""
        return self._newest(
            ticket
            for ticket in self._tickets_of(self._known.with_value("correlation_key", key))
            if _is_active_incident(ticket)
        )

    def _traced(self, trace_id: str | None) -> Ticket | None:
        if trace_id is None:
            return None
        return self._newest(
            ticket
            for ticket in self._tickets_of(self._known.with_value("trace_id", trace_id))
            if _is_active_incident(ticket)
        )

    def _last(self, key: str) -> Ticket | None:
        """The latest incident of that key that is active no more."""
        rows = self._known.with_value("correlation_key", key)
        streams = {row.stream for row in rows if row.stream is not None}
        streams.update(self._house.streams_with(self._org_id, {f"correlation_key={key}"}))
        return self._newest(
            ticket
            for ticket in self._tickets(streams)
            if ticket.type is TicketType.INCIDENT and not is_active(ticket.status)
        )

    def _alike(self, heard: Heard) -> list[Ticket]:
        wanted = heard.wanted
        terms = [
            *(f"service={code}" for code in wanted.services),
            *(f"device={pubkey}" for pubkey in wanted.devices),
            *(f"link={pubkey}" for pubkey in wanted.links),
        ]
        if not terms:
            return []
        streams = active_incidents_with(self._house.turn, self._org_id, terms, most=MOST_ALIKE)
        streams.update(self._house.decided_with(self._org_id, frozenset(terms)))
        return [one for one in self._tickets(streams) if _is_active_incident(one)]

    def _maintenances(self, heard: Heard) -> list[Ticket]:
        directory = self._house.directory(self._org_id)
        assets = {*heard.wanted.devices, *heard.wanted.links}
        for pubkey in heard.wanted.links:
            link = directory.link(pubkey)
            if link is not None:
                assets |= {link.side_a.device, link.side_z.device}
        if not assets:
            return []
        streams = self._house.streams_with(self._org_id, {f"window={one}" for one in assets})
        return [one for one in self._tickets(streams) if is_in_force(one, at=heard.at)]

    def _moved_by_person(self, ticket: Ticket) -> bool:
        """Whether a person has moved it beyond acknowledged since it was last opened."""
        decided = [
            event
            for event in self._house.batch.events
            if event.org_id == self._org_id and event.stream == ticket.stream
        ]
        stored = self._house.turn.newest_events(
            self._org_id, ticket.stream, _MOVES, limit=_MOST_MOVES
        )
        for event in (*reversed(decided), *stored):
            by_person = event.actor.type == "user"
            match event.payload:
                case IncidentReopened():
                    return by_person
                case StatusChanged(status_to=status) if by_person and status in _BEYOND:
                    return True
                case _:
                    pass
        return False

    # -- tickets ---------------------------------------------------------------------------------

    def _tickets_of(self, rows: Iterable[KnownSignal]) -> list[Ticket]:
        return self._tickets({row.stream for row in rows if row.stream is not None})

    def _tickets(self, streams: Collection[str]) -> list[Ticket]:
        self._house.load_tickets(self._org_id, streams)
        found = (self._house.ticket_at(self._org_id, stream) for stream in sorted(streams))
        return [ticket for ticket in found if ticket is not None]

    @staticmethod
    def _newest(tickets: Iterable[Ticket]) -> Ticket | None:
        return max(tickets, key=lambda one: (one.created_at, one.id), default=None)


def _is_active_incident(ticket: Ticket) -> bool:
    return ticket.type is TicketType.INCIDENT and is_active(ticket.status)
