"""Health and status are written on the ledger that keeps an asset, before they are recorded
(Provisioning: the doublezero ledger).

What it did not take, or may not have taken, leaves the asset as it was; it is counted, said once
for each reason, and remembered for readiness. The next round tries again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Literal, TypeAlias, assert_never

import structlog

from tocsin.core.provisioning.ledger import (
    Change,
    Deletion,
    HealthChange,
    Kind,
    Ledger,
    NotWritten,
    Outcome,
    StatusChange,
    Unsure,
    Written,
)
from tocsin.core.provisioning.untaken import AwaySince, Kept, Untaken

log = structlog.get_logger(__name__)

AT_ONCE: Final = 40
"""Changes that a ledger is handed at a time: a few transactions."""

SECONDS: Final = 120.0
"""How long a round writes on one ledger; what is left then is for the next one."""

NO_LEDGER: Final = "a ledger keeps it, and this server has none: set TOCSIN_LEDGER_RPC_URL"
_LATER: Final = "the round had no time left for it; the next one begins with it"

What: TypeAlias = Literal["health", "status", "deletion"]
Result: TypeAlias = Literal["written", "refused", "unsure"]
LedgerOf: TypeAlias = Callable[[int], Ledger | None]
"""The ledger of the org of that number; None where our own record is the ledger."""

Observe: TypeAlias = Callable[[Kind, What, Result], None]
_Key: TypeAlias = tuple[int, str, What]


def local(_org_id: int) -> Ledger | None:
    """Of every org our own record is the ledger."""
    return None


def unobserved(_kind: Kind, _what: What, _result: Result) -> None:
    """Nobody counts."""


def what_of(change: Change) -> What:
    """What *change* is about; a wish goes along with the status."""
    match change:
        case HealthChange():
            return "health"
        case StatusChange():
            return "status"
        case Deletion():
            return "deletion"
        case _:
            assert_never(change)


class Notes:
    """What ledgers did not take, and which do not answer, as this process knows it; many threads
    may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[_Key, tuple[Untaken, int]] = {}
        self._reasons: Counter[str] = Counter()
        self._away: dict[int, AwaySince] = {}

    def looked(self, org_id: int, *, away: str | None, at: datetime) -> None:
        """The ledger of that org was looked at: *away* is why it did not answer, if it did not."""
        with self._lock:
            if away is None:
                self._away.pop(org_id, None)
            else:
                before = self._away.get(org_id)
                since = at if before is None else before.since
                self._away[org_id] = AwaySince(reason=away, since=since)

    def away(self, org_id: int) -> AwaySince | None:
        """That the ledger of that org did not answer when it was looked at the last time."""
        with self._lock:
            return self._away.get(org_id)

    def kept(self, org_id: int, pubkey: str) -> Kept:
        """What is known here of the asset of that *pubkey*, and of its ledger."""
        return Kept(untaken=self.about(org_id, pubkey), away=self.away(org_id))

    def about(self, org_id: int, pubkey: str) -> tuple[Untaken, ...]:
        """What is known of the asset of that *pubkey*, the oldest first."""
        whats: tuple[What, ...] = ("health", "status", "deletion")
        with self._lock:
            found = [self._notes.get((org_id, pubkey, what)) for what in whats]
        return tuple(sorted((one[0] for one in found if one), key=lambda one: one.since))

    def put(self, org_id: int, one: Untaken, *, turn: int) -> bool:
        """Remember *one* as of that *turn*; whether its reason is new. What stays untaken for the
        same reason stays so since it began."""
        key = (org_id, one.change.pubkey, what_of(one.change))
        with self._lock:
            before = self._notes.get(key)
            is_new = self._reasons[one.reason] == 0
            if before is not None and (before[0].change, before[0].reason) == (
                one.change,
                one.reason,
            ):
                self._notes[key] = (before[0], turn)
                return False
            self._drop(key)
            self._notes[key] = (one, turn)
            self._reasons[one.reason] += 1
            return is_new

    def renewed(self, org_id: int, change: Change, *, turn: int) -> str | None:
        """Why *change* was not taken the last time, which still counts as of that *turn*."""
        key = (org_id, change.pubkey, what_of(change))
        with self._lock:
            there = self._notes.get(key)
            if there is None or there[0].change != change:
                return None
            self._notes[key] = (there[0], turn)
            return there[0].reason

    def clear(self, org_id: int, change: Change) -> None:
        """It was taken."""
        with self._lock:
            self._drop((org_id, change.pubkey, what_of(change)))

    def forget(self, whats: Sequence[What], *, before: int) -> None:
        """Nobody wanted those of an earlier turn any more."""
        with self._lock:
            old = [
                key for key, (_, turn) in self._notes.items() if key[2] in whats and turn < before
            ]
            for key in old:
                self._drop(key)

    def _drop(self, key: _Key) -> None:
        there = self._notes.pop(key, None)
        if there is not None:
            self._reasons[there[0].reason] -= 1
            self._reasons += Counter()  # What nobody says any more is forgotten.


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a ledger is told of one asset; ``code`` is for the log."""

    code: str
    change: Change


class Writing:
    """Tells ledgers, for one thread: *whats* is what it ever tells. ``observe`` counts."""

    def __init__(
        self,
        *whats: What,
        clock: Callable[[], datetime],
        ledger_of: LedgerOf = local,
        notes: Notes | None = None,
        observe: Observe = unobserved,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._whats, self._clock, self._ledger_of = whats, clock, ledger_of
        self._notes = Notes() if notes is None else notes
        self._observe, self._timer = observe, timer
        self._turn = 0
        self._away: dict[int, str] = {}
        self._left: dict[int, float] = {}
        self._short: frozenset[int] = frozenset()

    def keeps(self, org_id: int) -> bool:
        """Whether there is a ledger to be told of that org."""
        return self._ledger_of(org_id) is not None

    def begin(self) -> None:
        """A round begins: whoever was away is asked again."""
        self._turn += 1
        self._away.clear()
        self._short = frozenset(org for org, left in self._left.items() if left <= 0)
        self._left.clear()

    def end(self) -> None:
        """A round through everything is over: what was not wanted in it is wanted no more."""
        self._notes.forget(self._whats, before=self._turn)

    def take(self, org_id: int, wanted: Sequence[Told]) -> list[Outcome]:
        """What became of each of *wanted*, in their order. Only what is ``Written`` has
        happened."""
        held = [self._held(org_id, one.change) for one in wanted]
        tried = [one for one, reason in zip(wanted, held, strict=True) if reason is None]
        outcomes: list[Outcome] = []
        rest = iter(tried)
        while few := list(islice(rest, AT_ONCE)):
            outcomes += self._handed_in(org_id, [one.change for one in few])
        for one, outcome in zip(tried, outcomes, strict=True):
            self._note(org_id, one, outcome)
        told = iter(outcomes)
        return [
            next(told) if reason is None else NotWritten(one.change, reason)
            for one, reason in zip(wanted, held, strict=True)
        ]

    def _held(self, org_id: int, change: Change) -> str | None:
        """Why it is not tried in this round, if it is not: where the last one had no time for all,
        those that it had none for go first."""
        if org_id not in self._short:
            return None
        reason = self._notes.renewed(org_id, change, turn=self._turn)
        return None if reason == _LATER else reason

    def _handed_in(self, org_id: int, changes: Sequence[Change]) -> Sequence[Outcome]:
        ledger = self._ledger_of(org_id)
        if ledger is None:
            return [NotWritten(change, NO_LEDGER) for change in changes]
        if org_id in self._away:
            # Each attempt waits for a long time already.
            return [NotWritten(one, self._away[org_id], away=True) for one in changes]
        left = self._left.get(org_id, SECONDS)
        if left <= 0:
            return [NotWritten(change, _LATER) for change in changes]
        began = self._timer()
        outcomes = ledger.write(changes)
        self._left[org_id] = left - (self._timer() - began)
        for one in outcomes:
            if isinstance(one, NotWritten) and one.away:
                self._away.setdefault(org_id, one.reason)
        return outcomes

    def _note(self, org_id: int, one: Told, outcome: Outcome) -> None:
        change = one.change
        match outcome:
            case Written():
                self._notes.clear(org_id, change)
                self._observe(change.kind, what_of(change), "written")
                return
            case NotWritten(reason=reason, away=away):
                unsure = False
            case Unsure(reason=reason):
                unsure, away = True, False
            case _:
                assert_never(outcome)
        untaken = Untaken(
            change=change, reason=reason, since=self._clock(), unsure=unsure, away=away
        )
        is_new = self._notes.put(org_id, untaken, turn=self._turn)
        if reason == _LATER:
            return  # Nobody refused it.
        self._observe(change.kind, what_of(change), "unsure" if unsure else "refused")
        if is_new:
            log.warning(
                "whether the ledger took a change is not known"
                if unsure
                else "the ledger did not take a change",
                action="ledger_unsure" if unsure else "ledger_refused",
                kind=change.kind.value,
                code=one.code,
                what=what_of(change),
                reason=reason,
            )
