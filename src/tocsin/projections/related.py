"""Tickets that have terms in common (API: related)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.store.contract import Head, ReadTurn

NEWEST_PER_TERM: Final = 20
MOST_RELATED: Final = 50


def sharing(
    turn: ReadTurn, *, org_id: int, number: int, terms: Sequence[str]
) -> list[tuple[Head, tuple[str, ...]]]:
    """Other tickets with any of *terms*, and which: those with most of them first, then the newest.

    Of each term the newest few are looked at.
    """
    shared: dict[int, list[str]] = {}
    for term in terms:
        for (other,) in turn.select(
            "SELECT number FROM ticket_terms WHERE org_id = ? AND term = ? AND number <> ?"
            " ORDER BY number DESC LIMIT ?",
            (org_id, term, number, NEWEST_PER_TERM),
            org_id=org_id,
        ):
            shared.setdefault(other, []).append(term)
    numbers = sorted(shared, key=lambda other: (-len(shared[other]), -other))[:MOST_RELATED]
    marks = ", ".join("?" * len(numbers))
    rows = turn.select(
        f"SELECT number, stream FROM tickets WHERE org_id = ? AND number IN ({marks})",
        (org_id, *numbers),
        org_id=org_id,
    )
    streams: dict[int, str] = dict(rows)
    heads = turn.heads(org_id, list(streams.values()))
    return [(heads[streams[other]], tuple(shared[other])) for other in numbers]
