"""How a story is written down: beats, each of which is one command that somebody gives.

A story knows no place and no day. A :class:`Scene` gives it both, and the numbers that its
sentences leave open (``{link}``, ``{rx}``). Where a sentence is given in several wordings, the
scene's turn says which one is spoken, so that two nights with the same trouble do not read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Confirm,
    EditPublicUpdate,
    Extend,
    PostPublicUpdate,
    RecordSloViolation,
    Redact,
    ReferenceDraft,
    Relate,
    ServiceImpactDraft,
    SetRca,
    SignalDraft,
    TicketCommand,
)
from tocsin.core.facts import Event
from tocsin.core.ticket_facts import NoteAdded, PublicUpdatePosted

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The place and hour of one telling.

    ``on`` is what is affected, as in a story; ``values`` fill the sentences; ``services`` are those
    that suffer; ``members`` are ids by handle, ``tickets`` ids by the key that the agenda gave
    them. ``contributor`` is the code of whoever owns the place, ``cast`` says who plays a part
    (``owner``, ``far``, ``lead``).
    """

    opened_at: datetime
    turn: int
    on: str
    values: Mapping[str, str]
    services: Texts
    contributor: str
    cast: Mapping[str, str]
    members: Mapping[str, str]
    tickets: Mapping[str, str]


Deed = Callable[[Scene, datetime, Sequence[Event]], TicketCommand]
"""What is commanded: from the scene, the instant of the beat, and the ticket's events so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One command of a story: *after* so many minutes *who* (a part, or a handle) does *deed*."""

    after: float
    who: str
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An incident as it goes, wherever it happens.

    ``on`` says what is affected: the ``link``, the ``device``, or only ``services``. ``seen`` is
    how many minutes it had been going on before somebody opened the ticket.
    """

    on: str
    titles: Texts
    descriptions: Texts
    severity: str
    beats: tuple[Beat, ...]
    opener: str = "monitor"
    impact: str | None = None
    services: Texts = ()
    labels: Texts = ()
    runbook: str | None = None
    seen: float = 0


def worded(scene: Scene, texts: Texts) -> str:
    """The wording of *texts* whose turn it is, with the numbers and names of the scene."""
    return texts[scene.turn % len(texts)].format_map(scene.values)


def maybe(scene: Scene, text: str | None) -> str | None:
    """*text* with the names of the scene, where there is one."""
    return None if text is None else text.format_map(scene.values)


def says(after: float, who: str, *texts: str) -> Beat:
    """A remark."""
    return Beat(
        after=after,
        who=who,
        deed=lambda scene, at, events: ChangeStatus(body=worded(scene, texts)),
    )


def moves(
    after: float,
    who: str,
    status: str,
    *texts: str,
    cause: str | None = None,
    resolution: str | None = None,
    disposition: str | None = None,
    duplicate_of: str | None = None,
    reason: str | None = None,
    end_in: float | None = None,
) -> Beat:
    """A move of the status, with a remark; ``end_in`` is a maintenance's new end in minutes."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        return ChangeStatus(
            status=status,
            body=worded(scene, texts) if texts else None,
            root_cause=cause,
            resolution=maybe(scene, resolution),
            disposition=disposition,
            duplicate_of=None if duplicate_of is None else scene.tickets[duplicate_of],
            reason=maybe(scene, reason),
            end_at=None if end_in is None else at + timedelta(minutes=end_in),
        )

    return Beat(after=after, who=who, deed=deed)


