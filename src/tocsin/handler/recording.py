"""What a turn has decided, as it goes into the batch: facts are stamped, folded and put beside what
must be true with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tocsin.core.aggregates import AGGREGATES, standing_of
from tocsin.core.errors import Conflict, NotFound
from tocsin.core.facts import Actor, Event, Payload, stream_identity, stream_sort
from tocsin.core.ids import event_id, uuid7
from tocsin.core.record_facts import RouteCreated
from tocsin.core.records import Route
from tocsin.core.releases import CODE, known_since
from tocsin.core.routing import deliveries_of
from tocsin.core.subscriptions import secret_of_ended, told_by
from tocsin.core.ticket_facts import PublicUpdatePosted
from tocsin.handler.attempt import Attempt
from tocsin.handler.backfilling import openings_of
from tocsin.handler.directory import OrgDirectory
from tocsin.handler.memory import Memory
from tocsin.handler.naming import TICKET_SORTS
from tocsin.handler.receipts import Receipts
from tocsin.handler.surroundings import Surroundings, give_and_take
from tocsin.store.contract import Batch, Head, HeadChange, WriteTurn
from tocsin.store.outgoing import Outgoing

_MICROSECOND = timedelta(microseconds=1)


class Recording(Surroundings):
    """Stamps and folds what is decided, in the order in which it is."""

    def __init__(
        self,
        *,
        turn: WriteTurn,
        memory: Memory,
        now: datetime,
        last_recorded_at: datetime | None,
        position: int,
        entropy: Callable[[], int],
    ) -> None:
        batch = Batch(batch_id=uuid7(now, entropy()))
        super().__init__(turn=turn, memory=memory, batch=batch, receipts=Receipts(batch, now=now))
        self._now = now
        self._entropy = entropy
        self.last_recorded_at = last_recorded_at
        self.position = position
        self._oldest_code = memory.oldest_code(turn)

    @property
    def now(self) -> datetime:
        """When the turn began."""
        return self._now

    def instant(self) -> datetime:
        """The instant of what is recorded next."""
        return self._instant()

    def entropy(self) -> int:
        """Random bits for an id."""
        return self._entropy()

    def _instant(self) -> datetime:
        if self.last_recorded_at is None:
            return self._now
        return max(self._now, self.last_recorded_at + _MICROSECOND)

    def _append(
        self,
        attempt: Attempt,
        org_id: int,
        stream: str,
        head: Head | None,
        payloads: Sequence[Payload],
        actor: Actor,
        via: str,
        directory: OrgDirectory,
        *,
        before: Head | None,
    ) -> Head:
        """Stamp and fold *payloads*; *before* is how the stream stood for the store's rows."""
        if not payloads:
            if head is None:
                raise NotFound(f"there is no {stream_sort(stream)} {stream_identity(stream)} here")
            return head
        aggregate = AGGREGATES[stream_sort(stream)]
        state = None if head is None else head.state
        version = 0 if head is None else head.version
        number = self.position + 1 if head is None else head.number
        is_ticket = stream_sort(stream) in TICKET_SORTS
        if self._oldest_code < CODE:
            self._refuse_unreadable(payloads)
        for payload in payloads:
            version += 1
            self.position += 1
            recorded_at = self._instant()
            self.last_recorded_at = recorded_at
            event = Event(
                id=event_id(recorded_at, self.position),
                org_id=org_id,
                stream=stream,
                version=version,
                position=self.position,
                recorded_at=recorded_at,
                actor=actor,
                via=via,
                payload=payload,
            )
            state = aggregate.evolve(state, event)
            attempt.events.append(event)
            deliveries = deliveries_of(event, state, directory, directory.routes())
            if isinstance(payload, PublicUpdatePosted):
                deliveries += told_by(event, state, directory.audiences())
            if deliveries:
                attempt.outbox.append(
                    Outgoing(
                        org_id=org_id,
                        stream=stream,
                        position=event.position,
                        deliveries=deliveries,
                    )
                )
            if isinstance(payload, RouteCreated) and payload.backfill and isinstance(state, Route):
                attempt.noted += openings_of(
                    self._turn,
                    self.batch,
                    state,
                    org_id=org_id,
                    at=recorded_at,
                    directory=directory,
                )
        assert state is not None
        after = Head(org_id=org_id, stream=stream, number=number, version=version, state=state)
        place = (org_id, stream)
        earlier = attempt.heads.get(place) or self.batch.heads.get(place)
        attempt.heads[place] = HeadChange(
            head=after,
            before=earlier.before
            if earlier is not None
            else (None if before is None else standing_of(before.state)),
            after=standing_of(after.state),
        )
        if not is_ticket:
            attempt.records.append((org_id, stream, directory.put(stream, after)))
        return after

    def _refuse_unreadable(self, payloads: Sequence[Payload]) -> None:
        """Refuse facts that a process which may still be at work could not read."""
        if any(known_since(payload) > self._oldest_code for payload in payloads):
            raise Conflict(
                "an older release may still be at work on this database and could not read this;"
                " once none is, an operator says so with `tocsin db migrate --finish`"
            )

    def _take_back(self, attempt: Attempt, saved: tuple[int, datetime | None]) -> None:
        for org_id, stream, before in reversed(attempt.records):
            self._memory.directory(self._turn, org_id).put(stream, before)
        self.position, self.last_recorded_at = saved

    def _merge(self, attempt: Attempt) -> None:
        """What was attempted is decided."""
        batch = self.batch
        batch.events += attempt.events
        batch.outbox += attempt.outbox
        batch.noted += attempt.noted
        for place, change in attempt.heads.items():
            if stream_sort(place[1]) in TICKET_SORTS:
                held = self._ticket_claims.setdefault(place[0], {})
                give_and_take(held, change, gone=self._gone(change))
            elif (secret_id := secret_of_ended(change.head.state)) is not None:
                batch.forgotten.append((place[0], secret_id))
            batch.heads[place] = change
