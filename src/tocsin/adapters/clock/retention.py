"""How long the inbox is kept (API: inbox): what is older goes, a slice at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from tocsin.core.instants import to_text
from tocsin.core.words import SignalState
from tocsin.store.arrivals import number_at
from tocsin.store.contract import ReadTurn, Store

log = structlog.get_logger(__name__)

AT_ONCE: Final = 500
"""How many rows are deleted while the database is held."""


def drop_old(store: Store, *, before: datetime) -> bool:
    """Delete a slice of the payloads, and of the alerts, that were last heard of before *before*;
    whether there may be more.

    Alerts that fire on a ticket stay, however old they are.

    Raises:
        StorageFailed: the database is away.
    """
    with store.reading() as turn:
        # Looked for on a snapshot first: mostly there is nothing, and writers need not wait for it.
        orgs = [org.org_id for org in turn.orgs() if _has_old(turn, org.org_id, before)]
    more = False
    for org_id in orgs:
        with store.tending() as turn:
            payloads = turn.drop_arrived(org_id, before=number_at(before), limit=AT_ONCE)
            alerts = turn.drop_signals(org_id, unseen_since=before, limit=AT_ONCE)
            turn.commit()
        log.debug("inbox", action="inbox_dropped", org=org_id, payloads=payloads, alerts=alerts)
        more = more or AT_ONCE in (payloads, alerts)
    return more


def _has_old(turn: ReadTurn, org_id: int, before: datetime) -> bool:
    payload = turn.select(
        "SELECT 1 FROM inbox WHERE org_id = ? AND number < ? LIMIT 1",
        (org_id, number_at(before)),
        org_id=org_id,
    )
    alert = payload or turn.select(
        "SELECT 1 FROM signals WHERE org_id = ? AND last_seen < ?"
        " AND NOT (state = ? AND stream IS NOT NULL) LIMIT 1",
        (org_id, to_text(before), SignalState.FIRING.value),
        org_id=org_id,
    )
    return bool(alert)
