"""Section ``stored``: one large store, read over HTTP and then rebuilt; a small one beside it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from bench import populate, processes, reading, rebuilding
from bench.report import Figure, under

SETTLED_AFTER: Final = 1.0
"""Seconds from ready until what was done for the start is put away."""


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Fill two stores in *folder*, ask every question of the large one, rebuild it."""
    until = populate.today()
    small = populate.fill(
        folder / "small",
        tickets=100 if quick else 1_000,
        events=500 if quick else 10_000,
        until=until,
    )
    large = populate.fill(
        folder / "large",
        tickets=300 if quick else 100_000,
        events=2_000 if quick else 1_000_000,
        until=until,
    )
    return measure_filled(folder, small=small, large=large, times=3 if quick else 100)


def measure_filled(
    folder: Path, *, small: populate.Stored, large: populate.Stored, times: int
) -> list[Figure]:
    """Ask every question *times* over of the store in ``large``, rebuild it; ``small`` beside."""
    with processes.server(folder / "large") as served:
        ready_after = served.ready_after
        time.sleep(SETTLED_AFTER)
        resting = processes.resident_megabytes(served.process.pid)
        answers = reading.ask_all(served.port, stored=large, times=times)
        with processes.server(folder / "small") as other:
            small_page = reading.first_page(other.port, stored=small, times=times * 5)
        large_page = reading.first_page(served.port, stored=large, times=times * 5)
        read = processes.resident_megabytes(served.process.pid)
    rebuilt = rebuilding.rebuild(folder / "large", log=folder / "rebuild.log")
    many = f"with {large.tickets:,} tickets"
    return [
        Figure(reading.SECTION, "events written while the store was made", large.events, "events"),
        Figure(reading.SECTION, "seconds to make the store", large.seconds, "s"),
        *reading.figures(
            answers,
            small=small_page,
            large=large_page,
            tickets_small=small.tickets,
            tickets_large=large.tickets,
        ),
        Figure(reading.SECTION, f"from start to ready {many}", ready_after, "s", under(2.0)),
        Figure(reading.SECTION, f"resident memory at rest {many}", resting, "MB", under(150.0)),
        Figure(reading.SECTION, f"resident memory {many} after all questions", read, "MB"),
        *rebuilding.figures(rebuilt, events=large.events),
    ]
