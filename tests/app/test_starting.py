"""How a server starts: what a plain one, over a database of today, does not load."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.app.test_serve import LISTENS, WITHIN, environment
from tests.servers.databases import cluster, fresh_database, lay_out, recycling

__all__ = ["cluster", "fresh_database", "recycling"]

TELLING: Final = """
import atexit, sys
from tocsin.app.command_line import main

atexit.register(lambda: print(*sys.modules, sep="\\n"))
main()
"""

ONLY_FOR_SOME: Final = {
    "to migrate": ("alembic", "sqlalchemy", "tocsin.store.migrating", "tocsin.store.schema"),
    "PostgreSQL": ("psycopg", "tocsin.store.postgres"),
    "Slack": ("slack_bolt", "slack_sdk", "tocsin.app.slack"),
    "Airtable": ("pyairtable", "requests"),
    "Amazon SNS": ("cryptography.x509",),
    "to sign on a ledger": ("solders",),
    "the example network": ("tocsin.app.demo",),
    "a client": ("urllib3", "tocsin.app.command_line.client", "tocsin.app.command_line.tables"),
    "nobody": ("pydantic", "polyfactory", "httpx"),
}
"""What a server has to wait for only when it is asked for that; a third of the time it took."""

PATHS: Final = ("/readyz", "/v1/me", "/nowhere", "/metrics", "/sign-in", "/status/none")


def loaded(data: Path, *arguments: str) -> set[str]:
    """The modules that a server over *data* has at its end, after its first answers."""
    with subprocess.Popen(
        [sys.executable, "-c", TELLING, "serve", "--port", "0", "--data", str(data), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith(LISTENS)
            for path in PATHS:
                ask(int(said.rpartition(":")[2]), path)
            process.send_signal(signal.SIGTERM)
            return set(process.stdout.read().split())
        finally:
            process.kill()


def ask(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    finally:
        connection.close()


def test_a_plain_server_loads_nothing_that_only_others_want(tmp_path: Path) -> None:
    lay_out(tmp_path / "tocsin.db")

    found = loaded(tmp_path)

    assert "tocsin.store.sqlite.store" in found
    assert {
        why: came
        for why, names in ONLY_FOR_SOME.items()
        if (came := [name for name in names if name in found])
    } == {}


def test_nor_does_one_over_postgresql_load_what_migrates(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    found = loaded(tmp_path, "--database", fresh_database())

    assert "tocsin.store.postgres.store" in found
    assert not {"alembic", "sqlalchemy", "pydantic"} & found


def test_a_server_with_something_to_migrate_loads_what_does_it(tmp_path: Path) -> None:
    found = loaded(tmp_path)

    assert {"alembic", "sqlalchemy", "tocsin.store.migrating"} <= found
