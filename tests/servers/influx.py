"""An InfluxDB of one's own, in a temporary folder on a free port of this machine.

The program is that of Debian's package ``influxdb``. It needs no privilege, keeps everything in the
folder that it is given, and is ended by its process alone.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from bench import processes
from tests.servers.prometheus import Watcher, program

DATABASE: Final = "telemetry"
USER: Final = "reader"
PASSWORD: Final = 'it\'s a "secret"'
LARGEST_WRITE: Final = 5_000
"""Lines of one write."""


@dataclass(slots=True)
class Influx(Watcher):
    """An InfluxDB; what it holds outlives a stop and a start."""

    def create(self, database: str = DATABASE) -> None:
        """Make an empty database."""
        self.ask("POST", "/query", {"q": f'CREATE DATABASE "{database}"'})

    def write(self, lines: Iterable[str], *, database: str = DATABASE) -> None:
        """Write lines of the line protocol whose instants are whole seconds.

        Raises:
            ProcessFailed: it does not take them.
        """
        batch: list[str] = []
        for line in lines:
            batch.append(line)
            if len(batch) == LARGEST_WRITE:
                self._write(batch, database)
                batch = []
        if batch:
            self._write(batch, database)

    def _write(self, batch: list[str], database: str) -> None:
        self.ask("POST", "/write", {"db": database, "precision": "s"}, "\n".join(batch).encode())

    def ask(
        self, method: str, path: str, parameters: dict[str, str], body: bytes | None = None
    ) -> bytes:
        """The body that it answers.

        Raises:
            ProcessFailed: it refuses.
        """
        connection = http.client.HTTPConnection(processes.HOST, self.port, timeout=60)
        try:
            connection.request(
                method,
                f"{path}?{urlencode({'u': USER, 'p': PASSWORD, **parameters})}",
                body,
            )
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status not in (200, 204) or b'"error"' in said:
            raise processes.ProcessFailed(f"{method} {path}: {answer.status} {said[:500]!r}")
        return said

    def start(self) -> None:
        """Start it and wait until it takes queries.

        Raises:
            ProcessFailed: it ended, or was not ready within a minute.
        """
        self.process = processes.start(
            self.command, port=self.port, ready_path="/", log=self.log
        ).process


def influx(folder: Path, *, asks_for_password: bool = False) -> Influx:
    """An InfluxDB, not yet running and empty; with *asks_for_password* it knows nobody before
    :func:`admitted`."""
    port, other = processes.free_port(), processes.free_port()
    folder.mkdir()
    configuration = folder / "influxdb.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            port=port,
            other=other,
            host=processes.HOST,
            asks="true" if asks_for_password else "false",
        )
    )
    return Influx(
        name="influxdb",
        command=(program("influxd", package="influxdb"), "run", "-config", str(configuration)),
        port=port,
        log=folder / "log",
    )


def admitted(server: Influx) -> None:
    """Make the one user that a server with passwords knows."""
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    server.ask(
        "POST",
        "/query",
        {"q": f"CREATE USER \"{USER}\" WITH PASSWORD '{quoted}' WITH ALL PRIVILEGES"},
    )


_CONFIGURATION: Final = """\
reporting-enabled = false
bind-address = "{host}:{other}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "inmem"
  query-log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = "{host}:{port}"
  auth-enabled = {asks}
  log-enabled = false
[logging]
  level = "warn"
"""
