"""What the policy says is kept for so many days: erased when they are over, a handful at a time
(Design: proof and erasure).

The log is followed from a checkpoint for each org and span, no further than what is so old. What
lies behind the checkpoint is settled: it was erased, holds nothing of the kind, or is on a ticket
that had not ended; such a ticket is looked at as a whole where the fact that ended it is met. So a
shorter span goes on from there at once, and a longer one waits. Checkpoints may be lost (a rebuild
empties them): what was erased already is passed by.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from tocsin.core.commands import Redact
from tocsin.core.errors import Overloaded, VersionMismatch
from tocsin.core.facts import Event, stream_identity, stream_name, stream_sort
from tocsin.core.instants import DAY
from tocsin.core.policy_reading import POLICY_ID
from tocsin.core.record_facts import RecordRemoved
from tocsin.core.records import Member, Policy
from tocsin.core.retention import MOVES, names_of_people, written_in_chat
from tocsin.core.ticket import Ticket
from tocsin.core.words import is_active
from tocsin.handler.arrival import Accounted
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import Head, LogDamaged, ReadTurn, StorageFailed, Store

log = structlog.get_logger(__name__)

AT_ONCE: Final = 40
"""How many events are emptied in one go: each is an event itself, and people's commands shall not
wait behind thousands."""

READ_AT_ONCE: Final = 200
"""How many events of the log are read in one go."""

TICKETS: Final = frozenset({"incident", "maintenance"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How long one org keeps one kind of text: what it recorded before *before* is too old."""

    org_id: int
    setting: str
    days: int
    before: datetime

    @property
    def checkpoint(self) -> str:
        """Under which name is kept how far the log was followed for it."""
        return f"{self.setting}:{self.org_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Fields of an event that are to be emptied."""

    event: Event
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at the log found: what to erase, with the versions of its streams; up to where
    all is settled after that; and whether to look again at once."""

    erasures: Sequence[Erasure]
    versions: Mapping[str, int]
    upto: int
    moved: bool
    again: bool


class Erasing:
    """Has erased what is no longer kept, in the name of the system. What is refused is told once,
    and passed by. For one thread."""

    def __init__(self, *, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._refused: set[str] = set()
        self._damaged: set[int] = set()

    def look(self, *, at: datetime) -> bool:
        """Erase a handful of what is too old at *at*, in each org; whether there may be more.

        Raises:
            Overloaded: the writer takes no more at the moment, or is stopping.
            StorageFailed: the database is away.
        """
        with self._store.reading() as turn:
            orgs = [org.org_id for org in turn.orgs()]
        # Every org has its handful, however much another has.
        again = [self._look_at(org_id, at) for org_id in orgs]
        return any(again)

    def _look_at(self, org_id: int, at: datetime) -> bool:
        try:
            with self._store.reading() as turn:
                spans = list(_spans(turn, org_id, at))
            again = [self._follow(span) for span in spans]
        except LogDamaged as damaged:
            # What lies behind it waits; time goes on for everybody else.
            if org_id not in self._damaged:
                log.error(
                    "nothing more goes by itself: the log is damaged; run: tocsin db check",
                    action="retention_stopped",
                    org=org_id,
                    reason=str(damaged),
                )
            self._damaged.add(org_id)
            return False
        self._damaged.discard(org_id)
        return any(again)

    def _follow(self, span: Span) -> bool:
        with self._store.reading() as turn:
            found = _found(turn, span, passing=self._refused)
        if not self._erase(span, found):
            return True
        if found.moved:
            with self._store.tending() as turn:
                # Another process may have come further while this one had the duty no more.
                if turn.checkpoint(span.checkpoint) < found.upto:
                    turn.put_checkpoint(span.checkpoint, found.upto)
                    turn.commit()
        return found.again

    def _erase(self, span: Span, found: Found) -> bool:
        """Whether nothing came in between.

        Of each stream one at a time, on the version that the one before it left: decided on what
        was read, so that a ticket which is reopened in between keeps what it has.
        """
        versions = dict(found.versions)
        waiting: dict[str, deque[Erasure]] = {}
        for erasure in found.erasures:
            waiting.setdefault(erasure.event.stream, deque()).append(erasure)
        undisturbed = True
        done = 0
        while waiting:
            first = [queue.popleft() for queue in waiting.values()]
            asked = [_submission(span, one, versions[one.event.stream]) for one in first]
            for erasure, result in zip(first, self._writer.do_all(asked), strict=True):
                stream = erasure.event.stream
                match result:
                    case Outcome(version=version):
                        versions[stream] = version
                        done += 1
                    case VersionMismatch():
                        undisturbed = False
                        waiting[stream].clear()
                    case StorageFailed() | Overloaded():
                        raise result
                    case Exception():
                        # Whatever it is that the writer could not do: time goes on.
                        self._refused.add(erasure.event.id)
                        _tell(span, erasure, result)
                    case BaseException():
                        raise result
                    case Accounted():
                        raise AssertionError("a command is answered with its outcome")
            waiting = {stream: queue for stream, queue in waiting.items() if queue}
        if done:
            log.info(
                "erased what is kept no longer",
                action="retention_erased",
                org=span.org_id,
                setting=span.setting,
                days=span.days,
                count=done,
            )
        return undisturbed


def _tell(span: Span, erasure: Erasure, failed: Exception) -> None:
    log.error(
        "text that is too old cannot be erased; erase it by hand",
        action="retention_refused",
        org=span.org_id,
        event_id=erasure.event.id,
        fields=erasure.fields,
        reason=repr(failed),
    )


def _spans(turn: ReadTurn, org_id: int, at: datetime) -> Iterator[Span]:
    """What the org's policy says of how long what is kept."""
    head = turn.head(org_id, stream_name("policy", POLICY_ID))
    policy = None if head is None else head.state
    if not isinstance(policy, Policy):
        return
    for setting in _LOOKS:
        days = getattr(policy, setting)
        if days is not None:
            yield Span(org_id=org_id, setting=setting, days=days, before=at - days * DAY)


