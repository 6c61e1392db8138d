"""What the public may know, as one picture (Domain: public updates).

Made of public updates and of what administrators say about a page, and where they want that of one
word for each device and link; of nothing else. All instants are aware and in UTC; all texts are
plain, as people wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from tocsin.core.logos import Logo
from tocsin.core.provisioning.public_facts import PublicFact

DAYS_SHOWN: Final = 90


class Level(StrEnum):
    """How a service is, the worst last."""

    OPERATIONAL = "operational"
    MAINTENANCE = "under_maintenance"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return _LEVELS.index(self)


_LEVELS: Final = tuple(Level)


class Kind(StrEnum):
    """What a notice is about."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a service in UTC: its worst level, and for how many seconds it was at each level
    but operational. ``notices`` are the refs that had to do with it."""

    day: date
    level: Level
    seconds: tuple[tuple[Level, int], ...] = ()
    notices: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A service on the page. ``days`` are the last :data:`DAYS_SHOWN`, oldest first; ``uptime`` is
    the share of them without a partial or major outage, None where nothing is known yet."""

    id: str
    code: str
    name: str
    description: str | None
    level: Level
    created_at: datetime
    updated_at: datetime
    position: int
    group_id: str | None = None
    days: tuple[Day, ...] = ()
    uptime: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Services shown together; its level is the worst of theirs."""

    id: str
    name: str
    level: Level
    position: int
    services: tuple[str, ...]
    """Their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A service in an update: how it was before and how it is with it."""

    code: str
    name: str
    before: Level
    after: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateView:
    """One public update. ``status`` is the public word (``investigating``, ``identified``,
    ``monitoring``, ``resolved``; ``scheduled``, ``in_progress``, ``verifying``, ``completed``,
    ``cancelled``)."""

    id: str
    status: str
    body: str
    posted_at: datetime
    edited_at: datetime | None = None
    affected: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """An incident or maintenance as the public sees it; ``updates`` are newest first, never none.

    ``ref`` is its public name and part of its address. ``severity`` is ``sev1``…; ``number`` counts
    its updates. For maintenance ``scheduled_for`` and ``scheduled_until`` are the planned window.
    ``reporter`` and ``assignee`` are never shown but for what the page's own words say.
    """

    id: str
    ref: str
    kind: Kind
    title: str
    status: str
    severity: str
    level: Level
    """The worst that it has said of a service and not taken back; operational when it is over."""
    worst: Level
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    monitoring_at: datetime | None = None
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    rca_url: str | None = None
    updates: tuple[UpdateView, ...] = ()
    services: tuple[str, ...] = ()
    """Ids of the services it affects, or affected."""

    @property
    def is_over(self) -> bool:
        """Whether its public word is that it has ended."""
        return self.status in ("resolved", "completed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a page looks: its own name, mark and colours. ``accent`` is ``#rrggbb``."""

    accent: str | None = None
    logo: Logo | None = None
    support_url: str | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """The whole page. ``url`` is its address without a slash at the end; ``open`` are incidents,
    worst first then oldest; ``maintenances`` those that are scheduled or under way, soonest first;
    ``past`` everything that is over, newest first, at most what a history shows."""

    id: str
    code: str
    name: str
    url: str
    look: Look
    made_at: datetime
    updated_at: datetime
    level: Level
    services: Sequence[ServiceView]
    groups: Sequence[GroupView]
    open: Sequence[NoticeView]
    maintenances: Sequence[NoticeView]
    past: Sequence[NoticeView]
    network: Sequence[PublicFact] | None = None
    """Devices, then links, by code; None where the page does not show them."""


def worst(levels: Sequence[Level]) -> Level:
    """The worst of *levels*; operational when there are none."""
    return max(levels, key=lambda level: level.rank, default=Level.OPERATIONAL)
