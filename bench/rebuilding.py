"""Section ``rebuild``: all projections made anew by ``tocsin db rebuild``, its speed and memory."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import processes
from bench.report import Figure, at_least, under

SECTION: Final = "rebuild"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Wall time in seconds and the highest resident memory in MB of 1,000,000 bytes."""

    seconds: float
    peak_megabytes: float


def rebuild(data: Path, *, log: Path) -> Rebuilt:
    """Run the command to its end. Raises: ProcessFailed when it did not end well."""
    command = processes.tocsin("db", "rebuild", "--data", str(data))
    with log.open("ab") as output:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = log.read_text(errors="replace")[-2000:]
        raise processes.ProcessFailed(f"db rebuild: exit {child.returncode}\n{tail}")
    return Rebuilt(seconds=seconds, peak_megabytes=usage.ru_maxrss * 1024 / 1e6)


def figures(rebuilt: Rebuilt, *, events: int) -> list[Figure]:
    """Speed over the whole command, its start included, and memory."""
    return [
        Figure(SECTION, "events rebuilt", events, "events"),
        Figure(
            SECTION, "speed of a rebuild", events / rebuilt.seconds, " events/s", at_least(15_000)
        ),
        Figure(SECTION, "peak memory of a rebuild", rebuilt.peak_megabytes, "MB", under(300.0)),
    ]
