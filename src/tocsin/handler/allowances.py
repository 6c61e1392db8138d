"""How often one may ask for something, in this process."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_MOST_KNOWN: Final = 10_000


class Allowance:
    """Lets each name ask *burst* times, and once more every *seconds*.

    The least recently seen are forgotten first. ``clock`` is seconds that only go forward. Only the
    event loop touches it.
    """

    def __init__(self, *, burst: int, seconds: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._seconds = seconds
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> int:
        """Take one; 0, or in how many seconds there is one again, and then none was taken."""
        now = self._clock()
        used, at = self._known.get(name, (0.0, now))
        used = max(0.0, used - (now - at) / self._seconds)
        if used > self._burst - 1:
            return max(1, math.ceil((used - self._burst + 1) * self._seconds))
        self._known[name] = (used + 1, now)
        self._known.move_to_end(name)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return 0


def household(address: str) -> str:
    """Under which name an address is counted: an IPv6 address as its /64, which one household has
    whole."""
    try:
        asking = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(asking, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((asking, 64), strict=False))
    return str(asking)
