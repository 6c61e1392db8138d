"""What an endpoint answers with, before it becomes messages of ASGI."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: a whole ``body``, or ``chunks`` that come one after the other.

    ``headers`` come beside the content type and length.
    """

    status: int
    body: bytes = b""
    chunks: AsyncGenerator[bytes, None] | None = None
    content_type: Header = JSON
    headers: tuple[Header, ...] = ()
