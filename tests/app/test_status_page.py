"""Public pages of ``tocsin serve`` as a process: soon right, there without database, as files."""

from __future__ import annotations

import http.client
import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.app.test_database_commands import run
from tests.app.test_serve import WITHIN, Served, serving
from tests.app.waiting_server import waiting
from tests.servers.postgres import Cluster
from tocsin.store.postgres import PostgresStore

STALE = "This page may be out of date."
WORDS = "Names do not resolve in the north."


@dataclass
class Town:
    """An org with one page, of which the database is at a place."""

    data: Path
    key: str
    database: str | None = None

    def serving(self) -> Any:
        """A server."""
        place = () if self.database is None else ("--database", self.database)
        return serving(self.data, *place, TOCSIN_DEFAULT_PAGE="main")


def founded(data: Path, *, database: str | None = None) -> Town:
    place = () if database is None else ("--database", database)
    made = run("admin", "org", "create", "--code", "net", "--name", "Net", *place, data=data)
    assert made.exit_code == 0, made.output
    flags = ("--org", "net", "--name", "lead", "--role", "org_admin")
    key = run("admin", "key", "create", *flags, *place, data=data)
    assert key.exit_code == 0, key.output
    return Town(data, key.stdout.strip(), database)


def send(served: Served, town: Town, path: str, body: object, *, method: str = "POST") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=WITHIN)
    try:
        connection.request(
            method,
            f"/v1/orgs/net/{path}",
            body=json.dumps(body),
            headers={
                "Authorization": f"Bearer {town.key}",
                "Content-Type": "application/json",
            },
        )
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status in (200, 201), told
        return json.loads(told)
    finally:
        connection.close()


def furnish(served: Served, town: Town) -> None:
    send(served, town, "services", {"code": "dns", "name": "Names"})
    page = {"code": "main", "name": "Net of towns", "services": ["dns"], "accent": "#0f766e"}
    send(served, town, "status-pages", page)


def tell(served: Served, town: Town, *, title: str = "Names are slow") -> None:
    body: dict[str, Any] = {
        "title": "resolver r7 marker-internal",
        "severity": "sev2",
        "services": ["dns"],
    }
    body["description"] = "Loop at r7, marker-internal."
    ticket = send(served, town, "tickets", {"type": "incident", **body})
    update = {
        "title": title,
        "status": "investigating",
        "body": WORDS,
        "services": [{"code": "dns", "impact": "partial"}],
    }
    send(served, town, f"tickets/{ticket['id']}/public-updates", update)


def seen(served: Served, until: Callable[[str], bool], path: str = "/status/main") -> str:
    """The page as soon as it is so. Who is cut off asks again, as browsers do."""
    end = time.monotonic() + WITHIN
    while True:
        try:
            status, body = served.get(path)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            status, body = 0, b""
        if status == 200 and until(body.decode()):
            return body.decode()
        assert time.monotonic() < end, (status, body[-3_000:])


def test_a_public_update_is_on_the_page_within_a_second(tmp_path: Path) -> None:
    town = founded(tmp_path)
    with town.serving() as served:
        furnish(served, town)
        assert "Operational" in seen(served, lambda page: "Names" in page)
        took = []
        for title in ("Names are slow", "Names are slower", "Names are gone"):
            tell(served, town, title=title)
            began = time.monotonic()
            page = seen(served, lambda page, title=title: title in page)  # type: ignore[misc]
            took.append(time.monotonic() - began)
            assert WORDS in page
            assert "marker-internal" not in page
        # The machine may have had something else to do, but not each time.
        assert min(took) < 1.0, took
        listed = json.loads(served.get("/list")[1])
        assert len(listed["open"]) == 3
        summary = json.loads(served.get("/status/main/api/v2/summary.json")[1])
        assert summary["components"][0]["status"] == "partial_outage"
        assert f"http://127.0.0.1:{served.port}/status/main" == summary["page"]["url"]
        metrics = served.get("/metrics")[1].decode()
        assert 'endpoint="GET /status/{page}",status="200"' in metrics
        assert "tocsin_status_pages_stale 0.0" in metrics
        served.stop()


