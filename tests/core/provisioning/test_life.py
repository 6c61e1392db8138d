"""How devices, links and interfaces come into service and leave it: stories, then laws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.records_in_memory import NOON, OrgInMemory, network, pubkey, replayed
from tests.core.telling import incident_open, maintenance_planned
from tocsin.core.errors import (
    Conflict,
    DeviceNotHardDrained,
    Invalid,
    InvalidTransition,
    LinkNotHardDrained,
    NotFound,
    Refusal,
)
from tocsin.core.evidence import Access
from tocsin.core.provisioning.commands import (
    AcceptLink,
    Advance,
    ChangeInterface,
    DefineInterface,
    Demand,
    Judge,
    LifeCommand,
    RemoveInterface,
    Waive,
    Wish,
)
from tocsin.core.provisioning.facts import AcceptanceRequested, StatusChanged
from tocsin.core.provisioning.judging import window_minutes
from tocsin.core.provisioning.life import Life, born, next_step
from tocsin.core.provisioning.words import (
    READY_FOR_ACTIVATION,
    AssetStatus,
    DesiredStatus,
    Health,
)
from tocsin.core.records import Device, Link, Policy
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.ticket import Ticket
from tocsin.core.words import LinkType, Role, Severity, Status

WAN = "link:ams-1:fra-1"
AMS = "device:ams-1"
DZX = RegisterLink(
    link_id="dzx",
    pubkey=pubkey(22),
    code="ams-1:fra-1:dzx",
    link_type="DZX",
    side_a=SideDraft(device="ams-1", interface="Ethernet7"),
    side_z=SideDraft(device="fra-1", interface="Ethernet8"),
    contributor="alpha",
)


def ticket(sort: str, **changes: Any) -> Ticket:
    """A ticket of that sort with these fields."""
    begun = incident_open() if sort == "incident" else maintenance_planned()
    return replace(begun, **changes)


def life(org: OrgInMemory, stream: str) -> Life:
    state = org.states[stream]
    assert isinstance(state, Device | Link)
    return state.life


def device(org: OrgInMemory, stream: str = AMS) -> Device:
    state = org.states[stream]
    assert isinstance(state, Device)
    return state


def standing_of(org: OrgInMemory, name: str) -> str:
    (found,) = (one for one in device(org).interfaces if one.name == name)
    return found.life.status.value


# Coming into service


def test_a_link_is_born_drained_and_activated_once_it_is_wanted_and_healthy() -> None:
    org = network()
    assert life(org, WAN).status is AssetStatus.HARD_DRAINED
    assert org.ask(WAN, Advance()) == ()

    org.ask(WAN, Wish(desired="activated"))
    assert org.ask(WAN, Advance()) == ()
    org.ask(WAN, Judge(health="healthy", reasons=("all criteria are met",)))
    (moved,) = org.ask(WAN, Advance())

    assert moved == StatusChanged(
        status_from=AssetStatus.HARD_DRAINED,
        status_to=AssetStatus.ACTIVATED,
        reasons=("it is healthy, and activation is wanted",),
    )
    assert life(org, WAN).activated_before
    assert org.ask(WAN, Advance()) == (), "every change is made once"


@pytest.mark.parametrize("wanted", ["soft_drained", "hard-drained", "Soft Drained"])
@pytest.mark.parametrize("health", ["unknown", "pending", "healthy", "impaired"])
def test_a_drain_is_done_at_once_whatever_the_health(wanted: str, health: str) -> None:
    org = in_service()
    org.ask(WAN, Judge(health=health, reasons=()))
    org.ask(WAN, Wish(desired=wanted, reason="optic swap"))
    org.ask(WAN, Advance())
    assert life(org, WAN).status.value == wanted.lower().replace("-", "_").replace(" ", "_")
    other = "hard_drained" if "oft" in wanted else "soft_drained"
    org.ask(WAN, Wish(desired=other))
    org.ask(WAN, Advance())
    assert life(org, WAN).status.value == other


def in_service() -> OrgInMemory:
    org = network()
    org.ask(WAN, Wish(desired="activated"))
    org.ask(WAN, Judge(health="healthy", reasons=()))
    org.ask(WAN, Advance())
    assert life(org, WAN).status is AssetStatus.ACTIVATED
    return org


def test_evidence_alone_never_drains() -> None:
    org = in_service()
    org.ask(WAN, Judge(health="impaired", reasons=("12 errors on side A",)))
    assert org.ask(WAN, Advance()) == ()
    assert life(org, WAN).status is AssetStatus.ACTIVATED


def test_what_is_drained_and_impaired_waits_until_it_is_healthy_again() -> None:
    org = in_service()
    org.ask(WAN, Wish(desired="soft_drained"))
    org.ask(WAN, Advance())
    org.ask(WAN, Judge(health="impaired", reasons=()))
    org.ask(WAN, Wish(desired="activated"))
    assert org.ask(WAN, Advance()) == ()
    org.ask(WAN, Judge(health="healthy", reasons=()))
    org.ask(WAN, Advance())
    assert life(org, WAN).status is AssetStatus.ACTIVATED


@pytest.mark.parametrize(
    ("severity", "effect", "held"),
    [
        (Severity.SEV1, True, True),
        (Severity.SEV2, True, True),
        (Severity.SEV3, True, False),
        (Severity.SEV1, False, False),
    ],
)
def test_a_grave_incident_with_effect_holds_activation_back(
    severity: Severity, effect: bool, held: bool
) -> None:
    org = network()
    org.ask(WAN, Wish(desired="activated"))
    org.ask(WAN, Judge(health="healthy", reasons=()))
    line = pubkey(21)
    org.holding = [
        ticket("incident", links=(line,), effect=(line,) if effect else (), severity=severity)
    ]
    org.ask(WAN, Advance())
    stands = AssetStatus.HARD_DRAINED if held else AssetStatus.ACTIVATED
    assert life(org, WAN).status is stands
    org.holding = []
    org.ask(WAN, Advance())
    assert life(org, WAN).status is AssetStatus.ACTIVATED


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.CANCELLED])
def test_an_incident_that_has_ended_holds_nothing_back(status: Status) -> None:
    line = pubkey(21)
    ended = ticket("incident", links=(line,), effect=(line,), severity=Severity.SEV1, status=status)
    assert not ended.holds_back
    assert replace(ended, status=Status.MONITORING).holds_back


def test_a_maintenance_in_force_holds_activation_back_and_a_planned_one_does_not() -> None:
    org = network()
    org.ask(WAN, Wish(desired="activated"))
    org.ask(WAN, Judge(health="healthy", reasons=()))
    line, hour = pubkey(21), timedelta(hours=1)
    org.holding = [
        ticket(
            "maintenance",
            links=(line,),
            effect=(line,),
            start_at=NOON - hour,
            end_at=NOON + hour,
        )
    ]
    assert org.ask(WAN, Advance()) == ()
    org.at = NOON + hour
    org.ask(WAN, Advance())
    assert life(org, WAN).status is AssetStatus.ACTIVATED


def test_the_shorter_burn_in_is_for_whatever_was_ever_in_service() -> None:
    policy = Policy(id="policy", created_at=NOON, updated_at=NOON, version=1)
    org = network()
    assert window_minutes(policy, life(org, WAN)) == 24 * 60
    org.ask(WAN, Wish(desired="activated"))
    org.ask(WAN, Judge(health="healthy", reasons=()))
    assert window_minutes(policy, life(org, WAN)) == 24 * 60
    org.ask(WAN, Advance())
    assert window_minutes(policy, life(org, WAN)) == 30
    for drain in ("soft_drained", "hard_drained"):
        org.ask(WAN, Wish(desired=drain))
        org.ask(WAN, Advance())
        assert window_minutes(policy, life(org, WAN)) == 30


# Between two contributors


def test_a_dzx_link_waits_for_its_z_side() -> None:
    org = network()
    facts = org.ask("link:dzx", DZX)
    assert AcceptanceRequested(contributor_id="beta") in facts
    assert life(org, "link:dzx").status is AssetStatus.REQUESTED
    assert standing_of(org, "Ethernet7") == "activated"
    assert all(one.name != "Ethernet8" for one in device(org, "device:fra-1").interfaces)

    org.ask("link:dzx", Wish(desired="activated"))
    org.ask("link:dzx", Judge(health="healthy", reasons=()))
    assert org.ask("link:dzx", Advance()) == ()

    beta = Access(role=Role.MEMBER, member_id="beta-member", contributor_id="beta")
    org.ask("link:dzx", AcceptLink(), beta)
    assert life(org, "link:dzx").status is AssetStatus.HARD_DRAINED
    assert org.ask("link:dzx", AcceptLink(), beta) == ()
    assert any(one.name == "Ethernet8" for one in device(org, "device:fra-1").interfaces)
    org.ask("link:dzx", Advance())
    assert life(org, "link:dzx").status is AssetStatus.ACTIVATED


def test_a_request_that_is_taken_back_can_be_deleted_and_not_activated() -> None:
    org = network()
    org.ask("link:dzx", DZX)
    with pytest.raises(LinkNotHardDrained, match="is requested; drain it hard first"):
        org.ask("link:dzx", RemoveLink())
    org.ask("link:dzx", Wish(desired="hard_drained"))
    org.ask("link:dzx", Wish(desired="activated"))
    org.ask("link:dzx", Judge(health="healthy", reasons=()))
    assert org.ask("link:dzx", Advance()) == (), "nobody has accepted it"
    org.ask("link:dzx", RemoveLink())
    assert org.states["link:dzx"].removed_at is not None


# Leaving


def test_only_what_is_hard_drained_is_deleted() -> None:
    org = in_service()
    with pytest.raises(LinkNotHardDrained):
        org.ask(WAN, RemoveLink())
    with pytest.raises(LinkNotHardDrained):
        org.ask(WAN, UpdateLink(desired_status="deleted"))
    org.ask(WAN, Wish(desired="soft_drained"))
    org.ask(WAN, Advance())
    with pytest.raises(LinkNotHardDrained):
        org.ask(WAN, RemoveLink())
    org.ask(WAN, Wish(desired="hard_drained"))
    org.ask(WAN, Advance())
    org.ask(WAN, Wish(desired="deleted"))
    org.ask(WAN, Advance())
    assert org.states[WAN].removed_at is not None


def test_a_device_is_deleted_without_links_and_interfaces() -> None:
    org = network()
    org.ask(AMS, DefineInterface(name="Ethernet9", role="dia"))
    with pytest.raises(Conflict, match=r"still has ams-1:fra-1, interface Ethernet9"):
        org.ask(AMS, RemoveDevice())
    org.ask(AMS, Wish(desired="deleted"))
    assert org.ask(AMS, Advance()) == ()
    org.ask(WAN, RemoveLink())
    org.ask(AMS, RemoveInterface(name="Ethernet9"))
    org.ask(AMS, Advance())
    assert org.states[AMS].removed_at is not None


def test_a_device_in_service_is_not_deleted() -> None:
    org = network()
    org.ask(AMS, Wish(desired="activated"))
    org.ask(AMS, Judge(health="healthy", reasons=()))
    org.ask(AMS, Advance())
    with pytest.raises(DeviceNotHardDrained):
        org.ask(AMS, Wish(desired="deleted"))


# Interfaces


def test_interfaces_of_links_come_and_go_with_them() -> None:
    org = network()
    assert standing_of(org, "Ethernet1") == "activated"
    (bound,) = device(org).interfaces
    assert (bound.link, bound.by_link) == (LinkType.WAN, True)

    org.ask(WAN, UpdateLink(side_a=SideDraft(device="ams-1", interface="Ethernet3")))
    assert [one.name for one in device(org).interfaces] == ["Ethernet3"]
    org.ask(AMS, DefineInterface(name="Ethernet3", bandwidth=10**11))
    assert standing_of(org, "Ethernet3") == "activated"  # the link uses it all the same
    with pytest.raises(Conflict, match="the link ams-1:fra-1 uses Ethernet3; delete"):
        org.ask(AMS, RemoveInterface(name="Ethernet3"))
    with pytest.raises(Conflict, match="the link ams-1:fra-1 uses Ethernet3; it has no other"):
        org.ask(AMS, ChangeInterface(name="Ethernet3", role="cyoa"))
    org.ask(WAN, RemoveLink())
    assert standing_of(org, "Ethernet3") == "hard_drained"
    org.ask(AMS, RemoveInterface(name="Ethernet3"))
    assert device(org).interfaces == ()


def test_the_way_to_the_internet_is_in_service_when_it_is_defined() -> None:
    org = network()
    org.ask(AMS, DefineInterface(name="Ethernet9", role="dia"))
    assert standing_of(org, "Ethernet9") == "activated"
    with pytest.raises(Conflict, match="only an interface to users"):
        org.ask(AMS, Wish(desired="hard_drained", interface="Ethernet9"))


def test_the_way_to_users_comes_into_service_on_evidence() -> None:
    org = network()
    org.ask(AMS, DefineInterface(name="Ethernet9", role="cyoa", ip_net="10.0.0.1/31"))
    assert standing_of(org, "Ethernet9") == "hard_drained"
    org.ask(AMS, Wish(desired="activated", interface="Ethernet9"))
    assert org.ask(AMS, Advance()) == ()
    org.ask(AMS, Judge(health="healthy", reasons=(), interface="Ethernet9"))
    org.ask(AMS, Advance())
    assert standing_of(org, "Ethernet9") == "activated"
    with pytest.raises(InvalidTransition, match="drain it first"):
        org.ask(AMS, RemoveInterface(name="Ethernet9"))
    org.ask(AMS, Wish(desired="hard_drained", interface="Ethernet9"))
    org.ask(AMS, Advance())
    org.ask(AMS, RemoveInterface(name="Ethernet9"))
    assert all(one.name != "Ethernet9" for one in device(org).interfaces)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (DefineInterface(name=""), "name"),
        (DefineInterface(name="Ethernet 1"), "name"),
        (DefineInterface(name="e", kind="virtual"), "kind"),
        (DefineInterface(name="e", role="wan"), "role"),
        (DefineInterface(name="e", loopback_type="ipv4"), "loopback_type"),
        (DefineInterface(name="e", kind="loopback", role="dia"), "role"),
        (DefineInterface(name="e", mtu=0), "mtu"),
        (DefineInterface(name="e", vlan_id=5_000), "vlan_id"),
        (DefineInterface(name="e", ip_net="10.0.0.1/99"), "ip_net"),
        (Waive(criterion="sunshine", reason="r", until=NOON + timedelta(days=1)), "criterion"),
        (Waive(criterion="record", reason="r", until=NOON + timedelta(days=1)), "criterion"),
        (Waive(criterion="qa", reason=" ", until=NOON + timedelta(days=1)), "reason"),
        (Waive(criterion="qa", reason="r", until=NOON), "until"),
        (Waive(criterion="qa", reason="r", until=NOON + timedelta(days=400)), "until"),
        (Wish(desired="asleep"), "desired_status"),
        (Judge(health="fine", reasons=()), "health"),
        (UpdateDevice(dz_prefixes=("203.0.113.0/30",)), "dz_prefixes[0]"),
        (UpdateDevice(dz_prefixes=("203.0.113.0/29", "203.0.113.0/29")), "dz_prefixes[1]"),
        (UpdateDevice(dz_prefixes=("203.0.113.1/29",)), "dz_prefixes[0]"),
        (UpdateDevice(max_users=-1), "max_users"),
        (UpdateDevice(metrics_publisher="nobody"), "metrics_publisher"),
    ],
)
def test_what_is_wrong_is_named(command: LifeCommand | UpdateDevice, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        network().ask(AMS, command)
    assert [error.field for error in refused.value.errors] == [field]


def test_an_interface_twice_is_refused_by_its_name() -> None:
    org = network()
    org.ask(AMS, DefineInterface(name="Ethernet9"))
    with pytest.raises(Conflict, match="'Ethernet9' already"):
        org.ask(AMS, DefineInterface(name="Ethernet9"))
    twice = RegisterDevice(
        device_id="new",
        pubkey=pubkey(40),
        code="new",
        contributor="alpha",
        interfaces=(DefineInterface(name="e1"), DefineInterface(name="e1")),
    )
    with pytest.raises(Invalid) as refused:
        org.ask("device:new", twice)
    assert refused.value.errors[0].field == "interfaces[1].name"


def test_nobody_has_such_an_interface() -> None:
    for command in (
        ChangeInterface(name="Ethernet77"),
        RemoveInterface(name="Ethernet77"),
        Wish(desired="activated", interface="Ethernet77"),
        Judge(health="healthy", reasons=(), interface="Ethernet77"),
    ):
        with pytest.raises(NotFound, match="ams-1 has no interface 'Ethernet77'"):
            network().ask(AMS, command)


@pytest.mark.parametrize(
    ("lasting", "taken"),
    [
        (timedelta(), False),
        (timedelta(microseconds=1), True),
        (timedelta(days=366), True),
        (timedelta(days=366, microseconds=1), False),
    ],
)
def test_a_waiver_ends_within_a_year(lasting: timedelta, taken: bool) -> None:
    org = network()
    waive = Waive(criterion="side_a", reason="standby", until=org.at + lasting)
    if taken:
        assert org.ask(WAN, waive)
    else:
        with pytest.raises(Invalid, match="until"):
            org.ask(WAN, waive)


def test_a_waiver_holds_until_its_end_and_can_be_taken_back() -> None:
    org = network()
    until = NOON + timedelta(days=1)
    org.ask(WAN, Waive(criterion="side_a", reason="standby", until=until))
    assert life(org, WAN).waived("side_a", at=NOON) is not None
    assert life(org, WAN).waived("side_a", at=until) is None
    assert org.ask(WAN, Waive(criterion="side-a", reason="standby", until=until)) == ()
    org.ask(WAN, Waive(criterion="side_a", reason="still", until=until))
    assert [one.reason for one in life(org, WAN).waivers] == ["still"]
    org.ask(WAN, Demand(criterion="side_a"))
    assert life(org, WAN).waivers == ()
    assert org.ask(WAN, Demand(criterion="side_a")) == ()


# Laws

LIVES = st.builds(
    Life,
    status=st.sampled_from(AssetStatus),
    desired=st.sampled_from(DesiredStatus),
    health=st.sampled_from(Health),
    status_since=st.just(NOON),
    health_since=st.just(NOON),
    accepted=st.booleans(),
    activated_before=st.booleans(),
)


@given(one=LIVES, refs=st.lists(st.just("I1"), max_size=1))
def test_activation_takes_all_three_and_nothing_in_the_way(one: Life, refs: list[str]) -> None:
    step = next_step(one, in_the_way=refs)
    may = (
        one.desired is DesiredStatus.ACTIVATED
        and one.health is Health.HEALTHY
        and one.status in READY_FOR_ACTIVATION
        and one.accepted
        and not refs
    )
    assert (step.status is AssetStatus.ACTIVATED) is may
    assert step.why


@given(one=LIVES)
def test_only_a_wish_drains_and_only_the_hard_drained_is_removed(one: Life) -> None:
    step = next_step(one)
    if step.status is not None and step.status is not AssetStatus.ACTIVATED:
        assert step.status.value == one.desired.value
    if step.removed:
        assert one.status is AssetStatus.HARD_DRAINED
        assert one.desired is DesiredStatus.DELETED
    assert not (step.removed and step.status)


COMMANDS: st.SearchStrategy[tuple[str, LifeCommand | RemoveLink]] = st.tuples(
    st.sampled_from(("link:dzx", WAN)),
    st.one_of(
        st.builds(Wish, desired=st.sampled_from([one.value for one in DesiredStatus])),
        st.builds(
            Judge, health=st.sampled_from([one.value for one in Health]), reasons=st.just(())
        ),
        st.just(Advance()),
        st.just(AcceptLink()),
        st.just(RemoveLink()),
    ),
)


@settings(max_examples=60)
@given(asked=st.lists(COMMANDS, max_size=25), held=st.booleans())
def test_whatever_is_asked_no_rule_is_broken(
    asked: list[tuple[str, LifeCommand | RemoveLink]], held: bool
) -> None:
    org = network()
    org.ask("link:dzx", DZX)
    lines = (pubkey(21), pubkey(22))
    if held:
        org.holding = [ticket("incident", links=lines, effect=lines, severity=Severity.SEV1)]
    for stream, command in asked:
        before = life(org, stream)
        removed = org.states[stream].removed_at is not None
        quiet(partial(org.ask, stream, command))
        after = life(org, stream)
        if after.status is AssetStatus.ACTIVATED and before.status is not AssetStatus.ACTIVATED:
            assert isinstance(command, Advance)
            assert not held
            assert (before.desired, before.health) == (DesiredStatus.ACTIVATED, Health.HEALTHY)
            assert before.status in READY_FOR_ACTIVATION
            assert before.accepted
        if after.health is not before.health:
            assert isinstance(command, Judge)
        gone = org.states[stream].removed_at is not None
        if gone and not removed:
            assert before.status is AssetStatus.HARD_DRAINED
        if isinstance(command, Advance) and not gone:
            assert org.ask(stream, Advance()) == (), "every change is made once"
    assert replayed(org.log) == org.states


def quiet(ask: Callable[[], object]) -> None:
    """Ask; a refusal leaves everything as it was."""
    try:
        ask()
    except Refusal:
        return


def test_born_drained_and_nothing_known() -> None:
    assert born(at=NOON).status is AssetStatus.HARD_DRAINED
    assert born(at=NOON).health is Health.UNKNOWN
    assert born(at=NOON, requested=True).accepted is False
