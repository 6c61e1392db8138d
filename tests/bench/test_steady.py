"""Tickets at a steady pace: as many as asked for, none sooner than it is due."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import processes, steady
from bench.exchange import Unanswered
from bench.tickets import ORG
from tests.bench import answers

TICKETS = 30
RATE = 300.0
PATH = f"/v1/orgs/{ORG}/tickets"


def test_tickets_are_opened_at_their_pace(tmp_path: Path) -> None:
    with processes.baseline(tmp_path) as served:
        pace, acknowledged = steady.run(
            served.port, path=PATH, token="x", name="tried", rate=RATE, tickets=TICKETS
        )

    instants = [at for _, at in acknowledged]
    assert len({identity for identity, _ in acknowledged}) == pace.tickets == TICKETS
    assert instants[-1] - instants[0] > (TICKETS - 1) / RATE - pace.longest
    assert 0 < pace.p50 <= pace.p99 <= pace.longest


def test_a_refusal_ends_the_round() -> None:
    with answers.always(503) as port, pytest.raises(Unanswered, match="503"):
        steady.run(port, path="/", token=None, name="tried", rate=RATE, tickets=2)


def test_an_answer_in_pieces_is_one_answer() -> None:
    body = json.dumps({"id": "0" * 36}, separators=(",", ":")).encode()
    answer = b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    opened = steady.Opened(due_at={3: 1.0})

    whole = [opened.take(3, answer[at : at + 20], 1.5) for at in range(0, len(answer), 20)]

    assert whole == [False] * (len(whole) - 1) + [True]
    assert opened.acknowledged == [(b"0" * 36, 1.5)]
    assert opened.latencies == [0.5]
