"""One contributor's part of the network, or what is at one metro: as the address asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tocsin.core.claims import CONTRIBUTOR_CODE
from tocsin.core.facts import stream_name
from tocsin.core.records import Contributor, Device, Link, Location
from tocsin.web.dashboard.forms import Choice
from tocsin.web.dashboard.network.map import placed
from tocsin.web.dashboard.visits import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of the network is looked at. ``around`` are its devices, and those at the other ends of
    its links; ``contributor`` and ``metro`` are the codes that were asked for, empty where none
    was."""

    contributor: str
    metro: str
    devices: tuple[Device, ...]
    links: tuple[Link, ...]
    around: tuple[Device, ...]

    @property
    def is_all(self) -> bool:
        """Whether it is the whole network."""
        return not self.contributor and not self.metro


def part_of(
    visit: Visit, devices: Sequence[Device], links: Sequence[Link], places: Mapping[str, Location]
) -> Part:
    """The part of the network that the address asks for, by ``contributor`` and ``metro``."""
    contributor, metro = visit.one("contributor").strip(), visit.one("metro").strip()
    own, near = tuple(devices), tuple(links)
    if contributor:
        owner = _owner(visit, contributor)
        own = tuple(one for one in own if one.contributor_id == owner)
        near = tuple(
            one for one in near if owner in (one.contributor_id, one.side_z_contributor_id)
        )
    if metro:
        there = {one.pubkey for one in devices if placed(one, places) == metro}
        own = tuple(one for one in own if one.pubkey in there)
        near = tuple(one for one in near if there & {one.side_a.device, one.side_z.device})
    ends = {side.device for one in near for side in (one.side_a, one.side_z)}
    ends |= {one.pubkey for one in own}
    around = tuple(one for one in devices if one.pubkey in ends)
    return Part(contributor=contributor, metro=metro, devices=own, links=near, around=around)


def contributors(visit: Visit, assets: Sequence[Device | Link]) -> tuple[Choice, ...]:
    """Those who have a part of it, by name."""
    ids = {one.contributor_id for one in assets}
    ids |= {one.side_z_contributor_id for one in assets if isinstance(one, Link)}
    streams = {stream_name("contributor", one) for one in ids}
    heads = visit.turn.heads(visit.admitted.org_id, streams).values()
    found = [one.state for one in heads if isinstance(one.state, Contributor)]
    return tuple(
        Choice(value=one.code, text=f"{one.name} ({one.code})")
        for one in sorted(found, key=lambda one: (one.name.casefold(), one.code))
    )


def metros(devices: Sequence[Device], places: Mapping[str, Location]) -> tuple[Choice, ...]:
    """Where devices are, by name."""
    found = [places[code] for code in {placed(one, places) for one in devices} if code is not None]
    return tuple(
        Choice(value=one.code, text=f"{one.name} ({one.code})")
        for one in sorted(found, key=lambda one: (one.name.casefold(), one.code))
    )


def _owner(visit: Visit, code: str) -> str:
    """The id of a contributor; empty, which nobody has, where there is none of that code."""
    stream = visit.turn.claimed_by(visit.admitted.org_id, CONTRIBUTOR_CODE, code)
    return "" if stream is None else stream.partition(":")[2]
