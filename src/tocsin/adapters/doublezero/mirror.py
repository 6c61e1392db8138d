"""The ledger as plain facts in our words, for the registry (Provisioning: records; the doublezero
ledger).

An account that cannot be read is counted, named and left alone: nothing is said about it, least of
all that it is gone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeVar, assert_never

from tocsin.adapters.doublezero import accounts as held
from tocsin.adapters.doublezero import words
from tocsin.adapters.doublezero.accounts import UNADDRESSED, UNPLACED
from tocsin.adapters.doublezero.borsh import NOBODY
from tocsin.adapters.doublezero.layouts import decoded
from tocsin.core.provisioning.ledger import (
    ContributorFacts,
    DeviceFacts,
    InterfaceFacts,
    LastWish,
    LinkFacts,
    Mirror,
    PlaceFacts,
    SideFacts,
    Unreadable,
)

Fact = TypeVar("Fact", "ContributorFacts", "PlaceFacts", "DeviceFacts", "LinkFacts")


def mirror(
    accounts: Iterable[tuple[str, bytes]], *, wishes: Mapping[str, LastWish] | None = None
) -> Mirror:
    """What *accounts* say, given as pubkey and bytes.

    *wishes* has, by pubkey, how we last wished each device to be drained: the chain knows one way
    of draining a device, and we two.
    """
    wished = {} if wishes is None else wishes
    contributors: list[ContributorFacts] = []
    locations: list[PlaceFacts] = []
    exchanges: list[PlaceFacts] = []
    devices: list[DeviceFacts] = []
    links: list[LinkFacts] = []
    unreadable: list[Unreadable] = []
    others = 0
    for pubkey, data in accounts:
        match decoded(data, pubkey):
            case held.Contributor() as account:
                contributors.append(_contributor(account))
            case held.Location() as account:
                locations.append(_place(account, country=account.country))
            case held.Exchange() as account:
                exchanges.append(_place(account, country=None))
            case held.Device() as account:
                devices.append(_device(account, wish=wished.get(pubkey)))
            case held.Link() as account:
                links.append(_link(account))
            case held.GlobalState():
                pass
            case held.Other():
                others += 1
            case Unreadable() as account:
                unreadable.append(account)
            case account:
                assert_never(account)
    return Mirror(
        contributors=_ordered(contributors),
        locations=_ordered(locations),
        exchanges=_ordered(exchanges),
        devices=_ordered(devices),
        links=_ordered(links),
        unreadable=tuple(sorted(unreadable, key=lambda account: account.pubkey)),
        others=others,
    )


def global_state_in(accounts: Iterable[tuple[str, bytes]]) -> held.GlobalState | None:
    """Who may do what on the ledger, if it is among *accounts*."""
    return next(
        (
            account
            for pubkey, data in accounts
            if isinstance(account := decoded(data, pubkey), held.GlobalState)
        ),
        None,
    )


def _ordered(facts: list[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=lambda fact: fact.pubkey))


def _contributor(account: held.Contributor) -> ContributorFacts:
    return ContributorFacts(
        pubkey=account.pubkey,
        code=account.code,
        owner=account.owner,
        status=words.contributor_status(account.status),
        ops_manager=_somebody(account.ops_manager),
    )


def _place(account: held.Location | held.Exchange, *, country: str | None) -> PlaceFacts:
    is_on_earth = _within(account.lat, 90.0) and _within(account.lng, 180.0)
    return PlaceFacts(
        pubkey=account.pubkey,
        code=account.code,
        name=account.name,
        status=words.place_status(account.status),
        country=country,
        lat=account.lat if is_on_earth else None,
        lng=account.lng if is_on_earth else None,
    )


def _within(degrees: float, most: float) -> bool:
    return math.isfinite(degrees) and abs(degrees) <= most


def _device(account: held.Device, *, wish: LastWish | None) -> DeviceFacts:
    return DeviceFacts(
        pubkey=account.pubkey,
        code=account.code,
        contributor=_somebody(account.contributor),
        location=_somebody(account.location),
        exchange=_somebody(account.exchange),
        device_type=words.device_type(account.device_type),
        public_ip=None if account.public_ip == UNADDRESSED else account.public_ip,
        dz_prefixes=account.dz_prefixes,
        max_users=account.max_users,
        metrics_publisher=_somebody(account.metrics_publisher),
        mgmt_vrf=account.mgmt_vrf,
        status=words.device_status(account.status, wish=wish),
        health=words.DEVICE_HEALTH.word(account.health),
        desired_status=words.device_desired(account.desired_status, wish=wish),
        references=account.reference_count,
        interfaces=tuple(_interface(one) for one in account.interfaces),
        missing=account.missing,
        is_wished=account.desired_status != words.UNWISHED,
    )


def _interface(one: held.Interface) -> InterfaceFacts:
    roles = (("cyoa", one.cyoa), ("dia", one.dia))
    return InterfaceFacts(
        name=one.name,
        kind=words.interface_kind(one.interface_type),
        loopback_type=words.loopback_type(one.loopback_type),
        roles=tuple(role for role, number in roles if number),
        status=words.interface_status(one.status),
        bandwidth=one.bandwidth,
        mtu=one.mtu,
        ip_net=None if one.ip_net == UNPLACED else one.ip_net,
        vlan_id=one.vlan_id,
    )


def _link(account: held.Link) -> LinkFacts:
    return LinkFacts(
        pubkey=account.pubkey,
        code=account.code,
        contributor=_somebody(account.contributor),
        link_type=words.link_type(account.link_type),
        side_a=SideFacts(device=account.side_a, interface=account.side_a_interface),
        side_z=SideFacts(device=account.side_z, interface=account.side_z_interface),
        bandwidth=account.bandwidth,
        mtu=account.mtu,
        delay_ns=account.delay_ns,
        jitter_ns=account.jitter_ns,
        delay_override_ns=account.delay_override_ns or None,
        is_unicast_drained=account.is_unicast_drained,
        status=words.LINK_STATUS.word(account.status),
        health=words.LINK_HEALTH.word(account.health),
        desired_status=words.LINK_DESIRED.word(account.desired_status),
        missing=account.missing,
        is_wished=account.desired_status != words.UNWISHED,
    )


def _somebody(pubkey: str) -> str | None:
    return None if pubkey == NOBODY else pubkey
