"""The pages that stand in nobody's room: signing in, the first page, and what is shown when a page
cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.web.dashboard.glance import glance
from tocsin.web.dashboard.listing import listing
from tocsin.web.dashboard.rendering import page, rendered
from tocsin.web.dashboard.visits import Fields, Page, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """Who asked to be sent a link, as they said it; ``wrong`` is what was the matter with that."""

    org: str = ""
    email: str = ""
    wrong: str | None = None


def sign_in_page(
    *,
    next_path: str,
    wrong: str | None,
    notice: str | None,
    kept: tuple[str, str] | None = None,
    mails: bool = False,
    asked_for: AskedFor | None = None,
) -> str:
    """The form that takes a key. *wrong* is what was the matter with the last one, *notice* why
    one has to sign in, or that one is signed out; *kept* is a form that could not be sent without:
    its address and its fields. *mails* is whether a link can be asked for by mail, *asked_for* who
    has just done that."""
    return rendered(
        "sign_in.html",
        reader=None,
        next_path=next_path,
        wrong=wrong,
        notice=notice,
        kept=kept,
        mails=mails,
        asked_for=asked_for or AskedFor(),
    )


def glance_page(visit: Visit) -> Page:
    """The first page."""
    return page(visit, "glance.html", glance=glance(visit.turn, visit.admitted, at=visit.at))


def tickets_page(visit: Visit) -> Page:
    """The list of tickets."""
    found = listing(visit.turn, visit.admitted, visit.fields, at=visit.at)
    return page(visit, "tickets.html", listing=found, status=400 if found.wrong else 200)


def trouble_page(
    title: str,
    detail: str,
    *,
    again: str,
    choices: Mapping[str, str] | None = None,
    resent: Fields | None = None,
) -> str:
    """What stands where a page cannot be shown: what is the matter, and where to go on. *choices*
    are other places, by their names; *resent* is a form that is sent to *again* once more."""
    return rendered(
        "trouble.html",
        reader=None,
        title=title,
        detail=detail,
        again=again,
        choices=choices or {},
        resent=resent,
    )
