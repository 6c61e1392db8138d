"""The first page of the room: what there is, how much of it, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tocsin.core.permissions import READERS, may_read
from tocsin.core.records import Connector, Record, Service
from tocsin.core.words import Role
from tocsin.projections.connector_health import last_payloads, silent_since
from tocsin.store.outgoing import Trouble
from tocsin.web.dashboard.administration.finding import MOST_COUNTED, every, may
from tocsin.web.dashboard.administration.frames import chapters, room_page
from tocsin.web.dashboard.administration.sheets import Sheet
from tocsin.web.dashboard.visits import Page, Visit
from tocsin.web.dashboard.words import counted, role_words

_ABOUT: Final = {
    "inbox": "Every payload that neighbours sent, as it came, and what became of it.",
    "deliveries": "What did not get through: tried again by itself, or parked until you say so.",
    "policy": "How the org wants it: severities, windows, reopening, what is kept.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A place with how much is there. ``writes`` is whether the reader may make one."""

    title: str
    address: str
    about: str
    count: str | None
    readers: str
    writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for somebody, and where."""

    text: str
    address: str


def overview_of(sheets: tuple[Sheet, ...]) -> Callable[[Visit], Page]:
    """What shows the first page."""
    by_path = {sheet.path: sheet for sheet in sheets}

    def look(visit: Visit) -> Page:
        groups = [
            (
                chapter,
                [
                    _card(visit, place.title, place.address, place.reads, by_path.get(place.here))
                    for place in chapter.places
                ],
            )
            for chapter in chapters(visit)
        ]
        return room_page(visit, "overview.html", here="", groups=groups, waiting=_waiting(visit))

    return look


def _card(visit: Visit, title: str, address: str, reads: str, sheet: Sheet | None) -> Card:
    number: str | None = None
    writes = False
    about = _ABOUT.get(address.rpartition("/")[2], "")
    if sheet is not None:
        visible = sheet.visible(visit)
        found = [
            one
            for one in every(
                visit.turn, visit.admitted.org_id, Record, sheet.sort, limit=MOST_COUNTED + 1
            )
            if visible(one)
        ]
        number = str(len(found)) if len(found) <= MOST_COUNTED else f"{MOST_COUNTED}+"
        writes = sheet.making is not None and may(visit, sheet.making(visit), None)
        about = sheet.about
    return Card(
        title=title,
        address=address,
        about=about,
        count=number,
        readers=_readers(READERS[reads]),
        writes=writes,
    )


def _readers(least: Role) -> str:
    if least is Role.VIEWER:
        return "everybody"
    above = "" if least is Role.ORG_ADMIN else " and above"
    return f"{role_words(least)}{above}"


def _waiting(visit: Visit) -> tuple[Waiting, ...]:
    turn, org_id, access = visit.turn, visit.admitted.org_id, visit.admitted.access
    found = []
    discovered = sum(
        one.discovered for one in every(turn, org_id, Service, "service", limit=MOST_COUNTED)
    )
    if discovered:
        text = f"{counted(discovered, 'service')} that nobody has looked at"
        found.append(Waiting(text=text, address="/admin/services"))
    if may_read(access, "delivery"):
        parked = sum(
            number
            for (_, state), number in turn.noted_count(org_id).items()
            if state is Trouble.PARKED
        )
        if parked:
            noun = "delivery is parked" if parked == 1 else "deliveries are parked"
            found.append(Waiting(text=f"{parked} {noun}", address="/admin/deliveries?state=parked"))
    if may_read(access, "connector"):
        connectors = every(turn, org_id, Connector, "connector", limit=MOST_COUNTED)
        last = last_payloads(turn, org_id, [one.id for one in connectors])
        found += [
            Waiting(text=f"{one.name} is silent", address=f"/admin/connectors/{one.id}")
            for one in connectors
            if silent_since(one, last.get(one.id), at=visit.at) is not None
        ]
    return tuple(found)
