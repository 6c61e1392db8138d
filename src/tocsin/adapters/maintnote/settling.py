"""What becomes of a notice here: planned, moved, started, completed, cancelled, or nothing.

Pure. The higher SEQUENCE wins whatever the order of arrival, and of two that are equal the later
DTSTAMP (Integrations: MAINTNOTE). What a newer notice says of window, impact, title and description
stands over what was there; of the assets it takes back only those that the notice before it named,
so that what people added stays.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

import msgspec

from tocsin.adapters.maintnote.fields import (
    Assets,
    Work,
    address_of,
    changes,
    description_of,
    matched,
    reference_of,
    title_of,
)
from tocsin.adapters.maintnote.notices import Notice, NoticeStatus, SequenceKnown
from tocsin.core.commands import ChangeFields, ChangeStatus, PlanMaintenance
from tocsin.core.ticket import Ticket
from tocsin.core.words import ACTIVE_MAINTENANCE, Disposition, Status

DETECTED_BY: Final = "maintnote"
ENDED: Final = (NoticeStatus.CANCELLED, NoticeStatus.COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What a ticket takes if one is made: a fresh id, public names to try, and the key under which
    the work is known here."""

    ticket_id: str
    refs: tuple[str, ...]
    correlation_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A maintenance is planned, or is under way already. ``ends`` goes before it, to the ticket
    that there was: work that had begun was put off."""

    known: SequenceKnown
    command: PlanMaintenance
    ends: ChangeStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Fields of the ticket change, its window among them or not."""

    known: SequenceKnown
    change: ChangeFields


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Work begins, or goes on after it was completed; ``change`` goes first."""

    known: SequenceKnown
    command: ChangeStatus
    change: ChangeFields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """Work is done."""

    known: SequenceKnown
    command: ChangeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """It will not be."""

    known: SequenceKnown
    command: ChangeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing follows. ``known`` is to be kept all the same; ``for_person`` where somebody should
    look, because nothing says which of two notices is the newer."""

    known: SequenceKnown
    reason: str
    for_person: bool = False


Settled = Plan | Move | Start | Complete | Cancel | Ignored
"""Each has ``known``, to be held against the next notice of the same work."""


def settled(
    known: SequenceKnown | None,
    notice: Notice,
    *,
    ticket: Ticket | None,
    assets: Assets,
    new: NewTicket,
    at: datetime,
) -> Settled:
    """What follows from *notice*, which arrives at the instant *at*.

    *known* is what the last one of the same key left, *ticket* the latest that was made for it.
    """
    digest = _digest(notice)
    if known is not None:
        refusal = _not_newer(known, notice, digest=digest)
        if refusal is not None:
            return refusal
    devices, links, strangers = matched(notice, assets)
    before = () if known is None else known.assets
    work = Work(
        notice=notice,
        devices=devices,
        links=links,
        description=description_of(notice, strangers),
        before=before,
        known=SequenceKnown(
            sequence=notice.sequence,
            digest=digest,
            stamp=notice.stamp,
            status=notice.status,
            assets=(*devices, *links) or before,
        ),
    )
    match notice.status:
        case NoticeStatus.CANCELLED:
            return _cancelled(work, ticket)
        case NoticeStatus.COMPLETED:
            return _completed(work, ticket)
        case NoticeStatus.IN_PROCESS:
            return _started(work, ticket, new=new, at=at)
        case NoticeStatus.TENTATIVE | NoticeStatus.CONFIRMED | NoticeStatus.RE_SCHEDULED | None:
            revived = known is not None and known.status in ENDED
            return _planned(work, ticket, new=new, at=at, revived=revived)
        case _:
            assert_never(notice.status)


def _not_newer(known: SequenceKnown, notice: Notice, *, digest: str) -> Ignored | None:
    if notice.sequence != known.sequence:
        if notice.sequence > known.sequence:
            return None
        newest = f"version {known.sequence} is known"
        return Ignored(known=known, reason=f"version {notice.sequence} is old: {newest}")
    if digest == known.digest:
        if known.stamp is not None and notice.stamp is not None:
            known = replace(known, stamp=max(known.stamp, notice.stamp))
        return Ignored(known=known, reason=f"version {notice.sequence} is known: a repeat")
    if known.stamp is not None and notice.stamp is not None and notice.stamp != known.stamp:
        if notice.stamp > known.stamp:
            return None
        reason = f"an older writing of version {notice.sequence}, which is known"
        return Ignored(known=known, reason=reason)
    reason = f"two notices are version {notice.sequence}, and differ"
    return Ignored(known=known, reason=reason, for_person=True)


