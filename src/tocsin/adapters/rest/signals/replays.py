"""Endpoints that read stored payloads again: one, or those of a span of time (API: inbox).

A payload is read by its connector's kind as that reads now, with the mapping and the rules of now,
and what it says is heard now; the inbox keeps a second row, which names the first. One that still
cannot be read changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from tocsin.adapters.rest.bodies import read_body
from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.ingest.kept_requests import read_again
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.signals.inbox import connector_named, item_named, original, results_of
from tocsin.adapters.rest.signals.inbox_shapes import (
    PayloadResult,
    ReplayBody,
    ReplayedPayload,
    ReplayedPayloads,
    ResultTicket,
)
from tocsin.adapters.rest.signals.signal_bodies import ToldSignal, drafts_of
from tocsin.adapters.rest.tending import admit, answered, keep
from tocsin.adapters.rest.ticket_commands import in_utc
from tocsin.core.errors import Conflict, Forbidden, Overloaded, Refusal, invalid
from tocsin.core.evidence import Access
from tocsin.core.facts import stream_name
from tocsin.core.ingestion import Reading, Unreadable
from tocsin.core.instants import to_text
from tocsin.core.records import Connector
from tocsin.core.words import Role
from tocsin.handler.arrival import Accounted, Arrival, PayloadVerdict
from tocsin.handler.receiving import Receiver
from tocsin.projections.arrivals import WantedPayloads, count, payloads_at, sizes
from tocsin.store.arrivals import Arrived, instant_of
from tocsin.store.contract import ReadTurn

log = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 1_000
"""Payloads that one request has read again."""

_TOGETHER: Final = 50
"""Payloads that are read from the store, and handed to the writer, at a time."""


_TOLD: Final[Any] = ToldSignal | list[ToldSignal]
"""What comes over the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """A payload that is to be read again: the stored one, its connector, and who reads it; without
    these what came over the API."""

    item: Arrived
    connector: Connector | None = None
    receiver: Receiver | None = None


# -- who may --------------------------------------------------------------------------------------


def permit_replay(access: Access) -> None:
    """Let *access* have payloads read again: as connectors are administered (Domain: roles).

    Raises:
        Forbidden: names the role that may.
    """
    if access.role < Role.SRE_LEAD:
        raise Forbidden(
            f"having payloads read again needs the role {Role.SRE_LEAD.value};"
            f" yours is {access.role.value}"
        )


def receiver_of(call: AnyCall, connector: Connector) -> Receiver:
    """Who reads what comes to *connector*.

    Raises:
        Conflict: this server reads nothing of that kind.
    """
    receiver: Receiver | None = call.gateway.receivers.get(connector.kind.value)
    if receiver is None:
        raise Conflict(f"this server does not read payloads of the kind {connector.kind.value}")
    return receiver


def _connector_of(turn: ReadTurn, call: AnyCall, item: Arrived) -> Connector:
    assert item.connector_id is not None
    head = turn.head(call.org_id, stream_name("connector", item.connector_id))
    connector = None if head is None else head.state
    if not isinstance(connector, Connector) or connector.removed_at is not None:
        raise Conflict("its connector was removed, so that nobody reads it")
    return connector


# -- one ------------------------------------------------------------------------------------------


async def _replay_one(acting: Acting) -> Reply:
    call: Call[None, None] = acting.call

    def looking(turn: ReadTurn) -> _Again | Reply:
        admit(acting, turn)
        permit_replay(call.granted)
        earlier = answered(acting, turn)
        if earlier is not None:
            return earlier
        item = original(turn, item_named(turn, call, call.path["item"]))
        if item.connector_id is None:
            return _Again(item=item)
        connector = _connector_of(turn, call, item)
        return _Again(item=item, connector=connector, receiver=receiver_of(call, connector))

    found = await call.gateway.read(looking)
    if isinstance(found, Reply):
        return found
    (shape,) = await _heard_again(call, [found])
    reply = await _reply(call, shape)
    await _kept(acting, reply)
    _tell(call, payload=found.item.id, verdict=shape.verdict)
    return reply


