"""Where the accounts of the program are: addresses derived from it (Provisioning: the doublezero
ledger)."""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from tocsin.core.pubkeys import parse_pubkey

_PREFIX: Final = b"doublezero"
_INDEX_BYTES: Final = 16


def key(pubkey: str) -> Pubkey:
    """*pubkey* as the library has it.

    Raises:
        NotAPubkey: it is none.
    """
    return Pubkey.from_string(parse_pubkey(pubkey))


def globalstate(program: str) -> Pubkey:
    """The one global state of *program*."""
    return _derived(program, b"globalstate")


def permission(program: str, *, payer: str) -> Pubkey:
    """What *payer* is permitted to; the account need not exist."""
    return _derived(program, b"permission", bytes(key(payer)))


def device(program: str, *, index: int) -> Pubkey:
    """The device with that number."""
    return _derived(program, b"device", _numbered(index))


def link(program: str, *, index: int) -> Pubkey:
    """The link with that number."""
    return _derived(program, b"link", _numbered(index))


def contributor(program: str, *, index: int) -> Pubkey:
    """The contributor with that number."""
    return _derived(program, b"contributor", _numbered(index))


def location(program: str, *, index: int) -> Pubkey:
    """The location with that number."""
    return _derived(program, b"location", _numbered(index))


def exchange(program: str, *, index: int) -> Pubkey:
    """The exchange with that number."""
    return _derived(program, b"exchange", _numbered(index))


def _numbered(index: int) -> bytes:
    return index.to_bytes(_INDEX_BYTES, "little")


def _derived(program: str, *seeds: bytes) -> Pubkey:
    address, _ = Pubkey.find_program_address([_PREFIX, *seeds], key(program))
    return address
