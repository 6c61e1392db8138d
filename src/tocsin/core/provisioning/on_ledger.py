"""What a ledger says about the life of a device or link, and what follows from it here
(Provisioning: the doublezero ledger).

Its word and ours are told apart by what it said the last time: a word that it changed is taken
over, a wish that we changed is still to be written there. Health and status are written there
before they are recorded here, so a change of either is what the ledger says, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from tocsin.core.facts import Payload
from tocsin.core.provisioning.facts import (
    DesiredStatusChanged,
    HealthChanged,
    LinkAccepted,
    Mirrored,
    StatusChanged,
)
from tocsin.core.provisioning.life import Life, born
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health

AS_THE_LEDGER_HAS_IT: Final = "as the ledger has it"

Word = TypeVar("Word", AssetStatus, DesiredStatus, Health)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLedger:
    """What the ledger said last, in words; ``unknown`` where it has a number that nobody told the
    meaning of."""

    status: str
    health: str
    desired_status: str


def mirrored(
    life: Life, said: OnLedger, *, before: OnLedger | None, accepting: str | None = None
) -> tuple[Payload, ...]:
    """The facts that follow when the ledger says *said* about *life*, and *before* the last time.

    What it says for the first time is taken over whole. *accepting* is the id of the contributor of
    a link's Z side, who has agreed to whatever is requested no longer.
    """
    facts: list[Payload] = []
    if before is None or said.desired_status != before.desired_status:
        wanted = _read(DesiredStatus, said.desired_status)
        if wanted not in (None, life.desired):
            facts.append(
                DesiredStatusChanged(
                    desired_from=life.desired, desired_to=wanted, reason=AS_THE_LEDGER_HAS_IT
                )
            )
    status, stands = _read(AssetStatus, said.status), life.status
    if not life.accepted and accepting and status not in (None, AssetStatus.REQUESTED):
        facts.append(LinkAccepted(contributor_id=accepting))
        stands = AssetStatus.HARD_DRAINED if stands is AssetStatus.REQUESTED else stands
    if (before is None or said.status != before.status) and status not in (None, stands):
        facts.append(
            StatusChanged(status_from=stands, status_to=status, reasons=(AS_THE_LEDGER_HAS_IT,))
        )
    if before is None or said.health != before.health:
        health = _read(Health, said.health)
        if health not in (None, life.health):
            facts.append(
                HealthChanged(
                    health_from=life.health, health_to=health, reasons=(AS_THE_LEDGER_HAS_IT,)
                )
            )
    if said != before:
        facts.append(
            Mirrored(status=said.status, health=said.health, desired_status=said.desired_status)
        )
    return tuple(facts)


def _read(words: type[Word], text: str) -> Word | None:
    """*text* as a word of ours; None for one that is not known here."""
    return words(text) if text in tuple(words) else None


def life_of(said: OnLedger, *, at: datetime, requested: bool = False) -> Life:
    """The life of what was just recorded because the ledger has it: as the ledger says, without
    anything having moved here. One that is *requested* wherever nobody says otherwise waits for its
    Z side only while the ledger says so."""
    life = born(at=at, requested=requested)
    status = _read(AssetStatus, said.status) or life.status
    return replace(
        life,
        status=status,
        desired=_read(DesiredStatus, said.desired_status) or life.desired,
        health=_read(Health, said.health) or life.health,
        accepted=status is not AssetStatus.REQUESTED,
        activated_before=status is AssetStatus.ACTIVATED,
    )


# -- what happened -------------------------------------------------------------------------------


def said(payload: Mirrored) -> OnLedger:
    """What the ledger said."""
    return OnLedger(
        status=payload.status, health=payload.health, desired_status=payload.desired_status
    )


def with_status(before: OnLedger | None, status: AssetStatus) -> OnLedger | None:
    """What the ledger says of what moved to *status*."""
    return None if before is None else replace(before, status=status.value)


def with_health(before: OnLedger | None, health: Health) -> OnLedger | None:
    """What the ledger says of whose health became *health*."""
    return None if before is None else replace(before, health=health.value)
