"""A published Statuspage client, unchanged, reads our page: statuspage-prometheus-exporter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.web.status.pictures import HOSTILE, calm, hostile, maintenance, several
from tocsin.web.status.document import plain
from tocsin.web.status.statuspage_json import FORMS
from tocsin.web.status.view import PageView


@contextmanager
def served(page: PageView) -> Iterator[str]:
    """The address of a server that gives every form of *page*."""

    class Serving(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            document = FORMS[self.path.removeprefix("/status/ring/api/v2/")](page)
            self.send_response(200)
            self.send_header("Content-Type", document.content_type)
            self.send_header("Content-Length", str(len(document.body)))
            self.end_headers()
            self.wfile.write(document.body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Serving) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/status/ring/api/v2"
        finally:
            server.shutdown()
            thread.join()


def measured(pages: dict[str, PageView], folder: Path) -> dict[str, list[Sample]]:
    """What the client measures of each page in one pass, by the name of the measure."""
    with _all_served(pages) as addresses:
        services = {
            name: {"name": name, "type": "status_page", "url": f"{address}/summary.json"}
            for name, address in addresses.items()
        }
        (folder / "services.json").write_text(json.dumps(services))
        done = subprocess.run(
            [sys.executable, "-m", "statuspage_prometheus_exporter.status_monitoring"],
            cwd=folder,
            env={
                **{
                    name: value for name, value in os.environ.items() if "PROXY" not in name.upper()
                },
                "RUN_MODE": "once",
                "METRICS_TEXTFILE_PATH": str(folder / "measured.prom"),
                "SERVICES_JSON_PATH": str(folder / "services.json"),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    text = (folder / "measured.prom").read_text()
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


@contextmanager
def _all_served(pages: dict[str, PageView]) -> Iterator[dict[str, str]]:
    if not pages:
        yield {}
        return
    (name, page), *rest = pages.items()
    with served(page) as address, _all_served(dict(rest)) as others:
        yield {name: address, **others}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Sample]]:
    pages = {
        "calm": calm(),
        "several": several(),
        "maintenance": maintenance(),
        "hostile": hostile(),
    }
    return measured(pages, tmp_path_factory.mktemp("exporter"))


def of(samples: list[Sample], service: str) -> list[Sample]:
    return [sample for sample in samples if sample.labels["service_name"] == service]


def test_the_client_could_ask_every_page_and_knows_how_it_is(
    found: dict[str, list[Sample]],
) -> None:
    asked = {one.labels["service_name"]: one.value for one in found["statuspage_probe_check"]}
    well = {one.labels["service_name"]: one.value for one in found["statuspage_service_status"]}

    assert asked == {"calm": 1, "several": 1, "maintenance": 1, "hostile": 1}
    assert well["calm"] == 1
    assert well["several"] == 0


def test_the_client_knows_each_open_incident_and_what_it_hits(
    found: dict[str, list[Sample]],
) -> None:
    told = of(found["statuspage_incident_info"], "several")

    assert {(one.labels["incident_name"], one.labels["impact"]) for one in told} == {
        ("Amsterdam – Frankfurt is down", "critical"),
        ("Higher latency towards Zürich", "minor"),
        ("Invoices are late this month", "none"),
    }
    assert {one.labels["shortlink"] for one in told} == {
        f"https://status.example.org/status/ring/incidents/{notice.ref}"
        for notice in several().open
    }
    # It says so with a row of its own that is worth nothing.
    assert [one.value for one in of(found["statuspage_incident_info"], "calm")] == [0]
    assert [one.value for one in told] == [1, 1, 1]


def test_the_client_knows_maintenance_that_is_not_over(found: dict[str, list[Sample]]) -> None:
    told = of(found["statuspage_maintenance_info"], "maintenance")

    assert {one.labels["maintenance_name"] for one in told} == {
        "Optics upgrade in Frankfurt",
        "Router software, Zürich",
        "Power test",
    }


def test_the_client_knows_every_component(found: dict[str, list[Sample]]) -> None:
    told = of(found["statuspage_component_status"], "several")

    assert {one.labels["component_name"]: one.value for one in told} == {
        "Backbone": 0,
        "Amsterdam – Frankfurt": 0,
        "Frankfurt – Zürich": 0,
        "API": 0,
        "Dashboard": 1,
    }


def test_hostile_words_reach_the_client_whole(found: dict[str, list[Sample]]) -> None:
    told = of(found["statuspage_component_status"], "hostile")

    assert {plain(text) for text in HOSTILE} <= {one.labels["component_name"] for one in told}
