"""Secrets at rest, sealed under the installation's key (Design: secrets)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from cryptography.fernet import Fernet, InvalidToken

from tocsin.store.new_files import new_file

KEY_FILE = "secret.key"


class WrongSecretKey(Exception):
    """A sealed secret does not open with this key; the right one is in a backup of the data
    folder."""


def secret_key(folder: Path, given: str | None) -> bytes:
    """The installation's key: *given*, or the one in *folder*, made (mode 0600) when there is none.

    One that is made is on disk before anything is sealed under it, and whoever begins beside us
    finds all of it.

    Raises:
        ValueError: the key is not 32 bytes in URL-safe base64.
    """
    key = given.encode() if given is not None else _kept(folder)
    Fernet(key)
    return key


def _kept(folder: Path) -> bytes:
    path = folder / KEY_FILE
    if not path.exists():
        _make(path)
    return path.read_bytes().strip()


def _make(path: Path) -> None:
    """Make a key, unless somebody else is faster."""
    fresh = path.with_name(f"{path.name}.{token_hex(8)}")
    handle = new_file(fresh)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        # It gets its name whole, and never takes the place of one that is there.
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sealed(key: bytes, secret: bytes) -> bytes:
    """*secret*, encrypted and authenticated under *key*."""
    return Fernet(key).encrypt(secret)


def opened(key: bytes, box: bytes) -> bytes:
    """What is in *box*.

    Raises:
        WrongSecretKey: it was sealed under another key, or damaged.
    """
    try:
        return Fernet(key).decrypt(box)
    except InvalidToken as wrong:
        raise WrongSecretKey(
            "a stored secret does not open with this key; set TOCSIN_SECRET_KEY to the key it was "
            "sealed under, or put that key's file back into the data folder"
        ) from wrong
