"""``python -m bench``: measure what the README promises, print it, and say whether it is kept."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from bench import (
    acknowledging,
    commanding,
    delivering,
    gateways,
    idling,
    pages,
    provisioning,
    report,
    signalling,
    stored,
)
from bench.report import Figure

SECTIONS: Final[Mapping[str, Callable[..., list[Figure]]]] = {
    "acknowledge": acknowledging.measure,
    "stored": stored.measure,
    "idle": idling.measure,
    "deliver": delivering.measure,
    "postgres": gateways.measure,
    "slack": commanding.measure,
    "signals": signalling.measure,
    "pages": pages.measure,
    "provisioning": provisioning.measure,
}
"""Each takes an empty folder and ``quick``; ``stored`` is reading and rebuilding of one store."""


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--section", choices=sorted(SECTIONS), action="append")
    parser.add_argument(
        "--quick", action="store_true", help="seconds instead of minutes; figures mean little"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument(
        "--readme", action="store_true", help="print the README's table instead of the tables"
    )
    parser.add_argument(
        "--folder", type=Path, help="where to put the stores; the disk of this folder is measured"
    )
    return parser.parse_args()


def _end(number: int, _frame: object) -> None:
    """End like Ctrl-C does: with the servers that were started, and the folder."""
    sys.exit(128 + number)


def main() -> int:
    """Measure; 1 when a promise is broken (never with ``--quick``)."""
    asked = arguments()
    signal.signal(signal.SIGTERM, _end)
    console = Console(stderr=asked.readme)
    console.print(f"Measuring on {report.machine()}", highlight=False)
    figures: list[Figure] = []
    with TemporaryDirectory(prefix="bench-", dir=asked.folder or Path.cwd()) as name:
        for section in asked.section or SECTIONS:
            folder = Path(name) / section
            folder.mkdir()
            measured = SECTIONS[section](folder, quick=asked.quick)
            console.print(report.table(section, measured))
            figures += measured
    if asked.json is not None:
        text = json.dumps(
            {
                "machine": report.machine(),
                "quick": asked.quick,
                "figures": [
                    {
                        "section": figure.section,
                        "name": figure.name,
                        "value": figure.value,
                        "unit": figure.unit,
                        "bound": None
                        if figure.bound is None
                        else {"side": figure.bound.side.value, "value": figure.bound.value},
                        "is_kept": figure.is_kept,
                        "is_detail": figure.is_detail,
                    }
                    for figure in figures
                ],
            },
            indent=2,
        )
        asked.json.write_text(f"{text}\n")
    if asked.readme:
        sys.stdout.write(report.markdown(figures))
    broken = any(figure.is_kept is False for figure in figures)
    return 1 if broken and not asked.quick else 0


if __name__ == "__main__":
    sys.exit(main())
