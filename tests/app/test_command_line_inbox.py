"""What arrived, and dry-runs, from the command line."""

from __future__ import annotations

import json
from typing import Any

from tests.app.conftest import Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn

ITEM: dict[str, Any] = {
    "id": "0197a3c2-5d00",
    "connector": "am",
    "received_at": "2026-11-20T12:00:00.000000Z",
    "verdict": "created",
    "reason": 'opened by the rule "all"',
    "signals": 1,
    "content_type": "application/json",
    "observed": False,
    "replay_of": None,
    "counts": {"attached": 0, "deduplicated": 0, "created": 1, "resolved": 0, "unattached": 0},
}
RESULT = {
    "fingerprint": "am/f1",
    "verdict": "created",
    "because": "rule",
    "ticket": {"id": "t1", "ref": "I20261120-af36"},
}
WHOLE = ITEM | {
    "via": "connector:am",
    "headers": {"user-agent": "Alertmanager/0.28"},
    "results": [RESULT],
    "size": 20,
    "payload": {"version": "4"},
    "payload_encoding": "json",
}


def replayed(item: str) -> dict[str, Any]:
    return {
        "id": item,
        "replay": "0197b",
        "verdict": "created",
        "reason": "opened",
        "results": [RESULT],
    }


def test_the_list_says_what_came_and_what_became_of_it(gateway: StandIn, run: Run) -> None:
    page = {"items": [ITEM], "next_cursor": None}
    gateway.answers("GET", f"{ORG}/inbox", Reply(body=page))

    shown = run(
        *("inbox", "list", "--connector", "am", "--verdict", "created"),
        *("--since", "2026-11-20T00:00:00Z", "--limit", "7"),
        COLUMNS="250",
    )

    assert shown.exit_code == 0, shown.output
    for word in ("0197a3c2-5d00", "am", "created", 'opened by the rule "all"'):
        assert word in shown.stdout
    asked = dict(gateway.only("GET", f"{ORG}/inbox").query)
    assert (asked["connector"], asked["verdict"], asked["limit"]) == ("am", "created", "7")
    assert asked["since"].startswith("2026-11-20T00:00:00")
    assert json.loads(run("inbox", "list", "--json").stdout) == page


def test_one_is_shown_with_its_payload(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/inbox/0197", Reply(body=WHOLE))
    shown = run("inbox", "get", "0197", COLUMNS="250")
    assert shown.exit_code == 0, shown.output
    for word in ("I20261120-af36", "am/f1", '"version": "4"', "Alertmanager/0.28"):
        assert word in shown.stdout


def test_one_is_read_again(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/inbox/0197/replay", Reply(body=replayed("0197")))
    shown = run("inbox", "replay", "0197", COLUMNS="250")
    assert shown.exit_code == 0, shown.output
    assert "I20261120-af36" in shown.stdout


def test_a_span_is_read_again_in_as_many_requests_as_it_takes(gateway: StandIn, run: Run) -> None:
    later = "2026-11-20T12:30:00.000000Z"
    gateway.answers(
        "POST",
        f"{ORG}/inbox/replay",
        Reply(body={"items": [replayed("a")], "left": 1, "next_since": later}),
        Reply(body={"items": [replayed("b")], "left": 0, "next_since": None}),
    )
    span = ("--connector", "am", "--since", "2026-11-20T12:00:00Z", "--until")
    answer = run("inbox", "replay", *span, "2026-11-20T13:00:00Z", "--json")
    assert answer.exit_code == 0, answer.output
    assert [one["id"] for one in json.loads(answer.stdout)["items"]] == ["a", "b"]


def test_it_has_to_be_said_which(gateway: StandIn, run: Run) -> None:
    for wrong in (
        (),
        ("0197", "--connector", "am"),
        ("--connector", "am"),
    ):
        assert run("inbox", "replay", *wrong).exit_code == 2


def test_a_dry_run_says_what_would_have_been_opened(gateway: StandIn, run: Run) -> None:
    answer = {
        "sentence": "It would have opened 1 incident in the last 24 hours.",
        "incidents": 1,
        "hours": 24,
        "since": "2026-11-19T12:00:00.000000Z",
        "complete": True,
        "payloads": 3,
        "unreadable": 1,
        "signals": 2,
        "verdicts": {"created": 1, "deduplicated": 1},
        "reasons": {"rule": 1, "fingerprint": 1},
        "by_rule": [{"rule": "Dark lines", "incidents": 1}],
        "opened": [
            {
                "at": "2026-11-20T12:00:00.000000Z",
                "title": "x is dark",
                "severity": "sev1",
                "key": "am/x",
                "rule": "Dark lines",
                "because": "rule",
            }
        ],
    }
    gateway.answers("GET", f"{ORG}/connectors/am/dry-run", Reply(body=answer))
    shown = run("connector", "dry-run", "am", "--hours", "24", COLUMNS="250")
    assert shown.exit_code == 0, shown.output
    for word in ("would have opened 1 incident", "Dark lines", "x is dark", "1 deduplicated"):
        assert word in shown.stdout
    asked = gateway.only("GET", f"{ORG}/connectors/am/dry-run")
    assert asked.query == (("hours", "24"),)
