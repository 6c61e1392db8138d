"""What the ledger says, as plain facts; what cannot be read is named, and the rest is read."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.doublezero.encoding import encoded
from tests.adapters.doublezero.ledger import (
    GLOBAL_STATE,
    ORACLE,
    PROGRAM,
    Ledger,
    declining,
    townsfolk,
)
from tests.adapters.doublezero.town import (
    ACME,
    BETA,
    DZ1,
    DZ2,
    FRA,
    FRANKFURT,
    LINK,
    LOOPBACK,
    STATE,
    TOWN,
    UPLINK,
    accounts,
    pubkey,
)
from tests.adapters.webhook.listening import status
from tocsin.adapters.doublezero.accounts import Account
from tocsin.adapters.doublezero.borsh import NOBODY
from tocsin.adapters.doublezero.looking import looked_at
from tocsin.adapters.doublezero.mirror import global_state_in, mirror
from tocsin.adapters.doublezero.rpc import Away
from tocsin.core.provisioning.ledger import (
    ContributorFacts,
    DeviceFacts,
    InterfaceFacts,
    LinkFacts,
    Mirror,
    PlaceFacts,
    SideFacts,
    Unreadable,
)


def of(*held: Account) -> Mirror:
    return mirror([(account.pubkey, encoded(account)) for account in held])


# -- the town -------------------------------------------------------------------------------------


def test_the_town_in_our_words() -> None:
    found = of(*TOWN)

    assert found.contributors == (
        ContributorFacts(
            pubkey=ACME.pubkey,
            code="acme",
            owner=ACME.owner,
            status="activated",
            ops_manager=None,
        ),
        ContributorFacts(
            pubkey=BETA.pubkey,
            code="beta",
            owner=BETA.owner,
            status="activated",
            ops_manager=None,
        ),
    )
    assert found.locations == (
        PlaceFacts(
            pubkey=FRANKFURT.pubkey,
            code="fra1",
            name="Frankfurt 1",
            status="activated",
            country="DE",
            lat=50.1,
            lng=8.7,
        ),
    )
    assert found.exchanges == (
        PlaceFacts(
            pubkey=FRA.pubkey,
            code="xfra",
            name="Frankfurt",
            status="activated",
            country=None,
            lat=50.11,
            lng=8.68,
        ),
    )
    assert found.links == (
        LinkFacts(
            pubkey=LINK.pubkey,
            code="fra-dz1:fra-dz2",
            contributor=ACME.pubkey,
            link_type="DZX",
            side_a=SideFacts(device=DZ1.pubkey, interface="Switch1/1/1"),
            side_z=SideFacts(device=DZ2.pubkey, interface="Switch1/1/2"),
            bandwidth=10_000_000_000,
            mtu=9000,
            delay_ns=1_500_000,
            jitter_ns=20_000,
            delay_override_ns=None,
            is_unicast_drained=False,
            status="hard_drained",
            health="pending",
            desired_status="hard_drained",
            missing=(),
        ),
    )
    assert global_state_in([(STATE.pubkey, encoded(STATE))]) == STATE
    assert (found.unreadable, found.others) == ((), 0)


def test_a_device_in_our_words() -> None:
    first, second = of(DZ2, DZ1).devices

    assert first == DeviceFacts(
        pubkey=DZ1.pubkey,
        code="fra-dz1",
        contributor=ACME.pubkey,
        location=FRANKFURT.pubkey,
        exchange=FRA.pubkey,
        device_type="hybrid",
        public_ip="198.51.100.1",
        dz_prefixes=("203.0.113.0/29",),
        max_users=128,
        metrics_publisher=pubkey(3),
        mgmt_vrf="mgmt",
        status="hard_drained",
        health="pending",
        desired_status="hard_drained",
        references=0,
        interfaces=(
            InterfaceFacts(
                name="Switch1/1/1",
                kind="physical",
                loopback_type="none",
                roles=(),
                status="activated",
                bandwidth=10_000_000_000,
                mtu=9000,
                ip_net=None,
                vlan_id=0,
            ),
            InterfaceFacts(
                name="Ethernet4",
                kind="physical",
                loopback_type="none",
                roles=("dia",),
                status="activated",
                bandwidth=0,
                mtu=0,
                ip_net="198.51.100.1/31",
                vlan_id=0,
            ),
            InterfaceFacts(
                name="Loopback255",
                kind="loopback",
                loopback_type="vpnv4",
                roles=(),
                status="activated",
                bandwidth=0,
                mtu=0,
                ip_net="10.0.0.1/32",
                vlan_id=0,
            ),
        ),
        missing=(),
    )
    assert (second.code, second.device_type, second.health) == ("fra-dz2", "transit", "healthy")
    assert (second.metrics_publisher, second.dz_prefixes, second.interfaces) == (None, (), ())


def test_an_interface_may_have_both_roles() -> None:
    both = replace(UPLINK, cyoa=1, dia=1)

    ((first, second),) = [
        device.interfaces for device in of(replace(DZ1, interfaces=(both, LOOPBACK))).devices
    ]

    assert (first.roles, second.roles) == (("cyoa", "dia"), ())


def test_a_drained_device_is_drained_as_we_wished() -> None:
    held = [(DZ1.pubkey, encoded(DZ1)), (LINK.pubkey, encoded(LINK))]

    found = mirror(held, wishes={DZ1.pubkey: "soft_drained", LINK.pubkey: "soft_drained"})

    assert (found.devices[0].status, found.devices[0].desired_status) == ("soft_drained",) * 2
    # The chain knows both ways of draining a link.
    assert (found.links[0].status, found.links[0].desired_status) == ("hard_drained",) * 2


def test_what_nobody_knows_is_unknown() -> None:
    odd = of(
        replace(LINK, status=2, health=9, desired_status=3, link_type=0),
        replace(DZ1, status=2, health=9, desired_status=7, device_type=3),
    )

    link, device = odd.links[0], odd.devices[0]
    assert [link.status, link.health, link.desired_status, link.link_type] == ["unknown"] * 4
    assert [
        device.status,
        device.health,
        device.desired_status,
        device.device_type,
    ] == ["unknown"] * 4


def test_what_names_nobody_is_none() -> None:
    nobody = replace(DZ1, contributor=NOBODY, location=NOBODY, exchange=NOBODY, public_ip="0.0.0.0")

    (device,) = of(nobody).devices

    assert (device.contributor, device.location, device.exchange) == (None, None, None)
    assert device.public_ip is None


@pytest.mark.parametrize(
    ("lat", "lng"), [(math.nan, 8.7), (50.1, math.inf), (90.1, 0.0), (0.0, -180.5)]
)
def test_what_is_no_place_on_earth_is_nowhere(lat: float, lng: float) -> None:
    found = of(replace(FRANKFURT, lat=lat, lng=lng), replace(FRA, lat=lat, lng=lng))

    assert [(place.lat, place.lng) for place in (*found.locations, *found.exchanges)] == [
        (None, None),
        (None, None),
    ]


def test_a_link_says_whether_unicast_goes_over_it_and_what_delay_counts() -> None:
    plain, drained, other = (
        of(replace(LINK, flags=flags, delay_override_ns=flags)).links[0] for flags in (0, 1, 2)
    )

    assert (plain.is_unicast_drained, plain.delay_override_ns) == (False, None)
    assert (drained.is_unicast_drained, drained.delay_override_ns) == (True, 1)
    assert (other.is_unicast_drained, other.delay_override_ns) == (False, 2)


# -- what cannot be read --------------------------------------------------------------------------


def test_what_cannot_be_read_is_counted_named_and_left_alone() -> None:
    found = mirror(
        [
            (DZ1.pubkey, encoded(DZ1)),
            (LINK.pubkey, encoded(LINK)[:100]),
            (DZ2.pubkey, b""),
            (pubkey(60), b"\7" + bytes(90)),
        ]
    )

    assert [device.pubkey for device in found.devices] == [DZ1.pubkey]
    assert found.links == ()
    assert found.unreadable == (
        Unreadable(pubkey=DZ2.pubkey, why="it is empty"),
        Unreadable(
            pubkey=LINK.pubkey,
            why="its 100 bytes end before what every link account has",
        ),
    )
    assert found.others == 1


@settings(deadline=None, max_examples=100)
@given(held=st.lists(accounts, max_size=4), data=st.binary(max_size=300), cut=st.integers(0, 400))
def test_every_account_is_somewhere(held: list[Account], data: bytes, cut: int) -> None:
    given_ones = [(account.pubkey, encoded(account)[:cut]) for account in held]
    found = mirror([*given_ones, (pubkey(1), data)])

    states = sum(piece[:1] == b"\1" for _, piece in given_ones) + (data[:1] == b"\1")
    parts = (
        found.contributors,
        found.locations,
        found.exchanges,
        found.devices,
        found.links,
        found.unreadable,
    )
    counted = sum(map(len, parts)) + found.others
    assert len(given_ones) + 1 - states <= counted <= len(given_ones) + 1


# -- over the wire --------------------------------------------------------------------------------


def test_the_ledger_is_looked_at_in_one_question(node: Ledger) -> None:
    node.raw[pubkey(70)] = b"\6"

    found, state = looked_at(node.rpc(), program=PROGRAM, wishes={DZ1.pubkey: "soft_drained"})

    held = [(one, encoded(account)) for one, account in townsfolk().items()]
    expected = mirror(held, wishes={DZ1.pubkey: "soft_drained"})
    assert replace(found, unreadable=()) == expected
    assert [one.pubkey for one in found.unreadable] == [pubkey(70)]
    assert state == GLOBAL_STATE
    assert GLOBAL_STATE.may_set_health(str(ORACLE.pubkey()))
    assert node.methods == ["getProgramAccounts"]


def test_a_ledger_without_the_program_does_not_say_that_all_is_gone(node: Ledger) -> None:
    node.accounts.clear()

    with pytest.raises(Away, match="no global state of the program"):
        looked_at(node.rpc(), program=PROGRAM)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (status("500 Internal Server Error"), "it answers 500"),
        (declining(-32601), "the node declines with code -32601"),
    ],
)
def test_a_ledger_in_trouble_says_nothing(node: Ledger, trouble: bytes, reason: str) -> None:
    node.troubles["getProgramAccounts"] = [trouble] * 9

    with pytest.raises(Away) as away:
        looked_at(node.rpc(), program=PROGRAM)

    assert away.value.reason == reason


def test_a_status_that_nobody_wished_for_is_told_from_a_wish() -> None:
    seen = of(replace(DZ1, desired_status=0), DZ2, replace(LINK, desired_status=0))
    facts: list[DeviceFacts | LinkFacts] = [*seen.devices, *seen.links]
    assert [(one.desired_status, one.is_wished) for one in facts] == [
        ("hard_drained", False),
        ("activated", True),
        ("hard_drained", False),
    ]
