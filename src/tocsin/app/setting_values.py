"""What the text of a setting can be: each reads one kind, or raises ValueError with what to give
instead."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable
from typing import Final, Literal

from tocsin.core.status_pages import is_slug

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ServerRole = Literal["all", "gateway", "dispatcher"]
SmtpSecurity = Literal["starttls", "tls", "none"]

ROLES: Final[tuple[ServerRole, ...]] = ("all", "gateway", "dispatcher")
SECURITIES: Final[tuple[SmtpSecurity, ...]] = ("starttls", "tls", "none")
TOKEN_MINIMUM: Final = 16
KEY_BYTES: Final = 32

_TOPIC = re.compile(
    r"arn:aws(-[a-z]+)*:sns:[a-z0-9-]{1,40}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"
)


def any_text(text: str) -> str:
    """Whatever was written."""
    return text


def whole(least: int, most: int) -> Callable[[str], int]:
    """Whole numbers within these bounds."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
            raise ValueError(f"give a whole number from {least} to {most}")
        return int(text)

    return read


def yes_or_no(text: str) -> bool:
    """Yes or no, in the usual words."""
    match text.lower():
        case "true" | "1" | "yes" | "on":
            return True
        case "false" | "0" | "no" | "off":
            return False
        case _:
            raise ValueError("give true or false")


def one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    """One of *words*."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"give one of {', '.join(words)}")
        return text

    return read


def listed(text: str) -> list[str]:
    """What stands between commas."""
    return [one.strip() for one in text.split(",") if one.strip()]


def roles(text: str) -> tuple[str, ...]:
    """Roles, each once."""
    read = one_of(ROLES)
    return tuple(dict.fromkeys(read(one) for one in listed(text)))


def networks(text: str) -> tuple[Network, ...]:
    """Networks between commas."""
    try:
        return tuple(ipaddress.ip_network(one) for one in listed(text))
    except ValueError as wrong:
        raise ValueError("give networks such as 10.0.0.0/8 or fd00::/8") from wrong


def topics(text: str) -> tuple[str, ...]:
    """ARNs of topics between commas, each once."""
    named = tuple(dict.fromkeys(listed(text)))
    if not all(_TOPIC.fullmatch(one) for one in named):
        raise ValueError("give ARNs such as arn:aws:sns:eu-central-1:123456789012:alarms")
    return named


def database(text: str) -> str:
    """The address of a database of a known kind."""
    scheme, _, rest = text.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return text
    if scheme in ("postgresql", "postgres") and rest:
        return text
    raise ValueError("give sqlite:///path/to/file or postgresql://…")


def web_address(text: str) -> str:
    """An address of the web, without a slash at its end."""
    if not text.startswith(("https://", "http://")) or any(one.isspace() for one in text):
        raise ValueError("give an address such as https://tocsin.example.net")
    return text.rstrip("/")


def page_code(text: str) -> str:
    """The code of a status page."""
    if not is_slug(text):
        raise ValueError("give the code of a status page, such as main")
    return text


def token(text: str) -> str:
    """A secret that is long enough to be one."""
    if len(text) < TOKEN_MINIMUM:
        raise ValueError(f"give at least {TOKEN_MINIMUM} characters")
    return text


def key(text: str) -> str:
    """A key of thirty-two bytes in URL-safe base64."""
    try:
        size = len(base64.b64decode(text, altchars=b"-_", validate=True))
    except ValueError:
        size = 0
    if size != KEY_BYTES:
        raise ValueError(f"give {KEY_BYTES} bytes in URL-safe base64")
    return text
