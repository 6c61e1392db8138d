"""From due deadlines to ticks (Design: time is a neighbour too)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tocsin.core.commands import Tick
from tocsin.core.instants import to_text
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Result, Writer
from tocsin.store.contract import DueDeadline, ReadTurn, StorageFailed, Store

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""How many ticks are handed in at a time: people's commands shall not wait behind thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look found: whether to look again at once, and when the next deadline comes, if that
    is soon."""

    again: bool
    next_due_at: datetime | None


class Ticking:
    """Hands in a tick for each due deadline; parks what stays due after its tick.

    A parked deadline is left alone until its stream moves or the process starts anew: a tick that
    settles nothing now settles nothing a second later either. For one thread.
    """

    def __init__(self, *, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._parked: Mapping[DueDeadline, int] = {}

    @property
    def parked(self) -> int:
        """How many deadlines stayed due after their tick."""
        return len(self._parked)

    def look(self, *, at: datetime, ahead: timedelta) -> Look:
        """Hand in what is due at *at*; tell of what comes within *ahead* of it.

        Raises:
            Overloaded: the writer takes no more at the moment, or is stopping.
            StorageFailed: the database is away; nothing is parked for that.
        """
        with self._store.reading() as turn:
            # Parked ones stay at the head of the list; they must not hide what comes behind them.
            found = turn.due_deadlines(at + ahead, limit=AT_ONCE + len(self._parked))
            versions = _versions(turn, self._parked)
        due = {one for one in found if one.due_at <= at}
        self._parked = {
            one: version
            for one, version in self._parked.items()
            if one in due and versions[one] == version
        }
        wanted = _first_of_each_stream(
            one for one in found if one in due and one not in self._parked
        )
        if wanted:
            self._tick(wanted, at=at)
        # What was settled may have made something else due, and the list may have been cut.
        return Look(
            again=bool(wanted),
            next_due_at=next((one.due_at for one in found if one not in due), None),
        )

    def _tick(self, wanted: Collection[DueDeadline], *, at: datetime) -> None:
        results = dict(
            zip(wanted, self._writer.do_all([_tick(one) for one in wanted]), strict=True)
        )
        for result in results.values():
            if isinstance(result, StorageFailed):
                raise result
        with self._store.reading() as turn:
            # Asked of the table, not of the state: it is the table that would be found due again.
            still = set(turn.due_deadlines(at, limit=len(wanted) + AT_ONCE + len(self._parked)))
            left = [one for one in wanted if one in still]
            versions = _versions(turn, left)
        for one in left:
            _tell(one, results[one])
        self._parked = {**self._parked, **versions}


def _versions(turn: ReadTurn, deadlines: Iterable[DueDeadline]) -> dict[DueDeadline, int]:
    """The version of each one's stream; 0 when there is none."""
    found: dict[DueDeadline, int] = {}
    for one in deadlines:
        head = turn.head(one.org_id, one.stream)
        found[one] = 0 if head is None else head.version
    return found


def _first_of_each_stream(deadlines: Iterable[DueDeadline]) -> tuple[DueDeadline, ...]:
    first: dict[tuple[int, str], DueDeadline] = {}
    for one in deadlines:
        first.setdefault((one.org_id, one.stream), one)
    return tuple(first.values())


def _tick(due: DueDeadline) -> Submission:
    return Submission(
        org_id=due.org_id,
        sort="ticket",
        subject=due.stream.partition(":")[2],
        command=Tick(at=due.due_at),
        via="clock",
    )


def _tell(due: DueDeadline, result: Result) -> None:
    reason = "its tick changed nothing" if isinstance(result, Outcome) else repr(result)
    log.error(
        "a deadline stays due; it is tried again when its ticket changes, or after a restart",
        action="tick_parked",
        org=due.org_id,
        stream=due.stream,
        deadline=due.kind,
        due_at=to_text(due.due_at),
        reason=reason,
    )
