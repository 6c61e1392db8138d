"""Where to ask, read from what an operator wrote; what is wrong is said without repeating it, since
there may be a key in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+")
_TARGET = re.compile(r"[\x21-\x7e]*")
_HEADER = re.compile(r"[\x20-\x7e]{0,4128}")

_WANTED: Final = "give an address such as https://example.net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to ask; the ``target`` may hold the operator's key."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def shown(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def address_of(url: str, *, below: str = "") -> Address:
    """Where *url* leads, or the path *below* it.

    Raises:
        ValueError: it is no http or https address with a host alone.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise ValueError(_WANTED) from None
    if scheme not in _PORTS or host is None or _HOST.fullmatch(host) is None:
        raise ValueError(_WANTED)
    if parts.username is not None or parts.fragment:
        raise ValueError("give an address without a name, a password or a fragment")
    if below:
        if parts.query:
            raise ValueError("give an address without a query")
        target = parts.path.rstrip("/") + below
    else:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if _TARGET.fullmatch(target) is None:
        raise ValueError(_WANTED)
    return Address(scheme=scheme, host=host, port=port or _PORTS[scheme], target=target)


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """*headers*, if they can be sent.

    Raises:
        ValueError: one cannot; its value is not repeated.
    """
    for name, value in headers.items():
        if _HEADER.fullmatch(value) is None:
            raise ValueError(f"{name} has characters that no header can carry, or too many")
    return headers
