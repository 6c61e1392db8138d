"""How a webhook is signed (Standard Webhooks, symmetric). Pure.

The key is what the base64 after ``whsec_`` says; signed is ``id.timestamp.body``.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

PREFIX: Final = b"whsec_"
VERSION: Final = "v1"


class NotAKey(ValueError):
    """A secret that is not ``whsec_`` and base64. It is not repeated."""


def key_of(secret: bytes) -> bytes:
    """The bytes to sign with.

    Raises:
        NotAKey: *secret* is no secret of a webhook.
    """
    if not secret.startswith(PREFIX):
        raise NotAKey("does not begin with whsec_")
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise NotAKey("is not base64 after whsec_") from None


def signature(key: bytes, *, identity: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the base64 of the HMAC-SHA256; *timestamp* in seconds since 1970."""
    signed = b"%b.%d.%b" % (identity.encode(), timestamp, body)
    return f"{VERSION},{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def is_signed(key: bytes, *, identity: str, timestamp: int, body: bytes, signatures: str) -> bool:
    """Whether one of the *signatures*, with blanks between them, is made with *key*."""
    wanted = signature(key, identity=identity, timestamp=timestamp, body=body).encode()
    # Every one is compared, so that the time it takes does not say which one it was.
    found = [hmac.compare_digest(wanted, one.encode()) for one in signatures.split(" ")]
    return any(found)