def _digest(notice: Notice) -> str:
    """Of what it says; when it was written is not among it."""
    said = msgspec.json.encode(msgspec.to_builtins(replace(notice, stamp=None)), order="sorted")
    return hashlib.sha256(said).hexdigest()


def _cancelled(work: Work, ticket: Ticket | None) -> Settled:
    if ticket is None:
        return Ignored(known=work.known, reason="cancelled before it was planned here")
    if ticket.status not in ACTIVE_MAINTENANCE:
        return _stands(work, ticket)
    command = ChangeStatus(status=Status.CANCELLED.value, reason=f"cancelled, says {work.teller}")
    return Cancel(known=work.known, command=command)


def _completed(work: Work, ticket: Ticket | None) -> Settled:
    if ticket is None:
        return Ignored(known=work.known, reason="completed before it was planned here")
    if ticket.status not in ACTIVE_MAINTENANCE:
        return _stands(work, ticket)
    reason = f"completed, says {work.teller}"
    if ticket.status is Status.IN_PROGRESS:
        command = ChangeStatus(status=Status.COMPLETED.value, reason=reason)
    else:
        # Nobody said when it began, and to say now would not be true.
        command = ChangeStatus(
            status=Status.CLOSED.value, disposition=Disposition.DONE.value, reason=reason
        )
    return Complete(known=work.known, command=command)


def _started(work: Work, ticket: Ticket | None, *, new: NewTicket, at: datetime) -> Settled:
    notice = work.notice
    if ticket is None or ticket.status in (Status.CLOSED, Status.CANCELLED):
        return _anew(work, ticket, new=new, at=at, under_way=True)
    if ticket.status is Status.IN_PROGRESS:
        return _moved(work, ticket)
    reason = f"in process, says {work.teller}"
    if ticket.status is Status.PLANNED:
        return Start(
            known=work.known,
            command=ChangeStatus(status=Status.IN_PROGRESS.value, reason=reason),
            change=changes(work, ticket),
        )
    if notice.end <= at:
        return _stands(work, ticket)
    command = ChangeStatus(status=Status.IN_PROGRESS.value, end_at=notice.end, reason=reason)
    return Start(known=work.known, command=command)


def _planned(
    work: Work, ticket: Ticket | None, *, new: NewTicket, at: datetime, revived: bool
) -> Settled:
    notice = work.notice
    if ticket is None:
        return _anew(work, None, new=new, at=at)
    if ticket.status is Status.PLANNED:
        return _moved(work, ticket)
    if ticket.status is Status.IN_PROGRESS:
        if notice.start <= at or notice.start == ticket.start_at:
            return _moved(work, ticket)
        plan = _anew(work, ticket, new=new, at=at)
        ends = ChangeStatus(status=Status.CANCELLED.value, reason=f"put off, says {work.teller}")
        return replace(plan, ends=ends) if isinstance(plan, Plan) else plan
    # It ended here: by the provider's own word, or another window is told, or it stays so.
    if revived or (notice.start, notice.end) != (ticket.start_at, ticket.end_at):
        return _anew(work, ticket, new=new, at=at)
    return _stands(work, ticket)


def _anew(
    work: Work,
    ticket: Ticket | None,
    *,
    new: NewTicket,
    at: datetime,
    under_way: bool = False,
) -> Plan | Ignored:
    """A ticket of its own, unless the window is over by now."""
    notice = work.notice
    if notice.end <= at:
        reason = "its window is over, and nothing was planned here"
        return Ignored(known=work.known, reason=reason) if ticket is None else _stands(work, ticket)
    return Plan(
        known=work.known,
        command=PlanMaintenance(
            ticket_id=new.ticket_id,
            refs=new.refs,
            title=title_of(notice),
            description=work.description,
            status=Status.IN_PROGRESS.value if under_way else None,
            devices=work.devices,
            links=work.links,
            impact=None if notice.impact is None else notice.impact.value,
            reporter_name=notice.provider,
            reporter_email=address_of(notice),
            detected_by=DETECTED_BY,
            correlation_keys=(new.correlation_key,),
            internal_reference=reference_of(notice),
            start_at=notice.start,
            end_at=notice.end,
            formal=False,
        ),
    )


def _moved(work: Work, ticket: Ticket) -> Settled:
    change = changes(work, ticket)
    if change is None:
        return Ignored(known=work.known, reason="it says nothing that is not here already")
    return Move(known=work.known, change=change)


def _stands(work: Work, ticket: Ticket) -> Ignored:
    return Ignored(known=work.known, reason=f"{ticket.ref} is {ticket.status.value} already")
