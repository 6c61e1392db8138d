"""Words for the public that a person may begin with: nothing of a ticket's own text is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tocsin.core.words import PublicIncidentStatus, PublicMaintenanceStatus, TicketType


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A public update to begin with; ``key`` is a word that a block id may end in."""

    key: str
    label: str
    status: PublicIncidentStatus | PublicMaintenanceStatus
    body: str


_INCIDENT: Final = (
    Template(
        key="investigating",
        label="We are investigating",
        status=PublicIncidentStatus.INVESTIGATING,
        body="We are investigating reports of a problem and will say more as soon as we know it.",
    ),
    Template(
        key="identified",
        label="The cause is known",
        status=PublicIncidentStatus.IDENTIFIED,
        body="We have found the cause of the problem and are working on it.",
    ),
    Template(
        key="fixed",
        label="A fix is in place, we are watching",
        status=PublicIncidentStatus.MONITORING,
        body="A fix is in place. We are watching the results.",
    ),
    Template(
        key="resolved",
        label="Resolved",
        status=PublicIncidentStatus.RESOLVED,
        body="The problem is resolved. We are sorry for the trouble it made.",
    ),
)

_MAINTENANCE: Final = (
    Template(
        key="scheduled",
        label="Work is planned",
        status=PublicMaintenanceStatus.SCHEDULED,
        body="We have planned work that may be noticed while it lasts.",
    ),
    Template(
        key="begun",
        label="Work has begun",
        status=PublicMaintenanceStatus.IN_PROGRESS,
        body="The planned work has begun. We will say when it is done.",
    ),
    Template(
        key="verifying",
        label="Work is done, we are verifying",
        status=PublicMaintenanceStatus.VERIFYING,
        body="The planned work is done. We are verifying that everything is as it should be.",
    ),
    Template(
        key="completed",
        label="Completed",
        status=PublicMaintenanceStatus.COMPLETED,
        body="The planned work is completed.",
    ),
    Template(
        key="cancelled",
        label="Cancelled",
        status=PublicMaintenanceStatus.CANCELLED,
        body="The planned work will not take place.",
    ),
)

TEMPLATES: Final[Mapping[TicketType, tuple[Template, ...]]] = MappingProxyType(
    {TicketType.INCIDENT: _INCIDENT, TicketType.MAINTENANCE: _MAINTENANCE}
)
"""The templates of each type of ticket, in the order of its life."""


def template_named(kind: TicketType, key: str | None) -> Template | None:
    """The template of that key."""
    return next((one for one in TEMPLATES[kind] if one.key == key), None)
