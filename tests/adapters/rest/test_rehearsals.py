"""What a connector would have opened, and what a mapping would read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.rest.asking import Client, client
from tests.adapters.rest.speaking import connector, inbox, say
from tests.adapters.rest.test_signal_lists import notice
from tocsin.app.previewing import tried

MINUTE = timedelta(minutes=1)


def told(gateway: Client, token: str, *bodies: object) -> None:
    for body in bodies:
        gateway.house.clock.pass_by(MINUTE)
        raw = body if isinstance(body, bytes) else None
        say(gateway, "/v1/ingest/am", None if raw else body, raw=raw, token=token)


def dry_run(gateway: Client, body: object = None, *, query: str = "") -> Any:
    method = "GET" if body is None else "POST"
    answer = gateway.ask(method, f"/connectors/am/dry-run{query}", body, who="admin")
    assert answer.status == 200, answer.body
    return answer.json


def tickets(gateway: Client) -> list[Any]:
    items: list[Any] = gateway.ask("GET", "/tickets?type=incident").json["items"]
    return items


def test_what_an_observing_connector_would_have_opened(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am", mode="observe")
    dark, warm = notice("Dark", severity="critical"), notice("Warm")
    told(gateway, token, dark, dark, warm, b"{nonsense", notice("Gone", severity="error"))
    assert tickets(gateway) == []
    arrived = len(inbox(gateway))

    said = dry_run(gateway)
    assert (said["incidents"], said["payloads"], said["unreadable"]) == (2, 5, 1)
    assert said["verdicts"] == {"created": 2, "deduplicated": 1, "unattached": 1}
    assert said["signals"] == 4
    assert said["complete"] is True
    assert [one["title"] for one in said["opened"]] == ["Gone", "Dark"]
    assert said["opened"][1]["key"].startswith("am/")
    assert said["by_rule"] == [{"rule": "Default of am", "incidents": 2}]
    assert said["sentence"] == (
        "It would have opened 2 incidents in the last 24 hours, of 4 signals in 5 payloads."
    )
    # Nothing came of it.
    assert (tickets(gateway), len(inbox(gateway))) == ([], arrived)

    gateway.house.clock.pass_by(timedelta(hours=2))
    assert dry_run(gateway, query="?hours=1")["payloads"] == 0


def test_it_says_what_really_happens(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    dark = notice("Dark", severity="critical")
    told(
        gateway,
        token,
        dark,
        notice("Dark", severity="critical", state="resolved"),
        notice("Hot", severity="critical"),
        notice("Warm"),
    )
    said = dry_run(gateway)
    assert said["incidents"] == len(tickets(gateway)) == 2
    assert sorted(one["title"] for one in said["opened"]) == sorted(
        one["title"] for one in tickets(gateway)
    )


def test_rules_that_are_only_proposed(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am", mode="observe")
    told(gateway, token, notice("Dark", severity="critical"), notice("Warm"), notice("Hot"))
    everything = {"name": "All", "action": "create", "correlation_key": "one", "title": "One"}

    said = dry_run(gateway, {"rules": [everything]})
    assert (said["incidents"], said["by_rule"]) == (1, [{"rule": "All", "incidents": 1}])
    assert said["opened"][0]["title"] == "One"
    nothing = {"name": "None", "action": "ignore"}
    assert dry_run(gateway, {"rules": [nothing]})["incidents"] == 0
    assert dry_run(gateway, {"hours": 24})["incidents"] == 1
    assert gateway.ask("GET", "/rules", who="admin").json["items"] == []

    wrong = {"name": "x", "action": "explode", "match": {"matchers": ["=="]}}
    refused = gateway.ask(
        "POST", "/connectors/am/dry-run", {"rules": [everything, wrong]}, who="admin"
    )
    assert refused.status == 422
    assert {field.partition(".")[0] for field, _ in refused.fields} == {"rules[1]"}


def test_a_window_in_force_is_heard_of(gateway: Client) -> None:
    token = connector(gateway, "generic", "am", mode="observe", mapping=MAPPING)
    now = gateway.house.clock()
    planned = gateway.maintenance(
        start_at=(now + MINUTE).isoformat(), end_at=(now + 10 * MINUTE).isoformat()
    )
    assert planned["device_pubkey"]
    gateway.house.clock.pass_by(MINUTE)
    told(gateway, token, {"title": "dark", "where": "ams-1"})
    said = dry_run(gateway)
    assert (said["incidents"], said["reasons"]) == (0, {"held_back": 1})


MAPPING = {"summary": "title", "device": "where", "severity": "'critical'"}


@pytest.fixture
def previewing(tmp_path: Path) -> Any:
    with client(tmp_path, preview=tried) as made:
        yield made


def test_a_mapping_is_tried_on_what_came(previewing: Client) -> None:
    gateway = previewing
    token = connector(gateway, "generic", "am", mapping={"summary": "title"})
    told(gateway, token, {"title": "dark", "level": "critical", "when": "soon"}, {"other": 1})

    def preview(body: object = None) -> Any:
        answer = gateway.ask("POST", "/connectors/am/preview", body, who="admin")
        assert answer.status == 200, answer.body
        return answer.json["items"]

    newest, oldest = preview()
    assert newest["signals"] == []
    assert "summary" in newest["unreadable"]
    assert oldest["signals"][0]["summary"] == "dark"
    assert oldest["signals"][0]["severity"] is None

    mapping = {"summary": "title", "severity": "level", "ts": "when"}
    _, oldest = preview({"mapping": mapping})
    assert oldest["signals"][0]["severity"] == "critical"
    assert [one["field"] for one in oldest["complaints"]] == ["ts"]
    assert len(preview({"limit": 1})) == 1
    wrong = gateway.ask(
        "POST", "/connectors/am/preview", {"mapping": {"summary": "]["}}, who="admin"
    )
    assert wrong.status == 422
    assert {field for field, _ in wrong.fields} == {"mapping.summary"}


def test_a_mapping_that_nobody_can_read_is_refused(previewing: Client) -> None:
    gateway = previewing

    def wrong_in(method: str, path: str, mapping: dict[str, str]) -> set[str]:
        named = {"kind": "generic", "code": "am", "name": "Own"} if method != "PATCH" else {}
        body = {**named, "mapping": mapping}
        answer = gateway.ask(method, path, body, who="admin")
        assert answer.status == 422, answer.body
        return {field for field, _ in answer.fields}

    assert wrong_in("POST", "/connectors", {"summary": "foo["}) == {"mapping.summary"}
    assert wrong_in("POST", "/connectors", {"severity": "a"}) == {"mapping.summary"}
    connector(gateway, "generic", "am", mapping={"summary": "title"})
    mapping = {"summary": "nothing(title)", "heading": "title"}
    wrong = {"mapping.summary", "mapping.heading"}
    assert wrong_in("PATCH", "/connectors/am", mapping) == wrong
    assert wrong_in("PUT", "/connectors/am", mapping) == wrong
    assert gateway.ask("GET", "/connectors/am", who="admin").json["mapping"] == {"summary": "title"}
    assert gateway.ask("PATCH", "/connectors/am", {"mapping": {}}, who="admin").status == 200


def test_what_no_mapping_reads_is_read_as_it_is(previewing: Client) -> None:
    gateway = previewing
    token = connector(gateway, "alertmanager", "am")
    told(gateway, token, notice("Dark"), b"{nonsense")
    answer = gateway.ask("POST", "/connectors/am/preview", who="admin")
    assert answer.status == 200, answer.body
    newest, oldest = answer.json["items"]
    assert newest["unreadable"]
    assert oldest["signals"][0]["labels"]["alertname"] == "Dark"
    asked = {"mapping": {"summary": "title"}}
    assert gateway.ask("POST", "/connectors/am/preview", asked, who="admin").status == 409
