"""The words of the domain: every enumeration, and the reading of words as people and systems write
them.

Reading is forgiving in form and strict in meaning: case, hyphen, underscore and blank do not matter
(``In-Progress``), other systems' words are taken where they mean one thing only (``MITIGATED``,
``P1``, ``dz_managed``), and everything else is refused with the list of what is allowed. The words
of a named system, in both directions, are in :mod:`tocsin.core.dialects`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TypeVar


class TicketType(StrEnum):
    """What a ticket is. Immutable."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


class Status(StrEnum):
    """Where a ticket stands, in the order of both lifecycles (Domain: lifecycle)."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    MITIGATING = "mitigating"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Severity(StrEnum):
    """How bad it is, worst first; an org uses the first three, four or five."""

    SEV1 = "sev1"
    SEV2 = "sev2"
    SEV3 = "sev3"
    SEV4 = "sev4"
    SEV5 = "sev5"

    @property
    def rank(self) -> int:
        """1 (worst) to 5."""
        return int(self.value[3])


class Impact(StrEnum):
    """What users of the affected things notice."""

    NO_IMPACT = "no_impact"
    REDUCED_REDUNDANCY = "reduced_redundancy"
    DEGRADED = "degraded"
    OUTAGE = "outage"


class Disposition(StrEnum):
    """Why a ticket ended. ``duplicate`` and ``superseded`` name the other ticket."""

    FIXED = "fixed"
    NO_ACTION = "no_action"
    DONE = "done"
    DECLINED = "declined"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    AUTO_CLOSED = "auto_closed"


class RootCause(StrEnum):
    """What an incident came from."""

    HARDWARE = "hardware"
    SOFTWARE = "software"
    CONFIGURATION = "configuration"
    CAPACITY = "capacity"
    CARRIER = "carrier"
    NETWORK_EXTERNAL = "network_external"
    FACILITY = "facility"
    FIBER_CUT = "fiber_cut"
    SECURITY = "security"
    HUMAN_ERROR = "human_error"
    FALSE_POSITIVE = "false_positive"
    DUPLICATE = "duplicate"
    SELF_RESOLVED = "self_resolved"
    MANAGED_SOFTWARE = "managed_software"


class Role(StrEnum):
    """What a member may do, least first (Domain: roles). Roles compare by rank, not by spelling."""

    VIEWER = "viewer"
    MEMBER = "member"
    ONCALL_ENGINEER = "oncall_engineer"
    SRE_LEAD = "sre_lead"
    ORG_ADMIN = "org_admin"

    @property
    def rank(self) -> int:
        """0 (viewer) to 4 (org_admin)."""
        return _ROLE_RANKS[self.value]

    def __lt__(self, other: str) -> bool:
        return self.rank < other.rank if isinstance(other, Role) else NotImplemented

    def __le__(self, other: str) -> bool:
        return self.rank <= other.rank if isinstance(other, Role) else NotImplemented

    def __gt__(self, other: str) -> bool:
        return self.rank > other.rank if isinstance(other, Role) else NotImplemented

    def __ge__(self, other: str) -> bool:
        return self.rank >= other.rank if isinstance(other, Role) else NotImplemented


_ROLE_RANKS = {role.value: rank for rank, role in enumerate(Role)}


class ActionKind(StrEnum):
    """What somebody did during an incident (Domain: actions)."""

    RUNBOOK_STEP_EXECUTED = "RUNBOOK_STEP_EXECUTED"
    ROLLBACK_TRIGGERED = "ROLLBACK_TRIGGERED"
    SCALE_CHANGE = "SCALE_CHANGE"
    NOTE = "NOTE"
    STATUS_CHANGE = "STATUS_CHANGE"
    SEVERITY_CHANGE = "SEVERITY_CHANGE"
    TAG_ADDED = "TAG_ADDED"
    TAG_REMOVED = "TAG_REMOVED"


POSTABLE_ACTIONS = frozenset(
    {
        ActionKind.RUNBOOK_STEP_EXECUTED,
        ActionKind.ROLLBACK_TRIGGERED,
        ActionKind.SCALE_CHANGE,
        ActionKind.NOTE,
    }
)
"""The kinds of action a person may post; the others are written by the system."""


class SignalType(StrEnum):
    """What a monitoring system saw."""

    ALERT = "ALERT"
    METRIC_SPIKE = "METRIC_SPIKE"
    ERROR_BURST = "ERROR_BURST"
    LOG_PATTERN = "LOG_PATTERN"
    TRACE_ANOMALY = "TRACE_ANOMALY"


class SignalState(StrEnum):
    """Whether what was seen is still so."""

    FIRING = "firing"
    RESOLVED = "resolved"


class ReferenceKind(StrEnum):
    """What an address of a ticket leads to."""

    TICKET = "ticket"
    RCA = "rca"
    POSTMORTEM = "postmortem"
    RUNBOOK = "runbook"
    CHAT = "chat"
    OTHER = "other"


class RelationKind(StrEnum):
    """How a ticket is tied to another."""

    CAUSED_BY = "caused_by"
    DUPLICATE_OF = "duplicate_of"
    FOLLOW_UP = "follow_up"
    RELATED = "related"


class LinkType(StrEnum):
    """Whether a link stays inside one contributor's network or joins two."""

    WAN = "WAN"
    DZX = "DZX"


