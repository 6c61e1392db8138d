"""Which gateway, which key, which org: from the options and the environment, when first needed.

``TOCSIN_URL``, ``TOCSIN_API_KEY`` or ``TOCSIN_API_KEY_FILE``, ``TOCSIN_ORG`` (API: running).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from tocsin.app.command_line.client import Gateway

DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Target:
    """What the program was told before the command: the gateway's address and, perhaps, the org."""

    url: str
    org: str | None


def target_of(context: click.Context) -> Target:
    """The target of this run."""
    target = context.find_object(Target)
    assert target is not None, "the program sets it before any command runs"
    return target


def checked_url(text: str) -> str:
    """*text* as an address to add paths to.

    Raises:
        click.UsageError: no http(s) address, or one with a password, query or fragment.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise click.UsageError(
            "TOCSIN_URL (or --url) is no address of a gateway; write https://host[:port]"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise click.UsageError(
            "TOCSIN_URL (or --url) is more than an address; keys go into TOCSIN_API_KEY"
        )
    return text.rstrip("/")


def key_from(environment: Mapping[str, str]) -> str | None:
    """The API key of *environment*, None where there is none. What is wrong with it never shows it.

    Raises:
        click.UsageError: given twice, an unreadable file, or characters no key has.
    """
    key = environment.get("TOCSIN_API_KEY") or None
    file = environment.get("TOCSIN_API_KEY_FILE") or None
    if key is not None and file is not None:
        raise click.UsageError("TOCSIN_API_KEY and TOCSIN_API_KEY_FILE are both set; keep one")
    name = "TOCSIN_API_KEY"
    if file is not None:
        name = f"the file of TOCSIN_API_KEY_FILE ({file})"
        try:
            key = Path(file).read_text(encoding="ascii").strip()
        except OSError as failure:
            raise click.UsageError(f"cannot read {name}: {failure.strerror}") from None
        except UnicodeDecodeError:
            raise click.UsageError(f"{name} holds no API key") from None
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key and key):
        raise click.UsageError(f"{name} holds no API key (spaces or odd characters in it)")
    return key


def connect(context: click.Context) -> Gateway:
    """The gateway of this run; nothing is sent yet."""
    from tocsin.app.command_line.client import Gateway

    return Gateway(
        url=checked_url(target_of(context).url),
        key=key_from(os.environ),
        notice=lambda message: click.echo(message, err=True),
    )


def org_codes(me: Any) -> tuple[str, ...]:
    """The codes of the orgs that an answer of ``GET /v1/me`` names."""
    if not isinstance(me, dict):
        return ()
    orgs = me.get("orgs") or ([me["org"]] if me.get("org") else [])
    return tuple(str(org["code"]) if isinstance(org, dict) else str(org) for org in orgs)


def org_of(context: click.Context, gateway: Gateway) -> str:
    """The code of the org to work in: as told, else the one org of the key.

    Raises:
        click.UsageError: the key belongs to several orgs and none was named.
        GatewayError: the gateway could not be asked.
    """
    from tocsin.app.command_line.client import call

    told = target_of(context).org
    if told:
        return told
    codes = org_codes(call(gateway, "GET", "/v1/me").body)
    if len(codes) != 1:
        named = ", ".join(codes) if codes else "none"
        raise click.UsageError(
            f"which org? Set TOCSIN_ORG (or --org); this key belongs to: {named}"
        )
    return codes[0]


@dataclass(frozen=True, slots=True)
class Desk:
    """A gateway and the org to work in: where every command of the org begins."""

    gateway: Gateway
    org: str

    def path(self, *parts: str) -> str:
        """A path within the org.

        Raises:
            click.UsageError: a part is empty or a dot segment.
        """
        from tocsin.app.command_line.client import path

        try:
            return path("v1", "orgs", self.org, *parts)
        except ValueError as failure:
            raise click.UsageError(str(failure)) from None


def desk(context: click.Context) -> Desk:
    """The desk of this run; asks for the org where it was not told."""
    gateway = connect(context)
    return Desk(gateway=gateway, org=org_of(context, gateway))
