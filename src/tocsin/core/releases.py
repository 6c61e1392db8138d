"""What older releases can read: which facts may be written while one of them is still at work.

A release adds kinds of facts, and fields to facts that there were. An older one does not know them:
it could neither fold nor send them on. So they are written only once the database says that no
older code is at work any more (Design: store).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from tocsin.core.facts import JsonValue, Payload
from tocsin.core.provisioning.facts import (
    AcceptanceRequested,
    CriterionDemanded,
    CriterionWaived,
    DesiredStatusChanged,
    HealthChanged,
    InterfaceBound,
    InterfaceChanged,
    InterfaceDefined,
    InterfaceRemoved,
    LinkAccepted,
    Mirrored,
    Released,
    StatusChanged,
)
from tocsin.core.record_facts import (
    ConnectorCreated,
    DeviceRegistered,
    EntryPointCreated,
    LinkCodeIssued,
    LinkRegistered,
    LocationCreated,
    MemberCreated,
    PartyUpdated,
    RecordUpdated,
    RouteCreated,
    RuleCreated,
    SlackLinked,
    StatusPageCreated,
    SubscriptionCreated,
    ViewCreated,
)
from tocsin.core.ticket_facts import LinkedToTicket

CODE: Final = 2
"""The number of this program's release, as databases know it; raised with every release that adds
to what may be written."""

_ADDED_FIELDS: Final = frozenset({"slack_team_id"})
_ADDED_TO_ASSETS: Final = (
    "exchange",
    "dz_prefixes",
    "max_users",
    "metrics_publisher",
    "mgmt_vrf",
    "delay",
    "jitter",
    "delay_override",
    "on_ledger",
)


def known_since(payload: Payload) -> int:
    """The number of the first release that can read *payload*."""
    match payload:
        case EntryPointCreated() | LinkCodeIssued() | SlackLinked():
            return 2
        case ConnectorCreated() | RuleCreated() | StatusPageCreated() | SubscriptionCreated():
            return 2
        case ViewCreated() | LocationCreated():
            return 2
        case (
            DesiredStatusChanged()
            | HealthChanged()
            | StatusChanged()
            | AcceptanceRequested()
            | LinkAccepted()
            | CriterionWaived()
            | CriterionDemanded()
        ):
            return 2
        case Mirrored() | Released():
            return 2
        case InterfaceDefined() | InterfaceChanged() | InterfaceBound() | InterfaceRemoved():
            return 2
        case DeviceRegistered() | LinkRegistered() if _says_more(payload):
            return 2
        case MemberCreated(slack_team_id=str()):
            return 2
        case LinkedToTicket(reference=reference) if reference.external_id is not None:
            return 2
        case PartyUpdated(changes=changes) if any(one.field in _ADDED_FIELDS for one in changes):
            return 2
        case RouteCreated(match=match) if _ask_for_health(match.matchers):
            return 2
        case RecordUpdated(changes=changes) if any(
            one.field in ("match", "matchers") and _ask_for_health(_texts_in(one.new))
            for one in changes
        ):
            return 2
        case _:
            return 1


def _ask_for_health(matchers: Iterable[str]) -> bool:
    """Whether one of *matchers* is about what the first release could not be asked for."""
    return any(text.lstrip().startswith("health") for text in matchers)


def _texts_in(value: JsonValue) -> Iterator[str]:
    """The texts in a field as it is written in a fact."""
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                yield from _texts_in(one)
        case Sequence():
            for one in value:
                yield from _texts_in(one)
        case _:
            return


def _says_more(payload: DeviceRegistered | LinkRegistered) -> bool:
    """Whether a field says anything that the first release did not have."""
    return any(getattr(payload, name, None) not in (None, ()) for name in _ADDED_TO_ASSETS)
