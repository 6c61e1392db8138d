"""Files that hold the record or what opens it: for their owner alone, from the first moment."""

from __future__ import annotations

import os
from pathlib import Path

ONLY_THE_OWNER = 0o600


def new_file(path: Path) -> int:
    """A handle, to read and write, on a new file that nobody but its owner may read.

    What root makes belongs to whom the folder belongs to, as SQLite does it with its own: a
    restore by root must not leave a database behind that the server's user may not open.

    Raises:
        FileExistsError: there is something at *path*, be it a link that leads nowhere.
        OSError: it cannot be made there.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    handle = os.open(path, flags, ONLY_THE_OWNER)
    if os.geteuid() == 0:
        # By the handle: the file is ours for certain, whatever its name leads to by now.
        folder = path.parent.stat()
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle
