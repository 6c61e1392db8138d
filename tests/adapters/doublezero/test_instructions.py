"""Instructions, byte for byte, and the lists of accounts that go with them."""

from __future__ import annotations

import pytest
from solders.instruction import Instruction

from tests.adapters.doublezero.ledger import ORACLE, PROGRAM
from tests.adapters.doublezero.town import ACME, BETA, DZ1, DZ2, LINK
from tocsin.adapters.doublezero import addresses
from tocsin.adapters.doublezero.changes import Unwritable, instruction_for
from tocsin.adapters.doublezero.instructions import (
    Caller,
    delete_device,
    delete_link,
    set_device_health,
    set_link_health,
    update_device,
    update_link,
)
from tocsin.core.provisioning.ledger import Change, Deletion, HealthChange, Kind, StatusChange

PAYER = str(ORACLE.pubkey())
CALLER = Caller(program=PROGRAM, payer=PAYER)
PERMITTED = Caller(program=PROGRAM, payer=PAYER, has_permission=True)
STATE = str(addresses.globalstate(PROGRAM))
PERMISSION = str(addresses.permission(PROGRAM, payer=PAYER))
SYSTEM = "1" * 32
LAST = [(STATE, "r"), (PAYER, "sw"), (SYSTEM, "r")]


def listed(instruction: Instruction) -> list[tuple[str, str]]:
    """The accounts, each with ``s`` for a signer and ``w`` or ``r`` for what is done with it."""
    assert str(instruction.program_id) == PROGRAM
    return [
        (str(one.pubkey), "s" * one.is_signer + ("w" if one.is_writable else "r"))
        for one in instruction.accounts
    ]


# -- health ---------------------------------------------------------------------------------------


def test_the_health_of_a_device_is_two_bytes() -> None:
    found = set_device_health(CALLER, device=DZ1.pubkey, health=3)

    assert found.data == b"\x53\x03"
    assert listed(found) == [(DZ1.pubkey, "w"), *LAST]


def test_the_health_of_a_link_is_two_bytes() -> None:
    found = set_link_health(CALLER, link=LINK.pubkey, health=2)

    assert found.data == b"\x54\x02"
    assert listed(found) == [(LINK.pubkey, "w"), *LAST]


def test_the_permission_comes_last_where_health_is_set_and_nowhere_else() -> None:
    health = set_link_health(PERMITTED, link=LINK.pubkey, health=2)
    status = update_link(PERMITTED, link=LINK.pubkey, contributor=ACME.pubkey, status=1)

    assert listed(health) == [(LINK.pubkey, "w"), *LAST, (PERMISSION, "r")]
    assert listed(status) == [(LINK.pubkey, "w"), (ACME.pubkey, "r"), *LAST]


# -- status ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "desired", "data"),
    [
        (1, 1, "1f 00000000000000 0101 00 0101 0000 00 0000"),
        (7, None, "1f 00000000000000 0107 00 00 0000 00 0000"),
        (None, 6, "1f 00000000000000 00 00 0106 0000 00 0000"),
    ],
)
def test_a_link_is_updated_in_status_and_desired_status_only(
    status: int | None, desired: int | None, data: str
) -> None:
    found = update_link(
        CALLER,
        link=LINK.pubkey,
        contributor=ACME.pubkey,
        status=status,
        desired_status=desired,
    )

    assert found.data == bytes.fromhex(data)
    assert listed(found) == [(LINK.pubkey, "w"), (ACME.pubkey, "r"), *LAST]


def test_the_other_side_comes_with_its_device() -> None:
    found = update_link(
        CALLER, link=LINK.pubkey, contributor=BETA.pubkey, side_z=DZ2.pubkey, status=6
    )

    assert listed(found) == [
        (LINK.pubkey, "w"),
        (BETA.pubkey, "r"),
        (DZ2.pubkey, "r"),
        *LAST,
    ]


@pytest.mark.parametrize(
    ("status", "desired", "data"),
    [
        (1, 1, "17 000000000000000000 0101 0101 0000000000000000 00000000000000"),
        (5, None, "17 000000000000000000 0105 00 0000000000000000 00000000000000"),
        (None, 6, "17 000000000000000000 00 0106 0000000000000000 00000000000000"),
    ],
)
def test_a_device_is_updated_in_status_and_desired_status_only(
    status: int | None, desired: int | None, data: str
) -> None:
    found = update_device(
        CALLER,
        device=DZ1.pubkey,
        contributor=ACME.pubkey,
        status=status,
        desired_status=desired,
    )

    assert found.data == bytes.fromhex(data)
    assert listed(found) == [(DZ1.pubkey, "w"), (ACME.pubkey, "r"), *LAST]


