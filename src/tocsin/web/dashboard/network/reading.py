"""Devices and links of the snapshot: the list of them, one of them, and its tickets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlencode

from tocsin.core.claims import ASSET_PUBKEY, DEVICE_CODE, LINK_CODE, LOCATION_CODE
from tocsin.core.errors import Forbidden, NotFound
from tocsin.core.facts import stream_sort
from tocsin.core.permissions import READERS, may_read
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health
from tocsin.core.records import Device, Link, Location
from tocsin.core.ticket import Ticket
from tocsin.core.words import is_active
from tocsin.projections.shapes.assets import code_of
from tocsin.projections.shapes.record_names import ReadNames, RecordNames
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard import addresses
from tocsin.web.dashboard.addresses import NETWORK
from tocsin.web.dashboard.network.words import Mark, health_mark, status_mark, wanted_words
from tocsin.web.dashboard.rows import Line, lines
from tocsin.web.dashboard.visits import Visit
from tocsin.web.dashboard.words import role_words

MOST_SHOWN: Final = 200
MOST_LOOKED_AT: Final = 20_000
MOST_TICKETS: Final = 20
_AT_ONCE: Final = 1_000

Asset: TypeAlias = Device | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """Devices or links: their sort of stream, where they are in addresses, the API's and ours, and
    the claim of their codes."""

    sort: str
    path: str
    one: str
    many: str
    code: str

    @property
    def home(self) -> str:
        """Where they are listed."""
        return f"{NETWORK}#{self.path}"

    def address(self, name: str, interface: str | None = None, *, done: str | None = None) -> str:
        """The page of one, or of one of its interfaces, whose names have slashes; *done* is what
        was just done with it."""
        asked = {"interface": interface, "done": done}
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        return f"{addresses.asset(self.path, name)}{'?' if query else ''}{query}"


DEVICES: Final = Sort(sort="device", path="devices", one="device", many="Devices", code=DEVICE_CODE)
LINKS: Final = Sort(sort="link", path="links", one="link", many="Links", code=LINK_CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLine:
    """A device or link as a line: ``owner`` is a contributor's code, None where that is gone, and
    ``where`` a place, or the devices it joins."""

    code: str
    address: str
    owner: str | None
    where: str
    status: Mark
    health: Mark
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Those of a sort that were sought, what needs a look first; ``count`` of them all, of which
    ``in_service`` and ``impaired``."""

    sort: Sort
    lines: tuple[AssetLine, ...]
    count: int
    in_service: int
    impaired: int


def require_reader(visit: Visit, what: str) -> None:
    """Let whoever may read things of that sort pass.

    Raises:
        Forbidden: names the role that may.
    """
    access = visit.admitted.access
    if not may_read(access, what):
        least = role_words(READERS[what])
        raise Forbidden(
            f"this is for the role {least} and above; yours is {role_words(access.role)}"
        )


def every(visit: Visit, sort: Sort) -> tuple[Asset, ...]:
    """All devices or links, as many as are looked at."""
    return tuple(_all(visit.turn, visit.admitted.org_id, sort))


def listed(visit: Visit, sort: Sort, assets: Iterable[Asset], *, words: str) -> Listed:
    """Those of *assets* whose code has *words* in it, or whose pubkey they are."""
    turn, org_id = visit.turn, visit.admitted.org_id
    sought = [one for one in assets if words in one.code or words == one.pubkey]
    shown = sorted(sought, key=_urgency)[:MOST_SHOWN]
    names = ReadNames(turn, org_id=org_id, records=shown)
    return Listed(
        sort=sort,
        lines=tuple(_line(one, sort, names) for one in shown),
        count=len(sought),
        in_service=sum(one.life.status is AssetStatus.ACTIVATED for one in sought),
        impaired=sum(one.life.health is Health.IMPAIRED for one in sought),
    )


def _all(turn: ReadTurn, org_id: int, sort: Sort) -> Iterator[Asset]:
    after, looked_at = "", 0
    while looked_at < MOST_LOOKED_AT:
        heads = turn.heads_of_sort(org_id, sort.sort, after=after, limit=_AT_ONCE)
        for head in heads:
            if isinstance(head.state, Device | Link) and head.state.removed_at is None:
                yield head.state
        if len(heads) < _AT_ONCE:
            return
        looked_at += len(heads)
        after = heads[-1].stream