# -- several --------------------------------------------------------------------------------------


async def _replay_several(acting: Acting) -> Reply:
    call: Call[None, ReplayBody] = acting.call
    body = call.body
    since, until = in_utc(body.since, field="since"), in_utc(body.until, field="until")
    if since >= until:
        raise invalid("since", "wrong_order", "must be before until")

    def looking(turn: ReadTurn) -> tuple[Connector, Receiver, list[int], int] | Reply:
        admit(acting, turn)
        permit_replay(call.granted)
        earlier = answered(acting, turn)
        if earlier is not None:
            return earlier
        connector = connector_named(turn, call, body.connector)
        wanted = WantedPayloads(
            connectors=[connector.id],
            verdict=body.verdict,
            since=since,
            until=until,
            heard_again=False,
        )
        oldest = sizes(turn, call.org_id, wanted, newest=False, limit=MOST_AT_ONCE + 1)
        total = len(oldest) if len(oldest) <= MOST_AT_ONCE else count(turn, call.org_id, wanted)
        return connector, receiver_of(call, connector), [number for number, _ in oldest], total

    found = await call.gateway.read(looking)
    if isinstance(found, Reply):
        return found
    connector, receiver, numbers, total = found
    shapes: list[ReplayedPayload] = []
    done = 0
    for start in range(0, min(len(numbers), MOST_AT_ONCE), _TOGETHER):
        part = numbers[start : start + _TOGETHER][: MOST_AT_ONCE - start]
        items = await call.gateway.read(
            lambda turn, part=part: payloads_at(turn, call.org_id, part)  # type: ignore[misc]
        )
        again = [_Again(item=one, connector=connector, receiver=receiver) for one in items]
        try:
            heard = await _heard_again(call, again)
        except Overloaded:
            if not shapes:
                raise
            # What was done is told; the rest is for another request.
            break
        shapes += heard
        if len(heard) < len(again):
            done = numbers.index(items[len(heard)].number)
            break
        done = start + len(part)
    following = numbers[done] if done < len(numbers) else None
    answer = ReplayedPayloads(
        items=shapes,
        left=max(total - done, 0),
        next_since=None if following is None else to_text(instant_of(following)),
    )
    reply = await _reply(call, answer)
    await _kept(acting, reply)
    _tell(call, connector=connector.code, replayed=len(shapes), left=answer.left)
    return reply


# -- hearing it again -----------------------------------------------------------------------------


async def _heard_again(call: AnyCall, again: list[_Again]) -> list[ReplayedPayload]:
    """What becomes of payloads that are read again, in their order; fewer where the writer took no
    more.

    Raises:
        Overloaded: too much waits, and nothing was handed in.
    """
    loop = asyncio.get_running_loop()
    readings = await loop.run_in_executor(call.gateway.readers, _read_all, call.org_id, again)
    waiting: list[asyncio.Future[Accounted]] = []
    refused: Overloaded | None = None
    for reading in readings:
        if isinstance(reading, Arrival) and refused is None:
            try:
                waiting.append(call.gateway.writer.take(reading, loop))
            except Overloaded as full:
                refused = full
    if refused is not None and not waiting:
        raise refused
    accounted = iter(await asyncio.gather(*waiting))
    shapes: list[ReplayedPayload] = []
    for one, reading in zip(again, readings, strict=True):
        if isinstance(reading, Unreadable):
            shapes.append(
                ReplayedPayload(
                    id=one.item.id,
                    replay=None,
                    verdict=PayloadVerdict.UNPARSEABLE.value,
                    reason=reading.reason,
                    results=[],
                )
            )
            continue
        became = next(accounted, None)
        if became is None:
            break
        shapes.append(_shape(one.item, became))
    return shapes


