"""Signing in by a link that is good once: a page with a button, and what the button does.

Those who look through mail follow links, so that following one changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from tocsin.core.errors import Conflict, Invalid, NotFound
from tocsin.handler.sign_in_links import PATH, LateLink, SignInLinks, using
from tocsin.handler.submission import Credential, Outcome, Submission
from tocsin.web.dashboard.addresses import SIGN_IN
from tocsin.web.dashboard.answers import Answer, trouble
from tocsin.web.dashboard.rendering import rendered

SIGN_IN_LINK: Final = PATH
Submit = Callable[[Submission], Awaitable[Outcome]]
"""Has the writer do something as the system."""

_NEW_ONE: Final = "Ask for a new one, or sign in with a key."


def link_page(links: SignInLinks, token: str, *, at: datetime) -> Answer:
    """What stands behind a link: the button, or why there is none."""
    found = links.read(token, at=at)
    if found is None:
        return _not_good()
    if isinstance(found, LateLink):
        return _too_late()
    return Answer(
        status=200, body=rendered("sign_in_link.html", reader=None, token=token, action=PATH)
    )


async def follow_link(
    links: SignInLinks, token: str, *, address: str, at: datetime, submit: Submit
) -> Credential | Answer:
    """Sign in who has pressed the button: the credential that their session is to be made of, or
    why they are not signed in.

    Raises:
        Overloaded: the writer has too much to do.
        StorageFailed: the database is away.
    """
    found = links.read(token, at=at)
    if found is None:
        return _not_good()
    if isinstance(found, LateLink):
        return _too_late()
    submission, credential = using(found, address=address)
    try:
        await submit(submission)
    except Conflict:
        return trouble(410, "This link was used", f"It was good once. {_NEW_ONE}", again=SIGN_IN)
    except (Invalid, NotFound):
        return trouble(
            410, "You are no member here any more", "Ask whoever administers it.", again=SIGN_IN
        )
    return credential


def _not_good() -> Answer:
    detail = "It may have been cut off on its way: copy it from the message as a whole."
    return trouble(404, "This link is not good", detail, again=SIGN_IN)


def _too_late() -> Answer:
    return trouble(
        410, "This link is too old", f"It was good for 15 minutes. {_NEW_ONE}", again=SIGN_IN
    )
