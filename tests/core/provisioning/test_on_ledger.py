"""What a ledger says is taken over, and what it says is changed nowhere else: stories, then
laws."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.provisioning.test_life import AMS, DZX, WAN, device, life, quiet
from tests.core.records_in_memory import OrgInMemory, network, pubkey, replayed
from tocsin.core.errors import Conflict, KeptByLedger
from tocsin.core.evidence import Access
from tocsin.core.facts import Payload
from tocsin.core.provisioning.commands import (
    AcceptLink,
    Advance,
    ChangeInterface,
    DefineInterface,
    FollowLedger,
    Judge,
    LeaveLedger,
    LifeCommand,
    RemoveInterface,
    Wish,
)
from tocsin.core.provisioning.facts import (
    AcceptanceRequested,
    DesiredStatusChanged,
    HealthChanged,
    LinkAccepted,
    Mirrored,
    StatusChanged,
)
from tocsin.core.provisioning.on_ledger import AS_THE_LEDGER_HAS_IT, OnLedger
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import (
    RegisterDevice,
    RemoveDevice,
    RemoveLink,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.words import Role

ADMIN = Access(role=Role.ORG_ADMIN, member_id="admin")
IN_SERVICE = OnLedger(status="activated", health="healthy", desired_status="activated")


def asset(org: OrgInMemory, stream: str) -> Device | Link:
    state = org.states[stream]
    assert isinstance(state, Device | Link)
    return state


def says(org: OrgInMemory, stream: str, said: OnLedger) -> tuple[Payload, ...]:
    """What follows when the ledger says that of it."""
    return org.ask(
        stream,
        FollowLedger(status=said.status, health=said.health, desired_status=said.desired_status),
    )


def kept(said: OnLedger = IN_SERVICE) -> OrgInMemory:
    """The network, with a device and a link on the ledger."""
    org = network()
    says(org, AMS, said)
    says(org, WAN, said)
    return org


# What it says


def test_what_is_said_for_the_first_time_is_taken_over_whole() -> None:
    org = network()
    facts = says(org, WAN, IN_SERVICE)
    assert facts == (
        DesiredStatusChanged(
            desired_from=DesiredStatus.HARD_DRAINED,
            desired_to=DesiredStatus.ACTIVATED,
            reason=AS_THE_LEDGER_HAS_IT,
        ),
        StatusChanged(
            status_from=AssetStatus.HARD_DRAINED,
            status_to=AssetStatus.ACTIVATED,
            reasons=(AS_THE_LEDGER_HAS_IT,),
        ),
        HealthChanged(
            health_from=Health.UNKNOWN,
            health_to=Health.HEALTHY,
            reasons=(AS_THE_LEDGER_HAS_IT,),
        ),
        Mirrored(status="activated", health="healthy", desired_status="activated"),
    )
    assert asset(org, WAN).on_ledger == IN_SERVICE
    assert life(org, WAN).activated_before
    assert says(org, WAN, IN_SERVICE) == (), "nothing is said twice"


def test_a_device_is_born_as_the_ledger_has_it() -> None:
    org = network()
    facts = org.ask(
        "device:osl-1",
        RegisterDevice(
            device_id="osl-1",
            pubkey=pubkey(13),
            code="osl-1",
            contributor="alpha",
            on_ledger=IN_SERVICE,
        ),
    )
    assert len(facts) == 1, "it moved nowhere, so nobody is told that it did"
    assert asset(org, "device:osl-1").on_ledger == IN_SERVICE
    assert life(org, "device:osl-1").activated_before
    assert life(org, "device:osl-1").status is AssetStatus.ACTIVATED


def test_a_link_in_service_is_not_asked_about_again_by_its_z_side() -> None:
    org = network()
    facts = org.ask("link:dzx", replace(DZX, on_ledger=IN_SERVICE))
    assert not any(isinstance(one, AcceptanceRequested) for one in facts)
    assert life(org, "link:dzx").accepted
    assert any(one.name == "Ethernet8" for one in device(org, "device:fra-1").interfaces)


def test_a_requested_link_is_accepted_by_going_on() -> None:
    org = network()
    requested = OnLedger(status="requested", health="unknown", desired_status="hard_drained")
    facts = org.ask("link:dzx", replace(DZX, on_ledger=requested))
    assert AcceptanceRequested(contributor_id="beta") in facts
    assert not life(org, "link:dzx").accepted

    facts = says(org, "link:dzx", replace(requested, status="hard_drained"))
    assert LinkAccepted(contributor_id="beta") in facts
    assert life(org, "link:dzx").accepted
    assert life(org, "link:dzx").status is AssetStatus.HARD_DRAINED


def test_a_wish_of_ours_stays_until_the_ledger_says_another() -> None:
    org = kept()
    org.ask(WAN, Wish(desired="soft_drained"), ADMIN)
    assert says(org, WAN, IN_SERVICE) == (), "it is still to be written there"
    assert life(org, WAN).desired is DesiredStatus.SOFT_DRAINED

    (moved, _) = says(org, WAN, replace(IN_SERVICE, desired_status="hard_drained"))
    assert isinstance(moved, DesiredStatusChanged)
    assert life(org, WAN).desired is DesiredStatus.HARD_DRAINED


def test_a_wish_that_was_written_is_no_change() -> None:
    org = kept()
    org.ask(WAN, Wish(desired="soft_drained"), ADMIN)
    said = replace(IN_SERVICE, desired_status="soft_drained")
    assert says(org, WAN, said) == (
        Mirrored(status="activated", health="healthy", desired_status="soft_drained"),
    )


def test_what_was_written_there_and_recorded_here_is_what_it_says() -> None:
    org = kept()
    org.ask(WAN, Judge(health="impaired", reasons=("errors",), taken=True))
    impaired = replace(IN_SERVICE, health="impaired")
    assert asset(org, WAN).on_ledger == impaired
    assert says(org, WAN, impaired) == ()
    # Somebody else says otherwise there.
    says(org, WAN, IN_SERVICE)
    assert life(org, WAN).health is Health.HEALTHY


def test_a_number_without_a_meaning_moves_nothing() -> None:
    org = kept()
    said = OnLedger(status="unknown", health="healthy", desired_status="unknown")
    assert says(org, WAN, said) == (
        Mirrored(status="unknown", health="healthy", desired_status="unknown"),
    )
    assert life(org, WAN).status is AssetStatus.ACTIVATED
    assert life(org, WAN).desired is DesiredStatus.ACTIVATED


def test_an_outdated_look_is_dropped() -> None:
    org = kept()
    version = asset(org, WAN).version
    org.ask(WAN, Judge(health="impaired", reasons=("errors",), taken=True))
    outdated = FollowLedger(
        status="activated", health="healthy", desired_status="hard_drained", version=version
    )
    assert org.ask(WAN, outdated) == ()
    assert org.ask(WAN, replace(outdated, version=version + 1))


# Who may change it


@pytest.mark.parametrize(
    ("stream", "command"),
    [
        (AMS, UpdateDevice(code="ams-2")),
        (AMS, RemoveDevice()),
        (AMS, DefineInterface(name="Ethernet9")),
        (AMS, ChangeInterface(name="Ethernet1", mtu=9_000)),
        (AMS, RemoveInterface(name="Ethernet1")),
        (WAN, UpdateLink(mtu=9_000)),
        (WAN, RemoveLink()),
        (WAN, AcceptLink()),
    ],
)
def test_what_the_ledger_says_is_changed_there(
    stream: str, command: UpdateDevice | RemoveDevice | UpdateLink | RemoveLink | LifeCommand
) -> None:
    org = kept()
    with pytest.raises(KeptByLedger, match="change it there"):
        org.decide(stream, command, ADMIN)


def test_wishes_go_on_as_ever() -> None:
    org = kept()
    assert org.ask(AMS, Wish(desired="soft_drained"), ADMIN)
    assert org.ask(WAN, UpdateLink(code="ams-1:fra-1", desired_status="hard_drained"), ADMIN)


def test_a_request_is_taken_back_where_it_was_made() -> None:
    org = network()
    requested = OnLedger(status="requested", health="unknown", desired_status="hard_drained")
    org.ask("link:dzx", replace(DZX, on_ledger=requested))
    with pytest.raises(KeptByLedger):
        org.ask("link:dzx", Wish(desired="hard_drained"), ADMIN)


# Leaving


def test_what_is_to_be_deleted_goes_once_it_is_gone_there() -> None:
    org = kept(OnLedger(status="hard_drained", health="unknown", desired_status="hard_drained"))
    org.ask(WAN, Wish(desired="deleted"), ADMIN)
    assert org.ask(WAN, Advance()) == (), "the ledger still has it"
    org.ask(WAN, RemoveLink())
    assert org.states[WAN].removed_at is not None


def test_what_is_gone_there_goes_whatever_it_was_but_not_under_a_link() -> None:
    org = kept()
    org.ask(AMS, DefineInterface(name="Ethernet9", role="cyoa"))
    with pytest.raises(Conflict, match="ams-1:fra-1"):
        org.ask(AMS, RemoveDevice())
    org.ask(WAN, RemoveLink())
    org.ask(AMS, RemoveInterface(name="Ethernet9"))
    org.ask(AMS, RemoveDevice())
    assert org.states[AMS].removed_at is not None


def test_what_is_let_go_is_changed_here_again() -> None:
    org = kept()
    org.ask(AMS, LeaveLedger())
    assert asset(org, AMS).on_ledger is None
    assert org.ask(AMS, LeaveLedger()) == ()
    assert org.ask(AMS, UpdateDevice(code="ams-2"), ADMIN)


# Laws

SAID = st.builds(
    OnLedger,
    status=st.sampled_from((*(one.value for one in AssetStatus), "unknown")),
    health=st.sampled_from([one.value for one in Health]),
    desired_status=st.sampled_from(("activated", "soft_drained", "hard_drained", "unknown")),
)
DEEDS = st.one_of(
    SAID,
    st.builds(Wish, desired=st.sampled_from([one.value for one in DesiredStatus])),
    st.builds(Judge, health=st.sampled_from([one.value for one in Health]), reasons=st.just(())),
    st.just(Advance()),
)


@settings(max_examples=100)
@given(deeds=st.lists(DEEDS, max_size=20), last=SAID)
def test_whatever_was_done_what_the_ledger_says_last_stands(
    deeds: list[OnLedger | LifeCommand], last: OnLedger
) -> None:
    org = network()
    org.ask(
        "link:dzx",
        replace(DZX, on_ledger=OnLedger(status="requested", health="unknown", desired_status="x")),
    )
    for deed in deeds:
        if isinstance(deed, OnLedger):
            says(org, "link:dzx", deed)
        else:
            quiet(partial(org.ask, "link:dzx", deed))
        assert org.states["link:dzx"].removed_at is None
    says(org, "link:dzx", last)
    now = asset(org, "link:dzx")
    assert now.on_ledger == last
    assert now.life.health.value == last.health
    if last.status != "unknown":
        assert now.life.status.value == last.status
        assert now.life.accepted or last.status == "requested"
    assert says(org, "link:dzx", last) == ()
    assert replayed(org.log) == org.states
