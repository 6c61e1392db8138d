"""Public status pages as files, which any web server can hand out while this one is down."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Final

from tocsin.web.status import forms, pages
from tocsin.web.status.pages import Addresses
from tocsin.web.status.view import PageView

INDEX: Final = "index.html"


def export_page(picture: PageView, to: Path, *, stale_since: datetime | None = None) -> int:
    """Write every form of *picture* below the folder *to*, and what its pages load; how many files.

    Each file is replaced as a whole, so that it may be served meanwhile; the page itself comes
    last. *stale_since* is since when the picture could not be renewed.

    Raises:
        OSError: something cannot be written.
    """
    files: dict[Path, bytes] = {to / "assets" / name: pages.asset(name) for name in pages.ASSETS}
    for name in reversed([*forms.names(picture)]):
        place = _place(to, name, machine=_is_file(name))
        if place is None:
            continue
        addresses = Addresses.exported(depth=len(place.relative_to(to).parts) - 1)
        form = forms.form(picture, name, addresses, stale_since=stale_since)
        assert form is not None, name
        files[place] = form.write().body
    for file, body in files.items():
        _write(file, body)
    return len(files)


def _is_file(name: str) -> bool:
    """Whether it stands at its name, and not in a folder of that name."""
    return forms.is_machine_form(name) or name == forms.ACCENT or forms.is_picture(name)


def _place(to: Path, name: str, *, machine: bool) -> Path | None:
    parts = name.split("/") if name else []
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        return None
    return to.joinpath(*parts) if machine else to.joinpath(*parts, INDEX)


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(file.name + ".writing")
    beside.write_bytes(body)
    os.replace(beside, file)
