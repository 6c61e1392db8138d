"""Who asks: the bearer's key, and where the request came from (API: Authorization).

A key that was seen before is known here with its digest, org and rate, so that a request can be
counted and refused before anything is read. That memory never lets anybody in: the writer, or the
snapshot that is read, verifies the newest committed key and member each time.
"""

from __future__ import annotations

import base64
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tocsin.adapters.rest.rate import Bucket
from tocsin.core.errors import Unauthenticated
from tocsin.core.records import Key
from tocsin.handler.admission import Admission, credential_of
from tocsin.handler.submission import Credential

INSIDE = "tocsin.inside"
"""The key of a scope that was made in this process: its :class:`Inside`. No server makes one."""

_KNOWN_KEYS = 10_000
_NOT_A_BEARER = "the key is not written like one: Authorization: Bearer tk_<id>_<…>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A key that was let in before: its org, the digest of its secret, and its allowance."""

    key_id: str
    org_id: int
    org_code: str
    digest: bytes
    bucket: Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Who asks in this process, where another door has read their key; ``via`` is that door."""

    credential: Credential
    via: str


def presented(headers: Mapping[bytes, bytes], *, address: str, basic: bool = False) -> Credential:
    """The credential that a request carries: the bearer's, or where *basic* is read too, the
    password of HTTP Basic.

    Raises:
        Unauthenticated: there is none, or it is not written like a key.
    """
    value = headers.get(b"authorization")
    if value is None:
        raise Unauthenticated(
            "send the API key as: Authorization: Bearer tk_…; an org_admin makes one"
        )
    scheme, _, token = value.partition(b" ")
    token = token.strip()
    if basic and scheme.lower() == b"basic":
        scheme, token = b"bearer", _password(token)
    if scheme.lower() != b"bearer":
        raise Unauthenticated(_NOT_A_BEARER)
    try:
        return credential_of(token, address=address)
    except Unauthenticated as wrong:
        raise Unauthenticated(_NOT_A_BEARER) from wrong


def _password(token: bytes) -> bytes:
    """The password of HTTP Basic; empty where there is none that can be read."""
    try:
        return base64.b64decode(token, validate=True).partition(b":")[2]
    except ValueError:
        return b""


class Callers:
    """The keys this process has seen, the least recently used of them forgotten first.

    Only the event loop touches it. ``clock`` is seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: OrderedDict[str, Caller] = OrderedDict()

    def known(self, credential: Credential) -> Caller | None:
        """The caller of that credential, when it was seen before with the same secret."""
        caller = self._known.get(credential.key_id)
        if caller is None or not hmac.compare_digest(caller.digest, credential.digest):
            return None
        self._known.move_to_end(credential.key_id)
        return caller

    def remember(self, credential: Credential, admitted: Admission, *, org_id: int) -> Caller:
        """Learn a verified caller, or what has changed about it."""
        key = admitted.key
        caller = self._known.get(key.id)
        if caller is None or caller.digest != credential.digest or caller.org_id != org_id:
            caller = Caller(
                key_id=key.id,
                org_id=org_id,
                org_code=admitted.org.code,
                digest=credential.digest,
                bucket=Bucket(
                    rate_per_second=key.rate_per_second, burst=key.burst, clock=self._clock
                ),
            )
            self._known[key.id] = caller
            if len(self._known) > _KNOWN_KEYS:
                self._known.popitem(last=False)
        self.sized(caller, key)
        return caller

    def sized(self, caller: Caller, key: Key) -> None:
        """Take over the allowance that *key* has now."""
        bucket = caller.bucket
        if (bucket.rate_per_second, bucket.burst) != (key.rate_per_second, key.burst):
            bucket.resize(rate_per_second=key.rate_per_second, burst=key.burst)

    def forget(self, key_id: str) -> None:
        """Know a key no more: it was refused."""
        self._known.pop(key_id, None)
