"""Tickets that hold a device or link back from coming into service, found on a snapshot
(Provisioning: rules of evidence)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tocsin.core.provisioning import holding
from tocsin.core.provisioning.holding import Held
from tocsin.core.records import Device, Link
from tocsin.core.ticket import Ticket
from tocsin.store.contract import ReadTurn

MOST_HOLDING: Final = 200
"""Of each kind the newest so many are looked at."""


def held_on(turn: ReadTurn, org_id: int, asset: Device | Link, *, at: datetime) -> Held:
    """What is in the way of *asset* at an instant, and what would be if it had effect."""
    streams = [
        stream
        for term in sorted(holding.terms(asset.pubkey))
        for (stream,) in turn.select(
            "SELECT t.stream FROM ticket_terms AS found CROSS JOIN tickets AS t"
            " ON t.number = found.number WHERE found.org_id = ? AND found.term = ?"
            " ORDER BY found.number DESC LIMIT ?",
            (org_id, term, MOST_HOLDING),
            org_id=org_id,
        )
    ]
    heads = turn.heads(org_id, streams)
    tickets = [head.state for head in heads.values() if isinstance(head.state, Ticket)]
    return holding.held(tickets, pubkey=asset.pubkey, at=at)


def referring_to(turn: ReadTurn, org_id: int, device: Device) -> tuple[str, ...]:
    """Names of what still needs *device*: links that end there, interfaces somebody defined."""
    codes: list[str] = []
    after = ""
    while heads := turn.heads_of_sort(org_id, "link", after=after, limit=1_000):
        for head in heads:
            link = head.state
            if isinstance(link, Link) and link.removed_at is None and _ends_on(link, device):
                codes.append(link.code)
        after = heads[-1].stream
    own = (f"interface {one.name}" for one in device.interfaces if not one.by_link)
    return (*sorted(codes), *own)


def _ends_on(link: Link, device: Device) -> bool:
    return device.pubkey in (link.side_a.device, link.side_z.device)
