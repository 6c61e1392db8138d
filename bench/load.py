"""The load generator: tickets opened by as many connections as asked for, in a closed loop.

Every status is looked at, every answer's id is kept, every request has an ``Idempotency-Key`` of
its own. It is a process of its own, so that its work is never taken from the server's interpreter.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from bench.exchange import Unanswered, body_of, exchange, request_parts, status_of
from bench.tickets import INCIDENT_BODY, ORG

ID_MARK: Final = b'"id":"'
ID_LENGTH: Final = 36
CREATED: Final = b"201"


@dataclass(frozen=True, slots=True)
class Load:
    """What one round of load came to. Times in seconds, rate in answers per second."""

    connections: int
    seconds: float
    answers: int
    rate: float
    p50: float
    p99: float
    longest: float
    statuses: dict[str, int]
    ids: int
    distinct_ids: int
    answer_bytes: int
    processor_share: float

    @property
    def is_accepted(self) -> bool:
        """Every answer was 201 and named a ticket that no other answer named."""
        return set(self.statuses) == {"201"} and self.ids == self.distinct_ids == self.answers


@dataclass(slots=True)
class Round:
    """One round under way: makes the requests, and takes the answers of its second part."""

    before: bytes
    after: bytes
    counts_from: float
    ends_at: float
    looked_into: int
    serial: int = 0
    latencies: array[float] = field(default_factory=lambda: array("d"))
    statuses: Counter[bytes] = field(default_factory=Counter)
    counted_ids: list[bytes] = field(default_factory=list)
    all_ids: list[bytes] = field(default_factory=list)
    answer_bytes: int = 0
    processor_before: float = 0.0

    def next_request(self) -> bytes | None:
        """The next request with its own key; none when the time is over."""
        if time.perf_counter() >= self.ends_at:
            return None
        self.serial += 1
        return b"%b%d%b" % (self.before, self.serial, self.after)

    def take(self, answer: bytes, sent_at: float, now: float) -> None:
        """Look at one answer. Raises: Unanswered when its first id is not the ticket's."""
        status = status_of(answer)
        mark = answer.find(ID_MARK) + len(ID_MARK)
        identity = answer[mark : mark + ID_LENGTH]
        if status == CREATED:
            if len(self.all_ids) < self.looked_into:
                _expect_id(identity, answer)
            self.all_ids.append(identity)
        if self.counts_from <= now < self.ends_at:
            if not self.latencies:
                self.processor_before = time.process_time()
            self.latencies.append(now - sent_at)
            self.statuses[status] += 1
            self.answer_bytes += len(answer)
            if status == CREATED:
                self.counted_ids.append(identity)


def _expect_id(identity: bytes, answer: bytes) -> None:
    if json.loads(body_of(answer))["id"].encode() != identity:
        raise Unanswered("the first id of the answer is not the ticket's")


def run(
    *ports: int,
    path: str,
    token: str | None,
    name: str,
    connections: int,
    warm_up: float,
    seconds: float,
) -> tuple[Load, list[bytes]]:
    """Keep *connections* requests under way for ``warm_up + seconds``; count the second part.

    Each of *ports* gets as many of the connections as the others.

    Returns the figures and the ids of every acknowledged ticket, the warm-up's included.

    Raises:
        Unanswered: a connection ended without an answer, or an answer had no length.
    """
    before, after = request_parts(method="POST", path=path, body=INCIDENT_BODY, token=token)
    now = time.perf_counter()
    turn = Round(
        before=before + f"{name}-".encode(),
        after=after,
        counts_from=now + warm_up,
        ends_at=now + warm_up + seconds,
        looked_into=connections,
    )
    exchange(*ports, connections=connections, next_request=turn.next_request, take=turn.take)
    return _figures(turn, connections=connections, seconds=seconds), turn.all_ids


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least *share* of the ordered values do not exceed."""
    if not ordered:
        return float("nan")
    rank = -(-int(share * 1000) * len(ordered) // 1000)
    return ordered[min(len(ordered), max(1, rank)) - 1]


def _figures(turn: Round, *, connections: int, seconds: float) -> Load:
    ordered = sorted(turn.latencies)
    answers = len(ordered)
    return Load(
        connections=connections,
        seconds=seconds,
        answers=answers,
        rate=answers / seconds,
        p50=quantile(ordered, 0.50),
        p99=quantile(ordered, 0.99),
        longest=ordered[-1] if ordered else float("nan"),
        statuses={status.decode("latin-1"): n for status, n in turn.statuses.items()},
        ids=len(turn.counted_ids),
        distinct_ids=len(set(turn.counted_ids)),
        answer_bytes=turn.answer_bytes // answers if answers else 0,
        processor_share=(time.process_time() - turn.processor_before) / seconds,
    )


def main() -> int:
    """Run one round and print its figures as one line of JSON; 1 unless all was accepted."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument(
        "--port", type=int, action="append", required=True, help="once for each server under load"
    )
    parser.add_argument("--path", default=f"/v1/orgs/{ORG}/tickets")
    parser.add_argument("--token", help="read from standard input when given as -")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--warm-up", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--run-name", default=f"load-{time.time_ns()}")
    parser.add_argument(
        "--ids", type=Path, help="file for the ids of all acknowledged tickets, one a line"
    )
    arguments = parser.parse_args()
    token = sys.stdin.readline().strip() if arguments.token == "-" else arguments.token
    figures, ids = run(
        *arguments.port,
        path=arguments.path,
        token=token,
        name=arguments.run_name,
        connections=arguments.connections,
        warm_up=arguments.warm_up,
        seconds=arguments.seconds,
    )
    if arguments.ids is not None:
        arguments.ids.write_bytes(b"".join(identity + b"\n" for identity in ids))
    print(json.dumps(asdict(figures)))
    return 0 if figures.is_accepted else 1


if __name__ == "__main__":
    sys.exit(main())
