"""The card: how a ticket stands, as one message that is edited as it changes (Integrations: Slack).

Pure: from a ticket and the names of what it mentions to blocks. The same state gives the same card,
so a card that has not changed need not be sent. What people wrote is in ``plain_text``, where
nothing is markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tocsin.adapters.slack import mentions, naming
from tocsin.adapters.slack.contract import (
    ACKNOWLEDGE,
    ASSIGNEE,
    CLOSE,
    PUBLISH,
    RESOLVE,
    SEVERITY,
    STATUS,
    UPDATE,
    Blocks,
    Spoken,
)
from tocsin.adapters.slack.escaping import address, local, mrkdwn, one_line, plain
from tocsin.core import incident, maintenance
from tocsin.core.public_notices import public_lags, public_leads
from tocsin.core.ticket import Assignee, Ticket
from tocsin.core.ticket_reading import NEEDS_AFFECTED
from tocsin.core.words import Status, TicketType, is_over, severities_of
from tocsin.projections.addresses import ticket_page
from tocsin.projections.shapes.ticket_names import Names

HEADER: Final = 150
TEXT: Final = 3_000
FIELD: Final = 2_000
FIELDS: Final = 10
OPTION: Final = 75
LONGEST_DESCRIPTION: Final = 600
LONGEST_VALUE: Final = 500
LONGEST_FALLBACK: Final = 1_000
LONGEST_CALLING: Final = 1_500
MOST_CONTACTS: Final = 3
"""Contacts of one contributor that a card lists."""
MOST_CALLED: Final = 8
"""Contributors whose contacts a card lists."""

Block = dict[str, Any]
Row = tuple[str, Block]


def card(ticket: Ticket, names: Names, *, base_url: str | None, at: datetime) -> Spoken:
    """The card of *ticket* as it stands; *at* is now, *base_url* where people reach Tocsin."""
    called = mentions.affected(ticket, names)
    blocks: Blocks = [
        {"type": "header", "text": plain_text(f"{ticket.ref} {_title(ticket)}", longest=HEADER)}
    ]
    if len(blocks[0]["text"]["text"]) < len(f"{ticket.ref} {_title(ticket)}"):
        blocks.append(section(_title(ticket)))
    blocks.extend(_table(list(_rows(ticket, names))))
    if _says_more(ticket):
        blocks.append(section(ticket.description, longest=LONGEST_DESCRIPTION))
    badges = list(_badges(ticket, names, at=at))
    if badges:
        blocks.append(context(mrkdwn_text("\n".join(badges))))
    if called:
        blocks.append(marked_section(f"*Affected*: {called}"))
    contacts = _contacts(ticket, names)
    if contacts:
        blocks.append(section(contacts, longest=LONGEST_CALLING))
    blocks.extend(_controls(ticket, names))
    if base_url is not None:
        url = ticket_page(ticket.ref, base_url=base_url)
        blocks.append(context(mrkdwn_text(address(url, f"{ticket.ref} in Tocsin"))))
    said = mrkdwn(headline(ticket, names), longest=LONGEST_FALLBACK)
    return Spoken(f"{said} {called}".rstrip(), blocks)


def headline(ticket: Ticket, names: Names) -> str:
    """Ref, status, severity, title and names of *ticket* in one line of plain text."""
    where = naming.listed((*naming.assets(ticket, names), *ticket.services))
    standing = f"{naming.spaced(ticket.status)}, {naming.level(ticket.severity)}"
    line = f"{ticket.ref} ({standing}): {_title(ticket)}"
    return f"{line} – {where}" if where else line


# -- parts of any message -------------------------------------------------------------------------


def plain_text(text: str, *, longest: int = TEXT) -> Block:
    """A text object in which nothing is markup; never empty."""
    return {"type": "plain_text", "text": plain(text, longest=longest) or "–", "emoji": True}


def mrkdwn_text(marked: str) -> Block:
    """A text object of words of ours, escaped names and mentions, all of bounded length."""
    return {"type": "mrkdwn", "text": marked}


def section(text: str, *, longest: int = TEXT) -> Block:
    """A block of plain text."""
    return {"type": "section", "text": plain_text(text, longest=longest)}


def marked_section(marked: str) -> Block:
    """A block of ``mrkdwn``."""
    return {"type": "section", "text": mrkdwn_text(marked)}


def context(*elements: Block) -> Block:
    """A block in small letters."""
    return {"type": "context", "elements": list(elements)}


# -- what it says ---------------------------------------------------------------------------------


def _title(ticket: Ticket) -> str:
    return one_line(ticket.title)


def _says_more(ticket: Ticket) -> bool:
    """Whether the description is more than the title over again."""
    return bool(ticket.description.strip()) and one_line(ticket.description) != _title(ticket)


def _rows(ticket: Ticket, names: Names) -> Iterator[Row]:
    yield "Status", plain_text(naming.capital(ticket.status))
    yield "Severity", plain_text(naming.level(ticket.severity))
    if ticket.impact is not None:
        yield "Impact", plain_text(naming.capital(ticket.impact))
    if ticket.devices:
        yield "Devices", _value(naming.named(ticket.devices, naming.device, names))
    if ticket.links:
        yield "Links", _value(naming.named(ticket.links, naming.link, names))
    if ticket.services:
        yield "Services", _value(naming.listed(ticket.services))
    if ticket.type is TicketType.MAINTENANCE:
        yield "Planned start", mrkdwn_text(local(ticket.start_at))
        if ticket.end_at is not None:
            yield "Planned end", mrkdwn_text(local(ticket.end_at))
        if ticket.actual_start_at is not None:
            yield "Began", mrkdwn_text(local(ticket.actual_start_at))
        if ticket.actual_end_at is not None:
            yield "Ended", mrkdwn_text(local(ticket.actual_end_at))
    else:
        yield "Began", mrkdwn_text(local(ticket.start_at))
        if ticket.resolved_at is not None and ticket.status in (Status.RESOLVED, Status.CLOSED):
            yield "Resolved", mrkdwn_text(local(ticket.resolved_at))
    yield _opener(ticket, names)
    yield (
        "Assignee",
        _value("nobody" if ticket.assignee is None else naming.party(ticket.assignee, names)),
    )
    if ticket.resolution:
        yield "Resolution", _value(ticket.resolution)
    if ticket.root_cause is not None:
        yield "Root cause", plain_text(naming.capital(ticket.root_cause))
    if ticket.disposition is not None:
        yield "Ended as", _value(_ended_as(ticket, names))
    if ticket.rca_url is not None:
        yield "Analysis", mrkdwn_text(shown_address(ticket.rca_url))


def shown_address(url: str) -> str:
    """A link to *url* in ``mrkdwn`` that reads as the address does; its words where it is too long
    to be one, or was erased."""
    whole = address(url, plain(url, longest=100))
    follows = url.startswith(("https://", "http://")) and len(whole) <= FIELD
    return whole if follows else mrkdwn(url, longest=100)


def _value(text: str) -> Block:
    return plain_text(text, longest=LONGEST_VALUE)


def _opener(ticket: Ticket, names: Names) -> Row:
    """Whose it is: the contributor's, or the one's who opened it for none."""
    if ticket.contributor_id is None:
        return "Opened by", _value(naming.who(ticket.created_by))
    code = ticket.created_by.contributor
    if code is not None and names.contributor(ticket.contributor_id) is None:
        return "Contributor", _value(code)
    return "Contributor", _value(naming.contributor(ticket.contributor_id, names))


def _ended_as(ticket: Ticket, names: Names) -> str:
    assert ticket.disposition is not None
    said = naming.capital(ticket.disposition)
    if ticket.duplicate_of is None:
        return said
    return f"{said}: {naming.other(ticket.duplicate_of, names)}"


def _table(rows: list[Row]) -> Iterator[Block]:
    """*rows* in two columns: what it is on the left, how it stands on the right."""
    per_section = FIELDS // 2
    for first in range(0, len(rows), per_section):
        fields: Blocks = []
        for label, value in rows[first : first + per_section]:
            fields += (mrkdwn_text(f"*{label}*"), value)
        yield {"type": "section", "fields": fields}


def _badges(ticket: Ticket, names: Names, *, at: datetime) -> Iterator[str]:
    """What is out of order, in ``mrkdwn``, one line each."""
    if public_lags(ticket):
        told = naming.spaced(ticket.public_updates[-1].status)
        yield f":loudspeaker: The public still reads “{told}”: *Publish* tells them of the end"
    elif public_leads(ticket):
        yield ":loudspeaker: The public was told that it is over, and it is not"
    if is_over(ticket.status):
        return
    planned = ticket.status is Status.PLANNED
    if ticket.overran and ticket.status is Status.IN_PROGRESS:
        yield ":hourglass: Still in progress past its planned end"
    if planned and ticket.end_at is not None and ticket.start_at <= at < ticket.end_at:
        yield ":hourglass_flowing_sand: Its window has begun, and nobody has started it"
    for overlap in ticket.conflicts[:MOST_CALLED]:
        shared = mrkdwn(naming.listed(one.code for one in overlap.shared), longest=200)
        yield f":warning: Conflicts with {naming.other(overlap.ticket_id, names)} on {shared}"
    if len(ticket.conflicts) > MOST_CALLED:
        yield f":warning: … and with {len(ticket.conflicts) - MOST_CALLED} more"
    if NEEDS_AFFECTED in ticket.labels:
        yield ":grey_question: Nothing affected is named yet: *Update* is where to name it"


def _contacts(ticket: Ticket, names: Names) -> str:
    """Whom to call at the contributors that are affected, a line for each; plain text."""
    if is_over(ticket.status):
        return ""
    lines: list[str] = []
    for identity in ticket.affected_contributors[:MOST_CALLED]:
        found = names.contributor(identity)
        if found is None:
            continue
        for contact in sorted(found.contacts, key=lambda one: one.order)[:MOST_CONTACTS]:
            hours = "" if contact.hours is None else f", {contact.hours}"
            lines.append(
                plain(
                    f"{found.code}: {one_line(contact.name)}, {naming.spaced(contact.method)} "
                    f"{one_line(contact.address)}{one_line(hours)}",
                    longest=200,
                )
            )
    return "\n".join(("Whom to call", *lines)) if lines else ""


# -- what can be done on it -----------------------------------------------------------------------


def _controls(ticket: Ticket, names: Names) -> Iterator[Block]:
    if is_over(ticket.status):
        if public_lags(ticket):
            yield {"type": "actions", "elements": [_button(PUBLISH, "Publish", ticket)]}
        return
    yield {"type": "actions", "elements": list(_buttons(ticket))}
    yield {
        "type": "actions",
        "block_id": f"ticket:{ticket.id}",
        "elements": [_severities(ticket, names), _statuses(ticket), _assignee(ticket, names)],
    }


def _buttons(ticket: Ticket) -> Iterator[Block]:
    moves = _moves(ticket)
    if Status.ACKNOWLEDGED in moves:
        yield _button(ACKNOWLEDGE, "Acknowledge", ticket, style="primary")
    if Status.RESOLVED in moves:
        yield _button(RESOLVE, "Resolve", ticket)
    yield _button(PUBLISH, "Publish", ticket)
    yield _button(UPDATE, "Update", ticket)
    if Status.CLOSED in moves:
        yield _button(CLOSE, "Close", ticket)


def _moves(ticket: Ticket) -> tuple[Status, ...]:
    of_type = incident.MOVES if ticket.type is TicketType.INCIDENT else maintenance.MOVES
    return tuple(of_type[ticket.status])


def _button(action_id: str, label: str, ticket: Ticket, *, style: str | None = None) -> Block:
    button: Block = {
        "type": "button",
        "action_id": action_id,
        "text": plain_text(label),
        "value": ticket.id,
    }
    return button if style is None else {**button, "style": style}


def _severities(ticket: Ticket, names: Names) -> Block:
    used = severities_of(names.policy().severity_levels)
    # A policy that came later may have dropped the level that the ticket stands on.
    every = used if ticket.severity in used else (*used, ticket.severity)
    return {
        "type": "static_select",
        "action_id": SEVERITY,
        "placeholder": plain_text("Severity"),
        "options": [_option(naming.level(one), one.value) for one in every],
        "initial_option": _option(naming.level(ticket.severity), ticket.severity.value),
    }


def _statuses(ticket: Ticket) -> Block:
    here = _option(naming.capital(ticket.status), ticket.status.value)
    return {
        "type": "static_select",
        "action_id": STATUS,
        "placeholder": plain_text("Status"),
        "options": [here, *(_option(naming.capital(one), one.value) for one in _moves(ticket))],
        "initial_option": here,
    }


def _assignee(ticket: Ticket, names: Names) -> Block:
    select: Block = {
        "type": "external_select",
        "action_id": ASSIGNEE,
        "placeholder": plain_text("Assignee"),
        "min_query_length": 0,
    }
    if ticket.assignee is None:
        return select
    return {**select, "initial_option": _holder(ticket.assignee, names)}


def _holder(assignee: Assignee, names: Names) -> Block:
    """Who has it, valued as assigning names them: a member by id, a contributor by code."""
    found = names.contributor(assignee.id) if assignee.kind == "contributor" else None
    return _option(naming.party(assignee, names), assignee.id if found is None else found.code)


def _option(label: str, value: str) -> Block:
    return {"text": plain_text(label, longest=OPTION), "value": value}
