"""``tocsin serve`` as a process: started, asked, told to stop."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.app.test_database_commands import founded, run
from tocsin.projections.following import FOLLOWERS

LISTENS = "Tocsin listens at http://127.0.0.1:"
WITHIN = 30.0


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("tocsin")), "serve", *arguments]


def environment(**given: str) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")} | given


@dataclass
class Served:
    """A server that listens, and what it has said so far."""

    process: subprocess.Popen[str]
    port: int
    data: Path
    said: str

    def get(self, path: str, *, token: str | None = None) -> tuple[int, bytes]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> tuple[str, list[dict[str, Any]]]:
        """End it; what it said in all, and its log. It must end well."""
        self.process.send_signal(number)
        # All fits a pipe. Part of it has been read ahead, which communicate() would miss.
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        code = self.process.wait(WITHIN)
        said, logged = self.process.stdout.read(), self.process.stderr.read()
        assert code == 0, logged
        return self.said + said, [json.loads(line) for line in logged.splitlines()]


@contextmanager
def serving(data: Path, *arguments: str, **given: str) -> Iterator[Served]:
    """A server over *data* on a free port, which has said that it listens."""
    with subprocess.Popen(
        command("--port", "0", "--data", str(data), *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**given),
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            while LISTENS not in said:
                line = process.stdout.readline()
                assert line, process.communicate(timeout=WITHIN)
                said += line
            yield Served(process, int(said.rpartition(":")[2]), data, said)
        finally:
            process.kill()


def test_it_is_ready_when_it_says_so_and_ends_well_when_told(tmp_path: Path) -> None:
    with serving(tmp_path / "new") as served:
        assert served.get("/healthz")[0] == 200
        status, ready = served.get("/readyz")
        assert (status, json.loads(ready)["status"]) == (200, "ready")
        status, metrics = served.get("/metrics")
        assert status == 200
        for name in (b"tocsin_commands_waiting", b"tocsin_ticks_parked", b"tocsin_streams"):
            assert name in metrics
        _, log = served.stop()

    assert [line["action"] for line in log] == ["serving", "stopping", "stopped"]
    for line in log:
        assert {"at", "level", "action", "message"} <= line.keys()
        assert line["at"].endswith("Z")
    # Whatever was in the write-ahead log is in the file now.
    assert not (tmp_path / "new" / "tocsin.db-wal").exists()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_who_begins_with_nothing_is_told_how_to_come_in(tmp_path: Path) -> None:
    data = tmp_path / "all of it"
    with serving(data) as served:
        said, _ = served.stop()
    ways = [line.strip() for line in said.splitlines() if line.startswith("  tocsin ")]
    _, key = (
        subprocess.run(
            [command()[0], *shlex.split(way)[1:]],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=WITHIN,
            check=True,
        ).stdout.strip()
        for way in ways
    )

    with serving(data) as served:
        assert served.get("/v1/me", token=key)[0] == 200
        assert "admin" not in served.stop()[0]


def test_who_lost_the_key_is_told_at_the_start_what_does_not_open(tmp_path: Path) -> None:
    founded(tmp_path)
    made = run(
        *("admin", "key", "create", "--org", "net", "--name", "noc", "--role", "org_admin"),
        data=tmp_path,
    )
    route = {
        "name": "noc",
        "match": {"kinds": ["incident.*"]},
        "destination": {"kind": "webhook", "url": "https://hooks.example.net/in"},
    }
    with serving(tmp_path) as served:
        request = urllib.request.Request(
            f"http://127.0.0.1:{served.port}/v1/orgs/net/routes",
            data=json.dumps(route).encode(),
            headers={
                "Authorization": f"Bearer {made.stdout.strip()}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=WITHIN) as answer:
            assert answer.status == 201
        _, log = served.stop()
    assert "secrets_unopened" not in {line["action"] for line in log}
    with serving(tmp_path) as served:
        _, log = served.stop()
    assert "secrets_unopened" not in {line["action"] for line in log}

    (tmp_path / "secret.key").unlink()
    with serving(tmp_path) as served:
        _, log = served.stop()

    (told,) = [line for line in log if line["action"] == "secrets_unopened"]
    assert (told["level"], told["secrets"], told["of"]) == ("warning", 1, "route noc of net")


def test_an_interrupt_from_the_terminal_ends_it_as_well(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.stop(signal.SIGINT)


def test_a_second_server_on_the_same_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        second = subprocess.run(
            command("--port", "0", "--data", str(tmp_path)),
            capture_output=True,
            text=True,
            env=environment(),
            timeout=WITHIN,
            check=False,
        )
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert "another Tocsin is at work" in second.stderr
        assert served.get("/readyz")[0] == 200
        served.process.kill()
        served.process.wait(WITHIN)
    # However the first one ended, the next may begin.
    with serving(tmp_path) as served:
        served.stop()


def test_a_database_that_may_only_be_read_is_refused_at_the_start(tmp_path: Path) -> None:
    founded(tmp_path)
    (tmp_path / "tocsin.db").chmod(0o400)
    # Root may write what nobody may, unless that is taken from it.
    without = ["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"]
    refused = subprocess.run(
        [*(without if os.geteuid() == 0 else ()), *command("--port", "0", "--data", str(tmp_path))],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=WITHIN,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Error: {tmp_path}/tocsin.db: Permission denied; its mode")


def test_a_port_that_is_taken_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            command("--port", port, "--data", str(tmp_path)),
            capture_output=True,
            text=True,
            env=environment(),
            timeout=WITHIN,
            check=False,
        )
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Error: cannot listen on port {port}")
    assert refused.stderr.endswith("; choose another with --port\n")
    assert not (tmp_path / "tocsin.db").exists()


def test_an_address_of_another_machine_is_not_taken_for_a_port(tmp_path: Path) -> None:
    refused = subprocess.run(
        # RFC 5737: for documentation, so nobody's.
        command("--host", "192.0.2.1", "--port", "0", "--data", str(tmp_path)),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=WITHIN,
        check=False,
    )
    assert refused.returncode == 1
    assert "with --host" in refused.stderr
    assert "--port" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        (("--role", "gateway"), {}, "leave --role out"),
        (("--database", "postgresql://there/db", "--demo"), {}, "--demo"),
        (("--smtp-host", "mail.example.net"), {}, "TOCSIN_MAIL_FROM"),
        (("--demo", "--host", "0.0.0.0"), {}, "--demo-public"),
        ((), {"TOCSIN_PROT": "8080"}, "did you mean TOCSIN_PORT?"),
        ((), {"TOCSIN_SECRET_KEY_FILE": "/nowhere/at/all"}, "TOCSIN_SECRET_KEY_FILE"),
        ((), {"TOCSIN_SECRET_KEY": "no-key-at-all"}, "TOCSIN_SECRET_KEY cannot be this"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_made(
    arguments: tuple[str, ...], given: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    refused = subprocess.run(
        command("--data", str(data), *arguments),
        capture_output=True,
        text=True,
        env=environment(**given),
        timeout=WITHIN,
        check=False,
    )
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "no-key-at-all" not in refused.stderr
    assert not data.exists()


def refusal(data: Path) -> str:
    """What a server says that does not start over *data*: one sentence."""
    refused = subprocess.run(
        command("--data", str(data), "--port", "0"),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=WITHIN,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: ")
    assert refused.stderr.count("\n") == 1
    return refused.stderr


def test_what_lies_in_the_data_folder_and_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refusal(tmp_path / "file")
    founded(tmp_path)
    key = (tmp_path / "secret.key").read_text()
    (tmp_path / "secret.key").write_text("half a k")
    assert "secret.key" in (said := refusal(tmp_path))
    assert "half a k" not in said
    (tmp_path / "secret.key").write_text(key)
    (tmp_path / "tocsin.db").write_text("no database" * 999)
    assert "file is not a database" in refusal(tmp_path)


def test_a_request_that_has_begun_is_answered_before_the_end(tmp_path: Path) -> None:
    founded(tmp_path)
    made = ("admin", "key", "create", "--org", "net", "--name", "n", "--role", "org_admin")
    key = run(*made, data=tmp_path).stdout.strip()
    body = json.dumps({"code": "web", "name": "Web"}).encode()
    with serving(tmp_path) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=WITHIN)
        connection.putrequest("POST", "/v1/orgs/net/services")
        connection.putheader("Authorization", f"Bearer {key}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:10])
        # Another answer on another connection: the half request has arrived by then.
        assert served.get("/healthz")[0] == 200
        served.process.send_signal(signal.SIGTERM)
        assert served.process.stderr is not None
        while '"stopping"' not in (line := served.process.stderr.readline()):
            assert line
        connection.send(body[10:])
        assert connection.getresponse().status == 201
        connection.close()
        assert served.process.wait(WITHIN) == 0
    with serving(tmp_path) as served:
        assert served.get("/v1/orgs/net/services/web", token=key)[0] == 200
        served.stop()


def test_a_live_stream_does_not_hold_up_the_end(tmp_path: Path) -> None:
    founded(tmp_path)
    key = run(
        "admin",
        "key",
        "create",
        "--org",
        "net",
        "--name",
        "n",
        "--role",
        "org_admin",
        data=tmp_path,
    )
    with serving(tmp_path) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=WITHIN)
        connection.request(
            "GET",
            "/v1/orgs/net/stream",
            headers={"Authorization": f"Bearer {key.stdout.strip()}"},
        )
        answer = connection.getresponse()
        assert answer.status == 200
        _, log = served.stop()
        answer.read()
        connection.close()
    assert "library" not in {line["action"] for line in log}


def test_what_an_admin_does_beside_a_running_server_counts_at_once(tmp_path: Path) -> None:
    founded(tmp_path)
    made = ("admin", "key", "create", "--org", "net", "--name", "n", "--role", "org_admin")
    with serving(tmp_path) as served:
        key = run(*made, data=tmp_path).stdout.strip()
        assert served.get("/v1/orgs/net/tickets/none", token=key)[0] == 404
        identity = key.split("_")[1]
        run("admin", "key", "revoke", "--org", "net", "--id", identity, data=tmp_path)
        assert served.get("/v1/orgs/net/tickets/none", token=key)[0] == 401
        served.stop()


def test_the_metrics_token_opens_the_metrics_and_no_other_does(tmp_path: Path) -> None:
    with serving(tmp_path, TOCSIN_METRICS_TOKEN="a-token-of-the-house") as served:
        assert served.get("/metrics", token="a-token-of-the-house")[0] == 200
        assert served.get("/metrics", token="another-one-entirely")[0] == 401
        said, log = served.stop()
    assert "a-token-of-the-house" not in said + json.dumps(log)


def test_the_followers_of_the_log_are_seen_to_catch_up(tmp_path: Path) -> None:
    founded(tmp_path)
    caught_up = [
        f'tocsin_follower_lag_events{{follower="{follower}"}} 0.0' for follower in FOLLOWERS
    ]
    assert caught_up
    with serving(tmp_path) as served:
        asked = 0
        while not all(line in served.get("/metrics")[1].decode() for line in caught_up):
            asked += 1
            assert asked < 1_000
        served.stop()
    database = sqlite3.connect(tmp_path / "tocsin.db")
    found = dict(database.execute("SELECT name, position FROM checkpoints").fetchall())
    (last,) = database.execute("SELECT max(position) FROM events").fetchone()
    database.close()
    assert found == dict.fromkeys(FOLLOWERS, last)
