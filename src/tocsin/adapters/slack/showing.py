"""Forms, opened for somebody: who may not send one is told so before filling it in.

Slack gives three seconds from a command or click until its form has to be there, so nothing is
asked of anybody before that but the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tocsin.adapters.slack import forms
from tocsin.adapters.slack.answering import access, require, speaker_of
from tocsin.adapters.slack.contract import Spoken, Surroundings
from tocsin.adapters.slack.entities import plain
from tocsin.adapters.slack.fields import Carried, View
from tocsin.adapters.slack.forms import IncidentDraft, MaintenanceDraft, PublicDraft
from tocsin.adapters.slack.intentions import (
    Close,
    Create,
    Intention,
    Move,
    Publish,
    Rca,
    Update,
)
from tocsin.adapters.slack.obeying import Standing, subject_of
from tocsin.adapters.slack.spoken import report_of
from tocsin.core.claims import SERVICE_CODE
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Policy, Service
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role, Status, TicketType
from tocsin.store.contract import ReadTurn


def form_for(
    said: Intention,
    standing: Standing,
    trigger: str,
    surroundings: Surroundings,
    *,
    kind: TicketType = TicketType.INCIDENT,
) -> Spoken | None:
    """Open the form that asks for what *said* leaves open; *kind* where nothing else says it.

    Raises:
        Refusal: there is no such ticket, or the person could not send the form.
        SlackClientError, OSError: the form could not be opened.
    """
    with surroundings.store.reading() as turn:
        view = _view(turn, said, standing, surroundings, kind)
    if view is None:
        return Spoken("There is nothing to fill in for this.")
    open_view(view, standing, trigger, surroundings)
    return None


def open_view(view: View, standing: Standing, trigger: str, surroundings: Surroundings) -> None:
    """Show *view* to who has just asked.

    Raises:
        SlackClientError, OSError: it could not be opened.
    """
    surroundings.client(standing.workspace).views_open(trigger_id=trigger, view=view)


def _view(
    turn: ReadTurn,
    said: Intention,
    standing: Standing,
    surroundings: Surroundings,
    kind: TicketType,
) -> View | None:
    carried = carried_from(standing)
    match said:
        case Create(kind=TicketType.INCIDENT, text=text):
            permit(turn, standing, Role.MEMBER, "opening a ticket")
            return incident_view(turn, standing, surroundings, text=text, carried=carried)
        case Create(text=text):
            permit(turn, standing, Role.MEMBER, "opening a ticket")
            draft = MaintenanceDraft(reporter=standing.person.name)
            report = report_of(text)
            if report is not None:
                draft = replace(draft, title=report.title, description=report.description)
            return forms.maintenance_form(carried=carried, draft=draft)
        case Update(ref=ref, text=text) | Move(ref=ref, status=None, text=text):
            permit(turn, standing, Role.MEMBER, "an update")
            ticket = subject_of(turn, ref, standing)
            levels = policy_of(turn, standing.org_id).severity_levels
            return forms.update_form(levels=levels, carried=carried, ticket=ticket, comment=text)
        case Close(ref=ref, text=text):
            permit(turn, standing, Role.MEMBER, "moving the status")
            ticket = subject_of(turn, ref, standing)
            return forms.close_form(carried=carried, ticket=ticket, resolution=text)
        case Rca(ref=ref, url=url):
            permit(turn, standing, Role.MEMBER, "changing fields")
            return forms.rca_form(carried=carried, ticket=subject_of(turn, ref, standing), url=url)
        case Publish(ref=ref, text=text):
            permit(turn, standing, Role.ONCALL_ENGINEER, "a public update")
            ticket = subject_of(turn, ref, standing)
            return publish_view(turn, standing, ticket, kind=kind, text=text, carried=carried)
        case Move(ref=ref, status=Status() as status, text=text):
            permit(turn, standing, Role.MEMBER, "moving the status")
            ticket = subject_of(turn, ref, standing)
            if ticket is None:
                return None
            return forms.status_form(ticket=ticket, status=status.value, carried=carried, text=text)
        case _:
            return None


def incident_view(
    turn: ReadTurn,
    standing: Standing,
    surroundings: Surroundings,
    *,
    text: str,
    carried: Carried,
) -> View:
    """The form of a new incident, filled from *text* as Slack sent it."""
    draft = IncidentDraft(reporter=standing.person.name)
    report = report_of(text)
    if report is not None:
        draft = replace(draft, title=report.title, description=report.description)
    return forms.incident_form(
        today=surroundings.clock().date(),
        levels=policy_of(turn, standing.org_id).severity_levels,
        carried=carried,
        draft=draft,
    )


def publish_view(
    turn: ReadTurn,
    standing: Standing,
    ticket: Ticket | None,
    *,
    kind: TicketType,
    text: str = "",
    carried: Carried,
    template: str | None = None,
    draft: PublicDraft | None = None,
) -> View:
    """The form of a public update about *ticket*."""
    if draft is None:
        draft = forms.public_draft(ticket)
    if text:
        draft = replace(draft, body=plain(text))
    return forms.publish_form(
        kind=kind if ticket is None else ticket.type,
        carried=carried,
        ticket=ticket,
        draft=draft,
        template=template,
        service_names=service_names(turn, standing.org_id, [code for code, _ in draft.impacts]),
    )


def carried_from(standing: Standing) -> Carried:
    """What a form brings back of where it was asked for."""
    return Carried(org_id=standing.org_id, channel=standing.channel, thread=standing.thread)


def permit(turn: ReadTurn, standing: Standing, role: Role, what: str) -> None:
    """Refuse who could not send the form.

    Raises:
        Forbidden: they are no member, or of a lower role.
    """
    require(access(turn, standing.org_id, speaker_of(standing.person)), role, what)


def policy_of(turn: ReadTurn, org_id: int) -> Policy:
    """The org's policy as it is now."""
    head = turn.head(org_id, "policy:policy")
    state = None if head is None else head.state
    return state if isinstance(state, Policy) else DEFAULT_POLICY


def service_names(turn: ReadTurn, org_id: int, codes: list[str]) -> Mapping[str, str]:
    """The names of those services, by code."""
    held = turn.claims(org_id, {(SERVICE_CODE, code) for code in codes})
    heads = turn.heads(org_id, set(held.values()))
    return {
        head.state.code: head.state.name
        for head in heads.values()
        if isinstance(head.state, Service)
    }
