"""The generator of alerts: notifications poured into an ingest path in a closed loop.

Like :mod:`bench.load` a process of its own with requests made beforehand. A *storm* is a number of
alerts, sent as fast as they are taken; what is *steady* or *too much* goes on for a time. Every
status is looked at, and of whatever got 200 the id that it has in the inbox is kept.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Final, assert_never

from bench import alerts
from bench.alerts import Mix
from bench.exchange import exchange, status_of
from bench.load import ID_LENGTH, ID_MARK, quantile
from bench.processes import ProcessFailed

TAKEN: Final = b"200"
OVERLOADED: Final = b"503"
RETRY_AFTER: Final = b"\r\nretry-after: "
HURRIED: Final = 64
"""Different bodies of what is too much."""


@dataclass(frozen=True, slots=True)
class Poured:
    """What was answered. Times in seconds; ``rate`` in payloads taken a second, of the counted
    part, ``answers``, ``statuses`` and ``distinct_ids`` of all of it. ``silent_refusals`` are 503
    without ``Retry-After``."""

    seconds: float
    answers: int
    statuses: dict[str, int]
    distinct_ids: int
    silent_refusals: int
    rate: float
    p50: float
    p99: float
    longest: float
    processor_share: float

    @property
    def taken(self) -> int:
        """How many payloads were."""
        return self.statuses.get(TAKEN.decode(), 0)

    @property
    def refused(self) -> int:
        """How many payloads were told to come again."""
        return self.statuses.get(OVERLOADED.decode(), 0)


@dataclass(slots=True)
class Pour:
    """One run under way: makes the requests and takes their answers."""

    request: Callable[[], bytes | None]
    counts_from: float = 0.0
    latencies: array[float] = field(default_factory=lambda: array("d"))
    statuses: Counter[bytes] = field(default_factory=Counter)
    ids: list[bytes] = field(default_factory=list)
    counted: int = 0
    silent_refusals: int = 0
    ended_at: float = 0.0

    def take(self, answer: bytes, sent_at: float, now: float) -> None:
        """Look at one answer."""
        status = status_of(answer)
        self.statuses[status] += 1
        self.ended_at = now
        if status == TAKEN:
            mark = answer.find(ID_MARK) + len(ID_MARK)
            self.ids.append(answer[mark : mark + ID_LENGTH])
        elif status == OVERLOADED and RETRY_AFTER not in answer.lower():
            self.silent_refusals += 1
        if now >= self.counts_from:
            self.latencies.append(now - sent_at)
            self.counted += status == TAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be poured where. ``times`` is how many alerts a key has or how often it is told,
    of a storm; ``warm_up`` and ``seconds`` are of the others, whose alerts are all repeats."""

    mix: Mix
    path: str
    connections: int
    keys: int = alerts.KEYS
    batch: int = 1
    times: int = 1
    warm_up: float = 0.0
    seconds: float = 0.0


def poured(port: int, wanted: Wanted, *, token: str) -> tuple[Poured, list[bytes]]:
    """Pour all of it in; the figures, and the ids of what was taken.

    Raises:
        Unanswered: a connection ended without an answer, or an answer had no length.
    """
    made = _requests(wanted, token=token)
    began = time.perf_counter()
    until = began + wanted.warm_up + wanted.seconds
    is_storm = wanted.mix in (Mix.REPEATS, Mix.DISTINCT)

    def request() -> bytes | None:
        return made() if is_storm or time.perf_counter() < until else None

    pour = Pour(request=request, counts_from=began + wanted.warm_up)
    processor = time.process_time()
    exchange(port, connections=wanted.connections, next_request=pour.request, take=pour.take)
    whole = pour.ended_at - began
    ordered = sorted(pour.latencies)
    return (
        Poured(
            seconds=whole,
            answers=sum(pour.statuses.values()),
            statuses={status.decode("latin-1"): n for status, n in pour.statuses.items()},
            distinct_ids=len(set(pour.ids)),
            silent_refusals=pour.silent_refusals,
            rate=pour.counted / (whole - wanted.warm_up),
            p50=quantile(ordered, 0.50),
            p99=quantile(ordered, 0.99),
            longest=ordered[-1] if ordered else float("nan"),
            processor_share=(time.process_time() - processor) / whole,
        ),
        pour.ids,
    )


def _requests(wanted: Wanted, *, token: str) -> Callable[[], bytes | None]:
    """What gives the next request, all of them made; none when there are no more."""
    draw = random.Random(0)
    match wanted.mix:
        case Mix.REPEATS | Mix.DISTINCT:
            make = alerts.repeats if wanted.mix is Mix.REPEATS else alerts.distinct
            bodies = make(keys=wanted.keys, times=wanted.times, batch=wanted.batch, draw=draw)
            storm = iter([request_of(body, path=wanted.path, token=token) for body in bodies])
            return lambda: next(storm, None)
        case Mix.SINGLES:
            singles = [
                request_of(body, path=wanted.path, token=token)
                for body in alerts.singles(keys=wanted.keys, draw=draw)
            ]
            return cycle(singles).__next__
        case Mix.TOO_MUCH:
            parts = [
                request_of(
                    alerts.marked(keys=wanted.keys, batch=wanted.batch, draw=draw),
                    path=wanted.path,
                    token=token,
                ).split(alerts.POUR_MARK.encode())
                for _ in range(HURRIED)
            ]
            bodies_of_parts = cycle(parts)
            serials = iter(range(10**10))

            def marked() -> bytes:
                return (b"p%010d" % next(serials)).join(next(bodies_of_parts))

            return marked
        case _:
            assert_never(wanted.mix)


def request_of(body: bytes, *, path: str, token: str) -> bytes:
    """A whole request that posts *body*."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Alertmanager/0.27.0\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    )
    return head.encode() + body


def pour(port: int, wanted: Wanted, *, token: str, ids: Path | None = None) -> Poured:
    """The same by a process of its own; the ids of what was taken go to the end of *ids*.

    Raises:
        ProcessFailed: a connection broke, or something was answered neither 200 nor, where it is
            too much, 503 with ``Retry-After``; or two payloads have one id.
    """
    asked = json.dumps({"token": token, "wanted": {**asdict(wanted), "mix": wanted.mix.value}})
    command = [
        *(sys.executable, "-m", "bench.pouring", "--port", str(port)),
        *(() if ids is None else ("--ids", str(ids))),
    ]
    done = subprocess.run(
        command, input=asked, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode != 0:
        raise ProcessFailed(f"pouring {wanted.mix.value}: {done.stdout}{done.stderr[-2000:]}")
    figures = Poured(**json.loads(done.stdout))
    allowed = {"200", "503"} if wanted.mix is Mix.TOO_MUCH else {"200"}
    if set(figures.statuses) - allowed or figures.silent_refusals:
        raise ProcessFailed(
            f"{wanted.mix.value} was answered {figures.statuses},"
            f" {figures.silent_refusals} of 503 without Retry-After"
        )
    if figures.distinct_ids != figures.taken:
        raise ProcessFailed(f"{figures.taken} payloads have {figures.distinct_ids} ids")
    return figures


def main() -> int:
    """Pour what standard input asks for and print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.pouring", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ids", type=Path, help="file for the ids of all that was taken")
    arguments = parser.parse_args()
    asked = json.load(sys.stdin)
    wanted = Wanted(**{**asked["wanted"], "mix": Mix(asked["wanted"]["mix"])})
    figures, ids = poured(arguments.port, wanted, token=asked["token"])
    if arguments.ids is not None:
        with arguments.ids.open("ab") as file:
            file.writelines(identity + b"\n" for identity in ids)
    print(json.dumps(asdict(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
