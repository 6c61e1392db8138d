"""What a neighbour's words about a ticket ask for (Integrations: PagerDuty, Opsgenie)."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from tocsin.core.commands import (
    Assign,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    TicketCommand,
)
from tocsin.core.facts import NOT_GIVEN, stream_identity
from tocsin.core.ingestion import Acknowledged, Amended, Noted
from tocsin.core.membership import email_claim
from tocsin.core.records import Connector
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import TEXT
from tocsin.core.verdicts import Step
from tocsin.core.words import Status
from tocsin.handler.directory import OrgDirectory


def steps_of_words(
    said: Acknowledged | Noted | Amended,
    ticket: Ticket,
    *,
    connector: Connector | None,
    directory: OrgDirectory,
) -> tuple[Step, ...]:
    """What *said* asks for, each to be done or refused by itself.

    Fields of a ticket that somebody else opened are theirs: there the change becomes a note, as
    does an assignee whom the *directory* does not know.
    """
    commands: list[TicketCommand] = []
    match said:
        case Acknowledged():
            if ticket.status is Status.OPEN:
                commands.append(
                    ChangeStatus(status=Status.ACKNOWLEDGED.value, body=signed(said.note, said.by))
                )
            elif said.note is not None:
                commands.append(ChangeStatus(body=signed(said.note, said.by)))
        case Noted():
            commands.append(ChangeStatus(body=signed(said.text, said.by)))
        case Amended():
            if connector is not None and ticket.created_by.id == connector.id:
                commands += _changes(_named(said, directory))
                if said.assignee is not None and _holder(said.assignee, directory) is None:
                    unknown = Amended(key=said.key, assignee=said.assignee)
                    commands.append(ChangeStatus(body=_in_words(unknown)))
            else:
                commands.append(ChangeStatus(body=_in_words(said)))
        case _:
            assert_never(said)
    return tuple(Step(ticket_id=ticket.id, command=command) for command in commands)


def _named(said: Amended, directory: OrgDirectory) -> Amended:
    if said.assignee is None:
        return said
    return replace(said, assignee=_holder(said.assignee, directory))


def _holder(name: str, directory: OrgDirectory) -> str | None:
    """Who is called that at the neighbour, as assigning names them: its users are known by their
    mail addresses. None where nobody here is."""
    if directory.member(name) is not None or directory.contributor(name) is not None:
        return name
    stream = directory.claims.get(email_claim(name))
    return None if stream is None else stream_identity(stream)


def _changes(said: Amended) -> list[TicketCommand]:
    commands: list[TicketCommand] = []
    if said.title is not None or said.description is not None:
        commands.append(
            ChangeFields(
                title=NOT_GIVEN if said.title is None else said.title,
                description=NOT_GIVEN if said.description is None else said.description,
            )
        )
    if said.severity is not None:
        commands.append(ChangeSeverity(severity=said.severity))
    if said.add_labels or said.remove_labels:
        commands.append(ChangeLabels(add=said.add_labels, remove=said.remove_labels))
    if said.assignee is not None:
        commands.append(Assign(assignee=said.assignee))
    return commands


def _in_words(said: Amended) -> str:
    asked = [
        *([f"title: {said.title}"] if said.title is not None else []),
        *([f"description: {said.description}"] if said.description is not None else []),
        *([f"severity: {said.severity}"] if said.severity is not None else []),
        *([f"labels added: {', '.join(said.add_labels)}"] if said.add_labels else []),
        *([f"labels removed: {', '.join(said.remove_labels)}"] if said.remove_labels else []),
        *([f"assignee: {said.assignee}"] if said.assignee is not None else []),
    ]
    return f"Changed at the source: {'; '.join(asked)}"[:TEXT]


def signed(text: str | None, by: str | None) -> str | None:
    """*text* behind the name of who wrote it at the neighbour."""
    if text is None:
        return None
    return (text if by is None else f"{by}: {text}")[:TEXT]
