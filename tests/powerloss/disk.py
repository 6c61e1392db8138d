"""A file system layer for SQLite that tells what has reached the disk from what was only written.

Programs see every write at once, as they do on any machine. Beside that, the layer keeps for each
file what is *durable*: its bytes at the last sync, and, since then, the writes that a power cut may
keep, drop or tear. Names in the folder are durable only after the folder was synced. ``remains``
makes the folder that a machine would find after the cut.

What is modelled: any subset of the writes since the last sync survives, in sectors of 512 bytes
(so pages and log frames tear); size changes and truncations likewise; a file created or removed
without a sync of its folder may be there or not; shared memory is gone. Every operation on the disk
may be the last one, an unfinished sync included. What is not modelled: a disk that lies about sync,
and sectors of garbage.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final

import apsw

SECTOR: Final = 512
"""Bytes that survive or vanish together."""

_NAMES: Final = count(1)

_LOGS: Final = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
"""Kinds of file with whose first sync SQLite also syncs the folder (unix VFS, DIRSYNC)."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes written at an offset and not yet synced."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncation:
    """A file cut (or lengthened by zeros) to a size, and not yet synced."""

    size: int


Change = Write | Truncation


@dataclass(slots=True, eq=False)
class Inode:
    """One file whatever its name: durable bytes and what happened since the last sync."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)
    syncs_folder: bool = False

    def settle(self) -> None:
        """A completed sync: all that was pending is durable."""
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()

    def after_the_cut(self, chance: random.Random, *, kept: float) -> bytes:
        """The bytes found afterwards; each unsynced sector survived with probability *kept*."""
        image = bytearray(self.durable)
        for change in self.pending:
            match change:
                case Write():
                    for sector in _sectors(change):
                        if chance.random() < kept:
                            _apply(image, sector)
                case Truncation():
                    if chance.random() < kept:
                        _apply(image, change)
        return bytes(image)


class PowerCut(apsw.IOError):
    """There is no current: nothing can be read, written or synced any more."""

    result = apsw.SQLITE_IOERR
    extendedresult = apsw.SQLITE_IOERR


class Disk:
    """A disk whose current can be cut; a context manager that takes the layer away at its end."""

    def __init__(self) -> None:
        self.vfs_name: Final = f"powerloss-{os.getpid()}-{next(_NAMES)}"
        self.operations = 0
        self._cut_at: int | None = None
        self._seen: dict[str, Inode] = {}
        self._durable_names: dict[str, Inode] = {}
        self._lock = threading.RLock()
        self._vfs = _Layer(self)

    def __enter__(self) -> Disk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._vfs.unregister()

    @property
    def is_cut(self) -> bool:
        """Whether the current is gone."""
        return self._cut_at is not None and self.operations >= self._cut_at

    def cut_after(self, operations: int) -> None:
        """Let *operations* more writes, truncations, syncs and removals happen, then cut."""
        self._cut_at = self.operations + operations

    def cut(self) -> None:
        """Cut the current now."""
        self.cut_after(0)

    def remains(self, folder: Path, *, seed: int, kept: float = 0.5) -> None:
        """Write into the empty *folder* the files a machine would find after the cut.

        The same *seed* finds the same. ``kept=0`` is the disk that kept nothing it was not told
        to sync, ``kept=1`` the one that happened to keep everything.
        """
        chance = random.Random(seed)
        with self._lock:
            for path in sorted(self._seen.keys() | self._durable_names.keys()):
                now, before = self._seen.get(path), self._durable_names.get(path)
                found = now if now is before or chance.random() < kept else before
                if found is not None:
                    image = found.after_the_cut(chance, kept=kept)
                    (folder / Path(path).name).write_bytes(image)

    # What the layer below reports.

    def opened(self, path: str, *, flags: int) -> Inode:
        """The file at *path*, which exists; a file found there at first is taken as durable."""
        with self._lock:
            inode = self._seen.get(path)
            if inode is None:
                content = Path(path).read_bytes()
                inode = Inode()
                self._seen[path] = inode
                if content or not flags & apsw.SQLITE_OPEN_CREATE:
                    inode.durable[:] = content
                    self._durable_names[path] = inode
                else:
                    inode.syncs_folder = bool(flags & _LOGS)
            return inode

    def spend(self) -> None:
        """Count one operation. Raises: PowerCut."""
        with self._lock:
            self.check()
            self.operations += 1

    def check(self) -> None:
        """Raises: PowerCut when the current is gone."""
        if self.is_cut:
            raise PowerCut("the power is out")

    def changed(self, inode: Inode, change: Change) -> None:
        """A write or truncation that is visible and not durable."""
        with self._lock:
            inode.pending.append(change)

    def synced(self, inode: Inode, path: str) -> None:
        """A sync that completed."""
        with self._lock:
            inode.settle()
            if inode.syncs_folder:
                inode.syncs_folder = False
                self._folder_synced(Path(path).parent)

    def removed(self, path: str, *, folder_synced: bool) -> None:
        """A removal; durable only when the folder was synced with it."""
        with self._lock:
            self._seen.pop(path, None)
            if folder_synced:
                self._folder_synced(Path(path).parent)

    def _folder_synced(self, folder: Path) -> None:
        for path in self._seen.keys() | self._durable_names.keys():
            if Path(path).parent == folder:
                if path in self._seen:
                    self._durable_names[path] = self._seen[path]
                else:
                    del self._durable_names[path]


class _Layer(apsw.VFS):
    """The VFS that SQLite sees; files without a name (temporary ones) are not watched."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(disk.vfs_name, "")

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        if name is None:
            return apsw.VFSFile("", None, flags)
        self._disk.check()
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        self._disk.spend()
        super().xDelete(filename, False)
        self._disk.removed(filename, folder_synced=syncdir)


class _File(apsw.VFSFile):
    """An open file; shared memory and locks are the operating system's own."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename, flags: list[int]) -> None:
        asked = flags[0]
        super().__init__("", name, flags)
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._inode = disk.opened(self._path, flags=asked)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        self._disk.check()
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.spend()
        super().xWrite(data, offset)
        self._disk.changed(self._inode, Write(offset=offset, data=bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.spend()
        super().xTruncate(newsize)
        self._disk.changed(self._inode, Truncation(size=newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        # Nothing is passed on: what is durable is decided here, and the run stays quick.
        self._disk.spend()
        self._disk.synced(self._inode, self._path)


def _apply(image: bytearray, change: Change) -> None:
    match change:
        case Write(offset=offset, data=data):
            if len(image) < offset:
                image.extend(bytes(offset - len(image)))
            image[offset : offset + len(data)] = data
        case Truncation(size=size):
            if size <= len(image):
                del image[size:]
            else:
                image.extend(bytes(size - len(image)))


def _sectors(write: Write) -> Iterator[Write]:
    """The parts of *write* that lie in one sector each."""
    at, end = write.offset, write.offset + len(write.data)
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        yield Write(offset=at, data=write.data[at - write.offset : until - write.offset])
        at = until
