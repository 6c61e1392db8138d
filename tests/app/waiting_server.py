"""``tocsin serve`` as a process whose database is away, which does not say where it listens."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.app.test_serve import Served, command, environment
from tests.servers.postgres import free_port


@contextmanager
def waiting(data: Path) -> Iterator[Served]:
    """A server over *data* that has said in its log that it waits for its database."""
    port = free_port()
    with subprocess.Popen(
        command("--port", str(port), "--data", str(data)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(TOCSIN_DEFAULT_PAGE="main"),
    ) as process:
        try:
            assert process.stderr is not None
            said = json.loads(process.stderr.readline())
            assert said["action"] == "waiting_for_database", said
            yield Served(process, port, data, "")
        finally:
            process.kill()
