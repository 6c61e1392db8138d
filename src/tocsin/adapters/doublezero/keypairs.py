"""The keypair that signs: read from a file that nobody else may read, and shown to nobody
(Provisioning: the doublezero ledger)."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Final

from solders.keypair import Keypair

LARGEST_FILE: Final = 4096
KEYPAIR_BYTES: Final = 64


class KeypairRefused(Exception):
    """The file is not used; ``reason`` says why and repeats nothing of what is in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def keypair_in(path: Path) -> Keypair:
    """The keypair in the file *path*: a JSON array of 64 numbers, the secret half first.

    Raises:
        KeypairRefused: it cannot be read, others may read it, or it is no keypair.
    """
    data = _content(path)
    try:
        numbers = json.loads(data)
    except (ValueError, RecursionError):
        raise KeypairRefused(f"{path} is not a JSON array") from None
    if not isinstance(numbers, list) or len(numbers) != KEYPAIR_BYTES:
        raise KeypairRefused(f"{path} is not a JSON array of {KEYPAIR_BYTES} numbers")
    if not all(type(number) is int and 0 <= number <= 255 for number in numbers):
        raise KeypairRefused(f"{path} holds something else than bytes")
    secret = bytes(numbers)
    # The library believes the public half, and would sign for whoever it names.
    made = Keypair.from_seed(secret[:32])
    if bytes(made.pubkey()) != secret[32:]:
        raise KeypairRefused(f"the halves of the keypair in {path} do not belong together")
    return made


def _content(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            # Of what was opened, not of what has the name by now.
            mode = os.fstat(handle).st_mode
            data = os.read(handle, LARGEST_FILE + 1) if stat.S_ISREG(mode) else b""
        finally:
            os.close(handle)
    except OSError as wrong:
        raise KeypairRefused(f"{path} cannot be read: {wrong.strerror}") from None
    if not stat.S_ISREG(mode):
        raise KeypairRefused(f"{path} is not a file")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeypairRefused(f"{path} is open to others; chmod 600 it")
    if len(data) > LARGEST_FILE:
        raise KeypairRefused(f"{path} has more than {LARGEST_FILE:,} bytes")
    return data
