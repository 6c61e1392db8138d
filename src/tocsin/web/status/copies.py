"""The last good picture of each page, kept in files: what is shown while nothing better is had."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from tocsin.core.status_pages import is_slug
from tocsin.web.status.view import PageView

_ENDING: Final = ".json"
LONGEST: Final = 64 * 1024 * 1024
"""Bytes of a copy; nothing longer is read."""


class Copies:
    """Copies of pictures in a *folder*, each replaced as a whole or not at all.

    Methods may be called from any thread, for one page by one at a time. A copy that cannot be read
    (cut off, of another release) is none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def slugs(self) -> Sequence[str]:
        """Of which pages there are copies, in order."""
        if not self._folder.is_dir():
            return ()
        found = (file.name.removesuffix(_ENDING) for file in self._folder.glob("*" + _ENDING))
        return sorted(slug for slug in found if is_slug(slug))

    def keep(self, slug: str, picture: PageView, *, durably: bool = True) -> None:
        """Let *picture* be the copy of the page; ``durably``: it outlives a power cut from now on.

        Raises:
            OSError: it cannot be written; the one before is still there.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._folder / f"{slug}.{os.getpid()}.writing"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(picture))
            if durably:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(self._path(slug))

    def read(self, slug: str) -> PageView | None:
        """The copy of the page, if there is one.

        Raises:
            OSError: it is there and cannot be read.
        """
        try:
            if self._path(slug).stat().st_size > LONGEST:
                return None
            return msgspec.json.decode(self._path(slug).read_bytes(), type=PageView)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def drop(self, slug: str) -> None:
        """The page is no more.

        Raises:
            OSError: the copy cannot be taken away.
        """
        self._path(slug).unlink(missing_ok=True)

    def _path(self, slug: str) -> Path:
        if not is_slug(slug):
            raise ValueError(f"{slug!r} is no slug")
        return self._folder / f"{slug}{_ENDING}"
