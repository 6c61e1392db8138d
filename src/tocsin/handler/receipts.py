"""What requests under an idempotency key were answered with: kept for a day, found again, emptied
when text is erased."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from tocsin.core.errors import IdempotencyMismatch
from tocsin.store.contract import Answer, Batch, Receipt, ReceiptKey, WriteTurn

RECEIPTS_KEPT: Final = timedelta(hours=24)


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


class Receipts:
    """The receipts of one turn: those that its requests name, and over them those that its *batch*
    keeps. ``now`` is when the turn began."""

    def __init__(self, batch: Batch, *, now: datetime) -> None:
        self._batch = batch
        self._now = now
        self._known: dict[tuple[int, str, str], Receipt] = {}

    def read(self, turn: WriteTurn, keys: Iterable[ReceiptKey | None]) -> None:
        """Look up in one go those of *keys* that there are."""
        self._known |= turn.receipts([key for key in keys if key is not None])

    def answered(self, key: ReceiptKey | None) -> Receipt | None:
        """What the same request was answered with before.

        Raises:
            IdempotencyMismatch: another request had that key, or what it made was erased since.
        """
        if key is None:
            return None
        receipt = self._known.get(_place(key))
        if receipt is None or receipt.expires_at <= self._now:
            return None
        refuse_another(receipt, key)
        return receipt

    def keep(
        self, key: ReceiptKey, *, stream: str, position: int, answer: Answer, at: datetime
    ) -> None:
        """Keep what a request about *stream* was answered with."""
        receipt = Receipt(
            key=key,
            stream=stream,
            position=position,
            answer=answer,
            expires_at=at + RECEIPTS_KEPT,
        )
        self._batch.receipts.append(receipt)
        self._known[_place(key)] = receipt

    def empty(self, org_id: int, stream: str) -> None:
        """What they say of *stream* was just erased on disk; those of this turn are not there
        yet."""
        self._known |= {
            place: one.emptied()
            for place, one in self._known.items()
            if (place[0], one.stream) == (org_id, stream)
        }
        self._batch.receipts = [self._known[_place(one.key)] for one in self._batch.receipts]


def _place(key: ReceiptKey) -> tuple[int, str, str]:
    return key.org_id, key.scope, key.key
