"""Secrets at rest, sealed under the installation's key (Design: secrets)."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_FILE = "secret.key"


class WrongSecretKey(Exception):
    """A sealed secret does not open with this key; the right one is in a backup of the data
    folder."""


def secret_key(folder: Path, given: str | None) -> bytes:
    """The installation's key: *given*, or the one in *folder*, made (mode 0600) when there is none.

    Raises:
        ValueError: the key is not 32 bytes in URL-safe base64.
    """
    if given is not None:
        key = given.encode()
    else:
        path = folder / KEY_FILE
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes().strip()
        else:
            key = Fernet.generate_key()
            with os.fdopen(handle, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
    Fernet(key)
    return key


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
