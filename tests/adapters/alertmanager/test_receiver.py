"""Alertmanager, Prometheus and ``amtool`` are answered as they expect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.neighbouring import Neighbour, json_of, neighbour
from tocsin.core.commands import ChangeStatus, PlanMaintenance
from tocsin.core.connector_words import ConnectorKind
from tocsin.core.ids import ticket_refs
from tocsin.core.verdicts import Word
from tocsin.core.words import Status
from tocsin.handler.arrival import PayloadVerdict

PAYLOADS = Path(__file__).parent / "payloads"
FIRING = (PAYLOADS / "group_firing.json").read_bytes()
ALERTS = "api/v2/alerts"


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Neighbour]:
    with neighbour(tmp_path, ConnectorKind.ALERTMANAGER) as made:
        yield made


def posted(**labels: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": "Down", "severity": "critical", **labels},
        "annotations": {"summary": "It does not answer"},
        "startsAt": "2026-11-20T11:58:00Z",
        "endsAt": "2026-11-20T12:04:00Z",
        "generatorURL": "http://prometheus.example/graph",
    }


def test_a_notification_is_one_incident_and_its_resolution_ends_it(
    prometheus: Neighbour,
) -> None:
    reply, opened = prometheus.send("", FIRING)

    assert reply.status == 200
    assert {one.ticket_id for one in opened.results} == {opened.results[0].ticket_id}
    assert opened.results[0].verdict is Word.CREATED
    document = json.loads(FIRING)
    document["status"] = "resolved"
    for alert in document["alerts"]:
        alert |= {"status": "resolved", "endsAt": "2026-11-20T12:00:00Z"}
    _, ended = prometheus.send("", document)
    assert prometheus.ticket(ended, result=-1).status is Status.RESOLVED


def test_alerts_posted_again_and_again_are_one_and_expire_by_their_end(
    prometheus: Neighbour,
) -> None:
    reply, opened = prometheus.send(ALERTS, [posted()])
    assert (reply.status, reply.body) == (200, b"")
    assert opened.verdict is PayloadVerdict.CREATED

    prometheus.house.clock.pass_by(timedelta(minutes=1))
    _, again = prometheus.send(ALERTS, [posted()])
    assert again.verdict is PayloadVerdict.DEDUPLICATED
    (shown,) = json_of(prometheus.look(ALERTS))
    assert shown["labels"] == {"alertname": "Down", "severity": "critical"}
    assert shown["annotations"] == {"summary": "It does not answer"}
    assert shown["startsAt"] == "2026-11-20T11:58:00.000000Z"
    assert shown["endsAt"] == "2026-11-20T12:04:00.000000Z"
    assert shown["status"]["state"] == "active"

    prometheus.house.clock.pass_by(timedelta(minutes=4))
    assert json_of(prometheus.look(ALERTS)) == []


def test_alerts_of_a_notification_do_not_expire_by_themselves(prometheus: Neighbour) -> None:
    document = json.loads(FIRING)
    for alert in document["alerts"]:
        alert |= {"status": "firing", "endsAt": "2026-11-20T12:00:01Z"}
    prometheus.send("", document)

    prometheus.house.clock.pass_by(timedelta(days=1))
    shown = json_of(prometheus.look(ALERTS))
    assert len(shown) == len(document["alerts"])
    (group,) = json_of(prometheus.look("api/v2/alerts/groups"))
    assert group["labels"] == document["groupLabels"]
    assert len(group["alerts"]) == len(shown)


def test_amtool_asks_by_matchers_each_on_a_line_of_its_own(prometheus: Neighbour) -> None:
    prometheus.send(ALERTS, [posted(instance="a"), posted(instance="b"), posted(job="c")])

    def found(query: dict[str, str]) -> list[str]:
        answer = json_of(prometheus.look(ALERTS, query=query))
        return sorted(one["labels"].get("instance", "") for one in answer)

    assert found({}) == ["", "a", "b"]
    assert found({"filter": 'instance=~"a|b"'}) == ["a", "b"]
    assert found({"filter": 'instance=~"a|b"\ninstance!="a"'}) == ["b"]
    assert found({"active": "false"}) == []
    wrong = prometheus.look(ALERTS, query={"filter": "instance"})
    assert wrong.status == 400
    assert "bad matcher" in json_of(wrong)


def test_a_question_whose_patterns_take_too_long_is_refused(prometheus: Neighbour) -> None:
    paths = [f"{number * 7919:b}".replace("0", "a").replace("1", "b") * 40 for number in range(99)]
    prometheus.send(ALERTS, [posted(path=path[:900]) for path in paths])

    costly = prometheus.look(ALERTS, query={"filter": 'path=~"[ab]*a[ab]{200}"'})
    assert (costly.status, "write them shorter" in json_of(costly)) == (400, True)
    costly = prometheus.look("api/v2/alerts/groups", query={"filter": 'path=~"[ab]*b[ab]{199}"'})
    assert costly.status == 400

    assert len(json_of(prometheus.look(ALERTS, query={"filter": 'path=~"(a|b)+"'}))) == 99


def test_a_maintenance_is_shown_as_a_silence_and_holds_back(prometheus: Neighbour) -> None:
    house = prometheus.house
    planned = PlanMaintenance(
        ticket_id=house.fresh(),
        refs=ticket_refs("M", house.clock(), 7),
        title="Swap optic",
        description="Optic on Ethernet1.",
        devices=("ams-1", "fra-1"),
        start_at=house.clock() + timedelta(minutes=1),
        end_at=house.clock() + timedelta(hours=1),
    )
    house.ask("admin", planned)

    (silence,) = json_of(prometheus.look("api/v2/silences"))
    assert silence["id"] == planned.ticket_id
    assert silence["status"] == {"state": "pending"}
    assert silence["matchers"] == [
        {"name": "device", "value": "ams-1|fra-1", "isRegex": True, "isEqual": True}
    ]
    assert silence["comment"].endswith(": Swap optic")
    assert json_of(prometheus.look("api/v2/silences", query={"filter": "device=lon-1"})) == []

    house.clock.pass_by(timedelta(minutes=2))
    begin = ChangeStatus(status="in_progress")
    house.ask("admin", begin, subject=planned.ticket_id)
    (silence,) = json_of(prometheus.look("api/v2/silences"))
    assert silence["status"] == {"state": "active"}


def test_the_rest_of_the_api_is_there_for_amtool(prometheus: Neighbour) -> None:
    status = json_of(prometheus.look("api/v2/status"))

    assert status["uptime"] == "2026-11-20T12:00:00.000000Z"
    assert status["versionInfo"]["version"]
    assert "receiver: tocsin" in status["config"]["original"]
    assert json_of(prometheus.look("api/v2/receivers")) == [{"name": "tocsin"}]
    assert prometheus.look("api/v2/silence/7").status == 404


def test_what_is_not_taken_is_said_in_a_text_and_kept(prometheus: Neighbour) -> None:
    refusals = {
        ALERTS: b'[{"labels": {}}]',
        "api/v2/silences": b"{}",
        "": FIRING.replace(b'"version": "4"', b'"version": "3"'),
    }
    for path, body in refusals.items():
        reply, accounted = prometheus.send(path, body)
        assert reply.status == 400, path
        assert isinstance(json_of(reply), str)
        assert accounted.verdict is PayloadVerdict.UNPARSEABLE
    assert prometheus.send("api/v2/nothing", b"{}")[0].status == 404


def test_the_same_bytes_are_taken_as_the_same_and_other_bytes_as_others(
    prometheus: Neighbour,
) -> None:
    def send(name: str) -> Word:
        alerts = [{"labels": {"alertname": name, "severity": "critical"}, "fingerprint": name}]
        _, taken = prometheus.send("", {"version": "4", "groupKey": name, "alerts": alerts})
        return taken.results[0].verdict

    assert [send(name) for name in ("a", "a", "b", "a", "b")] == [
        Word.CREATED,
        Word.DEDUPLICATED,
        Word.CREATED,
        Word.DEDUPLICATED,
        Word.DEDUPLICATED,
    ]
