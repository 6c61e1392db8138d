"""What the dispatcher tells others of its destinations: alarms, and figures for the metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationTrouble:
    """A destination that nothing gets through to since ``since``; ``reason`` is the last one."""

    org_id: int
    route_id: str
    route_name: str
    kind: str
    since: datetime
    reason: str
    waiting: int


class Alarms(Protocol):
    """Whom the dispatcher tells when a destination has been down for long, and when it is back.

    Both may be asked again for the same trouble, and then change nothing.
    """

    def down(self, trouble: DestinationTrouble) -> None:
        """Tell of it.

        Raises:
            Overloaded: not now; ask again.
            StorageFailed: not now; ask again.
        """
        ...

    def back(self, trouble: DestinationTrouble) -> None:
        """Tell that it is over; raises as :meth:`down`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFigures:
    """One destination as this process sees it; ``lag_seconds`` is the age of the oldest delivery
    that waits."""

    org: str
    route: str
    kind: str
    backlog: int
    parked: int
    lag_seconds: float
    down: bool


Observe = Callable[[str, str, str, str, int], None]
"""Told of what became of deliveries: org code, route name, kind, outcome, how many."""
