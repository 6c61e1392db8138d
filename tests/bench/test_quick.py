"""``make bench`` in its short form: every section runs, every promise has a figure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_every_section_measures_what_was_promised(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--json", str(written), "--folder", tmp_path],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    figures = json.loads(written.read_text())["figures"]
    promised = {figure["section"] for figure in figures if figure["bound"] is not None}
    assert promised == {
        *("acknowledge", "reading", "rebuild", "idle", "deliver", "postgres", "slack"),
        "signals",
        "pages",
        "provisioning",
    }
    assert all(figure["value"] >= 0 for figure in figures)
