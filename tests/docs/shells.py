"""Shell as pages show it: taken out of them, and run word for word in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.processes import free_port

ROOT: Final = Path(__file__).parents[2]
WITHIN: Final = 120.0


def shells_of(page: Path, *, heading: str | None = None) -> list[str]:
    """Every shell block of *page*, or of its section *heading*, in order; never none."""
    text = page.read_text()
    if heading is not None:
        _, _, rest = text.partition(f"\n## {heading}\n")
        text = re.split(r"\n## ", rest)[0]
    blocks = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert blocks, f"{page.name} has no shell"
    return blocks


def run_in(folder: Path, shell: str) -> str:
    """What *shell* prints in *folder*, which has the environment a reader has made there.

    Only the port is chosen here, through the variables of the settings. A server that is left
    behind by a failing page ends with its shell.
    """
    (folder / ".venv").symlink_to(sys.prefix)
    port = free_port()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")
    } | {"TOCSIN_PORT": str(port), "TOCSIN_URL": f"http://127.0.0.1:{port}"}
    careful = "set -euo pipefail\nset -m\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n"
    done = subprocess.run(
        ["bash", "-c", careful + shell],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    log = folder / "tutorial.log"
    said_by_server = log.read_text() if log.exists() else ""
    assert done.returncode == 0, (done.stdout, done.stderr, said_by_server)
    return done.stdout
