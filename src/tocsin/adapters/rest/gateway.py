"""What every request shares: the store, the writer, the clock, and how this gateway is set up."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from tocsin.adapters.rest.announcing import Announcer
from tocsin.adapters.rest.calendar_writer import CalendarWriter
from tocsin.adapters.rest.explaining import Explaining
from tocsin.adapters.rest.metrics import Metrics
from tocsin.adapters.rest.sign_in_setup import SigningIn
from tocsin.adapters.rest.signals.mapping_previewing import MappingPreview, no_preview
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.core.ids import uuid7
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Sender
from tocsin.handler.receiving import Receivers
from tocsin.handler.writer import Writer
from tocsin.projections.connector_health import ConnectorCounts
from tocsin.store.contract import ReadTurn, Store

T = TypeVar("T")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _no_trouble() -> str | None:
    return None


def _nobody() -> None:
    return None


def _as_it_is(box: bytes) -> bytes:
    return box


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The one context of all endpoints.

    ``readers`` runs what reads the store, away from the event loop. ``cursor_key`` signs cursors.
    ``trouble`` says what keeps this process from its work, if anything does. ``trusted_proxies``
    are the only ones whose ``X-Forwarded-For`` counts. ``/metrics`` answers loopback, and whoever
    has ``metrics_token``. ``public_url`` is where others reach this gateway, if it is told.

    ``senders`` send trials of destinations, ``bench`` runs them, ``unseal`` opens their secrets;
    ``unavailable`` says, for kinds that this server cannot send to, what to do about it. ``nudge``
    tells the dispatcher that there is news in the outbox. ``calendars`` writes what is
    planned; ``counts`` is what was counted of the inbox so far. ``receivers``
    read what neighbours send, by connector kind; ``preview`` tries mappings out. ``signing_in``
    makes links that sign people in, where it can. ``explaining`` asks the sources of telemetry why
    something is not in service; without it readiness rests on the registry alone.
    """

    store: Store
    writer: Writer
    clock: Callable[[], datetime]
    entropy: Callable[[], int]
    readers: Executor
    cursor_key: bytes
    metrics: Metrics = field(default_factory=Metrics)
    announcer: Announcer = field(default_factory=Announcer)
    trouble: Callable[[], str | None] = _no_trouble
    trusted_proxies: tuple[Network, ...] = ()
    metrics_token: str | None = None
    allow_private_destinations: bool = False
    public_url: str | None = None
    senders: Mapping[DestinationKind, Sender] = field(default_factory=dict)
    unavailable: Mapping[DestinationKind, str] = field(default_factory=dict)
    unseal: Callable[[bytes], bytes] = _as_it_is
    nudge: Callable[[], None] = _nobody
    bench: TrialBench = field(default_factory=TrialBench)
    calendars: CalendarWriter | None = None
    receivers: Receivers = field(default_factory=dict)
    preview: MappingPreview = no_preview
    counts: ConnectorCounts = field(default_factory=ConnectorCounts)
    signing_in: SigningIn | None = None
    explaining: Explaining | None = None

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
