"""A gate: who comes to it waits until a test opens it."""

from __future__ import annotations

import threading
from typing import Final

PATIENCE: Final = 30.0
"""Seconds after which nobody waits any longer: the test that forgot to come has failed."""


class Gate:
    """A place that is passed only when it is open; it opens once, for all who come."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    def pass_through(self) -> None:
        """Wait until it is open."""
        self._reached.set()
        assert self._opened.wait(PATIENCE)

    def reached(self) -> None:
        """Until somebody stands before it."""
        assert self._reached.wait(PATIENCE)

    def open(self) -> None:
        """Let everybody through."""
        self._opened.set()
