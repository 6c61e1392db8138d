"""Where people read of a ticket: the address that chats, mails and calendars give them."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

TICKETS: Final = "/tickets"


def ticket_path(ref: str) -> str:
    """The path of the page of the ticket with this *ref*."""
    return f"{TICKETS}/{quote(ref, safe='')}"


def ticket_page(ref: str, *, base_url: str) -> str:
    """The page of that ticket, on the server at *base_url*; whoever is not signed in there is asked
    to, and comes to it then."""
    return f"{base_url.rstrip('/')}{ticket_path(ref)}"
