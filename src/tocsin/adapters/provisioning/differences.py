"""In what the registry differs from what a ledger says, as commands that make it alike
(Provisioning: the doublezero ledger).

What cannot be held here is asked for all the same: the core refuses it, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tocsin.adapters.provisioning.asked import Asked, Phase, Registry, changed, said_of
from tocsin.adapters.provisioning.asset_differences import (
    devices,
    interfaces,
    interfaces_gone,
    links,
)
from tocsin.core.commands import Command
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.provisioning.commands import (
    FollowLedger,
    LeaveLedger,
)
from tocsin.core.provisioning.ledger import (
    DeviceFacts,
    LastWish,
    LinkFacts,
    Mirror,
    PlaceFacts,
)
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.record_commands import CreateContributor, UpdateContributor
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import (
    RemoveDevice,
    RemoveLink,
)

_DECIMALS: Final = 6
_DRAINS: Final[Mapping[str, LastWish]] = {
    "soft_drained": "soft_drained",
    "hard_drained": "hard_drained",
}

Kept = TypeVar("Kept", Device, Link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What is asked, phase by phase: within one the order does not matter, and what is refused may
    be free once the others are done. ``lives`` are what is said of health and status, ``leaving``
    are devices, links and places that the ledger has no more."""

    lives: tuple[Phase, ...]
    leaving: tuple[Phase, ...]
    coming: tuple[Phase, ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing differs."""
        return not any((*self.lives, *self.leaving, *self.coming))


def last_wishes(devices: Iterable[Device]) -> dict[str, LastWish]:
    """How each device was last wished to be drained, by pubkey, as far as it stands here."""
    found: dict[str, LastWish] = {}
    for one in devices:
        wish = _DRAINS.get(one.life.desired.value) or _DRAINS.get(one.life.status.value)
        if wish is not None:
            found[one.pubkey] = wish
    return found


def differences(held: Registry, seen: Mirror, *, fresh: Callable[[], str]) -> Differences:
    """In what *held* differs from what was *seen*; *fresh* makes identities."""
    return Differences(
        # First of all, and by the version that was there before the ledger was looked at.
        lives=(
            tuple(_followed(held.devices, seen.devices, sort="device")),
            tuple(_followed(held.links, seen.links, sort="link")),
        ),
        leaving=(
            tuple(_gone(held.links, seen, seen.links, sort="link", command=RemoveLink())),
            tuple(_gone(held.devices, seen, seen.devices, sort="device", command=RemoveDevice())),
            tuple(_places_gone(held, seen)),
        ),
        coming=(
            tuple(_contributors(held, seen, fresh)),
            tuple(_places(held, seen, fresh)),
            tuple(devices(held, seen, fresh)),
            tuple(interfaces(held, seen)),
            tuple(links(held, seen, fresh)),
            tuple(interfaces_gone(held, seen)),
        ),
    )


# -- their lives -----------------------------------------------------------------------------------


def _followed(
    held: Mapping[str, Kept], seen: Sequence[DeviceFacts] | Sequence[LinkFacts], *, sort: str
) -> Iterator[Asked]:
    for facts in seen:
        asset = held.get(facts.pubkey)
        if asset is None or asset.on_ledger == said_of(facts):
            continue
        said = said_of(facts)
        yield Asked(
            about=f"{sort} {asset.code}",
            sort=sort,
            subject=asset.pubkey,
            command=FollowLedger(
                status=said.status,
                health=said.health,
                desired_status=said.desired_status,
                version=asset.version,
            ),
        )


# -- what is gone ----------------------------------------------------------------------------------


def _there(seen: Mirror, facts: Iterable[DeviceFacts | LinkFacts | PlaceFacts]) -> set[str]:
    """Pubkeys of which nobody can say that they are gone."""
    return {one.pubkey for one in facts} | {one.pubkey for one in seen.unreadable}


def _gone(
    held: Mapping[str, Kept],
    seen: Mirror,
    facts: Sequence[DeviceFacts] | Sequence[LinkFacts],
    *,
    sort: str,
    command: Command,
) -> Iterator[Asked]:
    there = _there(seen, facts)
    for pubkey, asset in held.items():
        if asset.on_ledger is not None and pubkey not in there:
            yield Asked(about=f"{sort} {asset.code}", sort=sort, subject=pubkey, command=command)


def _places_gone(held: Registry, seen: Mirror) -> Iterator[Asked]:
    there = _there(seen, (*seen.locations, *seen.exchanges))
    for place in held.places:
        if place.pubkey is not None and place.pubkey not in there:
            yield Asked(
                about=f"location {place.code}",
                sort="location",
                subject=place.id,
                command=RemoveLocation(),
            )


# -- contributors and places -----------------------------------------------------------------------


def _contributors(held: Registry, seen: Mirror, fresh: Callable[[], str]) -> Iterator[Asked]:
    # People, contacts and routes hang on them: one that is gone there stays here.
    for facts in seen.contributors:
        about = f"contributor {facts.code}"
        ours = held.contributors.get(facts.pubkey)
        if ours is None:
            yield Asked(
                about=about,
                sort="contributor",
                command=CreateContributor(
                    contributor_id=fresh(), code=facts.code, name=facts.code, pubkey=facts.pubkey
                ),
            )
        elif ours.code != facts.code:
            yield Asked(
                about=about,
                sort="contributor",
                subject=ours.id,
                command=UpdateContributor(code=facts.code),
            )


def _places(held: Registry, seen: Mirror, fresh: Callable[[], str]) -> Iterator[Asked]:
    by_pubkey = {one.pubkey: one for one in held.places if one.pubkey is not None}
    by_code = {one.code: one for one in held.places if one.pubkey is None}
    kinds = (
        (LocationKind.LOCATION, seen.locations),
        (LocationKind.EXCHANGE, seen.exchanges),
    )
    for kind, places in kinds:
        for facts in places:
            wanted: dict[str, Any] = {
                "pubkey": facts.pubkey,
                "code": facts.code,
                "name": facts.name,
                "kind": kind.value,
                "country": facts.country.upper() if facts.country else None,
                "lat": _degrees(facts.lat),
                "lng": _degrees(facts.lng),
            }
            about = f"{kind.value} {facts.code}"
            ours = by_pubkey.get(facts.pubkey) or by_code.get(facts.code)
            if ours is None:
                made = CreateLocation(location_id=fresh(), **wanted)
                yield Asked(about=about, sort="location", command=made)
                continue
            now = {name: getattr(ours, name) for name in wanted}
            changes = changed(now, wanted)
            if "lat" in changes or "lng" in changes:
                # A place has both degrees, or neither.
                changes |= {"lat": wanted["lat"], "lng": wanted["lng"]}
            if changes:
                yield Asked(
                    about=about,
                    sort="location",
                    subject=ours.id,
                    command=UpdateLocation(**changes),
                )


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS) + 0.0


# -- left ------------------------------------------------------------------------------------------


def releases(held: Registry) -> Phase:
    """What lets go of all that a ledger kept."""
    assets = [
        Asked(about=f"{sort} {one.code}", sort=sort, subject=one.pubkey, command=LeaveLedger())
        for sort, kept in (("device", held.devices), ("link", held.links))
        for one in kept.values()
        if one.on_ledger is not None
    ]
    places = [
        Asked(
            about=f"location {one.code}",
            sort="location",
            subject=one.id,
            command=UpdateLocation(pubkey=None),
        )
        for one in held.places
        if one.pubkey is not None
    ]
    return (*assets, *places)
