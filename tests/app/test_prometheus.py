"""A real Prometheus and a real Alertmanager, with a served Tocsin behind them or in the place of
the second."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench import processes
from tests.app.watched_town import Founded, WatchedTown, founded, watched_town
from tests.servers.alertmanager import GROUP_WAIT
from tests.servers.prometheus import ALERT, Watcher

SCRAPE_AND_EVALUATION = 2
SLOW_MACHINE = 5
VERDICTS = ("created", "attached", "resolved", "unattached")
"""Of what was not said before; the rest is deduplicated."""


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    return founded(tmp_path_factory.mktemp("org") / "data")


@pytest.fixture
def here(tmp_path: Path, org: Founded) -> Iterator[WatchedTown]:
    with watched_town(tmp_path, of=org) as made:
        yield made


def metric(watcher: Watcher, name: str) -> int:
    """The sum of a counter over all its labels, but for other receivers' kinds."""
    answer = processes.expect(processes.call(watcher.port, "GET", "/metrics", token="none"), 200)
    rows = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", answer.body, re.MULTILINE)
    assert rows, name
    return sum(
        int(float(value))
        for labels, value in rows
        if "integration=" not in labels or 'integration="webhook"' in labels
    )


def test_a_failing_target_is_one_incident_until_it_is_well_again(here: WatchedTown) -> None:
    first, second = here.targets
    am = here.alertmanager()
    prometheus = here.prometheus(tells=am.address, resend_seconds=4)
    with am.running(), prometheus.running():
        here.until_seen(prometheus)

        first.failing, failed = True, datetime.now(UTC)
        incident = here.until_status("open")
        late = datetime.fromisoformat(incident["created_at"]) - failed
        assert late < timedelta(seconds=SCRAPE_AND_EVALUATION + GROUP_WAIT + SLOW_MACHINE)
        assert (incident["severity"], incident["services"]) == ("sev1", ["api"])
        assert f"{first.address} does not answer" in incident["title"]

        second.failing = True
        here.until("the second target's signal", lambda: len(here.signals(incident)) == 2)
        here.until(
            "the same told again",
            lambda: here.inbox()[-1]["verdict"] == "deduplicated",
        )
        assert here.until_status("open")["id"] == incident["id"]

        first.failing = False
        healed = (first.address, "resolved")
        here.until("the first target's recovery", lambda: healed in here.signals(incident))
        here.until_more_arrives("a word of the second alone")
        assert here.until_status("open")["id"] == incident["id"]

        second.failing = False
        assert here.until_status("resolved")["id"] == incident["id"]
        assert here.signals(incident) == {
            (one.address, state): 1 for one in here.targets for state in ("firing", "resolved")
        }
        everything_is_in_the_inbox(here, am)


def everything_is_in_the_inbox(here: WatchedTown, am: Watcher) -> None:
    """Alertmanager has delivered as often as the inbox says, was never refused, and each of its
    alerts has its verdict."""

    def delivered() -> bool:
        return metric(am, "alertmanager_notification_requests_total") == len(here.inbox())

    here.until("every delivery", delivered)
    assert metric(am, "alertmanager_notification_requests_failed_total") == 0
    inbox = here.inbox()
    assert inbox[0]["verdict"] == "created"
    assert {item["connector"] for item in inbox} == {"am"}
    for item in inbox:
        received = len(item["payload"]["alerts"])
        assert item["signals"] == sum(item["counts"].values()) == received
    told = {verdict: sum(item["counts"][verdict] for item in inbox) for verdict in VERDICTS}
    assert told == {"created": 1, "attached": 1, "resolved": 2, "unattached": 0}


def test_whoever_is_killed_there_is_one_incident_and_nothing_is_missing(
    here: WatchedTown,
) -> None:
    first, second = here.targets
    am = here.alertmanager()
    # Said to last longer than a Prometheus takes to come back.
    prometheus = here.prometheus(tells=am.address, resend_seconds=4)
    with am.running(), prometheus.running():
        here.until_seen(prometheus)
        first.failing = True
        incident = here.until_status("open")

        am.kill()
        am.start()
        here.until_more_arrives("a word of an Alertmanager that remembers nothing")

        prometheus.kill()
        prometheus.start()
        here.until_seen(prometheus)
        here.until_more_arrives("a word after Prometheus is back")

        here.kill()
        second.failing = True
        failed = metric(am, "alertmanager_notification_requests_failed_total")
        here.until(
            "a delivery that finds nobody",
            lambda: metric(am, "alertmanager_notification_requests_failed_total") > failed,
        )
        here.start()
        here.until("what was said meanwhile", lambda: len(here.signals(incident)) == 2)
        assert here.until_status("open")["id"] == incident["id"]

        first.failing = second.failing = False
        assert here.until_status("resolved")["id"] == incident["id"]
        assert here.signals(incident) == {
            (one.address, state): 1 for one in here.targets for state in ("firing", "resolved")
        }


