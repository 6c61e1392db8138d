"""In what the registry differs from what a ledger says, as commands that make it alike
(Provisioning: the doublezero ledger).

What cannot be held here is asked for all the same: the core refuses it, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tocsin.core.commands import Command
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.provisioning.assets import Interface, named
from tocsin.core.provisioning.commands import (
    ChangeInterface,
    DefineInterface,
    FollowLedger,
    RemoveInterface,
)
from tocsin.core.provisioning.ledger import (
    UNKNOWN,
    DeviceFacts,
    InterfaceFacts,
    LastWish,
    LinkFacts,
    Mirror,
    PlaceFacts,
)
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, LocationKind
from tocsin.core.record_commands import CreateContributor, UpdateContributor
from tocsin.core.records import Contributor, Device, Link, Location, Side
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)

_DECIMALS: Final = 6
_STAYS_BY_ITSELF: Final = (
    AssetStatus.ACTIVATED,
    AssetStatus.SOFT_DRAINED,
    AssetStatus.HARD_DRAINED,
)
_DRAINS: Final[Mapping[str, LastWish]] = {
    "soft_drained": "soft_drained",
    "hard_drained": "hard_drained",
}

Kept = TypeVar("Kept", Device, Link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What an org's registry holds, by pubkey; places as a list, for not all of them have one."""

    contributors: Mapping[str, Contributor]
    places: Sequence[Location]
    devices: Mapping[str, Device]
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A difference: what it is ``about``, in words for the operator, and the command that ends it.

    ``apart`` are its parts, to be asked one by one where the whole is refused; ``then`` is asked
    once it is done.
    """

    about: str
    sort: str
    command: Command
    subject: str | None = None
    apart: tuple[Command, ...] = ()
    then: tuple[Asked, ...] = field(default=())


Phase = tuple[Asked, ...]


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
            tuple(_devices(held, seen, fresh)),
            tuple(_interfaces(held, seen)),
            tuple(_links(held, seen, fresh)),
            tuple(_interfaces_gone(held, seen)),
        ),
    )


# -- their lives -----------------------------------------------------------------------------------


def said_of(facts: DeviceFacts | LinkFacts) -> OnLedger:
    """What the ledger says of the life of it. Where nobody ever wished for a status, it is to stay
    as it stands: nothing is drained that nobody wished to drain."""
    desired = facts.desired_status
    if not facts.is_wished:
        stays = facts.status in _STAYS_BY_ITSELF
        desired = facts.status if stays else DesiredStatus.HARD_DRAINED.value
    return OnLedger(status=facts.status, health=facts.health, desired_status=desired)


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
            changes = _changed(now, wanted)
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


# -- devices ---------------------------------------------------------------------------------------


def _devices(held: Registry, seen: Mirror, fresh: Callable[[], str]) -> Iterator[Asked]:
    codes = {one.pubkey: one.code for one in (*seen.locations, *seen.exchanges)}
    unread = {one.pubkey for one in seen.unreadable}
    owners = {one.id: one.pubkey for one in held.contributors.values()}
    for facts in seen.devices:
        wanted: dict[str, Any] = {
            "code": facts.code,
            "contributor": facts.contributor,
            "device_type": None if facts.device_type == UNKNOWN else facts.device_type,
            "location": codes.get(facts.location or ""),
            "exchange": codes.get(facts.exchange or ""),
            "public_ip": facts.public_ip,
            "dz_prefixes": facts.dz_prefixes,
            "max_users": facts.max_users,
            "metrics_publisher": facts.metrics_publisher,
            "mgmt_vrf": facts.mgmt_vrf or None,
        }
        about = f"device {facts.code}"
        ours = held.devices.get(facts.pubkey)
        if ours is None:
            yield Asked(
                about=about,
                sort="device",
                command=RegisterDevice(
                    device_id=fresh(), pubkey=facts.pubkey, on_ledger=said_of(facts), **wanted
                ),
                then=tuple(_defined(facts, one) for one in facts.interfaces),
            )
            continue
        for name, place in (("location", facts.location), ("exchange", facts.exchange)):
            if place in unread:
                # What nobody can read is still there.
                del wanted[name]
        if facts.contributor is None:
            del wanted["contributor"]
        if facts.device_type == UNKNOWN:
            del wanted["device_type"]
        now = {name: getattr(ours, name) for name in wanted if name != "contributor"}
        changes = _changed(now | {"contributor": owners.get(ours.contributor_id)}, wanted)
        if changes:
            yield _update(about, "device", facts.pubkey, UpdateDevice, changes)


def _interfaces(held: Registry, seen: Mirror) -> Iterator[Asked]:
    for facts in seen.devices:
        ours = held.devices.get(facts.pubkey)
        if ours is None:
            continue
        met: set[str] = set()
        for one in facts.interfaces:
            there = named(ours.interfaces, one.name)
            if there is None or there.by_link or one.name in met:
                yield _defined(facts, one)
            elif changes := _changed(_as_fields(there), _fields(one)):
                yield Asked(
                    about=f"interface {one.name} of device {facts.code}",
                    sort="device",
                    subject=facts.pubkey,
                    command=ChangeInterface(name=one.name, **changes),
                )
            met.add(one.name)


def _interfaces_gone(held: Registry, seen: Mirror) -> Iterator[Asked]:
    # What a link uses goes with the link, and nobody can say that an unreadable one uses nothing.
    unread = {one.pubkey for one in seen.unreadable}
    used = {
        (side.device, side.interface) for one in seen.links for side in (one.side_a, one.side_z)
    }
    used |= {
        (side.device, side.interface)
        for one in held.links.values()
        if one.on_ledger is None or one.pubkey in unread
        for side in (one.side_a, one.side_z)
    }
    for facts in seen.devices:
        ours = held.devices.get(facts.pubkey)
        there = {one.name for one in facts.interfaces}
        for one in () if ours is None else ours.interfaces:
            if one.name in there or one.by_link or (facts.pubkey, one.name) in used:
                continue
            yield Asked(
                about=f"interface {one.name} of device {facts.code}",
                sort="device",
                subject=facts.pubkey,
                command=RemoveInterface(name=one.name),
            )


def _defined(device: DeviceFacts, one: InterfaceFacts) -> Asked:
    return Asked(
        about=f"interface {one.name} of device {device.code}",
        sort="device",
        subject=device.pubkey,
        command=DefineInterface(name=one.name, **_fields(one)),
    )


def _fields(one: InterfaceFacts) -> dict[str, Any]:
    """The fields of an interface as they are given here, where it has one role: the way to the
    internet, before one to users."""
    role = "dia" if "dia" in one.roles else "cyoa" if "cyoa" in one.roles else "none"
    return {
        "kind": one.kind,
        "loopback_type": "none" if one.loopback_type == UNKNOWN else one.loopback_type,
        "role": role,
        "bandwidth": one.bandwidth or None,
        "mtu": one.mtu or None,
        "ip_net": one.ip_net,
        "vlan_id": one.vlan_id or None,
    }


def _as_fields(one: Interface) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "loopback_type": one.loopback_type.value,
        "role": one.role.value,
        "bandwidth": one.bandwidth,
        "mtu": one.mtu,
        "ip_net": one.ip_net,
        "vlan_id": one.vlan_id,
    }


# -- links -----------------------------------------------------------------------------------------


def _links(held: Registry, seen: Mirror, fresh: Callable[[], str]) -> Iterator[Asked]:
    owners = {one.id: one.pubkey for one in held.contributors.values()}
    for facts in seen.links:
        wanted: dict[str, Any] = {
            "code": facts.code,
            "contributor": facts.contributor,
            "link_type": facts.link_type,
            "side_a": SideDraft(device=facts.side_a.device, interface=facts.side_a.interface),
            "side_z": SideDraft(device=facts.side_z.device, interface=facts.side_z.interface),
            "bandwidth": facts.bandwidth or None,
            "mtu": facts.mtu or None,
            "delay": facts.delay_ns,
            "jitter": facts.jitter_ns,
            "delay_override": facts.delay_override_ns,
        }
        about = f"link {facts.code}"
        ours = held.links.get(facts.pubkey)
        if ours is None:
            made = RegisterLink(
                link_id=fresh(), pubkey=facts.pubkey, on_ledger=said_of(facts), **wanted
            )
            yield Asked(about=about, sort="link", command=made)
            continue
        if facts.contributor is None:
            del wanted["contributor"]
        now: dict[str, Any] = {
            "code": ours.code,
            "contributor": owners.get(ours.contributor_id),
            "link_type": ours.link_type.value,
            "side_a": _draft(ours.side_a),
            "side_z": _draft(ours.side_z),
            "bandwidth": ours.bandwidth,
            "mtu": ours.mtu,
            "delay": ours.delay,
            "jitter": ours.jitter,
            "delay_override": ours.delay_override,
        }
        changes = _changed(now, wanted)
        if changes:
            yield _update(about, "link", facts.pubkey, UpdateLink, changes)


def _draft(side: Side) -> SideDraft:
    return SideDraft(device=side.device, interface=side.interface)


def _changed(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if now[name] != value}


def _update(
    about: str,
    sort: str,
    pubkey: str,
    command: type[UpdateDevice] | type[UpdateLink],
    changes: Mapping[str, Any],
) -> Asked:
    parts = [command(**{name: value}) for name, value in changes.items()]
    return Asked(
        about=about,
        sort=sort,
        subject=pubkey,
        command=command(**changes),
        apart=tuple(parts) if len(parts) > 1 else (),
    )
