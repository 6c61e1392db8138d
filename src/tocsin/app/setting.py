"""What a setting is: a row of the table of all that can be set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "TOCSIN_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row: what it is called, which values it takes, and what it does.

    ``default`` is written as it would be given; None: nothing. ``read`` makes the value of a text,
    or raises ValueError with what to give instead. A ``secret`` is no option, since the command
    line is for everybody on the machine to see; it may come from a file instead. ``repeatable``
    ones are separated by commas in the environment.
    """

    name: str
    type: str
    default: str | None
    sentence: str
    read: Callable[[str], object]
    unit: str | None = None
    flag: bool = False
    repeatable: bool = False
    secret: bool = False

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper()

    @property
    def option(self) -> str | None:
        """Its option of ``tocsin serve``; None for a secret."""
        return None if self.secret else "--" + self.name.replace("_", "-")
