"""What may be chosen in the forms of the war room, for one ticket and one person."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tocsin.core import incident, maintenance
from tocsin.core.ticket import Ticket
from tocsin.core.words import (
    POSTABLE_ACTIONS,
    Disposition,
    Impact,
    PublicImpact,
    PublicIncidentStatus,
    PublicMaintenanceStatus,
    ReferenceKind,
    RelationKind,
    RootCause,
    Severity,
    Status,
    TicketType,
)
from tocsin.web.dashboard import words
from tocsin.web.dashboard.forms import Choice, Field
from tocsin.web.dashboard.warroom.choices import Choices, Verb
from tocsin.web.dashboard.warroom.fields import FIELDS


def dressed(
    verb: Verb,
    ticket: Ticket,
    chosen: Choices,
    *,
    assignees: tuple[Choice, ...] = (),
    pages: tuple[Choice, ...] = (),
    cause_required: bool = False,
) -> tuple[Field, ...]:
    """The fields of a form for *ticket*, with what may be chosen; what it does not have is left
    out."""
    found = []
    for spec in FIELDS[verb]:
        name = spec.name.partition(".")[2]
        if name in _left_out(verb, ticket, chosen) or (name == "pages" and len(pages) < 2):
            continue
        match name:
            case "root_cause":
                required = cause_required and verb in (Verb.RESOLVE, Verb.CLOSE)
                found.append(replace(spec, choices=_causes(), required=required))
            case "disposition":
                found.append(replace(spec, choices=_dispositions(verb, ticket)))
            case "status" if verb is Verb.MOVE:
                found.append(replace(spec, choices=_statuses(chosen.moves)))
            case "status":
                found.append(replace(spec, choices=_public_words(ticket)))
            case "severity":
                found.append(replace(spec, choices=_severities(chosen.severities)))
            case "impact":
                found.append(replace(spec, choices=_impacts(ticket)))
            case "action_kind":
                found.append(replace(spec, choices=_ACTIONS))
            case "kind":
                kinds = _KINDS if verb is Verb.REFERENCE else _TIES
                found.append(replace(spec, choices=kinds))
            case "assignee":
                found.append(replace(spec, choices=assignees))
            case "pages":
                found.append(replace(spec, choices=pages))
            case "remove":
                found.append(
                    replace(
                        spec, choices=tuple(Choice(value=one, text=one) for one in ticket.labels)
                    )
                )
            case "title" if verb is Verb.PUBLISH:
                found.append(replace(spec, required=ticket.public_title is None))
            case _:
                found.append(spec)
    return tuple(found)


def _left_out(verb: Verb, ticket: Ticket, chosen: Choices) -> frozenset[str]:
    out = set[str]()
    if ticket.type is TicketType.INCIDENT:
        out.add("auto_close_after_hours")
    else:
        out.add("root_cause")
        if verb is Verb.EDIT:
            out.add("start_at")
    if not chosen.forces:
        out.add("force.reason")
    if verb is Verb.LABELS and not ticket.labels:
        out.add("remove")
    return frozenset(out)


def _words(text: str) -> str:
    return text.replace("_", " ").capitalize()


def _causes() -> tuple[Choice, ...]:
    return (
        Choice(value="", text="Not known"),
        *(Choice(value=one.value, text=_words(one.value)) for one in RootCause),
    )


def _dispositions(verb: Verb, ticket: Ticket) -> tuple[Choice, ...]:
    rules = incident if ticket.type is TicketType.INCIDENT else maintenance
    allowed: tuple[Disposition, ...] = rules.CANCELLED_AS if verb is Verb.CANCEL else rules.ENDED_AS
    return (
        Choice(value="", text="As usual"),
        *(Choice(value=one.value, text=_words(one.value)) for one in allowed),
    )


def _statuses(moves: tuple[Status, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(value=one.value, text=words.status_words(one)) for one in moves)


def _severities(severities: tuple[Severity, ...]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=one.value, text=f"{one.value} · {words.severity_words(one)}")
        for one in severities
    )


def _public_words(ticket: Ticket) -> tuple[Choice, ...]:
    found = PublicIncidentStatus if ticket.type is TicketType.INCIDENT else PublicMaintenanceStatus
    return tuple(Choice(value=one.value, text=_words(one.value)) for one in found)


def _impacts(ticket: Ticket) -> tuple[Choice, ...]:
    known = tuple(Choice(value=one.value, text=_words(one.value)) for one in Impact)
    return (Choice(value="", text="Not said"), *known)


SHOWN_AS: Final = (
    Choice(value="", text="As it is"),
    *(Choice(value=one.value, text=_words(one.value)) for one in PublicImpact),
)
_ACTIONS: Final = tuple(
    Choice(value=one, text=_words(one.lower()))
    for one in sorted(kind.value for kind in POSTABLE_ACTIONS if kind.value != "NOTE")
)
_KINDS: Final = tuple(
    Choice(value=one.value, text="RCA" if one is ReferenceKind.RCA else _words(one.value))
    for one in ReferenceKind
)
_TIES: Final = (
    Choice(value=RelationKind.RELATED.value, text="Related to it"),
    Choice(value=RelationKind.CAUSED_BY.value, text="Caused by it"),
    Choice(value=RelationKind.DUPLICATE_OF.value, text="A duplicate of it"),
    Choice(value=RelationKind.FOLLOW_UP.value, text="A follow-up of it"),
)
