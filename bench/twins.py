"""The same news at two gateways at the same instant: each new key is one incident.

As from a pair of Alertmanagers that both tell of it. The two requests are on their way before
either answer is; of every second key they tell of the same alert, else of two alerts with one key.
"""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import accounting, alerts, preparation, processes, servers, storm
from bench.accounting import Account
from bench.exchange import RECEIVE_BYTES, SILENCE, Unanswered, body_of, end_of, status_of
from bench.pouring import TAKEN, request_of
from bench.processes import HOST, ProcessFailed

CREATED: Final = "created"


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """What became of *keys* that came twice at once: the verdicts of the pairs, the account, and
    how many were opened by the first and by the second gateway."""

    keys: int
    seconds: float
    verdicts: dict[str, int]
    found: Account
    opened_by: tuple[int, int]


def measure(folder: Path, *, keys: int) -> Twins:
    """Tell two gateways on a PostgreSQL server of *keys* new keys, one after another.

    Raises:
        ProcessFailed: a key opened no incident or two, or an alert has no account.
        Unanswered: a gateway broke a connection.
    """
    with servers.cluster(folder) as server:
        database = servers.empty(folder, "twins", server)
        admin = preparation.found(database.data, database=database.url)
        with ExitStack() as stack:
            gateways = [
                stack.enter_context(
                    processes.server(
                        database.data,
                        database=database.url,
                        role="gateway",
                        log=folder / f"twin-{number}.log",
                    )
                )
                for number in range(2)
            ]
            preparation.furnish(gateways[0].port, admin=admin)
            token = storm.admit(gateways[0].port, admin=admin)
            doors = [
                stack.enter_context(socket.create_connection((HOST, gateway.port), timeout=SILENCE))
                for gateway in gateways
            ]
            for door in doors:
                door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            began = time.perf_counter()
            verdicts = [_pair(doors, key, token=token) for key in range(keys)]
            seconds = time.perf_counter() - began
        found = accounting.account(database)
    expect_one_for_each(verdicts, found, keys=keys)
    return Twins(
        keys=keys,
        seconds=seconds,
        verdicts=dict(Counter(" and ".join(sorted(pair)) for pair in verdicts)),
        found=found,
        opened_by=(
            sum(first == CREATED for first, _ in verdicts),
            sum(second == CREATED for _, second in verdicts),
        ),
    )


def expect_one_for_each(verdicts: list[tuple[str, str]], found: Account, *, keys: int) -> None:
    """Raises: ProcessFailed unless of each pair exactly one opened an incident, and no more are
    there."""
    wrong = [pair for pair in verdicts if pair.count(CREATED) != 1]
    if wrong or found.incidents != keys:
        raise ProcessFailed(f"{keys} keys opened {found.incidents} incidents; {wrong[:5]}")
    accounting.expect_all_accounted(found, payloads=2 * keys, alerts=2 * keys)


def _pair(doors: list[socket.socket], key: int, *, token: str) -> tuple[str, str]:
    """The two verdicts, by gateway; who is told first takes turns."""
    requests = [
        request_of(
            alerts.notification([alerts.alert(key, variant=number if key % 2 else 0)]),
            path=storm.PATH,
            token=token,
        )
        for number in range(2)
    ]
    for number in (0, 1) if key // 2 % 2 else (1, 0):
        doors[number].sendall(requests[number])
    first, second = (_verdict(_answer(door)) for door in doors)
    return first, second


def _answer(door: socket.socket) -> bytes:
    answer = b""
    while (end := end_of(answer)) is None or len(answer) < end:
        part = door.recv(RECEIVE_BYTES)
        if not part:
            raise Unanswered("a gateway closed the connection")
        answer += part
    return answer


def _verdict(answer: bytes) -> str:
    if status_of(answer) != TAKEN:
        raise ProcessFailed(f"a gateway answered {answer[:500]!r}")
    verdict: str = json.loads(body_of(answer))["verdict"]
    return verdict
