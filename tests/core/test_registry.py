"""Stories of devices and links in the registry, then laws."""

from __future__ import annotations

import pytest

from tests.core.records_in_memory import network, pubkey, replayed
from tocsin.core.errors import Conflict, Invalid, NotFound
from tocsin.core.evidence import Access
from tocsin.core.facts import Change
from tocsin.core.provisioning.commands import Wish
from tocsin.core.record_claims import claims_named_by, claims_of
from tocsin.core.record_commands import replacing
from tocsin.core.record_facts import RecordUpdated
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    RemoveDevice,
    RemoveLink,
    SideDraft,
    UpdateDevice,
    UpdateLink,
)
from tocsin.core.words import LinkType, Role

LINK = RegisterLink(
    link_id="second",
    pubkey=pubkey(22),
    code="ams-1:fra-1:2",
    link_type="DZX",
    side_a=SideDraft(device="ams-1", interface="Ethernet2"),
    side_z=SideDraft(device="fra-1", interface="Ethernet2"),
    contributor="alpha",
)


def test_a_link_knows_both_owners_and_its_sides_by_pubkey() -> None:
    link = network().states["link:ams-1:fra-1"]

    assert isinstance(link, Link)
    assert link.link_type is LinkType.WAN
    assert (link.side_a.device, link.side_z.device) == (pubkey(11), pubkey(12))
    assert (link.contributor_id, link.side_z_contributor_id) == ("alpha", "beta")


def test_a_device_without_a_contributor_belongs_to_the_asker_s() -> None:
    org = network()
    asker = Access(role=Role.MEMBER, member_id="alpha-member", contributor_id="alpha")
    org.ask("device:new", RegisterDevice(device_id="new", pubkey=pubkey(13), code="ams-2"), asker)

    device = org.states["device:new"]
    assert isinstance(device, Device)
    assert (device.contributor_id, device.created_by) == ("alpha", "alpha-member")


def test_a_device_nobody_owns_is_refused_with_everything_else_that_is_wrong() -> None:
    with pytest.raises(Invalid) as refused:
        network().ask(
            "device:new",
            RegisterDevice(
                device_id="new",
                pubkey=pubkey(13) + " ",
                code="a" * 33,
                device_type="toaster",
                public_ip="300.1.1.1",
            ),
        )

    assert {error.field: error.code for error in refused.value.errors} == {
        "pubkey": "not_a_pubkey",
        "code": "too_long",
        "contributor": "required",
        "device_type": "unknown_word",
        "public_ip": "bad_address",
    }


def test_pubkeys_of_devices_and_links_are_unique_together() -> None:
    with pytest.raises(Conflict) as refused:
        network().ask(
            "device:new",
            RegisterDevice(device_id="new", pubkey=pubkey(21), code="fra-1", contributor="alpha"),
        )

    assert [error.field for error in refused.value.errors] == ["pubkey", "code"]


def test_a_link_needs_two_registered_devices() -> None:
    org = network()
    nowhere = SideDraft(device="lon-1", interface="Ethernet1")
    with pytest.raises(Invalid) as refused:
        org.ask(
            "link:second",
            RegisterLink(
                link_id="second",
                pubkey=pubkey(22),
                code="x",
                link_type="tunnel",
                side_a=nowhere,
                side_z=SideDraft(device="fra-1", interface=""),
                contributor="alpha",
            ),
        )
    assert {error.field: error.code for error in refused.value.errors} == {
        "side_a.device": "unknown_device",
        "side_z.interface": "required",
        "link_type": "unknown_word",
    }

    with pytest.raises(Invalid) as looped:
        org.ask(
            "link:ams-1:fra-1",
            UpdateLink(side_z=SideDraft(device=pubkey(11), interface="Ethernet9")),
        )
    assert [error.code for error in looped.value.errors] == ["duplicate"]


def test_a_device_that_links_use_stays() -> None:
    org = network()
    with pytest.raises(Conflict, match="ams-1:fra-1"):
        org.ask("device:fra-1", RemoveDevice())

    org.ask("link:ams-1:fra-1", RemoveLink())
    org.ask("device:fra-1", RemoveDevice())
    with pytest.raises(NotFound):
        org.ask("device:fra-1", RemoveDevice())


def test_a_change_tells_old_and_new_and_the_pubkey_stays() -> None:
    org = network()
    changed = org.ask("device:ams-1", UpdateDevice(code="ams-9", public_ip="2001:DB8::1"))

    assert changed == (
        RecordUpdated(
            changes=(
                Change(field="code", old="ams-1", new="ams-9"),
                Change(field="public_ip", old=None, new="2001:db8::1"),
            )
        ),
    )
    with pytest.raises(Invalid, match="cannot change"):
        org.ask("device:ams-1", UpdateDevice(pubkey=pubkey(99)))


def test_moving_a_side_moves_its_owner() -> None:
    org = network()
    org.ask(
        "device:ams-2",
        RegisterDevice(device_id="ams-2", pubkey=pubkey(13), code="ams-2", contributor="alpha"),
    )
    side = SideDraft(device="ams-2", interface="Ethernet1")
    org.ask("link:ams-1:fra-1", UpdateLink(side_z=side, mtu=9_000))

    link = org.states["link:ams-1:fra-1"]
    assert isinstance(link, Link)
    assert link.side_z.device == pubkey(13)
    assert (link.side_z_contributor_id, link.mtu) == ("alpha", 9_000)


def test_putting_the_same_again_changes_nothing() -> None:
    org = network()
    org.ask("link:second", LINK)

    assert org.ask("link:second", replacing(LINK)) == ()
    with pytest.raises(Conflict):
        org.ask("link:second", LINK)


def test_claims_are_what_was_asked_for_and_free_after_removal() -> None:
    org = network()
    org.ask("link:second", LINK)
    assert claims_of(org.states["link:second"]) == claims_named_by(LINK)

    org.ask("link:second", Wish(desired="hard_drained"))
    org.ask("link:second", RemoveLink())
    assert claims_of(org.states["link:second"]) == frozenset()
    org.ask("link:second-again", LINK)


def test_the_log_of_a_network_replays() -> None:
    org = network()

    assert replayed(org.log) == org.states
