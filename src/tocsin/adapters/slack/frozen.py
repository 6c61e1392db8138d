"""Which conversations are to be read again: of tickets that were closed, of grave ones every six
hours, and once of those that a process before this one may have left half recorded.

Closings are found by following the log from a checkpoint, which is moved on only behind what is
settled; the others by their rows. When a ticket was frozen last, its own log says.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tocsin.adapters.slack.contract import VIA, Workspace
from tocsin.core.facts import stream_sort
from tocsin.core.instants import to_text
from tocsin.core.rows import facets_matching, gravity_of
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import (
    ActionExecuted,
    Cancelled,
    IncidentClosed,
    MaintenanceClosed,
)
from tocsin.core.words import Severity
from tocsin.store.contract import ReadTurn, Store

CHECKPOINT: Final = "slack_transcripts"
EVERY: Final = timedelta(hours=6)
GRAVE: Final = (Severity.SEV1, Severity.SEV2)
MOST: Final = 2_000
"""Tickets of one org that are looked at for one reason."""

YOUNG: Final = timedelta(hours=24)
"""How old a ticket may be whose conversation a new process reads once more: the one before it may
have died while it read a thread, or have been away when something was said."""

SLICE: Final = 5_000
SLICES: Final = 20
"""How far the log is followed in one go: slices of so many events."""

ACTIONS_READ: Final = 50

FROZEN: Final = "transcript frozen: "

_ENDINGS: Final = frozenset(
    kind for fact in (IncidentClosed, MaintenanceClosed, Cancelled) for kind in fact.kinds.values()
)

_ACTIVE: Final = tuple(sorted(facets_matching(active=True) or ()))
_YOUNG: Final = (
    "SELECT stream FROM tickets WHERE org_id = ? AND created_at >= ? AND facets IN (FACETS)"
    " ORDER BY created_at DESC LIMIT ?"
).replace("FACETS", ", ".join("?" for _ in _ACTIVE))

_WANTED: Final = tuple(sorted(facets_matching(severities=GRAVE, active=True) or ()))
_LEAST: Final = min(gravity_of(severity) for severity in GRAVE)
_GRAVE: Final = (
    "SELECT stream FROM tickets WHERE org_id = ? AND gravity >= ? AND facets IN (FACETS)"
    " ORDER BY number LIMIT ?"
).replace("FACETS", ", ".join("?" for _ in _WANTED))

_Key = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A ticket whose conversations are to be read, and whether what is read is to be frozen."""

    org_id: int
    stream: str
    workspace: Workspace
    freeze: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The last time that a transcript was frozen: what was said of it, when and where in the
    log."""

    label: str
    at: datetime
    position: int


def last_frozen(turn: ReadTurn, org_id: int, stream: str) -> Frozen | None:
    """When the ticket's transcript was frozen last."""
    kind = ActionExecuted.kinds[stream_sort(stream)]
    before: int | None = None
    while True:
        events = turn.newest_events(
            org_id, stream, [kind], before_version=before, limit=ACTIONS_READ
        )
        for event in events:
            done = event.payload
            if (
                isinstance(done, ActionExecuted)
                and event.via == VIA
                and event.actor.type == "system"
                and done.label.startswith(FROZEN)
            ):
                return Frozen(label=done.label, at=event.recorded_at, position=event.position)
        if len(events) < ACTIONS_READ:
            return None
        before = events[-1].version


