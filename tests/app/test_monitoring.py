"""``tocsin monitor`` and the duties of ``tocsin serve``, by a real InfluxDB that tells of today."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from bench.processes import free_port
from tests.app.test_database_commands import run
from tests.app.test_serve import WITHIN, environment, serving
from tests.handler.acting import pubkey
from tests.servers.influx import DATABASE, Influx, influx
from tocsin.app.house import House, fresh_bits, now, opened
from tocsin.core.commands import Command
from tocsin.core.ids import uuid7
from tocsin.core.provisioning.commands import Wish
from tocsin.core.record_commands import CreateContributor, CreateOrg
from tocsin.core.records import Link
from tocsin.core.registry_commands import RegisterDevice, RegisterLink, SideDraft
from tocsin.handler.submission import Submission

DAY = 24 * 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    """An InfluxDB in which two interfaces carried traffic in each minute of the last day."""
    made = influx(tmp_path_factory.mktemp("influx") / "server")
    with made.running():
        made.create()
        began = int(datetime.now(UTC).timestamp()) // 60 - DAY - 30
        octets = count(1_000, 1_000)
        made.write(
            f"intfCounters,dzd_pubkey={pubkey(number)},intf=Ethernet1 in-octets={next(octets)}i,"
            f"out-octets=5i,in-errors=0i,out-errors=0i {(began + minute) * 60 + 1}"
            for number in (11, 12)
            for minute in range(DAY + 40)
        )
        yield made


@pytest.fixture
def asked(server: Influx) -> dict[str, str]:
    """The environment that names it."""
    return {"TOCSIN_INFLUX_URL": f"http://{server.address}", "TOCSIN_INFLUX_DATABASE": DATABASE}


def network(data: Path) -> None:
    """An org with a link between two devices, which is wanted in service."""
    with opened(data, None) as made:
        _do(made, 0, "org", CreateOrg(org_id=_fresh(), code="net", name="Net"))
        with made.store.reading() as turn:
            (org,) = turn.orgs()
        alpha = CreateContributor(
            contributor_id=_fresh(), code="alpha", name="Alpha", pubkey=pubkey(1)
        )
        _do(made, org.org_id, "contributor", alpha)
        for code, number in (("ams-1", 11), ("fra-1", 12)):
            device = RegisterDevice(
                device_id=_fresh(), pubkey=pubkey(number), code=code, contributor="alpha"
            )
            _do(made, org.org_id, "device", device)
        line = RegisterLink(
            link_id=_fresh(),
            pubkey=pubkey(21),
            code="line",
            link_type="WAN",
            contributor="alpha",
            side_a=SideDraft(device="ams-1", interface="Ethernet1"),
            side_z=SideDraft(device="fra-1", interface="Ethernet1"),
        )
        _do(made, org.org_id, "link", line)
        _do(made, org.org_id, "link", Wish(desired="activated"), subject="line")


def _fresh() -> str:
    return uuid7(now(), fresh_bits())


def _do(
    made: House, org_id: int, sort: str, command: Command, *, subject: str | None = None
) -> None:
    made.writer.do(Submission(org_id=org_id, sort=sort, command=command, subject=subject))


def stands(data: Path) -> tuple[str, str, int]:
    """Health and status of the link, and the last position."""
    with opened(data, None) as made, made.store.reading() as turn:
        (head,) = turn.heads_of_sort(turn.orgs()[0].org_id, "link")
        assert isinstance(head.state, Link)
        life = head.state.life
        return life.health.value, life.status.value, turn.last_position()


def monitor(
    *arguments: str, data: Path, asked: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """``tocsin monitor run`` as a process, which asks whom *asked* names."""
    tocsin = Path(sys.executable).with_name("tocsin")
    return subprocess.run(
        [str(tocsin), "monitor", "run", *arguments, "--data", str(data)],
        capture_output=True,
        text=True,
        env=environment(**asked, COLUMNS="200"),
        timeout=WITHIN,
        check=False,
    )


def test_a_dry_run_shows_what_would_change_and_why(tmp_path: Path, asked: dict[str, str]) -> None:
    network(tmp_path)
    before = stands(tmp_path)
    shown = monitor("--once", "--dry-run", data=tmp_path, asked=asked)
    assert shown.returncode == 0, shown.stderr
    assert "1 would change" in shown.stdout
    assert "line" in shown.stdout
    assert "unknown → healthy" in shown.stdout
    assert "side_a: Ethernet1 of ams-1: no error and" in shown.stdout
    assert "agents is silent: no source of it is set up" in shown.stdout
    assert stands(tmp_path) == before


def test_a_round_for_real_writes_it_once(tmp_path: Path, asked: dict[str, str]) -> None:
    network(tmp_path)
    before = stands(tmp_path)
    shown = monitor("--once", "--json", data=tmp_path, asked=asked)
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert [(one["code"], one["health_to"]) for one in told["changes"]] == [("line", "healthy")]
    assert stands(tmp_path) == ("healthy", "hard_drained", before[2] + 1)
    assert (
        json.loads(monitor("--once", "--json", data=tmp_path, asked=asked).stdout)["changes"] == []
    )
    assert stands(tmp_path)[2] == before[2] + 1


def test_a_server_judges_and_activates_by_itself(tmp_path: Path, asked: dict[str, str]) -> None:
    network(tmp_path)
    key = run(
        *("admin", "key", "create", "--org", "net", "--name", "noc"),
        *("--role", "member", "--contributor", "alpha"),
        data=tmp_path,
    ).stdout.strip()
    activated = 'tocsin_provisioning_changes_total{duty="activator",outcome="done"} 1.0'
    with serving(tmp_path, **asked) as served:
        while activated not in (metrics := served.get("/metrics")[1].decode()):
            assert served.process.poll() is None
        assert 'tocsin_provisioning_changes_total{duty="monitor",outcome="done"} 1.0' in metrics
        # Agents and tests of nobody's are not asked for; nothing that is set up is silent.
        assert "tocsin_source_silent{" not in metrics
        status, answer = served.get("/v1/orgs/net/links/line/readiness", token=key)
        assert status == 200, answer
        found = json.loads(answer)
        assert (found["status"], found["health"]) == ("activated", "healthy")
        assert {one["name"]: one["state"] for one in found["criteria"]} == dict.fromkeys(
            ("record", "desired", "side_a", "side_z", "loss"), "met"
        )
        assert found["criteria"][2]["evidence"]["source"] == "InfluxDB"
        assert found["next"] == "it is activated, as wanted"
        served.stop()
    assert stands(tmp_path)[:2] == ("healthy", "activated")


def test_a_source_that_is_away_is_in_the_metrics_and_moves_nothing(tmp_path: Path) -> None:
    network(tmp_path)
    before = stands(tmp_path)
    key = run(
        *("admin", "key", "create", "--org", "net", "--name", "noc"),
        *("--role", "member", "--contributor", "alpha"),
        data=tmp_path,
    ).stdout.strip()
    nobody = {"TOCSIN_INFLUX_URL": f"http://127.0.0.1:{free_port()}"}
    with serving(tmp_path, **nobody) as served:
        while 'tocsin_source_silent{source="InfluxDB"} 1.0' not in (
            metrics := served.get("/metrics")[1].decode()
        ):
            assert served.process.poll() is None
        assert 'tocsin_provisioning_changes_total{duty="monitor",outcome="done"} 1.0' not in metrics
        status, answer = served.get("/v1/orgs/net/links/line/readiness", token=key)
        assert status == 200, answer
        found = json.loads(answer)
        side = found["criteria"][2]
        assert side["state"] == "unknown"
        assert side["reason"].startswith("InfluxDB is silent: ")
        assert (found["health"], found["status"]) == before[:2]
        served.stop()
    assert stands(tmp_path)[:2] == before[:2]


def test_who_has_nobody_to_ask_is_told_so(tmp_path: Path) -> None:
    network(tmp_path)
    nobody = monitor("--once", "--dry-run", data=tmp_path, asked={})
    assert nobody.returncode == 1
    assert "TOCSIN_INFLUX_URL" in nobody.stderr
    assert monitor("--dry-run", data=tmp_path, asked={}).returncode == 2


def test_a_dry_run_makes_no_database(tmp_path: Path, asked: dict[str, str]) -> None:
    missing = monitor("--once", "--dry-run", data=tmp_path / "missing", asked=asked)
    assert missing.returncode == 1
    assert "there is no database" in missing.stderr
    assert not (tmp_path / "missing").exists()
