"""Which application a request is for: the gateway has them all, but for a neighbour's own paths."""

from __future__ import annotations

from collections.abc import Mapping

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send


class Doors:
    """An ASGI application that hands the paths of *others* to them, and all else to the gateway."""

    def __init__(self, gateway: ASGIApp, others: Mapping[str, ASGIApp]) -> None:
        self._gateway = gateway
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == ScopeType.HTTP:
            other = self._others.get(scope["path"])
            if other is not None:
                await other(scope, receive, send)
                return
        await self._gateway(scope, receive, send)
