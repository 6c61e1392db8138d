"""The ledger mirrored: what it says of contributors, places, devices and links is made so in the
registry of one org (Provisioning: the doublezero ledger).

A round looks at all of the ledger and hands in what differs, each as an event of its own: a round
without a difference writes nothing. A difference that is refused is named and left alone, and so is
an account that nobody can read; what the ledger has no more goes here, too. While it is away
everything stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from tocsin.adapters.provisioning.asked import Asked, Registry
from tocsin.adapters.provisioning.differences import Differences, differences, last_wishes
from tocsin.adapters.provisioning.registry import PAGE, SORTS, pages
from tocsin.adapters.provisioning.writing import Notes
from tocsin.core.commands import Command
from tocsin.core.errors import Refusal
from tocsin.core.ids import uuid7
from tocsin.core.provisioning.ledger import Ledger, LedgerAway, Mirror, Unreadable
from tocsin.core.records import Contributor, Device, Link, Location, Record
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import OrgRow, ReadTurn, StorageFailed, Store

log = structlog.get_logger(__name__)

VIA: Final = "ledger"
INTERVAL: Final = timedelta(seconds=60)
AT_ONCE: Final = 100
FEWEST_TO_DOUBT: Final = 20
"""When more than half of at least so many are gone at once, it is not believed."""

NO_ORG: Final = "there is no org to keep it in yet"
DOUBTED: Final = (
    "more than half of what the ledger kept is gone at once; is it the program's right address?"
)


@dataclass(frozen=True, slots=True, order=True)
class LeftAlone:
    """A difference that stays: what it is about, and why it was refused."""

    about: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """One round: why the ledger could not be followed (None where it was), how many accounts of
    each kind it has, how many changes were made here, what is left alone, what cannot be read, and
    how long it took."""

    away: str | None = None
    seen: Mapping[str, int] = field(default_factory=dict)
    changed: int = 0
    left_alone: tuple[LeftAlone, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    seconds: float = 0.0


def _unobserved(_round: Mirrored) -> None:
    return None


class Mirroring:
    """Follows *ledger* into the org whose code is *org* (None: the first there is); for one thread.
    ``observe`` is told of each round, *notes* whether the ledger answers."""

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        ledger: Ledger,
        org: str | None,
        clock: Callable[[], datetime],
        entropy: Callable[[], int],
        interval: timedelta = INTERVAL,
        notes: Notes | None = None,
        observe: Callable[[Mirrored], None] = _unobserved,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._writer, self._ledger, self._org = store, writer, ledger, org
        self._clock, self._entropy = clock, entropy
        self._notes = Notes() if notes is None else notes
        self._interval, self._observe, self._timer = interval, observe, timer
        self._away: str | None = None
        self._named: frozenset[LeftAlone] = frozenset()

    def go(self) -> timedelta:
        """One round; how long to pause then.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        began = self._timer()
        told = self.round()
        self._tell(told)
        self._observe(told)
        return max(self._interval - timedelta(seconds=self._timer() - began), timedelta(seconds=1))

    def round(self) -> Mirrored:
        """Make the registry what the ledger says.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        began = self._timer()
        with self._store.reading() as turn:
            org = org_kept(turn, self._org)
        if org is None:
            return Mirrored(away=NO_ORG, seconds=self._timer() - began)
        # Read before the ledger is looked at: what moves here meanwhile is left to the next round.
        held = registry_of(self._store, org.org_id)
        try:
            seen = self._ledger.look(wishes=last_wishes(held.devices.values()))
        except LedgerAway as away:
            self._notes.looked(org.org_id, away=away.reason, at=self._clock())
            return Mirrored(away=away.reason, seconds=self._timer() - began)
        self._notes.looked(org.org_id, away=None, at=self._clock())
        changed, left = self._followed(org.org_id, held, seen)
        return Mirrored(
            seen=_counts(seen),
            changed=changed,
            left_alone=tuple(sorted(set(left))),
            unreadable=seen.unreadable,
            seconds=self._timer() - began,
        )

    def _followed(self, org_id: int, held: Registry, seen: Mirror) -> tuple[int, list[LeftAlone]]:
        """Hand in all that differs: how many changed something, and what is left alone."""
        found = differences(held, seen, fresh=lambda: uuid7(self._clock(), self._entropy()))
        left: list[LeftAlone] = []
        leaving = found.leaving
        if _is_doubted(held, found):
            left += [LeftAlone(one.about, DOUBTED) for phase in leaving for one in phase]
            leaving = ()
        changed, staying = 0, list[Asked]()
        for phase in found.lives:
            done, alone = self._made(org_id, phase)
            changed, left = changed + done, left + alone
        for phase in leaving:
            done, refused = self._handed_in(org_id, phase)
            changed += done
            staying += [one for one, _ in refused]
        # What a link still needs may be needed no more once that link has moved.
        for phase in (*found.coming, tuple(staying)):
            done, alone = self._made(org_id, phase)
            changed, left = changed + done, left + alone
        return changed, left

    def _made(self, org_id: int, asked: Sequence[Asked]) -> tuple[int, list[LeftAlone]]:
        """Hand in *asked*, again while that gets on: what is refused may wait for another to give
        up its code. How many changed something, and what is left alone."""
        changed, left = 0, list(asked)
        refused: list[tuple[Asked, Refusal]] = []
        while left:
            done, refused = self._handed_in(org_id, left)
            changed += done
            if len(refused) == len(left):
                break
            left = [one for one, _ in refused]
        alone: list[LeftAlone] = []
        for one, refusal in refused:
            if not one.apart:
                alone.append(LeftAlone(one.about, refusal.detail))
                continue
            parts = [_part(one, command) for command in one.apart]
            done, wrong = self._handed_in(org_id, parts)
            changed += done
            alone += [LeftAlone(part.about, why.detail) for part, why in wrong]
        return changed, alone

    def _handed_in(
        self, org_id: int, asked: Sequence[Asked]
    ) -> tuple[int, list[tuple[Asked, Refusal]]]:
        changed, refused, after = 0, list[tuple[Asked, Refusal]](), list[Asked]()
        for start in range(0, len(asked), AT_ONCE):
            few = asked[start : start + AT_ONCE]
            results = self._writer.do_all([submission(org_id, one, via=VIA) for one in few])
            for one, result in zip(few, results, strict=True):
                match result:
                    case Outcome(events=events):
                        changed += bool(events)
                        after += one.then
                    case StorageFailed():
                        raise result
                    case Refusal():
                        refused.append((one, result))
                    case BaseException():
                        raise result
                    case _:
                        raise AssertionError(result)
        if after:
            done, wrong = self._handed_in(org_id, after)
            changed += done
            refused += wrong
        return changed, refused

    def _tell(self, told: Mirrored) -> None:
        """Of a ledger that is away and of what is left alone: once, and when it is over."""
        if told.away is not None:
            if told.away != self._away:
                log.warning("the ledger cannot be followed", action="ledger_away", reason=told.away)
            self._away = told.away
            return
        if self._away is not None:
            log.info("the ledger is followed again", action="ledger_followed")
        self._away = None
        named = {*told.left_alone, *(LeftAlone(one.pubkey, one.why) for one in told.unreadable)}
        for one in sorted(named - self._named):
            log.warning(
                "the ledger says what is left alone here",
                action="ledger_left_alone",
                about=one.about,
                reason=one.why,
            )
        self._named = frozenset(named)
        if told.changed:
            log.info("the ledger was followed", action="ledger_mirrored", changed=told.changed)


def org_kept(turn: ReadTurn, code: str | None) -> OrgRow | None:
    """The org whose assets a ledger keeps: the one of that *code*, or the first there is."""
    if code is not None:
        return turn.org(code)
    return min(turn.orgs(), key=lambda org: org.org_id, default=None)


def _is_doubted(held: Registry, found: Differences) -> bool:
    kept = sum(one.on_ledger is not None for one in held.devices.values())
    kept += sum(one.on_ledger is not None for one in held.links.values())
    going = sum(one.sort in SORTS for phase in found.leaving for one in phase)
    return kept >= FEWEST_TO_DOUBT and 2 * going > kept


def registry_of(store: Store, org_id: int) -> Registry:
    """What the org's registry holds now."""
    devices, links = {}, {}
    for page in pages(store, org_id, "device"):
        devices.update({one.pubkey: one for _, one in page if isinstance(one, Device)})
    for page in pages(store, org_id, "link"):
        links.update({one.pubkey: one for _, one in page if isinstance(one, Link)})
    return Registry(
        contributors={
            one.pubkey: one
            for one in _records(store, org_id, "contributor")
            if isinstance(one, Contributor)
        },
        places=[one for one in _records(store, org_id, "location") if isinstance(one, Location)],
        devices=devices,
        links=links,
    )


def _records(store: Store, org_id: int, sort: str) -> Iterable[Record]:
    after = ""
    while True:
        with store.reading() as turn:
            heads = turn.heads_of_sort(org_id, sort, after=after, limit=PAGE)
        for head in heads:
            state = head.state
            if isinstance(state, Record) and state.removed_at is None:
                yield state
        if len(heads) < PAGE:
            return
        after = heads[-1].stream


def _counts(seen: Mirror) -> dict[str, int]:
    return {
        "contributor": len(seen.contributors),
        "location": len(seen.locations),
        "exchange": len(seen.exchanges),
        "device": len(seen.devices),
        "link": len(seen.links),
    }


def _part(whole: Asked, command: Command) -> Asked:
    return Asked(about=whole.about, sort=whole.sort, subject=whole.subject, command=command)


def submission(org_id: int, asked: Asked, *, via: str) -> Submission:
    """*asked* as it is handed in."""
    return Submission(
        org_id=org_id, sort=asked.sort, subject=asked.subject, command=asked.command, via=via
    )
