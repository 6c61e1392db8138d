"""What a form brings back, read into commands; or, block by block, what is wrong with it.

Bounds and words are the core's to judge. Here it is seen to that a form says everything that its
command needs, and that a picked day and time become an instant in UTC, whatever the zone of who
picked them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tocsin.adapters.slack import fields
from tocsin.adapters.slack.entities import cut
from tocsin.adapters.slack.escaping import tidy, utc
from tocsin.adapters.slack.fields import Errors, carried_by
from tocsin.adapters.slack.filled_in import FilledIn
from tocsin.adapters.slack.forms import PublicDraft
from tocsin.core.commands import (
    ChangeSeverity,
    ChangeStatus,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    ReferenceDraft,
    ServiceImpactDraft,
    SetRca,
)
from tocsin.core.errors import Refusal
from tocsin.core.ticket_reading import EARLIEST
from tocsin.core.words import PublicImpact

LONGEST_SENTENCE: Final = 500
"""Characters of what is said below a field."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A form that cannot be taken: for each block that is wrong a sentence."""

    errors: Errors


UpdateCommand = ChangeSeverity | ChangeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What is affected besides what a ticket names already: pubkeys, and codes of services."""

    devices: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.devices or self.links or self.services)


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What an update or closing asks of ``ticket`` (an id): to name what is affected ``besides``,
    then the commands, in this order."""

    ticket: str
    commands: tuple[UpdateCommand, ...]
    besides: Named = Named()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """The address of an analysis, for ``ticket`` (an id)."""

    ticket: str
    command: SetRca


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Words for the public about ``ticket`` (an id)."""

    ticket: str
    command: PostPublicUpdate


View = Mapping[str, Any]


def opened_incident(
    view: View,
    *,
    now: datetime,
    ticket_id: str,
    refs: tuple[str, ...],
    references: tuple[ReferenceDraft, ...] = (),
) -> OpenIncident | Wrong:
    """The incident that the form opens; a time of report that is left empty is now."""
    read = FilledIn(view, now)
    title = read.required(fields.TITLE, "Give it a title.")
    severity = read.required(fields.SEVERITY, "Choose a severity.")
    reported_at = read.past(fields.REPORTED_DATE, fields.REPORTED_TIME)
    if read.errors:
        return Wrong(read.errors)
    return OpenIncident(
        ticket_id=ticket_id,
        refs=refs,
        title=title,
        description=read.text(fields.DESCRIPTION),
        severity=severity,
        start_at=reported_at,
        devices=read.chosen(fields.DEVICES),
        links=read.chosen(fields.LINKS),
        services=read.chosen(fields.SERVICES),
        reporter_name=read.text(fields.REPORTER),
        references=references,
        formal=False,
    )


def planned_maintenance(
    view: View,
    *,
    now: datetime,
    ticket_id: str,
    refs: tuple[str, ...],
    references: tuple[ReferenceDraft, ...] = (),
) -> PlanMaintenance | Wrong:
    """The maintenance that the form plans; its end is after its start."""
    read = FilledIn(view, now)
    title = read.required(fields.TITLE, "Give it a title.")
    start_at = read.instant(fields.START_DATE, fields.START_TIME, required=True)
    end_at = read.instant(fields.END_DATE, fields.END_TIME, required=True)
    if start_at is not None and end_at is not None and end_at <= start_at:
        read.errors[fields.END_TIME] = f"The end must be after the start, {utc(start_at)}."
    if read.errors:
        return Wrong(read.errors)
    return PlanMaintenance(
        ticket_id=ticket_id,
        refs=refs,
        title=title,
        description=read.text(fields.DESCRIPTION),
        impact=read.text(fields.IMPACT),
        start_at=start_at,
        end_at=end_at,
        devices=read.chosen(fields.DEVICES),
        links=read.chosen(fields.LINKS),
        services=read.chosen(fields.SERVICES),
        reporter_name=read.text(fields.REPORTER),
        references=references,
        formal=False,
    )


def updated(view: View, *, now: datetime) -> Updated | Wrong:
    """What an update asks: a severity first, as that takes more of a role, then all the rest."""
    read = FilledIn(view, now)
    ticket = read.ticket()
    severity = read.text(fields.SEVERITY)
    status = read.text(fields.STATUS)
    body = read.text(fields.COMMENT)
    resolution = read.text(fields.RESOLUTION)
    root_cause = read.text(fields.ROOT_CAUSE)
    at = read.ended()
    if at is not None and status not in fields.ENDS:
        read.errors[fields.RESOLVED_TIME] = (
            "A resolution time goes with the status resolved, completed or closed."
        )
    if resolution is not None and status is None and body is None:
        # Words are words, whichever field they were typed into.
        body = resolution
    said = any(one is not None for one in (status, body, root_cause))
    besides = Named(
        devices=read.chosen(fields.DEVICES),
        links=read.chosen(fields.LINKS),
        services=read.chosen(fields.SERVICES),
    )
    if not said and severity is None and not besides:
        read.errors[fields.COMMENT] = (
            "Say what is new, or choose a status, a severity or what is affected."
        )
    if read.errors:
        return Wrong(read.errors)
    commands: list[UpdateCommand] = []
    if severity is not None:
        commands.append(ChangeSeverity(severity=severity))
    if said:
        commands.append(
            ChangeStatus(
                status=status, body=body, resolution=resolution, root_cause=root_cause, at=at
            )
        )
    return Updated(ticket=ticket, commands=tuple(commands), besides=besides)


def closed(view: View, *, now: datetime) -> Updated | Wrong:
    """The closing that the form asks for."""
    return _moved(view, "closed", now=now)


def status_changed(view: View, *, now: datetime) -> Updated | Wrong:
    """The move that a card's select began, with its message."""
    status = carried_by(view).status
    if status is None:
        return Wrong({_first_input(view): "This form has lost its status; open it again."})
    return _moved(view, status, now=now)


