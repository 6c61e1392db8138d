"""What an external select offers for what was typed so far, and what ``list`` shows.

Every answer is one page: at most a hundred options of at most 75 characters, found by the lists and
the search that serve the API, whose cost does not rise with the number of tickets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from tocsin.adapters.slack.contract import (
    PICK_ASSIGNEE,
    PICK_DEVICE,
    PICK_LINK,
    PICK_SERVICE,
    PICK_TICKET,
)
from tocsin.adapters.slack.escaping import tidy
from tocsin.adapters.slack.fields import (
    ANY_TICKET,
    MOST_OPTIONS,
    Option,
    option,
    readable,
)
from tocsin.core.claims import DEVICE_CODE, LINK_CODE, REF
from tocsin.core.records import Contributor, Device, Link, Member, Record, Service
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.words import ENDED, OVER, Severity, Status, TicketType, folded, is_active
from tocsin.projections.documents import SHORTEST_BEGINNING, words_of
from tocsin.projections.tickets import Sort, TicketQuery, list_tickets
from tocsin.store.contract import Head, ReadTurn

LONGEST_TYPED: Final = 200
"""Characters of what was typed that are looked at."""

NOBODY: Final = "@nobody"
"""The value of the option that takes a ticket from whoever has it: neither a code nor an id."""

_PAGE: Final = 500
_MOST_READ: Final = 5_000
"""So many records of a sort are looked through for a name; devices and links are looked up."""

_SEVERITY: Final = re.compile(r"(?:sev|p)-?([1-5])", re.IGNORECASE)


def offered(
    turn: ReadTurn, *, org_id: int, action_id: str, block_id: str, typed: str
) -> list[Option]:
    """The options of the external select of that action and block; none where it is not ours."""
    match action_id:
        case action if action == PICK_TICKET:
            return ticket_options(
                turn, org_id=org_id, typed=typed, over_too=block_id.partition(":")[0] == ANY_TICKET
            )
        case action if action == PICK_DEVICE:
            return device_options(turn, org_id=org_id, typed=typed)
        case action if action == PICK_LINK:
            return link_options(turn, org_id=org_id, typed=typed)
        case action if action == PICK_SERVICE:
            return service_options(turn, org_id=org_id, typed=typed)
        case action if action == PICK_ASSIGNEE:
            return assignee_options(turn, org_id=org_id, typed=typed)
        case _:
            return []


def assignee_in(value: str) -> str | None:
    """What the chosen option of an assignee says to :class:`tocsin.core.commands.Assign`."""
    return None if value == NOBODY else value


# -- tickets --------------------------------------------------------------------------------------


def ticket_options(
    turn: ReadTurn, *, org_id: int, typed: str, over_too: bool = False
) -> list[Option]:
    """The tickets that *typed* finds, active ones first, then those whose work is done.

    A ref, words of the text, a severity; nothing lists the worst first. Those that are over come
    last, and only where they are wanted (``over_too``).
    """
    return [
        ticket_option(one) for one in found_tickets(turn, org_id, typed=typed, over_too=over_too)
    ]


def ticket_option(ticket: Ticket) -> Option:
    """``I20261120-af36 · sev2 · title``; what is no longer active says so."""
    standing = ticket.severity.value
    if not is_active(ticket.status):
        standing = f"{standing} {readable(ticket.status).lower()}"
    return option(f"{ticket.ref} · {standing} · {ticket.title}", ticket.id)


def found_tickets(
    turn: ReadTurn, org_id: int, *, typed: str, over_too: bool, limit: int = MOST_OPTIONS
) -> list[Ticket]:
    """The tickets behind :func:`ticket_options`."""
    said = tidy(typed[:LONGEST_TYPED]).strip()
    severities, words = _severities(words_of(said))
    said = " ".join(words)
    found: dict[str, Ticket] = {}

    def add(tickets: Iterable[Ticket]) -> bool:
        for ticket in tickets:
            if len(found) < limit:
                found.setdefault(ticket.id, ticket)
        return len(found) >= limit

    named = _by_ref(turn, org_id, said)
    if named is not None and (over_too or named.status not in OVER):
        add([named])
    statuses: list[Collection[Status]] = [[one for one in Status if is_active(one)], ENDED]
    if over_too:
        statuses.append(OVER)
    for place, group in enumerate(statuses):
        facets = facets_matching(statuses=group, severities=severities)
        if len(said) < SHORTEST_BEGINNING:
            by = Sort.SEVERITY if place == 0 else Sort.UPDATED_AT
            if add(_page(turn, org_id, TicketQuery(facets=facets, sort=by, limit=limit))):
                break
            continue
        # The search follows the log at a little distance: the newest are looked at as well.
        newest = _page(turn, org_id, TicketQuery(facets=facets, limit=limit))
        needle = said.casefold()
        add(one for one in newest if needle in f"{one.ref} {one.title}".casefold())
        searched = TicketQuery(facets=facets, words=tuple((word,) for word in words), limit=limit)
        if add(_page(turn, org_id, searched)):
            break
    return list(found.values())


def _severities(words: Sequence[str]) -> tuple[set[Severity] | None, tuple[str, ...]]:
    """The severities among *words*, and the other words."""
    severities: set[Severity] = set()
    others: list[str] = []
    for word in words:
        named = _SEVERITY.fullmatch(word)
        if named is None:
            others.append(word)
        else:
            severities.add(Severity(f"sev{named[1]}"))
    return severities or None, tuple(others)


def _by_ref(turn: ReadTurn, org_id: int, said: str) -> Ticket | None:
    stream = turn.claimed_by(org_id, REF, said[:1].upper() + said[1:].lower()) if said else None
    head = None if stream is None else turn.head(org_id, stream)
    return head.state if head is not None and isinstance(head.state, Ticket) else None


def _page(turn: ReadTurn, org_id: int, query: TicketQuery) -> list[Ticket]:
    heads = list_tickets(turn, org_id=org_id, query=query).heads
    return [head.state for head in heads if isinstance(head.state, Ticket)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The tickets that a list shows; ``more`` when there are others behind them."""

    tickets: tuple[Ticket, ...]
    more: bool


