"""What replies are put together from: how a ticket stands, how it ended, when, and against what.

All of it is plain text (:mod:`phrases` says which fact is told with which).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tocsin.adapters.slack import naming
from tocsin.adapters.slack.escaping import one_line, plain, utc
from tocsin.core.facts import Event
from tocsin.core.public_notices import public_lags
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import Rescheduled
from tocsin.core.words import Disposition, RootCause, Status
from tocsin.projections.shapes.ticket_names import Names

LONGEST_SENTENCE: Final = 600
LONGEST_SAID: Final = 2_000
"""Units of a block of what people wrote; the whole text is on the ticket."""
DATED_APART: Final = timedelta(minutes=1)
"""A move that happened so much earlier than it was recorded says when."""

Facts = Iterator[tuple[str, str]]
"""Pairs of a name and a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reply before it has blocks: the ``sentence`` and the people's words that were ``said`` are
    plain text; ``link`` is an address; ``summary`` pairs of a name and a value."""

    sentence: str
    said: str | None = None
    link: str | None = None
    summary: tuple[tuple[str, str], ...] = ()
    broadcast: bool = False


def announced(sentence: str, standing: Facts, more: Facts, *, said: str | None = None) -> Told:
    """A reply that the channel sees as well: how the ticket stands, and what *more* there is."""
    return Told(sentence=sentence, summary=(*standing, *more), said=said, broadcast=True)


def standing(status: Status, ticket: Ticket, names: Names) -> Facts:
    """How *ticket* stands after an event that brought it to *status*."""
    yield "Title", one_line(ticket.title)
    yield "Status", naming.capital(status)
    yield "Severity", naming.level(ticket.severity)
    where = naming.listed((*naming.assets(ticket, names), *ticket.services))
    if where:
        yield "Affected", plain(where, longest=LONGEST_SENTENCE)


def ending(
    resolution: str | None,
    root_cause: RootCause | None,
    disposition: Disposition | None,
    duplicate_of: str | None,
    names: Names,
) -> Facts:
    """Why and how a ticket ended, as far as that was said."""
    if disposition is not None:
        told = naming.capital(disposition)
        yield "Ended as", told if duplicate_of is None else f"{told}: {other(duplicate_of, names)}"
    if root_cause is not None:
        yield "Root cause", naming.capital(root_cause)
    if resolution:
        yield "Resolution", plain(resolution, longest=LONGEST_SAID // 2)


def unheard(ticket: Ticket) -> Facts:
    """What the public still reads of a *ticket* that has ended."""
    if public_lags(ticket):
        yield "The public", f"still reads “{naming.spaced(ticket.public_updates[-1].status)}”"


def window(moved: Rescheduled) -> Facts:
    """The planned window before and now."""
    yield "Was", f"{utc(moved.start_at_before)} to {utc(moved.end_at_before)}"
    yield "Now", f"{utc(moved.start_at)} to {utc(moved.end_at)}"


def other(ticket_id: str, names: Names) -> str:
    """The ref and title of another ticket."""
    found = names.ticket(ticket_id)
    return (
        naming.other(ticket_id, names) if found is None else f"{found.ref} {one_line(found.title)}"
    )


def dated(at: datetime, event: Event) -> str:
    """When it is said to have happened, where that is not when it was recorded."""
    return "" if event.recorded_at - at < DATED_APART else f", as of {utc(at)}"


def ahead(wait: timedelta) -> str:
    """How soon something is, in whole hours or minutes."""
    hours = round(wait / timedelta(hours=1))
    if hours > 1:
        return f"in {hours} hours"
    minutes = max(round(wait / timedelta(minutes=1)), 0)
    return f"in {minutes} minutes" if minutes > 1 else "now"


def percent(fraction: str) -> str:
    """*fraction*, decimal text, in whole percent."""
    return f"{float(fraction):.0%}"
