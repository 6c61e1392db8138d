"""Every aggregate in one table: how each sort of stream decides, folds and what it stands for.

The writer, the rebuild and the checks all go through this table, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from tocsin.core import administration, incident, maintenance, record_claims, registry
from tocsin.core import ticket_claims as of_tickets
from tocsin.core.claims import Claim
from tocsin.core.deadlines import Deadline, deadlines_of
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, Payload
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    EntryPoint,
    Key,
    Link,
    Location,
    Member,
    Org,
    Policy,
    Record,
    Route,
    Rule,
    Service,
    StatusPage,
    Subscription,
    View,
)
from tocsin.core.rows import terms_of
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_fold import evolve as evolve_ticket

State = Ticket | Record


@dataclass(frozen=True, slots=True)
class Standing:
    """What a state means beyond itself: claims it holds, deadlines it waits for, terms to find it
    by."""

    claims: frozenset[Claim]
    deadlines: tuple[Deadline, ...] = ()
    terms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One sort of stream: the class of its state, and its two functions.

    Each decision takes its own commands only. The permissions have already refused a command that
    is no business of the sort, and the decisions end in ``assert_never``; so here they are ``Any``.
    """

    state: type[Ticket] | type[Record]
    decide: Callable[[Any, Any, Given], tuple[Payload, ...]]
    evolve: Callable[[Any, Event], State]


AGGREGATES: Final[Mapping[str, Aggregate]] = MappingProxyType(
    {
        "incident": Aggregate(Ticket, incident.decide, evolve_ticket),
        "maintenance": Aggregate(Ticket, maintenance.decide, evolve_ticket),
        "device": Aggregate(Device, registry.decide, registry.evolve),
        "link": Aggregate(Link, registry.decide, registry.evolve),
        "org": Aggregate(Org, administration.decide, administration.evolve),
        "contributor": Aggregate(Contributor, administration.decide, administration.evolve),
        "member": Aggregate(Member, administration.decide, administration.evolve),
        "key": Aggregate(Key, administration.decide, administration.evolve),
        "service": Aggregate(Service, administration.decide, administration.evolve),
        "location": Aggregate(Location, administration.decide, administration.evolve),
        "route": Aggregate(Route, administration.decide, administration.evolve),
        "entry_point": Aggregate(EntryPoint, administration.decide, administration.evolve),
        "connector": Aggregate(Connector, administration.decide, administration.evolve),
        "rule": Aggregate(Rule, administration.decide, administration.evolve),
        "status_page": Aggregate(StatusPage, administration.decide, administration.evolve),
        "subscription": Aggregate(Subscription, administration.decide, administration.evolve),
        "view": Aggregate(View, administration.decide, administration.evolve),
        "policy": Aggregate(Policy, administration.decide, administration.evolve),
    }
)


def standing_of(state: State) -> Standing:
    """What *state* holds, waits for and is found by."""
    if isinstance(state, Ticket):
        return Standing(of_tickets.claims_of(state), deadlines_of(state), terms_of(state))
    return Standing(record_claims.claims_of(state))
