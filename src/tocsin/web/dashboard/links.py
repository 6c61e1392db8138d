"""Signing in by a link that is good once: a page with a button, and what the button does.

Those who look through mail follow links, so that following one changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog

from tocsin.core.errors import Conflict, Invalid, NotFound, Overloaded
from tocsin.handler.sign_in_links import LateLink, SignInLinks, using
from tocsin.handler.submission import Credential, Outcome, Submission
from tocsin.web.dashboard.addresses import SIGN_IN, SIGN_IN_LINK
from tocsin.web.dashboard.answers import Answer, trouble
from tocsin.web.dashboard.rendering import rendered
from tocsin.web.dashboard.requests import Asked, Receive, fields_of, form, one

log = structlog.get_logger(__name__)

Submit = Callable[[Submission], Awaitable[Outcome]]
"""Has the writer do something as the system."""

_FOLLOW_IT: Final = "Follow the link itself: another site sent this form."
_NEW_ONE: Final = "Ask for a new one, or sign in with a key."


class LinkDoor:
    """Answers at :data:`SIGN_IN_LINK`.

    ``submit`` has the writer do something as the system; ``enter`` begins the session of a
    credential at an instant, and answers with its cookie.
    """

    def __init__(
        self,
        links: SignInLinks,
        *,
        submit: Submit,
        enter: Callable[[Asked, Credential, datetime], Answer],
        clock: Callable[[], datetime],
    ) -> None:
        self._links = links
        self._submit = submit
        self._enter = enter
        self._clock = clock

    async def answered(self, request: Asked, receive: Receive) -> Answer:
        """The page with the button, or what the button does.

        Raises:
            FormWrong: a form that cannot be read.
            Gone: the browser went away.
            StorageFailed: the database is away.
        """
        at = self._clock()
        if request.method != "POST":
            return link_page(self._links, one(fields_of(request.query), "token"), at=at)
        token = one(await form(request, receive), "token")
        if not request.from_here:
            # Another site could sign its reader in as somebody else.
            return trouble(403, "Please sign in here", _FOLLOW_IT, again=SIGN_IN)
        try:
            found = await follow_link(
                self._links, token, address=request.address, at=at, submit=self._submit
            )
        except Overloaded as busy:
            return trouble(
                503,
                "Too much is waiting to be written",
                "The link is still good; try again in a moment.",
                again=SIGN_IN,
                headers=((b"retry-after", b"%d" % (busy.retry_after or 1)),),
            )
        if isinstance(found, Answer):
            return found
        log.info("signed in by a link", action="signed_in", key_id=found.key_id)
        return self._enter(request, found, at)


def link_page(links: SignInLinks, token: str, *, at: datetime) -> Answer:
    """What stands behind a link: the button, or why there is none."""
    found = links.read(token, at=at)
    if found is None:
        return _not_good()
    if isinstance(found, LateLink):
        return _too_late()
    return Answer(
        status=200,
        body=rendered("sign_in_link.html", reader=None, token=token, action=SIGN_IN_LINK),
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
