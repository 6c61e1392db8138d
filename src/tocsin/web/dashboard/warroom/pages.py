"""The addresses of the war room: the page of a ticket, and a form for each thing one may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.visits import (
    NOT_SENT,
    Filled,
    FormAt,
    Page,
    PageAt,
    Sent,
    Told,
    Visit,
    Wish,
)
from tocsin.web.dashboard.warroom.choices import Verb
from tocsin.web.dashboard.warroom.entries import via_words, web_address
from tocsin.web.dashboard.warroom.fields import IMPACT
from tocsin.web.dashboard.warroom.options import SHOWN_AS
from tocsin.web.dashboard.warroom.room import room_of
from tocsin.web.dashboard.warroom.wishes import names_of, wish_of
from tocsin.web.status import prose

TICKET: Final = "/tickets/{ref}"

_AT: Final = {
    Verb.CORRECT: f"{TICKET}/public-updates/{{update}}",
    Verb.REDRIVE: f"{TICKET}/deliveries/{{delivery}}/redrive",
}
_GOES_ON_AT: Final = {
    Verb.NOTE: "#timeline",
    Verb.ACT: "#timeline",
    Verb.PUBLISH: "#public",
    Verb.CORRECT: "#public",
    Verb.REDRIVE: "#deliveries",
    Verb.RELATE: "#related",
    Verb.REFERENCE: "#related",
}


def look(visit: Visit) -> Page:
    """The war room; ``?template=`` begins a public update."""
    return _room(visit, Verb.PUBLISH if visit.one("template") else None, NOT_SENT)


def _room(visit: Visit, opened: Verb | None, filled: Filled) -> Page:
    return page(
        visit,
        "warroom/room.html",
        filled=filled,
        room=room_of(visit, opened=opened, filled=filled),
        Verb=Verb,
        NOT_SENT=NOT_SENT,
        IMPACT=IMPACT,
        shown_as=SHOWN_AS,
        opened=opened,
        paragraphs=prose.paragraphs,
        via_words=via_words,
        web_address=web_address,
    )


def _showing(verb: Verb) -> Callable[[Visit, Filled], Page]:
    def show(visit: Visit, filled: Filled) -> Page:
        return _room(visit, verb, filled)

    return show


def _wishing(verb: Verb) -> Callable[[Sent], Wish]:
    def wish(sent: Sent) -> Wish:
        return wish_of(verb, sent)

    return wish


def _going_on(verb: Verb) -> Callable[[Sent, Told], str]:
    def done(sent: Sent, _: Told) -> str:
        return f"/tickets/{quote(sent.path['ref'], safe='')}{_GOES_ON_AT.get(verb, '')}"

    return done


PAGES: Final[tuple[PageAt | FormAt, ...]] = (
    PageAt(path=TICKET, look=look),
    *(
        FormAt(
            path=_AT.get(verb, f"{TICKET}/{verb.value}"),
            wish=_wishing(verb),
            show=_showing(verb),
            done=_going_on(verb),
            names=names_of(verb),
        )
        for verb in Verb
    ),
)
