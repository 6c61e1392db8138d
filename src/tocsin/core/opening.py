"""Opening a ticket of either type: the fields that both have (Domain: ticket)."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.claims import REF
from tocsin.core.commands import OpenTicket
from tocsin.core.errors import Conflict, FieldError, Forbidden
from tocsin.core.evidence import Given
from tocsin.core.ticket import Assignee
from tocsin.core.ticket_facts import LinkedToTicket
from tocsin.core.ticket_reading import (
    LABEL,
    NAME,
    NEEDS_AFFECTED,
    TEXT,
    TITLE,
    Assets,
    Errors,
    assets,
    assignee,
    correlation_keys,
    effect,
    email,
    labels,
    missing_affected,
    optional_text,
    owners,
    references,
    refuse_foreign_assets,
    refuse_held_conversations,
    refuse_held_keys,
    required_text,
    runbook_path,
    services,
    word,
)
from tocsin.core.words import PRODUCTION, Impact, parse_environment, parse_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The fields of a new ticket that both types have, read and bounded."""

    ref: str
    title: str
    description: str
    pubkey: str | None
    contributor_id: str | None
    named: Assets
    services: tuple[str, ...]
    affected_contributors: tuple[str, ...]
    effect: tuple[str, ...]
    impact: Impact | None
    reporter_name: str | None
    reporter_email: str | None
    project_id: str | None
    environment: str
    detected_by: str
    runbook_path: str | None
    assignee: Assignee | None
    labels: tuple[str, ...]
    correlation_keys: tuple[str, ...]
    internal_reference: str | None
    links: tuple[LinkedToTicket, ...]


def read_opening(command: OpenTicket, given: Given, errors: Errors) -> Opening:
    """Read what both types of ticket have; what is wrong is added to *errors*."""
    formal = command.formal
    title = required_text(command.title, field="title", longest=TITLE, errors=errors)
    description = command.description
    if description is None and not formal:
        description = title
    else:
        description = required_text(description, field="description", longest=TEXT, errors=errors)
    named = assets(command.devices, command.links, given=given, errors=errors)
    codes = services(command.services, formal=formal, given=given, errors=errors)
    tags = labels(command.labels, errors=errors)
    if not command.devices and not command.links:
        missing = missing_affected(has_asset=False, has_service=bool(command.services), given=given)
        if missing is not None and formal:
            errors.append(missing)
        elif missing is not None:
            tags = tuple(sorted((*tags, NEEDS_AFFECTED)))
    impact = command.impact
    drafts = references(command.references, errors=errors) if command.references else ()
    environment = optional_text(
        command.environment, field="environment", longest=LABEL, errors=errors
    )
    detected_by = optional_text(
        command.detected_by, field="detected_by", longest=LABEL, errors=errors
    )
    return Opening(
        ref=_free_ref(command, given),
        title=title,
        description=description,
        pubkey=given.actor.pubkey,
        contributor_id=given.access.contributor_id,
        named=named,
        services=codes,
        affected_contributors=owners(named),
        effect=effect(named, given=given),
        impact=None
        if impact is None
        else word(lambda: parse_word(Impact, impact, field="impact"), errors),
        reporter_name=optional_text(
            command.reporter_name, field="reporter_name", longest=NAME, errors=errors
        ),
        reporter_email=email(command.reporter_email, field="reporter_email", errors=errors),
        project_id=optional_text(
            command.project_id, field="project_id", longest=NAME, errors=errors
        ),
        environment=PRODUCTION if environment is None else parse_environment(environment),
        detected_by="user" if detected_by is None else detected_by,
        runbook_path=runbook_path(command.runbook_path, errors=errors),
        assignee=assignee(command.assignee, given=given, errors=errors),
        labels=tags,
        correlation_keys=correlation_keys(command.correlation_keys, errors=errors),
        internal_reference=optional_text(
            command.internal_reference, field="internal_reference", longest=TITLE, errors=errors
        ),
        links=tuple(LinkedToTicket(reference=reference) for reference in drafts),
    )


def refuse_opening(opening: Opening, *, stream: str, given: Given) -> None:
    """Refuse what policy or another ticket stands against, once the fields are right.

    Raises:
        Forbidden: the policy wants a contributor, or only one's own assets.
        Conflict: another active ticket holds a correlation key, or any a conversation.
    """
    if (
        given.policy.require_contributor
        and opening.contributor_id is None
        and given.actor.type == "user"
    ):
        raise Forbidden(
            "the policy asks for a contributor; a key of a member bound to one may open tickets"
        )
    refuse_foreign_assets(opening.named, given=given)
    refuse_held_keys(opening.correlation_keys, stream=stream, given=given)
    conversations = [link.reference for link in opening.links]
    refuse_held_conversations(conversations, stream=stream, given=given)


def _free_ref(command: OpenTicket, given: Given) -> str:
    for ref in command.refs:
        if (REF, ref) not in given.claims:
            return ref
    raise Conflict("every public name that was drawn is taken; ask again")


def terminal_status(field_value: str) -> FieldError:
    """The field error of a ticket that would be over before it began."""
    detail = f"a ticket is never opened as {field_value}"
    return FieldError("status", "terminal", detail)
