"""A Prometheus of one's own, in a temporary folder on a free port of this machine.

The program is that of Debian's package ``prometheus``. It needs no privilege, keeps everything in
the folder that it is given, and is ended by its process alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import processes

JOB: Final = "api"
ALERT: Final = "TargetDown"


def program(name: str, *, package: str) -> str:
    """Where a program is.

    Raises:
        RuntimeError: it is not installed; says which package has it.
    """
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"these tests start {name}: install the Debian package {package}")
    return found


def last_words(name: str, log: Path) -> str:
    """The end of a server's log, to be shown with a failure."""
    said = log.read_text(errors="replace")[-4000:] if log.exists() else "(no log)"
    return f"--- the last of {name}\n{said}"


@dataclass(slots=True)
class Watcher:
    """A server of this folder's kind: its command, port and files; running between
    :meth:`start` and :meth:`stop` or :meth:`kill`, and to be started again with what it kept."""

    name: str
    command: Sequence[str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{processes.HOST}:{self.port}"

    def start(self) -> None:
        """Start it and wait until it says that it is ready.

        Raises:
            ProcessFailed: it ended, or was not ready within a minute.
        """
        self.process = processes.start(
            self.command, port=self.port, ready_path="/-/ready", log=self.log
        ).process

    def stop(self) -> None:
        """Ask it to end, and wait; harmless when it does not run."""
        if self.process is not None:
            processes.stop(self.process)
            self.process = None

    def kill(self) -> None:
        """End it as a crash would, with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def get(self, path: str) -> Any:
        """The JSON that it answers."""
        answer = processes.call(self.port, "GET", path, token="none")
        return processes.expect(answer, 200).body

    @contextmanager
    def running(self) -> Iterator[None]:
        """Between its start and its end; a failure in the block shows the end of its log."""
        try:
            self.start()
            yield
        except BaseException as failure:
            failure.add_note(last_words(self.name, self.log))
            raise
        finally:
            self.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An Alertmanager to tell: host and port, the token that it asks for, what its paths begin
    with."""

    address: str
    token: str | None = None
    path_prefix: str = "/"


def prometheus(
    folder: Path, *, targets: Sequence[str], tells: Told, resend_seconds: int = 2
) -> Watcher:
    """A Prometheus, not yet running, that asks *targets* (host and port) each second.

    One that fails raises the alert ``TargetDown`` with severity ``page`` and service ``api``. It is
    told again every *resend_seconds*, and each time is said to last four times as long.
    """
    port = processes.free_port()
    folder.mkdir()
    # JSON is YAML.
    (folder / "prometheus.yml").write_text(json.dumps(_configuration(folder, targets, tells)))
    (folder / "rules.yml").write_text(json.dumps(_RULES))
    return Watcher(
        name="prometheus",
        command=(
            program("prometheus", package="prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={processes.HOST}:{port}",
            f"--rules.alert.resend-delay={resend_seconds}s",
            "--log.level=warn",
        ),
        port=port,
        log=folder / "log",
    )


_RULES: Final[dict[str, Any]] = {
    "groups": [
        {
            "name": "town",
            "interval": "1s",
            "rules": [
                {
                    "alert": ALERT,
                    "expr": f'up{{job="{JOB}"}} == 0',
                    "labels": {"severity": "page", "service": "api"},
                    "annotations": {"summary": "{{ $labels.instance }} does not answer"},
                }
            ],
        }
    ]
}


def _configuration(folder: Path, targets: Sequence[str], tells: Told) -> dict[str, Any]:
    told: dict[str, Any] = {
        "api_version": "v2",
        "path_prefix": tells.path_prefix,
        "static_configs": [{"targets": [tells.address]}],
    }
    if tells.token is not None:
        told["authorization"] = {"credentials": tells.token}
    return {
        "global": {
            "scrape_interval": "1s",
            "scrape_timeout": "1s",
            "evaluation_interval": "1s",
        },
        "rule_files": [str(folder / "rules.yml")],
        "alerting": {"alertmanagers": [told]},
        "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": list(targets)}]}],
    }
