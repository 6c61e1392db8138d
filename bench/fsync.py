"""The bare disk: what one appended block and one ``fsync`` cost in this folder, now."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from bench.load import quantile

BLOCK: Final = os.urandom(4096)


@dataclass(frozen=True, slots=True)
class Fsync:
    """Times of write and fsync together, in seconds."""

    writes: int
    p50: float
    p99: float
    longest: float


def measure(folder: Path, *, writes: int) -> Fsync:
    """Append 4 KiB and fsync, *writes* times, to a new file in *folder* that is removed after."""
    times = []
    with NamedTemporaryFile(dir=folder, prefix="fsync-") as file:
        handle = file.fileno()
        for _ in range(writes):
            began = time.perf_counter()
            os.write(handle, BLOCK)
            os.fsync(handle)
            times.append(time.perf_counter() - began)
    times.sort()
    return Fsync(
        writes=writes,
        p50=quantile(times, 0.50),
        p99=quantile(times, 0.99),
        longest=times[-1],
    )


def main() -> None:
    """Print the figures for one folder."""
    parser = argparse.ArgumentParser(prog="python -m bench.fsync", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--writes", type=int, default=1000)
    arguments = parser.parse_args()
    figures = measure(arguments.folder, writes=arguments.writes)
    print(
        f"{figures.writes} writes: p50 {figures.p50 * 1e3:.3f} ms,"
        f" p99 {figures.p99 * 1e3:.3f} ms, longest {figures.longest * 1e3:.3f} ms"
    )


if __name__ == "__main__":
    main()
