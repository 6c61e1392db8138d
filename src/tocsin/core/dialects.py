"""Other systems' words for status and severity, out and in (Domain: other systems' words).

A *dialect* is the vocabulary of a system that Tocsin replaces or speaks with. It changes words,
never field names, and never what is stored. None, instead of a dialect, stands for the canonical
words.

Rendering is many to one, so a rendered word read back is the plainest status it can stand for: the
law is that reading and rendering again gives the same word. Three of the systems know no
maintenance; their clients see one as open while it is planned or under way, and as ended when the
work is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tocsin.core.words import (
    INCIDENT_STATUSES,
    MAINTENANCE_STATUSES,
    Disposition,
    Severity,
    Status,
    StatusMeaning,
    StatusWord,
    TicketType,
    UnknownWord,
    folded,
    parse_severity,
    parse_status,
    parse_word,
    status_word,
    statuses_of,
)


class Dialect(StrEnum):
    """A vocabulary: the gateway's first version, ITS, crashbot, incidentd."""

    GATEWAY = "gateway"
    ITS = "its"
    CRASHBOT = "crashbot"
    INCIDENTD = "incidentd"


_STATUS_OUT: Mapping[Dialect, Mapping[Status, str]] = {
    Dialect.GATEWAY: {
        Status.OPEN: "open",
        Status.ACKNOWLEDGED: "open",
        Status.INVESTIGATING: "open",
        Status.MITIGATING: "open",
        Status.MONITORING: "open",
        Status.RESOLVED: "closed",
        Status.PLANNED: "open",
        Status.IN_PROGRESS: "open",
        Status.COMPLETED: "open",
        Status.CLOSED: "closed",
        Status.CANCELLED: "closed",
    },
    Dialect.ITS: {
        Status.OPEN: "OPEN",
        Status.ACKNOWLEDGED: "INVESTIGATING",
        Status.INVESTIGATING: "INVESTIGATING",
        Status.MITIGATING: "INVESTIGATING",
        Status.MONITORING: "MITIGATED",
        Status.RESOLVED: "RESOLVED",
        Status.PLANNED: "OPEN",
        Status.IN_PROGRESS: "OPEN",
        Status.COMPLETED: "RESOLVED",
        Status.CLOSED: "RESOLVED",
        Status.CANCELLED: "CANCELLED",
    },
    Dialect.CRASHBOT: {
        Status.OPEN: "open",
        Status.ACKNOWLEDGED: "open",
        Status.INVESTIGATING: "open",
        Status.MITIGATING: "open",
        Status.MONITORING: "open",
        Status.RESOLVED: "closed",
        Status.PLANNED: "open",
        Status.IN_PROGRESS: "open",
        Status.COMPLETED: "closed",
        Status.CLOSED: "closed",
        Status.CANCELLED: "invalid",
    },
    Dialect.INCIDENTD: {
        Status.OPEN: "open",
        Status.ACKNOWLEDGED: "open",
        Status.INVESTIGATING: "open",
        Status.MITIGATING: "mitigating",
        Status.MONITORING: "mitigating",
        Status.RESOLVED: "resolved",
        Status.PLANNED: "open",
        Status.IN_PROGRESS: "open",
        Status.COMPLETED: "resolved",
        Status.CLOSED: "resolved",
        Status.CANCELLED: "declined",
    },
}

_INCIDENT_IN: Mapping[Dialect, Mapping[str, StatusMeaning]] = {
    Dialect.GATEWAY: {
        "open": (Status.OPEN, None),
        "closed": (Status.CLOSED, None),
    },
    Dialect.ITS: {
        "OPEN": (Status.OPEN, None),
        "INVESTIGATING": (Status.INVESTIGATING, None),
        "MITIGATED": (Status.MONITORING, None),
        "RESOLVED": (Status.RESOLVED, None),
        "CANCELLED": (Status.CANCELLED, None),
    },
    Dialect.CRASHBOT: {
        "open": (Status.OPEN, None),
        "closed": (Status.CLOSED, None),
        "invalid": (Status.CANCELLED, Disposition.INVALID),
    },
    Dialect.INCIDENTD: {
        "open": (Status.OPEN, None),
        "mitigating": (Status.MITIGATING, None),
        "resolved": (Status.RESOLVED, None),
        "declined": (Status.CANCELLED, Disposition.DECLINED),
    },
}

# ``open`` is planned here; the window's beginning makes it in_progress.
_MAINTENANCE_IN: Mapping[Dialect, Mapping[str, StatusMeaning]] = {
    Dialect.GATEWAY: {
        "open": (Status.PLANNED, None),
        "closed": (Status.CLOSED, None),
    },
    Dialect.ITS: {
        "OPEN": (Status.PLANNED, None),
        "RESOLVED": (Status.COMPLETED, None),
        "CANCELLED": (Status.CANCELLED, None),
    },
    Dialect.CRASHBOT: {
        "open": (Status.PLANNED, None),
        "closed": (Status.CLOSED, None),
        "invalid": (Status.CANCELLED, Disposition.INVALID),
    },
    Dialect.INCIDENTD: {
        "open": (Status.PLANNED, None),
        "resolved": (Status.COMPLETED, None),
        "declined": (Status.CANCELLED, Disposition.DECLINED),
    },
}

