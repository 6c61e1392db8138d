"""The timeline as a list: what happened, who did it, by which way, when; by lane, page by page.

Read from the log itself like the API's timeline, so one's own last word is always in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from markupsafe import Markup

from tocsin.core.instants import from_text
from tocsin.projections.timeline import entry_of
from tocsin.store.codec import documents_of
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.warroom.wording import Data, NameOf, said
from tocsin.web.status import prose

ON_A_PAGE: Final = 100
LONGEST_SHOWN: Final = 1_200
"""Characters of one entry's text that are shown at once; the rest is unfolded."""


class LaneOf(StrEnum):
    """Where an entry belongs in the picture, and what the list is filtered by."""

    STATUS = "status"
    SEVERITY = "severity"
    SIGNALS = "signals"
    ACTIONS = "actions"
    MESSAGES = "messages"


_LANES: Final[Mapping[str, LaneOf]] = {
    **dict.fromkeys(
        (
            "created",
            "planned",
            "status_changed",
            "resolved",
            "closed",
            "reopened",
            "started",
            "completed",
            "extended",
            "cancelled",
            "rescheduled",
            "reminded",
            "overran",
        ),
        LaneOf.STATUS,
    ),
    "severity_changed": LaneOf.SEVERITY,
    "signal_ingested": LaneOf.SIGNALS,
    "slo_violation_recorded": LaneOf.SIGNALS,
    **dict.fromkeys(
        ("note_added", "message_recorded", "public_update_posted", "public_update_edited"),
        LaneOf.MESSAGES,
    ),
}
"""By what happened; everything else is an action."""


def lane_of(kind: str) -> LaneOf:
    """The lane of events of that kind (``incident.note_added``)."""
    return _LANES.get(kind.partition(".")[2], LaneOf.ACTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened. ``text`` says it in a sentence without its subject, ``body`` are the
    words that somebody wrote; ``at`` is when it is said to have happened.

    ``link`` is an address that belongs to it, ``late`` whether it was recorded more than a minute
    after it happened.
    """

    version: int
    kind: str
    lane: LaneOf
    at: datetime
    recorded_at: datetime
    who: str
    contributor: str | None
    by: str
    via: str
    text: str
    body: Markup | None
    rest: Markup | None
    link: str | None

    @property
    def late(self) -> bool:
        """Whether it was recorded long after it is said to have happened."""
        return (self.recorded_at - self.at).total_seconds() > 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries: of one ``lane``, None for all; the newest or the oldest ``first``, from behind
    the version ``beyond``."""

    lane: LaneOf | None = None
    oldest_first: bool = False
    beyond: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An entry as it is read: a document of :func:`tocsin.projections.timeline.entry_of`."""

    version: int
    kind: str
    document: Mapping[str, Any]

    @property
    def data(self) -> Data:
        """What the fact says."""
        found: Data = self.document["data"]
        return found

    @property
    def at(self) -> datetime:
        """When it is said to have happened."""
        return from_text(self.document["at"])


def read_entries(
    turn: ReadTurn,
    *,
    org_id: int,
    stream: str,
    kinds: Sequence[str] | None,
    oldest_first: bool,
    beyond: int | None,
    limit: int,
) -> list[Raw]:
    """Events of *stream*, of these *kinds*, in that order."""
    clauses, values = ["org_id = ?", "stream = ?"], [org_id, stream]  # type: tuple[list[str], list[object]]
    if kinds is not None:
        clauses.append(f"kind IN ({', '.join('?' * len(kinds))})")
        values += kinds
    if beyond is not None:
        clauses.append("version > ?" if oldest_first else "version < ?")
        values.append(beyond)
    rows = turn.select(
        f"SELECT position, public, private FROM events WHERE {' AND '.join(clauses)}"  # noqa: S608 - constants
        f" ORDER BY version {'ASC' if oldest_first else 'DESC'} LIMIT ?",
        (*values, limit),
        org_id=org_id,
    )
    found = []
    for position, public, private in rows:
        outside, inside = documents_of(public, private, position=position)
        document = entry_of(outside, inside, position=position)
        found.append(Raw(version=document["version"], kind=document["kind"], document=document))
    return found


def told(raw: Raw, name_of: NameOf) -> Entry:
    """*raw* as people read it."""
    document = raw.document
    actor = document["actor"]
    text, words_said = said(raw.kind, raw.data, name_of)
    shown, rest = _folded(words_said)
    return Entry(
        version=raw.version,
        kind=raw.kind,
        lane=lane_of(raw.kind),
        at=raw.at,
        recorded_at=from_text(document["recorded_at"]),
        who=actor["name"],
        contributor=actor["contributor"],
        by=actor["type"],
        via=via_words(document["via"]),
        text=text,
        body=shown,
        rest=rest,
        link=_link(raw.data),
    )


def via_words(via: str) -> str:
    """Which way something came in, for people."""
    if via.startswith("connector:"):
        return via.removeprefix("connector:")
    return _VIA.get(via, via)


_VIA: Final = {"api": "API", "slack": "Slack", "web": "dashboard", "clock": "clock"}


def _folded(text: str | None) -> tuple[Markup | None, Markup | None]:
    if not text or not text.strip():
        return None, None
    if len(text) <= LONGEST_SHOWN:
        return prose.paragraphs(text), None
    cut = max(text.rfind("\n", 0, LONGEST_SHOWN), text.rfind(" ", 0, LONGEST_SHOWN))
    cut = cut if cut > LONGEST_SHOWN // 2 else LONGEST_SHOWN
    return prose.paragraphs(text[:cut]), prose.paragraphs(text[cut:])


def _link(data: Data) -> str | None:
    reference = data.get("reference")
    return web_address(reference.get("url")) if isinstance(reference, Mapping) else None


def web_address(text: object) -> str | None:
    """*text* where it is an address of the web, None where it is none: nothing else is linked."""
    if isinstance(text, str) and text.lower().startswith(("https://", "http://")):
        return text
    return None
