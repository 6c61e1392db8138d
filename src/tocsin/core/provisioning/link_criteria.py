"""What a link needs before it is healthy (Provisioning: link)."""

from __future__ import annotations

from dataclasses import dataclass
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
from tocsin.core.provisioning.latency import Latency
from tocsin.core.provisioning.life import Life

LINK_CRITERIA: Final = ("record", "desired", "side_a", "side_z", "loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvidence:
    """All that a link is judged on; ``latency`` is None where nobody is asked for it."""

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
    """``loss``: where latency samples exist, none was lost. A link is not held up where there are
    none at all; where they have ceased nobody knows."""
    if isinstance(latency, Silence):
        return silent("loss", latency, terms.window)
    if latency is None:
        return recorded(
            "loss", True, "no source of latency samples is set up", asked="latency samples"
        )
    evidence = Evidence(
        source=latency.origin.source,
        query=latency.origin.query,
        window=terms.window,
        figures=(("samples", latency.samples), ("lost", latency.lost)),
    )
    if latency.lost_at is not None and latency.lost_at >= terms.window.start:
        where = f", from {' and '.join(latency.between)}" if latency.between else ""
        return Criterion(
            name="loss",
            state=State.UNMET,
            cause=Cause.FACTS,
            reason=(
                f"{latency.lost:,} of {latency.samples:,} latency samples were lost, "
                f"the last at {latency.lost_at:%Y-%m-%d %H:%M}{where}"
            ),
            evidence=evidence,
            since=latency.lost_at,
            ready_at=terms.clear_of(latency.lost_at),
        )
    if latency.samples:
        return Criterion(
            name="loss",
            state=State.MET,
            reason=f"none of {latency.samples:,} latency samples was lost",
            evidence=evidence,
            since=None if latency.lost_at is None else terms.clear_of(latency.lost_at),
        )
    if latency.measured_at is None:
        return Criterion(
            name="loss",
            state=State.MET,
            reason="no latency samples exist for this link",
            evidence=evidence,
        )
    return Criterion(
        name="loss",
        state=State.UNKNOWN,
        reason=(
            f"there is no latency sample in {terms.window.minutes} minutes, "
            f"the last was at {latency.measured_at:%Y-%m-%d %H:%M}"
        ),
        evidence=evidence,
        since=terms.clear_of(latency.measured_at),
    )
