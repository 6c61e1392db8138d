"""The port through which readiness is explained with evidence: who asks the sources of telemetry
(Provisioning: readiness)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Protocol

from tocsin.core.provisioning.holding import Held
from tocsin.core.provisioning.readiness import Readiness
from tocsin.core.records import Device, Link, Policy
from tocsin.store.contract import ReadTurn

Answer = Callable[[], Readiness]
"""Asks the sources; it holds no snapshot of the store while it waits for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What readiness is asked of: an asset, or one of a device's interfaces, as the snapshot has
    it; the org's policy; the tickets that are ``held`` against it, the names of what still needs
    it, and the instant."""

    org_id: int
    asset: Device | Link
    interface: str | None
    policy: Policy
    held: Held
    referred_to: tuple[str, ...]
    at: datetime


class Explain(Protocol):
    """Reads from the snapshot what else is to be known, and returns what asks the sources.

    The answer takes bounded time. Criteria of a silent source are unknown; the answer raises
    ``SourceSilent`` only where it can say nothing at all.
    """

    def __call__(self, turn: ReadTurn, question: Question, /) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """Who explains, how long anybody waits for it, and how many are explained at once: a source
    that hangs takes no more of the readers than that."""

    explain: Explain
    seconds: float = 15.0
    places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(2))
