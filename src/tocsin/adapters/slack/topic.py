"""The topic of the incident channel: what is open, worst first (Integrations: Slack, out)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tocsin.adapters.slack.escaping import mrkdwn, one_line, wide
from tocsin.core.ticket import Ticket
from tocsin.core.words import ACTIVE_INCIDENT, TicketType

LONGEST: Final = 250
ALL_IS_WELL: Final = "All systems operational"
KEYCAP: Final = "\ufe0f\u20e3"
"""What makes a digit a keycap."""

SHORTCODE: Final = len(":three:")
"""Slack keeps a keycap as its name in colons; the longest of them counts for each."""

TITLES: Final = (200, 150, 120, 100, 80, 60, 48, 36, 24)
"""Units of a title, tried from long to short until every incident has its line."""


def topic(tickets: Iterable[Ticket]) -> str:
    """One line for each active incident of *tickets*, by severity, then oldest first: at most 250
    characters however many there are; the rest are counted."""
    active = sorted(
        (
            one
            for one in tickets
            if one.type is TicketType.INCIDENT and one.status in ACTIVE_INCIDENT
        ),
        key=lambda one: (one.severity.rank, one.start_at, one.created_at, one.ref),
    )
    if not active:
        return ALL_IS_WELL
    # The shortest lines decide how many fit at all; no title need be longer for more than those.
    first = active[: LONGEST // SHORTCODE]
    if len(first) == len(active):
        for longest in TITLES:
            whole = "\n".join(_line(one, longest=longest) for one in first)
            if _counted(whole) <= LONGEST:
                return whole
    return "\n".join(_as_many_as_fit(first, total=len(active)))


def _as_many_as_fit(first: Sequence[Ticket], *, total: int) -> Iterator[str]:
    used = 0
    for shown, one in enumerate(first):
        line = _line(one, longest=TITLES[-1])
        rest = total - shown - 1
        used += _counted(line) + 1
        if used + (len(_more(rest)) if rest else -1) > LONGEST:
            yield _more(rest + 1)
            return
        yield line
    if total > len(first):
        yield _more(total - len(first))


def _line(ticket: Ticket, *, longest: int) -> str:
    title = mrkdwn(one_line(ticket.title), longest=longest)
    return f"{ticket.severity.rank}{KEYCAP} {ticket.ref} {title}"


def _more(number: int) -> str:
    return f"… and {number} more"


def _counted(text: str) -> int:
    """How long Slack may find *text*, a keycap counting as its name in colons."""
    return wide(text) + text.count(KEYCAP) * (SHORTCODE - len(KEYCAP) - 1)
