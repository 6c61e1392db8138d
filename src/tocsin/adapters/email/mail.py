"""How mail is sent: the settings of the mail server that takes it (Integrations: mail)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

from tocsin.dispatcher.contract import SEND_SECONDS

Security = Literal["starttls", "tls", "none"]

LONGEST_TIMEOUT = SEND_SECONDS - 0.5
"""Seconds; what remains of a send is for saying what became of it."""

_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@\x00-\x20\x7f]{1,64}@[A-Za-z0-9.-]{1,189}")

_WEB_ADDRESS = re.compile(r"https?://[!#-;=?-~]{1,500}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The mail server, and in whose name it is asked.

    ``security`` is ``starttls`` (encrypted after a greeting, and never without), ``tls`` (from the
    first byte) or ``none``. ``timeout`` is in seconds, for a whole send, at most 4.5.
    ``base_url`` is where this installation is found; ``unsubscribe_url`` is an https address that
    takes one-click unsubscriptions (RFC 8058): the route is added as ``?route=``.

    Raises:
        ValueError: an address or port that is none, or a password that would travel in the clear.
    """

    host: str
    port: int
    from_address: str
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    base_url: str | None = None
    unsubscribe_url: str | None = None
    timeout: float = LONGEST_TIMEOUT

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port < 65_536:
            raise ValueError("mail: a host and a port from 1 to 65,535 are needed")
        if self.security not in get_args(Security):
            raise ValueError("mail: security is starttls, tls or none")
        if not is_address(self.from_address):
            raise ValueError("mail: from_address is not a plain mail address")
        if (self.username is None) != (self.password is None):
            raise ValueError("mail: username and password are given together or not at all")
        if self.username is not None and self.security == "none":
            raise ValueError("mail: a password is never sent unencrypted; use starttls or tls")
        if self.unsubscribe_url is not None and not self.unsubscribe_url.startswith("https://"):
            raise ValueError("mail: unsubscribe_url begins with https://")
        for address in (self.base_url, self.unsubscribe_url):
            if address is not None and _WEB_ADDRESS.fullmatch(address) is None:
                raise ValueError("mail: base_url and unsubscribe_url are http or https addresses")
        if not 0 < self.timeout <= LONGEST_TIMEOUT:
            raise ValueError(f"mail: timeout is above 0 and at most {LONGEST_TIMEOUT} seconds")

    @property
    def domain(self) -> str:
        """What is behind the ``@`` of the address that mail comes from."""
        return self.from_address.rpartition("@")[2]


def is_address(text: str) -> bool:
    """Whether *text* is one plain mail address, without a name, quotes or anything hidden in it."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None
