"""The instruction that each change is which we wish to write on the ledger
(Provisioning: link; device; the doublezero ledger)."""

from __future__ import annotations

from typing import assert_never

from solders.instruction import Instruction

from tocsin.adapters.doublezero import instructions, words
from tocsin.adapters.doublezero.instructions import Caller
from tocsin.adapters.doublezero.words import NoNumber, Numbering
from tocsin.core.provisioning.ledger import Change, Deletion, HealthChange, Kind, StatusChange
from tocsin.core.pubkeys import NotAPubkey


class Unwritable(Exception):
    """A change that is not sent at all; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def instruction_for(change: Change, *, caller: Caller) -> Instruction:
    """What to send for *change*.

    Raises:
        Unwritable: the chain has no number for a word, an address is none, nothing would change,
            or what is to be deleted is not drained.
    """
    try:
        match change:
            case HealthChange():
                return _health(change, caller)
            case StatusChange():
                return _status(change, caller)
            case Deletion():
                return _deletion(change, caller)
            case _:
                assert_never(change)
    except NoNumber as missing:
        raise Unwritable(str(missing)) from None
    except NotAPubkey as wrong:
        raise Unwritable(f"an address is no pubkey: {wrong.reason}") from None


def _health(change: HealthChange, caller: Caller) -> Instruction:
    health = words.HEALTH[change.kind].number(change.health)
    match change.kind:
        case Kind.DEVICE:
            return instructions.set_device_health(caller, device=change.pubkey, health=health)
        case Kind.LINK:
            return instructions.set_link_health(caller, link=change.pubkey, health=health)
        case _:
            assert_never(change.kind)


def _status(change: StatusChange, caller: Caller) -> Instruction:
    if change.status is None and change.desired_status is None:
        raise Unwritable("neither the status nor the desired status would change")
    status = _number(words.STATUS[change.kind], change.status)
    desired = _number(words.DESIRED[change.kind], change.desired_status)
    match change.kind:
        case Kind.DEVICE:
            return instructions.update_device(
                caller,
                device=change.pubkey,
                contributor=change.contributor,
                status=status,
                desired_status=desired,
            )
        case Kind.LINK:
            return instructions.update_link(
                caller,
                link=change.pubkey,
                contributor=change.contributor,
                side_z=change.side_z,
                status=status,
                desired_status=desired,
            )
        case _:
            assert_never(change.kind)


def _number(numbering: Numbering, word: str | None) -> int | None:
    return None if word is None else numbering.number(word)


def _deletion(change: Deletion, caller: Caller) -> Instruction:
    if change.status != "hard_drained":
        raise Unwritable(f"only what is hard_drained is deleted; this is {change.status}")
    match change.kind:
        case Kind.DEVICE:
            return instructions.delete_device(
                caller, device=change.pubkey, contributor=change.contributor
            )
        case Kind.LINK:
            return instructions.delete_link(
                caller, link=change.pubkey, contributor=change.contributor
            )
        case _:
            assert_never(change.kind)
