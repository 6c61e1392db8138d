"""A document as HTTP sends it: its bytes, plain and compressed, with all headers made beforehand.

Whoever reads a page asks for nothing but these bytes, so that an answer costs next to nothing.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from tocsin.web.status.document import Document
from tocsin.web.templating import CONTENT_SECURITY_POLICY

Headers = tuple[tuple[bytes, bytes], ...]

MACHINE_SECURITY_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
CACHED: Final = "public, max-age=1, stale-if-error=3600"
"""A page is right within a second; where the server is away, yesterday's copy is better than
none."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
FOR_NOW: Final = "public, max-age=300, stale-if-error=3600"
NOT_CACHED: Final = "no-store"

PREFLIGHT: Final[Headers] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"Accept, Cache-Control, Content-Type, If-None-Match"),
    (b"access-control-max-age", b"86400"),
)

_WORTH_IT: Final = 860
"""Bytes below which compressing makes nothing shorter on the wire."""
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One form as it is sent, plain and, where that is worth it, compressed (``gzip``)."""

    etag: bytes
    body: bytes
    headers: Headers
    zipped_etag: bytes
    zipped: bytes | None
    zipped_headers: Headers

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return len(self.body) + len(self.zipped or b"")


def security(*, machine: bool) -> Headers:
    """What every answer says to browsers: load nothing from elsewhere, guess no type, be in no
    frame, tell nobody where the reader came from."""
    policy = MACHINE_SECURITY_POLICY if machine else CONTENT_SECURITY_POLICY
    found: list[tuple[bytes, bytes]] = [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"cross-origin" if machine else b"same-origin"),
    ]
    if machine:
        found.append((b"access-control-allow-origin", b"*"))
        found.append((b"access-control-expose-headers", b"ETag, Last-Modified"))
    return tuple(found)


def printed(document: Document, *, machine: bool, caching: str = CACHED) -> Printed:
    """*document* with its headers; ``machine`` is whether other sites' scripts may read it."""
    digest = hashlib.sha256(document.body).hexdigest()[:24]
    zipped: bytes | None = None
    if len(document.body) >= _WORTH_IT:
        zipped = gzip.compress(document.body, compresslevel=_LEVEL, mtime=0)
    always: Headers = (
        (b"content-type", document.content_type.encode()),
        (b"last-modified", format_datetime(document.changed_at, usegmt=True).encode()),
        (b"cache-control", caching.encode()),
        (b"vary", b"Accept-Encoding"),
        *security(machine=machine),
    )
    etag, zipped_etag = f'"{digest}"'.encode(), f'"{digest}-gzip"'.encode()
    return Printed(
        etag=etag,
        body=document.body,
        headers=(*always, (b"etag", etag)),
        zipped_etag=zipped_etag,
        zipped=zipped,
        zipped_headers=(*always, (b"etag", zipped_etag), (b"content-encoding", b"gzip")),
    )


def accepts_gzip(header: bytes) -> bool:
    """Whether an ``Accept-Encoding`` takes gzip (RFC 9110, 12.5.3)."""
    for part in header.lower().split(b","):
        coding, _, parameters = part.partition(b";")
        if coding.strip() in (b"gzip", b"x-gzip", b"*"):
            return parameters.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def is_known(etag: bytes, if_none_match: bytes) -> bool:
    """Whether a reader who sends this ``If-None-Match`` has it already; compared weakly (RFC 9110,
    13.1.2)."""
    if if_none_match.strip() == b"*":
        return True
    return any(
        part.strip().removeprefix(b"W/") == etag for part in if_none_match.split(b",", maxsplit=63)
    )
