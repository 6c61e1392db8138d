"""The page about connecting monitoring systems, run word for word."""

from __future__ import annotations

import json
from pathlib import Path

from tests.docs.shells import run_in
from tests.docs.test_how_to import in_the_tutorial


def test_an_alertmanager_is_connected_and_heard(tmp_path: Path) -> None:
    then = "echo END\ntocsin incident list --json-compact\ntocsin connector get am --json-compact\n"
    script = in_the_tutorial("connect-your-monitoring.md", then=then)

    end = run_in(tmp_path, script).partition("END\n")[2]

    incidents, connector = (json.loads(line) for line in end.splitlines()[:2])
    assert "No light on ams-1" in [one["title"] for one in incidents["items"]]
    assert connector["expected_every_minutes"] == 60
    assert connector["health"]["state"] == "healthy"
