"""What a batch can see: the newest committed state, and over it what the batch has decided."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from tocsin.core.claims import CORRELATION_KEY, ELSEWHERE, REF, STATUS_PAGE_CODE, Claim
from tocsin.core.commands import Command
from tocsin.core.facts import stream_sort
from tocsin.core.provisioning import holding
from tocsin.core.provisioning.commands import Advance
from tocsin.core.record_claims import claims_named_by
from tocsin.core.records import Device, Link
from tocsin.core.status_pages import is_slug
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType, is_active
from tocsin.handler.attempt import Attempt
from tocsin.handler.directory import OrgDirectory
from tocsin.handler.memory import Memory
from tocsin.handler.naming import (
    TICKET_SORTS,
    claims_named,
    is_ref,
    opened_stream,
    ticket_streams,
    tickets_named,
    window_terms,
)
from tocsin.handler.receipts import Receipts
from tocsin.handler.submission import Submission
from tocsin.store.contract import Batch, Head, HeadChange, WriteTurn


class Surroundings:
    """The evidence for the decisions of one turn: heads, claims, receipts, neighbours.

    Looks first into what the current submission has decided, then into the batch, then into what
    the writer remembers, and reads the rest under the lock.
    """

    def __init__(
        self, *, turn: WriteTurn, memory: Memory, batch: Batch, receipts: Receipts
    ) -> None:
        self._turn = turn
        self._memory = memory
        self.batch = batch
        self._ticket_claims: dict[int, dict[Claim, str]] = {}
        self.receipts = receipts
        # Looked for under this turn's lock and not there, so not worth looking for again.
        self._absent: set[tuple[int, str]] = set()
        self._looked: dict[int, set[Claim]] = {}

    def prepare(self, submissions: Sequence[Submission]) -> None:
        """Read every claim, head and receipt that the waiting commands name."""
        claims: dict[int, set[Claim]] = {}
        streams: dict[int, set[str]] = {}
        for one in submissions:
            wanted = claims.setdefault(one.org_id, set())
            wanted.update(claims_named(one.command))
            opening = opened_stream(one.command)
            if opening is not None:
                streams.setdefault(one.org_id, set()).add(opening)
            for name in tickets_named(one):
                if is_ref(name):
                    wanted.add((REF, name))
                else:
                    streams.setdefault(one.org_id, set()).update(ticket_streams(name))
        for org_id, wanted in claims.items():
            held = dict(self._turn.claims(org_id, wanted))
            self._ticket_claims[org_id] = held
            streams.setdefault(org_id, set()).update(held.values())
        for org_id, named in streams.items():
            self._memory.load_tickets(self._turn, org_id, named)
            self._absent |= {
                (org_id, stream) for stream in named if (org_id, stream) not in self._memory.tickets
            }
        self.receipts.read(self._turn, (one.receipt for one in submissions))

    # -- for whoever takes in what neighbours say -------------------------------------------------

    @property
    def turn(self) -> WriteTurn:
        """The transaction, for looking up what nothing here remembers."""
        return self._turn

    def directory(self, org_id: int) -> OrgDirectory:
        """The org's records as they are now."""
        return self._memory.directory(self._turn, org_id)

    def load_tickets(self, org_id: int, streams: Collection[str]) -> None:
        """Read the tickets of those streams that are not known yet, in one go."""
        if streams:
            self._memory.load_tickets(self._turn, org_id, streams)

    def ticket_at(self, org_id: int, stream: str) -> Ticket | None:
        """The ticket of that stream as it stands now."""
        place = (org_id, stream)
        change = self.batch.heads.get(place)
        head = change.head if change is not None else self._memory.tickets.get(place)
        if head is None:
            if place in self._absent:
                return None
            head = self._head(org_id, stream, self.directory(org_id))
            if head is None:
                self._absent.add(place)
        return head.state if head is not None and isinstance(head.state, Ticket) else None

    def holders(self, org_id: int, claims: Collection[Claim]) -> Mapping[Claim, str]:
        """Which of the tickets' *claims* are held now, and by which stream."""
        held = self._ticket_claims.setdefault(org_id, {})
        looked = self._looked.setdefault(org_id, set())
        missing = [claim for claim in claims if claim not in held and claim not in looked]
        if missing:
            looked.update(missing)
            for claim, stream in self._turn.claims(org_id, missing).items():
                change = self.batch.heads.get((org_id, stream))
                # What this turn has given up is free, whatever is committed.
                if change is None or claim in change.after.claims:
                    held[claim] = stream
        return {claim: held[claim] for claim in claims if claim in held}

    def _claims_in(self, org_id: int, attempt: Attempt) -> Mapping[Claim, str]:
        """Who holds the tickets' claims once what *attempt* has decided so far is done."""
        held = self._ticket_claims.get(org_id, {})
        if not attempt.heads:
            return held
        held = dict(held)
        for (org, stream), change in attempt.heads.items():
            if org == org_id and stream_sort(stream) in TICKET_SORTS:
                give_and_take(held, change, gone=self._gone(change))
        return held

    def _claims_of_records(
        self, org_id: int, command: Command, directory: OrgDirectory
    ) -> Mapping[Claim, str]:
        """Who holds claims, for a decision about a record: those of records as they are, however
        many there are."""
        return ChainMap(
            self._held_elsewhere(org_id, command),
            self._ticket_claims.get(org_id, {}),
            # Nobody writes through it: a decision only looks up what it names.
            cast(dict[Claim, str], directory.claims),
        )

    def _held_elsewhere(self, org_id: int, command: Command) -> dict[Claim, str]:
        """Claims that *command* names, unique in the whole installation, and another org holds."""
        return {
            (kind, key): ELSEWHERE
            for kind, key in claims_named_by(command)
            if kind == STATUS_PAGE_CODE and is_slug(key) and self._page_elsewhere(org_id, key)
        }

    def _page_elsewhere(self, org_id: int, slug: str) -> bool:
        claim = (STATUS_PAGE_CODE, slug)
        row = self._turn.page(slug)
        if row is not None and row.org_id != org_id:
            change = self.batch.heads.get((row.org_id, row.stream))
            # What this turn has given up is free, whatever is committed.
            if change is None or claim in change.after.claims:
                return True
        return any(
            org != org_id and claim in change.after.claims
            for (org, _), change in self.batch.heads.items()
        )

    def _gone(self, change: HeadChange) -> frozenset[Claim]:
        """What a stream held before an attempt moved it."""
        earlier = self.batch.heads.get((change.head.org_id, change.head.stream))
        if earlier is not None:
            return earlier.after.claims
        return frozenset() if change.before is None else change.before.claims

    def streams_with(self, org_id: int, terms: Collection[str]) -> set[str]:
        """Streams of the tickets that carry any of *terms*, as they stand now or stood before this
        turn."""
        found = set(self._turn.with_term(org_id, terms))
        return found | self.decided_with(org_id, frozenset(terms))

    def decided_with(self, org_id: int, terms: frozenset[str]) -> set[str]:
        """Streams of the tickets that this turn has moved and that carry any of *terms*."""
        return {
            stream
            for (org, stream), change in self.batch.heads.items()
            if org == org_id and change.after.terms & terms
        }

    # -- for decisions ----------------------------------------------------------------------------

    def _head(
        self, org_id: int, stream: str, directory: OrgDirectory, attempt: Attempt | None = None
    ) -> Head | None:
        place = (org_id, stream)
        if attempt is not None and place in attempt.heads:
            return attempt.heads[place].head
        if place in self.batch.heads:
            return self.batch.heads[place].head
        if stream_sort(stream) in TICKET_SORTS:
            known = self._memory.tickets.get(place)
            if known is None and place not in self._absent:
                self._memory.load_tickets(self._turn, org_id, (stream,))
                known = self._memory.tickets.get(place)
            return known
        return directory.head(stream)

    def _ticket(self, org_id: int, name: str, directory: OrgDirectory) -> Ticket | None:
        streams = ticket_streams(name)
        if is_ref(name):
            holder = self._ticket_claims.get(org_id, {}).get((REF, name))
            streams = () if holder is None else (holder,)
        for stream in streams:
            head = self._head(org_id, stream, directory)
            if head is not None and isinstance(head.state, Ticket):
                return head.state
        return None

    def _read_keys_of(self, org_id: int, state: object) -> None:
        """Who holds the correlation keys that an ended ticket would take back on coming alive."""
        if not isinstance(state, Ticket) or is_active(state.status):
            return
        held = self._ticket_claims.setdefault(org_id, {})
        wanted = {(CORRELATION_KEY, key) for key in state.correlation_keys} - held.keys()
        own = {
            claim for one in self.batch.heads.values() if one.before for claim in one.before.claims
        }
        for claim, stream in self._turn.claims(org_id, wanted - own).items():
            held[claim] = stream

    def _tickets_for(
        self, org_id: int, submission: Submission, directory: OrgDirectory
    ) -> dict[str, Ticket]:
        found: dict[str, Ticket] = {}
        for name in tickets_named(submission):
            ticket = self._ticket(org_id, name, directory)
            if ticket is not None:
                found[name] = found[ticket.id] = found[ticket.ref] = ticket
        for claim in claims_named(submission.command):
            holder = self._ticket_claims.get(org_id, {}).get(claim)
            head = None if holder is None else self._head(org_id, holder, directory)
            if head is not None and isinstance(head.state, Ticket):
                found[head.state.id] = found[head.state.ref] = head.state
        return found

    def _neighbours(
        self,
        org_id: int,
        stream: str,
        state: object,
        command: Command,
        directory: OrgDirectory,
        attempt: Attempt,
    ) -> tuple[Ticket, ...]:
        if stream_sort(stream) != "maintenance":
            return ()
        terms = window_terms(state if isinstance(state, Ticket) else None, command, directory)
        return tuple(
            ticket
            for ticket in self._active_with(org_id, terms, directory, attempt, but=stream)
            if ticket.type is TicketType.MAINTENANCE
        )

    def _holding(
        self,
        org_id: int,
        state: object,
        command: Command,
        directory: OrgDirectory,
        attempt: Attempt,
    ) -> tuple[Ticket, ...]:
        """Active tickets that may keep a device or link from coming into service."""
        if not isinstance(command, Advance) or not isinstance(state, Device | Link):
            return ()
        return self._active_with(org_id, holding.terms(state.pubkey), directory, attempt)

    def _active_with(
        self,
        org_id: int,
        terms: frozenset[str],
        directory: OrgDirectory,
        attempt: Attempt,
        *,
        but: str | None = None,
    ) -> tuple[Ticket, ...]:
        if not terms:
            return ()
        streams = set(self._turn.with_term(org_id, terms))
        for (org, other), change in [*self.batch.heads.items(), *attempt.heads.items()]:
            if org == org_id and change.after.terms & terms:
                streams.add(other)
        streams -= {but}
        self._memory.load_tickets(self._turn, org_id, streams)
        found = [self._head(org_id, other, directory, attempt) for other in sorted(streams)]
        return tuple(
            head.state
            for head in found
            if head is not None and isinstance(head.state, Ticket) and is_active(head.state.status)
        )


def give_and_take(held: dict[Claim, str], change: HeadChange, *, gone: frozenset[Claim]) -> None:
    """Note in *held* what a stream has given up of what it had (*gone*), and what it has taken."""
    stream = change.head.stream
    for claim in gone - change.after.claims:
        # Another may have taken it already.
        if held.get(claim) == stream:
            del held[claim]
    held.update(dict.fromkeys(change.after.claims, stream))
