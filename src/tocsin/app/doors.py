"""Which application a request is for: the gateway has them all, but for a neighbour's own paths,
public pages and the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from tocsin.adapters.rest.application import endpoints
from tocsin.web.dashboard.serving import Dashboard
from tocsin.web.status.serving import StatusPages

_NEIGHBOURS: Final = ("slack",)


@cache
def _of_programs() -> frozenset[str]:
    """What paths of the gateway and its neighbours begin with."""
    return frozenset((*_NEIGHBOURS, *(_beginning(one.path) for one in endpoints())))


def _beginning(path: str) -> str:
    """The first part of a path; none of what is no path (``OPTIONS *``)."""
    return path[1:].partition("/")[0]


class Doors:
    """An ASGI application that hands the paths of *others*, of *pages* and of the *dashboard* to
    them, and all else to the gateway.

    A person who is at no address at all gets the dashboard's page that says so; a program gets the
    gateway's problem document.
    """

    def __init__(
        self,
        gateway: ASGIApp,
        others: Mapping[str, ASGIApp],
        *,
        pages: StatusPages | None = None,
        dashboard: Dashboard | None = None,
    ) -> None:
        self._gateway = gateway
        self._others = others
        self._pages = pages
        self._dashboard = dashboard
        self._only_programs = _of_programs() - (dashboard.beginnings if dashboard else frozenset())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            other = self._others.get(path)
            if other is not None:
                await other(scope, receive, send)
                return
            # The same interface below, of which each has types of its own.
            if self._pages is not None and self._pages.answers(path):
                await self._pages(cast(Any, scope), cast(Any, receive), cast(Any, send))
                return
            # Programs come a thousand times a second, and the dashboard compares many addresses.
            if (
                self._dashboard is not None
                and _beginning(path) not in self._only_programs
                and (self._dashboard.answers(path) or _is_lost_person(scope))
            ):
                await self._dashboard(cast(Any, scope), cast(Any, receive), cast(Any, send))
                return
        await self._gateway(scope, receive, send)


def _is_lost_person(scope: Scope) -> bool:
    """Whether it is a browser that asks, for what is below nothing of the gateway's."""
    if _beginning(scope["path"]) in _of_programs():
        return False
    accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accepted
