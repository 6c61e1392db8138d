"""Signed transactions of a few instructions each (Provisioning: the doublezero ledger)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from solders.compute_budget import request_heap_frame, set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

MOST_INSTRUCTIONS: Final = 8
"""Instructions of ours in one transaction."""

LARGEST_TRANSACTION: Final = 1232
"""Bytes, signatures and all: what fits into one packet."""

COMPUTE_UNITS: Final = 1_400_000
HEAP_BYTES: Final = 256 * 1024

AHEAD: Final = 2
"""Instructions that stand before ours: what may be used up."""

_SIGNATURE_BYTES: Final = 64


def transaction(
    instructions: Sequence[Instruction], *, keypair: Keypair, blockhash: str
) -> VersionedTransaction:
    """*instructions* in that order, paid for and signed by *keypair*, good while *blockhash* is."""
    message = _message(instructions, payer=keypair.pubkey(), blockhash=Hash.from_string(blockhash))
    return VersionedTransaction(message, [keypair])


def batches(
    instructions: Sequence[Instruction], *, payer: Pubkey
) -> Iterator[tuple[Instruction, ...]]:
    """*instructions* in their order, as many at a time as go into one transaction."""
    batch: list[Instruction] = []
    for instruction in instructions:
        if batch and (
            len(batch) == MOST_INSTRUCTIONS
            or _size([*batch, instruction], payer=payer) > LARGEST_TRANSACTION
        ):
            yield tuple(batch)
            batch = []
        batch.append(instruction)
    if batch:
        yield tuple(batch)


def _size(instructions: Sequence[Instruction], *, payer: Pubkey) -> int:
    """Bytes of the transaction that *instructions* make; one signature, and one byte to say so."""
    message = _message(instructions, payer=payer, blockhash=Hash.default())
    return 1 + _SIGNATURE_BYTES + len(bytes(message))


def _message(instructions: Sequence[Instruction], *, payer: Pubkey, blockhash: Hash) -> Message:
    ahead = (set_compute_unit_limit(COMPUTE_UNITS), request_heap_frame(HEAP_BYTES))
    return Message.new_with_blockhash([*ahead, *instructions], payer, blockhash)
