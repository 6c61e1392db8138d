"""Since when the criteria of a device or link answer as they do, found on a snapshot (API:
readiness)."""

from __future__ import annotations

from typing import Final

from tocsin.core.facts import stream_name
from tocsin.core.provisioning.since import NOTHING_TOLD, History, history_of
from tocsin.core.records import Device, Link, Policy
from tocsin.store.contract import ReadTurn

MOST_EVENTS: Final = 10_000
"""Of one asset; where there are more, only the evidence tells since when."""


def history_on(
    turn: ReadTurn,
    org_id: int,
    asset: Device | Link,
    policy: Policy,
    *,
    interface: str | None = None,
) -> History:
    """What the log tells of the criteria of *asset*, or of those of one of its interfaces."""
    stream = stream_name("link" if isinstance(asset, Link) else "device", asset.id)
    events = turn.stream_events(org_id, stream, limit=MOST_EVENTS + 1)
    if len(events) > MOST_EVENTS:
        return NOTHING_TOLD
    return history_of(events, policy, interface=interface)
