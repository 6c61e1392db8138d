"""Section ``stored``: one large store, read over HTTP and then rebuilt; a small one beside it."""

from __future__ import annotations

from pathlib import Path

from bench import populate, processes, reading, rebuilding
from bench.report import Figure, under


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Fill two stores in *folder*, ask every question of the large one, rebuild it."""
    small = populate.fill(
        folder / "small", tickets=200 if quick else 1_000, events=1_000 if quick else 10_000
    )
    large = populate.fill(
        folder / "large",
        tickets=1_000 if quick else 100_000,
        events=5_000 if quick else 1_000_000,
    )
    times = 5 if quick else 100
    answers = reading.ask_all(folder / "large", token=large.admin, values=large.values, times=times)
    small_page = reading.first_page(folder / "small", token=small.admin, times=times * 5)
    large_page = reading.first_page(folder / "large", token=large.admin, times=times * 5)
    with processes.server(folder / "large") as served:
        ready_after = served.ready_after
    rebuilt = rebuilding.rebuild(folder / "large", log=folder / "rebuild.log")
    return [
        *reading.figures(
            answers,
            small=small_page,
            large=large_page,
            tickets_small=small.tickets,
            tickets_large=large.tickets,
        ),
        Figure(
            reading.SECTION,
            f"from start to ready with {large.tickets:,} tickets",
            ready_after,
            "s",
            under(2.0),
        ),
        *rebuilding.figures(rebuilt, events=large.events),
    ]
