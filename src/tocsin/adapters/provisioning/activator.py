"""The activator: lets devices, links and interfaces go on to where wish and health lead
(Provisioning: link, device).

It asks :func:`~tocsin.core.provisioning.life.next_step` for everything in every org at an interval,
and for what events moved as soon as they are in the log. What it hands in is decided again under
the writer's lock: two activators write every change once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog

from tocsin.adapters.provisioning.registry import (
    SORTS,
    asset_of,
    name_of,
    pages,
)
from tocsin.adapters.provisioning.telling import Move, after, to_tell, wish_to_write
from tocsin.adapters.provisioning.writing import Writing
from tocsin.core.errors import Refusal
from tocsin.core.provisioning.commands import Advance
from tocsin.core.provisioning.ledger import Outcome as LedgerOutcome
from tocsin.core.provisioning.ledger import Written
from tocsin.core.provisioning.life import Life, Step, next_step
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus
from tocsin.core.records import Device, Link
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.projections.held import held_on, referring_to
from tocsin.projections.logged import Logged, log_after
from tocsin.store.contract import Head, ReadTurn, StorageFailed, Store

log = structlog.get_logger(__name__)

VIA: Final = "activator"
INTERVAL: Final = timedelta(seconds=30)
AT_ONCE: Final = 100
EVENTS_AT_ONCE: Final = 1_000
MOST_EVENTS: Final = 10_000
"""Events that are listened to one by one; when there are more, everything is gone through."""

_TICKETS: Final = ("incident", "maintenance")
_Name = tuple[int, str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """What one round of the activator did: devices and links that were looked at, those that it let
    go on, those that wait for tickets, those that were refused, those that a ledger did not take,
    and how long it took."""

    examined: int
    moved: tuple[str, ...]
    waiting: int
    refused: int
    untaken: int
    seconds: float


def _unobserved(_round: Activated) -> None:
    return None


class Activator:
    """Goes through all devices and links; for one thread. ``observe`` is told of each round,
    ``writing`` tells ledgers. ``only`` says which orgs, by their numbers, it goes through: all."""

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        clock: Callable[[], datetime],
        interval: timedelta = INTERVAL,
        observe: Callable[[Activated], None] = _unobserved,
        writing: Writing | None = None,
        only: Callable[[int], bool] | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._writer, self._clock = store, writer, clock
        self._interval, self._observe, self._timer = interval, observe, timer
        self._writing = Writing("status", "deletion", clock=clock) if writing is None else writing
        self._only, self._orgs = only, frozenset[int]()
        self._due_at: datetime | None = None
        self._untaken = 0
        self._heard = 0
        self._waiting: set[_Name] = set()

    def go(self) -> timedelta:
        """A round through everything when it is time for one, else what events ask for; how long to
        pause then.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        at = self._clock()
        if self._due_at is None or at >= self._due_at or self._due_at - at > self._interval:
            self.everything()
            self._due_at = at + self._interval
        else:
            self.listen()
        return max(self._due_at - self._clock(), timedelta(0))

    def everything(self) -> Activated:
        """Go through every org's devices and links.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        began, at = self._timer(), self._clock()
        with self._store.reading() as turn:
            heard, orgs = turn.last_position(), turn.orgs()
        if self._only is not None:
            orgs = [org for org in orgs if self._only(org.org_id)]
            self._orgs = frozenset(org.org_id for org in orgs)
        self._waiting = set()
        self._untaken = 0
        self._writing.begin()
        examined, refused, moved = 0, 0, list[str]()
        for org in orgs:
            for sort in SORTS:
                for page in pages(self._store, org.org_id, sort):
                    examined += len(page)
                    done, failed = self._advance([head for head, _ in page], at=at)
                    moved += done
                    refused += failed
        self._heard = heard
        self._writing.end()
        return self._told(began, examined=examined, moved=moved, refused=refused)

    def listen(self) -> Activated | None:
        """Go through what events since the last time moved, and what waits for tickets that they
        are about; None when they are about something else.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        began, at = self._timer(), self._clock()
        touched: set[_Name] = set()
        heard, read = self._heard, 0
        with self._store.reading() as turn:
            # Only whose they are: on most installations nearly all are about something else.
            while events := log_after(turn, heard, limit=EVENTS_AT_ONCE):
                touched |= self._asked_for(events)
                heard = events[-1].position
                read += len(events)
                if read >= MOST_EVENTS or len(events) < EVENTS_AT_ONCE:
                    break
        if read >= MOST_EVENTS:
            return self.everything()
        self._heard = heard
        if not touched:
            return None
        self._untaken = 0
        refused, moved = 0, list[str]()
        for org_id in sorted({org_id for org_id, _ in touched}):
            streams = sorted(stream for org, stream in touched if org == org_id)
            for few in _by(AT_ONCE, streams):
                with self._store.reading() as turn:
                    heads = list(turn.heads(org_id, few).values())
                self._waiting -= {(org_id, stream) for stream in few}
                done, failed = self._advance(heads, at=at)
                moved += done
                refused += failed
        return self._told(began, examined=len(touched), moved=moved, refused=refused)

    def _asked_for(self, events: Iterable[Logged]) -> set[_Name]:
        found: set[_Name] = set()
        for event in events:
            if self._only is not None and event.org_id not in self._orgs:
                continue
            sort = event.stream.partition(":")[0]
            if sort in SORTS:
                found.add((event.org_id, event.stream))
            elif sort in _TICKETS:
                # A ticket that ends lets go what waits for it; one that begins moves nothing.
                found |= {one for one in self._waiting if one[0] == event.org_id}
        return found

    def _advance(self, heads: Sequence[Head], *, at: datetime) -> tuple[list[str], int]:
        """Hand in what moves; the codes of what did, and how many were refused."""
        moves: list[Move] = []
        with self._store.reading() as turn:
            for head in heads:
                asset = asset_of(head)
                if asset is not None and (move := self._move(turn, head, asset, at=at)) is not None:
                    moves.append(move)
        moved, refused = [], 0
        for few in _by(AT_ONCE, moves):
            wanted = self._taken(few)
            results = self._writer.do_all(
                [_submission(one.head, command) for one, command in wanted]
            )
            for (one, _), result in zip(wanted, results, strict=True):
                match result:
                    case Outcome(events=events):
                        if events:
                            moved.append(one.asset.code)
                    case StorageFailed():
                        raise result
                    case Refusal():
                        # Somebody may have removed it in between; the others go on.
                        refused += 1
                        log.warning(
                            "a step was refused",
                            action="advance_refused",
                            org=one.head.org_id,
                            stream=one.head.stream,
                            reason=result.detail,
                        )
                    case BaseException():
                        raise result
                    case _:
                        raise AssertionError(result)
        return moved, refused

    def _taken(self, moves: Sequence[Move]) -> list[tuple[Move, Advance]]:
        """What is handed in of *moves* of one org: what our own record keeps, and what ledgers have
        taken before."""
        telling = [(one, one.told) for one in moves if one.told is not None]
        outcomes: dict[str, LedgerOutcome] = {}
        if telling:
            told = self._writing.take(moves[0].head.org_id, [told for _, told in telling])
            outcomes = {
                one.head.stream: outcome for (one, _), outcome in zip(telling, told, strict=True)
            }
        handed: list[tuple[Move, Advance]] = []
        for one in moves:
            outcome = outcomes.get(one.head.stream)
            if isinstance(outcome, Written):
                handed.append((one, after(outcome.change)))
            elif one.told is None or one.moves_interfaces:
                handed.append((one, Advance()))
            self._untaken += outcome is not None and not isinstance(outcome, Written)
        return handed

    def _move(
        self, turn: ReadTurn, head: Head, asset: Device | Link, *, at: datetime
    ) -> Move | None:
        lives = [asset.life]
        if isinstance(asset, Device):
            lives += [one.life for one in asset.interfaces if one.needs_evidence]
        is_wished = wish_to_write(asset) is not None
        if not is_wished and not any(next_step(life).moves for life in lives):
            return None
        in_the_way: tuple[str, ...] = ()
        if any(_activates(life) for life in lives):
            in_the_way = held_on(turn, head.org_id, asset, at=at).in_the_way
        # Only what shall be deleted is asked about what refers to it: that reads all links.
        referring: tuple[str, ...] = ()
        if isinstance(asset, Device) and asset.life.desired is DesiredStatus.DELETED:
            referring = referring_to(turn, head.org_id, asset)
        steps: list[Step] = [
            next_step(asset.life, in_the_way=in_the_way, referred_to=referring),
            *(next_step(life, in_the_way=in_the_way) for life in lives[1:]),
        ]
        if any(step.waits_for for step in steps):
            self._waiting.add((head.org_id, head.stream))
        if not is_wished and not any(step.moves for step in steps):
            return None
        return Move(
            head=head,
            asset=asset,
            told=to_tell(turn, head, asset, steps[0]),
            moves_interfaces=any(step.moves for step in steps[1:]),
        )

    def _told(self, began: float, *, examined: int, moved: list[str], refused: int) -> Activated:
        told = Activated(
            examined=examined,
            moved=tuple(moved),
            waiting=len(self._waiting),
            refused=refused,
            untaken=self._untaken,
            seconds=self._timer() - began,
        )
        self._observe(told)
        return told


def _activates(life: Life) -> bool:
    return next_step(life).status is AssetStatus.ACTIVATED


def _submission(head: Head, command: Advance) -> Submission:
    return Submission(
        org_id=head.org_id,
        sort=head.stream.partition(":")[0],
        subject=name_of(head),
        command=command,
        via=VIA,
    )


def _by(size: int, items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