def test_records_count_as_news_too(tmp_path: Path) -> None:
    town = founded(tmp_path)
    with town.serving() as served:
        furnish(served, town)
        seen(served, lambda page: "Names" in page)
        send(served, town, "services/dns", {"name": "Resolvers"}, method="PATCH")
        seen(served, lambda page: "Resolvers" in page)
        send(served, town, "status-pages/main", {"name": "Another net"}, method="PATCH")
        seen(served, lambda page: "Another net" in page)
        send(served, town, "status-pages/main", {"code": "moved"}, method="PATCH")
        seen(served, lambda page: "Another net" in page, path="/status/moved")
        assert served.get("/status/main")[0] == 404
        served.stop()
    assert [file.name for file in (tmp_path / "status-pages").iterdir()] == ["moved.json"]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster.made()
    yield made
    made.remove()


@pytest.mark.slow
def test_without_its_database_the_page_stays_and_after_a_restart_too(
    tmp_path: Path, cluster: Cluster
) -> None:
    database = cluster.create_database("town")
    PostgresStore(database).close()
    town = founded(tmp_path, database=database)
    with town.serving() as served:
        furnish(served, town)
        tell(served, town)
        seen(served, lambda page: WORDS in page)
        cluster.stop()
        # Whoever writes is told at once; the page finds out when it looks again.
        status, _ = served.get("/v1/me", token=town.key)
        assert status == 503
        assert WORDS in served.get("/status/main")[1].decode()
        served.process.send_signal(signal.SIGKILL)
        served.process.wait(WITHIN)

    with town.serving() as again:
        page = seen(again, lambda page: STALE in page)
        assert WORDS in page
        assert json.loads(again.get("/list")[1])["open"]
        assert again.get("/status/none")[0] == 503
        assert again.get("/readyz")[0] == 503
        cluster.start()
        page = seen(again, lambda page: STALE not in page)
        assert WORDS in page
        tell(again, town, title="Names are back")
        seen(again, lambda page: "Names are back" in page)
        again.stop()


def test_a_file_that_cannot_be_opened_is_waited_for_with_the_copies_on_show(
    tmp_path: Path,
) -> None:
    town = founded(tmp_path)
    with town.serving() as served:
        furnish(served, town)
        tell(served, town)
        seen(served, lambda page: WORDS in page)
        served.stop()
    file = tmp_path / "tocsin.db"
    aside = file.rename(tmp_path / "aside.db")
    file.mkdir()

    with waiting(tmp_path) as served:
        page = seen(served, lambda page: STALE in page)
        assert WORDS in page
        assert json.loads(served.get("/list")[1])["open"]
        assert served.get("/healthz")[0] == 200
        assert served.get("/readyz")[0] == 503
        file.rmdir()
        aside.rename(file)
        assert WORDS in seen(served, lambda page: STALE not in page)
        assert served.get("/readyz")[0] == 200
        _, logged = served.stop()
    assert [line["action"] for line in logged if line["level"] != "warning"] == [
        "serving",
        "stopping",
        "stopped",
    ]


def test_who_waits_for_a_database_ends_well_when_told(tmp_path: Path) -> None:
    town = founded(tmp_path)
    with town.serving() as served:
        furnish(served, town)
        seen(served, lambda page: "Net of towns" in page)
        served.stop()
    (tmp_path / "tocsin.db").unlink()
    (tmp_path / "tocsin.db").mkdir()
    with waiting(tmp_path) as served:
        seen(served, lambda page: STALE in page)
        served.stop()


def test_the_export_is_whole_by_itself(tmp_path: Path) -> None:
    town = founded(tmp_path / "data")
    with town.serving() as served:
        furnish(served, town)
        tell(served, town, title='<script>alert("1")</script> & more')
        seen(served, lambda page: WORDS in page)
        to = tmp_path / "files"
        done = run("status", "export", "--to", str(to), "--page", "main", data=town.data)
        assert done.exit_code == 0, done.output
        missing = run("status", "export", "--to", str(to), "--page", "none", data=town.data)
        assert missing.exit_code == 1
        assert "no status page 'none'" in missing.output
        assert run("status", "export", "--to", str(tmp_path / "all"), data=town.data).exit_code == 0
        assert (tmp_path / "all" / "main" / "index.html").exists()
        served.stop()

    pages = [*to.rglob("*.html")]
    assert len(pages) >= 4
    assert WORDS in (to / "index.html").read_text()
    for page in pages:
        text = page.read_text()
        assert "<script>alert" not in text
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert not link.startswith(("/", "http")), (page, link)
            assert (page.parent / link.partition("?")[0]).resolve().is_file(), (page, link)
    assert json.loads((to / "api/v2/summary.json").read_text())["incidents"]
    assert json.loads((to / "list").read_text())["open"]
    assert (to / "accent.css").read_text().startswith(":root")
