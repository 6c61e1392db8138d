"""What every request shares: the store, the writer, the clock, and how this gateway is set up."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from tocsin.adapters.rest.announcing import Announcer
from tocsin.adapters.rest.metrics import Metrics
from tocsin.core.ids import uuid7
from tocsin.handler.writer import Writer
from tocsin.store.contract import ReadTurn, Store

T = TypeVar("T")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The one context of all endpoints.

    ``readers`` runs what reads the store, away from the event loop. ``cursor_key`` signs cursors.
    ``trusted_proxies`` are the only ones whose ``X-Forwarded-For`` counts. ``/metrics`` answers
    loopback, and whoever has ``metrics_token``.
    """

    store: Store
    writer: Writer
    clock: Callable[[], datetime]
    entropy: Callable[[], int]
    readers: Executor
    cursor_key: bytes
    metrics: Metrics = field(default_factory=Metrics)
    announcer: Announcer = field(default_factory=Announcer)
    trusted_proxies: tuple[Network, ...] = ()
    metrics_token: str | None = None
    allow_private_destinations: bool = False

    def fresh_id(self) -> str:
        """A fresh UUIDv7."""
        return uuid7(self.clock(), self.entropy())

    async def read(self, work: Callable[[ReadTurn], T]) -> T:
        """What *work* finds on one snapshot; runs in the pool of readers.

        Raises:
            StorageFailed: the database is away.
        """

        def reading() -> T:
            with self.store.reading() as turn:
                return work(turn)

        return await asyncio.get_running_loop().run_in_executor(self.readers, reading)
