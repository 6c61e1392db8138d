"""What a chaos run over a cluster leaves behind, held against what was promised to its clients."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from bench.cluster_ledger import MARK, Ledger, Write
from bench.cluster_receiver import TAKEN, Arrival

_MARKED: Final = re.compile(rf"{MARK} ([0-9a-z-]+)\.")
_ROUTED: Final = "incident:"
"""How streams begin whose every event all routes take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of the facts: every tuple is empty when all is well."""

    events: int
    acknowledged: int
    repeated: int
    lost: tuple[str, ...]
    made_twice: tuple[str, ...]
    answered_differently: tuple[str, ...]

    @property
    def troubles(self) -> dict[str, tuple[str, ...]]:
        """What is not as it should be, by what it is called."""
        return {
            "acknowledged and lost": self.lost,
            "made twice": self.made_twice,
            "answered differently": self.answered_differently,
        }


def judge_log(ledger: Ledger, log: Sequence[dict[str, Any]]) -> Record:
    """Hold the log against what the writers were told."""
    times = Counter(
        key
        for event in log
        for key in set(_MARKED.findall(json.dumps(event["data"], ensure_ascii=False)))
    )
    writes = sorted(ledger.writes.values(), key=_key_of)
    return Record(
        events=len(log),
        acknowledged=sum(one.answered is not None for one in writes),
        repeated=sum(one.repeats > 0 for one in writes),
        lost=tuple(one.key for one in writes if one.answered is not None and not times[one.key]),
        made_twice=tuple(key for key, number in sorted(times.items()) if number > 1),
        answered_differently=tuple(one.key for one in writes if len(one.told) > 1),
    )


def _key_of(write: Write) -> str:
    return write.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """What became of the deliveries: every tuple is empty when all is well."""

    expected: int
    arrived: int
    duplicates: int
    not_taken: Counter[str]
    missing: tuple[str, ...]
    out_of_order: tuple[str, ...]
    other_id: tuple[str, ...]
    unheard_of: tuple[str, ...]

    @property
    def troubles(self) -> dict[str, tuple[str, ...]]:
        """What is not as it should be, by what it is called."""
        return {
            "never delivered": self.missing,
            "out of lane order": self.out_of_order,
            "sent under two delivery ids, or one id for two": self.other_id,
            "delivered and not in the log": self.unheard_of,
        }


def routed(log: Iterable[dict[str, Any]]) -> list[str]:
    """The ids of the events that every route takes."""
    return [event["id"] for event in log if event["stream"].startswith(_ROUTED)]


def judge_deliveries(
    log: Sequence[dict[str, Any]], arrived: Sequence[Arrival], *, paths: Sequence[str]
) -> Deliveries:
    """Hold what arrived at *paths* against the log."""
    expected = routed(log)
    known = set(expected)
    taken: dict[tuple[str, str], str] = {}
    last: dict[tuple[str, str], int] = defaultdict(int)
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    told_of: dict[str, set[tuple[str, str]]] = defaultdict(set)
    out_of_order: list[str] = []
    duplicates = 0
    for one in arrived:
        if not one.event:
            continue  # its body was not read
        ids[one.path, one.event].add(one.delivery)
        told_of[one.delivery].add((one.path, one.event))
        if one.answer != TAKEN:
            continue
        if (one.path, one.event) in taken:
            duplicates += 1
            continue
        taken[one.path, one.event] = one.delivery
        lane = (one.path, one.stream)
        if one.version != last[lane] + 1:
            out_of_order.append(f"{one.path} {one.stream}: {one.version} after {last[lane]}")
        last[lane] = max(last[lane], one.version)
    return Deliveries(
        expected=len(expected) * len(paths),
        arrived=len(taken),
        duplicates=duplicates,
        not_taken=Counter(one.answer for one in arrived if one.answer != TAKEN),
        missing=tuple(
            f"{path} {event}" for path in paths for event in expected if (path, event) not in taken
        ),
        out_of_order=tuple(out_of_order),
        other_id=(
            *(f"{place}: {sorted(names)}" for place, names in ids.items() if len(names) > 1),
            *(f"{name}: {sorted(places)}" for name, places in told_of.items() if len(places) > 1),
        ),
        unheard_of=tuple(sorted({event for _, event in ids} - known)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run."""

    record: Record
    deliveries: Deliveries
    kills: Counter[str]
    stops: dict[str, float]
    resumed: dict[str, float]
    turned_away: Counter[int]
    unanswered: int
    taken_over: tuple[float, ...]
    not_taken_over: int
    stops_told: int
    vouched_alone: tuple[str, ...]
    unexpected: tuple[str, ...]
    left: tuple[str, ...]
    stop_exits: tuple[int, ...]
    check_output: str
    check_passed: bool

    @property
    def troubles(self) -> dict[str, tuple[str, ...]]:
        """What is not as it should be, by what it is called; each is empty when all is well."""
        return {
            **self.record.troubles,
            **self.deliveries.troubles,
            "acknowledged without a standby": self.vouched_alone,
            "unexpected answers": self.unexpected,
            "left in the outbox": self.left,
        }

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong, and there was something to go wrong."""
        return (
            not any(self.troubles.values())
            and self.check_passed
            and not any(self.stop_exits)
            and not self.not_taken_over
            and self.stops_told == self.kills["standby"]
            and self.record.acknowledged > 0
            and self.deliveries.arrived > 0
            and all(self.kills[kind] for kind in ("gateway", "dispatcher", "primary", "standby"))
        )


def told(outcome: Outcome) -> Iterator[str]:
    """The counts of a run, and its troubles, as lines."""
    record, deliveries = outcome.record, outcome.deliveries
    yield (
        f"{record.events} events in the log; {record.acknowledged} facts acknowledged,"
        f" {record.repeated} of them after repeats with the same key"
        f" ({outcome.unanswered} requests unanswered, {_counted(outcome.turned_away)} refused)"
    )
    yield (
        f"{deliveries.arrived} of {deliveries.expected} deliveries arrived, {deliveries.duplicates}"
        f" of them twice; not taken on purpose: {_counted(deliveries.not_taken)}"
    )
    yield f"kills: {_counted(outcome.kills)}"
    yield f"longest stop of writes, by what was done: {_seconds(outcome.stops)}"
    yield f"longest from its being mended to the next acknowledgement: {_seconds(outcome.resumed)}"
    if outcome.taken_over:
        yield (
            f"a killed dispatcher's duties were taken over after {median(outcome.taken_over):.1f} s"
            f" (median), {max(outcome.taken_over):.1f} s (longest)"
        )
    yield (
        f"told that nothing is written without a standby: {outcome.stops_told} of"
        f" {outcome.kills['standby']} times"
    )
    for name, troubles in outcome.troubles.items():
        yield f"{name}: {len(troubles)}"
        yield from (f"    {one}" for one in troubles[:10])
    yield f"duties not taken over in time: {outcome.not_taken_over}"
    yield f"exits of the last stops: {outcome.stop_exits}"
    yield f"db check: {outcome.check_output.strip()}"


def _counted(counts: Counter[Any]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "none"


def _seconds(longest: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in sorted(longest.items()))