def listed(
    turn: ReadTurn,
    *,
    org_id: int,
    kind: TicketType | None,
    words: Sequence[str],
    member_id: str | None = None,
    limit: int = 20,
) -> Listing:
    """What ``list`` shows for its filter *words*: active tickets unless one says otherwise;
    incidents the worst first, maintenance in the order of its windows (what is over, or all of it,
    the last one first).

    Known are severities, statuses, ``mine`` (created by or assigned to *member_id*), ``all`` and
    ``over``; every other word is searched for, and then the newest come first.
    """
    severities, others = _severities([tidy(word[:LONGEST_TYPED]) for word in words])
    statuses: set[Status] | None = None
    searched: list[str] = []
    terms: list[frozenset[str]] = []
    active: bool | None = True
    for word in others:
        status = _STATUSES.get(folded(word))
        key = word.casefold()
        if status is not None:
            statuses = {status} | (statuses or set())
            active = None
        elif key == "all":
            active = None
        elif key == "over":
            statuses = set(OVER) | (statuses or set())
            active = None
        elif key == "mine" and member_id is not None:
            terms.append(frozenset({f"created_by={member_id}", f"assignee=member:{member_id}"}))
        else:
            searched += words_of(word)
    query = TicketQuery(
        terms=tuple(terms),
        facets=facets_matching(
            types=None if kind is None else [kind],
            statuses=statuses,
            severities=severities,
            active=active,
        ),
        words=tuple((word,) for word in searched),
        sort=Sort.CREATED_AT if searched else Sort.SEVERITY,
        limit=limit,
    )
    if kind is TicketType.MAINTENANCE and not searched:
        # What comes next is asked for, or what was last; planned work hardly differs in severity.
        ahead = all(is_active(one) for one in statuses) if statuses else active is True
        query = replace(query, sort=Sort.START_AT, descending=not ahead)
    page = list_tickets(turn, org_id=org_id, query=query)
    tickets = [head.state for head in page.heads if isinstance(head.state, Ticket)]
    return Listing(tickets=tuple(tickets), more=page.next is not None)


_STATUSES: Final = {folded(status.value): status for status in Status}


# -- devices and links ----------------------------------------------------------------------------


def device_options(turn: ReadTurn, *, org_id: int, typed: str) -> list[Option]:
    """The devices whose code has what was *typed* in it; the value is the pubkey."""
    return _assets(turn, org_id, DEVICE_CODE, typed)


def link_options(turn: ReadTurn, *, org_id: int, typed: str) -> list[Option]:
    """The links whose code has what was *typed* in it; the value is the pubkey."""
    return _assets(turn, org_id, LINK_CODE, typed)


