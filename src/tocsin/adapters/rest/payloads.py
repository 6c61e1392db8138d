"""The body of a request, as far as it is read: never more of it than is wanted here."""

from __future__ import annotations

import zlib

from litestar.types import Receive

from tocsin.core.errors import Malformed, TooLarge, UnsupportedMedia

_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")
_EITHER_HEADER = 47
"""What zlib calls a stream with the header of gzip or its own, of the largest window."""


class ClientGone(Exception):
    """The client went away before its request was read."""


async def received(receive: Receive, *, length: bytes, largest: int) -> bytes:
    """The whole body; *length* is what its Content-Length says, empty where there is none.

    Raises:
        ClientGone: it never came.
        TooLarge: it is larger than *largest* bytes.
    """
    if length.isdigit() and int(length) > largest:
        raise TooLarge(f"the body is {int(length):,} bytes; at most {largest:,} are read here")
    body, more = await _part(receive)
    if not more:
        # Almost every body comes in one part, and is not copied.
        if len(body) > largest:
            raise _too_large(largest)
        return body
    parts, size = [body], len(body)
    while more:
        body, more = await _part(receive)
        parts.append(body)
        size += len(body)
        if size > largest:
            raise _too_large(largest)
    return b"".join(parts)


def unpacked(body: bytes, *, encoding: str, largest: int) -> bytes:
    """*body* without the Content-Encoding that it came in (gzip, deflate, or none).

    Raises:
        Malformed: it is not packed like that.
        TooLarge: unpacked it is larger than *largest* bytes; no more than that is unpacked.
        UnsupportedMedia: it is packed otherwise.
    """
    encoding = encoding.strip().lower()
    if encoding in _PLAIN:
        return body
    if encoding not in _PACKED:
        raise UnsupportedMedia("the body is packed in a way that is not read here; gzip is")
    unpacking = zlib.decompressobj(_EITHER_HEADER)
    try:
        plain = unpacking.decompress(body, largest + 1)
    except zlib.error:
        raise Malformed(f"the body is not packed as it says, with {encoding}") from None
    if len(plain) > largest:
        raise _too_large(largest)
    if not unpacking.eof:
        raise Malformed("the packed body ends too early")
    return plain


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"the body is over {largest:,} bytes, which is all that is read here")


async def _part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] != "http.request":
        raise ClientGone
    return message["body"], message["more_body"]
