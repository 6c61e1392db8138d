"""Section ``idle``: what a server costs that has nothing to do, and how soon it is ready."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Final

from bench import preparation, processes
from bench.report import Figure, under

SECTION: Final = "idle"


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    """Start a server over a small store in *folder* several times."""
    data = folder / "idle"
    admin = preparation.found(data)
    ready: list[float] = []
    resident: list[float] = []
    for turn in range(1 if quick else 5):
        with processes.server(data) as served:
            ready.append(served.ready_after)
            if turn == 0:
                preparation.furnish(served.port, admin=admin)
            time.sleep(0.5 if quick else 3.0)
            resident.append(processes.resident_megabytes(served.process.pid))
    return [
        Figure(SECTION, "resident memory", max(resident), "MB", under(150.0)),
        Figure(SECTION, "from start to ready, median", statistics.median(ready), "s"),
        Figure(SECTION, "from start to ready, longest", max(ready), "s", under(2.0)),
    ]
