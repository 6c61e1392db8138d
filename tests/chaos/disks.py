"""Disks that can be made full and given room again, by what the machine allows.

A file system of a few megabytes is the honest way and needs the right to mount one. A limit on the
size of files needs no right at all: the server's writes are refused just the same, though with
another word from the operating system (``EFBIG``, which SQLite tells as an I/O error).
"""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEGABYTES: Final = 48
FILL_BLOCK: Final = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class NarrowDisk:
    """A folder, and what makes it full and roomy for the process that serves it."""

    folder: Path
    fill: Callable[[int], None]
    make_room: Callable[[int], None]


@contextmanager
def mounted(folder: Path) -> Iterator[NarrowDisk]:
    """A small file system of its own; full when a filler file has taken what was left."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "tmpfs", str(folder)],
        check=True,
        capture_output=True,
    )
    filler = folder / "filler"

    def fill(pid: int) -> None:
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(FILL_BLOCK)
            except OSError:
                return

    def make_room(pid: int) -> None:
        filler.unlink()

    try:
        yield NarrowDisk(folder=folder, fill=fill, make_room=make_room)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


@contextmanager
def limited(folder: Path) -> Iterator[NarrowDisk]:
    """A folder whose server may, when full, not make any file longer than its log is now."""
    folder.mkdir()

    def fill(pid: int) -> None:
        sizes = (path.stat().st_size for path in folder.rglob("*") if path.name.endswith("-wal"))
        _limit(pid, max(sizes, default=0))

    def make_room(pid: int) -> None:
        _limit(pid, resource.RLIM_INFINITY)

    yield NarrowDisk(folder=folder, fill=fill, make_room=make_room)


def _limit(pid: int, size: int) -> None:
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def may_mount(folder: Path) -> bool:
    """Whether this user may mount a small file system on *folder*."""
    try:
        with mounted(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


WAYS: Final[Mapping[str, Callable[[Path], AbstractContextManager[NarrowDisk]]]] = {
    "limited": limited,
    "mounted": mounted,
}
