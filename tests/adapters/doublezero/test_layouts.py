"""Accounts are read as they were written; what is old, long, cut off or nonsense raises nothing."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import MISSING, fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.doublezero.encoding import (
    encoded,
    first_interface,
    fourth_interface,
    interface,
    second_interface,
    string,
    third_interface,
    vector,
)
from tests.adapters.doublezero.town import (
    ACME,
    DZ1,
    DZ2,
    LINK,
    LOOPBACK,
    TOWN,
    TRANSIT,
    UPLINK,
    accounts,
    interfaces,
)
from tocsin.adapters.doublezero.accounts import (
    Account,
    Device,
    GlobalState,
    Interface,
    Link,
    Other,
)
from tocsin.adapters.doublezero.borsh import NOBODY
from tocsin.adapters.doublezero.layouts import LARGEST_ACCOUNT, decoded
from tocsin.core.provisioning.ledger import Unreadable

LAW = settings(deadline=None, max_examples=60)
ALWAYS = {1: 1 + 1 + 16, 10: 51, 3: 71, 4: 71, 5: 120, 6: 151}
"""Bytes up to and with the status, by account type: with the code these are always there."""


def device(data: bytes) -> Device:
    found = decoded(data, DZ1.pubkey)
    assert isinstance(found, Device)
    return found


def missing_in(found: Account | Unreadable) -> tuple[str, ...]:
    assert not isinstance(found, Unreadable | Other)
    return found.missing


# -- as it was written ----------------------------------------------------------------------------


@LAW
@given(account=accounts)
def test_what_was_written_is_read(account: Account) -> None:
    assert decoded(encoded(account), account.pubkey) == account


@LAW
@given(account=accounts, more=st.binary(min_size=1, max_size=40))
def test_bytes_behind_the_last_field_are_ignored(account: Account, more: bytes) -> None:
    assert decoded(encoded(account) + more, account.pubkey) == account


def test_the_fields_stand_where_the_program_has_them() -> None:
    """By the offsets that the program's own clients filter by."""
    link, dz1 = encoded(LINK), encoded(DZ1)

    assert link[50:82] == dz1_key()
    assert (link[114], link[150]) == (127, 6)
    assert struct.unpack_from("<QIQQH", link, 115) == (10_000_000_000, 9000, 1_500_000, 20_000, 17)
    assert struct.unpack_from("<I", link, 151) == (len(LINK.code),)
    assert (dz1[114], dz1[115:119], dz1[119]) == (0, bytes([198, 51, 100, 1]), 5)
    assert struct.unpack_from("<I", dz1, 120) == (len(DZ1.code),)


def dz1_key() -> bytes:
    return bytes([7] * 31 + [30])


def test_a_number_that_nobody_knows_stays_a_number() -> None:
    odd = replace(LINK, status=200, health=99, desired_status=77, link_type=3)

    assert decoded(encoded(odd), odd.pubkey) == odd


def test_accounts_of_another_type_are_no_trouble() -> None:
    assert decoded(b"\7" + bytes(200), "user") == Other(pubkey="user", account_type=7)
    assert decoded(b"\xff", "new") == Other(pubkey="new", account_type=255)


# -- old accounts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("account", TOWN, ids=lambda account: type(account).__name__)
def test_cut_off_anywhere_it_is_read_or_named(account: Account) -> None:
    data = encoded(account)
    required = ALWAYS[data[0]]
    if not isinstance(account, GlobalState):
        assert not isinstance(account, Other)
        required += len(string(account.code))

    for length in range(len(data)):
        found = decoded(data[:length], account.pubkey)
        if length < required:
            assert isinstance(found, Unreadable), length
            assert found.pubkey == account.pubkey
        else:
            assert missing_in(found), length
            assert type(found) is type(account), length


def test_a_field_that_is_not_there_has_its_default_and_is_named() -> None:
    old = decoded(encoded(LINK)[: 151 + len(string(LINK.code)) + 32], LINK.pubkey)

    assert isinstance(old, Link)
    assert (old.contributor, old.health, old.desired_status, old.flags) == (ACME.pubkey, 0, 0, 0)
    assert old.missing == (
        "side_a_iface_name",
        "side_z_iface_name",
        "delay_override_ns",
        "link_health",
        "desired_status",
        "link_topologies",
        "link_flags",
    )


@pytest.mark.parametrize("account", TOWN, ids=lambda account: type(account).__name__)
def test_the_oldest_account_has_every_default(account: Account) -> None:
    data = encoded(account)
    always = ALWAYS[data[0]]
    if not isinstance(account, GlobalState):
        assert not isinstance(account, Other)
        always += len(string(account.code))
    later = {
        one.name: one.default
        for one in fields(account)
        if one.default is not MISSING and one.name != "missing"
    }

    oldest = decoded(data[:always], account.pubkey)

    assert missing_in(oldest)
    assert replace(account, **later, missing=missing_in(oldest)) == oldest
    # A device names its two lists of interfaces, and has one.
    assert len(missing_in(oldest)) == len(later) + isinstance(account, Device)


def test_the_oldest_device_belongs_to_nobody() -> None:
    old = device(encoded(DZ1)[: 120 + len(string(DZ1.code))])

    assert (old.code, old.contributor, old.interfaces) == ("fra-dz1", NOBODY, ())


