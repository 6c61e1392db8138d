"""Where the dashboard's pages are, and which addresses one may be sent on to."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from tocsin.handler.sign_in_links import PATH
from tocsin.projections import addresses as told

HOME: Final = "/"
SIGN_IN: Final = "/sign-in"
SIGN_IN_LINK: Final = PATH
SIGN_IN_MAIL: Final = "/sign-in/mail"
SIGN_OUT: Final = "/sign-out"
TICKETS: Final = told.TICKETS
NEW_INCIDENT: Final = "/new/incident"
NEW_MAINTENANCE: Final = "/new/maintenance"
MAINTENANCE: Final = "/maintenance"
MEASURES: Final = "/measures"
NETWORK: Final = "/network"
ADMINISTRATION: Final = "/admin"
LIVE: Final = "/live"
FIXED: Final = (SIGN_IN, SIGN_IN_LINK, SIGN_IN_MAIL, SIGN_OUT, LIVE)
"""What is no page: who comes and goes, and what is told while one looks."""
LONGEST: Final = 2_000


def safe_next(text: str) -> str:
    """*text* where it is a path of this server, else :data:`HOME`.

    Browsers read a backslash as a slash, skip tabs and line ends, and take ``//host`` for another
    host: nothing of that is a path here. Nobody is sent on to signing in or out.
    """
    if not text.startswith("/") or text.startswith("//") or len(text) > LONGEST:
        return HOME
    if "\\" in text or any(ord(one) <= 0x20 or 0x7F <= ord(one) <= 0x9F for one in text):
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    if parts.scheme or parts.netloc or parts.path in FIXED:
        return HOME
    return quote(text, safe="/%?&=+~:;,@!$'()*-._#[]")


def sign_in_for(wanted: str) -> str:
    """The sign-in page that goes on to *wanted*."""
    wanted = safe_next(wanted)
    return SIGN_IN if wanted == HOME else f"{SIGN_IN}?next={quote(wanted, safe='')}"


def ticket(ref: str) -> str:
    """The page of a ticket."""
    return told.ticket_path(ref)


def asset(path: str, name: str) -> str:
    """The page of a device or link, of that *name*; *path* is what the network has them under."""
    return f"{NETWORK}/{path}/{quote(name, safe=':')}"
