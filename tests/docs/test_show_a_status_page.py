"""The page about status pages, run word for word."""

from __future__ import annotations

import json
from pathlib import Path

from tests.docs.shells import run_in
from tests.docs.test_how_to import in_the_tutorial


def test_a_status_page_is_shown_as_the_page_says(tmp_path: Path) -> None:
    said = run_in(tmp_path, in_the_tutorial("show-a-status-page.md")).partition("PAGE\n")[2]

    page = (tmp_path / "page.html").read_text()
    assert "Loss in Amsterdam" in page
    assert "Only the desk reads this" not in page
    assert "LOS on ams-1" not in page
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["status"]["indicator"] != "none"
    assert "IP transit: partial outage" in (tmp_path / "badge.svg").read_text()
    assert "Loss in Amsterdam" in (tmp_path / "history.html").read_text()
    assert "Loss in Amsterdam" in (tmp_path / "public" / "index.html").read_text()
    summary = json.loads((tmp_path / "public/api/v2/summary.json").read_text())
    assert summary["page"]["url"] == "https://status.example.net/status/main"
    assert "public/api/v2/summary.json" in said
