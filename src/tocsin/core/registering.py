"""What registering and changing a device and a link have in common (Provisioning: records)."""

from __future__ import annotations

from tocsin.core import record_reading as read
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload
from tocsin.core.provisioning.commands import Wish
from tocsin.core.provisioning.deciding import refuse_kept, wished
from tocsin.core.provisioning.facts import DesiredStatusChanged
from tocsin.core.provisioning.words import DesiredStatus
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_facts import RecordUpdated
from tocsin.core.records import Device, Link


def first_desired(value: str | None, *, errors: read.Errors) -> DesiredStatus:
    """The wish that something is born with: drained, where nobody says otherwise."""
    if value is None:
        return DesiredStatus.HARD_DRAINED
    wanted = read.word(DesiredStatus, value, field="desired_status", errors=errors)
    if wanted is DesiredStatus.DELETED:
        detail = "nothing is made to be deleted"
        errors.append(FieldError("desired_status", "wrong_value", detail))
    return wanted


def first_wish(desired: DesiredStatus) -> tuple[Payload, ...]:
    """The fact that something was born with another wish than to be drained."""
    if desired is DesiredStatus.HARD_DRAINED:
        return ()
    return (DesiredStatusChanged(desired_from=DesiredStatus.HARD_DRAINED, desired_to=desired),)


def changes_and_wish(
    state: Device | Link,
    wanted: dict[str, FieldValue],
    desired: str | NotGiven,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts of fields that are to be as *wanted*, and of another wish.

    Raises:
        KeptByLedger: its fields, or its wish, are changed elsewhere.
    """
    changes = changes_between(state, wanted)
    if changes:
        refuse_kept(state, given)
    wishes: tuple[Payload, ...] = ()
    if not isinstance(desired, NotGiven):
        wishes = wished(state, Wish(desired=desired), given)
    return (*((RecordUpdated(changes=changes),) if changes else ()), *wishes)


def keep_pubkey(state: Device | Link, pubkey: str | NotGiven, *, errors: read.Errors) -> None:
    """Say that another *pubkey* is an error: tickets, links and the ledger know it by its own."""
    if not isinstance(pubkey, NotGiven) and pubkey != state.pubkey:
        detail = "cannot change; remove it and register the new one"
        errors.append(FieldError("pubkey", "forbidden_field", detail))
