"""What the dashboard sends back: with strict headers, kept by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.web.dashboard import pages
from tocsin.web.dashboard.requests import Send
from tocsin.web.dashboard.visits import HTML, Fields, Header, Page
from tocsin.web.templating import CONTENT_SECURITY_POLICY

SECURITY: Final[tuple[Header, ...]] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # With "no-referrer" browsers send forms without saying where they come from.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back; ``cookie`` is a ``Set-Cookie``."""

    status: int
    body: str = ""
    content_type: str = HTML
    headers: tuple[Header, ...] = ()
    cookie: bytes | None = None


def of_page(page: Page, *, cookie: bytes | None = None) -> Answer:
    """*page* as an answer."""
    return Answer(
        status=page.status,
        body=page.body,
        content_type=page.content_type,
        headers=page.headers,
        cookie=cookie,
    )


def moved(path: str, *, cookie: bytes | None = None) -> Answer:
    """Go on to *path*, an address of ours in ASCII."""
    return Answer(status=303, headers=((b"location", path.encode("ascii")),), cookie=cookie)


def trouble(
    status: int,
    title: str,
    detail: str,
    *,
    again: str,
    choices: Mapping[str, str] | None = None,
    resent: Fields | None = None,
    headers: tuple[Header, ...] = (),
) -> Answer:
    """A page that says what is the matter, and where to go on, or to send these fields again."""
    body = pages.trouble_page(title, detail, again=again, choices=choices, resent=resent)
    return Answer(status=status, body=body, headers=headers)


async def sent(answer: Answer, send: Send, *, with_body: bool) -> None:
    """Send *answer*."""
    body = answer.body.encode()
    headers: list[Any] = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", b"%d" % len(body)),
        *SECURITY,
        *answer.headers,
    ]
    if answer.cookie is not None:
        headers.append((b"set-cookie", answer.cookie))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body if with_body else b""})
