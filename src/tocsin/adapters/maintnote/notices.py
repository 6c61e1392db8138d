"""What a notice of planned work says, once it is read (Integrations: MAINTNOTE)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from tocsin.core.words import Impact, Status

LONGEST_ID: Final = 100
"""Characters of a uid, a provider, an account and the ids of a notice."""

MOST_IDS: Final = 200
"""Maintenance ids, and object ids, of one notice."""


class NoticeStatus(StrEnum):
    """Where the work stands, in the provider's word."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    IN_PROCESS = "IN-PROCESS"
    COMPLETED = "COMPLETED"
    RE_SCHEDULED = "RE-SCHEDULED"


STATUS_OUT: Final[Mapping[Status, NoticeStatus]] = {
    Status.PLANNED: NoticeStatus.CONFIRMED,
    Status.IN_PROGRESS: NoticeStatus.IN_PROCESS,
    Status.COMPLETED: NoticeStatus.COMPLETED,
    Status.CLOSED: NoticeStatus.COMPLETED,
    Status.CANCELLED: NoticeStatus.CANCELLED,
}
"""How the statuses of a maintenance are told."""

IMPACT_OUT: Final[Mapping[Impact, str]] = {
    Impact.NO_IMPACT: "NO-IMPACT",
    Impact.REDUCED_REDUNDANCY: "REDUCED-REDUNDANCY",
    Impact.DEGRADED: "DEGRADED",
    Impact.OUTAGE: "OUTAGE",
}
"""How impacts are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One VEVENT: planned work as its provider tells it.

    ``start`` is before ``end``, both aware and in UTC. ``stamp`` is when the provider wrote it.
    ``status`` and ``impact`` are None where nothing is said of them; the impact is the worst of
    those of its objects. ``organizer`` is an address as it was given, without ``mailto:``.
    """

    uid: str
    sequence: int
    start: datetime
    end: datetime
    stamp: datetime | None = None
    provider: str | None = None
    account: str | None = None
    maintenance_ids: tuple[str, ...] = ()
    object_ids: tuple[str, ...] = ()
    impact: Impact | None = None
    status: NoticeStatus | None = None
    summary: str | None = None
    description: str | None = None
    organizer: str | None = None

    @property
    def key(self) -> str:
        """Which work this is, in at most 201 characters: the provider in small letters, a slash and
        the uid."""
        return f"{(self.provider or '').casefold()[:LONGEST_ID]}/{self.uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceKnown:
    """The newest notice of some work, as far as the next one has to be held against it.

    ``assets`` are the pubkeys that it named; ``digest`` is of what it said, in hex, so that a
    repeat is told from another notice of the same number.
    """

    sequence: int
    digest: str
    stamp: datetime | None = None
    status: NoticeStatus | None = None
    assets: tuple[str, ...] = ()


def identity(text: str) -> str:
    """*text* as an id: one that is too long is cut, and ends in a digest of the whole, so that two
    that differ stay two."""
    if len(text) <= LONGEST_ID:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{text[: LONGEST_ID - 33]}~{digest}"
