"""Kill −9 of any part of a cluster: what was acknowledged is kept, and reaches everybody in order.

Two gateways and two dispatchers share a PostgreSQL primary with one synchronous standby. Workers
write through either gateway and repeat, under the same key, what was not answered; routes lead to a
receiver that answers 500 and 429, hangs and drops connections. Meanwhile gateways and dispatchers
are killed and started again, the primary is killed and its standby promoted, and the only standby
is killed, whereupon nothing may be acknowledged until it is back. In the end the log, the
deliveries and ``tocsin db check`` say what came of it. What is done follows from the seed; what the
machine makes of it does not.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console

from bench import cluster_receiver, processes
from bench.cluster_chaos import WRITES_WITHIN, Chaos, Say, plan
from bench.cluster_founding import PATHS, found, furnish, receive
from bench.cluster_judging import Outcome, judge_deliveries, judge_log, routed, told
from bench.cluster_ledger import WORKERS, Ledger, read_deliveries, read_log, work
from bench.cluster_members import Member, Pair, Programs, environment_of, members
from tests.servers.postgres import QUICK

ROLES: Final = ("gateway", "gateway", "dispatcher", "dispatcher")
DRAINED_WITHIN: Final = 600.0
LOOK_SECONDS: Final = 1.0


def run(
    folder: Path, *, events: int, seed: int, settings: tuple[str, ...] = (), say: Say
) -> Outcome:
    """Write that many facts over a cluster in *folder* while it is broken, and judge the rest.

    *settings* are PostgreSQL's; ``say`` is told how it goes.

    Raises:
        ProcessFailed: a part ended by itself, or something did not go on in time.
    """
    chance = random.Random(seed)
    with ExitStack() as house:
        pair = Pair(settings=settings)
        house.callback(pair.close)
        environment = environment_of(pair)
        programs = Programs(folder=folder, environment=environment)
        admin = found(programs)
        record = folder / "arrivals"
        receiver = receive(record, seed=seed, events=events, log=folder / "receiver.log")
        house.callback(processes.stop, receiver.process)
        parts = house.enter_context(members(ROLES, folder=folder, environment=environment))
        doors = [one.port for one in parts if one.role == "gateway"]
        token = furnish(doors[0], admin=admin, receiver=receiver.port)
        ledger = Ledger(doors=doors, token=token)
        chaos = Chaos(pair=pair, parts=parts, ledger=ledger, chance=chance, say=say)
        _write_under_chaos(chaos, events=events, seed=seed)
        say(f"{ledger.acknowledged} facts acknowledged; waiting for the last deliveries")
        log = read_log(doors[0], token=admin)
        while True:
            left = _wait_until_delivered(log, record, parts=parts, token=admin, say=say)
            before, log = log, read_log(doors[1], token=admin)
            # The clock may have added facts of its own.
            if len(log) == len(before):
                break
        stop_exits = tuple(one.stop() for one in parts)
        check_passed, check_output = _check(programs)
    return Outcome(
        record=judge_log(ledger, log),
        deliveries=judge_deliveries(log, list(cluster_receiver.arrivals(record)), paths=PATHS),
        kills=chaos.kills,
        stops=ledger.stops,
        resumed=chaos.resumed,
        turned_away=ledger.turned_away,
        unanswered=ledger.unanswered,
        taken_over=tuple(chaos.taken_over),
        not_taken_over=chaos.not_taken_over,
        stops_told=chaos.stops_told,
        vouched_alone=tuple(chaos.vouched_alone),
        unexpected=tuple(ledger.unexpected),
        left=left,
        stop_exits=stop_exits,
        check_output=check_output,
        check_passed=check_passed,
    )


def _write_under_chaos(chaos: Chaos, *, events: int, seed: int) -> None:
    """Let the workers write *events* facts, and do the plan meanwhile, evenly."""
    ledger = chaos.ledger
    workers = [
        threading.Thread(
            target=work,
            args=(ledger,),
            kwargs={"name": f"w{number}", "seed": seed},
            name=f"w{number}",
        )
        for number in range(WORKERS)
    ]
    steps = plan(events, chaos.chance)
    try:
        for worker in workers:
            worker.start()
        for number, step in enumerate(steps, start=1):
            share = events * number // (len(steps) + 1)
            ledger.allow(share + WORKERS)
            ledger.wait_for_acknowledged(share, within=WRITES_WITHIN)
            chaos.say(f"{number}/{len(steps)} after {ledger.acknowledged} facts: {step}")
            chaos.step(step)
        ledger.allow(events)
        ledger.wait_for_acknowledged(events, within=WRITES_WITHIN)
    finally:
        ledger.end()
        for thread in (*workers, *chaos.watchers):
            thread.join()


def _wait_until_delivered(
    log: Sequence[dict[str, Any]],
    record: Path,
    *,
    parts: Sequence[Member],
    token: str,
    say: Say,
) -> tuple[str, ...]:
    """Until everything arrived and nothing waits, or it takes too long; what is left over."""
    wanted = len(routed(log)) * len(PATHS)
    gateway = next(one for one in parts if one.role == "gateway")
    dispatchers = [one for one in parts if one.role == "dispatcher"]
    until = time.monotonic() + DRAINED_WITHIN
    taken = told = 0
    while time.monotonic() < until:
        taken = len(
            {
                (one.path, one.event)
                for one in cluster_receiver.arrivals(record)
                if one.answer == cluster_receiver.TAKEN
            }
        )
        if taken >= wanted and not any(_backlog(one.port) for one in dispatchers):
            break
        if taken - told >= wanted / 10:
            told = taken
            say(f"{taken} of {wanted} deliveries taken")
        time.sleep(LOOK_SECONDS)
    left = [
        f"{state}: {one['id']} {one['reason']}"
        for state in ("parked", "waiting", "held")
        for one in read_deliveries(gateway.port, token=token, state=state)
    ]
    behind = sum(_backlog(one.port) for one in dispatchers)
    return (*left, *([f"{behind:.0f} deliveries wait"] if behind else ()))


def _backlog(port: int) -> float:
    """How many deliveries wait for the destinations of one dispatcher."""
    told = processes.expect(processes.call(port, "GET", "/metrics", token=""), 200).body
    return sum(
        float(line.rpartition(" ")[2])
        for line in told.splitlines()
        if line.startswith("tocsin_delivery_backlog{")
    )


def _check(programs: Programs) -> tuple[bool, str]:
    try:
        return True, programs.run("db", "check")
    except processes.ProcessFailed as failed:
        return False, str(failed)


def main() -> int:
    """Break what was asked for; 0 when all is sound."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--quick", action="store_true", help="PostgreSQL without fsync: no machine is killed here"
    )
    parser.add_argument(
        "--folder", type=Path, help="a new folder, to keep what the parts log and what arrived"
    )
    arguments = parser.parse_args()
    console = Console(highlight=False)
    began = time.monotonic()

    def say(words: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {words}", markup=False)

    with ExitStack() as house:
        folder = arguments.folder
        if folder is None:
            folder = Path(house.enter_context(TemporaryDirectory(prefix="tocsin-cluster-")))
        else:
            folder.mkdir(parents=True)
        outcome = run(
            folder,
            events=arguments.events,
            seed=arguments.seed,
            settings=QUICK if arguments.quick else (),
            say=say,
        )
    for line in told(outcome):
        console.print(line, markup=False)
    return 0 if outcome.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