def _moved(view: View, status: str, *, now: datetime) -> Updated | Wrong:
    read = FilledIn(view, now)
    ticket = read.ticket()
    command = ChangeStatus(
        status=status,
        body=read.text(fields.COMMENT),
        resolution=read.text(fields.RESOLUTION),
        root_cause=read.text(fields.ROOT_CAUSE),
        at=read.ended(),
    )
    return Wrong(read.errors) if read.errors else Updated(ticket=ticket, commands=(command,))


def analysed(view: View, *, now: datetime) -> Analysed | Wrong:
    """The address of a root-cause analysis."""
    read = FilledIn(view, now)
    ticket = read.ticket()
    url = read.required(fields.RCA_URL, "Give the address of the analysis.")
    if read.errors:
        return Wrong(read.errors)
    return Analysed(ticket=ticket, command=SetRca(url=url))


def published(view: View, *, now: datetime) -> Published | Wrong:
    """The public update that the form asks for; a service has one impact only."""
    read = FilledIn(view, now)
    ticket = read.ticket()
    status = read.required(fields.STATUS, "Choose what the public is told.")
    body = read.required(fields.BODY, "Say something to the public.")
    services: dict[str, PublicImpact] = {}
    for name, impact in (
        (fields.MAJOR, PublicImpact.MAJOR),
        (fields.PARTIAL, PublicImpact.PARTIAL),
        (fields.DEGRADED, PublicImpact.DEGRADED),
    ):
        for code in read.chosen(name):
            if code in services:
                read.errors[name] = f"{code} is named twice; it has one impact only."
            services[code] = impact
    if read.errors:
        return Wrong(read.errors)
    return Published(
        ticket=ticket,
        command=PostPublicUpdate(
            status=status,
            body=body,
            title=read.text(fields.TITLE),
            services=tuple(
                ServiceImpactDraft(code=code, impact=impact.value)
                for code, impact in services.items()
            ),
        ),
    )


def public_words(view: View) -> PublicDraft:
    """What a form of a public update holds that is still open: to be kept when it is sent again."""
    read = FilledIn(view, EARLIEST)
    return PublicDraft(
        title=read.text(fields.TITLE) or "",
        body=read.text(fields.BODY) or "",
        status=read.text(fields.STATUS),
        impacts=tuple(
            (code, impact)
            for name, impact in (
                (fields.DEGRADED, PublicImpact.DEGRADED),
                (fields.PARTIAL, PublicImpact.PARTIAL),
                (fields.MAJOR, PublicImpact.MAJOR),
            )
            for code in read.chosen(name)
        ),
    )


# -- what the core says ---------------------------------------------------------------------------

_BLOCKS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": (fields.TITLE,),
    "description": (fields.DESCRIPTION,),
    "severity": (fields.SEVERITY,),
    "status": (fields.STATUS,),
    "start_at": (fields.REPORTED_TIME, fields.START_TIME),
    "detected_at": (fields.REPORTED_TIME,),
    "end_at": (fields.END_TIME,),
    "at": (fields.RESOLVED_TIME,),
    "device_pubkey": (fields.DEVICES,),
    "affected_link_pubkey": (fields.LINKS,),
    "services": (fields.SERVICES, fields.MAJOR),
    "impact": (fields.IMPACT,),
    "reporter_name": (fields.REPORTER,),
    "body": (fields.COMMENT, fields.BODY),
    "reason": (fields.COMMENT, fields.RESOLUTION),
    "resolution": (fields.RESOLUTION, fields.COMMENT),
    "root_cause": (fields.ROOT_CAUSE, fields.STATUS),
    "disposition": (fields.STATUS,),
    "duplicate_of": (fields.STATUS,),
    "url": (fields.RCA_URL,),
    "rca_url": (fields.RCA_URL,),
}
"""Where a field of the core stands in a form: the first of these blocks that the form has."""


def errors_of(refusal: Refusal, view: View) -> Errors:
    """What the core says against a form, at the blocks it concerns.

    What concerns none of them is said at the first one, so that nothing fails in silence.
    """
    inputs = _inputs(view)
    first = _first_input(view)
    found: dict[str, list[str]] = {}
    for error in refusal.errors:
        name = error.field.partition("[")[0].partition(".")[0]
        block = _standing(_BLOCKS.get(name, ()), inputs)
        sentence = _sentence(error.detail)
        if block is None:
            block, sentence = first, f"{error.field}: {sentence}"
        found.setdefault(block, []).append(sentence)
    if not found:
        found[first] = [_sentence(refusal.detail)]
    return {
        block: cut(" ".join(dict.fromkeys(sentences)), LONGEST_SENTENCE)
        for block, sentences in found.items()
    }


def _standing(names: Iterable[str], inputs: Sequence[str]) -> str | None:
    for name in names:
        for block in inputs:
            if block.partition(":")[0] == name:
                return block
    return None


def _sentence(detail: str) -> str:
    shown = tidy(detail).strip()
    return shown[:1].upper() + shown[1:] + ("" if shown.endswith((".", "!", "?", "…")) else ".")


def _inputs(view: View) -> list[str]:
    return [
        str(block.get("block_id"))
        for block in view.get("blocks") or ()
        if isinstance(block, Mapping) and block.get("type") == "input"
    ]


def _first_input(view: View) -> str:
    return next(iter(_inputs(view)), fields.TITLE)
