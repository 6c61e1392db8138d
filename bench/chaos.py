"""Kill −9 at random moments under load: nothing acknowledged is lost, nothing is made twice.

Workers open tickets, each with an ``Idempotency-Key`` of its own, and repeat a request with the
same key until it is answered. Meanwhile the server is killed and started again, sometimes before it
was ready. At the end every acknowledged ticket must be there once, no key may have made two, keys
that were answered before a kill must be answered the same after it, and ``tocsin db check`` must
find nothing. The moments follow from the seed; what the machine makes of them does not.
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console

from bench import preparation, processes
from bench.tickets import INCIDENT, ORG

WORKERS: Final = 8
LONGEST_LIFE: Final = 0.6
"""Seconds a server may live under load before it is killed."""

STILLBORN: Final = 0.15
"""Share of the kills that come before the server is ready, somewhere in its first second."""

PATIENCE: Final = 60.0
"""Seconds a worker repeats one request before it gives up."""

TITLE_START: Final = "Chaos "


@dataclass(slots=True)
class Ledger:
    """What the workers were told: for each key the ids it was ever answered with."""

    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    repeats: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    ending: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; every tuple and ``check_exit`` is empty or zero when all is well."""

    kills: int
    acknowledged: int
    found: int
    repeats: int
    lost: tuple[str, ...]
    listed_twice: tuple[str, ...]
    made_twice: tuple[str, ...]
    answered_differently: tuple[str, ...]
    unexpected: tuple[str, ...]
    stop_exit: int
    check_exit: int
    check_output: str

    @property
    def is_sound(self) -> bool:
        """Nothing lost, nothing twice, nothing odd, and there was something to lose."""
        troubles = (
            *self.lost,
            *self.listed_twice,
            *self.made_twice,
            *self.answered_differently,
            *self.unexpected,
        )
        return (
            not troubles and self.acknowledged > 0 and self.stop_exit == 0 and self.check_exit == 0
        )


def run(folder: Path, *, kills: int, seed: int) -> Outcome:
    """Kill a server over an empty *folder* that many times, and judge what is left."""
    chance = random.Random(seed)
    data, log = folder / "chaos", folder / "chaos.log"
    admin = preparation.found(data)
    port = processes.free_port()
    command = processes.serve_command(data=data, port=port)
    ledger = Ledger()
    process = processes.launch(command, log=log)
    workers: list[threading.Thread] = []
    try:
        processes.wait_until_ready(process, port=port, path="/readyz", log=log)
        token = preparation.furnish(port, admin=admin).load
        workers = [
            threading.Thread(
                target=_work,
                args=(ledger,),
                kwargs={"port": port, "token": token, "name": f"{seed}-{number}"},
                name=f"worker-{number}",
            )
            for number in range(WORKERS)
        ]
        for worker in workers:
            worker.start()
        for _ in range(kills):
            time.sleep(chance.uniform(0.02, LONGEST_LIFE))
            if process.poll() is not None:
                tail = log.read_text(errors="replace")[-2000:]
                raise processes.ProcessFailed(f"ended by itself: {process.returncode}\n{tail}")
            process.kill()
            process.wait()
            process = processes.launch(command, log=log)
            if chance.random() >= STILLBORN:
                processes.wait_until_ready(process, port=port, path="/readyz", log=log)
        processes.wait_until_ready(process, port=port, path="/readyz", log=log)
        ledger.ending.set()
        for worker in workers:
            worker.join()
        _ask_again(ledger, port=port, token=token, keys=_sample(ledger, chance))
        listed = list(_listed(port, token=admin))
        stop_exit = processes.stop(process)
    finally:
        ledger.ending.set()
        if process.poll() is None:
            process.kill()
            process.wait()
        for worker in workers:
            worker.join()
    check_exit, check_output = _check(data)
    return _judge(
        ledger,
        listed=listed,
        kills=kills,
        stop_exit=stop_exit,
        check_exit=check_exit,
        check_output=check_output,
    )


def _work(ledger: Ledger, *, port: int, token: str, name: str) -> None:
    """Open tickets until told to end; each key is repeated until it is answered."""
    serial = 0
    while not ledger.ending.is_set():
        serial += 1
        key = f"{name}-{serial}"
        if not _open(ledger, port=port, token=token, keys=(key,)):
            return


