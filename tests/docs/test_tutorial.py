"""The tutorial of the README, run word for word against a fresh server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from bench.processes import free_port

ROOT = Path(__file__).parents[2]
WITHIN = 120.0


def shell_of(page: Path, heading: str) -> str:
    """Every shell block under *heading* of *page*, one after the other."""
    _, _, rest = page.read_text().partition(f"\n## {heading}\n")
    section = re.split(r"\n## ", rest)[0]
    blocks = re.findall(r"^```bash\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    assert blocks, f"{page.name} has no shell under {heading}"
    return "\n".join(blocks)


def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    # What the reader has: a virtual environment in the folder of the README.
    (tmp_path / ".venv").symlink_to(sys.prefix)
    port = free_port()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")
    } | {"TOCSIN_PORT": str(port), "TOCSIN_URL": f"http://127.0.0.1:{port}"}
    script = "set -euo pipefail\nset -m\n" + shell_of(ROOT / "README.md", "Tutorial")

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )

    said = done.stdout
    assert done.returncode == 0, (said, done.stderr, (tmp_path / "tutorial.log").read_text())
    answers = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    ready, device, opened, acknowledged, update, closed, planned, timeline, events = answers
    assert ready["status"] == "ready"
    assert device["contributor"] == "alpha"
    assert re.fullmatch(r"I[0-9]{8}-[a-z0-9]{4}", opened["ref"])
    assert (opened["status"], opened["contributor"]["code"]) == ("open", "alpha")
    assert acknowledged["status"] == "acknowledged"
    assert (update["status_from"], update["status_to"]) == ("acknowledged", "mitigating")
    assert (closed["status"], closed["root_cause"]) == ("closed", "hardware")
    assert (planned["type"], planned["status"], planned["conflicts"]) == (
        "maintenance",
        "planned",
        [],
    )
    told = [entry["text"] for entry in timeline["items"]]
    assert told[0] == "opened: Packet loss in Amsterdam"
    assert "A dirty optic; traffic is moved away." in told
    kinds = [event["kind"] for event in events["items"]]
    assert kinds[0] == "org.created"
    assert {"key.created", "incident.closed", "maintenance.planned"} <= set(kinds)
    assert said.rstrip().endswith("the search are sound")
