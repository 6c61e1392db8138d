"""A letter as a message: its parts and headers (RFC 5322, 2369, 2919, 3834, 8058).

The message's id is made of the delivery's, so that a mail that was sent twice is known as one. The
opening's id is what all later mails of the lane refer to: mail readers show one thread.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.adapters.email.letters import Letter, plain_text
from tocsin.adapters.email.mail import Mail
from tocsin.dispatcher.contract import Addressee


class _Unfolded(UnstructuredHeader, BaseHeader):
    """A header of identifiers, which no mail reader puts together again once they are broken."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> EmailPolicy[EmailMessage]:
    headers = HeaderRegistry()
    for name in ("message-id", "in-reply-to", "references", "list-id", "list-unsubscribe"):
        headers.map_to_type(name, _Unfolded)
    return SMTP.clone(header_factory=headers)


POLICY: Final = _policy()
"""How messages are written: identifiers unbroken, all else as SMTP wants it."""

_PAGES: Final = Environment(
    loader=PackageLoader("tocsin.adapters.email", "."),
    autoescape=True,
    undefined=StrictUndefined,
)

_PLAIN_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]{1,128}@[A-Za-z0-9.-]{1,189}>")
LONGEST_IDENTIFIER: Final = 100


def message_id(delivery_id: str, *, domain: str) -> str:
    """``<delivery-id@host>``: the same for every attempt at one delivery."""
    return f"<{_identifier(delivery_id)}@{domain}>"


def is_message_id(text: str) -> bool:
    """Whether *text* is an id as :func:`message_id` makes them."""
    return _MESSAGE_ID.fullmatch(text) is not None


def message_of(
    letter: Letter,
    *,
    to: Addressee,
    address: str,
    delivery_id: str,
    thread: str | None,
    at: datetime,
    mail: Mail,
) -> EmailMessage:
    """The message that carries *letter* to *address*, sent *at*, in the *thread* of that message id
    (None: it begins one)."""
    message = EmailMessage(policy=POLICY)
    message["From"] = mail.from_address
    message["To"] = address
    message["Subject"] = letter.subject
    message["Date"] = at
    message["Message-ID"] = message_id(delivery_id, domain=mail.domain)
    if thread is not None:
        message["In-Reply-To"] = thread
        message["References"] = thread
    route = _identifier(to.route_id)
    message["List-Id"] = f"<{route}.{_identifier(to.org)}.{mail.domain}>"
    message["List-Unsubscribe"] = ", ".join(_ways_out(route, mail))
    if mail.unsubscribe_url is not None:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain_text(letter), cte="quoted-printable")
    page = _PAGES.get_template("letter.html").render(letter=letter)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    return message


def _ways_out(route: str, mail: Mail) -> list[str]:
    """How to get no more of these, best first; a mail to the sender reaches a person anyway."""
    subject = quote(f"unsubscribe {route}")
    ways = [f"<mailto:{mail.from_address}?subject={subject}>"]
    if mail.unsubscribe_url is not None:
        joint = "&" if "?" in mail.unsubscribe_url else "?"
        ways.insert(0, f"<{mail.unsubscribe_url}{joint}route={quote(route)}>")
    elif mail.base_url is not None:
        ways.insert(0, f"<{mail.base_url}>")
    return ways


def _identifier(text: str) -> str:
    """*text* where it can stand in an identifier as it is, else its digest."""
    if len(text) <= LONGEST_IDENTIFIER and _PLAIN_IDENTIFIER.fullmatch(text) is not None:
        return text
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
