"""The port through which readiness is explained with evidence: who asks the sources of telemetry
(Provisioning: readiness)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Protocol

from tocsin.core.provisioning.readiness import Readiness
from tocsin.core.records import Device, Link


class Explain(Protocol):
    """Says what is between an asset of an org, or one of a device's interfaces, and service.

    It takes bounded time. Criteria of a silent source are unknown; ``SourceSilent`` is raised only
    where nothing can be said at all.
    """

    def __call__(
        self, org_id: int, asset: Device | Link, *, at: datetime, interface: str | None = None
    ) -> Readiness: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """Who explains, how long anybody waits for it, and how many are explained at once: a source
    that hangs takes no more of the readers than that."""

    explain: Explain
    seconds: float = 25.0
    places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(2))
