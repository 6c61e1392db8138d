"""The page about following an alert, run word for word."""

from __future__ import annotations

import json
from pathlib import Path

from tests.docs.shells import run_in
from tests.docs.test_how_to import in_the_tutorial


def test_an_alert_is_followed_to_its_ticket(tmp_path: Path) -> None:
    then = "echo END\ntocsin signal list --json-compact\ntocsin inbox list --json-compact\n"
    script = in_the_tutorial("follow-an-alert.md", then=then)

    page, _, end = run_in(tmp_path, script).partition("PAGE\n")[2].partition("END\n")

    assert "It would have opened 1 incident in the last 24 hours" in page
    assert "unparseable" in page
    signals, payloads = (json.loads(line)["items"] for line in end.splitlines()[:2])
    by_words = {one["summary"]: one for one in signals}
    dark = by_words["No light on ams-1"]
    assert dark["ticket_ref"] is not None
    assert dark["count"] == 3
    on_it = [one["summary"] for one in signals if one["ticket_ref"] == dark["ticket_ref"]]
    assert len(on_it) == 2
    assert sum(one["replay_of"] is not None for one in payloads) == 1
    assert by_words["Fan is loud"]["connector"] == "probe"
