"""Borsh, little-endian, read within the bytes that there are (Provisioning: the doublezero ledger).

An account may be older than its layout, and end early, or newer, and go on for longer: the fields
that were always there are read as such, and :meth:`Reader.later` reads the ones that came later.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

from tocsin.core.pubkeys import PUBKEY_BYTES, encode

Value = TypeVar("Value")

NOBODY: Final = encode(bytes(PUBKEY_BYTES))
"""The pubkey of 32 zero bytes, which a field holds that names nobody."""

LONGEST_TEXT: Final = 1024
LONGEST_PREFIX: Final = 32

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_F64 = struct.Struct("<d")


class Short(Exception):
    """The bytes end before the value does."""


class Malformed(Exception):
    """The bytes are there and cannot be the value; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@lru_cache(maxsize=32_768)
def _pubkey(data: bytes) -> str:
    return encode(data)


class Reader:
    """Reads values from *data*, one after the other; never beyond its end.

    ``missing`` are the names of the later fields that were not there.
    """

    __slots__ = ("_at", "_data", "_ended", "_ends_at", "missing")

    def __init__(self, data: bytes, *, at: int = 0, ends_at: int | None = None) -> None:
        self._data = data
        self._at = at
        self._ends_at = len(data) if ends_at is None else ends_at
        self._ended = False
        self.missing: list[str] = []

    def u8(self) -> int:
        """One byte."""
        return self._take(1)[0]

    def u16(self) -> int:
        """Two bytes."""
        return int.from_bytes(self._take(2), "little")

    def u32(self) -> int:
        """Four bytes."""
        return int.from_bytes(self._take(4), "little")

    def u64(self) -> int:
        """Eight bytes."""
        return int.from_bytes(self._take(8), "little")

    def u128(self) -> int:
        """Sixteen bytes."""
        return int.from_bytes(self._take(16), "little")

    def f64(self) -> float:
        """Eight bytes; may be infinite or no number at all."""
        number: float = _F64.unpack(self._take(8))[0]
        return number

    def boolean(self) -> bool:
        """One byte; anything but zero is true."""
        return self.u8() != 0

    def pubkey(self) -> str:
        """32 bytes, in base58."""
        return _pubkey(self._take(PUBKEY_BYTES))

    def address(self) -> str:
        """Four octets, with dots."""
        return ".".join(map(str, self._take(4)))

    def network(self) -> str:
        """Four octets and the length of the prefix, as ``10.0.0.0/29``.

        Raises:
            Malformed: a prefix of more than 32 bits.
        """
        address, prefix = self.address(), self.u8()
        if prefix > LONGEST_PREFIX:
            raise Malformed(f"a network of /{prefix}")
        return f"{address}/{prefix}"

    def string(self) -> str:
        """Text behind its length.

        Raises:
            Malformed: it is not UTF-8, holds control characters, or is longer than 1,024 bytes.
        """
        data = self._take(self.u32())
        if len(data) > LONGEST_TEXT:
            raise Malformed(f"text of {len(data):,} bytes")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise Malformed("text is not UTF-8") from None
        # Whoever owns an account writes into it what they like, and it is shown and stored here.
        if _CONTROL.search(text) is not None:
            raise Malformed("text with control characters")
        return text

    def vector(self, item: Callable[[], Value]) -> tuple[Value, ...]:
        """Items behind their number, which is believed only as far as there are bytes."""
        return tuple([item() for _ in range(self.u32())])

    def sized(self, *, smallest: int) -> Reader:
        """What stands behind its own size of two bytes, which counts them as well; reading goes on
        behind it, however much of it is understood.

        Raises:
            Malformed: a size below *smallest*.
        """
        starts_at = self._at
        size = self.u16()
        if size < smallest:
            raise Malformed(f"a size of {size} where {smallest} is the least")
        inside_at = self._at
        self._at = starts_at
        self._take(size)
        return Reader(self._data, at=inside_at, ends_at=starts_at + size)

    def later(self, name: str, read: Callable[[], Value], *, otherwise: Value) -> Value:
        """The field *name*, which older accounts do not have: *otherwise* where the bytes end."""
        if not self._ended:
            try:
                return read()
            except Short:
                self._ended = True
        self.missing.append(name)
        return otherwise

    def _take(self, count: int) -> bytes:
        ends_at = self._at + count
        if ends_at > self._ends_at:
            raise Short
        taken = self._data[self._at : ends_at]
        self._at = ends_at
        return taken
