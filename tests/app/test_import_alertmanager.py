"""``tocsin import alertmanager``: from an operator's file to a gateway that does the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from click.testing import CliRunner, Result

from tests.adapters.alertmanager.test_importing import CONFIGURATIONS, FORTY
from tests.app.conftest import Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn, problem
from tests.app.test_serve import serving
from tocsin.app.command_line.program import program

CONFIG = str(CONFIGURATIONS / "forty_receivers.yml")
IMPORT = ("import", "alertmanager", "--config")
SMALL = """
route:
  receiver: chat
  group_by: [alertname]
  routes:
    - {receiver: pager, matchers: [severity="critical"]}
receivers:
  - {name: pager, pagerduty_configs: [{routing_key: SECRET}]}
  - {name: chat, slack_configs: [{channel: "#ops", api_url: SECRET}]}
"""
PAGER = "alertmanager: pager"


# -- without a gateway ----------------------------------------------------------------------------


def test_a_dry_run_shows_everything_and_asks_nobody(run: Run, gateway: StandIn) -> None:
    answer = run(*IMPORT, CONFIG, "--dry-run", TOCSIN_API_KEY=None, COLUMNS="300")

    assert answer.exit_code == 0, answer.output
    assert "connector alertmanager (alertmanager): would be made" in answer.stdout
    assert "40 receivers, 47 rules" in answer.stdout
    assert 'labels.team="database", labels.severity="critical"' in answer.stdout
    assert "{connector}/db-pager/{fingerprint}" in answer.stdout
    assert "Not carried over:" in answer.stdout
    assert "→ leave Alertmanager between Prometheus and Tocsin" in answer.stdout
    assert "SECRET" not in answer.output
    assert not gateway.asked


def test_a_dry_run_as_json_is_what_the_api_takes(run: Run, gateway: StandIn) -> None:
    answer = run(*IMPORT, "-", "--dry-run", "--json", "--code", "am", stdin=SMALL)

    document = json.loads(answer.stdout)
    assert document["connector"] == {
        "outcome": "would be made",
        "kind": "alertmanager",
        "code": "am",
        "name": "Alertmanager",
    }
    assert document["rules"][0] == {
        "outcome": "would be made",
        "name": "am: pager",
        "order": 1_000,
        "connector": "am",
        "match": {"matchers": ['labels.severity="critical"']},
        "action": "create",
        "correlation_key": "{connector}/pager/{labels.alertname}",
        "on_resolve": "resolve",
        "receiver": "pager",
        "route": "route.routes[0]",
    }
    assert "snippet" not in document
    assert not gateway.asked


def test_a_receiver_can_be_named_as_one_that_pages(run: Run) -> None:
    answer = run(*IMPORT, "-", "--dry-run", "--json", "--pages", "chat", stdin=SMALL)

    assert [one["action"] for one in json.loads(answer.stdout)["rules"]] == ["create", "create"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"route: *SECRET", "line 1: an alias without its anchor"),
        (b"\xff\xfe", "not UTF-8"),
        (b"receivers: []", "has no route"),
        (b"a" * 5_000_000, "too large"),
    ],
    ids=["alias", "latin", "no route", "large"],
)
def test_a_file_that_is_not_read_is_refused(
    content: bytes, said: str, run: Run, tmp_path: Path, gateway: StandIn
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_bytes(content)

    answer = run(*IMPORT, str(file))

    assert answer.exit_code == 1
    assert said in answer.stderr
    assert "SECRET" not in answer.output
    assert not gateway.asked


def test_a_code_that_no_connector_can_have_is_refused_offline(run: Run) -> None:
    answer = run(*IMPORT, CONFIG, "--dry-run", "--code", "AM 1")

    assert answer.exit_code == 1
    assert "the connector's code" in answer.stderr


# -- what is there already ------------------------------------------------------------------------


def there(gateway: StandIn, *, connectors: list[Any], rules: list[Any]) -> None:
    for path, items in (("connectors", connectors), ("rules", rules)):
        gateway.answers("GET", f"{ORG}/{path}", Reply(body={"items": items, "next_cursor": None}))


def test_nothing_is_made_where_the_code_is_another_systems(run: Run, gateway: StandIn) -> None:
    there(gateway, connectors=[{"code": "alertmanager", "kind": "grafana"}], rules=[])

    answer = run(*IMPORT, "-", stdin=SMALL)

    assert answer.exit_code == 1
    assert "speaks grafana" in answer.stderr
    assert {one.method for one in gateway.asked} == {"GET"}


def test_nothing_is_made_where_a_rules_name_is_another_connectors(
    run: Run, gateway: StandIn
) -> None:
    there(gateway, connectors=[], rules=[{"id": "r1", "name": PAGER, "connector": "grafana"}])

    answer = run(*IMPORT, "-", stdin=SMALL)

    assert answer.exit_code == 1
    assert f'the rule "{PAGER}" is not of this connector' in answer.stderr
    assert {one.method for one in gateway.asked} == {"GET"}


def test_the_token_is_told_though_a_rule_was_refused(run: Run, gateway: StandIn) -> None:
    there(gateway, connectors=[], rules=[])
    made = {"code": "alertmanager", "name": "A", "ingest_url": "https://t.example/i", "token": "t0"}
    gateway.answers("POST", f"{ORG}/connectors", Reply(status=201, body=made))
    gateway.answers("POST", f"{ORG}/rules", problem(403, "forbidden", title="Not yours"))

    answer = run(*IMPORT, "-", "--json", stdin=SMALL)

    assert answer.exit_code == 1
    assert "Not yours" in answer.stderr
    document = json.loads(answer.stdout)
    assert document["connector"]["token"] == "t0"
    assert [rule["outcome"] for rule in document["rules"]] == ["not made", "not made"]


# -- a real gateway -------------------------------------------------------------------------------

Tell = Callable[..., Result]


@pytest.fixture
def tell(tmp_path: Path) -> Iterator[Tell]:
    """The program as an org_admin of a fresh server."""
    data = tmp_path / "data"
    bare = CliRunner(env=dict.fromkeys(("TOCSIN_URL", "TOCSIN_API_KEY", "TOCSIN_ORG")))

    def admin(*arguments: str) -> str:
        answer = bare.invoke(program, ["admin", *arguments, "--data", str(data)])
        assert answer.exit_code == 0, answer.output
        return answer.stdout.strip()

    admin("org", "create", "--code", "net", "--name", "Net")
    key = admin("key", "create", "--org", "net", "--name", "ops", "--role", "org_admin")
    with serving(data) as served:
        url = f"http://127.0.0.1:{served.port}"
        runner = CliRunner(env={"TOCSIN_URL": url, "TOCSIN_API_KEY": key, "TOCSIN_ORG": None})

        def telling(*arguments: str, stdin: str | None = None) -> Result:
            answer = runner.invoke(program, arguments, input=stdin)
            assert answer.exit_code == 0, (arguments, answer.output)
            return answer

        yield telling
        served.stop()


def notification(**labels: str) -> bytes:
    """What Alertmanager posts for one alert."""
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {},
        "startsAt": "2026-11-20T09:30:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "".join(sorted(labels.values())),
    }
    body = {"version": "4", "status": "firing", "receiver": "tocsin", "groupKey": "g"}
    return json.dumps({**body, "groupLabels": {}, "alerts": [alert]}).encode()


def test_a_file_becomes_a_connector_that_does_as_alertmanager_did(tell: Tell) -> None:
    answer = tell(*IMPORT, CONFIG, "--code", "am")

    written = yaml.safe_load(answer.stdout.partition("alertmanager.yml:\n")[2])
    (config,) = written["receivers"][0]["webhook_configs"]
    token = config["http_config"]["authorization"]["credentials"]
    assert f"token       {token}  (told this once)" in answer.stdout
    assert f"ingest_url  {config['url']}" in answer.stdout
    assert "SECRET" not in answer.output

    pool = urllib3.PoolManager()
    network = {"alertname": "LinkDown", "team": "network", "severity": "critical", "site": "ams1"}
    for labels in (
        network | {"link": "a", "instance": "x"},
        network | {"link": "a", "instance": "y"},
        network | {"link": "b"},
        {"alertname": "Slow", "team": "web", "severity": "warning"},
        {"alertname": "Watchdog"},
    ):
        said = pool.request(
            "POST",
            config["url"],
            body=notification(**labels),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        assert said.status in (200, 202), said.data
    tickets = json.loads(tell("incident", "list", "--json").stdout)["items"]
    assert sorted(key for one in tickets for key in one["correlation_keys"]) == [
        "am/net-pager/LinkDown/ams1/a",
        "am/net-pager/LinkDown/ams1/b",
    ]


def test_an_import_done_again_changes_what_differs_and_says_what_is_left(tell: Tell) -> None:
    first = json.loads(tell(*IMPORT, "-", "--json", stdin=FORTY).stdout)
    assert {first["connector"]["outcome"], *(one["outcome"] for one in first["rules"])} == {"made"}
    assert len(first["connector"]["token"]) == 32

    again = json.loads(tell(*IMPORT, "-", "--json", stdin=FORTY).stdout)
    outcomes = {again["connector"]["outcome"], *(one["outcome"] for one in again["rules"])}
    assert outcomes == {"as it was"}
    assert "token" not in again["connector"]
    assert first["connector"]["token"] not in json.dumps(again)

    gone = "    - receiver: weekend-webex\n"
    assert gone in FORTY
    changed = FORTY.replace(gone, "    - receiver: iot-sns\n")
    told = json.loads(tell(*IMPORT, "-", "--json", stdin=changed).stdout)
    rules = {one["name"]: one["outcome"] for one in told["rules"]}
    assert rules["alertmanager: iot-sns#2"] == "made"
    assert [one["name"] for one in told["left_over"]] == ["alertmanager: weekend-webex"]

    moved = changed.replace('[team="iot"]', '[team="things"]')
    assert moved != changed
    told = json.loads(tell(*IMPORT, "-", "--json", stdin=moved).stdout)
    differing = [one["name"] for one in told["rules"] if one["outcome"] != "as it was"]
    assert differing == ["alertmanager: iot-telegram"]
    (kept,) = [
        one
        for one in json.loads(tell("rule", "list", "--all", "--json").stdout)["items"]
        if one["name"] == "alertmanager: iot-telegram"
    ]
    assert kept["match"]["matchers"] == ['labels.team="things"']
