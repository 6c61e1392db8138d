"""Section ``signals``: storms of alerts, alerts one by one, too many of them, and twins.

Every run begins with an empty store, and ends with an account: each alert that was taken has a
verdict in the inbox, and there are as many incidents as there should be. A run that does not come
out even is a failure, not a figure.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import one_by_one, raw_signals, storm, twins
from bench.alerts import KEYS, Mix
from bench.one_by_one import Rounds
from bench.raw_signals import Written
from bench.report import Figure, at_least
from bench.storm import Storm

SECTION: Final = "signals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much of each: the promised storm, one whose alerts are all different, a flood under a
    storm limit, alerts one by one, and *pairs* of the same news at two gateways."""

    repeats: storm.Extent
    distinct: storm.Extent
    flood: storm.Extent
    singles: one_by_one.Extent
    rewritten: int
    pairs: int


FULL: Final = Extent(
    repeats=storm.Extent(keys=KEYS, times=100),
    distinct=storm.Extent(keys=KEYS // 5, times=100),
    flood=storm.Extent(keys=KEYS, times=2),
    singles=one_by_one.Extent(
        keys=KEYS, rounds=5, warm_up=1.0, seconds=4.0, hurry=5.0, rewritten=6_400
    ),
    rewritten=1_000,
    pairs=1_000,
)
QUICK: Final = Extent(
    repeats=storm.Extent(keys=100, times=10),
    distinct=storm.Extent(keys=20, times=10),
    flood=storm.Extent(keys=100, times=2),
    singles=one_by_one.Extent(
        keys=100, rounds=1, warm_up=0.1, seconds=0.4, hurry=1.5, rewritten=64
    ),
    rewritten=10,
    pairs=50,
)


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """All of them, over an empty *folder*. Raises: ProcessFailed when an account is not even."""
    extent = QUICK if quick else FULL
    repeats = storm.rage(folder / "repeats", Mix.REPEATS, extent=extent.repeats)
    storm.expect_one_for_each(repeats, extent=extent.repeats)
    raw = raw_signals.write_again(
        folder / "repeats", folder / "raw.db", payloads=1, most=extent.rewritten
    )
    distinct = storm.rage(folder / "distinct", Mix.DISTINCT, extent=extent.distinct)
    storm.expect_one_for_each(distinct, extent=extent.distinct)
    flood = storm.rage(folder / "flood", Mix.REPEATS, extent=extent.flood, storm_limit=None)
    storm.expect_one_storm(flood)
    singles = one_by_one.measure(folder, extent=extent.singles)
    pairs = twins.measure(folder, keys=extent.pairs)
    return [
        *_storm_figures(repeats, extent=extent.repeats, raw=raw),
        Figure(
            SECTION, "the same, each alert another one of its key's incident", distinct.rate, "/s"
        ),
        Figure(
            SECTION,
            f"incidents of {extent.flood.keys:,} new keys under a rule's own storm limit",
            flood.found.incidents,
            "incidents",
        ),
        *_single_figures(singles),
        Figure(
            SECTION,
            f"incidents of {extent.pairs:,} keys, each new at two gateways at once (PostgreSQL)",
            pairs.found.incidents,
            "incidents",
        ),
        Figure(SECTION, "of them opened by the first gateway", pairs.opened_by[0], "incidents"),
        Figure(SECTION, "such pairs", pairs.keys / pairs.seconds, "/s"),
    ]


def _storm_figures(repeats: Storm, *, extent: storm.Extent, raw: Written) -> list[Figure]:
    return [
        Figure(
            SECTION,
            f"durable signals of a storm in batches of {storm.BATCH}",
            repeats.rate,
            "/s",
            at_least(8_000.0),
        ),
        Figure(
            SECTION, f"raw writes of the same rows, {storm.BATCH} to a transaction", raw.rate, "/s"
        ),
        Figure(
            SECTION,
            f"incidents of that storm of {extent.alerts:,} alerts over {extent.keys:,} keys",
            repeats.found.incidents,
            "incidents",
        ),
        Figure(
            SECTION,
            "alerts of it that the inbox accounts for",
            repeats.found.accounted,
            "alerts",
        ),
        Figure(SECTION, "p99 of one of its batches", repeats.poured.p99 * 1e3, "ms"),
        Figure(SECTION, "resident memory after it", repeats.megabytes, "MB"),
        Figure(
            SECTION,
            "share of a core used by the generator of it",
            repeats.poured.processor_share,
            "x",
        ),
    ]


def _single_figures(singles: Rounds) -> list[Figure]:
    plain = statistics.median(turn.rate for turn in singles.plain)
    durable = statistics.median(turn.rate for turn in singles.durable)
    hurried = singles.hurried
    return [
        Figure(SECTION, "yardstick that only parses and answers, one alert each", plain, "/s"),
        Figure(
            SECTION,
            f"durable signals one by one, {one_by_one.CONNECTIONS} connections",
            durable,
            "/s",
        ),
        Figure(
            SECTION,
            "durable signals one by one as a share of the yardstick",
            statistics.median(
                mine.rate / other.rate
                for mine, other in zip(singles.durable, singles.plain, strict=True)
            ),
            "x",
            at_least(0.4),
        ),
        Figure(
            SECTION,
            "p99 of them",
            statistics.median(turn.p99 for turn in singles.durable) * 1e3,
            "ms",
        ),
        Figure(
            SECTION,
            f"raw writes of the same rows, {one_by_one.CONNECTIONS} to a transaction",
            singles.raw.rate,
            "/s",
        ),
        Figure(
            SECTION,
            "share of a core used by the generator of them",
            max(turn.processor_share for turn in singles.durable),
            "x",
        ),
        Figure(
            SECTION,
            f"durable signals while {one_by_one.TOO_MANY} connections pour in batches",
            hurried.rate * storm.BATCH,
            "/s",
        ),
        Figure(
            SECTION,
            "batches that got 503 with Retry-After meanwhile",
            hurried.refused,
            "batches",
        ),
        Figure(
            SECTION,
            "batches that got 200 meanwhile, all of them in the inbox",
            hurried.taken,
            "batches",
        ),
    ]
