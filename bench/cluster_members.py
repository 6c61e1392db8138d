"""The parts of a cluster that can be killed: its processes, and its pair of PostgreSQL servers."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from bench import processes
from tests.servers.postgres import Cluster

DATABASE: Final = "tocsin"
LOOK_SECONDS: Final = 0.05


class Member:
    """One process of Tocsin, of one role, always at the same port."""

    def __init__(
        self, *, role: str, number: int, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.role = role
        self.name = f"{role}-{number}"
        self.port = processes.free_port()
        self._environment = environment
        self._log = folder / f"{self.name}.log"
        self._command = [
            *processes.serve_command(data=folder / self.name, port=self.port),
            *("--role", role),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting for anything."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdout=output, stderr=output, env=self._environment
            )

    def wait(self) -> None:
        """Until it says that it is ready.

        Raises:
            ProcessFailed: it ended, or was not ready within a minute.
        """
        processes.wait_until_ready(self._running(), port=self.port, path="/readyz", log=self._log)

    def kill(self) -> None:
        """End it with SIGKILL.

        Raises:
            ProcessFailed: it had ended by itself.
        """
        self.signal(signal.SIGKILL)
        self._running().wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal.

        Raises:
            ProcessFailed: it had ended by itself.
        """
        process = self._running()
        if process.poll() is not None:
            tail = self._log.read_text(errors="replace")[-2000:]
            raise processes.ProcessFailed(f"{self.name} ended: {process.returncode}\n{tail}")
        process.send_signal(number)

    def stop(self) -> int:
        """Ask it to end; its exit code. Nothing, when it does not run."""
        return 0 if self._process is None else processes.stop(self._process)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise processes.ProcessFailed(f"{self.name} was never started")
        return self._process


class Pair:
    """A primary and its synchronous standby, which change places.

    There are two ports for good, and two names: whoever is promoted waits for the other before it
    vouches for anything, also while there is no other.
    """

    def __init__(self, *, settings: tuple[str, ...]) -> None:
        self._left = ExitStack()
        self.primary = Cluster.made(settings=settings)
        self._left.callback(lambda: _remove(self.primary))
        self.primary.create_database(DATABASE)
        self._port = processes.free_port()
        self.standby = self._follower()
        self._left.callback(lambda: _remove(self.standby))
        self.url = self.primary.tcp_url(DATABASE, self.standby)
        names = ", ".join(f"standby_{one.port}" for one in (self.primary, self.standby))
        for one in (self.primary, self.standby):
            one.run(f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ({names})'")
            one.run("SELECT pg_reload_conf()")
        self._names = names
        self.wait_for_standby()

    def close(self) -> None:
        """End both and take their folders away."""
        self._left.close()

    def wait_for_standby(self) -> None:
        """Until the standby is one that commits wait for."""
        following = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'quorum'"
        while not self.primary.run(following):
            time.sleep(LOOK_SECONDS)

    def fail_over(self) -> None:
        """Kill the primary and promote the standby; nobody follows it yet."""
        lost = self.primary
        lost.kill()
        self.standby.promote()
        self.primary = self.standby
        self._port = lost.port
        _remove(lost)

    def replace_standby(self) -> None:
        """Make a standby of the new primary, where the old one was."""
        self.standby = self._follower()
        self.standby.run(f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ({self._names})'")
        self.standby.run("SELECT pg_reload_conf()")
        self.wait_for_standby()

    def expiries(self) -> dict[str, float]:
        """When each lease runs out, in seconds of the epoch; empty while nobody can say."""
        try:
            rows = self.primary.run("SELECT name, expires_at FROM leases", database=DATABASE)
        except psycopg.OperationalError:
            return {}
        return {str(name): float(str(at)) for name, at in rows}

    def _follower(self) -> Cluster:
        return self.primary.standby(synchronous=False, port=self._port)


def _remove(cluster: Cluster) -> None:
    if not cluster.data.exists():
        return
    cluster.remove()


@dataclass(frozen=True, slots=True)
class Programs:
    """How commands are run on the cluster's database: with its environment, in its folder."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        """Run ``tocsin`` to its end; what it wrote.

        Raises:
            ProcessFailed: it exited with another code than 0.
        """
        done = subprocess.run(
            processes.tocsin(*arguments, "--data", str(self.folder / "commands")),
            capture_output=True,
            text=True,
            timeout=600,
            env=self.environment,
            check=False,
        )
        if done.returncode != 0:
            words = f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}".strip()
            raise processes.ProcessFailed(f"tocsin {' '.join(arguments)}: {words}")
        return done.stdout


def environment_of(pair: Pair) -> dict[str, str]:
    """What every process of the installation is given: the database and one key for all."""
    return {
        **os.environ,
        **processes.ENVIRONMENT,
        # A process that dies of itself shall say where.
        "PYTHONFAULTHANDLER": "1",
        "TOCSIN_DATABASE": pair.url,
        "TOCSIN_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


@contextmanager
def members(
    roles: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> Iterator[list[Member]]:
    """Processes of these roles, running and ready; killed at the end, if they still run."""
    made = [
        Member(role=role, number=number, folder=folder, environment=environment)
        for number, role in enumerate(roles, start=1)
    ]
    try:
        for one in made:
            one.start()
        for one in made:
            one.wait()
        yield made
    finally:
        for one in made:
            one.stop()