# -- interfaces -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (
            first_interface,
            lambda one: Interface(
                status=one.status,
                name=one.name,
                interface_type=one.interface_type,
                loopback_type=one.loopback_type,
                vlan_id=one.vlan_id,
                ip_net=one.ip_net,
                node_segment_idx=one.node_segment_idx,
                user_tunnel_endpoint=one.user_tunnel_endpoint,
            ),
        ),
        (second_interface, lambda one: replace(one, segments=())),
        (third_interface, lambda one: replace(one, segments=())),
        (fourth_interface, lambda one: one),
    ],
    ids=["tag 0", "tag 1", "tag 2", "tag 3"],
)
@LAW
@given(some=st.lists(interfaces, max_size=3))
def test_an_old_device_has_the_interfaces_of_the_old_list(
    written: Callable[[Interface], bytes],
    kept: Callable[[Interface], Interface],
    some: list[Interface],
) -> None:
    old = device(encoded(replace(DZ1, interfaces=tuple(some)), deprecated=written))

    assert old.interfaces == tuple(kept(one) for one in some)
    assert old.missing == ("interfaces",)


def test_an_old_interface_of_a_tag_that_nobody_knows_is_empty() -> None:
    def written(one: Interface) -> bytes:
        return b"\x09" if one is TRANSIT else fourth_interface(one)

    assert device(encoded(DZ1, deprecated=written)).interfaces == (UPLINK, LOOPBACK)


def test_todays_list_counts_where_there_are_both() -> None:
    data = encoded(replace(DZ1, interfaces=(UPLINK,)), deprecated=second_interface)

    assert device(data + vector([interface(TRANSIT)])).interfaces == (TRANSIT,)
    assert device(data + vector([])).interfaces == ()


def test_an_interface_that_says_more_than_is_known_is_stepped_over() -> None:
    data = encoded(replace(DZ1, interfaces=()))[:-4]
    longer = interface(TRANSIT, version=5, more=b"what comes next year")

    assert device(data + vector([longer, interface(LOOPBACK)])).interfaces == (TRANSIT, LOOPBACK)


def test_an_interface_that_ends_early_has_defaults() -> None:
    data = encoded(replace(DZ1, interfaces=()))[:-4]
    body = bytes([1, 3]) + string("Ethernet1") + bytes([2])
    short = struct.pack("<H", len(body) + 2) + body

    found = device(data + vector([short, interface(UPLINK)]))

    assert found.interfaces == (Interface(status=3, name="Ethernet1", interface_type=2), UPLINK)
    assert found.missing == ()


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (0, "a size of 0 where 3 is the least"),
        (2, "a size of 2 where 3 is the least"),
        (3, "an interface ends before its name does"),
        (9, "an interface ends before its name does"),
    ],
)
def test_an_interface_that_cannot_be_one_makes_the_device_unreadable(size: int, why: str) -> None:
    data = encoded(replace(DZ1, interfaces=()))[:-4]
    wrong = struct.pack("<H", size) + interface(UPLINK)[2:]

    assert decoded(data + vector([wrong]), DZ1.pubkey) == Unreadable(
        pubkey=DZ1.pubkey, why=f"it is no device account: {why}"
    )


# -- nonsense -------------------------------------------------------------------------------------


@LAW
@given(data=st.binary(max_size=600))
def test_any_bytes_are_read_or_named(data: bytes) -> None:
    found = decoded(data, "somewhere")

    assert found.pubkey == "somewhere"


@settings(deadline=None, max_examples=300)
@given(kind=st.sampled_from([1, 3, 4, 5, 6, 10]), data=st.binary(max_size=600))
def test_any_bytes_behind_a_type_are_read_or_named(kind: int, data: bytes) -> None:
    assert decoded(bytes([kind]) + data, "somewhere").pubkey == "somewhere"


@settings(deadline=None, max_examples=300)
@given(account=accounts, at=st.integers(0, 2000), byte=st.integers(0, 255))
def test_one_wrong_byte_raises_nothing(account: Account, at: int, byte: int) -> None:
    data = bytearray(encoded(account))
    data[at % len(data)] = byte

    assert decoded(bytes(data), account.pubkey).pubkey == account.pubkey


def test_a_number_of_items_is_believed_only_as_far_as_there_are_bytes() -> None:
    data = encoded(DZ2)[: 120 + len(string(DZ2.code))]

    found = device(data + b"\xff\xff\xff\xff" + bytes(12))

    assert found.dz_prefixes == ()
    assert found.missing[0] == "dz_prefixes"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (b"ac\xffe", "text is not UTF-8"),
        (b"ac\0e", "text with control characters"),
        (b"ac\ne", "text with control characters"),
        ("ac\x85e".encode(), "text with control characters"),
        (b"a" * 1025, "text of 1,025 bytes"),
    ],
)
def test_a_code_that_is_no_text_is_named(code: bytes, why: str) -> None:
    data = encoded(ACME).replace(b"\4\0\0\0acme", struct.pack("<I", len(code)) + code)

    assert decoded(data, ACME.pubkey) == Unreadable(
        pubkey=ACME.pubkey, why=f"it is no contributor account: {why}"
    )


def test_a_network_that_is_none_is_named() -> None:
    data = encoded(LINK).replace(bytes([172, 16, 0, 0, 31]), bytes([172, 16, 0, 0, 33]))

    assert decoded(data, LINK.pubkey) == Unreadable(
        pubkey=LINK.pubkey, why="it is no link account: a network of /33"
    )


def test_what_is_empty_or_endless_is_named() -> None:
    assert decoded(b"", "x") == Unreadable(pubkey="x", why="it is empty")
    assert decoded(b"\5" + bytes(LARGEST_ACCOUNT), "x") == Unreadable(
        pubkey="x", why="it has 1,048,577 bytes"
    )
