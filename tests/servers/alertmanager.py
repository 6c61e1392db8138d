"""An Alertmanager of one's own, and its command-line client; both from Debian's package
``prometheus-alertmanager``."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import processes
from tests.servers.prometheus import Watcher, program

PACKAGE: Final = "prometheus-alertmanager"
GROUP_WAIT: Final = 1
GROUP_INTERVAL: Final = 2
REPEAT_INTERVAL: Final = 3
"""Seconds: until a new group is told, until a change of it is, until the same is told again."""


def alertmanager(folder: Path, *, webhook: str, token: str) -> Watcher:
    """An Alertmanager, not yet running, that groups by alert and job and tells *webhook*, which
    asks for *token*. It is alone: it looks for no others of its kind."""
    port = processes.free_port()
    folder.mkdir()
    # JSON is YAML.
    (folder / "alertmanager.yml").write_text(json.dumps(_configuration(webhook, token)))
    return Watcher(
        name="alertmanager",
        command=(
            program(PACKAGE, package=PACKAGE),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={processes.HOST}:{port}",
            "--cluster.listen-address=",
        ),
        port=port,
        log=folder / "log",
    )


def _configuration(webhook: str, token: str) -> dict[str, Any]:
    return {
        "route": {
            "receiver": "tocsin",
            "group_by": ["alertname", "job"],
            "group_wait": f"{GROUP_WAIT}s",
            "group_interval": f"{GROUP_INTERVAL}s",
            "repeat_interval": f"{REPEAT_INTERVAL}s",
        },
        "receivers": [
            {
                "name": "tocsin",
                "webhook_configs": [
                    {
                        "url": webhook,
                        "send_resolved": True,
                        "http_config": {"authorization": {"credentials": token}},
                    }
                ],
            }
        ],
    }


@dataclass(frozen=True, slots=True)
class AmtoolSaid:
    """How ``amtool`` ended and what it printed."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """Its output, asked for with ``--output=json``."""
        return json.loads(self.output)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amtool:
    """``amtool`` against one Alertmanager; its configuration is kept in *folder*."""

    folder: Path
    url: str
    token: str

    def __call__(self, *arguments: str) -> AmtoolSaid:
        """Run it to its end."""
        client = self.folder / "amtool-http.json"
        client.write_text(json.dumps({"authorization": {"credentials": self.token}}))
        done = subprocess.run(
            (
                program("amtool", package=PACKAGE),
                *arguments,
                f"--alertmanager.url={self.url}",
                f"--http.config.file={client}",
            ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            # Nobody's own settings count.
            env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin"},
        )
        return AmtoolSaid(done.returncode, done.stdout, done.stderr)
