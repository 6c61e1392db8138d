"""What an endpoint answers with, before it becomes messages of ASGI."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json")
NOT_KEPT: Header = (b"cache-control", b"no-store")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: a whole ``body``, or ``chunks`` that come one after the other.

    ``caching`` says who may keep it: nobody, unless said otherwise. ``headers`` come beside these
    and the length.
    """

    status: int
    body: bytes = b""
    chunks: AsyncGenerator[bytes, None] | None = None
    content_type: Header = JSON
    caching: Header = NOT_KEPT
    headers: tuple[Header, ...] = ()
