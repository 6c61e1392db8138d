"""Section ``reading``: lists and searches over HTTP, in a small store and in a large one.

Each promised pair of filter and sort is asked for in both directions, once with a value that many
tickets have and once with one that few have; each question a hundred times on a kept connection,
and its p99 is the second longest of these.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from bench import processes
from bench.asking import seconds_to, uncollected
from bench.invented import Values
from bench.load import quantile
from bench.populate import ADMIN, Stored
from bench.report import Figure, under
from bench.tickets import ORG

SECTION: Final = "reading"
SORTS: Final = ("created_at", "updated_at", "severity", "start_at")
DIRECTIONS: Final = ("desc", "asc")
SEARCH: Final = "q"
"""The filter that has an order of its own: it is not paired with the sorts."""

OVERLAPS: Final = "overlaps"
OVERLAP_SORTS: Final = ("start_at",)
"""What is promised of the two ends of a window together."""

MINE: Final = "mine"
ASKERS: Final[Mapping[str, str]] = {"common": "c1", "rare": "c9"}
"""Whose tickets are asked for as mine: a member's of a large contributor, and of a small one."""

PROMISED_MS: Final = 15.0
SLOWEST_SHOWN: Final = 5
WARM_UP: Final = 20


@dataclass(frozen=True, slots=True)
class Question:
    """One query string over the list of tickets, what to call it, and who asks."""

    name: str
    query: Mapping[str, str]
    asker: str = ADMIN


@dataclass(frozen=True, slots=True)
class Timed:
    """How long the answers to one question took, in seconds."""

    question: Question
    p50: float
    p99: float
    items: int


def questions(values: Values) -> Iterator[Question]:
    """Every filter, at each kind of its *values*, with every sort that is promised."""
    for sort in SORTS:
        for direction in DIRECTIONS:
            order = {"sort": sort, "direction": direction}
            yield Question(f"no filter, {sort} {direction}", order)
            for filtered, kinds in values.items():
                if filtered == SEARCH or (filtered == OVERLAPS and sort not in OVERLAP_SORTS):
                    continue
                for kind, parameters in kinds.items():
                    yield Question(
                        f"{filtered} ({kind}), {sort} {direction}",
                        {**parameters, **order},
                        asker=ASKERS[kind] if filtered == MINE else ADMIN,
                    )
    for kind, parameters in values.get(SEARCH, {}).items():
        yield Question(f"search ({kind})", parameters)


def ask(
    connection: http.client.HTTPConnection, question: Question, *, token: str, times: int
) -> Timed:
    """Ask *times* over. Raises: ProcessFailed when an answer is not 200."""
    path = f"/v1/orgs/{ORG}/tickets?{urlencode(question.query)}"
    headers = {"Authorization": f"Bearer {token}"}
    answers = [seconds_to(connection, path, headers) for _ in range(times)]
    items = len(json.loads(answers[-1][1])["items"])
    taken = sorted(seconds for seconds, _ in answers)
    return Timed(
        question=question, p50=quantile(taken, 0.50), p99=quantile(taken, 0.99), items=items
    )


def ask_all(port: int, *, stored: Stored, times: int) -> list[Timed]:
    """Every question to the server on *port*, each *times* over."""
    connection = http.client.HTTPConnection(processes.HOST, port, timeout=60)
    try:
        opening = Question("first page", {})
        ask(connection, opening, token=stored.tokens[ADMIN], times=WARM_UP)
        # Once for all of them: to look through what is there takes longer than most questions.
        with uncollected():
            return [
                ask(connection, question, token=stored.tokens[question.asker], times=times)
                for question in questions(stored.values)
            ]
    finally:
        connection.close()


def first_page(port: int, *, stored: Stored, times: int) -> Timed:
    """The list as it opens, from the server on *port*."""
    connection = http.client.HTTPConnection(processes.HOST, port, timeout=60)
    try:
        opening = Question("first page", {})
        ask(connection, opening, token=stored.tokens[ADMIN], times=WARM_UP)
        with uncollected():
            return ask(connection, opening, token=stored.tokens[ADMIN], times=times)
    finally:
        connection.close()


def figures(
    answers: list[Timed], *, small: Timed, large: Timed, tickets_small: int, tickets_large: int
) -> list[Figure]:
    """Every pair in detail, the slowest of each kind, and the first page in both stores."""
    listed = [timed for timed in answers if SEARCH not in timed.question.query]
    searched = [timed for timed in answers if SEARCH in timed.question.query]
    by_p99 = sorted(listed, key=lambda timed: timed.p99)
    slowest = by_p99[-1]
    return [
        *_details(answers),
        Figure(SECTION, "pairs of filter and sort", len(listed), ""),
        Figure(
            SECTION,
            "pairs whose p99 is not below the promise",
            sum(timed.p99 * 1e3 >= PROMISED_MS for timed in listed),
            "",
        ),
        _p99(slowest, f"p99 of the slowest pair: {slowest.question.name}"),
        *(
            Figure(SECTION, f"p99 of {timed.question.name}", timed.p99 * 1e3, "ms")
            for timed in by_p99[-2 : -1 - SLOWEST_SHOWN : -1]
        ),
        Figure(SECTION, "p99 of the median pair", by_p99[len(by_p99) // 2].p99 * 1e3, "ms"),
        Figure(
            SECTION,
            "p50 of the slowest pair at the median",
            max(timed.p50 for timed in listed) * 1e3,
            "ms",
        ),
        *(_p99(timed, f"p99 of {timed.question.name}") for timed in searched),
        Figure(SECTION, f"first page of {tickets_small:,} tickets, p50", small.p50 * 1e3, "ms"),
        Figure(SECTION, f"first page of {tickets_large:,} tickets, p50", large.p50 * 1e3, "ms"),
        Figure(
            SECTION,
            "first page, large over small",
            large.p50 / small.p50,
            "x",
            under(1.25),
        ),
    ]


def _details(answers: list[Timed]) -> Iterator[Figure]:
    for timed in answers:
        p50 = f"p50, {timed.items} items: {timed.question.name}"
        yield Figure(SECTION, p50, timed.p50 * 1e3, "ms", is_detail=True)
        yield replace(_p99(timed, f"p99: {timed.question.name}"), is_detail=True)


def _p99(timed: Timed, name: str) -> Figure:
    return Figure(SECTION, name, timed.p99 * 1e3, "ms", under(PROMISED_MS))
