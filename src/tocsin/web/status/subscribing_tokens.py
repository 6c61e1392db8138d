"""What links in mails to subscribers carry: nobody but this installation can make them.

A link to confirm holds all there is to know, sealed, so that nothing is kept of whom nobody has
confirmed. A link to end it names the subscription, and stays good for as long as there is one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tocsin.store.sealing import WrongSecretKey

CONFIRM_WITHIN: Final = timedelta(hours=24)
LONGEST_TOKEN: Final = 16_384
_MADE_FOR: Final = "tocsin subscription 1"


class Wanted(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Who wants to be told what: a mail address, on a status page, about services (codes; none:
    all). ``id`` is what the subscription is called once it is confirmed."""

    id: str
    org_id: int
    page_id: str
    address: str
    services: tuple[str, ...]
    asked_at: datetime
    made_for: str = _MADE_FOR


@dataclass(frozen=True, slots=True)
class Late:
    """A link that was good once."""


class Tokens:
    """Makes and reads what links carry; ``seal`` and ``unseal`` are the installation's for this
    alone, ``key`` signs."""

    def __init__(
        self, *, seal: Callable[[bytes], bytes], unseal: Callable[[bytes], bytes], key: bytes
    ) -> None:
        self._seal = seal
        self._unseal = unseal
        self._key = key

    def confirming(self, wanted: Wanted) -> str:
        """What a link carries that confirms *wanted*."""
        return self._seal(msgspec.json.encode(wanted)).decode("ascii").rstrip("=")

    def wanted(self, text: str, *, at: datetime) -> Wanted | Late | None:
        """What a link confirms; None for what nobody here has made."""
        if len(text) > LONGEST_TOKEN:
            return None
        padded = text + "=" * (-len(text) % 4)
        try:
            found = msgspec.json.decode(self._unseal(padded.encode("ascii")), type=Wanted)
        except (WrongSecretKey, UnicodeEncodeError, msgspec.MsgspecError):
            return None
        if found.made_for != _MADE_FOR:
            return None
        return found if at < found.asked_at + CONFIRM_WITHIN else Late()

    def ending(self, org_id: int, subscription_id: str) -> str:
        """What a link carries that ends a subscription."""
        return f"{subscription_id}.{self._mark(org_id, subscription_id)}"

    def ended(self, text: str, *, org_id: int) -> str | None:
        """The subscription of that org that a link ends; None for what nobody here has made."""
        identity, _, mark = text[:LONGEST_TOKEN].rpartition(".")
        wanted = self._mark(org_id, identity)
        return identity if hmac.compare_digest(wanted.encode(), mark.encode()) else None

    def _mark(self, org_id: int, subscription_id: str) -> str:
        signed = f"{org_id} {subscription_id}".encode()
        return hmac.new(self._key, signed, hashlib.sha256).hexdigest()[:40]
