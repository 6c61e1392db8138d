"""A real SVM in this process behind the node: it takes a transaction as a validator does, down to
signatures, blockhashes, fees and which accounts may be written.

The serviceability program itself is not at hand. In its place stands one of seven instructions that
writes to the first account that it is given, and refuses where that says so.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from solders.account import Account as Held
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata
from solders.transaction_status import (
    InstructionErrorCustom,
    TransactionErrorInstructionError,
)

from tests.adapters.doublezero.ledger import ORACLE, PROGRAM, Ledger
from tests.adapters.webhook.listening import receiving
from tocsin.adapters.doublezero import addresses

UNTOUCHED, WRITTEN, REFUSING = 0, 0x2A, 0xEE

_CODE = bytes.fromhex(
    "7110600000000000"  # r0 = the first byte of the first account
    "15000300ee000000"  # refuse, when it is 0xee
    "720160002a000000"  # it is 0x2a from now on
    "b700000000000000"  # all is well
    "9500000000000000"
    "b700000008000000"  # not allowed
    "9500000000000000"
)


def program_file(code: bytes) -> bytes:
    """An executable of that *code*, as loaders want it."""
    names = b"\0.text\0.shstrtab\0"
    at = 64 + 56
    names_at = at + len(code)
    sections_at = -(-(names_at + len(names)) // 8) * 8
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, 247, 1, at, 64, sections_at, 0, 64, 56, 1, 64, 3, 2)
    segment = struct.pack("<IIQQQQQQ", 1, 5, at, at, at, len(code), len(code), 4096)
    text = struct.pack("<IIQQQQIIQQ", 1, 1, 6, at, at, len(code), 0, 0, 8, 0)
    named = struct.pack("<IIQQQQIIQQ", 7, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    body = (head + segment + code + names).ljust(sections_at, b"\0")
    return body + bytes(64) + text + named


@dataclass
class Chain(Ledger):
    """A node whose transactions run in an SVM."""

    svm: LiteSVM = field(default_factory=LiteSVM)
    fees: list[int] = field(default_factory=list)

    def furnish(self) -> None:
        """Put the program there, the global state, and a payer with money."""
        self.svm.add_program(Pubkey.from_string(PROGRAM), program_file(_CODE))
        self.svm.airdrop(ORACLE.pubkey(), 10**9)
        self.put(str(addresses.globalstate(PROGRAM)), UNTOUCHED)

    def put(self, pubkey: str, byte: int) -> None:
        """An account of the program that begins with that byte."""
        held = Held(10**7, bytes([byte]) + bytes(63), Pubkey.from_string(PROGRAM))
        self.svm.set_account(Pubkey.from_string(pubkey), held)

    def byte(self, pubkey: str) -> int:
        """What that account begins with by now."""
        held = self.svm.get_account(Pubkey.from_string(pubkey))
        assert held is not None
        return held.data[0]

    def _latest_blockhash(self, params: list[Any]) -> Any:
        return {"value": {"blockhash": str(self.svm.latest_blockhash())}}

    def _simulate(self, params: list[Any]) -> Any:
        made = VersionedTransaction.from_bytes(base64.b64decode(params[0]))
        found = self.svm.simulate_transaction(made)
        err = _err(found.err()) if isinstance(found, FailedTransactionMetadata) else None
        return {"value": {"err": err, "logs": []}}

    def _send(self, params: list[Any]) -> Any:
        made = VersionedTransaction.from_bytes(base64.b64decode(params[0]))
        found = self.svm.send_transaction(made)
        if isinstance(found, FailedTransactionMetadata):
            err, fee = _err(found.err()), found.meta().fee()
        else:
            err, fee = None, found.fee()
        signature = str(made.signatures[0])
        self.landed[signature] = err
        self.fees.append(fee)
        return signature


def _err(error: Any) -> Any:
    """As nodes write it."""
    if isinstance(error, TransactionErrorInstructionError):
        inner = error.err
        if isinstance(inner, InstructionErrorCustom):
            return {"InstructionError": [error.index, {"Custom": inner.code}]}
        return {"InstructionError": [error.index, _word(inner)]}
    return _word(error)


def _word(error: Any) -> str:
    return str(error).rpartition(".")[2]


@contextmanager
def chain() -> Iterator[Chain]:
    """A node before an SVM, until the block ends."""
    made = Chain({})
    made.furnish()
    with receiving(made.answer) as receiver:
        made.url = receiver.url
        yield made