def test_prometheus_takes_tocsin_for_its_alertmanager(here: WatchedTown) -> None:
    first, _ = here.targets
    first.failing = True
    prometheus = here.prometheus(resend_seconds=4)
    with prometheus.running():
        incident = here.until_status("open")
        assert (incident["severity"], incident["services"]) == ("sev1", ["api"])

        here.kill()
        here.start()
        here.until_more_arrives("the same told to a restarted server")
        assert here.inbox()[-1]["verdict"] == "deduplicated"

        # It forgets since when the alert fires, and its labels are the same.
        prometheus.kill()
        prometheus.start()
        here.until_more_arrives("the same told by a restarted Prometheus")
        assert here.inbox()[-1]["verdict"] == "deduplicated"
        assert here.signals(incident) == {(first.address, "firing"): 1}

        first.failing = False
        assert here.until_status("resolved")["id"] == incident["id"]
        here.until_more_arrives("the recovery told again")
        assert here.signals(incident) == {
            (first.address, "firing"): 1,
            (first.address, "resolved"): 1,
        }


def test_an_alert_is_over_when_nobody_says_it_any_more(here: WatchedTown) -> None:
    first, _ = here.targets
    first.failing = True
    prometheus = here.prometheus(resend_seconds=1)
    with prometheus.running():
        incident = here.until_status("open")
        here.until_more_arrives("the same told again", deliveries=2)
        assert here.signals(incident) == {(first.address, "firing"): 1}

        prometheus.kill()
        said = here.inbox()[-1]["payload"][0]
        assert here.until_status("resolved")["id"] == incident["id"]
        [over] = [event for event in here.events(incident) if event["kind"] == "incident.resolved"]
        assert datetime.fromisoformat(over["recorded_at"]) >= datetime.fromisoformat(said["endsAt"])


def test_amtool_takes_tocsin_for_its_alertmanager(here: WatchedTown) -> None:
    amtool = here.amtool()
    labels = ("alertname=DiskFull", "severity=critical", "service=api", "instance=db-1")
    added = amtool("alert", "add", *labels, "--annotation=summary=No room on db-1")
    assert added.code == 0, added.errors
    incident = here.until_status("open")
    assert (incident["severity"], incident["services"]) == ("sev1", ["api"])
    assert "No room on db-1" in incident["title"]
    assert amtool("alert", "add", *labels, "--annotation=summary=No room on db-1").code == 0
    assert [item["verdict"] for item in here.inbox()] == ["created", "deduplicated"]

    asked = amtool("alert", "query", "--output=json")
    assert asked.code == 0, asked.errors
    [alert] = asked.json
    assert alert["labels"] == dict(label.split("=") for label in labels)
    assert alert["annotations"] == {"summary": "No room on db-1"}
    assert alert["status"]["state"] == "active"
    assert "DiskFull" in amtool("alert", "query", "instance=~db-.*").output
    assert amtool("alert", "query", "instance=web-1", "--output=json").json == []

    shown = amtool("config", "show", "--output=json")
    assert shown.code == 0, shown.errors
    assert shown.json["versionInfo"]["version"]
    assert amtool("config", "routes", "test", "severity=critical").output == "tocsin\n"
    assert amtool("cluster", "show").code == 0

    over = amtool("alert", "add", *labels, f"--end={datetime.now(UTC).isoformat()}")
    assert over.code == 0, over.errors
    assert here.until_status("resolved")["id"] == incident["id"]
    assert amtool("alert", "query", "--output=json").json == []


def test_amtool_sees_a_maintenance_as_a_silence_and_makes_none(here: WatchedTown) -> None:
    amtool = here.amtool()
    assert amtool("silence", "query", "--output=json").json == []
    window = {"start_at": "2099-01-01T00:00:00Z", "end_at": "2099-01-01T02:00:00Z"}
    planned = {"type": "maintenance", "title": "Swap", "description": "A disk.", **window}
    maintenance = here.ask("POST", "/tickets", {**planned, "services": ["api"]})

    [silence] = amtool("silence", "query", "--output=json").json
    assert (silence["id"], silence["status"]["state"]) == (maintenance["id"], "pending")
    assert [(one["name"], one["value"]) for one in silence["matchers"]] == [("service", "api")]
    assert "2099-01-01 02:00:00 UTC" in amtool("silence", "query", "service=api").output

    refused = amtool("silence", "add", f"alertname={ALERT}", "--comment=no", "--author=me")
    assert refused.code != 0
    assert "maintenance" in refused.errors
    assert len(amtool("silence", "query", "--output=json").json) == 1


def test_amtool_with_another_token_reads_and_adds_nothing(here: WatchedTown) -> None:
    stranger = here.amtool(token="t" * 32)
    for words in (("alert", "query"), ("alert", "add", f"alertname={ALERT}", "severity=page")):
        said = stranger(*words)
        assert said.code != 0
        assert "401" in said.errors
    assert (here.incidents(), here.inbox()) == ([], [])
