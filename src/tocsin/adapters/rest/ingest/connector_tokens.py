"""Which neighbour speaks: the token that comes with a payload, and the connector that has it
(API: connectors, ingest).

A token is told once and kept as its SHA-256. Connectors that were heard of before are known here
for a moment, so that their payloads can be read at once; that memory never lets anybody in: the
writer holds the token against the newest committed connector each time.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tocsin.adapters.rest.gateway import Gateway
from tocsin.core.claims import CONNECTOR_CODE, CONNECTOR_DIGEST
from tocsin.core.errors import Malformed, Unavailable
from tocsin.core.records import Connector
from tocsin.store.contract import ReadTurn
from tocsin.store.sealing import WrongSecretKey

KNOWN_SECONDS = 1.0
"""How long what is known of a connector may be old."""

LONGEST_TOKEN = 512
_KNOWN_TOKENS = 10_000
_MOST_PARAMETERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A connector, its org, and the secret that its neighbour signs with, if there is one."""

    org_id: int
    org_code: str
    connector: Connector
    secret: bytes | None


def query_of(raw: bytes) -> dict[str, str]:
    """The parameters of a query string; of one that is repeated all, parted by line feeds.

    Raises:
        Malformed: it cannot be read.
    """
    if not raw:
        return {}
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as garbled:
        raise Malformed(f"the query string cannot be read: {garbled}") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found


def carried_token(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The token that came as ``Authorization: Bearer``, as the password of HTTP Basic, or as
    ``?token=``; None where none did, and an empty one is none."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            found = value.strip()
        case "basic":
            found = _password(value.strip())
        case _:
            found = ""
    return found or query.get("token") or None


def _password(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2].decode()
    except ValueError:
        return ""


def digest_of(token: str) -> str:
    """The SHA-256 of *token*, in hex; of one that is too long, what no token has."""
    if len(token) > LONGEST_TOKEN:
        return ""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def with_token(
    turn: ReadTurn, digest: str, *, unseal: Callable[[bytes], bytes]
) -> tuple[Neighbour, ...]:
    """The connectors whose token has that *digest*, in whatever org, the first made first.

    Within an org there is one at most.

    Raises:
        Unavailable: its secret does not open.
    """
    rows = turn.select(
        "SELECT o.org_id, o.code, c.stream FROM orgs o CROSS JOIN claims c"
        " ON c.org_id = o.org_id AND c.kind = ? AND c.key = ?",
        (CONNECTOR_DIGEST, digest),
        org_id=None,
    )
    found = (
        _neighbour(turn, org_id=org_id, org_code=code, stream=stream, unseal=unseal)
        for org_id, code, stream in rows
    )
    fitting = [
        one
        for one in found
        if one is not None and hmac.compare_digest(one.connector.token_digest, digest)
    ]
    return tuple(sorted(fitting, key=lambda one: (one.connector.created_at, one.org_id)))


def with_code(
    turn: ReadTurn, code: str, *, org_id: int, org_code: str, unseal: Callable[[bytes], bytes]
) -> Neighbour | None:
    """The org's connector of that code.

    Raises:
        Unavailable: its secret does not open.
    """
    stream = turn.claimed_by(org_id, CONNECTOR_CODE, code)
    if stream is None:
        return None
    return _neighbour(turn, org_id=org_id, org_code=org_code, stream=stream, unseal=unseal)


def _neighbour(
    turn: ReadTurn, *, org_id: int, org_code: str, stream: str, unseal: Callable[[bytes], bytes]
) -> Neighbour | None:
    head = turn.head(org_id, stream)
    connector = None if head is None else head.state
    if not isinstance(connector, Connector) or connector.removed_at is not None:
        return None
    secret_id = connector.hmac_secret_id
    box = None if secret_id is None else turn.sealed_secret(org_id, secret_id)
    try:
        secret = None if box is None else unseal(box)
    except WrongSecretKey:
        raise Unavailable(
            "the secret that this connector signs with was sealed under another"
            " TOCSIN_SECRET_KEY; give it anew",
            retry_after=60,
        ) from None
    return Neighbour(org_id=org_id, org_code=org_code, connector=connector, secret=secret)


class Neighbours:
    """The connectors that this process has heard of, by their tokens, the least recently heard of
    forgotten first.

    Only the event loop touches it. ``clock`` is seconds that only go forward.
    """

    def __init__(self, gateway: Gateway, *, clock: Callable[[], float]) -> None:
        self._gateway = gateway
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, tuple[Neighbour, ...]]] = OrderedDict()
        self._looking: dict[str, asyncio.Task[tuple[Neighbour, ...]]] = {}

    def known(self, digest: str) -> tuple[Neighbour, ...]:
        """Those with that token as they were a moment ago; none where it was longer ago."""
        found = self._known.get(digest)
        if found is None or self._clock() - found[0] > KNOWN_SECONDS:
            return ()
        return found[1]

    async def looked_up(self, digest: str, *, anew: bool = False) -> tuple[Neighbour, ...]:
        """Those with that token as they are now; many that ask at once are answered together,
        unless it is to be *anew*.

        Raises:
            StorageFailed: the database is away.
            Unavailable: a secret does not open.
        """
        if anew:
            return await self._look(digest)
        looking = self._looking.get(digest)
        if looking is None:
            looking = asyncio.create_task(self._look(digest))
            self._looking[digest] = looking
            looking.add_done_callback(lambda _task: self._looking.pop(digest, None))
        # One that goes away takes nothing from the others.
        return await asyncio.shield(looking)

    async def _look(self, digest: str) -> tuple[Neighbour, ...]:
        began, unseal = self._clock(), self._gateway.unseal
        found = await self._gateway.read(lambda turn: with_token(turn, digest, unseal=unseal))
        if found:
            self._known[digest] = (began, found)
            self._known.move_to_end(digest)
            if len(self._known) > _KNOWN_TOKENS:
                self._known.popitem(last=False)
        else:
            self._known.pop(digest, None)
        return found
