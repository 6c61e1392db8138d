"""Endpoints that take signals in: over the API, and each neighbour's own (API: signals, ingest)."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.adapters.rest.signals.signal_bodies import (
    LARGEST_BODY,
    MOST_AT_ONCE,
    OneOrMany,
    SignalVerdict,
    SignalVerdicts,
    ToldSignal,
    drafts_of,
)
from tocsin.core.ingestion import Reading
from tocsin.handler.arrival import Accounted, Arrival
from tocsin.store.contract import Answer

ACCEPTED: Final = 202
API: Final = "api"
"""What the metrics call the kind of who speaks over the API."""

_encode = msgspec.json.Encoder().encode


async def _tell(acting: Acting) -> Reply:
    call: Call[None, ToldSignal | list[ToldSignal]] = acting.call
    gateway = call.gateway
    accounted = await gateway.writer.take(
        Arrival(
            org_id=call.org_id,
            reading=Reading(drafts_of(call.body, size=len(call.raw))),
            credential=call.credential,
            payload=call.raw,
            content_type="application/json",
            receipt=acting.receipt,
            render=_answer if acting.receipt is not None else None,
        ),
        asyncio.get_running_loop(),
    )
    answer = accounted.replayed or accounted.answer or _answer(accounted)
    headers: list[Header] = [(name.encode(), value.encode()) for name, value in answer.headers]
    if accounted.replayed is not None:
        headers.append((b"idempotency-replayed", b"true"))
    else:
        gateway.metrics.ingested.labels(API, accounted.verdict.value).inc()
    return Reply(status=answer.status, body=answer.body, headers=tuple(headers))


def _answer(accounted: Accounted) -> Answer:
    verdicts = SignalVerdicts(
        results=[
            SignalVerdict(
                signal_id=one.signal_id,
                ticket_id=one.ticket_id,
                ticket_ref=one.ticket_ref,
                verdict=one.verdict.value,
                because=one.because.value,
                reason=one.reason,
            )
            for one in accounted.results
        ]
    )
    return Answer(
        status=ACCEPTED,
        body=_encode(verdicts),
        headers=(("x-position", str(accounted.position)),),
    )


def _telling(path: str) -> Endpoint:
    return Endpoint(
        method="POST",
        path=path,
        tag="signals",
        summary="Tell a signal, or many.",
        description=(
            f"One, or an array of at most {MOST_AT_ONCE:,}: all of it is taken in, or nothing. What"
            " became of each is answered in its place: it was attached to a ticket, opened one, was"
            " a repeat, ended an alert, or waits unattached for a rule or a person. On disk before"
            " it is answered. Where a key asks too often the answer is 503, never 429."
        ),
        body=OneOrMany,
        answer=SignalVerdicts,
        status=ACCEPTED,
        act=_tell,
        logged=False,
        ingest=True,
        largest_body=LARGEST_BODY,
        example=[
            {
                "source": "prometheus",
                "summary": "Packet loss on ams-1:fra-1 is 3 %",
                "severity": "sev2",
                "correlation_key": "loss/ams-1:fra-1",
                "labels": {"alertname": "PacketLoss"},
            }
        ],
    )


TELL_IN_ORG: Final = _telling("/v1/orgs/{org}/signals")
TELL: Final = _telling("/v1/signals")

_NOTIFICATION: Final = {
    "version": "4",
    "groupKey": '{}:{alertname="LinkDown"}',
    "status": "firing",
    "receiver": "tocsin",
    "groupLabels": {"alertname": "LinkDown"},
    "commonLabels": {"alertname": "LinkDown", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example.org",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "LinkDown", "severity": "critical", "device": "ams-1"},
            "annotations": {"summary": "Ethernet1 of ams-1 is down"},
            "startsAt": "2026-11-20T09:30:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "e52f1a2b3c4d5e6f",
        }
    ],
}
"""What an Alertmanager sends."""

_SAID: Final = (
    "What the neighbour sends, in its own shape; the answer is the one that its client expects."
    " Who speaks is known by the connector's token, as `Authorization: Bearer`, as the password of"
    " HTTP Basic, as `?token=` or in the neighbour's own way; or by an API key. What cannot be read"
    " is kept in the inbox for a person. Overload is 503, never 429. The clients of PagerDuty"
    " (`/v2/enqueue`, `/v2/change/enqueue`), Opsgenie (`/v2/alerts`, `/v2/heartbeats`) and"
    " Alertmanager (`/api/v2/alerts`) find the paths that they have built in at the root of this"
    " server, where the token alone says which connector is meant, and behind the connector's own"
    " address."
)


def _taking_in(method: str, path: str) -> Endpoint:
    return Endpoint(
        method=method,
        path=path,
        tag="signals",
        summary="Take in a neighbour's payload, by the connector's code.",
        description=_SAID,
        body=msgspec.Raw,
        status=200,
        logged=False,
        ingest=True,
        others={
            202: "It is on disk; some neighbours expect this status.",
            204: "It is on disk; some neighbours expect this status.",
        },
        example=_NOTIFICATION,
    )


INGEST: Final = tuple(
    _taking_in(method, path)
    for path in ("/v1/ingest/{connector}", "/v1/orgs/{org}/ingest/{connector}")
    for method in ("POST", "PUT")
)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (TELL, TELL_IN_ORG, *INGEST)
