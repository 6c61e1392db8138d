"""The serviceability program, as far as we call it: it reads what it is sent by itself, wants its
accounts in their places, and refuses as the real one does."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tocsin.adapters.doublezero.accounts import Account, Contributor, Device, GlobalState, Link

SYSTEM = "1" * 32
NOT_ALLOWED, INVALID_STATUS, REFERENCED, HAS_INTERFACES = 8, 7, 13, 70

Accounts = dict[str, Account]


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as an instruction lists it."""

    pubkey: str
    is_signer: bool
    is_writable: bool


class Wrong(Exception):
    """The instruction fails; ``detail`` is the chain's way to say how."""

    def __init__(self, detail: Any) -> None:
        super().__init__(str(detail))
        self.detail = detail


def custom(code: int) -> Wrong:
    return Wrong({"Custom": code})


class Arguments:
    """The arguments of an instruction, taken from its bytes one by one."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, shape: str) -> int:
        size = struct.calcsize("<" + shape)
        if len(self._data) < size:
            raise Wrong("InvalidInstructionData")
        (number,) = struct.unpack_from("<" + shape, self._data)
        self._data = self._data[size:]
        return int(number)

    def option(self, shape: str) -> int | None:
        match self.take("B"):
            case 0:
                return None
            case 1:
                return self.take(shape)
            case _:
                raise Wrong("InvalidInstructionData")

    def nothing(self, times: int) -> None:
        """So many options that are not given: whatever they would be, we never give them."""
        for _ in range(times):
            if self.take("B"):
                raise Wrong("InvalidInstructionData")

    def end(self) -> None:
        if self._data:
            raise Wrong("InvalidInstructionData")


@dataclass(slots=True)
class Call:
    """One instruction to the program, with the accounts that there are."""

    data: bytes
    listed: Sequence[Listed]
    held: Accounts
    state: GlobalState
    permissions: frozenset[str]

    def run(self) -> None:
        """Apply it to the accounts.

        Raises:
            Wrong: it fails.
        """
        arguments = Arguments(self.data[1:])
        match self.data[:1]:
            case b"\x53":
                health = arguments.take("B")
                arguments.end()
                self.set_health(Device, health)
            case b"\x54":
                health = arguments.take("B")
                arguments.end()
                self.set_health(Link, health)
            case b"\x17":
                arguments.nothing(9)
                status, desired = arguments.option("B"), arguments.option("B")
                if arguments.take("Q"):
                    raise Wrong("InvalidInstructionData")
                arguments.nothing(7)
                arguments.end()
                self.update_device(status, desired)
            case b"\x1f":
                arguments.nothing(7)
                status = arguments.option("B")
                arguments.nothing(1)
                desired = arguments.option("B")
                arguments.nothing(2)
                if arguments.take("B"):
                    raise Wrong("InvalidInstructionData")
                arguments.nothing(2)
                arguments.end()
                self.update_link(status, desired)
            case b"\x1a":
                arguments.nothing(1)
                arguments.end()
                self.delete_device()
            case b"\x22":
                arguments.nothing(1)
                arguments.end()
                self.delete_link()
            case _:
                raise Wrong("InvalidInstructionData")

    # -- the accounts in their places -------------------------------------------------------------

    def target(self, kind: type[Device] | type[Link]) -> Any:
        found = self.held.get(self.listed[0].pubkey)
        if not isinstance(found, kind) or not self.listed[0].is_writable:
            raise Wrong("InvalidAccountData")
        return found

    def contributor(self, *, is_written: bool = False) -> Contributor:
        found = self.held.get(self.listed[1].pubkey)
        if not isinstance(found, Contributor) or (is_written and not self.listed[1].is_writable):
            raise Wrong("InvalidAccountData")
        return found

    def payer(self, *, after: int, last: int = 0) -> str:
        """The payer, who stands behind *after* accounts and the global state, and before the system
        program and *last* more."""
        if len(self.listed) != after + 3 + last:
            raise Wrong("NotEnoughAccountKeys")
        state, payer, system = self.listed[after : after + 3]
        if state.pubkey != self.state.pubkey or system.pubkey != SYSTEM:
            raise Wrong("InvalidAccountData")
        if not (payer.is_signer and payer.is_writable):
            raise Wrong("MissingRequiredSignature")
        return payer.pubkey

    # -- instructions -----------------------------------------------------------------------------

    def set_health(self, kind: type[Device] | type[Link], health: int) -> None:
        target = self.target(kind)
        payer = self.payer(after=1, last=len(self.listed) - 4)
        permitted = len(self.listed) == 5 and self.listed[4].pubkey in self.permissions
        if len(self.listed) == 5 and not permitted:
            raise Wrong("InvalidAccountData")
        if not (self.state.may_set_health(payer) or permitted):
            raise custom(NOT_ALLOWED)
        self.held[target.pubkey] = replace(target, health=health)

    def owns(self, contributor: Contributor, payer: str) -> bool:
        return contributor.owner == payer or payer in self.state.foundation_allowlist

    def update_device(self, status: int | None, desired: int | None) -> None:
        device, contributor = self.target(Device), self.contributor()
        if not self.owns(contributor, self.payer(after=2)):
            raise custom(NOT_ALLOWED)
        self._update(device, status, desired)

    def update_link(self, status: int | None, desired: int | None) -> None:
        link, contributor = self.target(Link), self.contributor()
        has_side_z = len(self.listed) > 5
        payer = self.payer(after=3 if has_side_z else 2)
        if not self.owns(contributor, payer):
            raise custom(NOT_ALLOWED)
        if has_side_z:
            side_z = self.held.get(self.listed[2].pubkey)
            if not isinstance(side_z, Device) or side_z.pubkey != link.side_z:
                raise Wrong("InvalidAccountOwner")
            owner = side_z.contributor
        else:
            owner = link.contributor
        if owner != contributor.pubkey:
            raise custom(NOT_ALLOWED)
        self._update(link, status, desired)

    def _update(self, target: Any, status: int | None, desired: int | None) -> None:
        self.held[target.pubkey] = replace(
            target,
            status=target.status if status is None else status,
            desired_status=target.desired_status if desired is None else desired,
        )

    def delete_device(self) -> None:
        device, contributor = self.target(Device), self.contributor()
        if not self.owns(contributor, self.payer(after=2)):
            raise custom(NOT_ALLOWED)
        if device.status not in (1, 5, 6, 7):
            raise custom(INVALID_STATUS)
        if device.reference_count:
            raise custom(REFERENCED)
        if device.interfaces:
            raise custom(HAS_INTERFACES)
        self.held[device.pubkey] = replace(device, status=3)

    def delete_link(self) -> None:
        link, contributor = self.target(Link), self.contributor(is_written=True)
        if not self.owns(contributor, self.payer(after=2)):
            raise custom(NOT_ALLOWED)
        if link.status in (1, 3):
            raise custom(INVALID_STATUS)
        self.held[link.pubkey] = replace(link, status=3)
