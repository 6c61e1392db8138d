"""The monitor: turns evidence into health (Provisioning: rules of evidence).

A round asks the sources for what is new, judges every device, link and interface to users, and
hands in a judgement where health changes: a round without change writes nothing. What a silent
source keeps from being known moves nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import structlog

from tocsin.adapters.provisioning.registry import (
    codes_of,
    name_of,
    pages,
    policy_of,
)
from tocsin.adapters.provisioning.telling import kind_of
from tocsin.adapters.provisioning.watching import Watch
from tocsin.adapters.provisioning.writing import Told, Writing
from tocsin.core.errors import Refusal
from tocsin.core.provisioning.assessment import assess
from tocsin.core.provisioning.commands import Judge
from tocsin.core.provisioning.criteria import Silence
from tocsin.core.provisioning.judging import (
    Case,
    Known,
    device_cases,
    link_case,
    longest_window,
)
from tocsin.core.provisioning.ledger import HealthChange, Written
from tocsin.core.provisioning.readiness import Subject
from tocsin.core.provisioning.words import Health
from tocsin.core.records import Device, Link, Policy
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer
from tocsin.store.contract import Head, OrgRow, StorageFailed, Store

log = structlog.get_logger(__name__)

VIA: Final = "monitor"
INTERVAL: Final = timedelta(seconds=60)
AT_ONCE: Final = 100
LONGEST_WINDOW: Final = 31 * 24 * 60
"""Minutes of evidence that are kept at most; what a policy holds to more stays unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """That the health of something changes, and why, in sentences; ``org`` is a code.
    ``on_ledger`` is that a ledger keeps it, which is told first."""

    org: str
    subject: Subject
    health_from: Health
    health_to: Health
    reasons: tuple[str, ...]
    on_ledger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One round of the monitor: how many were judged, whose health changes, which sources were
    silent and why, what was refused, and how long it took. ``standing`` counts those of each health
    as they were, ``untaken`` are judgements that a ledger did not take, each with why."""

    at: datetime
    until: datetime
    cases: int
    changes: tuple[Judgement, ...]
    silent: tuple[Silence, ...]
    standing: Mapping[Health, int]
    refused: int
    untaken: tuple[tuple[Judgement, str], ...]
    seconds: float


def _unobserved(_round: Judged) -> None:
    return None


class Monitor:
    """Judges all devices and links by what *watch* knows; for one thread. ``observe`` is told of
    each round, ``writing`` tells ledgers."""

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        watch: Watch,
        clock: Callable[[], datetime],
        interval: timedelta = INTERVAL,
        observe: Callable[[Judged], None] = _unobserved,
        writing: Writing | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._writer, self._watch, self._clock = store, writer, watch, clock
        self._interval, self._observe, self._timer = interval, observe, timer
        self._writing = Writing("health", clock=clock) if writing is None else writing
        self._silent: frozenset[Silence] = frozenset()

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

    def round(self, *, dry_run: bool = False) -> Judged:
        """Judge everything; with *dry_run* nothing is written.

        Raises:
            Overloaded: the writer takes no more at the moment.
            StorageFailed: the database is away.
        """
        began, at = self._timer(), self._clock()
        with self._store.reading() as turn:
            orgs = turn.orgs()
            policies = {org.org_id: policy_of(turn, org.org_id) for org in orgs}
        longest = max(map(longest_window, policies.values()), default=1)
        known = self._watch.look(at=at, minutes=min(longest, LONGEST_WINDOW))
        changes: list[Judgement] = []
        standing: Counter[Health] = Counter()
        untaken: list[tuple[Judgement, str]] = []
        refused = 0
        self._writing.begin()
        # A ledger may keep us waiting: whoever has none comes first.
        for org in sorted(orgs, key=lambda org: self._writing.keeps(org.org_id)):
            found = self._judged(org, known, policies[org.org_id], at=at, standing=standing)
            while few := list(islice(found, AT_ONCE)):
                if not dry_run:
                    few, left = written(few, self._writing)
                    untaken += left
                    refused += self._write(few)
                changes += [judgement for _, judgement in few]
        if not dry_run:
            self._writing.end()
        return Judged(
            at=at,
            until=known.until,
            cases=standing.total(),
            changes=tuple(changes),
            silent=_silences(known),
            standing=dict(standing),
            refused=refused,
            untaken=tuple(untaken),
            seconds=self._timer() - began,
        )

    def _judged(
        self,
        org: OrgRow,
        known: Known,
        policy: Policy,
        *,
        at: datetime,
        standing: Counter[Health],
    ) -> Iterator[tuple[Head, Judgement]]:
        """What changes, found as it is asked for."""
        for sort in ("device", "link"):
            codes: Mapping[str, str] = {}
            if sort == "link":
                with self._store.reading() as turn:
                    codes = codes_of(turn, org.org_id)
            for page in pages(self._store, org.org_id, sort):
                for head, asset in page:
                    for case in cases(asset, known, policy, codes=codes):
                        standing[case.life.health] += 1
                        found = assess(case.criteria, case.life, at=at)
                        if found.changed:
                            yield (
                                head,
                                Judgement(
                                    org=org.code,
                                    subject=case.subject,
                                    health_from=case.life.health,
                                    health_to=found.health,
                                    reasons=found.reasons,
                                    on_ledger=asset.on_ledger is not None
                                    and case.subject.interface is None,
                                ),
                            )

    def _write(self, found: Sequence[tuple[Head, Judgement]]) -> int:
        """Hand them in; how many were refused."""
        refused = 0
        results = self._writer.do_all([_submission(head, one) for head, one in found])
        for (head, judgement), result in zip(found, results, strict=True):
            match result:
                case StorageFailed():
                    raise result
                case Refusal():
                    # Somebody may have removed it in between; the others go on.
                    refused += 1
                    log.warning(
                        "a judgement was refused",
                        action="judgement_refused",
                        org=judgement.org,
                        stream=head.stream,
                        reason=result.detail,
                    )
                case BaseException():
                    raise result
                case Outcome():
                    pass
                case _:
                    raise AssertionError(result)
        return refused

    def _tell(self, told: Judged) -> None:
        """Of sources that fall silent, once, and of those that answer again."""
        silent = frozenset(told.silent)
        for one in silent - self._silent:
            log.warning(
                "a source is silent", action="source_silent", source=one.source, reason=one.why
            )
        for name in {one.source for one in self._silent} - {one.source for one in silent}:
            log.info("a source answers again", action="source_answers", source=name)
        self._silent = silent


def cases(
    asset: Device | Link, known: Known, policy: Policy, *, codes: Mapping[str, str]
) -> tuple[Case, ...]:
    """What there is to be judged of *asset*: a link, or a device with its interfaces to users."""
    if isinstance(asset, Link):
        return (link_case(asset, known, policy, codes=codes),)
    return device_cases(asset, known, policy)


def written(
    found: Sequence[tuple[Head, Judgement]], writing: Writing
) -> tuple[list[tuple[Head, Judgement]], list[tuple[Judgement, str]]]:
    """Those *found* in one org that may be recorded: our own record keeps it, or its ledger has
    taken it; and those that a ledger did not take, each with why."""
    kept = [one for one in found if one[1].on_ledger]
    if not kept:
        return list(found), []
    outcomes = iter(writing.take(kept[0][0].org_id, [_told(*one) for one in kept]))
    recorded, left = [], []
    for head, judgement in found:
        outcome = next(outcomes) if judgement.on_ledger else None
        if outcome is None or isinstance(outcome, Written):
            recorded.append((head, judgement))
        else:
            left.append((judgement, outcome.reason))
    return recorded, left


def _told(head: Head, judgement: Judgement) -> Told:
    subject = judgement.subject
    change = HealthChange(
        kind=kind_of(head), pubkey=subject.pubkey, health=judgement.health_to.value
    )
    return Told(code=subject.code, change=change)


def _silences(known: Known) -> tuple[Silence, ...]:
    parts: Iterable[object] = (
        known.counters,
        known.config_agent,
        known.telemetry_agent,
        known.qa,
        known.latency,
    )
    return tuple(dict.fromkeys(one for one in parts if isinstance(one, Silence)))


def _submission(head: Head, judgement: Judgement) -> Submission:
    return Submission(
        org_id=head.org_id,
        sort=head.stream.partition(":")[0],
        subject=name_of(head),
        command=Judge(
            health=judgement.health_to.value,
            reasons=judgement.reasons,
            interface=judgement.subject.interface,
            taken=judgement.on_ledger,
            judged_from=judgement.health_from.value,
        ),
        via=VIA,
    )