class ActorType(StrEnum):
    """What kind of being did it."""

    USER = "user"
    SYSTEM = "system"
    CONNECTOR = "connector"


class PublicIncidentStatus(StrEnum):
    """What the public is told about an incident."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class PublicMaintenanceStatus(StrEnum):
    """What the public is told about a maintenance."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PublicImpact(StrEnum):
    """How the public is shown a service that is not operational."""

    DEGRADED = "degraded"
    PARTIAL = "partial"
    MAJOR = "major"


class ContactMethod(StrEnum):
    """How to reach a contact."""

    PHONE = "phone"
    EMAIL = "email"
    SLACK = "slack"
    OTHER = "other"


class DestinationKind(StrEnum):
    """Where deliveries can go."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    SLACK = "slack"
    AIRTABLE = "airtable"


ACTIVE_INCIDENT = frozenset(
    {
        Status.OPEN,
        Status.ACKNOWLEDGED,
        Status.INVESTIGATING,
        Status.MITIGATING,
        Status.MONITORING,
    }
)
"""An incident that needs somebody."""

ACTIVE_MAINTENANCE = frozenset({Status.PLANNED, Status.IN_PROGRESS})
"""A maintenance that is to come or under way."""

ENDED = frozenset({Status.RESOLVED, Status.COMPLETED})
"""The work is done; the ticket is not yet put away."""

OVER = frozenset({Status.CLOSED, Status.CANCELLED})
"""Terminal: a ticket is never created so, and only an incident may be reopened."""

INCIDENT_STATUSES = (
    Status.OPEN,
    Status.ACKNOWLEDGED,
    Status.INVESTIGATING,
    Status.MITIGATING,
    Status.MONITORING,
    Status.RESOLVED,
    Status.CLOSED,
    Status.CANCELLED,
)
"""The statuses of an incident, in the order of its life."""

MAINTENANCE_STATUSES = (
    Status.PLANNED,
    Status.IN_PROGRESS,
    Status.COMPLETED,
    Status.CLOSED,
    Status.CANCELLED,
)
"""The statuses of a maintenance, in the order of its life."""

LONGEST_WORD = 64
"""Characters; anything longer is no word of ours, and is not repeated in full."""


class UnknownWord(ValueError):
    """A word that means nothing here: the *field* it was given for, the word, and what is allowed.

    ``given`` is cut to 64 characters; ``allowed`` is in the order people should read it.
    """

    def __init__(self, *, field: str, given: str, allowed: tuple[str, ...]) -> None:
        given = given if len(given) <= LONGEST_WORD else given[: LONGEST_WORD - 1] + "…"
        super().__init__(f'{field}: "{given}" is not one of {", ".join(allowed)}')
        self.field = field
        self.given = given
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A status as it was read: the canonical ``status``, with what else the word said.

    ``disposition`` is given where the word names one (``declined``); ``native`` is the word as it
    came where that differs from the canonical one, so that the event can keep it.
    """

    status: Status
    disposition: Disposition | None = None
    native: str | None = None


def is_active(status: Status) -> bool:
    """Whether a ticket of this *status* still needs somebody (Domain: words, "active")."""
    return status in ACTIVE_INCIDENT or status in ACTIVE_MAINTENANCE


def is_ended(status: Status) -> bool:
    """Whether the work is done but the ticket not yet put away: resolved or completed."""
    return status in ENDED


def is_over(status: Status) -> bool:
    """Whether *status* is terminal: closed or cancelled (Domain: words, "over")."""
    return status in OVER


def statuses_of(ticket_type: TicketType) -> tuple[Status, ...]:
    """The statuses a ticket of *ticket_type* can have, in the order of its life."""
    return INCIDENT_STATUSES if ticket_type is TicketType.INCIDENT else MAINTENANCE_STATUSES


def folded(text: str) -> str:
    """*text* without what does not matter in a word: case, hyphens, underscores and blanks.

    Empty for what cannot be a word at all: longer than 64 characters, or not ASCII.
    """
    if len(text) > LONGEST_WORD or not text.isascii():
        return ""
    return text.strip().lower().translate(_IGNORED)


_IGNORED = {ord("-"): None, ord("_"): None, ord(" "): None}

_OTHER_SPELLINGS: Mapping[type[StrEnum], Mapping[str, str]] = {
    RootCause: {"dzmanaged": "managed_software", "fibrecut": "fiber_cut"},
}
"""What else is read, folded, and which value it means."""

Word = TypeVar("Word", bound=StrEnum)


@cache
def _spellings(words: type[Word]) -> Mapping[str, Word]:
    known = {folded(word.value): word for word in words}
    for spelling, value in _OTHER_SPELLINGS.get(words, {}).items():
        known[spelling] = words(value)
    return MappingProxyType(known)


