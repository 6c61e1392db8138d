"""What happened to the life of a device, link or interface: who did it, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from tocsin.core.facts import Actor, Event, Payload, stream_name
from tocsin.core.provisioning.facts import (
    AcceptanceRequested,
    CriterionDemanded,
    CriterionWaived,
    DesiredStatusChanged,
    HealthChanged,
    InterfaceBound,
    InterfaceDefined,
    InterfaceRemoved,
    LinkAccepted,
    Mirrored,
    Released,
    StatusChanged,
)
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.network.reading import Asset, Sort
from tocsin.web.dashboard.network.words import (
    Mark,
    criterion_words,
    health_mark,
    is_criterion,
    ledger_words,
    status_mark,
    wanted_words,
)
from tocsin.web.status.words import instant

SHOWN: Final = 20
LOOKED_AT: Final = 200
"""Of so many that happened to a device the newest of one interface are shown."""

_LIFE: Final[tuple[type[Payload], ...]] = (
    StatusChanged,
    HealthChanged,
    DesiredStatusChanged,
    CriterionWaived,
    CriterionDemanded,
    AcceptanceRequested,
    LinkAccepted,
    InterfaceDefined,
    InterfaceBound,
    InterfaceRemoved,
    Mirrored,
    Released,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened: ``what`` in words, and where it led as a sign, if it led anywhere.
    ``of`` is the interface that it happened to, ``why`` are sentences."""

    at: datetime
    who: str
    party: str | None
    what: str
    mark: Mark | None = None
    of: str | None = None
    why: tuple[str, ...] = ()


def happened(
    turn: ReadTurn, org_id: int, sort: Sort, asset: Asset, *, interface: str | None = None
) -> tuple[Happened, ...]:
    """What happened to *asset*, newest first; with *interface*, to that one alone."""
    kinds = [one.kinds[sort.sort] for one in _LIFE if sort.sort in one.kinds]
    limit = SHOWN if interface is None else LOOKED_AT
    stream = stream_name(sort.sort, asset.id)
    events = turn.newest_events(org_id, stream, kinds, limit=limit)
    found = (told for event in events if (told := _one(event)) is not None)
    return tuple(islice((one for one in found if interface in (None, one.of)), SHOWN))


def _one(event: Event) -> Happened | None:
    """The event in words; None for one that is not about a life."""
    mark: Mark | None = None
    of: str | None = None
    why: tuple[str, ...] = ()
    match event.payload:
        case StatusChanged() as change:
            what, mark = "moved it on", status_mark(change.status_to)
            of, why = change.interface, change.reasons
        case HealthChanged() as change:
            what, mark = "judged its health", health_mark(change.health_to)
            of, why = change.interface, tuple(map(_reason, change.reasons))
        case DesiredStatusChanged() as change:
            what, of = f"wants it {wanted_words(change.desired_to)}", change.interface
            why = () if change.reason is None else (change.reason,)
        case CriterionWaived() as waived:
            until = instant(waived.until)
            what = f"waived “{criterion_words(waived.criterion)}” until {until}"
            of, why = waived.interface, (waived.reason,)
        case CriterionDemanded() as demanded:
            what = f"demands “{criterion_words(demanded.criterion)}” again"
            of = demanded.interface
        case AcceptanceRequested():
            what = "asked the other side to accept it"
        case Mirrored() as said:
            what = f"was told by the ledger that it is {ledger_words(said)}"
        case Released():
            what = "keeps it here, as no ledger does any more"
        case LinkAccepted():
            what = "accepted it"
        case InterfaceDefined(name=name, by_link=by_link):
            what, of = "defined it for a link" if by_link else "defined it", name
        case InterfaceBound(name=name, link=link):
            what = "freed it" if link is None else f"bound it to a {link.value} link"
            of = name
        case InterfaceRemoved(name=name):
            what, of = "took it away", name
        case _:
            return None
    return Happened(
        at=event.recorded_at,
        who=_who(event.actor),
        party=event.actor.contributor,
        what=what,
        mark=mark,
        of=of,
        why=why,
    )


def _reason(text: str) -> str:
    """A reason with its criterion, ``side_a: no light``, as people call it; others as they are."""
    name, colon, rest = text.partition(": ")
    return f"{criterion_words(name)}: {rest}" if colon and is_criterion(name) else text


def _who(actor: Actor) -> str:
    return "Tocsin itself" if actor.type == "system" else actor.name
