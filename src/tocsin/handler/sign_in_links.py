"""Links that sign a member in, once: what they carry, and what using one makes (API: sign-in).

Nothing is kept of a link until it is used. Using it makes an API key of the member, whose id
follows from the link: a second use would make the same key again, and is refused.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tocsin.core.record_commands import CreateKey, RevokeKey
from tocsin.handler.submission import Credential, Submission
from tocsin.store.sealing import WrongSecretKey

LASTING: Final = timedelta(minutes=15)
"""How long a link is good."""
KEY_NAME: Final = "browser"
KEY_DAYS: Final = 7
PATH: Final = "/sign-in/link"

LONGEST_TOKEN: Final = 2_048
_MADE_FOR: Final = "tocsin sign-in link 1"
_DIGITS: Final = 16
_RANDOM_BYTES: Final = 18
_DIGEST_BYTES: Final = 32


class SignInLink(
    msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a link carries: which member of which org (its number) it signs in, until when, and the
    ranges that they may then ask from (none: everywhere)."""

    org_id: int
    member_id: str
    nonce: str
    expires_at: datetime
    allow_cidr: tuple[str, ...] = ()
    made_for: str = ""

    @property
    def key_id(self) -> str:
        """The id of the key that using it makes."""
        named = f"{self.org_id} {self.member_id} {self.nonce}".encode()
        return hashlib.sha256(named).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class LateLink:
    """A link that was good once."""


class SignInLinks:
    """Makes and reads links; without memory, for any number of threads and gateways.

    ``seal`` and ``unseal`` are the installation's for this alone; ``url`` is where browsers find
    this server: never what a request says of it, since a link goes out by mail.
    """

    def __init__(
        self, *, seal: Callable[[bytes], bytes], unseal: Callable[[bytes], bytes], url: str
    ) -> None:
        self._seal = seal
        self._unseal = unseal
        self._url = url.rstrip("/")

    def make(
        self, *, org_id: int, member_id: str, at: datetime, allow_cidr: tuple[str, ...] = ()
    ) -> tuple[str, datetime]:
        """A link for a member, made at the instant *at*: its address, and until when it is good.

        Who follows it may ask from *allow_cidr* only, where that names ranges.
        """
        expires_at = at + LASTING
        link = SignInLink(
            org_id=org_id,
            member_id=member_id,
            nonce=secrets.token_urlsafe(_RANDOM_BYTES),
            expires_at=expires_at,
            allow_cidr=allow_cidr,
            made_for=_MADE_FOR,
        )
        token = self._seal(msgspec.json.encode(link)).decode("ascii").rstrip("=")
        return f"{self._url}{PATH}?token={token}", expires_at

    def read(self, token: str, *, at: datetime) -> SignInLink | LateLink | None:
        """What a link carries at the instant *at*; None for what nobody here has made."""
        if len(token) > LONGEST_TOKEN:
            return None
        padded = token + "=" * (-len(token) % 4)
        try:
            found = msgspec.json.decode(self._unseal(padded.encode("ascii")), type=SignInLink)
        except (WrongSecretKey, UnicodeEncodeError, msgspec.MsgspecError):
            return None
        if found.made_for != _MADE_FOR:
            return None
        return found if at < found.expires_at else LateLink()


def using(link: SignInLink, *, address: str) -> tuple[Submission, Credential]:
    """What to have the writer do for who uses *link* from *address*, and the credential that they
    have once it is done.

    The key has the member's role and ends after a week. Nobody knows its secret: only the session
    that is made of the credential can use it. Done a second time it is a ``Conflict``; for a member
    who is gone it is ``Invalid``.
    """
    digest = secrets.token_bytes(_DIGEST_BYTES)
    submission = Submission(
        org_id=link.org_id,
        sort="key",
        command=CreateKey(
            key_id=link.key_id,
            name=KEY_NAME,
            member_id=link.member_id,
            expires_in_days=KEY_DAYS,
            allow_cidr=link.allow_cidr,
        ),
        via="web",
        secret_digest=digest,
    )
    return submission, Credential(key_id=link.key_id, digest=digest, address=address)


def ending(org_id: int, key_id: str) -> Submission:
    """What to have the writer do for who signs out again: the key that the link made is good no
    more, whoever else may have got hold of the cookie."""
    return Submission(org_id=org_id, sort="key", subject=key_id, command=RevokeKey(), via="web")
