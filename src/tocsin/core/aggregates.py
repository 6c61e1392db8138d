"""Every aggregate in one table: how each sort of stream decides, folds and what it stands for.

The writer, the rebuild and the checks all go through this table, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tocsin.core import administration, incident, maintenance, record_claims, registry
from tocsin.core import ticket_claims as of_tickets
from tocsin.core.claims import Claim
from tocsin.core.commands import Command
from tocsin.core.deadlines import Deadline, deadlines_of
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, Payload, stream_sort
from tocsin.core.records import (
    Contributor,
    Device,
    Key,
    Link,
    Member,
    Org,
    Policy,
    Record,
    Route,
    Service,
)
from tocsin.core.rows import terms_of
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_fold import evolve as evolve_ticket

State = Ticket | Record


@dataclass(frozen=True, slots=True)
class Standing:
    """What a state means beyond itself: claims it holds, deadlines it waits for, terms to find it by."""

    claims: frozenset[Claim]
    deadlines: tuple[Deadline, ...] = ()
    terms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One sort of stream: the class of its state, and its two functions."""

    state: type[Ticket] | type[Record]
    decide: Callable[[State | None, Command, Given], tuple[Payload, ...]]
    evolve: Callable[[State | None, Event], State]
