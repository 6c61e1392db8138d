"""Endpoints for those who run it: alive, ready, and what it measures."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress

import msgspec

from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.core.errors import Forbidden, Unauthenticated, Unavailable
from tocsin.store.contract import StorageFailed

EXPOSITION: Header = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")

_OF_PROXIES = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
"""What proxies say of whom they speak for, one or the other; only the first is ever believed."""

_encode = msgspec.json.Encoder().encode


class Health(msgspec.Struct, kw_only=True):
    """That it is so, in a word; ``position`` is the last one of the log."""

    status: str
    position: int | None = None


async def _alive(acting: Acting) -> Reply:
    return Reply(status=200, body=_encode(Health(status="alive")))


async def _ready(acting: Acting) -> Reply:
    gateway = acting.call.gateway
    if not gateway.writer.running:
        raise Unavailable("the writer has stopped; restart the server", retry_after=5)
    trouble = gateway.trouble()
    if trouble is not None:
        raise Unavailable(trouble, retry_after=5)
    try:
        position = await gateway.read(lambda turn: turn.last_position())
    except StorageFailed as failed:
        raise Unavailable("the storage does not answer", retry_after=2) from failed
    return Reply(status=200, body=_encode(Health(status="ready", position=position)))


async def _metrics(acting: Acting) -> Reply:
    call = acting.call
    wanted = call.gateway.metrics_token
    given = (call.header("authorization") or "").removeprefix("Bearer ")
    if wanted is not None and hmac.compare_digest(given.encode(), wanted.encode()):
        return await _measured(acting)
    if wanted is not None and given:
        raise Unauthenticated("this is not the token of TOCSIN_METRICS_TOKEN")
    # A proxy on this machine speaks from loopback for strangers, unless it is a trusted one.
    told = any(call.header(name) is not None for name in _OF_PROXIES)
    proxied = told and call.address == call.peer
    if proxied or not _is_loopback(call.address):
        raise Forbidden("metrics answer loopback, or the bearer of TOCSIN_METRICS_TOKEN")
    return await _measured(acting)


async def _measured(acting: Acting) -> Reply:
    # Beside the readers, who may all be waiting for a storage that is away.
    body = await asyncio.to_thread(acting.call.gateway.metrics.exposition)
    return Reply(status=200, content_type=EXPOSITION, body=body)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/healthz",
        tag="operation",
        summary="Whether the process is alive.",
        answer=Health,
        anonymous=True,
        act=_alive,
    ),
    Endpoint(
        method="GET",
        path="/readyz",
        tag="operation",
        summary="Whether it can do its work: the store answers, migrated, and can be written.",
        answer=Health,
        anonymous=True,
        act=_ready,
        others={503: "Not ready."},
    ),
    Endpoint(
        method="GET",
        path="/metrics",
        tag="operation",
        summary="What it measures, for Prometheus.",
        description="Answers loopback, and whoever has TOCSIN_METRICS_TOKEN.",
        answer=str,
        answer_type="text/plain",
        anonymous=True,
        act=_metrics,
        others={401: "Another token.", 403: "Neither loopback nor a token."},
    ),
)
