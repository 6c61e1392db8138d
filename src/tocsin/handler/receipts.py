"""Whether a request under an idempotency key is the one that was answered before."""

from __future__ import annotations

import hmac

from tocsin.core.errors import IdempotencyMismatch
from tocsin.store.contract import Receipt, ReceiptKey


def refuse_another(receipt: Receipt, key: ReceiptKey) -> None:
    """Refuse a request that is not the one *receipt* was kept of.

    Raises:
        IdempotencyMismatch: the key came with another body, or what it made was erased since, with
            all that could tell.
    """
    if receipt.is_emptied:
        raise IdempotencyMismatch(
            "text of what this Idempotency-Key made was erased since, and it is not made again;"
            " use a fresh key for something new"
        )
    if not hmac.compare_digest(receipt.key.body_digest, key.body_digest):
        raise IdempotencyMismatch(
            "this Idempotency-Key came with another body before; use a fresh key for a new request"
        )