def sees(
    after: float,
    alert: str,
    summary: str,
    *,
    source: str = "prometheus/backbone",
    kind: str = "ALERT",
    state: str = "firing",
    severity: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Beat:
    """An alert that the monitoring brings; the same *alert* at the same place is one and the
    same."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        place = scene.values["place"]
        return AttachSignal(
            signal=SignalDraft(
                source=source.format_map(scene.values),
                summary=summary.format_map(scene.values),
                signal_type=kind,
                state=state,
                ts=at - timedelta(seconds=20),
                severity=severity,
                device=scene.values["device"] if scene.on == "device" else None,
                link=scene.values["link"] if scene.on == "link" else None,
                service_name=scene.services[0] if scene.services else None,
                fingerprint=f"{alert}/{place}/{scene.opened_at:%Y%m%d%H%M}",
                labels={"alertname": alert, "place": place, **(labels or {})},
            )
        )

    return Beat(after=after, who="monitor", deed=deed)


def does(after: float, who: str, kind: str, label: str, details: str | None = None) -> Beat:
    """Something done to the network, under one of the kinds of action."""
    return Beat(
        after=after,
        who=who,
        deed=lambda scene, at, events: AddAction(
            action_kind=kind,
            label=label.format_map(scene.values),
            details=maybe(scene, details),
        ),
    )


def grades(after: float, who: str, severity: str, reason: str) -> Beat:
    """Another severity, and why."""
    return Beat(
        after=after,
        who=who,
        deed=lambda scene, at, events: ChangeSeverity(
            severity=severity, reason=reason.format_map(scene.values)
        ),
    )


def gives(after: float, who: str, to: str) -> Beat:
    """The ticket goes to a person (a handle or part), or to the ``contributor`` of the place."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        if to == "contributor":
            return Assign(assignee=scene.contributor)
        return Assign(assignee=scene.members[scene.cast.get(to, to)])

    return Beat(after=after, who=who, deed=deed)


def tags(after: float, who: str, *add: str, remove: Texts = ()) -> Beat:
    """Labels go on, labels come off."""
    return Beat(
        after=after, who=who, deed=lambda scene, at, events: ChangeLabels(add=add, remove=remove)
    )


def tells(
    after: float,
    who: str,
    status: str,
    *bodies: str,
    title: str | None = None,
    impact: str | None = None,
) -> Beat:
    """A word to the public; *impact* shows the scene's services so."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        shown = () if impact is None else scene.services
        return PostPublicUpdate(
            status=status,
            body=worded(scene, bodies),
            title=maybe(scene, title),
            services=tuple(
                ServiceImpactDraft(code=code, impact=impact) for code in shown if impact is not None
            ),
        )

    return Beat(after=after, who=who, deed=deed)


def corrects(after: float, who: str, body: str) -> Beat:
    """The newest word to the public is put right."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        posted = [event.payload for event in events]
        newest = [one for one in posted if isinstance(one, PublicUpdatePosted)][-1]
        return EditPublicUpdate(
            public_update_id=newest.public_update_id, body=body.format_map(scene.values)
        )

    return Beat(after=after, who=who, deed=deed)


def breaks(after: float, objective: str, *, minutes: float, budget: float, details: str) -> Beat:
    """An objective is broken over the last so many *minutes*, and a share of its *budget* gone."""
    return Beat(
        after=after,
        who="monitor",
        deed=lambda scene, at, events: RecordSloViolation(
            slo_id=objective,
            window_start=at - timedelta(minutes=minutes),
            window_end=at,
            error_budget_consumed=budget,
            threshold_breached="99.95 % over 30 days",
            details=details.format_map(scene.values),
        ),
    )


def refers(after: float, who: str, kind: str, title: str, url: str) -> Beat:
    """An address elsewhere."""
    return Beat(
        after=after,
        who=who,
        deed=lambda scene, at, events: AddReference(
            reference=ReferenceDraft(
                kind=kind, title=title.format_map(scene.values), url=url.format_map(scene.values)
            )
        ),
    )


def analysed(after: float, who: str) -> Beat:
    """The analysis is written, and linked."""
    return Beat(
        after=after,
        who=who,
        deed=lambda scene, at, events: SetRca(
            url=f"https://wiki.example.org/rca/{scene.opened_at:%Y-%m-%d}-{scene.values['slug']}"
        ),
    )


def ties(after: float, who: str, kind: str, key: str) -> Beat:
    """A tie to the ticket that the agenda calls *key*."""
    return Beat(
        after=after,
        who=who,
        deed=lambda scene, at, events: Relate(ticket=scene.tickets[key], kind=kind),
    )


def notes_fields(after: float, who: str, *, reference: str, impact: str | None = None) -> Beat:
    """The contributor's own number is filled in, and the impact where it is known by now."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        number = reference.format_map(scene.values)
        if impact is None:
            return ChangeFields(internal_reference=number)
        return ChangeFields(internal_reference=number, impact=impact)

    return Beat(after=after, who=who, deed=deed)


def erases(after: float, reason: str) -> Beat:
    """The newest remark holds what must not be kept: an administrator erases it."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        newest = [event for event in events if isinstance(event.payload, NoteAdded)][-1]
        return Redact(event=newest.id, fields=("body",), reason=reason)

    return Beat(after=after, who="admin", deed=deed)


def extends(after: float, who: str, minutes: float, reason: str) -> Beat:
    """A maintenance is given until so many *minutes* from now."""
    return Beat(
        after=after,
        who=who,
        deed=lambda scene, at, events: Extend(
            end_at=at + timedelta(minutes=minutes), reason=reason.format_map(scene.values)
        ),
    )


def confirms(after: float, who: str) -> Beat:
    """An owner lets somebody else's maintenance have effect on its assets."""
    return Beat(after=after, who=who, deed=lambda scene, at, events: Confirm())


def reschedules(after: float, who: str, *, start_in: float, minutes: float, reason: str) -> Beat:
    """A window moves: it begins so many minutes from now and lasts *minutes*."""

    def deed(scene: Scene, at: datetime, events: Sequence[Event]) -> TicketCommand:
        start = at + timedelta(minutes=start_in)
        return ChangeFields(
            start_at=start,
            end_at=start + timedelta(minutes=minutes),
            reason=reason.format_map(scene.values),
        )

    return Beat(after=after, who=who, deed=deed)
