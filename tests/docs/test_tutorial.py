"""The tutorial of the README, run word for word against a fresh server."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.docs.shells import ROOT, run_in, shells_of


def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    said = run_in(tmp_path, "\n".join(shells_of(ROOT / "README.md", heading="Tutorial")))

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
