"""What a ticket keeps others from taking: its ref and conversations for ever, its correlation keys
while active."""

from __future__ import annotations

from tocsin.core.claims import CORRELATION_KEY, EXTERNAL_ID, REF, Claim
from tocsin.core.ticket import Ticket
from tocsin.core.words import is_active


def claims_of(ticket: Ticket) -> frozenset[Claim]:
    """The claims that *ticket* holds as it stands (Domain: correlation)."""
    held: set[Claim] = {(REF, ticket.ref)} if ticket.ref else set()
    if ticket.correlation_keys and is_active(ticket.status):
        held.update((CORRELATION_KEY, key) for key in ticket.correlation_keys)
    for reference in ticket.references:
        if reference.external_id is not None:
            held.add((EXTERNAL_ID, reference.external_id))
    return frozenset(held)
