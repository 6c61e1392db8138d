"""The org's policy: what it is before anybody changed it, and what may be asked of it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Final

from tocsin.core import record_reading as read
from tocsin.core.facts import NotGiven, Payload
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import ChangePolicy
from tocsin.core.record_facts import PolicyChanged
from tocsin.core.records import Policy
from tocsin.core.words import Severity

POLICY_ID: Final = "policy"
"""Every org has one policy; its stream is ``policy:policy``."""

DEFAULT_POLICY: Final = Policy(
    id=POLICY_ID,
    created_at=datetime.min.replace(tzinfo=UTC),
    updated_at=datetime.min.replace(tzinfo=UTC),
    version=0,
)
"""The policy of an org that never changed it: every default, version 0."""

_BOUNDS: Final = {
    "severity_levels": (3, 5),
    "reminder_before_hours": (0, 8_760),
    "burn_in_hours": (0, 8_760),
    "reactivation_burn_in_minutes": (0, 525_600),
    "missing_minutes": (0, 1_440),
    "reopen_within_minutes": (0, 525_600),
    "quiet_minutes": (0, 525_600),
    "destination_alarm_minutes": (1, 10_080),
    "pii_retention_days": (1, 36_500),
    "slack_retention_days": (1, 36_500),
}
_WORDS: Final = {
    "affected": ("asset_or_service", "asset"),
    "ticket_scope": ("any", "own"),
    "dedicated_channel_for": ("never", *(severity.value for severity in Severity), "always"),
}
_TEXTS: Final = {"slack_incidents_channel": 100, "slack_maintenance_channel": 100}


def decide_policy(state: Policy | None, command: ChangePolicy) -> tuple[Payload, ...]:
    """The change of policy that follows; ``()`` when it is so already.

    Raises:
        Invalid: a number beyond its bounds, an unknown word, a bad address.
    """
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    for field in fields(command):
        value = getattr(command, field.name)
        if not isinstance(value, NotGiven):
            _check(field.name, value, errors=errors)
            wanted[field.name] = value
    read.refuse(errors)
    changes = changes_between(DEFAULT_POLICY if state is None else state, wanted)
    return (PolicyChanged(changes=changes),) if changes else ()


def _check(name: str, value: bool | int | str | None, *, errors: read.Errors) -> None:
    if isinstance(value, str):
        if name in _WORDS:
            read.one_of(_WORDS[name], value, field=name, errors=errors)
        elif name == "runbook_base_url":
            read.url(value, field=name, errors=errors)
        else:
            read.text(value, field=name, longest=_TEXTS[name], errors=errors)
    elif value is not None and name in _BOUNDS:
        least, most = _BOUNDS[name]
        read.number(value, field=name, least=least, most=most, errors=errors)
