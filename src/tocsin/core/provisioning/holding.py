"""Tickets that hold an asset back from coming into service (Provisioning: rules of evidence)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.correlation import is_in_force
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """By refs, the oldest first: what is in the way of activation, and what would be if its word
    had effect on the asset (Domain: effect needs ownership)."""

    in_the_way: tuple[str, ...] = ()
    advisory: tuple[str, ...] = ()


def terms(pubkey: str) -> frozenset[str]:
    """The terms under which tickets that may hold the asset of that *pubkey* back are found."""
    return frozenset((f"holding={pubkey}", f"window={pubkey}"))


def held(tickets: Iterable[Ticket], *, pubkey: str, at: datetime) -> Held:
    """What *tickets* do to the asset of that *pubkey* at the instant *at*."""
    on_it = sorted(
        (one for one in tickets if pubkey in (*one.devices, *one.links) and _holds(one, at=at)),
        key=lambda one: (one.start_at, one.id),
    )
    return Held(
        in_the_way=tuple(one.ref for one in on_it if pubkey in one.effect),
        advisory=tuple(one.ref for one in on_it if pubkey not in one.effect),
    )


def _holds(ticket: Ticket, *, at: datetime) -> bool:
    if ticket.type is TicketType.MAINTENANCE:
        return is_in_force(ticket, at=at)
    return ticket.holds_back
