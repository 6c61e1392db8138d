"""Section ``reading``: lists and searches over HTTP, in a small store and in a large one.

Each promised pair of filter and sort is asked for in both directions, once with a value that many
tickets have and once with one that few have; each question a hundred times on a kept connection.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from bench import processes
from bench.load import quantile
from bench.report import Figure, under
from bench.tickets import ORG

SECTION: Final = "reading"
SORTS: Final = ("created_at", "updated_at", "severity", "start_at")
DIRECTIONS: Final = ("desc", "asc")
SEARCH: Final = "q"
"""The filter that has an order of its own: it is not paired with the sorts."""


@dataclass(frozen=True, slots=True)
class Question:
    """One query string over the list of tickets, and what to call it."""

    name: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Timed:
    """How long the answers to one question took, in seconds."""

    question: Question
    p50: float
    p99: float
    items: int


def questions(values: Mapping[str, Mapping[str, str]]) -> Iterator[Question]:
    """Every filter, at each of its *values* (name of the value → text), with every sort."""
    for sort in SORTS:
        for direction in DIRECTIONS:
            order = {"sort": sort, "direction": direction}
            yield Question(f"no filter, {sort} {direction}", order)
            for filtered, choices in values.items():
                if filtered == SEARCH:
                    continue
                for kind, value in choices.items():
                    yield Question(
                        f"{filtered} ({kind}), {sort} {direction}", {filtered: value, **order}
                    )
    for kind, value in values.get(SEARCH, {}).items():
        yield Question(f"search ({kind})", {SEARCH: value})


def ask(
    connection: http.client.HTTPConnection, question: Question, *, token: str, times: int
) -> Timed:
    """Ask *times* over. Raises: ProcessFailed when an answer is not 200."""
    path = f"/v1/orgs/{ORG}/tickets?{urlencode(question.query)}"
    taken, items = [], 0
    for _ in range(times):
        began = time.perf_counter()
        answer = processes.call_on(connection, "GET", path, token=token)
        taken.append(time.perf_counter() - began)
        items = len(processes.expect(answer, 200).body["items"])
    taken.sort()
    return Timed(
        question=question, p50=quantile(taken, 0.50), p99=quantile(taken, 0.99), items=items
    )


def ask_all(
    data: Path, *, token: str, values: Mapping[str, Mapping[str, str]], times: int
) -> list[Timed]:
    """Every question to a server over *data*."""
    with processes.server(data) as served:
        connection = http.client.HTTPConnection(processes.HOST, served.port, timeout=60)
        try:
            ask(connection, Question("first", {}), token=token, times=10)
            return [
                ask(connection, question, token=token, times=times)
                for question in questions(values)
            ]
        finally:
            connection.close()


def first_page(data: Path, *, token: str, times: int) -> Timed:
    """The list as it opens, from a server over *data*."""
    with processes.server(data) as served:
        connection = http.client.HTTPConnection(processes.HOST, served.port, timeout=60)
        try:
            opening = Question("first page", {})
            ask(connection, opening, token=token, times=20)
            return ask(connection, opening, token=token, times=times)
        finally:
            connection.close()


def figures(
    answers: list[Timed], *, small: Timed, large: Timed, tickets_small: int, tickets_large: int
) -> list[Figure]:
    """The slowest of each kind, and the first page in both stores."""
    listed = [timed for timed in answers if SEARCH not in timed.question.query]
    searched = [timed for timed in answers if SEARCH in timed.question.query]
    slowest = max(listed, key=lambda timed: timed.p99)
    ordered = sorted(timed.p99 for timed in listed)
    return [
        Figure(SECTION, "pairs of filter and sort", len(listed), ""),
        Figure(
            SECTION,
            f"p99 of the slowest pair: {slowest.question.name}",
            slowest.p99 * 1e3,
            "ms",
            under(15.0),
        ),
        Figure(SECTION, "p99 of the median pair", quantile(ordered, 0.5) * 1e3, "ms"),
        *(
            Figure(SECTION, f"p99 of {timed.question.name}", timed.p99 * 1e3, "ms", under(15.0))
            for timed in searched
        ),
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
