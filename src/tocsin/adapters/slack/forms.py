"""The forms: modals as Slack takes them, empty or filled from what is known (Integrations: Slack).

Pure: a view is made from arguments alone. What is sent back is read by
:mod:`tocsin.adapters.slack.submitted`; the pieces and the names of blocks are in
:mod:`tocsin.adapters.slack.fields`. All times in a form are UTC and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from tocsin.adapters.slack import fields
from tocsin.adapters.slack import form_parts as parts
from tocsin.adapters.slack.contract import (
    FORM_CLOSE,
    FORM_INCIDENT,
    FORM_MAINTENANCE,
    FORM_PUBLISH,
    FORM_RCA,
    FORM_STATUS,
    FORM_UPDATE,
)
from tocsin.adapters.slack.fields import (
    NOTHING,
    Carried,
    Option,
    View,
    field,
    option,
    select,
    words,
)
from tocsin.adapters.slack.templates import TEMPLATES, template_named
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import TITLE
from tocsin.core.words import (
    Impact,
    PublicImpact,
    Severity,
    Status,
    TicketType,
    clip_severity,
    severities_of,
)

DEFAULT_SEVERITY: Final = Severity.SEV3
"""What an incident has that nobody judged (Integrations: Slack, triage)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDraft:
    """What the form of a new incident is filled with; the affected things are options."""

    title: str = ""
    description: str = ""
    severity: Severity = DEFAULT_SEVERITY
    reported_at: datetime | None = None
    devices: tuple[Option, ...] = ()
    links: tuple[Option, ...] = ()
    services: tuple[Option, ...] = ()
    reporter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceDraft:
    """What the form of a new maintenance is filled with; the affected things are options."""

    title: str = ""
    description: str = ""
    start_at: datetime | None = None
    end_at: datetime | None = None
    impact: Impact = Impact.DEGRADED
    devices: tuple[Option, ...] = ()
    links: tuple[Option, ...] = ()
    services: tuple[Option, ...] = ()
    reporter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDraft:
    """What a public update is filled with; ``impacts`` are service codes, each with its impact."""

    title: str = ""
    body: str = ""
    status: str | None = None
    impacts: tuple[tuple[str, PublicImpact], ...] = ()


_EMPTY_INCIDENT: Final = IncidentDraft()
_EMPTY_MAINTENANCE: Final = MaintenanceDraft()


def incident_form(
    *,
    today: date,
    levels: int,
    carried: Carried = NOTHING,
    draft: IncidentDraft = _EMPTY_INCIDENT,
) -> View:
    """The form of a new incident.

    ``today`` is the day in UTC, ``levels`` how many severities the org uses. A time that is left
    empty means now.
    """
    severities = severities_of(levels)
    severity = clip_severity(draft.severity, levels=levels)
    blocks = [
        parts.title(draft.title),
        field(
            fields.SEVERITY,
            "Severity",
            select(words(severities), initial=severity),
        ),
        *fields.moment(
            fields.REPORTED_DATE,
            fields.REPORTED_TIME,
            "Reported at",
            day=today,
            at=draft.reported_at,
            optional=True,
            hint="In UTC, whatever your own zone. Left empty: now.",
        ),
        *fields.affected(devices=draft.devices, links=draft.links, services=draft.services),
        parts.description(draft.description),
        parts.reporter(draft.reporter),
    ]
    carried = replace(carried, kind=TicketType.INCIDENT.value)
    return fields.view_of(FORM_INCIDENT, "Open an incident", "Open", blocks, carried=carried)


def maintenance_form(
    *,
    carried: Carried = NOTHING,
    draft: MaintenanceDraft = _EMPTY_MAINTENANCE,
) -> View:
    """The form of a new maintenance."""
    blocks = [
        parts.title(draft.title),
        *fields.moment(fields.START_DATE, fields.START_TIME, "Planned start", at=draft.start_at),
        *fields.moment(
            fields.END_DATE,
            fields.END_TIME,
            "Planned end",
            at=draft.end_at,
            hint="In UTC, whatever your own zone.",
        ),
        *fields.affected(devices=draft.devices, links=draft.links, services=draft.services),
        field(fields.IMPACT, "Impact", select(words(Impact), initial=draft.impact)),
        parts.description(draft.description),
        parts.reporter(draft.reporter),
    ]
    carried = replace(carried, kind=TicketType.MAINTENANCE.value)
    return fields.view_of(FORM_MAINTENANCE, "Plan a maintenance", "Plan", blocks, carried=carried)


def update_form(
    *,
    levels: int,
    carried: Carried = NOTHING,
    ticket: Ticket | None = None,
    comment: str = "",
) -> View:
    """The form of an update: of *ticket*, or of one that is picked there."""
    blocks = [
        *parts.which(ticket),
        parts.long_text(fields.COMMENT, "What is new", comment, optional=True),
        field(
            fields.STATUS,
            "Status",
            select(parts.statuses(ticket)),
            optional=True,
            hint="Left empty: it stays as it is.",
        ),
        field(
            fields.SEVERITY,
            "Severity",
            select(words(severities_of(levels))),
            optional=True,
            hint="Left empty: it stays as it is.",
        ),
        *fields.affected(hint="Added to what is named as affected already."),
        *parts.ended(ticket),
    ]
    return fields.view_of(
        FORM_UPDATE, "Update", "Update", blocks, carried=parts.carrying(carried, ticket)
    )


