"""Followers of the log: the timeline and the search index, a bounded slice at a time.

Each reads the log behind its checkpoint and writes its rows and the new checkpoint in one
transaction, so whatever is interrupted begins again where it was. On SQLite they work on the
writer's thread, between its turns.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.facts import Event
from tocsin.core.instants import from_text
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import NoteAdded
from tocsin.projections.documents import NEWEST_NOTES, document_of, notes_in
from tocsin.projections.timeline import TICKETS, timeline_row
from tocsin.store.codec import documents_of
from tocsin.store.contract import Document, ReadTurn, Store, WriteTurn

TIMELINE: Final = "timeline"
SEARCH: Final = "search"

SLICE: Final = 256
"""Events that one slice of one follower takes: a few milliseconds between two turns."""

_KNOWN_NUMBERS: Final = 20_000

_REDACTED: Final = frozenset({"incident.redacted", "maintenance.redacted"})
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


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as it lies in the log, not yet read."""

    position: int
    org_id: int
    stream: str
    kind: str
    public: str
    private: str


def log_after(turn: ReadTurn, position: int, *, limit: int) -> Sequence[Logged]:
    """The log behind *position*, every org's."""
    rows = turn.select(
        "SELECT position, org_id, stream, kind, public, private FROM events"
        " WHERE position > ? ORDER BY position LIMIT ?",
        (position, limit),
    )
    return [Logged(*row) for row in rows]


class Numbers:
    """The numbers of tickets by their streams; the latest asked for are remembered."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], int] = OrderedDict()

    def of(self, turn: ReadTurn, logged: Iterable[Logged]) -> dict[tuple[int, str], int]:
        """The numbers of the tickets that *logged* are about."""
        found: dict[tuple[int, str], int] = {}
        wanted: dict[int, set[str]] = {}
        for one in logged:
            place = (one.org_id, one.stream)
            number = self._known.get(place)
            if number is None:
                wanted.setdefault(one.org_id, set()).add(one.stream)
            else:
                found[place] = number
        for org_id, streams in wanted.items():
            marks = ", ".join("?" * len(streams))
            for stream, number in turn.select(
                f"SELECT stream, number FROM heads WHERE org_id = ? AND stream IN ({marks})",
                (org_id, *sorted(streams)),
            ):
                found[org_id, stream] = self._known[org_id, stream] = number
        while len(self._known) > _KNOWN_NUMBERS:
            self._known.popitem(last=False)
        return found


def follow_timeline(turn: WriteTurn, logged: Sequence[Logged], numbers: Numbers) -> None:
    """Put *logged* on the timelines of their tickets; after a redaction make one anew."""
    ours = [one for one in logged if one.stream.startswith(TICKETS)]
    known = numbers.of(turn, ours)
    # What was redacted stands redacted in the log; its ticket's older entries are read again.
    anew = {(one.org_id, one.stream): one.position for one in ours if one.kind in _REDACTED}
    rows = []
    for one in ours:
        if one.position <= anew.get((one.org_id, one.stream), 0):
            continue
        outside, inside = documents_of(one.public, one.private, position=one.position)
        number = known[one.org_id, one.stream]
        rows.append(
            timeline_row(outside, inside, org_id=one.org_id, number=number, position=one.position)
        )
    for (org_id, stream), position in anew.items():
        number = known[org_id, stream]
        turn.drop_timeline(org_id, number)
        for place, public, private in turn.select(
            "SELECT position, public, private FROM events WHERE org_id = ? AND stream = ?"
            " AND position <= ? ORDER BY version",
            (org_id, stream, position),
        ):
            outside, inside = documents_of(public, private, position=place)
            rows.append(timeline_row(outside, inside, org_id=org_id, number=number, position=place))
    turn.put_timeline(rows)


def follow_search(turn: WriteTurn, logged: Sequence[Logged], numbers: Numbers) -> None:
    """Index the tickets that *logged* changed, as they stand now."""
    ours = [one for one in logged if one.stream.startswith(TICKETS) and one.kind not in _SILENT]
    by_org: dict[int, set[str]] = {}
    for one in ours:
        by_org.setdefault(one.org_id, set()).add(one.stream)
    documents: list[Document] = []
    for org_id, streams in by_org.items():
        for stream, head in sorted(turn.heads(org_id, streams).items()):
            if isinstance(head.state, Ticket):
                notes: Sequence[Event] = ()
                if head.state.updates_total:
                    kind = NoteAdded.kinds[head.state.type.value]
                    notes = turn.newest_events(org_id, stream, [kind], limit=NEWEST_NOTES)
                text = document_of(head.state, notes_in(reversed(notes)))
                documents.append(Document(org_id=org_id, number=head.number, text=text))
    turn.put_documents(documents)
    if any(one.kind in _REDACTED for one in ours):
        turn.forget_document_traces()


Follow = Callable[[WriteTurn, Sequence[Logged], Numbers], None]

FOLLOWERS: Final[dict[str, Follow]] = {TIMELINE: follow_timeline, SEARCH: follow_search}


class Followers:
    """All followers of a store as one duty of its writer: called, it does a slice of each.

    ``clock`` is what lag is told by.
    """

    def __init__(self, *, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._numbers = Numbers()

    def __call__(self) -> bool:
        """Follow a slice; whether there is more to follow."""
        with self._store.tending() as turn:
            more = False
            moved = False
            for name, follow in FOLLOWERS.items():
                position = turn.checkpoint(name)
                logged = log_after(turn, position, limit=SLICE)
                if logged:
                    follow(turn, logged, self._numbers)
                    turn.put_checkpoint(name, logged[-1].position)
                    moved = True
                more = more or len(logged) == SLICE
            if moved:
                turn.commit()
            return more

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
                )
                late = (now - from_text(waiting[0][0])).total_seconds() if waiting else 0.0
                found.append((name, last - position, max(late, 0.0)))
        return found
