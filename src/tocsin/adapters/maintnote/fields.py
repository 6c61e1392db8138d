"""What a notice says, as fields of a ticket: those of a new one, and what differs from one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tocsin.adapters.maintnote.notices import Notice, SequenceKnown
from tocsin.core.commands import ChangeFields
from tocsin.core.facts import NOT_GIVEN
from tocsin.core.records import Device, Link
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import MOST_ASSETS, TEXT, TITLE, Errors, email
from tocsin.core.words import Status


class Assets(Protocol):
    """Finds devices and links of the org by pubkey or code; its directory does."""

    def device(self, name: str) -> Device | None: ...
    def link(self, name: str) -> Link | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A notice with what it names found: ``devices`` and ``links`` are pubkeys, ``before`` those
    that the notice before it named, ``known`` what the next one is held against."""

    notice: Notice
    devices: tuple[str, ...]
    links: tuple[str, ...]
    description: str
    before: tuple[str, ...]
    known: SequenceKnown

    @property
    def teller(self) -> str:
        """Who says so, for a reason."""
        return f"{self.notice.provider or 'its provider'}, version {self.notice.sequence}"


def matched(
    notice: Notice, assets: Assets
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Pubkeys of the devices and of the links that are named, and the ids that are unknown here.

    An id is looked for as it stands, then in small letters; links first, as circuits are what these
    notices are about.
    """
    devices: set[str] = set()
    links: set[str] = set()
    strangers: list[str] = []
    for name in notice.object_ids:
        spellings = (name, name.lower())
        link = next(filter(None, map(assets.link, spellings)), None)
        device = next(filter(None, map(assets.device, spellings)), None)
        if link is not None:
            links.add(link.pubkey)
        elif device is not None:
            devices.add(device.pubkey)
        else:
            strangers.append(name)
    return tuple(sorted(devices)), tuple(sorted(links)), tuple(strangers)


def changes(work: Work, ticket: Ticket) -> ChangeFields | None:
    """What differs between the ticket and the notice; None where nothing does.

    The planned start of work that has begun stays as it was.
    """
    notice = work.notice
    title, reference = title_of(notice), reference_of(notice)
    devices = _assets_after(ticket.devices, work.devices, before=work.before)
    links = _assets_after(ticket.links, work.links, before=work.before)
    # A notice that names nothing we know does not say that nothing is affected.
    named = bool(work.devices or work.links)
    begun = ticket.status is not Status.PLANNED
    end_moves = notice.end not in (ticket.end_at, ticket.start_at) and notice.end > ticket.start_at
    change = ChangeFields(
        title=NOT_GIVEN if title == ticket.title else title,
        description=NOT_GIVEN if work.description == ticket.description else work.description,
        devices=devices if named and devices != ticket.devices else NOT_GIVEN,
        links=links if named and links != ticket.links else NOT_GIVEN,
        impact=NOT_GIVEN if notice.impact in (None, ticket.impact) else notice.impact,
        internal_reference=NOT_GIVEN
        if reference in (None, ticket.internal_reference)
        else reference,
        start_at=NOT_GIVEN if begun or notice.start == ticket.start_at else notice.start,
        end_at=notice.end if (end_moves if begun else notice.end != ticket.end_at) else NOT_GIVEN,
    )
    if change == ChangeFields():
        return None
    return replace(change, reason=f"changed, says {work.teller}")


def _assets_after(
    now: Sequence[str], named: Sequence[str], *, before: Sequence[str]
) -> tuple[str, ...]:
    """Pubkeys, sorted: those that are named, and those that people added."""
    added = [pubkey for pubkey in now if pubkey not in before and pubkey not in named]
    return tuple(sorted([*named, *added][:MOST_ASSETS]))


def title_of(notice: Notice) -> str:
    """Its summary, or who gives the notice."""
    return notice.summary or f"Maintenance by {notice.provider or 'a provider'}"[:TITLE]


def reference_of(notice: Notice) -> str | None:
    """The provider's own ids of the work, as many as fit."""
    kept = ""
    for identity in notice.maintenance_ids:
        longer = f"{kept}, {identity}" if kept else identity
        if len(longer) > TITLE:
            break
        kept = longer
    return kept or None


def description_of(notice: Notice, strangers: Sequence[str]) -> str:
    """What the provider wrote, and which of the things it names are unknown here."""
    told = notice.description or title_of(notice)
    if not strangers:
        return told[:TEXT]
    tail = f"\n\nNot registered here: {', '.join(strangers)}"
    if len(tail) > TEXT // 2:
        tail = f"{tail[: TEXT // 2 - 1]}…"
    return f"{told[: TEXT - len(tail)]}{tail}"


def address_of(notice: Notice) -> str | None:
    """The organizer, where that is an e-mail address that a ticket can have."""
    errors: Errors = []
    read = email(notice.organizer, field="reporter_email", errors=errors)
    return None if errors else read