def close_form(
    *,
    carried: Carried = NOTHING,
    ticket: Ticket | None = None,
    resolution: str = "",
) -> View:
    """The form that closes *ticket*, or one that is picked there."""
    blocks = [*parts.which(ticket), *parts.ended(ticket, resolution=resolution)]
    return fields.view_of(
        FORM_CLOSE, "Close", "Close it", blocks, carried=parts.carrying(carried, ticket)
    )


def rca_form(
    *,
    carried: Carried = NOTHING,
    ticket: Ticket | None = None,
    url: str = "",
) -> View:
    """The form of the root-cause analysis, also of a ticket that is over."""
    known = "" if ticket is None or ticket.rca_url is None else ticket.rca_url
    blocks = [
        *parts.which(ticket, over_too=True),
        field(
            fields.RCA_URL, "Address of the analysis", fields.address_input(initial=url or known)
        ),
    ]
    return fields.view_of(
        FORM_RCA, "Root-cause analysis", "Save", blocks, carried=parts.carrying(carried, ticket)
    )


def publish_form(
    *,
    kind: TicketType,
    carried: Carried = NOTHING,
    ticket: Ticket | None = None,
    draft: PublicDraft | None = None,
    template: str | None = None,
    service_names: Mapping[str, str] | None = None,
) -> View:
    """The form of a public update about *ticket*, or one of that *kind* that is picked there.

    Without a *draft* it begins with what the public was told last. A *template* fills body and
    status: send the form again by ``views.update`` when one is picked. Slack keeps what was typed
    into a block of the same id, so the blocks that a template fills are named after it.
    """
    draft = public_draft(ticket) if draft is None else draft
    chosen = template_named(kind, template)
    body, status, suffix = draft.body, draft.status, ""
    if chosen is not None:
        body, status, suffix = chosen.body, chosen.status.value, f":{chosen.key}"
    first = ticket is None or ticket.public_title is None
    blocks = [
        *parts.which(ticket, over_too=True),
        field(
            fields.TEMPLATE,
            "Begin with",
            select(
                [option(one.label, one.key) for one in TEMPLATES[kind]],
                initial=None if chosen is None else chosen.key,
                action_id=fields.PICK_TEMPLATE,
            ),
            optional=True,
            asks=True,
            hint="Replaces the text and status below.",
        ),
        field(
            fields.TITLE,
            "Public title",
            fields.text_input(initial=draft.title, longest=TITLE),
            optional=ticket is None or not first,
            hint="Everybody can read this. It is asked for the first time."
            if first
            else "Everybody can read this.",
        ),
        field(
            fields.STATUS + suffix,
            "Public status",
            select(words(parts.public_statuses(kind)), initial=status),
        ),
        parts.long_text(fields.BODY + suffix, "What the public is told", body),
        *parts.impacts(draft.impacts, service_names or {}),
    ]
    carried = replace(
        parts.carrying(carried, ticket),
        kind=kind.value,
        template=None if chosen is None else chosen.key,
    )
    return fields.view_of(FORM_PUBLISH, "Tell the public", "Publish", blocks, carried=carried)


def status_form(
    *,
    ticket: Ticket,
    status: str,
    carried: Carried = NOTHING,
    text: str = "",
) -> View:
    """The form that asks for the message of a move to *status*, a word as the card's select has
    it; where the ticket ends, also for when, why and what helped."""
    ends = status in fields.ENDS
    reopens = status == Status.INVESTIGATING and ticket.status in (Status.CLOSED, Status.CANCELLED)
    blocks = [
        fields.about(
            f"{ticket.ref} · {ticket.title}\n"
            f"{fields.readable(ticket.status)} → {fields.readable(status)}"
        ),
        parts.long_text(
            fields.COMMENT,
            "Why it is reopened" if reopens else "Message",
            "" if ends else text,
            optional=not reopens,
        ),
        *(parts.ended(ticket, resolution=text) if ends else ()),
    ]
    carried = replace(parts.carrying(carried, ticket), status=status[:64])
    return fields.view_of(FORM_STATUS, "Change the status", "Change", blocks, carried=carried)


def public_draft(ticket: Ticket | None) -> PublicDraft:
    """A public update that goes on from the last one about *ticket*."""
    if ticket is None:
        return PublicDraft()
    return PublicDraft(
        title=ticket.public_title or "",
        status=ticket.public_updates[-1].status if ticket.public_updates else None,
        impacts=tuple(
            (shown.code, PublicImpact(shown.impact))
            for shown in ticket.public_impacts
            if shown.impact is not None
        ),
    )
