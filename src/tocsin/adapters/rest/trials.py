"""The endpoint that tries a route out: a message that says it is a test, sent at once."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final, assert_never

import msgspec
import structlog

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.delivery_shapes import TrialShape
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_answers import existing
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.tending import admit, answered, keep
from tocsin.core.errors import Conflict
from tocsin.core.record_permissions import permit_redelivery
from tocsin.core.records import Route
from tocsin.dispatcher.contract import (
    Addressee,
    Delivered,
    Refused,
    Retry,
    Sender,
    Trial,
    Verdict,
)
from tocsin.store.contract import ReadTurn
from tocsin.store.sealing import WrongSecretKey

log = structlog.get_logger(__name__)

TRYING_OUT: Final = "testing a route"
Ready = tuple[Sender, Trial]
"""A sender, and what to give it."""


def _ready(turn: ReadTurn, call: AnyCall) -> Ready | TrialShape:
    """The sender and the trial for the route that the path names; the outcome where there is one
    already.

    Raises:
        Forbidden: the role does not do for this route.
        NotFound: there is no such route.
        Conflict: this server does not send to that kind.
    """
    permit_redelivery(call.granted, None, TRYING_OUT)
    route = existing(turn, call.org_id, Route, "route", call.path["name"])
    permit_redelivery(call.granted, route, TRYING_OUT)
    kind = route.destination.kind
    sender = call.gateway.senders.get(kind)
    if sender is None:
        why = call.gateway.unavailable.get(kind, f"this server does not send to {kind.value}")
        raise Conflict(f"a route to {kind.value} cannot be tested here: {why}")
    secret_id = route.destination.secret_id
    sealed = None if secret_id is None else turn.sealed_secret(call.org_id, secret_id)
    try:
        secret = None if sealed is None else call.gateway.unseal(sealed)
    except WrongSecretKey:
        return TrialShape(
            outcome="refused",
            reason="its secret was sealed under another TOCSIN_SECRET_KEY; give it anew",
            took_ms=0,
        )
    return sender, Trial(
        delivery_id=f"trial_{call.fresh_id()}",
        to=Addressee(
            org_id=call.org_id,
            org=call.org_code,
            route_id=route.id,
            route_name=route.name,
            destination=route.destination,
            secret=secret,
        ),
        at=call.now(),
    )


async def _try_out(acting: Acting) -> Reply:
    call: Call[None, None] = acting.call

    def looking(turn: ReadTurn) -> Reply | Ready | TrialShape:
        admit(acting, turn)
        return answered(acting, turn) or _ready(turn, call)

    found = await call.gateway.read(looking)
    if isinstance(found, Reply):
        return found
    if isinstance(found, TrialShape):
        shape = found
    else:
        sender, trial = found
        shape = await call.gateway.bench.run(partial(_sent, sender, trial))
    _tell(call, shape)
    reply = Reply(status=200, body=msgspec.json.encode(shape))
    await asyncio.get_running_loop().run_in_executor(call.gateway.readers, _kept, acting, reply)
    return reply


def _kept(acting: Acting, reply: Reply) -> None:
    if acting.receipt is None:
        return
    with acting.call.gateway.store.tending() as turn:
        keep(acting, turn, reply)
        turn.commit()


def _sent(sender: Sender, trial: Trial) -> TrialShape:
    begun = time.monotonic()
    verdict = sender.try_out(trial)
    return _shape(verdict, took_ms=round((time.monotonic() - begun) * 1_000))


def _shape(verdict: Verdict, *, took_ms: int) -> TrialShape:
    match verdict:
        case Delivered():
            return TrialShape(outcome="delivered", reason=None, took_ms=took_ms)
        case Retry():
            return TrialShape(outcome="retry", reason=verdict.reason, took_ms=took_ms)
        case Refused():
            return TrialShape(outcome="refused", reason=verdict.reason, took_ms=took_ms)
        case _:
            assert_never(verdict)


def _tell(call: AnyCall, shape: TrialShape) -> None:
    assert call.caller is not None, "asked only behind a credential"
    log.info(
        "a route was tried out",
        action="route_tried",
        org=call.org_code,
        route=call.path["name"],
        outcome=shape.outcome,
        member=call.granted.member_id,
        key=call.caller.key_id,
        request_id=call.request_id,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path=f"{ORG}/routes/{{name}}/test",
        tag="routes",
        summary="Send a message that says it is a test, and say what became of it.",
        description=(
            "By id, as for changing the route; also where it is disabled. `retry` is a trouble that"
            " may pass, `refused` one that will not."
        ),
        answer=TrialShape,
        act=_try_out,
        logged=False,
        others={409: "This server does not send to that kind of destination."},
    ),
)
