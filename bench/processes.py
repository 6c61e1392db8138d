"""Starting, filling and watching the processes that are measured; only children of this one."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

Found = TypeVar("Found")

HOST: Final = "127.0.0.1"
READY_WITHIN: Final = 60.0
STOP_WITHIN: Final = 30.0
POLL_EVERY: Final = 0.01

ENVIRONMENT: Final[Mapping[str, str]] = {
    # Routes of the measured store point at a closed port of this machine.
    "TOCSIN_ALLOW_PRIVATE_DESTINATIONS": "true",
}


class ProcessFailed(Exception):
    """A measured process ended, or did not do in time what it should."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its process, port, and the seconds from start to ready."""

    process: subprocess.Popen[bytes]
    port: int
    ready_after: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, headers with lower-case names, and the decoded JSON body."""

    status: int
    headers: Mapping[str, str]
    body: Any


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def tocsin(*arguments: str) -> list[str]:
    """The program with *arguments*, run by this interpreter."""
    return [str(Path(sys.executable).with_name("tocsin")), *arguments]


def run(*arguments: str, within: float = 600.0) -> str:
    """Run the program to its end and return its standard output.

    Raises:
        ProcessFailed: it exited with another code than 0.
    """
    done = subprocess.run(
        tocsin(*arguments),
        capture_output=True,
        text=True,
        timeout=within,
        env={**os.environ, **ENVIRONMENT},
        check=False,
    )
    if done.returncode != 0:
        command = " ".join(arguments)
        raise ProcessFailed(f"tocsin {command}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def start(
    command: Sequence[str],
    *,
    port: int,
    ready_path: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Served:
    """Start a server that will listen on *port* and wait until *ready_path* answers; *environment*
    is what it is told besides.

    Raises:
        ProcessFailed: it ended, or was not ready within a minute.
    """
    began = time.perf_counter()
    process = launch(command, log=log, environment=environment)
    return Served(
        process=process,
        port=port,
        ready_after=wait_until_ready(process, port=port, path=ready_path, log=log) - began,
    )


def launch(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process whose output goes to the end of *log*."""
    told = {**os.environ, **ENVIRONMENT, **(environment or {})}
    with log.open("ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output, env=told)


def wait_until_ready(process: subprocess.Popen[bytes], *, port: int, path: str, log: Path) -> float:
    """The instant (``perf_counter``) at which *path* first answered 200 or 404.

    Raises:
        ProcessFailed: the process ended, or was not ready within a minute.
    """
    deadline = time.perf_counter() + READY_WITHIN
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            tail = log.read_text(errors="replace")[-2000:]
            raise ProcessFailed(f"ended with {process.returncode} before it was ready:\n{tail}")
        if _answers(port, path):
            return time.perf_counter()
        time.sleep(POLL_EVERY)
    stop(process)
    raise ProcessFailed(f"not ready within {READY_WITHIN:.0f} seconds")


def wait_for(what: str, seen: Callable[[], Found], *, within: float) -> Found:
    """What *seen* finds, once it finds something.

    Raises:
        ProcessFailed: it has found nothing *within* so many seconds.
    """
    deadline = time.perf_counter() + within
    while not (found := seen()):
        if time.perf_counter() > deadline:
            raise ProcessFailed(f"{what}: not within {within:.0f} seconds")
        time.sleep(POLL_EVERY)
    return found


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status in (200, 404)
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ask a child to end, wait, and return its exit code; insist when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


@contextmanager
def baseline(folder: Path) -> Iterator[Served]:
    """The yardstick, running."""
    port = free_port()
    served = start(
        [sys.executable, "-m", "bench.baseline", "--port", str(port)],
        port=port,
        ready_path="/",
        log=folder / "baseline.log",
    )
    try:
        yield served
    finally:
        stop(served.process)


def serve_command(
    *, data: Path, port: int, database: str | None = None, role: str | None = None
) -> list[str]:
    """The command line of a server over *data*, with every role and the file there by default."""
    return tocsin(
        *("serve", "--host", HOST, "--port", str(port), "--data", str(data)),
        *(() if database is None else ("--database", database)),
        *(() if role is None else ("--role", role)),
    )


@contextmanager
def server(
    data: Path,
    *,
    log: Path | None = None,
    database: str | None = None,
    role: str | None = None,
) -> Iterator[Served]:
    """Tocsin over *data*, running; its log beside *data* unless said otherwise.

    ``database`` and ``role`` as :func:`serve_command` has them.
    """
    port = free_port()
    served = start(
        serve_command(data=data, port=port, database=database, role=role),
        port=port,
        ready_path="/readyz",
        log=log or data.parent / f"{data.name}.log",
    )
    try:
        yield served
    finally:
        stop(served.process)


def call(
    port: int,
    method: str,
    path: str,
    *,
    token: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        return call_on(connection, method, path, token=token, body=body, headers=headers)
    finally:
        connection.close()


def call_on(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    *,
    token: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a kept connection; JSON both ways."""
    sent = {"Authorization": f"Bearer {token}", **(headers or {})}
    payload = None
    if body is not None:
        payload = json.dumps(body).encode()
        sent["Content-Type"] = "application/json"
    connection.request(method, path, body=payload, headers=sent)
    response = connection.getresponse()
    received = response.read()
    is_json = "json" in (response.getheader("Content-Type") or "")
    return Answer(
        status=response.status,
        headers={name.lower(): value for name, value in response.getheaders()},
        body=json.loads(received) if is_json and received else received.decode(errors="replace"),
    )


def expect(answer: Answer, *statuses: int) -> Answer:
    """The same answer. Raises: ProcessFailed when its status is none of *statuses*."""
    if answer.status not in statuses:
        raise ProcessFailed(f"answered {answer.status}: {str(answer.body)[:1000]}")
    return answer


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process now, in MB of 1,000,000 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessFailed(f"process {pid} tells no memory")
