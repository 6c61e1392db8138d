"""Logos: pictures that a status page shows beside its name, read no further than must be.

PNG and WebP only: an SVG is a document that can load and run things, and is refused whatever is in
it. What the bytes are is told by the bytes, never by a name or by who sends them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from typing import Final

LARGEST_LOGO: Final = 64 * 1024
LONGEST_LOGO: Final = 4 * ((LARGEST_LOGO + 2) // 3)
"""Characters of its base64."""
WIDEST: Final = 2_048
"""Pixels of a side: what is small in bytes may be huge on a screen."""

PNG: Final = "image/png"
WEBP: Final = "image/webp"

_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_LOSSY_START: Final = b"\x9d\x01\x2a"
_LOSSLESS_START: Final = 0x2F


class NotALogo(ValueError):
    """What cannot be shown as one; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture: its bytes, what they are (``image/png`` or ``image/webp``) and its size in
    pixels. ``digest`` is part of its address, which changes with it."""

    body: bytes
    content_type: str
    width: int
    height: int

    @property
    def digest(self) -> str:
        """Ten digits of the SHA-256 of its bytes, in hex."""
        return hashlib.sha256(self.body).hexdigest()[:10]

    @property
    def name(self) -> str:
        """What it is called below its page."""
        return f"logo.{self.content_type.partition('/')[2]}"


def read_logo(text: str) -> Logo:
    """The logo in base64.

    Raises:
        NotALogo: it is not base64, too large, or no PNG or WebP.
    """
    if len(text) > LONGEST_LOGO:
        raise NotALogo(f"has more than {LARGEST_LOGO:,} bytes")
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotALogo("is not base64") from None
    if len(body) > LARGEST_LOGO:
        raise NotALogo(f"has more than {LARGEST_LOGO:,} bytes")
    if body.startswith(_PNG_HEAD):
        content_type, size = PNG, _png_size(body)
    elif body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        content_type, size = WEBP, _webp_size(body)
    else:
        raise NotALogo("is neither a PNG nor a WebP")
    if size is None:
        raise NotALogo("is not whole")
    width, height = size
    if not (0 < width <= WIDEST and 0 < height <= WIDEST):
        raise NotALogo(f"is wider or higher than {WIDEST:,} pixels, or has none")
    return Logo(body=body, content_type=content_type, width=width, height=height)


def _png_size(body: bytes) -> tuple[int, int] | None:
    """Width and height, as its first chunk says (PNG, 11.2.1)."""
    if len(body) < len(_PNG_HEAD) + 8:
        return None
    width, height = struct.unpack_from(">II", body, len(_PNG_HEAD))
    return width, height


def _webp_size(body: bytes) -> tuple[int, int] | None:
    """Width and height, as its first chunk says (RFC 9649, 2.5 to 2.7)."""
    if len(body) < 30:
        return None
    match body[12:16]:
        case b"VP8X":
            width = 1 + int.from_bytes(body[24:27], "little")
            height = 1 + int.from_bytes(body[27:30], "little")
            return width, height
        case b"VP8L" if body[20] == _LOSSLESS_START:
            bits = int.from_bytes(body[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if body[23:26] == _LOSSY_START:
            width, height = struct.unpack_from("<HH", body, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return None
