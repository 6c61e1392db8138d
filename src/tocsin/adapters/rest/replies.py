"""What an endpoint answers with, before it becomes messages of ASGI."""

from __future__ import annotations

from dataclasses import dataclass

Header = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer. ``headers`` come beside the content type and length."""

    status: int
    body: bytes
    content_type: Header = JSON
    headers: tuple[Header, ...] = ()