def asset_option(asset: Device | Link, owner: Contributor | None = None) -> Option:
    """``AMS-1 · contributor · place``."""
    parts = [asset.code]
    if owner is not None:
        parts.append(owner.code)
    if isinstance(asset, Device) and asset.location is not None:
        parts.append(asset.location)
    return option(" · ".join(parts), asset.pubkey)


def _assets(turn: ReadTurn, org_id: int, kind: str, typed: str) -> list[Option]:
    heads = turn.heads(org_id, (streams := _claimed(turn, org_id, kind, typed)))
    states = [heads[stream].state for stream in streams if stream in heads]
    assets = [one for one in states if isinstance(one, Device | Link) and one.removed_at is None]
    owners = turn.heads(org_id, {f"contributor:{one.contributor_id}" for one in assets})
    return [
        asset_option(one, _owner(owners.get(f"contributor:{one.contributor_id}"))) for one in assets
    ]


def _owner(head: Head | None) -> Contributor | None:
    return head.state if head is not None and isinstance(head.state, Contributor) else None


def _claimed(turn: ReadTurn, org_id: int, kind: str, typed: str) -> list[str]:
    """The streams that hold a code with the words of *typed* in it, in that order; those first that
    begin so."""
    words = [_literally(word) for word in tidy(typed[:LONGEST_TYPED]).lower().split()]
    begins = "%".join([*words, ""])
    rows = turn.select(_CODES, (org_id, kind, f"%{begins}", begins, MOST_OPTIONS), org_id=org_id)
    return [stream for (stream,) in rows]


_CODES: Final = (
    "SELECT stream FROM claims WHERE org_id = ? AND kind = ? AND lower(key) LIKE ? ESCAPE '!'"
    " ORDER BY CASE WHEN lower(key) LIKE ? ESCAPE '!' THEN 0 ELSE 1 END, key LIMIT ?"
)
"""Along the claims of one kind: no state is read before it is known which ones are shown."""


def _literally(text: str) -> str:
    """*text* for LIKE, with ``!`` before what has a meaning there."""
    return re.sub(r"([!%_])", r"!\1", text)


# -- records that are few -------------------------------------------------------------------------

R = TypeVar("R", bound=Record)


def service_options(turn: ReadTurn, *, org_id: int, typed: str) -> list[Option]:
    """The services whose name or code has everything that was *typed*; the value is the code."""
    found = _named(turn, org_id, "service", Service, typed, lambda one: f"{one.name} {one.code}")
    return [service_option(one) for one in found]


def service_option(service: Service) -> Option:
    """Its name, and its code where that says something else."""
    same = folded(service.name) == folded(service.code)
    shown = service.name if same else f"{service.name} · {service.code}"
    return option(shown, service.code)


def assignee_options(turn: ReadTurn, *, org_id: int, typed: str) -> list[Option]:
    """Members by name (the value is the id), contributors by name or code (the value is the code),
    and nobody (:data:`NOBODY`)."""
    members = _named(
        turn, org_id, "member", Member, typed, lambda one: "" if one.service else one.name
    )
    contributors = _named(
        turn, org_id, "contributor", Contributor, typed, lambda one: f"{one.name} {one.code}"
    )
    room = MOST_OPTIONS - 1
    kept = contributors[: max(room // 4, room - len(members))]
    options = [option(one.name, one.id) for one in members[: room - len(kept)]]
    options += [option(f"{one.name} · {one.code} (contributor)", one.code) for one in kept]
    if "nobody".startswith(typed.strip().casefold()):
        options.append(option("Nobody", NOBODY))
    return options


def _named(
    turn: ReadTurn,
    org_id: int,
    sort: str,
    kind: type[R],
    typed: str,
    text: Callable[[R], str],
) -> list[R]:
    """The records of one sort whose *text* has all words that were typed, by that text."""
    words = tidy(typed[:LONGEST_TYPED]).casefold().split()
    found: list[tuple[str, R]] = []
    after, read = "", 0
    while read < _MOST_READ:
        heads = turn.heads_of_sort(org_id, sort, after=after, limit=_PAGE)
        for head in heads:
            record: Any = head.state
            if isinstance(record, kind) and record.removed_at is None:
                shown = text(record).casefold()
                if shown and all(word in shown for word in words):
                    found.append((shown, record))
        if len(heads) < _PAGE:
            break
        after, read = heads[-1].stream, read + len(heads)
    first = words[0] if words else ""
    found.sort(key=lambda one: (not one[0].startswith(first), one[0]))
    fits = [record for _, record in found]
    return fits[:MOST_OPTIONS]
