"""The timeline of a ticket as the war room shows it: a page of the list, and the whole as a
picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from tocsin.core.errors import invalid
from tocsin.core.facts import registered_kinds
from tocsin.core.records import Contributor, Member
from tocsin.core.ticket import Ticket
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.visits import Visit
from tocsin.web.dashboard.warroom.drawing import MOST_DRAWN, story_of, title_of
from tocsin.web.dashboard.warroom.entries import (
    ON_A_PAGE,
    Entry,
    LaneOf,
    Raw,
    Wanted,
    lane_of,
    read_entries,
    told,
)
from tocsin.web.dashboard.warroom.wording import NameOf
from tocsin.web.pictures.timeline import Width
from tocsin.web.pictures.timeline import timeline as drawn

_ERASED: Final = ".redacted"
_LANE_NAMES: Final = {
    None: "Everything",
    LaneOf.STATUS: "Status",
    LaneOf.SEVERITY: "Severity",
    LaneOf.SIGNALS: "Signals",
    LaneOf.ACTIONS: "Actions",
    LaneOf.MESSAGES: "Messages",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A way to look at the list, by its address; ``chosen`` is whether it is looked at so."""

    name: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A page of the list: its entries, other ways to look at it, and where it goes on.

    ``total`` is how many entries the ticket has in all; ``drawn`` how many the picture looks at.
    """

    entries: tuple[Entry, ...]
    lanes: tuple[Turn, ...]
    orders: tuple[Turn, ...]
    following: str | None
    first: str | None
    oldest_first: bool
    total: int
    drawn: int


def timeline(visit: Visit, ticket: Ticket) -> tuple[Timeline, Markup]:
    """The page of the list that the address asks for, and the picture of the whole.

    Raises:
        Invalid: the address names a lane or place that there is not.
    """
    wanted = _wanted(visit)
    turn, org_id = visit.turn, visit.admitted.org_id
    page = read_entries(
        turn,
        org_id=org_id,
        stream=ticket.stream,
        kinds=None if wanted.lane is None else _kinds(wanted.lane, ticket),
        oldest_first=wanted.oldest_first,
        beyond=wanted.beyond,
        limit=ON_A_PAGE + 1,
    )
    shown = page[:ON_A_PAGE]
    more = len(page) > len(shown)
    name_of = names_in(turn, org_id, shown)
    whole = read_entries(
        turn,
        org_id=org_id,
        stream=ticket.stream,
        kinds=_drawn_kinds(ticket),
        oldest_first=False,
        beyond=None,
        limit=MOST_DRAWN,
    )
    whole.reverse()
    found = Timeline(
        entries=tuple(_entries(shown, name_of)),
        lanes=tuple(
            Turn(
                name=name,
                address=_address(ticket, Wanted(lane=lane, oldest_first=wanted.oldest_first)),
                chosen=lane is wanted.lane,
            )
            for lane, name in _LANE_NAMES.items()
        ),
        orders=tuple(
            Turn(
                name=name,
                address=_address(ticket, Wanted(lane=wanted.lane, oldest_first=oldest)),
                chosen=oldest is wanted.oldest_first,
            )
            for name, oldest in (("Newest first", False), ("Oldest first", True))
        ),
        following=_address(
            ticket,
            Wanted(
                lane=wanted.lane,
                oldest_first=wanted.oldest_first,
                beyond=shown[-1].version,
            ),
        )
        if more
        else None,
        first=None
        if wanted.beyond is None
        else _address(ticket, Wanted(lane=wanted.lane, oldest_first=wanted.oldest_first)),
        oldest_first=wanted.oldest_first,
        total=ticket.version,
        drawn=ticket.version if len(whole) < MOST_DRAWN else len(whole),
    )
    return found, picture(ticket, whole, listed=shown, visit=visit)


def picture(ticket: Ticket, whole: Iterable[Raw], *, listed: Iterable[Raw], visit: Visit) -> Markup:
    """The picture for every width, one of which the style sheet shows. The list is beside it."""
    story = story_of(
        ticket,
        whole,
        listed={one.version for one in listed},
        now=visit.at,
        title=title_of(ticket),
    )
    return Markup("").join(
        drawn(story, name=f"story-{width.name.lower()}", width=width, most=width) for width in Width
    )


def _wanted(visit: Visit) -> Wanted:
    lane, beyond = visit.one("lane"), visit.one("beyond")
    if lane and lane not in set(LaneOf):
        known = ", ".join(LaneOf)
        raise invalid("lane", "unknown_word", f"the timeline has the lanes {known}")
    if beyond and not (beyond.isascii() and beyond.isdigit() and len(beyond) < 12):
        raise invalid("beyond", "bad_place", "this address was cut; begin at the first page")
    return Wanted(
        lane=LaneOf(lane) if lane else None,
        oldest_first=visit.one("order") == "oldest",
        beyond=int(beyond) if beyond else None,
    )


def _entries(shown: Iterable[Raw], name_of: NameOf) -> Iterator[Entry]:
    """*shown* as people read it. What goes by itself when its time is over goes entry by entry;
    nobody wants to read as many lines of that as there were of the ticket."""
    for goes, run in groupby(shown, key=_goes_by_itself):
        if not goes:
            yield from (told(one, name_of) for one in run)
            continue
        first, *more = run
        entry = told(first, name_of)
        text = f"erased what is kept no longer, in {1 + len(more)} entries"
        yield replace(entry, text=text) if more else entry


def _goes_by_itself(raw: Raw) -> bool:
    return raw.kind.endswith(_ERASED) and raw.document["actor"]["type"] == "system"


def _drawn_kinds(ticket: Ticket) -> list[str]:
    """The kinds of event that the picture is of: what was erased is no part of what happened."""
    return [kind for kind in _kinds(None, ticket) if not kind.endswith(_ERASED)]


def _kinds(lane: LaneOf | None, ticket: Ticket) -> list[str]:
    """The kinds of event of that lane, or of all, of that type of ticket."""
    begins = f"{ticket.type.value}."
    return sorted(
        kind
        for kind in {kind for kind, _ in registered_kinds()}
        if kind.startswith(begins) and lane in (None, lane_of(kind))
    )


def _address(ticket: Ticket, wanted: Wanted) -> str:
    pairs = [
        ("lane", "" if wanted.lane is None else wanted.lane.value),
        ("order", "oldest" if wanted.oldest_first else ""),
        ("beyond", "" if wanted.beyond is None else str(wanted.beyond)),
    ]
    asked = urlencode([(name, value) for name, value in pairs if value])
    return f"/tickets/{ticket.ref}{'?' if asked else ''}{asked}#timeline"


# -- names ----------------------------------------------------------------------------------------


def names_in(turn: ReadTurn, org_id: int, raws: Iterable[Raw]) -> NameOf:
    """Names for people of whatever *raws* name by id, found in one go."""
    streams = {stream for raw in raws for stream in _streams(raw.data)}
    heads = turn.heads(org_id, streams) if streams else {}

    def name_of(sort: str, identity: str) -> str | None:
        sorts = ("incident", "maintenance") if sort == "ticket" else (sort,)
        for one in sorts:
            head = heads.get(f"{one}:{identity}")
            match None if head is None else head.state:
                case Member(name=name) | Contributor(name=name):
                    return name
                case Ticket(ref=ref):
                    return ref
                case _:
                    pass
        return None

    return name_of


def _streams(data: Mapping[str, Any]) -> Iterator[str]:
    assignee = data.get("assignee_to")
    if isinstance(assignee, Mapping):
        yield f"{assignee['kind']}:{assignee['id']}"
    if isinstance(data.get("contributor_id"), str):
        yield f"contributor:{data['contributor_id']}"
    for holder in (data, data.get("relation"), data.get("overlap")):
        if not isinstance(holder, Mapping):
            continue
        for name in ("ticket_id", "duplicate_of"):
            if isinstance(holder.get(name), str):
                yield f"incident:{holder[name]}"
                yield f"maintenance:{holder[name]}"
