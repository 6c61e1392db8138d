"""Public keys: 32 bytes of ed25519 in base58, the alphabet without look-alikes (Domain:
contributor).

Base58 as used here is one to one: leading ``1`` stand for leading zero bytes, the rest is a number
without leading zeros, and no other character (white space least of all) is read. So text that
decodes is canonical, and two texts are the same key exactly when they are equal.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PUBKEY_BYTES: Final = 32
SHORTEST_PUBKEY: Final = 32
LONGEST_PUBKEY: Final = 44
LONGEST_TEXT: Final = 1024
"""Characters that :func:`decode` reads at most; its work grows with the square of the length."""

_DIGITS: Final = {character: value for value, character in enumerate(ALPHABET)}
_PAIRS: Final = tuple(first + second for first in ALPHABET for second in ALPHABET)


class NotBase58(ValueError):
    """Text that is not base58; ``reason`` says why, without repeating what may be a secret key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAPubkey(NotBase58):
    """Text that is not the base58 of 32 bytes; ``reason`` says why, without repeating the text."""


def encode(data: bytes) -> str:
    """*data* in base58; a leading zero byte is a leading ``1``."""
    number = int.from_bytes(data, "big")
    pairs: list[str] = []
    while number:
        number, pair = divmod(number, 3364)
        pairs.append(_PAIRS[pair])
    pairs.reverse()
    # The first pair may begin with the digit zero, which is not a leading zero byte.
    digits = "".join(pairs).lstrip("1")
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def decode(text: str) -> bytes:
    """The bytes that *text* is the base58 of.

    Raises:
        NotBase58: a character outside the alphabet, or more than 1,024 of them.
    """
    if len(text) > LONGEST_TEXT:
        raise NotBase58(f"longer than {LONGEST_TEXT:,} characters")
    number = 0
    try:
        for character in text:
            number = number * 58 + _DIGITS[character]
    except KeyError:
        raise NotBase58(_stranger_in(text)) from None
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


@lru_cache(maxsize=16_384)
def parse_pubkey(text: str) -> str:
    """*text*, when it is a public key: the canonical base58 of exactly 32 bytes.

    Whether the bytes are a point on the curve is not asked: addresses of programs are none.

    Raises:
        NotAPubkey: another length, another alphabet, white space around it.
    """
    if not SHORTEST_PUBKEY <= len(text) <= LONGEST_PUBKEY:
        raise NotAPubkey(
            f"{len(text):,} characters; a pubkey has {SHORTEST_PUBKEY} to {LONGEST_PUBKEY}"
        )
    try:
        data = decode(text)
    except NotBase58 as problem:
        raise NotAPubkey(problem.reason) from None
    if len(data) != PUBKEY_BYTES:
        raise NotAPubkey(f"decodes to {len(data)} bytes; a pubkey has {PUBKEY_BYTES}")
    return text


def _stranger_in(text: str) -> str:
    position = next(index for index, character in enumerate(text) if character not in _DIGITS)
    hint = " (base58 has no 0, O, I and l)" if text[position] in "0OIl" else ""
    return f"character {position + 1} is not in the base58 alphabet{hint}"