def _read_all(org_id: int, again: list[_Again]) -> list[Arrival | Unreadable]:
    readings: list[Arrival | Unreadable] = []
    for one in again:
        try:
            reading = _read(one)
        except Unreadable as unreadable:
            readings.append(unreadable)
            continue
        arrival = Arrival(
            org_id=org_id,
            reading=reading,
            connector_id=one.item.connector_id,
            via=one.item.via,
            payload=one.item.payload,
            content_type=one.item.content_type,
            replay_of=one.item.number,
        )
        if one.receiver is not None:
            arrival = replace(arrival, expires=one.receiver.expires)
        readings.append(arrival)
    return readings


def _read(again: _Again) -> Reading:
    """What the payload says now.

    Raises:
        Unreadable: it says nothing.
    """
    if again.connector is not None and again.receiver is not None:
        return read_again(again.item, connector=again.connector, receiver=again.receiver)
    body = again.item.payload
    try:
        told: ToldSignal | list[ToldSignal] = read_body(body, _TOLD)
        return Reading(drafts_of(told, size=len(body)))
    except Refusal as refused:
        raise Unreadable(refused.detail) from None


def _shape(item: Arrived, became: Accounted) -> ReplayedPayload:
    tickets = {
        one.ticket_id: ResultTicket(id=one.ticket_id, ref=one.ticket_ref)
        for one in became.results
        if one.ticket_id is not None and one.ticket_ref is not None
    }
    results: list[PayloadResult] = results_of(
        [
            (one.fingerprint, one.verdict.value, one.because.value, one.ticket_id)
            for one in became.results
        ],
        tickets,
    )
    return ReplayedPayload(
        id=item.id,
        replay=became.id,
        verdict=became.verdict.value,
        reason=became.reason,
        results=results,
    )


async def _reply(call: AnyCall, shape: Struct) -> Reply:
    """*shape*, and how far the log is now that it was heard."""
    reached = await call.gateway.read(lambda turn: turn.last_position())
    return Reply(
        status=200, body=msgspec.json.encode(shape), headers=((b"x-position", b"%d" % reached),)
    )


async def _kept(acting: Acting, reply: Reply) -> None:
    """Keep the answer for a repeat under the same Idempotency-Key."""
    if acting.receipt is None:
        return

    def keeping() -> None:
        with acting.call.gateway.store.tending() as turn:
            keep(acting, turn, reply)
            turn.commit()

    await asyncio.get_running_loop().run_in_executor(acting.call.gateway.readers, keeping)


def _tell(call: AnyCall, **what: object) -> None:
    assert call.caller is not None, "asked only behind a credential"
    log.info(
        "payloads are read again",
        action="replayed",
        org=call.org_code,
        member=call.granted.member_id,
        key=call.caller.key_id,
        request_id=call.request_id,
        **what,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path=f"{ORG}/inbox/replay",
        tag="inbox",
        summary="Read payloads of a connector again, those of a span of time.",
        description=(
            "By an sre_lead or org_admin; who is bound to a contributor reaches only that"
            " contributor's connectors. Oldest first, at most 1,000 a request; `left` says how many"
            " remain. Repeats of what is known make nothing new."
        ),
        body=ReplayBody,
        answer=ReplayedPayloads,
        act=_replay_several,
        logged=False,
        example={
            "connector": "am",
            "since": "2026-11-20T12:00:00Z",
            "until": "2026-11-20T13:00:00Z",
            "verdict": "unparseable",
        },
        others={
            404: "There is no such connector here.",
            409: "This server does not read what comes to such a connector.",
        },
    ),
    Endpoint(
        method="POST",
        path=f"{ORG}/inbox/{{item}}/replay",
        tag="inbox",
        summary="Read one payload again.",
        description=(
            "By an sre_lead or org_admin. It is read with the mapping and judged by the rules that"
            " there are now, as if it came now; the inbox keeps a second row, with `replay_of`."
        ),
        answer=ReplayedPayload,
        act=_replay_one,
        logged=False,
        others={409: "Nobody reads it any more: its connector was removed."},
    ),
)
