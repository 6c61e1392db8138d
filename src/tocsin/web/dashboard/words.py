"""What the dashboard says: words of the domain as people read them."""

from __future__ import annotations

from typing import Final, assert_never

from tocsin.core.words import Role, Severity, Status, TicketType

_SEVERITY: Final = {
    Severity.SEV1: "Critical",
    Severity.SEV2: "Major",
    Severity.SEV3: "Moderate",
    Severity.SEV4: "Minor",
    Severity.SEV5: "Trifling",
}
_STATUS: Final = {
    Status.OPEN: "Open",
    Status.ACKNOWLEDGED: "Acknowledged",
    Status.INVESTIGATING: "Investigating",
    Status.MITIGATING: "Mitigating",
    Status.MONITORING: "Monitoring",
    Status.RESOLVED: "Resolved",
    Status.PLANNED: "Planned",
    Status.IN_PROGRESS: "In progress",
    Status.COMPLETED: "Completed",
    Status.CLOSED: "Closed",
    Status.CANCELLED: "Cancelled",
}


def severity_words(severity: Severity) -> str:
    """How bad that is, in a word."""
    return _SEVERITY[severity]


def status_words(status: Status) -> str:
    """The status as the beginning of a sentence."""
    return _STATUS[status]


def type_words(ticket_type: TicketType) -> str:
    """What sort of ticket it is."""
    match ticket_type:
        case TicketType.INCIDENT:
            return "Incident"
        case TicketType.MAINTENANCE:
            return "Maintenance"
        case _:
            assert_never(ticket_type)


def role_words(role: Role) -> str:
    """What one is here."""
    match role:
        case Role.VIEWER:
            return "viewer"
        case Role.MEMBER:
            return "member"
        case Role.ONCALL_ENGINEER:
            return "on-call engineer"
        case Role.SRE_LEAD:
            return "SRE lead"
        case Role.ORG_ADMIN:
            return "administrator"
        case _:
            assert_never(role)


def counted(number: int, noun: str, *, more: bool = False) -> str:
    """``one alert``, ``3 alerts``, ``100+ alerts`` where there are *more* than were counted."""
    if number == 1 and not more:
        return f"one {noun}"
    return f"{number}{'+' if more else ''} {noun}s"


def bandwidth_words(bits_per_second: int) -> str:
    """``100 Gbit/s``: a bandwidth in the largest unit that it has one of, to six digits."""
    for unit, size in (("Tbit/s", 10**12), ("Gbit/s", 10**9), ("Mbit/s", 10**6)):
        if bits_per_second >= size:
            return f"{bits_per_second / size:g} {unit}"
    return f"{bits_per_second:,} bit/s"


def milliseconds_words(nanoseconds: int) -> str:
    """``2.35 ms``: how long light is under way, to a microsecond."""
    return f"{round(nanoseconds / 1_000_000, 3):g} ms"
