"""Who is called by name: the contributors that a ticket affects, and who it is given to.

A contributor is called by its user group, its user, or its handle as text (Integrations: Slack,
out). Nothing that people wrote elsewhere ever becomes a mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tocsin.adapters.slack.escaping import mrkdwn, one_line, wide
from tocsin.core.facts import Event
from tocsin.core.records import Contributor
from tocsin.core.ticket import Assignee, Ticket
from tocsin.core.ticket_facts import (
    AssigneeChanged,
    Cancelled,
    ConflictFound,
    IncidentCreated,
    MaintenancePlanned,
    Rescheduled,
    SeverityChanged,
    StatusChanged,
)
from tocsin.core.words import Status
from tocsin.projections.shapes.ticket_names import Names

LONGEST_MENTION: Final = 120
LONGEST_LINE: Final = 1_500
"""Units of all mentions of a message."""

# Handles are in small letters, so capitals make an id of what begins with the right one.
_GROUP = re.compile(r"(?:<!subteam\^)?(?P<id>S[A-Z0-9]{1,30})(?:\|[^<>|]*)?>?")
_USER = re.compile(r"(?:<@|(?:T[A-Z0-9]{1,30}):)?(?P<id>[UW][A-Z0-9]{1,30})(?:\|[^<>|]*)?>?")


def mention(contributor: Contributor) -> str:
    """How *contributor* is called in ``mrkdwn``: by group, by user, else by handle or code."""
    group = contributor.slack_user_group
    if group is not None and (found := _GROUP.fullmatch(group.strip())) is not None:
        return f"<!subteam^{found['id']}>"
    handle = contributor.slack_handle
    if handle is not None and (called := person(handle)) is not None:
        return called
    written = one_line(handle or group or "").lstrip("@")
    return mrkdwn(f"@{written}" if written else contributor.code, longest=LONGEST_MENTION)


def person(user_id: str | None) -> str | None:
    """The mention of a Slack user by id (``U…``, ``T…:U…``); None for what is none."""
    if user_id is None or (found := _USER.fullmatch(user_id.strip())) is None:
        return None
    return f"<@{found['id']}>"


def affected(ticket: Ticket, names: Names) -> str:
    """The mentions of every contributor that *ticket* affects, in ``mrkdwn``; empty for none."""
    return _joined(_affected(ticket, names))


def listed(contributors: Iterable[Contributor]) -> str:
    """The mentions of *contributors*, each once, in ``mrkdwn``; empty for none."""
    return _joined(mention(one) for one in contributors)


def assigned(assignee: Assignee | None, names: Names) -> str:
    """The mention of who has it now; empty for nobody, or for somebody who is not in Slack."""
    if assignee is None:
        return ""
    if assignee.kind == "member":
        member = names.member(assignee.id)
        return (None if member is None else person(member.slack_user_id)) or ""
    contributor = names.contributor(assignee.id)
    return "" if contributor is None else mention(contributor)


def called(event: Event, ticket: Ticket, names: Names) -> str:
    """Whom *event* calls: the affected on create, reschedule, cancel, raised severity, reassignment
    and conflict, and who is given the ticket; empty where nobody is called."""
    match event.payload:
        case IncidentCreated() | MaintenancePlanned() | Rescheduled() | Cancelled():
            return affected(ticket, names)
        case ConflictFound() | StatusChanged(status_to=Status.CANCELLED):
            return affected(ticket, names)
        case SeverityChanged(severity_from=before, severity_to=now):
            return affected(ticket, names) if now.rank < before.rank else ""
        case AssigneeChanged(assignee_to=assignee):
            given_to = assigned(assignee, names)
            return _joined(iter((given_to, *_affected(ticket, names))))
        case _:
            return ""


def _affected(ticket: Ticket, names: Names) -> Iterator[str]:
    for identity in ticket.affected_contributors:
        contributor = names.contributor(identity)
        if contributor is not None:
            yield mention(contributor)


def _joined(mentions: Iterator[str]) -> str:
    kept: list[str] = []
    used = 0
    every = [one for one in dict.fromkeys(mentions) if one]
    for one in every:
        used += wide(one) + 1
        if used > LONGEST_LINE:
            break
        kept.append(one)
    more = len(every) - len(kept)
    return " ".join(kept) + (f" and {more} more" if more else "")
