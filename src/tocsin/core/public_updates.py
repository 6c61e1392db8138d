"""Words for the public: the only way text leaves the org (Domain: title; API: public updates)."""

from __future__ import annotations

from tocsin.core.commands import EditPublicUpdate, PostPublicUpdate, ServiceImpactDraft
from tocsin.core.errors import FieldError, NotFound, invalid_fields
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload
from tocsin.core.ticket import ServiceImpact, Ticket
from tocsin.core.ticket_facts import PublicUpdateEdited, PublicUpdatePosted
from tocsin.core.ticket_reading import (
    LABEL,
    MOST_SERVICES,
    TEXT,
    TITLE,
    Errors,
    required_text,
    word,
)
from tocsin.core.words import (
    PublicImpact,
    PublicIncidentStatus,
    PublicMaintenanceStatus,
    TicketType,
    parse_word,
)

MOST_PAGES = 50

PublicStatus = PublicIncidentStatus | PublicMaintenanceStatus

_ALL_IS_WELL = frozenset[PublicStatus](
    {
        PublicIncidentStatus.RESOLVED,
        PublicMaintenanceStatus.COMPLETED,
        PublicMaintenanceStatus.CANCELLED,
    }
)
"""Words after which the services a ticket was shown on are operational again."""


def post(state: Ticket, command: PostPublicUpdate, given: Given) -> tuple[Payload, ...]:
    """The public update that *command* makes.

    Raises:
        Invalid: no title the first time, an unknown word, service or page, a text out of bounds.
    """
    errors: Errors = []
    if command.title is None:
        title = state.public_title or ""
        if not title:
            errors.append(FieldError("title", "required", "is required the first time"))
    else:
        title = required_text(command.title, field="title", longest=TITLE, errors=errors)
    body = required_text(command.body, field="body", longest=TEXT, errors=errors)
    status = _status(command.status, state, errors)
    shown = _services(command.services, given, errors)
    pages = _pages(command.pages, given, errors)
    if errors or status is None:
        raise invalid_fields(errors)
    if status in _ALL_IS_WELL:
        codes = {impact.code for impact in (*state.public_impacts, *shown)}
        shown = tuple(ServiceImpact(code=code, impact=None) for code in sorted(codes))
    return (
        PublicUpdatePosted(
            public_update_id=given.entry_id,
            title=title,
            status=status.value,
            body=body,
            services=shown,
            pages=pages,
        ),
    )


def _status(text: str, state: Ticket, errors: Errors) -> PublicStatus | None:
    if state.type is TicketType.INCIDENT:
        return word(lambda: parse_word(PublicIncidentStatus, text, field="status"), errors)
    return word(lambda: parse_word(PublicMaintenanceStatus, text, field="status"), errors)


def _services(
    drafts: tuple[ServiceImpactDraft, ...], given: Given, errors: Errors
) -> tuple[ServiceImpact, ...]:
    if len(drafts) > MOST_SERVICES:
        errors.append(FieldError("services", "too_long", f"more than {MOST_SERVICES}"))
        return ()
    found: dict[str, ServiceImpact] = {}
    for index, draft in enumerate(drafts):
        field = f"services[{index}]"
        impact = _impact(draft.impact, field=f"{field}.impact", errors=errors)
        service = given.directory.service(draft.code)
        if service is None:
            detail = f'no service with the code "{draft.code[:LABEL]}"'
            errors.append(FieldError(f"{field}.code", "unknown_service", detail))
            continue
        if service.code in found:
            detail = f"{service.code} is named twice"
            errors.append(FieldError(f"{field}.code", "duplicate", detail))
        if impact is not None:
            found[service.code] = ServiceImpact(code=service.code, impact=impact.value)
    return tuple(found[code] for code in sorted(found))


def _pages(names: tuple[str, ...], given: Given, errors: Errors) -> tuple[str, ...]:
    """The ids of the status pages that *names*, codes or ids, stand for: a code may change, and
    then be another page's."""
    if len(names) > MOST_PAGES:
        errors.append(FieldError("pages", "too_long", f"more than {MOST_PAGES}"))
        return ()
    found: set[str] = set()
    for index, name in enumerate(names):
        page = given.directory.status_page(name)
        if page is None:
            detail = f'no status page with the code "{name[:LABEL]}"'
            errors.append(FieldError(f"pages[{index}]", "unknown_page", detail))
            continue
        if page.id in found:
            errors.append(FieldError(f"pages[{index}]", "duplicate", f"{page.code} is named twice"))
        found.add(page.id)
    return tuple(sorted(found))


def _impact(text: str, *, field: str, errors: Errors) -> PublicImpact | None:
    return word(lambda: parse_word(PublicImpact, text, field=field), errors)


def edit(state: Ticket, command: EditPublicUpdate) -> tuple[Payload, ...]:
    """The correction that *command* makes; the old words stay in the log.

    Raises:
        NotFound: no such public update on this ticket.
        Invalid: a text out of bounds.
    """
    update = next((u for u in state.public_updates if u.id == command.public_update_id), None)
    if update is None:
        raise NotFound("no public update of that id on this ticket")
    errors: Errors = []
    title, body = update.title, update.body
    if not isinstance(command.title, NotGiven):
        title = required_text(command.title, field="title", longest=TITLE, errors=errors)
    if not isinstance(command.body, NotGiven):
        body = required_text(command.body, field="body", longest=TEXT, errors=errors)
    if errors:
        raise invalid_fields(errors)
    if (title, body) == (update.title, update.body):
        return ()
    return (
        PublicUpdateEdited(
            public_update_id=update.id,
            title=title,
            body=body,
            title_before=update.title,
            body_before=update.body,
        ),
    )