def _submission(span: Span, erasure: Erasure, version: int) -> Submission:
    sort = stream_sort(erasure.event.stream)
    return Submission(
        org_id=span.org_id,
        sort="ticket" if sort in TICKETS else sort,
        subject=stream_identity(erasure.event.stream),
        command=Redact(
            event=erasure.event.id,
            fields=erasure.fields,
            reason=f"retention: {span.setting} {span.days}",
        ),
        expected_version=version,
        via="clock",
    )


def _found(turn: ReadTurn, span: Span, *, passing: Collection[str]) -> Found:
    """The next handful behind the checkpoint."""
    position = upto = turn.checkpoint(span.checkpoint)
    events = turn.org_events(span.org_id, after=position, limit=READ_AT_ONCE)
    old = [one for one in events if one.recorded_at < span.before]
    neighbourhood = Neighbourhood(turn=turn, org_id=span.org_id)
    neighbourhood.read(one.stream for one in old)
    erasures: list[Erasure] = []
    is_cut = False
    for event in old:
        wanted = (
            one for one in _LOOKS[span.setting](neighbourhood, event) if one.event.id not in passing
        )
        room = AT_ONCE - len(erasures)
        taken = [one for one, _ in zip(wanted, range(room + 1), strict=False)]
        erasures += taken[:room]
        is_cut = len(taken) > room
        if is_cut:
            break
        upto = event.position
    return Found(
        erasures=erasures,
        versions={
            stream: head.version
            for stream, head in neighbourhood.heads.items()
            if any(one.event.stream == stream for one in erasures)
        },
        upto=upto,
        moved=upto > position,
        again=is_cut or len(old) == READ_AT_ONCE,
    )


# -- what goes ------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Neighbourhood:
    """What stands around the events of one look, read once."""

    turn: ReadTurn
    org_id: int
    heads: dict[str, Head] = field(default_factory=dict)
    services: dict[str, bool] = field(default_factory=dict)
    moves: dict[str, int | None] = field(default_factory=dict)

    def read(self, streams: Iterator[str]) -> None:
        """The states of *streams*."""
        self.heads.update(self.turn.heads(self.org_id, set(streams)))

    def is_person(self, member_id: str) -> bool:
        """Whether that member is one, or was."""
        known = self.services.get(member_id)
        if known is None:
            head = self.turn.head(self.org_id, stream_name("member", member_id))
            member = None if head is None else head.state
            known = isinstance(member, Member) and member.service
            self.services[member_id] = known
        return not known

    def moved_at(self, stream: str) -> int | None:
        """The position of the fact that brought an ended ticket to where it stands; None of one
        that still needs somebody."""
        if stream not in self.moves:
            head = self.heads.get(stream)
            ticket = None if head is None else head.state
            self.moves[stream] = None
            if isinstance(ticket, Ticket) and not is_active(ticket.status):
                for move in self.turn.newest_events(self.org_id, stream, MOVES, limit=1):
                    self.moves[stream] = move.position
        return self.moves[stream]

    def until(self, event: Event) -> Iterator[Event]:
        """The events of a stream, up to and with *event*."""
        version = 0
        while version < event.version:
            slice_of = self.turn.stream_events(
                self.org_id, event.stream, after_version=version, limit=READ_AT_ONCE
            )
            for one in slice_of:
                if one.version <= event.version:
                    yield one
            version = slice_of[-1].version if slice_of else event.version


def _from_slack(neighbourhood: Neighbourhood, event: Event) -> Iterator[Erasure]:
    fields = written_in_chat(event)
    if fields:
        yield Erasure(event=event, fields=fields)


def _of_people(neighbourhood: Neighbourhood, event: Event) -> Iterator[Erasure]:
    for one in _settled_by(neighbourhood, event):
        fields = names_of_people(one, is_person=neighbourhood.is_person)
        if fields:
            yield Erasure(event=one, fields=fields)


def _settled_by(neighbourhood: Neighbourhood, event: Event) -> Iterator[Event]:
    """The events whose time is over because *event*'s is."""
    sort = stream_sort(event.stream)
    if sort == "subscription" and isinstance(event.payload, RecordRemoved):
        yield from neighbourhood.until(event)
    elif sort in TICKETS:
        moved_at = neighbourhood.moved_at(event.stream)
        if moved_at == event.position:
            yield from neighbourhood.until(event)
        elif moved_at is not None and moved_at < event.position:
            # Said of a ticket that had ended; it stays as long as if it were its end.
            yield event


_LOOKS: Final[Mapping[str, Callable[[Neighbourhood, Event], Iterator[Erasure]]]] = {
    "slack_retention_days": _from_slack,
    "pii_retention_days": _of_people,
}
"""What each setting of the policy has erased of the log, event by event."""
