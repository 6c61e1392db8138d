"""Tickets that are like one, by what they have in common and how much that weighs.

An alert that was on both weighs most, then keys, links, devices and services; of two that share as
much the newer one comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tocsin.core.records import Device, Link
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import SignalIngested
from tocsin.projections.related import sharing
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.store.contract import ReadTurn

NEWEST_SIGNALS: Final = 100
"""Signals of each ticket that are compared."""

_ALERT: Final = 6
_WEIGHTS: Final = {"correlation_key": 5, "link": 3, "device": 2, "service": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Another ticket, ``number`` of its stream, what it has in common, and how much that weighs.

    ``alerts`` are the words of alerts that were on both, ``terms`` are as lists find tickets.
    """

    ticket: Ticket
    number: int
    score: int
    alerts: tuple[str, ...]
    terms: tuple[str, ...]

    def reasons(self, names: LoadedNames) -> tuple[str, ...]:
        """What they have in common as people say it: ``device ams-1``."""
        return (
            *(f"alert {words}"[:200] for words in self.alerts),
            *(_in_words(term, names) for term in self.terms),
        )


def alike(
    turn: ReadTurn,
    org_id: int,
    ticket: Ticket,
    *,
    number: int,
    wanted: Callable[[Ticket], bool],
    alerts: bool = True,
) -> list[Alike]:
    """Tickets that are *wanted* and have something in common with *ticket*, whose stream is
    *number*, the most alike first; *alerts* is whether those that were on both count."""
    mine = _alerts(turn, org_id, ticket) if alerts else {}
    found: list[Alike] = []
    for head, terms in sharing(turn, org_id=org_id, number=number, terms=list(_terms(ticket))):
        other = head.state
        if not isinstance(other, Ticket) or not wanted(other):
            continue
        theirs = _alerts(turn, org_id, other) if mine else {}
        shared = tuple(words for name, words in mine.items() if name in theirs)
        score = _ALERT * len(shared) + sum(_WEIGHTS[one.partition("=")[0]] for one in terms)
        found.append(
            Alike(ticket=other, number=head.number, score=score, alerts=shared, terms=tuple(terms))
        )
    return sorted(found, key=lambda one: (-one.score, -one.number))


def _terms(ticket: Ticket) -> Iterator[str]:
    yield from (f"correlation_key={key}" for key in ticket.correlation_keys)
    yield from (f"link={pubkey}" for pubkey in ticket.links)
    yield from (f"device={pubkey}" for pubkey in ticket.devices)
    yield from (f"service={code}" for code in ticket.services)


def _alerts(turn: ReadTurn, org_id: int, ticket: Ticket) -> dict[str, str]:
    """The alerts that were put on *ticket*, by fingerprint, with their words."""
    kind = SignalIngested.kinds[ticket.type.value]
    found: dict[str, str] = {}
    for event in turn.newest_events(org_id, ticket.stream, (kind,), limit=NEWEST_SIGNALS):
        assert isinstance(event.payload, SignalIngested)
        if event.payload.fingerprint is not None:
            found.setdefault(event.payload.fingerprint, event.payload.summary)
    return found


def _in_words(term: str, names: LoadedNames) -> str:
    sort, _, name = term.partition("=")
    known: Device | Link | None = None
    if sort == "device":
        known = names.device(name)
    elif sort == "link":
        known = names.link(name)
    return f"{sort.replace('_', ' ')} {name if known is None else known.code}"
