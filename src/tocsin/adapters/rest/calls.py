"""One request on its way through the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from tocsin.adapters.rest.authentication import Caller
from tocsin.adapters.rest.cursors import Place, make_cursor, read_cursor
from tocsin.adapters.rest.gateway import Gateway
from tocsin.core.dialects import Dialect
from tocsin.core.evidence import Access
from tocsin.handler.submission import Credential

B = TypeVar("B")
Q = TypeVar("Q")


@dataclass(slots=True, kw_only=True)
class Call(Generic[Q, B]):
    """A request: who asks, where, and what; filled in as the pipeline learns it.

    ``Call[Q, B]`` has a query of the type Q and a body of the type B. ``path`` holds the named
    parts of the path, ``query`` and ``body`` what the endpoint declares. ``peer`` is who is
    connected, ``address`` whom a trusted proxy speaks for.
    ``access`` is known to endpoints that look; for those that ask it is the writer's to find.
    ``via`` is the door through which it came.
    """

    gateway: Gateway
    path: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    request_id: str
    peer: str
    address: str
    credential: Credential | None = None
    caller: Caller | None = None
    access: Access | None = None
    dialect: Dialect | None = None
    raw: bytes = b""
    via: str = "api"
    query: Q
    body: B

    @property
    def org_id(self) -> int:
        """The number of the caller's org."""
        assert self.caller is not None, "asked only behind a credential"
        return self.caller.org_id

    @property
    def org_code(self) -> str:
        """The code of the caller's org."""
        assert self.caller is not None, "asked only behind a credential"
        return self.caller.org_code

    @property
    def granted(self) -> Access:
        """What the caller may do."""
        assert self.access is not None, "known to endpoints that look"
        return self.access

    def now(self) -> datetime:
        """The time."""
        return self.gateway.clock()

    def fresh_id(self) -> str:
        """A fresh UUIDv7."""
        return self.gateway.fresh_id()

    def header(self, name: str) -> str | None:
        """A header as text, None when it is not there."""
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def cursor(self, place: Place, *bound_to: str) -> str:
        """*place* as a cursor of this org's list *bound_to*."""
        return make_cursor(
            place, key=self.gateway.cursor_key, bound_to=[str(self.org_id), *bound_to]
        )

    def place(self, cursor: str | None, *bound_to: str) -> Place | None:
        """The place that *cursor* names; None for the beginning.

        Raises:
            Invalid: the cursor belongs elsewhere.
        """
        if cursor is None:
            return None
        return read_cursor(
            cursor, key=self.gateway.cursor_key, bound_to=[str(self.org_id), *bound_to]
        )


AnyCall = Call[Any, Any]
