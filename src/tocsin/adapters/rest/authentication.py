"""Who asks: the bearer's key, and where the request came from (API: Authorization).

A key that was seen before is known here with its digest, org and rate, so that a request can be
counted and refused before anything is read. That memory never lets anybody in: the writer, or the
snapshot that is read, verifies the newest committed key and member each time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.adapters.rest.rate import Bucket
from tocsin.core.credentials import Network, admit
from tocsin.core.errors import Unauthenticated
from tocsin.core.evidence import Access
from tocsin.core.records import Contributor, Key, Member, Org
from tocsin.handler.submission import Credential
from tocsin.store.contract import ReadTurn

_KNOWN_KEYS = 10_000
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A key that was let in before: its org, the digest of its secret, and its allowance."""

    key_id: str
    org_id: int
    org_code: str
    digest: bytes
    bucket: Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a verified key stands for, on one snapshot."""

    access: Access
    key: Key
    member: Member
    contributor: Contributor | None
    org: Org


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
    parts = token.split(b"_", 2)
    if scheme.lower() != b"bearer" or len(parts) != 3 or parts[0] != b"tk":
        raise Unauthenticated("the key is not written like one: Authorization: Bearer tk_<id>_<…>")
    if len(token) > _LONGEST_KEY or not parts[1].isalnum():
        raise Unauthenticated("the key is not written like one: Authorization: Bearer tk_<id>_<…>")
    return Credential(
        key_id=parts[1].decode("ascii"),
        digest=hashlib.sha256(parts[2]).digest(),
        address=address,
    )


def _password(token: bytes) -> bytes:
    """The password of HTTP Basic; empty where there is none that can be read."""
    try:
        return base64.b64decode(token, validate=True).partition(b":")[2]
    except ValueError:
        return b""


def admission(turn: ReadTurn, credential: Credential, *, at: datetime) -> Admission:
    """What *credential* stands for on this snapshot.

    Raises:
        Unauthenticated: it is unknown, revoked, expired, or used from elsewhere.
    """
    row = turn.credential(credential.key_id)
    # Compared even when there is no such key, so that the time taken does not tell.
    known = row.digest if row is not None else bytes(32)
    fits = hmac.compare_digest(known, credential.digest)
    if row is None or not fits:
        raise Unauthenticated("this API key is not known here; ask an org_admin for a new one")
    head = turn.head(row.org_id, f"key:{credential.key_id}")
    key = None if head is None else head.state
    if not isinstance(key, Key):
        raise Unauthenticated("this API key is not known here; ask an org_admin for a new one")
    head = turn.head(row.org_id, f"member:{key.member_id}")
    member = head.state if head is not None and isinstance(head.state, Member) else None
    access = admit(key, member, at=at, address=credential.address)
    if member is None:
        raise Unauthenticated("the member this API key speaks for is gone")
    contributor: Contributor | None = None
    if member.contributor_id is not None:
        head = turn.head(row.org_id, f"contributor:{member.contributor_id}")
        if head is not None and isinstance(head.state, Contributor):
            contributor = head.state
    (head,) = turn.heads_of_sort(row.org_id, "org", limit=1)
    assert isinstance(head.state, Org)
    return Admission(access=access, key=key, member=member, contributor=contributor, org=head.state)


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


def client_address(peer: str, forwarded_for: bytes | None, *, trusted: Sequence[Network]) -> str:
    """The address that a request came from (API: X-Forwarded-For).

    *peer* is who is connected. Only a trusted proxy's word about others counts, and of its list the
    last address that is not itself a trusted proxy's. Empty when the proxy's word is no address:
    then nobody knows, and a key that is bound to addresses may not be used.
    """
    peer = plain_address(peer)
    if forwarded_for is None or not trusted or not _is_in(peer, trusted):
        return peer
    address = peer
    for hop in reversed(forwarded_for.decode("latin-1").split(",")):
        address = plain_address(hop.strip())
        if not _is_in(address, trusted):
            break
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def plain_address(text: str) -> str:
    """*text*, and an IPv4 address as such that came over a socket of both families."""
    if not text.lower().startswith("::ffff:"):
        return text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return text if mapped is None else str(mapped)


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        asking = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(asking in network for network in networks)
