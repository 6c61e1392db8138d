"""Where a database has to stand for this code, said without the libraries that bring it there."""

from __future__ import annotations

from typing import Final

from tocsin.core.releases import CODE

NEWEST_REVISION: Final = "0008"
"""The last of the migrations."""


def stands_today(*, revision: str | None, oldest_code: int) -> bool:
    """Whether nothing is left to do before today's code may work there, alone.

    A later revision than the newest was made by newer code that lets this one go on.
    """
    return revision is not None and revision >= NEWEST_REVISION and oldest_code == CODE
