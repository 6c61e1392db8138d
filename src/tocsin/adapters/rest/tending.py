"""What changes and is no fact of the log: in a turn of its own, between the writer's decisions.

Like a fact it is on disk before it is answered. Permission is checked in that very turn, and the
answer is kept in it under the request's Idempotency-Key, so both hold as they do for what the
writer does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Reply
from tocsin.handler.admission import Admission, admission
from tocsin.handler.receipts import RECEIPTS_KEPT, refuse_another
from tocsin.store.contract import Answer, Batch, ReadTurn, Receipt, WriteTurn

OUTBOX: Final = "outbox"
"""What receipts of such changes are about, where others name a stream."""

_encode = msgspec.json.Encoder().encode

T = TypeVar("T", bound=msgspec.Struct)


async def tended(
    acting: Acting, work: Callable[[WriteTurn], T], *, then: Callable[[T], None]
) -> Reply:
    """The answer that *work* gives in a turn of its own, once it is committed and *then* was told.

    *work* finds ``call.granted`` as it is in that turn. Asked again under the same Idempotency-Key
    it is not done again, and the answer is the first one.

    Raises:
        Unauthenticated: the key opens nothing any more.
        IdempotencyMismatch: the Idempotency-Key came with another body.
        StorageFailed: the database is away.
    """
    gateway = acting.call.gateway

    def tending() -> Reply:
        with gateway.store.writing() as turn:
            admit(acting, turn)
            earlier = answered(acting, turn)
            if earlier is not None:
                return earlier
            done = work(turn)
            reached = b"%d" % turn.last_position()
            reply = Reply(status=200, body=_encode(done), headers=((b"x-position", reached),))
            keep(acting, turn, reply)
            turn.commit()
        then(done)
        return reply

    return await asyncio.get_running_loop().run_in_executor(gateway.readers, tending)


def admit(acting: Acting, turn: ReadTurn) -> Admission:
    """Find out what the caller may do, as of *turn*, and what its key stands for."""
    call: Any = acting.call
    assert call.credential is not None, "asked only behind a credential"
    admitted = admission(turn, call.credential, at=call.now())
    call.access = admitted.access
    return admitted


def answered(acting: Acting, turn: ReadTurn) -> Reply | None:
    """What this request was answered before, under the same Idempotency-Key.

    Raises:
        IdempotencyMismatch: the key came with another body.
    """
    key = acting.receipt
    receipt = None if key is None else turn.receipt(key)
    if key is None or receipt is None or receipt.expires_at <= acting.call.now():
        return None
    refuse_another(receipt, key)
    return Reply(
        status=receipt.answer.status,
        body=receipt.answer.body,
        headers=(
            *((name.encode(), value.encode()) for name, value in receipt.answer.headers),
            (b"idempotency-replayed", b"true"),
        ),
    )


def keep(acting: Acting, turn: WriteTurn, reply: Reply) -> None:
    """Keep *reply* for when the same is asked again."""
    key = acting.receipt
    if key is None:
        return
    receipt = Receipt(
        key=key,
        stream=OUTBOX,
        position=turn.last_position(),
        answer=Answer(
            status=reply.status,
            body=reply.body,
            headers=tuple((name.decode(), value.decode()) for name, value in reply.headers),
        ),
        expires_at=acting.call.now() + RECEIPTS_KEPT,
    )
    turn.write(Batch(batch_id=acting.call.fresh_id(), receipts=[receipt]))
