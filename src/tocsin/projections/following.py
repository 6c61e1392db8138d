"""Followers of the log, a bounded slice at a time: the search, measures, what the public knows.

Each reads the log behind its checkpoint and writes its rows and the new checkpoint in one
transaction, so whatever is interrupted begins again where it was. On SQLite they work on the
writer's thread, between its turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Final

from tocsin.core.facts import Event
from tocsin.core.instants import from_text
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import NoteAdded, Redacted
from tocsin.projections.documents import NEWEST_NOTES, document_of, notes_in
from tocsin.projections.logged import Follow, Logged, Slice
from tocsin.projections.measuring import MEASURES, follow_measures
from tocsin.projections.public_notices import PUBLIC, follow_public
from tocsin.store.contract import Document, ReadTurn, Store
from tocsin.store.leasing import unshared
from tocsin.store.outgoing import Holding

SEARCH: Final = "search"

TICKETS: Final = ("incident:", "maintenance:")
"""How the streams of tickets begin."""

SLICE: Final = 128
"""Events that one slice takes at most: some ten milliseconds between two turns."""

SHORT: Final = 16
"""Events that it takes while facts come in one by one: who tells the next of them does not wait ten
milliseconds."""

REST_SECONDS: Final = 0.2
"""Between two runs to the end of the log. The index is written in pieces that are merged later:
few larger ones cost a fraction of many small ones, and nobody waits for a search so shortly."""

_REDACTED: Final = frozenset({"incident.redacted", "maintenance.redacted"})
_UNSEARCHED: Final = frozenset({"actor.name", "author", "text", "reporter_email"})
"""Fields, whatever event they are of, that are in no document."""
_SILENT: Final = frozenset(
    f"{sort}.{name}"
    for sort in ("incident", "maintenance")
    for name in (
        "assignee_changed",
        "confirmed",
        "conflict_cleared",
        "conflict_found",
        "linked_to_ticket",
        "overran",
        "playbook_action_executed",
        "related",
        "reminded",
        "severity_changed",
        "slo_violation_recorded",
    )
)
"""Kinds that change nothing a ticket is searched by."""


def follow_search(part: Slice, logged: Sequence[Logged]) -> None:
    """Index the tickets that *logged* changed, as they stand now."""
    turn = part.turn
    ours = [one for one in logged if one.stream.startswith(TICKETS) and one.kind not in _SILENT]
    by_org: dict[int, set[str]] = {}
    for one in ours:
        by_org.setdefault(one.org_id, set()).add(one.stream)
    documents: list[Document] = []
    for org_id, streams in by_org.items():
        for stream, head in sorted(part.heads(org_id, streams).items()):
            if isinstance(head.state, Ticket):
                notes: Sequence[Event] = ()
                if head.state.updates_total:
                    kind = NoteAdded.kinds[head.state.type.value]
                    notes = turn.newest_events(org_id, stream, [kind], limit=NEWEST_NOTES)
                text = document_of(head.state, notes_in(reversed(notes)))
                documents.append(Document(org_id=org_id, number=head.number, text=text))
    turn.put_documents(documents)
    if any(one.kind in _REDACTED and _was_searched(turn, one) for one in ours):
        turn.forget_document_traces()


def _was_searched(turn: ReadTurn, redaction: Logged) -> bool:
    """Whether what a redaction emptied may have been in the index: to leave no trace there is to
    write all of it anew."""
    place, org_id = redaction.position - 1, redaction.org_id
    told = [one.payload for one in turn.org_events(org_id, after=place, limit=1)]
    return any(isinstance(one, Redacted) and not _UNSEARCHED.issuperset(one.fields) for one in told)


FOLLOWERS: Final[dict[str, Follow]] = {
    SEARCH: follow_search,
    MEASURES: follow_measures,
    PUBLIC: follow_public,
}


class Followers:
    """All followers of a store as one duty of its writer: called, it does a slice of each.

    ``clock`` is what lag is told by. ``holding`` says under which leases to write, None while the
    duty is another process's.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Callable[[], datetime],
        timer: Callable[[], float] = monotonic,
        holding: Callable[[], Holding | None] = unshared,
    ) -> None:
        self._store = store
        self._holding = holding
        self._clock = clock
        self._timer = timer
        self._rested_at = -REST_SECONDS
        self._end: int | None = None

    def __call__(self) -> float | None:
        """Follow a slice of each; seconds until the next, None when there is nothing to follow."""
        waited = self._timer() - self._rested_at
        if waited < REST_SECONDS:
            return REST_SECONDS - waited
        more, moved = self._follow()
        if more:
            return 0.0
        self._end = None
        self._rested_at = self._timer()
        # What came in meanwhile is followed after a rest; if nothing did, there is nothing to do.
        return REST_SECONDS if moved else None

    def _follow(self) -> tuple[bool, bool]:
        """Whether there is more to follow, and whether anything was."""
        holding = self._holding()
        if holding is None:
            return False, True
        with self._store.tending() as turn:
            # Asked first: who waits here for everything to be made anew must not hold on to a lease
            # meanwhile, which is renewed with all others.
            places = {name: turn.checkpoint(name) for name in FOLLOWERS}
            if not turn.holds(holding):
                return False, True
            more = False
            moved = False
            limit = self._length(turn.last_position())
            part = Slice(turn, limit=limit)
            for name, follow in FOLLOWERS.items():
                logged = part.log_after(places[name])
                if logged:
                    follow(part, logged)
                    turn.put_checkpoint(name, logged[-1].position)
                    moved = True
                more = more or len(logged) == limit
            if moved:
                turn.commit()
            return more, moved

    def _length(self, end: int) -> int:
        """How many events the next slice takes, now that the log has come to *end*: short after a
        rest, then twice what came since the slice before, so that it is caught up with; as long as
        can be while nobody writes."""
        came = None if self._end is None else end - self._end
        self._end = end
        if came is None:
            return SHORT
        return SLICE if came == 0 else min(max(2 * came, SHORT), SLICE)

    def lag(self) -> list[tuple[str, int, float]]:
        """Each follower's name, how many events and how many seconds it is behind."""
        now = self._clock()
        found = []
        with self._store.reading() as turn:
            last = turn.last_position()
            for name in FOLLOWERS:
                position = turn.checkpoint(name)
                waiting = turn.select(
                    "SELECT recorded_at FROM events WHERE position > ? ORDER BY position LIMIT 1",
                    (position,),
                    org_id=None,
                )
                late = (now - from_text(waiting[0][0])).total_seconds() if waiting else 0.0
                found.append((name, last - position, max(late, 0.0)))
        return found
