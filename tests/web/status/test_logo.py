"""A page's own picture: in its header, at an address that changes with it, in exports too."""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import replace
from pathlib import Path

import msgspec

from tests.core.test_logos import png
from tests.web.status import pictures
from tests.web.status.asking import Answer, Town, ask
from tocsin.app.exporting import export_page
from tocsin.core.logos import Logo, read_logo
from tocsin.web.status.serving import StatusPages
from tocsin.web.status.view import Look, PageView


def logo(height: int = 20) -> Logo:
    return read_logo(base64.b64encode(png(40, height)).decode())


def shown(height: int = 20) -> PageView:
    return replace(pictures.incident(), look=Look(logo=logo(height)), name='Ring "of" Towns')


def asked(town: Town, path: str, query: str = "") -> Answer:
    async def once() -> Answer:
        gallery = town.gallery()
        await gallery.renew()
        return await ask(StatusPages(gallery), path, query=query)

    return asyncio.run(once())


def test_it_stands_in_the_header_with_the_pages_name(tmp_path: Path) -> None:
    town = Town(tmp_path, known={"ring": shown()})
    page = asked(town, "/status/ring")
    found = re.search(r'<img src="([^"]+)" alt="([^"]+)" width="40" height="20">', page.text)
    assert found is not None
    path, _, query = found[1].partition("?")
    assert found[2] == "Ring &#34;of&#34; Towns"
    assert (path, query) == ("/status/ring/logo.png", f"v={logo().digest}")

    picture = asked(town, path, query)
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.body == logo().body
    assert "img-src 'self'" in page.headers["content-security-policy"]


def test_its_address_changes_with_it(tmp_path: Path) -> None:
    pages = [asked(Town(tmp_path / str(one), known={"ring": shown(one)}), "/status/ring").text
             for one in (20, 21)]  # fmt: skip
    addresses = [re.findall(r"logo\.png\?v=([0-9a-f]{10})", page) for page in pages]
    assert addresses[0] != addresses[1]


def test_without_one_there_is_none(tmp_path: Path) -> None:
    town = Town(tmp_path)
    assert "<img" not in asked(town, "/status/ring").text
    assert asked(town, "/status/ring/logo.png").status == 404
    assert asked(Town(tmp_path, known={"ring": shown()}), "/status/ring/logo.webp").status == 404


def test_it_is_in_an_export_and_found_from_every_page_of_it(tmp_path: Path) -> None:
    export_page(shown(), tmp_path)
    assert (tmp_path / "logo.png").read_bytes() == logo().body
    for file in tmp_path.rglob("index.html"):
        (src,) = re.findall(r'<img src="([^"?]+)\?v=[0-9a-f]+"', file.read_text())
        assert (file.parent / src).resolve() == tmp_path / "logo.png", file


def test_a_copy_keeps_it() -> None:
    picture = shown()
    kept = msgspec.json.decode(msgspec.json.encode(picture), type=PageView)
    assert kept.look == picture.look
