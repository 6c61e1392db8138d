"""The ledger as it is handed over whole: devices, links and what they name, by pubkey and in the
numbers of the ledger's own words (Provisioning: enums)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from tocsin.core.provisioning.assets import Interface
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.words import DESIRED_NUMBERS, HEALTH_NUMBERS, LocationKind
from tocsin.core.records import Contributor, Device, Link, Location, Side


class LedgerContributor(Struct, kw_only=True):
    """Whom devices and links belong to."""

    pubkey: str
    code: str
    name: str


class LedgerPlace(Struct, kw_only=True):
    """A location or an exchange, in degrees north and east; ``pubkey`` where another ledger keeps
    it."""

    pubkey: str | None
    code: str
    name: str
    country: str | None
    lat: float | None
    lng: float | None


class LedgerInterface(Struct, kw_only=True):
    """An interface; ``health`` and ``desired_status`` are numbers, null but for one to users."""

    name: str
    kind: str
    loopback_type: str
    role: str
    link: str | None
    bandwidth: int | None
    mtu: int | None
    ip_net: str | None
    vlan_id: int | None
    status: str
    health: int | None
    desired_status: int | None


class LedgerDevice(Struct, kw_only=True):
    """A device; ``contributor`` is a pubkey, ``health`` and ``desired_status`` are numbers."""

    pubkey: str
    code: str
    contributor: str | None
    location: str | None
    exchange: str | None
    device_type: str | None
    public_ip: str | None
    dz_prefixes: list[str]
    max_users: int | None
    metrics_publisher: str | None
    mgmt_vrf: str | None
    status: str
    health: int
    desired_status: int
    interfaces: list[LedgerInterface]


class LedgerSide(Struct, kw_only=True):
    """One end of a link: a device's pubkey, and the name of its interface."""

    device: str
    interface: str


class LedgerLink(Struct, kw_only=True):
    """A link; ``contributor`` is a pubkey, ``health`` and ``desired_status`` are numbers.
    ``bandwidth`` is in bit/s, delays are in nanoseconds."""

    pubkey: str
    code: str
    contributor: str | None
    link_type: str
    side_a: LedgerSide
    side_z: LedgerSide
    bandwidth: int | None
    mtu: int | None
    delay: int | None
    jitter: int | None
    delay_override: int | None
    status: str
    health: int
    desired_status: int


class LedgerShape(Struct, kw_only=True):
    """All of one moment, each sort in the order of its pubkeys or codes; ``position`` is how far
    the log had come, ``numbers`` what the numbers mean."""

    position: int
    numbers: dict[str, dict[str, int]]
    contributors: list[LedgerContributor]
    locations: list[LedgerPlace]
    exchanges: list[LedgerPlace]
    devices: list[LedgerDevice]
    links: list[LedgerLink]


NUMBERS: Mapping[str, Mapping[str, int]] = {
    "health": {word.value: number for word, number in HEALTH_NUMBERS.items()},
    "desired_status": {word.value: number for word, number in DESIRED_NUMBERS.items()},
}


def ledger_shape(
    *,
    position: int,
    contributors: Iterable[Contributor],
    places: Iterable[Location],
    devices: Iterable[Device],
    links: Iterable[Link],
) -> LedgerShape:
    """The whole ledger of one moment; what was removed is not on it."""
    owners = {one.id: one for one in contributors if one.removed_at is None}
    pubkeys = {identity: one.pubkey for identity, one in owners.items()}
    standing = sorted((one for one in places if one.removed_at is None), key=lambda one: one.code)
    return LedgerShape(
        position=position,
        numbers={field: dict(words) for field, words in NUMBERS.items()},
        contributors=[
            LedgerContributor(pubkey=one.pubkey, code=one.code, name=one.name)
            for one in sorted(owners.values(), key=lambda one: one.pubkey)
        ],
        locations=[_place(one) for one in standing if one.kind is LocationKind.LOCATION],
        exchanges=[_place(one) for one in standing if one.kind is LocationKind.EXCHANGE],
        devices=[
            _device(one, pubkeys)
            for one in sorted(devices, key=lambda one: one.pubkey)
            if one.removed_at is None
        ],
        links=[
            _link(one, pubkeys)
            for one in sorted(links, key=lambda one: one.pubkey)
            if one.removed_at is None
        ],
    )


def _place(one: Location) -> LedgerPlace:
    return LedgerPlace(
        pubkey=one.pubkey,
        code=one.code,
        name=one.name,
        country=one.country,
        lat=one.lat,
        lng=one.lng,
    )


def _numbers(life: Life) -> tuple[int, int]:
    return HEALTH_NUMBERS[life.health], DESIRED_NUMBERS[life.desired]


def _interface(one: Interface) -> LedgerInterface:
    health, desired = _numbers(one.life)
    return LedgerInterface(
        name=one.name,
        kind=one.kind.value,
        loopback_type=one.loopback_type.value,
        role=one.role.value,
        link=None if one.link is None else one.link.value,
        bandwidth=one.bandwidth,
        mtu=one.mtu,
        ip_net=one.ip_net,
        vlan_id=one.vlan_id,
        status=one.life.status.value,
        health=health if one.needs_evidence else None,
        desired_status=desired if one.needs_evidence else None,
    )


def _device(one: Device, pubkeys: Mapping[str, str]) -> LedgerDevice:
    health, desired = _numbers(one.life)
    return LedgerDevice(
        pubkey=one.pubkey,
        code=one.code,
        contributor=pubkeys.get(one.contributor_id),
        location=one.location,
        exchange=one.exchange,
        device_type=one.device_type,
        public_ip=one.public_ip,
        dz_prefixes=list(one.dz_prefixes),
        max_users=one.max_users,
        metrics_publisher=one.metrics_publisher,
        mgmt_vrf=one.mgmt_vrf,
        status=one.life.status.value,
        health=health,
        desired_status=desired,
        interfaces=[_interface(interface) for interface in one.interfaces],
    )


def _link(one: Link, pubkeys: Mapping[str, str]) -> LedgerLink:
    health, desired = _numbers(one.life)
    return LedgerLink(
        pubkey=one.pubkey,
        code=one.code,
        contributor=pubkeys.get(one.contributor_id),
        link_type=one.link_type.value,
        side_a=_side(one.side_a),
        side_z=_side(one.side_z),
        bandwidth=one.bandwidth,
        mtu=one.mtu,
        delay=one.delay,
        jitter=one.jitter,
        delay_override=one.delay_override,
        status=one.life.status.value,
        health=health,
        desired_status=desired,
    )


def _side(side: Side) -> LedgerSide:
    return LedgerSide(device=side.device, interface=side.interface)
