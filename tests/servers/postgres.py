"""A PostgreSQL server of one's own: made in a temporary folder, gone with it.

The programs are those of Debian's package ``postgresql``. The server refuses to run as root, so
there it runs as the user ``postgres`` that the package has made.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

OWNER: Final = "postgres"
"""The superuser of the cluster; tests of stores never are."""

ROLE: Final = "tocsin"
"""Owns the databases, and is bound by row-level security."""

QUICK: Final = ("fsync=off", "full_page_writes=off")
"""For tests that kill no machine: a process that is killed loses nothing by it."""


def programs() -> Path:
    """Where the server's programs are; the newest, if there are several.

    Raises:
        RuntimeError: there are none; says which package has them.
    """
    found = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if path.parent.parent.name.isdigit()
    ]
    if not found:
        raise RuntimeError("these tests start PostgreSQL: install the Debian package postgresql")
    return max(found, key=lambda folder: int(folder.parent.name))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _as_server(command: list[str]) -> list[str]:
    return ["runuser", "-u", OWNER, "--", *command] if os.geteuid() == 0 else command


def _run(command: list[str]) -> None:
    done = subprocess.run(_as_server(command), cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


class Cluster:
    """One server with its folder. ``settings`` are lines of its configuration.

    Made, and not yet running: :meth:`start`. :meth:`remove` ends it and takes the folder away.
    ``port`` is a free one unless it is given.
    """

    def __init__(self, *, settings: tuple[str, ...] = QUICK, port: int | None = None) -> None:
        self._programs = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, OWNER, OWNER)
        self.port = free_port() if port is None else port
        self._settings = settings
        self._numbers = 0

    @classmethod
    def made(cls, *, settings: tuple[str, ...] = QUICK) -> Cluster:
        """An empty cluster, running, with the role that owns databases.

        Raises:
            RuntimeError: PostgreSQL is not installed, or did not start.
        """
        cluster = cls(settings=settings)
        try:
            _run(
                [
                    str(cluster._programs / "initdb"),
                    *("--pgdata", str(cluster.data)),
                    *("--username", OWNER, "--auth", "trust", "--encoding", "UTF8"),
                    *("--locale", "C", "--no-sync", "--no-instructions"),
                ]
            )
            cluster._configure()
            cluster.start()
            cluster.run(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS")
        except BaseException:
            cluster.remove()
            raise
        return cluster

    @property
    def data(self) -> Path:
        """Where the server keeps everything."""
        return self._folder / "data"

    def _configure(self) -> None:
        lines = [
            f"port={self.port}",
            "listen_addresses='127.0.0.1'",
            f"unix_socket_directories='{self._folder}'",
            "max_connections=100",
            "shared_buffers=64MB",
            "autovacuum_naptime=5s",
            # In its folder, so that who is killed leaves nothing in the machine's memory.
            "dynamic_shared_memory_type=mmap",
            *self._settings,
        ]
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))

    # -- running ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: it did not start.
        """
        # A killed one may not have been reaped yet, and would be taken for a running one.
        for left in (self.data / "postmaster.pid", *self._folder.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)
        _run(
            [
                str(self._programs / "pg_ctl"),
                *("--pgdata", str(self.data), "--log", str(self._folder / "log")),
                *("--timeout", "60", "--wait", "--silent", "start"),
            ]
        )

    def stop(self) -> None:
        """Stop the server; connections are ended at once, and everything is kept."""
        _run(
            [
                str(self._programs / "pg_ctl"),
                *("--pgdata", str(self.data), "--mode", "fast", "--wait", "--silent", "stop"),
            ]
        )

    def pid(self) -> int:
        """The process that runs the server.

        Raises:
            FileNotFoundError: it does not run.
        """
        return int((self.data / "postmaster.pid").read_text().partition("\n")[0])

    def kill(self) -> None:
        """End every process of the server as a crash would, with SIGKILL."""
        pid = self.pid()
        children = [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/stat")
            if _parent(path) == pid
        ]
        for one in (pid, *children):
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        while any(_alive(one) for one in (pid, *children)):
            os.sched_yield()

    def remove(self) -> None:
        """End the server, if it runs, and take its folder away."""
        if (self.data / "postmaster.pid").exists():
            with suppress(ProcessLookupError):
                self.kill()
        shutil.rmtree(self._folder)

    # -- databases -------------------------------------------------------------------------------

    def run(self, sql: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as superuser, outside any transaction; its rows, if it has any."""
        with self.connected(database) as connection:
            cursor = connection.execute(sql.encode())
            return [] if cursor.description is None else cursor.fetchall()

    def connected(self, database: str) -> psycopg.Connection:
        """A connection of the superuser, each of whose statements stands alone."""
        return psycopg.connect(
            host=str(self._folder), port=self.port, user=OWNER, dbname=database, autocommit=True
        )

    def next_number(self) -> int:
        """A number that was not given before, for a name."""
        self._numbers += 1
        return self._numbers

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """A database that the role owns, as *template* is; its URL."""
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(name)
        self.run(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Take a database away, whoever is connected to it."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str, *, role: str = ROLE) -> str:
        """The URL of a database, over the server's socket in its folder."""
        return (
            f"postgresql://{role}@/{name}?host={quote(str(self._folder), safe='')}&port={self.port}"
        )

    def tcp_url(self, name: str, *others: Cluster) -> str:
        """The URL of a database, over TCP: here, or at *others*, wherever it may be written."""
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in (self, *others))
        return f"postgresql://{ROLE}@{hosts}/{name}"

    # -- a standby -------------------------------------------------------------------------------

    def standby(self, *, synchronous: bool = True, port: int | None = None) -> Cluster:
        """A running server that follows this one; commits wait for it when it is *synchronous*.

        *port* is where it listens, a free one unless it is given.

        Raises:
            RuntimeError: it could not be made.
        """
        other = Cluster(settings=(*self._settings, "hot_standby=on"), port=port)
        name = f"standby_{other.port}"
        try:
            _run(
                [
                    str(self._programs / "pg_basebackup"),
                    *("--pgdata", str(other.data), "--host", str(self._folder)),
                    *("--port", str(self.port), "--username", OWNER, "--no-sync"),
                    *("--checkpoint", "fast", "--wal-method", "stream", "--write-recovery-conf"),
                ]
            )
            other._configure()
            source = f"host={self._folder} port={self.port} user={OWNER} application_name={name}"
            with (other.data / "postgresql.auto.conf").open("a") as file:
                # The settings of the first are in the copied file too; the last line counts.
                file.write(f"primary_conninfo='{source}'\nsynchronous_standby_names=''\n")
            other.start()
        except BaseException:
            other.remove()
            raise
        if synchronous:
            self.wait_for_standby(name)
            self.run(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            self.run("SELECT pg_reload_conf()")
            while not self.run("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
                os.sched_yield()
        return other

    def wait_for_standby(self, name: str = "") -> None:
        """Until a standby follows closely."""
        wanted = f" AND application_name = '{name}'" if name else ""
        streaming = f"SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'{wanted}"
        while not self.run(streaming):
            os.sched_yield()

    def promote(self) -> None:
        """Make a standby the one that may be written."""
        _run(
            [
                str(self._programs / "pg_ctl"),
                *("--pgdata", str(self.data), "--wait", "--silent", "promote"),
            ]
        )


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
