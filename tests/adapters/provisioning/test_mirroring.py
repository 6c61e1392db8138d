"""What a ledger says is made so in the registry: stories over a node that answers JSON-RPC, then a
law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.doublezero.ledger import GLOBAL_STATE, PROGRAM, Ledger, ledger
from tests.adapters.doublezero.town import (
    ACME,
    BETA,
    DZ1,
    DZ2,
    FRA,
    FRANKFURT,
    LINK,
    TRANSIT,
    UPLINK,
    pubkey,
)
from tests.adapters.provisioning.town import position
from tests.adapters.webhook.listening import status
from tests.handler.acting import House, house
from tests.handler.acting import pubkey as own_pubkey
from tocsin.adapters.doublezero.accounts import Account, Device, Interface, Link
from tocsin.adapters.doublezero.ledger import DoubleZero
from tocsin.adapters.provisioning.asked import Registry
from tocsin.adapters.provisioning.differences import differences, last_wishes
from tocsin.adapters.provisioning.mirroring import (
    DOUBTED,
    NO_ORG,
    LeftAlone,
    Mirrored,
    Mirroring,
    registry_of,
)
from tocsin.core.errors import KeptByLedger
from tocsin.core.location_commands import CreateLocation, UpdateLocation
from tocsin.core.provisioning.commands import AcceptLink, Wish
from tocsin.core.provisioning.ledger import DeviceFacts, LinkFacts
from tocsin.core.provisioning.life import Life, next_step
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health
from tocsin.core.registry_commands import RegisterDevice, UpdateDevice
from tocsin.core.words import LinkType


@pytest.fixture
def node() -> Iterator[Ledger]:
    """A node that holds the town; none of its codes is taken here."""
    with ledger() as made:
        put(made, BETA, code="gamma")
        yield made


def put(node: Ledger, account: Account, **changes: Any) -> None:
    """Have the node hold *account* with *changes*, in place of what it held."""
    before = node.accounts.get(account.pubkey, account)
    node.accounts[account.pubkey] = replace(before, **changes)


def mirroring(home: House, node: Ledger, *, org: str | None = "net") -> Mirroring:
    return Mirroring(
        store=home.store,
        writer=home.writer,
        ledger=DoubleZero(node.rpc(attempts=1), program=PROGRAM),
        org=org,
        clock=home.clock,
        entropy=lambda: next(home.numbers),
    )


def held(home: House, org: str = "net") -> Registry:
    return registry_of(home.store, home.orgs[org])


def kinds_since(home: House, before: int) -> list[str]:
    """The kinds of events since *before*, all of them by the ledger."""
    with home.store.reading() as turn:
        events = turn.log(after=before)
    assert all((one.via, one.actor.type) == ("ledger", "system") for one in events)
    return [one.kind for one in events]


def quiet(told: Mirrored) -> bool:
    return (told.away, told.changed, told.left_alone, told.unreadable) == (None, 0, (), ())


# A first look


def test_a_first_round_takes_the_town_in(home: House, node: Ledger) -> None:
    told = mirroring(home, node).round()
    assert (told.away, told.left_alone, told.unreadable) == (None, (), ())
    assert dict(told.seen) == {
        "contributor": 2,
        "location": 1,
        "exchange": 1,
        "device": 2,
        "link": 1,
    }
    registry = held(home)
    acme = registry.contributors[ACME.pubkey]
    assert (acme.code, acme.name) == ("acme", "acme")
    assert {(one.pubkey, one.code, one.kind.value, one.country) for one in registry.places} == {
        (FRANKFURT.pubkey, "fra1", "location", "DE"),
        (FRA.pubkey, "xfra", "exchange", None),
    }
    dz1 = registry.devices[DZ1.pubkey]
    assert dz1.contributor_id == acme.id
    assert (dz1.code, dz1.device_type, dz1.public_ip) == ("fra-dz1", "hybrid", "198.51.100.1")
    assert (dz1.location, dz1.exchange) == ("fra1", "xfra")
    assert (dz1.dz_prefixes, dz1.max_users, dz1.mgmt_vrf) == (("203.0.113.0/29",), 128, "mgmt")
    assert dz1.on_ledger == OnLedger(
        status="hard_drained", health="pending", desired_status="hard_drained"
    )
    assert dz1.life.health is Health.PENDING
    assert [(one.name, one.role.value, one.kind.value) for one in dz1.interfaces] == [
        ("Ethernet4", "dia", "physical"),
        ("Loopback255", "none", "loopback"),
        ("Switch1/1/1", "none", "physical"),
    ]
    dz2 = registry.devices[DZ2.pubkey]
    assert (dz2.life.status, dz2.life.health) == (AssetStatus.ACTIVATED, Health.HEALTHY)
    assert [(one.name, one.by_link) for one in dz2.interfaces] == [("Switch1/1/2", True)]
    link = registry.links[LINK.pubkey]
    assert (link.code, link.link_type, link.contributor_id) == (
        "fra-dz1:fra-dz2",
        LinkType.DZX,
        acme.id,
    )
    assert (link.bandwidth, link.mtu, link.delay, link.jitter) == (10**10, 9000, 1_500_000, 20_000)
    assert link.life.accepted, "it stands hard drained there, so it is no request any more"
    # What is the org's own stays its own.
    assert registry.devices[own_pubkey(11)].on_ledger is None


def test_a_round_without_a_difference_writes_nothing(home: House, node: Ledger) -> None:
    duty = mirroring(home, node)
    duty.round()
    before = position(home)
    assert quiet(duty.round())
    assert quiet(mirroring(home, node).round()), "whoever takes the duty over, too"
    assert position(home) == before


def test_the_first_org_is_kept_where_none_is_named(home: House, node: Ledger) -> None:
    mirroring(home, node, org=None).round()
    assert DZ1.pubkey in held(home).devices
    assert DZ1.pubkey not in held(home, "elsewhere").devices


def test_an_org_that_is_not_there_yet_is_waited_for(home: House, node: Ledger) -> None:
    assert mirroring(home, node, org="later").round().away == NO_ORG
    assert node.asked == []


# A change there


@pytest.mark.parametrize(
    ("account", "changes", "kinds"),
    [
        (DZ1, {"status": 1, "desired_status": 1}, {"desired_status_changed", "status_changed"}),
        (DZ1, {"health": 3}, {"health_changed"}),
        (DZ1, {"max_users": 64, "public_ip": "198.51.100.9"}, {"updated"}),
        (DZ1, {"code": "fra-dz9"}, {"updated"}),
        (LINK, {"mtu": 1500, "bandwidth": 0}, {"updated"}),
        (LINK, {"side_z_interface": "Switch1/1/9"}, {"updated"}),
    ],
)
def test_a_change_there_is_followed(
    filed: House, node: Ledger, account: Account, changes: dict[str, Any], kinds: set[str]
) -> None:
    duty = mirroring(filed, node)
    duty.round()
    before = position(filed)
    put(node, account, **changes)
    assert duty.round().left_alone == ()
    sort = "link" if account is LINK else "device"
    found = kinds_since(filed, before)
    assert {f"{sort}.{one}" for one in kinds} <= set(found)
    assert quiet(duty.round())


def test_interfaces_come_change_and_go(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    duty.round()
    users = Interface(status=3, name="Ethernet9", interface_type=2, cyoa=1, bandwidth=10**9)
    faster = replace(TRANSIT, bandwidth=10**11)
    put(node, DZ1, interfaces=(UPLINK, faster, users))
    before = position(filed)
    assert duty.round().left_alone == ()
    assert sorted(kinds_since(filed, before)) == [
        "device.interface_changed",
        "device.interface_defined",
        "device.interface_removed",
    ]
    found = {one.name: one for one in held(filed).devices[DZ1.pubkey].interfaces}
    assert found["Ethernet4"].bandwidth == 10**11
    assert found["Ethernet9"].role.value == "cyoa"
    assert "Loopback255" not in found

    put(node, DZ1, interfaces=(faster,))
    assert duty.round().left_alone == ()
    names = [one.name for one in held(filed).devices[DZ1.pubkey].interfaces]
    assert names == ["Ethernet4", "Switch1/1/1"], "what a link uses goes with the link"
    del node.accounts[LINK.pubkey]
    duty.round()
    assert quiet(duty.round())
    names = [one.name for one in held(filed).devices[DZ1.pubkey].interfaces]
    assert names == ["Ethernet4"]


def test_an_interface_that_a_link_named_first_is_known_better_later(
    filed: House, node: Ledger
) -> None:
    duty = mirroring(filed, node)
    duty.round()
    put(node, DZ2, interfaces=(replace(UPLINK, name="Switch1/1/2"),))
    assert duty.round().left_alone == ()
    (one,) = held(filed).devices[DZ2.pubkey].interfaces
    assert (one.by_link, one.bandwidth, one.link) == (False, 10**10, LinkType.DZX)
    assert quiet(duty.round())


def test_a_contributor_keeps_its_name_and_follows_its_code(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    duty.round()
    put(node, ACME, code="acme-2")
    assert duty.round().left_alone == ()
    acme = held(filed).contributors[ACME.pubkey]
    assert (acme.code, acme.name) == ("acme-2", "acme")


def test_a_device_is_gone_once_its_link_has_moved_elsewhere(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    duty.round()
    other = replace(DZ2, pubkey=pubkey(70), code="fra-dz3")
    del node.accounts[DZ2.pubkey]
    put(node, other)
    put(node, LINK, side_z=other.pubkey)
    assert duty.round().left_alone == ()
    assert DZ2.pubkey not in held(filed).devices
    assert held(filed).links[LINK.pubkey].side_z.device == other.pubkey


def test_a_request_shows_and_is_accepted_there(filed: House, node: Ledger) -> None:
    put(node, LINK, status=5, side_z_interface="")
    duty = mirroring(filed, node)
    assert duty.round().left_alone == ()
    link = held(filed).links[LINK.pubkey]
    assert (link.life.status, link.life.accepted) == (AssetStatus.REQUESTED, False)
    with pytest.raises(KeptByLedger):
        filed.ask("admin", AcceptLink(), sort="link", subject=LINK.code)

    put(node, LINK, status=0)
    assert duty.round().left_alone == ()
    assert held(filed).devices[DZ2.pubkey].interfaces == ()
    put(node, LINK, side_z_interface="Switch1/1/2")
    assert duty.round().left_alone == ()
    link = held(filed).links[LINK.pubkey]
    assert (link.life.status, link.life.accepted) == (AssetStatus.PENDING, True)
    names = [one.name for one in held(filed).devices[DZ2.pubkey].interfaces]
    assert names == ["Switch1/1/2"]
    assert quiet(duty.round())


def test_codes_that_move_on_in_a_row_are_followed_in_one_round(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    duty.round()
    put(node, DZ1, code="fra-dz2")
    put(node, DZ2, code="fra-dz3")
    assert duty.round().left_alone == ()
    codes = {one.code for one in held(filed).devices.values() if one.on_ledger is not None}
    assert codes == {"fra-dz2", "fra-dz3"}


def test_a_place_that_somebody_named_before_is_the_ledgers_from_now_on(
    filed: House, node: Ledger
) -> None:
    filed.ask(
        "admin",
        CreateLocation(location_id=filed.fresh(), code="fra1", name="Our Frankfurt"),
        sort="location",
    )
    duty = mirroring(filed, node)
    assert duty.round().left_alone == ()
    (place,) = (one for one in held(filed).places if one.code == "fra1")
    assert (place.name, place.pubkey) == ("Frankfurt 1", FRANKFURT.pubkey)
    with pytest.raises(KeptByLedger):
        filed.ask("admin", UpdateLocation(name="Ours"), sort="location", subject=place.id)
    put(node, FRANKFURT, lat=50.2, code="fra2")
    assert duty.round().left_alone == ()
    (place,) = (one for one in held(filed).places if one.pubkey == FRANKFURT.pubkey)
    assert (place.code, place.lat, place.lng) == ("fra2", 50.2, 8.7)
    assert held(filed).devices[DZ1.pubkey].location == "fra2"


# Wishes


def test_nothing_is_drained_that_nobody_wished_to_drain(filed: House, node: Ledger) -> None:
    put(node, LINK, status=1, desired_status=0)
    mirroring(filed, node).round()
    life = held(filed).links[LINK.pubkey].life
    assert (life.status, life.desired) == (AssetStatus.ACTIVATED, DesiredStatus.ACTIVATED)
    assert not next_step(life).moves


def test_a_wish_from_here_stays_until_it_is_written(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    duty.round()
    filed.ask("admin", Wish(desired="activated"), sort="link", subject=LINK.code)
    assert quiet(duty.round())
    assert held(filed).links[LINK.pubkey].life.desired is DesiredStatus.ACTIVATED


def test_a_device_that_we_wished_to_be_soft_drained_is_read_so(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    put(node, DZ2, desired_status=1)
    duty.round()
    filed.ask("admin", Wish(desired="soft_drained"), sort="device", subject=DZ2.code)
    # The chain has one way of draining a device.
    put(node, DZ2, status=5, desired_status=6)
    duty.round()
    life = held(filed).devices[DZ2.pubkey].life
    assert (life.status, life.desired) == (AssetStatus.SOFT_DRAINED, DesiredStatus.SOFT_DRAINED)
    assert quiet(duty.round())


def test_what_the_ledger_says_is_not_changed_here(filed: House, node: Ledger) -> None:
    mirroring(filed, node).round()
    with pytest.raises(KeptByLedger, match="fra-dz1"):
        filed.ask("admin", UpdateDevice(code="mine"), sort="device", subject=DZ1.code)


# What is gone, and what only seems so


def test_what_is_gone_there_is_removed(home: House, node: Ledger) -> None:
    duty = mirroring(home, node)
    duty.round()
    for account in (LINK, DZ2, FRANKFURT):
        del node.accounts[account.pubkey]
    before = position(home)
    assert duty.round().left_alone == ()
    kinds = kinds_since(home, before)
    assert kinds.index("link.removed") < kinds.index("device.removed")
    assert "location.removed" in kinds
    registry = held(home)
    assert LINK.pubkey not in registry.links
    assert DZ2.pubkey not in registry.devices
    assert registry.devices[DZ1.pubkey].location is None
    assert own_pubkey(11) in registry.devices, "what was never there is not gone"
    assert quiet(duty.round())


def test_what_nobody_can_read_is_named_and_left_alone(home: House, node: Ledger) -> None:
    duty = mirroring(home, node)
    duty.round()
    before = position(home)
    for account in (LINK, DZ2, FRANKFURT):
        del node.accounts[account.pubkey]
        node.raw[account.pubkey] = bytes([{LINK: 6, DZ2: 5, FRANKFURT: 3}[account]]) + b"\1\2"
    told = duty.round()
    assert {one.pubkey for one in told.unreadable} == {LINK.pubkey, DZ2.pubkey, FRANKFURT.pubkey}
    assert (told.changed, told.left_alone) == (0, ())
    assert position(home) == before


def test_more_than_half_of_much_is_not_believed_to_be_gone(filed: House, node: Ledger) -> None:
    for number in range(30):
        put(node, replace(DZ1, pubkey=pubkey(100 + number), code=f"dz-{number}", interfaces=()))
    duty = mirroring(filed, node)
    assert duty.round().left_alone == ()
    kept, before = len(held(filed).devices), position(filed)
    for number in range(25):
        del node.accounts[pubkey(100 + number)]
    told = duty.round()
    assert LeftAlone("device dz-7", DOUBTED) in told.left_alone
    assert (len(held(filed).devices), position(filed)) == (kept, before)


@pytest.mark.parametrize("trouble", ["silent", "strange", "empty", "another"])
def test_a_ledger_that_is_away_leaves_everything(filed: House, node: Ledger, trouble: str) -> None:
    duty = mirroring(filed, node)
    duty.round()
    before = position(filed)
    match trouble:
        case "silent":
            node.troubles["getProgramAccounts"] = [status("503 Service Unavailable")]
        case "strange":
            node.troubles["getProgramAccounts"] = [status("200 OK", body=b"<html>")]
        case "empty":
            node.accounts.clear()
        case _:
            del node.accounts[GLOBAL_STATE.pubkey]
    told = duty.round()
    assert told.away
    assert node.url not in told.away
    assert (told.changed, position(filed)) == (0, before)


# What cannot be held


def test_what_cannot_be_held_is_named_and_the_rest_goes_on(home: House, node: Ledger) -> None:
    put(node, BETA, code="beta")
    wrong = replace(DZ1, pubkey=pubkey(60), code="Not A Code", interfaces=())
    small = replace(DZ1, pubkey=pubkey(61), code="small", dz_prefixes=("203.0.113.0/30",))
    loop = replace(LINK, pubkey=pubkey(62), code="loop", side_z=LINK.side_a)
    nowhere = replace(LINK, pubkey=pubkey(63), code="nowhere", side_a=pubkey(64))
    nobody = replace(FRANKFURT, pubkey=pubkey(65), code="unnamed", name="")
    odd = replace(UPLINK, name="Ethernet 1")
    for account in (wrong, small, loop, nowhere, nobody):
        put(node, account)
    put(node, DZ1, interfaces=(UPLINK, odd))
    duty = mirroring(home, node)
    told = duty.round()
    assert {one.about for one in told.left_alone} == {
        "contributor beta",
        "device Not A Code",
        "device small",
        "device fra-dz2",
        "link fra-dz1:fra-dz2",
        "link loop",
        "link nowhere",
        "location unnamed",
        "interface Ethernet 1 of device fra-dz1",
    }
    reasons = {one.about: one.why for one in told.left_alone}
    assert "taken" in reasons["contributor beta"]
    assert "dz_prefixes[0]" in reasons["device small"]
    assert "side_z.device" in reasons["link loop"]
    assert pubkey(64) in reasons["link nowhere"]
    assert held(home).devices[DZ1.pubkey].code == "fra-dz1"
    before = position(home)
    assert duty.round().left_alone == told.left_alone
    assert position(home) == before

    put(node, BETA, code="gamma")
    del node.accounts[pubkey(62)]
    fewer = {one.about for one in duty.round().left_alone}
    assert "link fra-dz1:fra-dz2" not in fewer
    assert LINK.pubkey in held(home).links


def test_one_bad_field_does_not_keep_the_others_back(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    duty.round()
    put(node, DZ1, dz_prefixes=("203.0.113.0/30",), max_users=7, status=1)
    told = duty.round()
    (alone,) = told.left_alone
    assert alone.about == "device fra-dz1"
    device = held(filed).devices[DZ1.pubkey]
    assert (device.max_users, device.dz_prefixes) == (7, ("203.0.113.0/29",))
    assert device.life.status is AssetStatus.ACTIVATED


def test_a_number_without_a_meaning_is_no_word(filed: House, node: Ledger) -> None:
    duty = mirroring(filed, node)
    duty.round()
    put(node, DZ2, status=99, device_type=77)
    assert duty.round().left_alone == ()
    device = held(filed).devices[DZ2.pubkey]
    assert device.life.status is AssetStatus.ACTIVATED
    assert device.device_type == "transit"
    assert device.on_ledger is not None
    assert device.on_ledger.status == "unknown"


def test_a_device_of_ours_becomes_the_ledgers_when_it_appears_there(
    filed: House, node: Ledger
) -> None:
    filed.ask(
        "owner",
        RegisterDevice(
            device_id=filed.fresh(), pubkey=DZ1.pubkey, code="mine", contributor="alpha"
        ),
        sort="device",
    )
    filed.ask("owner", Wish(desired="activated"), sort="device", subject="mine")
    before = held(filed).devices[DZ1.pubkey].id
    assert mirroring(filed, node).round().left_alone == ()
    device = held(filed).devices[DZ1.pubkey]
    assert (device.id, device.code) == (before, "fra-dz1")
    assert device.life.desired is DesiredStatus.HARD_DRAINED


# A law

PLACES = [replace(FRANKFURT, pubkey=pubkey(120 + n), code=f"loc-{n}") for n in range(2)]
METROS = [replace(FRA, pubkey=pubkey(130 + n), code=f"metro-{n}") for n in range(2)]
PORTS = [Interface(status=3, name=f"Ethernet{n}", interface_type=2, mtu=9000) for n in range(3)]
OWNERS = (ACME.pubkey, BETA.pubkey)


def _codes(stem: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"{stem}-{n}" for n in range(3)])


@st.composite
def devices(draw: st.DrawFn, number: int) -> Device:
    chosen = draw(st.lists(st.sampled_from(PORTS), unique_by=lambda one: one.name, max_size=3))
    return replace(
        DZ1,
        pubkey=pubkey(140 + number),
        code=draw(_codes(f"dev-{number}")),
        contributor=draw(st.sampled_from(OWNERS)),
        location=draw(st.sampled_from([one.pubkey for one in PLACES])),
        exchange=draw(st.sampled_from([one.pubkey for one in METROS])),
        status=draw(st.sampled_from((0, 1, 3, 4, 5, 6, 7, 99))),
        health=draw(st.integers(0, 4)),
        desired_status=draw(st.sampled_from((0, 1, 6))),
        max_users=draw(st.integers(0, 65_535)),
        interfaces=tuple(
            replace(one, dia=draw(st.integers(0, 1)), bandwidth=draw(st.integers(0, 10**12)))
            for one in chosen
        ),
    )


@st.composite
def joined(draw: st.DrawFn, number: int) -> Link:
    side_a, side_z = draw(st.permutations(range(3)))[:2]
    return replace(
        LINK,
        pubkey=pubkey(150 + number),
        code=draw(_codes(f"line-{number}")),
        side_a=pubkey(140 + side_a),
        side_z=pubkey(140 + side_z),
        side_a_interface=f"Port{number}",
        side_z_interface=f"Port{number}",
        link_type=draw(st.sampled_from((1, 127))),
        status=draw(st.sampled_from((0, 1, 3, 4, 5, 6, 7, 8))),
        health=draw(st.integers(0, 3)),
        desired_status=draw(st.sampled_from((0, 1, 6, 7))),
        mtu=draw(st.sampled_from((0, 1500, 9000))),
    )


@st.composite
def towns(draw: st.DrawFn) -> list[Account]:
    """A ledger: places, three devices of which some are there, and links between those."""
    there = draw(st.sets(st.integers(0, 2)))
    found: list[Account] = [*PLACES, *METROS, GLOBAL_STATE, ACME, replace(BETA, code="gamma")]
    found += [draw(devices(number)) for number in sorted(there)]
    for number in range(2):
        line = draw(joined(number))
        if {line.side_a, line.side_z} <= {pubkey(140 + one) for one in there} and draw(
            st.booleans()
        ):
            found.append(line)
    return found


def stands_as(life: Life, facts: DeviceFacts | LinkFacts) -> None:
    assert facts.status in ("unknown", life.status.value)
    assert facts.health == life.health.value


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(states=st.lists(towns(), min_size=1, max_size=4))
def test_after_one_round_the_registry_is_what_the_ledger_says(
    tmp_path_factory: pytest.TempPathFactory, states: list[list[Account]]
) -> None:
    with ledger({}) as node, house(tmp_path_factory.mktemp("town")) as home:
        duty = mirroring(home, node)
        for state in states:
            node.accounts = {account.pubkey: account for account in state}
            told = duty.round()
            assert (told.away, told.left_alone) == (None, ())
            registry = held(home)
            seen = DoubleZero(node.rpc(attempts=1), program=PROGRAM).look(
                wishes=last_wishes(registry.devices.values())
            )
            kept = {one.pubkey for one in registry.devices.values() if one.on_ledger is not None}
            assert kept == {one.pubkey for one in seen.devices}
            assert registry.links.keys() == {one.pubkey for one in seen.links}
            # Nothing is left to ask for: the registry says word by word what the ledger does.
            assert differences(registry, seen, fresh=home.fresh).is_none
            for device in seen.devices:
                stands_as(registry.devices[device.pubkey].life, device)
            for line in seen.links:
                stands_as(registry.links[line.pubkey].life, line)
            before = position(home)
            assert quiet(duty.round())
            assert position(home) == before
