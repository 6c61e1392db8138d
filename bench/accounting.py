"""What a store says of all that was poured in: payloads, verdicts, alerts and incidents."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Final

from bench.processes import ProcessFailed
from bench.servers import Database
from bench.tickets import ORG
from tocsin.app.house import open_store
from tocsin.store.contract import ReadTurn
from tocsin.store.rows import position_in

_MARK: Final = re.compile(rb'"pour":"(p[0-9]{10})"')
_AT_ONCE: Final = 500
_VERDICTS: Final = ("attached", "deduplicated", "created", "resolved", "unattached")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Of the one organisation: ``payloads`` in the inbox, the sums of their verdicts, how many
    alerts are ``known`` and how often all of them were ``heard``, and the incidents in the log."""

    payloads: int
    attached: int
    deduplicated: int
    created: int
    resolved: int
    unattached: int
    known: int
    heard: int
    incidents: int

    @property
    def accounted(self) -> int:
        """Alerts that have a verdict."""
        return self.attached + self.deduplicated + self.created + self.resolved + self.unattached


def account(database: Database) -> Account:
    """What *database* says; nobody writes there meanwhile."""
    store = open_store(database.data, database.url)
    try:
        with store.reading() as turn:
            org_id = _org_id(turn)
            sums = ", ".join(f"COALESCE(sum({verdict}), 0)" for verdict in _VERDICTS)
            inbox = turn.select(
                f"SELECT count(*), {sums} FROM inbox WHERE org_id = ?", (org_id,), org_id=org_id
            )
            known = turn.select(
                "SELECT count(*), COALESCE(sum(times), 0) FROM signals WHERE org_id = ?",
                (org_id,),
                org_id=org_id,
            )
            incidents = turn.select(
                "SELECT count(*) FROM events WHERE org_id = ? AND kind = 'incident.created'",
                (org_id,),
                org_id=org_id,
            )
    finally:
        store.close()
    names = [field.name for field in fields(Account)]
    values = [int(value) for value in (*inbox[0], *known[0], *incidents[0])]
    return Account(**dict(zip(names, values, strict=True)))


def expect_all_accounted(found: Account, *, payloads: int, alerts: int) -> None:
    """Hold *found* against what was poured into an empty store.

    Raises:
        ProcessFailed: a payload or an alert has no account, or has two.
    """
    if (found.payloads, found.accounted, found.heard) != (payloads, alerts, alerts):
        raise ProcessFailed(f"{payloads} payloads of {alerts} alerts came to {found}")


def expect_kept(database: Database, ids: Collection[str]) -> None:
    """Look for each of *ids* in the inbox.

    Raises:
        ProcessFailed: one is not there.
    """
    store = open_store(database.data, database.url)
    try:
        with store.reading() as turn:
            org_id = _org_id(turn)
            rows = turn.select(
                "SELECT number FROM inbox WHERE org_id = ?", (org_id,), org_id=org_id
            )
    finally:
        store.close()
    there = {number for (number,) in rows}
    lost = [identity for identity in ids if position_in(identity) not in there]
    if lost:
        raise ProcessFailed(f"{len(lost)} payloads that got a 200 are missing, as {lost[0]}")


def _org_id(turn: ReadTurn) -> int:
    org = turn.org(ORG)
    assert org is not None, "every measured store has it"
    return org.org_id


def marks(database: Database) -> set[bytes]:
    """The marks that payloads of the inbox bear (see :data:`bench.alerts.POUR_MARK`)."""
    found: set[bytes] = set()
    store = open_store(database.data, database.url)
    try:
        with store.reading() as turn:
            org_id = _org_id(turn)
            after = 0
            while rows := turn.select(
                "SELECT number, payload FROM inbox WHERE org_id = ? AND number > ?"
                " ORDER BY number LIMIT ?",
                (org_id, after, _AT_ONCE),
                org_id=org_id,
            ):
                after = rows[-1][0]
                for _, payload in rows:
                    found.update(_MARK.findall(payload))
    finally:
        store.close()
    return found