# -- deleting -------------------------------------------------------------------------------------


def test_what_is_deleted_is_taken_off_its_contributor() -> None:
    device = delete_device(CALLER, device=DZ1.pubkey, contributor=ACME.pubkey)
    link = delete_link(CALLER, link=LINK.pubkey, contributor=ACME.pubkey)

    assert (device.data, link.data) == (b"\x1a\x00", b"\x22\x00")
    assert listed(device) == [(DZ1.pubkey, "w"), (ACME.pubkey, "w"), *LAST]
    assert listed(link) == [(LINK.pubkey, "w"), (ACME.pubkey, "w"), *LAST]


# -- from words -----------------------------------------------------------------------------------


def health(kind: Kind, word: str) -> HealthChange:
    return HealthChange(kind=kind, pubkey=LINK.pubkey, health=word)


def status(kind: Kind, word: str | None, desired: str | None = None) -> StatusChange:
    return StatusChange(
        kind=kind,
        pubkey=LINK.pubkey,
        contributor=ACME.pubkey,
        status=word,
        desired_status=desired,
    )


def deletion(kind: Kind, stands: str) -> Deletion:
    return Deletion(kind=kind, pubkey=LINK.pubkey, contributor=ACME.pubkey, status=stands)


@pytest.mark.parametrize(
    ("change", "instruction"),
    [
        (health(Kind.DEVICE, "healthy"), set_device_health(CALLER, device=LINK.pubkey, health=3)),
        (health(Kind.DEVICE, "impaired"), set_device_health(CALLER, device=LINK.pubkey, health=4)),
        (health(Kind.LINK, "healthy"), set_link_health(CALLER, link=LINK.pubkey, health=2)),
        (health(Kind.LINK, "impaired"), set_link_health(CALLER, link=LINK.pubkey, health=3)),
        (
            status(Kind.LINK, "soft_drained", "soft_drained"),
            update_link(
                CALLER,
                link=LINK.pubkey,
                contributor=ACME.pubkey,
                status=7,
                desired_status=7,
            ),
        ),
        (
            status(Kind.DEVICE, "soft_drained", "hard_drained"),
            update_device(
                CALLER,
                device=LINK.pubkey,
                contributor=ACME.pubkey,
                status=5,
                desired_status=6,
            ),
        ),
        (
            status(Kind.LINK, None, "activated"),
            update_link(CALLER, link=LINK.pubkey, contributor=ACME.pubkey, desired_status=1),
        ),
        (
            deletion(Kind.LINK, "hard_drained"),
            delete_link(CALLER, link=LINK.pubkey, contributor=ACME.pubkey),
        ),
        (
            deletion(Kind.DEVICE, "hard_drained"),
            delete_device(CALLER, device=LINK.pubkey, contributor=ACME.pubkey),
        ),
    ],
)
def test_a_change_in_words_is_an_instruction_in_numbers(
    change: Change, instruction: Instruction
) -> None:
    assert instruction_for(change, caller=CALLER) == instruction


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (health(Kind.LINK, "well"), "the chain has no number for the link health well"),
        (
            status(Kind.LINK, None, "deleted"),
            "the chain has no number for the link desired status deleted",
        ),
        (
            status(Kind.DEVICE, "requested"),
            "the chain has no number for the device status requested",
        ),
        (
            status(Kind.DEVICE, "provisioning"),
            "the chain has no number for the device status provisioning",
        ),
        (status(Kind.LINK, "unknown"), "the chain has no number for the link status unknown"),
        (status(Kind.LINK, None), "neither the status nor the desired status would change"),
        (
            deletion(Kind.LINK, "soft_drained"),
            "only what is hard_drained is deleted; this is soft_drained",
        ),
        (
            HealthChange(kind=Kind.LINK, pubkey="LINK", health="healthy"),
            "an address is no pubkey: 4 characters; a pubkey has 32 to 44",
        ),
    ],
)
def test_what_cannot_be_said_is_not_sent(change: Change, reason: str) -> None:
    with pytest.raises(Unwritable) as unwritable:
        instruction_for(change, caller=CALLER)

    assert unwritable.value.reason == reason
