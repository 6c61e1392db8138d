"""The instructions that are sent to the program, byte for byte (Provisioning: the doublezero
ledger). Numbers here are the program's.

Accounts stand in the order in which the program takes them from the list: what is written about,
then its contributor, the global state, the payer and the system program.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

from tocsin.adapters.doublezero import addresses
from tocsin.adapters.doublezero.addresses import key


class Tag(IntEnum):
    """The first byte of an instruction."""

    UPDATE_DEVICE = 23
    DELETE_DEVICE = 26
    UPDATE_LINK = 31
    DELETE_LINK = 34
    SET_DEVICE_HEALTH = 83
    SET_LINK_HEALTH = 84


ERRORS: Final = {
    7: "InvalidStatus",
    8: "NotAllowed",
    13: "ReferenceCountNotZero",
    67: "Deprecated",
    70: "DeviceHasInterfaces",
}
"""Refusals of the program that are worth a name."""

_ABSENT: Final = b"\0"
_NO: Final = b"\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks which program. ``has_permission`` says that the payer's permission account exists,
    which then goes along where health is set."""

    program: str
    payer: str
    has_permission: bool = False


def set_device_health(caller: Caller, *, device: str, health: int) -> Instruction:
    """Say how healthy *device* is.

    Raises:
        NotAPubkey: one of the addresses is none.
        ValueError: *health* is not one byte.
    """
    return _set_health(caller, Tag.SET_DEVICE_HEALTH, device, health=health)


def set_link_health(caller: Caller, *, link: str, health: int) -> Instruction:
    """Say how healthy *link* is.

    Raises:
        NotAPubkey: one of the addresses is none.
        ValueError: *health* is not one byte.
    """
    return _set_health(caller, Tag.SET_LINK_HEALTH, link, health=health)


def update_device(
    caller: Caller,
    *,
    device: str,
    contributor: str,
    status: int | None = None,
    desired_status: int | None = None,
) -> Instruction:
    """Set the status of *device*, or what is desired, or both; all else stays.

    Raises:
        NotAPubkey: one of the addresses is none.
        ValueError: a status is not one byte.
    """
    data = b"".join(
        (
            bytes([Tag.UPDATE_DEVICE]),
            _ABSENT * 9,  # From the code to the number of users.
            _optional_byte(status),
            _optional_byte(desired_status),
            (0).to_bytes(8, "little"),  # No resource accounts come along.
            _ABSENT * 7,  # The count of references, and the six of users.
        )
    )
    return _instruction(
        caller,
        data,
        [
            _written(device),
            _read(contributor),
            _read_at(addresses.globalstate(caller.program)),
        ],
    )


def update_link(
    caller: Caller,
    *,
    link: str,
    contributor: str,
    side_z: str | None = None,
    status: int | None = None,
    desired_status: int | None = None,
) -> Instruction:
    """Set the status of *link*, or what is desired, or both; all else stays.

    *side_z* is the link's other device, given where *contributor* owns that and not the link.

    Raises:
        NotAPubkey: one of the addresses is none.
        ValueError: a status is not one byte.
    """
    data = b"".join(
        (
            bytes([Tag.UPDATE_LINK]),
            _ABSENT * 7,  # From the code to the jitter.
            _optional_byte(status),
            _ABSENT,  # The delay that stands in for the measured one.
            _optional_byte(desired_status),
            _ABSENT * 2,  # The tunnel's number and network.
            _NO,  # Nothing is allocated on chain.
            _ABSENT * 2,  # Topologies, and whether unicast is drained.
        )
    )
    # The program tells by the length of this list whether the other side is in it, so that nothing
    # else may be added: no permission account either.
    return _instruction(
        caller,
        data,
        [
            _written(link),
            _read(contributor),
            *([] if side_z is None else [_read(side_z)]),
            _read_at(addresses.globalstate(caller.program)),
        ],
    )


def delete_device(caller: Caller, *, device: str, contributor: str) -> Instruction:
    """Delete *device*; none of its resource accounts is closed with it.

    Raises:
        NotAPubkey: one of the addresses is none.
    """
    return _delete(caller, Tag.DELETE_DEVICE, device, contributor=contributor)


def delete_link(caller: Caller, *, link: str, contributor: str) -> Instruction:
    """Delete *link*; nothing that was allocated for it is given back with it.

    Raises:
        NotAPubkey: one of the addresses is none.
    """
    return _delete(caller, Tag.DELETE_LINK, link, contributor=contributor)


def _set_health(caller: Caller, tag: Tag, target: str, *, health: int) -> Instruction:
    accounts = [_written(target), _read_at(addresses.globalstate(caller.program))]
    permission = addresses.permission(caller.program, payer=caller.payer)
    return _instruction(
        caller,
        bytes([tag, health]),
        accounts,
        last=[_read_at(permission)] if caller.has_permission else [],
    )


def _delete(caller: Caller, tag: Tag, target: str, *, contributor: str) -> Instruction:
    return _instruction(
        caller,
        # The second byte is the number of resource accounts, or whether there are any: none.
        bytes([tag, 0]),
        [
            _written(target),
            _written(contributor),
            _read_at(addresses.globalstate(caller.program)),
        ],
    )


def _instruction(
    caller: Caller,
    data: bytes,
    accounts: list[AccountMeta],
    *,
    last: list[AccountMeta] | None = None,
) -> Instruction:
    payer = AccountMeta(key(caller.payer), is_signer=True, is_writable=True)
    listed = [*accounts, payer, _read_at(SYSTEM_PROGRAM), *(last or [])]
    return Instruction(key(caller.program), data, listed)


def _written(pubkey: str) -> AccountMeta:
    return AccountMeta(key(pubkey), is_signer=False, is_writable=True)


def _read(pubkey: str) -> AccountMeta:
    return _read_at(key(pubkey))


def _read_at(pubkey: Pubkey) -> AccountMeta:
    return AccountMeta(pubkey, is_signer=False, is_writable=False)


def _optional_byte(number: int | None) -> bytes:
    return _ABSENT if number is None else bytes([1, number])
