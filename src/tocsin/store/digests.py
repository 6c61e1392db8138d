"""The digest chain that proves a log (Design: proof and erasure).

    private_digest = SHA-256(salt ‖ private)
    chain          = SHA-256(previous chain of the org ‖ public ‖ private_digest)

The first event of an org follows 32 zero bytes. A redacted event has lost its salt; its
``private_digest`` stands as it was, so the chain still verifies, and what remains of its private
part is sealed by the redaction's ``remaining_digest``.
"""

from __future__ import annotations

import hashlib
import secrets

GENESIS = bytes(32)


SALT_BYTES = 16


def fresh_salts(count: int) -> list[bytes]:
    """As many times sixteen random bytes, which keep a private part from being guessed.

    Drawn in one go: each draw lets go of the interpreter's lock, and may wait to have it back.
    """
    drawn = secrets.token_bytes(SALT_BYTES * count)
    return [drawn[at : at + SALT_BYTES] for at in range(0, len(drawn), SALT_BYTES)]


def digest_of_private(salt: bytes, private: bytes) -> bytes:
    """SHA-256 of salt and private part; 32 bytes."""
    return hashlib.sha256(salt + private).digest()


def next_chain(previous: bytes, public: bytes, private_digest: bytes) -> bytes:
    """The chain after one more event; 32 bytes."""
    return hashlib.sha256(previous + public + private_digest).digest()


def digest_of_remaining(private: bytes) -> str:
    """Hex SHA-256 of what a redaction left of a private part."""
    return hashlib.sha256(private).hexdigest()
