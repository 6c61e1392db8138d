"""States by the texts they are stored as: what was read of late is not decoded again.

The same text of the same sort is the same state, and nobody can change a state; so this needs no
telling when something moves. Many look at the same first pages, and every page names the same few
contributors and devices.

What is written is not put here: the first who reads it finds out whether it can be read.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from tocsin.core.aggregates import State

CHARACTERS: Final = 1_000_000
"""Of text that is remembered: of some 1,500 tickets, which take some fifteen megabytes with it."""


class Remembered:
    """States by sort and text, the latest used; from any thread.

    ``characters`` bounds the texts together. One that is more than a hundredth of that is left out.
    """

    def __init__(self, *, characters: int = CHARACTERS) -> None:
        self._room = characters
        self._longest = characters // 100
        self._states: OrderedDict[tuple[str, str], State] = OrderedDict()
        self._lock = Lock()

    def find(self, sort: str, text: str) -> State | None:
        """The state of that sort that *text* holds, if it is remembered."""
        key = sort, text
        with self._lock:
            found = self._states.get(key)
            if found is not None:
                self._states.move_to_end(key)
            return found

    def keep(self, sort: str, text: str, state: State) -> None:
        """Remember that *text* holds *state*, and let go of what was not asked for for longest."""
        if len(text) > self._longest:
            return
        key = sort, text
        with self._lock:
            if key not in self._states:
                self._room -= len(text)
            self._states[key] = state
            self._states.move_to_end(key)
            while self._room < 0:
                (_, forgotten), _ = self._states.popitem(last=False)
                self._room += len(forgotten)

    def __len__(self) -> int:
        return len(self._states)