class DueTranscripts:
    """What is due, and what is settled; of one thread."""

    def __init__(self, *, store: Store, workspace_of: Callable[[int], Workspace | None]) -> None:
        self._store = store
        self._workspace_of = workspace_of
        self._followed: int | None = None
        self._saved = 0
        self._ended: OrderedDict[_Key, int] = OrderedDict()
        self._behind: OrderedDict[_Key, None] | None = None
        self._looked: dict[_Key, datetime] = {}

    def at(self, now: datetime) -> Iterator[Due]:
        """What is due at *now*: closed ones, those of a process before this one, grave ones."""
        self._follow()
        for (org_id, stream), position in list(self._ended.items()):
            workspace = self._workspace_of(org_id)
            if workspace is None or self._is_frozen(org_id, stream, since=position):
                del self._ended[org_id, stream]
            else:
                yield Due(org_id=org_id, stream=stream, workspace=workspace)
        if self._behind is None:
            self._behind = self._left_behind(now)
        for org_id, stream in list(self._behind):
            workspace = self._workspace_of(org_id)
            if workspace is not None:
                yield Due(org_id=org_id, stream=stream, workspace=workspace, freeze=False)
        yield from self._grave(now)

    def settled(self, due: Due, now: datetime) -> None:
        """*due* was looked at, and needs no more for now."""
        key = due.org_id, due.stream
        if self._behind is not None:
            self._behind.pop(key, None)
        if due.freeze:
            self._looked[key] = now
            self._ended.pop(key, None)

    def remember(self) -> None:
        """Keep how far the log needs not be followed again."""
        followed = self._followed or 0
        upto = min((position - 1 for position in self._ended.values()), default=followed)
        if upto <= self._saved:
            return
        with self._store.tending() as turn:
            turn.put_checkpoint(CHECKPOINT, upto)
            turn.commit()
        self._saved = upto

    # -- closed ----------------------------------------------------------------------------------

    def _follow(self) -> None:
        for _ in range(SLICES):
            with self._store.reading() as turn:
                if self._followed is None:
                    self._followed = self._saved = turn.checkpoint(CHECKPOINT)
                rows = turn.select(
                    "SELECT position, org_id, stream, kind FROM events"
                    " WHERE position > ? ORDER BY position LIMIT ?",
                    (self._followed, SLICE),
                    org_id=None,
                )
            for position, org_id, stream, kind in rows:
                if kind in _ENDINGS:
                    self._ended.pop((org_id, stream), None)
                    self._ended[org_id, stream] = position
                self._followed = position
            if len(rows) < SLICE:
                return

    def _is_frozen(self, org_id: int, stream: str, *, since: int) -> bool:
        with self._store.reading() as turn:
            frozen = last_frozen(turn, org_id, stream)
        return frozen is not None and frozen.position > since

    # -- left behind -----------------------------------------------------------------------------

    def _left_behind(self, now: datetime) -> OrderedDict[_Key, None]:
        """Young active tickets of every org that has a workspace."""
        found: OrderedDict[_Key, None] = OrderedDict()
        since = to_text(now - YOUNG)
        with self._store.reading() as turn:
            for org in turn.orgs():
                if self._workspace_of(org.org_id) is None:
                    continue
                rows = turn.select(_YOUNG, (org.org_id, since, *_ACTIVE, MOST), org_id=org.org_id)
                found.update(dict.fromkeys((org.org_id, stream) for (stream,) in rows))
        return found

    # -- grave -----------------------------------------------------------------------------------

    def _grave(self, now: datetime) -> Iterator[Due]:
        active: set[_Key] = set()
        with self._store.reading() as turn:
            orgs = [org.org_id for org in turn.orgs()]
        for org_id in orgs:
            workspace = self._workspace_of(org_id)
            if workspace is None:
                continue
            with self._store.reading() as turn:
                streams = _grave_streams(turn, org_id)
            active.update((org_id, stream) for stream in streams)
            for stream in streams:
                if now - self._last_look(org_id, stream, now) >= EVERY:
                    yield Due(org_id=org_id, stream=stream, workspace=workspace)
        self._looked = {key: at for key, at in self._looked.items() if key in active}

    def _last_look(self, org_id: int, stream: str, now: datetime) -> datetime:
        """When it was looked at last: here, by what the log says, or else when it was opened."""
        known = self._looked.get((org_id, stream))
        if known is not None:
            return known
        with self._store.reading() as turn:
            frozen = last_frozen(turn, org_id, stream)
            head = turn.head(org_id, stream)
        if frozen is not None:
            at = frozen.at
        elif head is not None and isinstance(head.state, Ticket):
            at = head.state.created_at
        else:
            at = now
        self._looked[org_id, stream] = at
        return at


def _grave_streams(turn: ReadTurn, org_id: int) -> list[str]:
    """The streams of the org's active tickets of the gravest severities, the oldest first."""
    rows = turn.select(_GRAVE, (org_id, _LEAST, *_WANTED, MOST), org_id=org_id)
    return [stream for (stream,) in rows]