_STATUS_IN = {TicketType.INCIDENT: _INCIDENT_IN, TicketType.MAINTENANCE: _MAINTENANCE_IN}

# The mildest severity that a dialect has a number for; incidentd has words instead.
_NUMBERED_LEVELS: Mapping[Dialect, int] = {
    Dialect.GATEWAY: 3,
    Dialect.ITS: 4,
    Dialect.CRASHBOT: 5,
}
_SEVERITY_SHAPES: Mapping[Dialect, str] = {
    Dialect.GATEWAY: "sev",
    Dialect.ITS: "SEV",
    Dialect.CRASHBOT: "sev-",
}
_INCIDENTD_SEVERITIES = ("high", "high", "medium", "low", "low")


def parse_dialect(text: str, *, field: str = "dialect") -> Dialect:
    """The dialect that *text* names.

    Raises:
        UnknownWord: no such dialect.
    """
    return parse_word(Dialect, text, field=field)


def status_out(status: Status, dialect: Dialect | None) -> str:
    """The word of *dialect* for *status*; the canonical word for None."""
    return status.value if dialect is None else _STATUS_OUT[dialect][status]


def status_in(
    word: str,
    dialect: Dialect | None,
    *,
    ticket_type: TicketType,
    window_has_begun: bool,
    field: str = "status",
) -> StatusWord:
    """The status that *word* means in *dialect*, for writing.

    A word the dialect does not have is read as :func:`tocsin.core.words.parse_status` reads it, so
    that a client may name more than its own system could. ``open`` is, for a maintenance, planned,
    or in_progress when its *window_has_begun*.

    Raises:
        UnknownWord: a word of neither; ``allowed`` has the dialect's own words first.
    """
    if dialect is not None:
        for native, meaning in _STATUS_IN[ticket_type][dialect].items():
            if folded(native) == folded(word):
                return status_word(meaning, text=word, window_has_begun=window_has_begun)
    try:
        return parse_status(
            word, ticket_type=ticket_type, window_has_begun=window_has_begun, field=field
        )
    except UnknownWord as unknown:
        if dialect is None:
            raise
        own = tuple(_STATUS_IN[ticket_type][dialect])
        allowed = tuple(dict.fromkeys((*own, *unknown.allowed)))
        raise UnknownWord(field=field, given=word, allowed=allowed) from None


def statuses_for(
    word: str,
    dialect: Dialect | None,
    ticket_type: TicketType | None,
    *,
    field: str = "status",
) -> frozenset[Status]:
    """The statuses that a filter *word* selects: in *dialect*, all that are rendered by that word.

    A word the dialect does not have selects the canonical status of that name. With a *ticket_type*
    only statuses of that type are kept, unless none were left: the answer is never empty, as asking
    for planned incidents is no mistake and the type selects nothing by itself.

    Raises:
        UnknownWord: neither a word of the dialect nor a canonical one.
    """
    key = folded(word)
    found: frozenset[Status] = frozenset()
    if dialect is not None:
        rendered = _STATUS_OUT[dialect]
        found = frozenset(status for status, text in rendered.items() if folded(text) == key)
    if not found:
        found = frozenset(status for status in Status if folded(status.value) == key)
    if not found:
        own = () if dialect is None else tuple(_INCIDENT_IN[dialect])
        of_type = (
            (*INCIDENT_STATUSES, *MAINTENANCE_STATUSES)
            if ticket_type is None
            else statuses_of(ticket_type)
        )
        allowed = tuple(dict.fromkeys((*own, *(status.value for status in of_type))))
        raise UnknownWord(field=field, given=word, allowed=allowed)
    if ticket_type is not None:
        found = found.intersection(statuses_of(ticket_type)) or found
    return found


def severity_out(severity: Severity, dialect: Dialect | None, *, levels: int) -> str:
    """The word of *dialect* for *severity* in an org with *levels* of them; the canonical word for
    None.

    By number, clipped to the org's levels and to those the dialect has (Domain: severity).
    """
    if dialect is None:
        return severity.value
    rank = min(severity.rank, levels)
    if dialect is Dialect.INCIDENTD:
        return _INCIDENTD_SEVERITIES[rank - 1]
    return f"{_SEVERITY_SHAPES[dialect]}{min(rank, _NUMBERED_LEVELS[dialect])}"


def severities_for(
    word: str, dialect: Dialect | None, levels: int, *, field: str = "severity"
) -> frozenset[Severity]:
    """The severities that a filter *word* selects: in *dialect*, all that are rendered by that
    word.

    Severities beyond the org's *levels* (given before the policy was tightened) belong to the
    mildest word that is rendered. A spelling the dialect does not have is read as a canonical one.

    Raises:
        UnknownWord: no such severity in the dialect and org.
    """
    if dialect is None:
        return frozenset({parse_severity(word, levels=levels, field=field)})
    rendered = {severity: severity_out(severity, dialect, levels=levels) for severity in Severity}
    found = frozenset(
        severity for severity, text in rendered.items() if folded(text) == folded(word)
    )
    if found or dialect is Dialect.INCIDENTD:
        return found or frozenset({parse_severity(word, levels=levels, field=field)})
    named = parse_severity(word, levels=min(levels, _NUMBERED_LEVELS[dialect]), field=field)
    return frozenset(severity for severity, text in rendered.items() if text == rendered[named])