def _open(ledger: Ledger, *, port: int, token: str, keys: tuple[str, ...]) -> bool:
    """Send each key until it is answered; whether all were, as they should be."""
    return all(_until_answered(ledger, port=port, token=token, key=key) for key in keys)


def _until_answered(ledger: Ledger, *, port: int, token: str, key: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    body = {**INCIDENT, "title": f"{TITLE_START}{key}"}
    while time.monotonic() < deadline:
        try:
            answer = processes.call(
                port,
                "POST",
                f"/v1/orgs/{ORG}/tickets",
                token=token,
                body=body,
                headers={"Idempotency-Key": key},
            )
        except (OSError, http.client.HTTPException):
            # Killed before, during or after its commit: only the same key can tell.
            with ledger.lock:
                ledger.repeats += 1
            time.sleep(0.02)
            continue
        if answer.status == 503:
            time.sleep(0.02)
            continue
        with ledger.lock:
            if answer.status == 201:
                ledger.acknowledged.setdefault(key, set()).add(answer.body["id"])
                return True
            ledger.unexpected.append(f"{key}: {answer.status} {str(answer.body)[:300]}")
            return False
    with ledger.lock:
        ledger.unexpected.append(f"{key}: no answer within {PATIENCE:.0f} seconds")
    return False


def _sample(ledger: Ledger, chance: random.Random) -> tuple[str, ...]:
    keys = sorted(ledger.acknowledged)
    return tuple(chance.sample(keys, min(200, len(keys))))


def _ask_again(ledger: Ledger, *, port: int, token: str, keys: tuple[str, ...]) -> None:
    """Repeat requests that were answered long ago; the ledger gets what they say now."""
    _open(ledger, port=port, token=token, keys=keys)


def _listed(port: int, *, token: str) -> Iterator[dict[str, Any]]:
    """Every ticket, page by page."""
    path = f"/v1/orgs/{ORG}/tickets?sort=created_at&direction=asc&limit=200"
    cursor: str | None = None
    while True:
        page = processes.expect(
            processes.call(
                port, "GET", path if cursor is None else f"{path}&cursor={cursor}", token=token
            ),
            200,
        ).body
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _check(data: Path) -> tuple[int, str]:
    try:
        return 0, processes.run("db", "check", "--data", str(data))
    except processes.ProcessFailed as failure:
        return 1, str(failure)


def _judge(
    ledger: Ledger,
    *,
    listed: list[dict[str, Any]],
    kills: int,
    stop_exit: int,
    check_exit: int,
    check_output: str,
) -> Outcome:
    times_listed = Counter(ticket["id"] for ticket in listed)
    titles = Counter(
        ticket["title"] for ticket in listed if ticket["title"].startswith(TITLE_START)
    )
    return Outcome(
        kills=kills,
        acknowledged=len(ledger.acknowledged),
        found=len(times_listed),
        repeats=ledger.repeats,
        lost=tuple(
            key
            for key, ids in sorted(ledger.acknowledged.items())
            if not all(identity in times_listed for identity in ids)
        ),
        listed_twice=tuple(sorted(name for name, times in times_listed.items() if times > 1)),
        made_twice=tuple(sorted(title for title, times in titles.items() if times > 1)),
        answered_differently=tuple(
            key for key, ids in sorted(ledger.acknowledged.items()) if len(ids) > 1
        ),
        unexpected=tuple(ledger.unexpected),
        stop_exit=stop_exit,
        check_exit=check_exit,
        check_output=check_output,
    )


def main() -> int:
    """Kill as often as asked; 0 when all is sound."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    console = Console()
    with TemporaryDirectory(prefix="tocsin-chaos-") as folder:
        outcome = run(Path(folder), kills=arguments.kills, seed=arguments.seed)
    console.print(
        f"{outcome.kills} kills: {outcome.acknowledged} tickets acknowledged, {outcome.found}"
        f" found, {outcome.repeats} requests repeated with the same key"
    )
    for name, troubles in (
        ("lost", outcome.lost),
        ("listed twice", outcome.listed_twice),
        ("made twice", outcome.made_twice),
        ("answered differently", outcome.answered_differently),
        ("unexpected", outcome.unexpected),
    ):
        console.print(f"{name}: {len(troubles)}", *troubles[:10], markup=False)
    console.print(f"exit of the last stop: {outcome.stop_exit}")
    console.print(f"exit of db check: {outcome.check_exit}", markup=False)
    if outcome.check_exit:
        console.print(outcome.check_output, markup=False)
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
