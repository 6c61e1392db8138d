"""Checking a log: every event, the chain, and the states that stand beside it (Design: proof).

What is found is a list of sentences, each naming the place. An empty list means that every stored
event reads as what it claims to be, the chain of every org holds, and the log folds into the heads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass

from tocsin.core.aggregates import AGGREGATES, State, standing_of
from tocsin.core.claims import Claim
from tocsin.core.facts import Event, stream_sort
from tocsin.core.instants import to_text
from tocsin.core.record_facts import PartyRedacted
from tocsin.core.rows import row_of
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import Redacted
from tocsin.store.codec import decoded_event, decoded_state
from tocsin.store.contract import LogDamaged
from tocsin.store.digests import GENESIS, digest_of_private, digest_of_remaining, next_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A row of the log, as it lies there."""

    position: int
    org_id: int
    id: str
    stream: str
    version: int
    kind: str
    schema: int
    recorded_at: str
    public: str
    private: str
    salt: bytes
    private_digest: bytes
    chain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """A row of the heads, with what stands beside it: the ticket's row, the terms it is found by,
    the claims it holds, and the deadlines (kind and instant as text) it waits for."""

    org_id: int
    stream: str
    version: int
    state: str
    row: tuple[object, ...] | None
    terms: frozenset[str]
    claims: frozenset[Claim]
    deadlines: frozenset[tuple[str, str]]


def problems_of_log(
    events: Iterator[StoredEvent], *, progress: Callable[[int], None] = lambda done: None
) -> list[str]:
    """What is wrong with *events*, which come in the order of their positions.

    ``progress`` is told the position reached, now and then.
    """
    problems: list[str] = []
    chains: dict[int, bytes] = {}
    versions: dict[tuple[int, str], int] = {}
    emptied: dict[str, tuple[int, str]] = {}
    sealed: dict[str, str] = {}
    expected = 1
    for row in events:
        where = f"event {row.id} at position {row.position}"
        if row.position != expected:
            problems.append(f"positions {expected} to {row.position - 1} are missing")
        expected = row.position + 1
        place = (row.org_id, row.stream)
        if row.version != versions.get(place, 0) + 1:
            problems.append(f"{where}: version {row.version} of {row.stream} is out of order")
        versions[place] = row.version
        public, private = _bytes(row.public), _bytes(row.private)
        if row.salt:
            if digest_of_private(row.salt, private) != row.private_digest:
                problems.append(f"{where}: its private part is not what was recorded")
        else:
            emptied[row.id] = (row.position, digest_of_remaining(private))
        previous = chains.get(row.org_id, GENESIS)
        if next_chain(previous, public, row.private_digest) != row.chain:
            problems.append(f"{where}: the chain breaks here")
        chains[row.org_id] = row.chain
        problems.extend(_problems_of_envelope(row, where))
        try:
            event = _event(row)
        except LogDamaged as damaged:
            problems.append(str(damaged))
        else:
            if isinstance(event.payload, Redacted | PartyRedacted):
                sealed[event.payload.event] = event.payload.remaining_digest
        if row.position % 2_000 == 0:
            progress(row.position)
    for identity, (position, remaining) in emptied.items():
        if sealed.get(identity) != remaining:
            problems.append(
                f"event {identity} at position {position} has no salt, "
                "and no redaction seals what is left of it"
            )
    progress(expected - 1)
    return problems


def _bytes(text: str) -> bytes:
    """The bytes as they lie there, even where damage made them no text at all."""
    return text.encode(errors="surrogateescape")


def _event(row: StoredEvent) -> Event:
    return decoded_event(
        position=row.position, org_id=row.org_id, public=row.public, private=row.private
    )


def _problems_of_envelope(row: StoredEvent, where: str) -> Iterator[str]:
    """The columns repeat what the hashed document says; both must say the same."""
    try:
        document = json.loads(row.public)
    except ValueError:
        yield f"{where}: its public part is not JSON"
        return
    for name in ("id", "stream", "version", "kind", "schema", "recorded_at", "position"):
        if not isinstance(document, dict) or document.get(name) != getattr(row, name):
            yield f"{where}: the column {name} is not what was recorded"


def problem_of_head(head: StoredHead, events: Iterator[StoredEvent]) -> str | None:
    """What is wrong with a head, folded anew from the events of its stream; None when it stands."""
    state: State | None = None
    version = 0
    evolve = AGGREGATES[stream_sort(head.stream)].evolve
    try:
        for row in events:
            state = evolve(state, _event(row))
            version = row.version
        stored = decoded_state(head.stream, head.state)
    except LogDamaged as damaged:
        return str(damaged)
    if state is None or state != stored or version != head.version:
        return f"the state of {head.stream} is not what its events say; run: tocsin db rebuild"
    standing = standing_of(state)
    if standing.claims != head.claims:
        return f"the claims of {head.stream} are not what its events say; run: tocsin db rebuild"
    if {(one.kind, to_text(one.due_at)) for one in standing.deadlines} != head.deadlines:
        return f"what {head.stream} waits for is not what its events say; run: tocsin db rebuild"
    if isinstance(state, Ticket) and head.row != astuple(row_of(state)):
        return f"the row of ticket {state.ref} is not what its events say; run: tocsin db rebuild"
    if isinstance(state, Ticket) and head.terms != standing.terms:
        return f"ticket {state.ref} is not found by what it is; run: tocsin db rebuild"
    return None
