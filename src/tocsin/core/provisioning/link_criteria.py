"""What a link needs before it is healthy (Provisioning: link)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.provisioning.carrying import Seen, up
from tocsin.core.provisioning.criteria import (
    Cause,
    Criterion,
    Evidence,
    Silence,
    State,
    Terms,
    desired,
    recorded,
    silent,
    status_allows,
)
from tocsin.core.provisioning.life import Life
from tocsin.core.provisioning.telemetry import Origin

LINK_CRITERIA: Final = ("record", "desired", "side_a", "side_z", "loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The latency samples of a link in the window: how many, how many were lost, and when one was
    lost last."""

    samples: int
    lost: int
    lost_at: datetime | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvidence:
    """All that a link is judged on; ``latency`` is None where no source of it knows the link."""

    life: Life
    side_a: Seen
    side_z: Seen
    latency: Latency | Silence | None


def link_criteria(evidence: LinkEvidence, terms: Terms) -> tuple[Criterion, ...]:
    """The answers of :data:`LINK_CRITERIA`, in this order."""
    holds, reason = status_allows(evidence.life)
    return (
        recorded(
            "record",
            holds,
            reason,
            asked="status",
            figures=(("status", evidence.life.status.value),),
            since=evidence.life.status_since,
        ),
        desired(evidence.life),
        up("side_a", evidence.side_a, terms),
        up("side_z", evidence.side_z, terms),
        _loss(evidence.latency, terms),
    )


def _loss(latency: Latency | Silence | None, terms: Terms) -> Criterion:
    if isinstance(latency, Silence):
        return silent("loss", latency, terms.window)
    if latency is None:
        # Latency counts where it is measured; a link is not held up where it is not.
        return recorded("loss", True, "no latency is measured on it", asked="latency samples")
    evidence = Evidence(
        source=latency.origin.source,
        query=latency.origin.query,
        window=terms.window,
        figures=(("samples", latency.samples), ("lost", latency.lost)),
    )
    if latency.lost_at is not None and latency.lost_at >= terms.window.start:
        return Criterion(
            name="loss",
            state=State.UNMET,
            cause=Cause.FACTS,
            reason=(
                f"{latency.lost:,} of {latency.samples:,} latency samples were lost, "
                f"the last at {latency.lost_at:%Y-%m-%d %H:%M}"
            ),
            evidence=evidence,
            since=latency.lost_at,
            ready_at=terms.clear_of(latency.lost_at),
        )
    return Criterion(
        name="loss",
        state=State.MET,
        reason=f"none of {latency.samples:,} latency samples was lost",
        evidence=evidence,
    )
