"""Overlaps: two maintenances that share an asset, or touch two sides of one link, at one time.

Pure geometry of windows and assets (Domain: overlap). Which others there are comes with the
command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.evidence import Directory
from tocsin.core.ticket import Overlap, SharedAsset, Ticket
from tocsin.core.words import ACTIVE_MAINTENANCE, TicketType


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Planned work as far as overlaps go: where (pubkeys) and when (from start up to the end)."""

    devices: tuple[str, ...]
    links: tuple[str, ...]
    start_at: datetime
    end_at: datetime


def work_of(ticket: Ticket) -> Work:
    """The work of a maintenance, from its planned or actual start, whichever is earlier."""
    actual = ticket.actual_start_at
    return Work(
        devices=ticket.devices,
        links=ticket.links,
        start_at=ticket.start_at if actual is None else min(ticket.start_at, actual),
        end_at=ticket.start_at if ticket.end_at is None else ticket.end_at,
    )


def touched(ticket: Ticket | Work, directory: Directory) -> frozenset[str]:
    """Every pubkey under which another maintenance in the way of *ticket* may be found.

    Its devices and links, the links of its devices, and the devices at the other end of these links
    and at both ends of its own.
    """
    found = {*ticket.devices, *ticket.links}
    links = [link for pubkey in ticket.devices for link in directory.links_of(pubkey)]
    for name in ticket.links:
        link = directory.link(name)
        if link is not None:
            links.append(link)
    for link in links:
        found.update((link.pubkey, link.side_a.device, link.side_z.device))
    return frozenset(found)


def overlaps_of(work: Work, others: Iterable[Ticket], directory: Directory) -> tuple[Overlap, ...]:
    """The active maintenances among *others* that are in the way of *work*, by ticket id."""
    found: list[Overlap] = []
    for other in others:
        if other.type is not TicketType.MAINTENANCE or other.status not in ACTIVE_MAINTENANCE:
            continue
        theirs = work_of(other)
        if work.start_at < theirs.end_at and theirs.start_at < work.end_at:
            shared = shared_assets(work, theirs, directory)
            if shared:
                found.append(Overlap(ticket_id=other.id, shared=shared))
    return tuple(sorted(found, key=lambda overlap: overlap.ticket_id))


def shared_assets(one: Work, two: Work, directory: Directory) -> tuple[SharedAsset, ...]:
    """What two works have in common, by kind and code; the answer is the same either way round.

    ``same``: both name the device or link. ``other_side``: they touch one link from two sides, or
    one names the link and the other a device at its end.
    """
    found: list[SharedAsset] = []
    for pubkey in set(one.devices).intersection(two.devices):
        device = directory.device(pubkey)
        code = pubkey if device is None else device.code
        found.append(SharedAsset(kind="device", code=code, pubkey=pubkey, reason="same"))
    same_links = set(one.links).intersection(two.links)
    for pubkey in same_links:
        link = directory.link(pubkey)
        code = pubkey if link is None else link.code
        found.append(SharedAsset(kind="link", code=code, pubkey=pubkey, reason="same"))
    for pubkey in (_links_of(one, directory) & _links_of(two, directory)) - same_links:
        link = directory.link(pubkey)
        if link is None:
            continue
        ends = (link.side_a.device, link.side_z.device)
        named = pubkey in one.links or pubkey in two.links
        if named or _on_two_sides(ends, one.devices, two.devices):
            shared = SharedAsset(kind="link", code=link.code, pubkey=pubkey, reason="other_side")
            found.append(shared)
    return tuple(sorted(found, key=lambda shared: (shared.kind, shared.code, shared.pubkey)))


def _links_of(work: Work, directory: Directory) -> set[str]:
    found = set(work.links)
    for device in work.devices:
        found.update(link.pubkey for link in directory.links_of(device))
    return found


def _on_two_sides(ends: tuple[str, str], one: Sequence[str], two: Sequence[str]) -> bool:
    a_side, z_side = ends
    return (a_side in one and z_side in two) or (z_side in one and a_side in two)


def forbidding(
    overlaps: Iterable[Overlap], others: Iterable[Ticket], directory: Directory
) -> tuple[Ticket, ...]:
    """Those of *others* that have effect on what is shared: the ones that may forbid an overlap.

    The others are advisory (Domain: effect needs ownership).
    """
    by_id = {other.id: other for other in others}
    found: list[Ticket] = []
    for overlap in overlaps:
        other = by_id.get(overlap.ticket_id)
        if other is None:
            continue
        stakes: set[str] = set()
        for shared in overlap.shared:
            stakes.add(shared.pubkey)
            link = directory.link(shared.pubkey) if shared.kind == "link" else None
            if link is not None:
                stakes.update((link.side_a.device, link.side_z.device))
        if stakes.intersection(other.effect):
            found.append(other)
    return tuple(found)
