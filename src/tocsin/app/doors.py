"""Which application a request is for: the gateway has them all, but for a neighbour's own paths and
public pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from tocsin.web.status.serving import StatusPages


class Doors:
    """An ASGI application that hands the paths of *others* and of *pages* to them, and all else to
    the gateway."""

    def __init__(
        self,
        gateway: ASGIApp,
        others: Mapping[str, ASGIApp],
        *,
        pages: StatusPages | None = None,
    ) -> None:
        self._gateway = gateway
        self._others = others
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == ScopeType.HTTP:
            other = self._others.get(scope["path"])
            if other is not None:
                await other(scope, receive, send)
                return
            if self._pages is not None and self._pages.answers(scope["path"]):
                # The same interface, of which each has types of its own.
                await self._pages(cast(Any, scope), cast(Any, receive), cast(Any, send))
                return
        await self._gateway(scope, receive, send)
