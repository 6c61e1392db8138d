"""What a link means for the interfaces at its two ends (Provisioning: interface): a link that is
there uses both, but the far one only once that side has accepted."""

from __future__ import annotations

from tocsin.core.commands import Command
from tocsin.core.evidence import Given
from tocsin.core.facts import stream_name
from tocsin.core.provisioning.commands import BindInterface, FreeInterface
from tocsin.core.records import Link, Side
from tocsin.core.words import LinkType

Consequence = tuple[str, Command]
"""A stream, and what is asked of it."""


def bindings(before: Link | None, after: Link | None, given: Given) -> tuple[Consequence, ...]:
    """The commands to devices that follow from *before* having become *after*; each is idempotent.

    *after* is None when the link was removed. Interfaces are freed before others are bound.
    """
    used, uses = _used(before), _used(after)
    freed = [
        (_device(side, given), FreeInterface(name=side.interface))
        for side in used
        if side not in uses
    ]
    bound = [
        (_device(side, given), BindInterface(name=side.interface, link_type=kind.value))
        for side, kind in uses.items()
        if used.get(side) is not kind
    ]
    return tuple((stream, command) for stream, command in (*freed, *bound) if stream is not None)


def _used(link: Link | None) -> dict[Side, LinkType]:
    if link is None or link.removed_at is not None:
        return {}
    sides = (link.side_a, link.side_z) if link.life.accepted else (link.side_a,)
    # On a ledger a far end may have no name yet.
    return dict.fromkeys((side for side in sides if side.interface), link.link_type)


def _device(side: Side, given: Given) -> str | None:
    device = given.directory.device(side.device)
    return None if device is None else stream_name("device", device.id)