def parse_word(words: type[Word], text: str, *, field: str) -> Word:
    """The member of the enumeration *words* that *text* names, in whatever spelling.

    For enumerations whose words mean the same in every system; a status and a severity have their
    own readers. *field* is what the refusal is about.

    Raises:
        UnknownWord: no member has that name.
    """
    word: Word | None = _spellings(words).get(folded(text))
    if word is None:
        raise UnknownWord(field=field, given=text, allowed=tuple(known.value for known in words))
    return word


StatusMeaning = tuple[Status, Disposition | None]
"""What a word of some system says: a status, and the disposition where it names one."""

_STATUS_SPELLINGS: Mapping[TicketType, Mapping[str, StatusMeaning]] = {
    ticket_type: {
        **{folded(status.value): (status, None) for status in statuses_of(ticket_type)},
        "canceled": (Status.CANCELLED, None),
        "declined": (Status.CANCELLED, Disposition.DECLINED),
        "invalid": (Status.CANCELLED, Disposition.INVALID),
        **others,
    }
    for ticket_type, others in {
        TicketType.INCIDENT: {"mitigated": (Status.MONITORING, None)},
        TicketType.MAINTENANCE: {"open": (Status.PLANNED, None)},
    }.items()
}


def parse_status(
    text: str,
    *,
    ticket_type: TicketType,
    window_has_begun: bool = False,
    field: str = "status",
) -> StatusWord:
    """The status that *text* names for a ticket of *ticket_type*, with what else the word says.

    Canonical words in any spelling, and words of other systems that mean one thing only:
    ``mitigated`` is monitoring; ``declined`` and ``invalid`` are cancelled with that disposition;
    ``open`` is, for a maintenance, planned, or in_progress when its *window_has_begun* (Domain:
    other systems' words).

    Raises:
        UnknownWord: no status of that type has that name.
    """
    meaning = _STATUS_SPELLINGS[ticket_type].get(folded(text))
    if meaning is None:
        allowed = tuple(status.value for status in statuses_of(ticket_type))
        raise UnknownWord(field=field, given=text, allowed=allowed)
    return status_word(meaning, text=text, window_has_begun=window_has_begun)


def status_word(meaning: StatusMeaning, *, text: str, window_has_begun: bool) -> StatusWord:
    """The :class:`StatusWord` of a *meaning* found for *text*.

    A word that other systems have for both halves of a planned window is settled by the clock:
    planned becomes in_progress where the word was not the canonical one and the *window_has_begun*.
    """
    status, disposition = meaning
    if status is Status.PLANNED and window_has_begun and folded(text) == "open":
        status = Status.IN_PROGRESS
    given = text.strip()
    return StatusWord(status, disposition, None if given == status.value else given)


_SEVERITY_NUMBERS: Mapping[str, Severity] = {
    spelling: severity
    for severity in Severity
    for number in (str(severity.rank),)
    for spelling in (f"sev{number}", f"p{number}", number)
}
_SEVERITY_WORDS: Mapping[str, Severity] = {
    "high": Severity.SEV1,
    "medium": Severity.SEV3,
    "low": Severity.SEV4,
    "critical": Severity.SEV1,
    "error": Severity.SEV2,
    "warning": Severity.SEV3,
    "info": Severity.SEV4,
}
_SEVERITIES = tuple(Severity)


def severities_of(levels: int) -> tuple[Severity, ...]:
    """The severities of an org that uses *levels* of them (``severity_levels``), worst first."""
    return _SEVERITIES[:levels]


def clip_severity(severity: Severity, *, levels: int) -> Severity:
    """*severity*, or the mildest of an org's *levels* where it has none so mild."""
    return severity if severity.rank <= levels else _SEVERITIES[levels - 1]


def parse_severity(text: str, *, levels: int, field: str = "severity") -> Severity:
    """The severity that *text* names in an org that uses *levels* of them (3 to 5).

    Numbers in any spelling (``SEV1``, ``sev-1``, ``P1``, ``1``), and the words of other systems
    (high, medium, low; critical, error, warning, info). A number is exact: one the org does not use
    is refused. A word is a comparison: one milder than the org's mildest level is that level
    (Domain: severity).

    Raises:
        UnknownWord: no such severity, or none of that number in this org.
    """
    key = folded(text)
    named = _SEVERITY_WORDS.get(key)
    if named is not None:
        return clip_severity(named, levels=levels)
    severity = _SEVERITY_NUMBERS.get(key)
    if severity is None or severity.rank > levels:
        allowed = tuple(known.value for known in severities_of(levels))
        raise UnknownWord(field=field, given=text, allowed=allowed)
    return severity


PRODUCTION = "production"
"""The environment of a ticket that names none."""


def parse_environment(text: str) -> str:
    """The environment that *text* names: ``prod`` in any spelling is production, else free text.

    The caller bounds its length.
    """
    return PRODUCTION if folded(text) in {"prod", PRODUCTION} else text.strip()
