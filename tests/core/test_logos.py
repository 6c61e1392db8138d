"""Pictures of status pages: what is taken, and what is not."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.logos import LARGEST_LOGO, WIDEST, NotALogo, read_logo


def png(width: int = 4, height: int = 2, *, more: bytes = b"") -> bytes:
    """A small black picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" * (width + 1) for _ in range(min(height, 8))))
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + more


def webp(kind: bytes, payload: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(payload)) + payload
    return b"RIFF" + struct.pack("<I", len(body)) + body


def text(body: bytes) -> str:
    return base64.b64encode(body).decode()


LOSSLESS = webp(b"VP8L", b"\x2f" + (29 | 9 << 14).to_bytes(4, "little") + b"\0" * 12)
LOSSY = webp(b"VP8 ", b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", 30, 10) + b"\0" * 8)
EXTENDED = webp(b"VP8X", b"\0" * 4 + (29).to_bytes(3, "little") + (9).to_bytes(3, "little"))


def test_a_png_is_taken() -> None:
    logo = read_logo(text(png(40, 20)))
    assert (logo.content_type, logo.width, logo.height) == ("image/png", 40, 20)
    assert logo.name == "logo.png"
    assert logo.body == png(40, 20)
    assert logo.digest != read_logo(text(png(40, 21))).digest


@pytest.mark.parametrize("body", [LOSSLESS, LOSSY, EXTENDED])
def test_a_webp_is_taken_in_each_of_its_three_ways(body: bytes) -> None:
    logo = read_logo(text(body))
    assert (logo.content_type, logo.width, logo.height) == ("image/webp", 30, 10)
    assert logo.name == "logo.webp"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "neither a PNG nor a WebP"),
        (b"\xff\xd8\xff\xe0 jpeg", "neither a PNG nor a WebP"),
        (b"GIF89a", "neither a PNG nor a WebP"),
        (b"", "neither a PNG nor a WebP"),
        (png()[:18], "not whole"),
        (LOSSY[:24], "not whole"),
        (webp(b"ALPH", b"\0" * 20), "not whole"),
        (png(WIDEST + 1, 1), "wider or higher"),
        (png(1, 0), "has none"),
        (png(more=b"\0" * LARGEST_LOGO), "bytes"),
    ],
)
def test_all_else_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(NotALogo, match=why):
        read_logo(text(body))


@pytest.mark.parametrize("wrong", ["no base64!", "ü", "abc", "A" * 200_000])
def test_what_is_no_base64_is_refused(wrong: str) -> None:
    with pytest.raises(NotALogo):
        read_logo(wrong)


@given(st.binary(max_size=64), st.sampled_from([b"", png()[:16], LOSSY[:12], EXTENDED[:16]]))
def test_whatever_comes_is_taken_or_refused(tail: bytes, head: bytes) -> None:
    try:
        logo = read_logo(text(head + tail))
    except NotALogo:
        return
    assert 0 < logo.width <= WIDEST
    assert 0 < logo.height <= WIDEST
