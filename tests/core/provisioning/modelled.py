"""What a model of provisioning remembers: how assets stand, what was told, and what was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tocsin.core.ticket import Ticket

Row = tuple[datetime, tuple[int | None, ...]]


@dataclass
class Stands:
    """What the model holds of an asset."""

    status: str = "hard_drained"
    desired: str = "hard_drained"
    health: str = "unknown"
    accepted: bool = True
    before: bool = False
    gone: bool = False


@dataclass
class Told:
    """A ticket as the model holds it: what it is on, and on what its word has effect."""

    ticket: Ticket
    on: tuple[str, ...]
    effect: frozenset[str]
    grave: bool = False
    over: bool = False
    window: tuple[datetime, datetime] | None = None

    def forbids(self, asset: str, at: datetime) -> bool:
        if asset not in self.on or asset not in self.effect:
            return False
        if self.window is not None:
            return self.window[0] <= at < self.window[1]
        return self.grave and not self.over


@dataclass
class Port:
    """The counters of an interface, and all that was ever sent of them."""

    octets: int = 0
    errors: int = 0
    rows: list[Row] = field(default_factory=list)

    def live(self, minute: datetime, how: str) -> None:
        """One minute, lived in one of the ways of :data:`WAYS`."""
        match how:
            case "reset":
                self.octets = self.errors = 0
            case "errors":
                self.errors += 1
            case _:
                pass
        self.octets += how != "idle"
        if how != "missing":
            at = minute + timedelta(seconds=7)
            counted = None if how == "sparse" else self.errors
            self.rows.append((at, (self.octets, self.octets, counted, 0, None)))


WAYS: Final = ("clean", "clean", "clean", "sparse", "errors", "idle", "missing", "reset")
