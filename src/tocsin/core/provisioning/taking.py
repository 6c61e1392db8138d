"""What is recorded of what a ledger took (Provisioning: the doublezero ledger).

A ledger is told before anything is recorded. What has changed here meanwhile is not recorded as if
it still held: the ledger says it itself when it is read the next time.
"""

from __future__ import annotations

from tocsin.core.facts import Payload
from tocsin.core.provisioning.commands import Advance
from tocsin.core.provisioning.facts import Mirrored, StatusChanged
from tocsin.core.provisioning.life import Life, Step
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.words import AssetStatus


def leads_to(step: Step) -> AssetStatus | None:
    """The status that *step* is on a ledger, which takes what is removed away by itself."""
    return AssetStatus.DELETING if step.removed else step.status


def taken(life: Life, said: OnLedger, step: Step, command: Advance) -> tuple[Payload, ...]:
    """The facts that follow when the ledger, which said *said* the last time, took what *command*
    names; *step* is what comes next now."""
    facts: list[Payload] = []
    desired = command.taken_desired
    if desired is not None and desired.value != said.desired_status:
        facts.append(Mirrored(status=said.status, health=said.health, desired_status=desired.value))
    status = leads_to(step)
    if status is not None and status is command.taken:
        facts.append(StatusChanged(status_from=life.status, status_to=status, reasons=(step.why,)))
    return tuple(facts)
