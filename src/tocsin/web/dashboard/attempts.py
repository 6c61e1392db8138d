"""How often one address may try to sign in, in this process."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

BURST: Final = 10
SECONDS_EACH: Final = 30.0
_MOST_ADDRESSES: Final = 10_000


class Attempts:
    """Holds :data:`BURST` failures per address and forgives one each :data:`SECONDS_EACH`.

    An IPv6 address counts as its /64, which one household has whole. The least recently seen are
    forgotten first. ``clock`` is seconds that only go forward. Only the event loop touches it.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """In how many seconds *address* may try again; 0 where it may now."""
        left = BURST - self._failures(_network(address))
        return 0 if left >= 1 else max(1, math.ceil((1 - left) * SECONDS_EACH))

    def failed(self, address: str) -> None:
        """Count a failure."""
        network = _network(address)
        self._known[network] = (self._failures(network) + 1, self._clock())
        self._known.move_to_end(network)
        if len(self._known) > _MOST_ADDRESSES:
            self._known.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Take one back: it was counted before anybody knew."""
        network = _network(address)
        failures, at = self._known.pop(network, (0.0, 0.0))
        if failures > 1:
            self._known[network] = (failures - 1, at)

    def _failures(self, network: str) -> float:
        failures, at = self._known.get(network, (0.0, 0.0))
        return max(0.0, failures - (self._clock() - at) / SECONDS_EACH)


def _network(address: str) -> str:
    try:
        asking = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(asking, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((asking, 64), strict=False))
    return str(asking)