def _urgency(one: Asset) -> tuple[bool, bool, str]:
    """Impaired ones first, then those that are wanted in service and are not yet."""
    waits = one.life.desired is DesiredStatus.ACTIVATED
    waits = waits and one.life.status is not AssetStatus.ACTIVATED
    return one.life.health is not Health.IMPAIRED, not waits, one.code


def _line(one: Asset, sort: Sort, names: RecordNames) -> AssetLine:
    return AssetLine(
        code=one.code,
        address=sort.address(one.code),
        owner=code_of(one.contributor_id, names),
        where=_where(one, names),
        status=status_mark(one.life.status),
        health=health_mark(one.life.health),
        wanted=wanted_words(one.life.desired),
    )


def _where(one: Asset, names: RecordNames) -> str:
    if isinstance(one, Device):
        return one.exchange or one.location or "not said"
    return " – ".join(
        side.device if (device := names.device(side.device)) is None else device.code
        for side in (one.side_a, one.side_z)
    )


# -- one of them -----------------------------------------------------------------------------------


def existing(visit: Visit, sort: Sort) -> Asset:
    """The one that the address names by code or pubkey.

    Raises:
        Forbidden: its sort is not for this reader.
        NotFound: there is none, or it was removed.
    """
    require_reader(visit, sort.sort)
    name, org_id = visit.path["name"], visit.admitted.org_id
    held = visit.turn.claims(org_id, {(sort.code, name), (ASSET_PUBKEY, name)})
    for stream in held.values():
        head = visit.turn.head(org_id, stream)
        if stream_sort(stream) == sort.sort and head is not None:
            asset = head.state
            if isinstance(asset, Device | Link) and asset.removed_at is None:
                return asset
    raise NotFound(f"there is no {sort.one} {name[:64]!r} here")


def life_at(asset: Asset, interface: str | None) -> Life:
    """The life of *asset*, or of its *interface* to users.

    Raises:
        NotFound: it has none of that name.
    """
    if interface is None:
        return asset.life
    if isinstance(asset, Device):
        for one in asset.interfaces:
            if one.name == interface and one.needs_evidence:
                return one.life
    raise NotFound(f"{asset.code} has no interface to users {interface[:64]!r}")


def place(turn: ReadTurn, org_id: int, code: str | None) -> str | None:
    """A place as people call it, by the code that a device says; the code where it is no place."""
    if code is None:
        return None
    stream = turn.claimed_by(org_id, LOCATION_CODE, code)
    head = None if stream is None else turn.head(org_id, stream)
    if head is None or not isinstance(head.state, Location):
        return code
    where = head.state
    return f"{where.name}{'' if where.country is None else f', {where.country}'} ({code})"


def places_of(visit: Visit, devices: Iterable[Device]) -> dict[str, Location]:
    """The places that *devices* say, by their codes."""
    org_id = visit.admitted.org_id
    codes = {code for one in devices for code in (one.exchange, one.location) if code is not None}
    held = visit.turn.claims(org_id, {(LOCATION_CODE, code) for code in codes})
    heads = visit.turn.heads(org_id, set(held.values()))
    found = (head.state for head in heads.values())
    return {one.code: one for one in found if isinstance(one, Location)}


def tickets_on(visit: Visit, asset: Asset) -> tuple[Line, ...]:
    """The newest tickets about *asset* that need somebody."""
    org_id = visit.admitted.org_id
    sort = "device" if isinstance(asset, Device) else "link"
    rows = visit.turn.select(
        "SELECT t.stream FROM ticket_terms AS found CROSS JOIN tickets AS t"
        " ON t.number = found.number WHERE found.org_id = ? AND found.term = ?"
        " ORDER BY found.number DESC LIMIT ?",
        (org_id, f"{sort}={asset.pubkey}", 10 * MOST_TICKETS),
        org_id=org_id,
    )
    heads = visit.turn.heads(org_id, [stream for (stream,) in rows])
    found = (heads[stream].state for (stream,) in rows if stream in heads)
    active = [one for one in found if isinstance(one, Ticket) and is_active(one.status)]
    return lines(visit.turn, visit.admitted, active[:MOST_TICKETS])
