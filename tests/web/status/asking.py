"""Asking the public pages as a server would, over a picture that a test holds in its hand."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.web.status import pictures
from tocsin.store.contract import StorageFailed
from tocsin.web.status.copies import Copies
from tocsin.web.status.gallery import Gallery, Listed
from tocsin.web.status.serving import StatusPages
from tocsin.web.status.view import PageView

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as a reader has it."""
        plain = self.body
        if self.headers.get("content-encoding") == "gzip":
            plain = gzip.decompress(plain)
        return plain.decode()


@dataclass
class Town:
    """Pages by slug, as the database knows them; ``away``: it does not answer."""

    folder: Path
    known: dict[str, PageView] = field(default_factory=lambda: {"ring": pictures.incident()})
    at: datetime = pictures.NOW
    away: bool = False
    broken: str | None = None
    followed: bool = True
    moved: frozenset[str] | None = None
    looks: int = 0
    on_look: Callable[[], object] = lambda: None

    async def look(self, slug: str) -> PageView | None:
        self.looks += 1
        self.on_look()
        if self.away:
            raise StorageFailed("the database is away")
        if slug == self.broken:
            raise LookupError(slug)
        picture = self.known.get(slug)
        return None if picture is None else replace(picture, made_at=self.at)

    async def listed(self) -> Listed:
        if self.away:
            raise StorageFailed("the database is away")
        return Listed(slugs=tuple(sorted(self.known)), followed=self.followed, moved=self.moved)

    def gallery(self) -> Gallery:
        """A process that has just started on this database."""
        return Gallery(
            look=self.look,
            listed=self.listed,
            copies=Copies(self.folder / "pages"),
            clock=lambda: self.at,
        )


async def ask(
    served: StatusPages,
    path: str,
    *,
    method: str = "GET",
    query: str = "",
    headers: Mapping[str, str] = NOTHING,
) -> Answer:
    """One request, the path as a server hands it on: without its percent signs."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await served(scope, receive, send)
    start, *rest = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    assert len(found) == len(start["headers"]), "a header stands there twice"
    return Answer(start["status"], found, b"".join(part["body"] for part in rest))
