"""What people call the things that a ticket mentions: words, devices, links, contributors, people.

All of it is plain text, as long as what is named; whoever shows it escapes and cuts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final

from tocsin.adapters.slack.escaping import one_line
from tocsin.core.facts import Actor
from tocsin.core.ticket import Assignee, Ticket
from tocsin.core.words import Severity
from tocsin.projections.shapes.ticket_names import Names

MOST_NAMES: Final = 20
"""Devices, links or services that are listed by name; a ticket may touch more."""


def spaced(word: StrEnum | str) -> str:
    """``in progress`` of ``in_progress``."""
    return str(word).replace("_", " ")


def capital(word: StrEnum | str) -> str:
    """``In progress`` of ``in_progress``."""
    said = spaced(word)
    return said[:1].upper() + said[1:]


def level(severity: Severity) -> str:
    """``SEV1``."""
    return severity.value.upper()


def who(actor: Actor) -> str:
    """Who did it, with the code of their contributor where they have one."""
    name = one_line(actor.name) or actor.id
    return name if actor.contributor is None else f"{name} ({actor.contributor})"


def device(pubkey: str, names: Names) -> str:
    """The code of that device; its pubkey where it is gone."""
    found = names.device(pubkey)
    return pubkey if found is None else found.code


def link(pubkey: str, names: Names) -> str:
    """The code of that link; its pubkey where it is gone."""
    found = names.link(pubkey)
    return pubkey if found is None else found.code


def contributor(identity: str, names: Names) -> str:
    """The name of that contributor; its id where it is gone."""
    found = names.contributor(identity)
    return identity if found is None else one_line(found.name) or found.code


def party(assignee: Assignee, names: Names) -> str:
    """The name of the member or contributor that has a ticket; its id where it is gone."""
    if assignee.kind == "contributor":
        return contributor(assignee.id, names)
    found = names.member(assignee.id)
    return assignee.id if found is None else one_line(found.name) or found.id


def other(ticket_id: str, names: Names) -> str:
    """The ref of another ticket; words where it cannot be told."""
    found = names.ticket(ticket_id)
    return "another ticket" if found is None else found.ref


def assets(ticket: Ticket, names: Names) -> tuple[str, ...]:
    """The codes of every device and link of *ticket*."""
    return (
        *(device(pubkey, names) for pubkey in ticket.devices),
        *(link(pubkey, names) for pubkey in ticket.links),
    )


def listed(codes: Iterable[str]) -> str:
    """The first of *codes* by name, and how many there are besides."""
    every: Sequence[str] = tuple(codes)
    more = len(every) - MOST_NAMES
    shown = ", ".join(every[:MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def named(identities: Sequence[str], name: Callable[[str, Names], str], names: Names) -> str:
    """*identities* listed by what *name* calls each; those beyond the list are not looked up."""
    more = len(identities) - MOST_NAMES
    shown = ", ".join(name(one, names) for one in identities[:MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
