"""What an endpoint is: one method on one path, and everything that is known about it beforehand.

The same declaration finds the endpoint, parses its request, and is its page in the documentation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from tocsin.adapters.rest.bodies import LARGEST_BODY
from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.replies import Reply
from tocsin.core.commands import Command
from tocsin.handler.submission import Outcome
from tocsin.store.contract import ReadTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks of the writer (see :class:`tocsin.handler.submission.Submission`).

    ``reveal`` is what only the first answer says (a fresh secret): a replay leaves it out.
    """

    sort: str
    command: Command
    subject: str | None = None
    preceding: tuple[tuple[str, Command], ...] = ()
    secret_digest: bytes | None = None
    secrets: tuple[tuple[str, bytes], ...] = ()
    dry_run: bool = False
    reveal: Mapping[str, str] = field(default_factory=dict)


Ask = Callable[[Any], Asked]
Show = Callable[[Outcome, Any], msgspec.Struct]
Look = Callable[[ReadTurn, Any], Any]
Act = Callable[[Any], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method on one path.

    It does one of three things: *ask* the writer and *show* what became of it; *look* at the store
    (``reads`` is the sort of thing that is read, for the permission); or *act* freely.

    ``path`` has ``{names}``; ``{org}`` makes it ask for a credential of that org. ``answer`` is the
    shape of the body that comes with ``status``; ``example`` a request body for the documentation;
    ``also`` are types of text that the same is told in to whoever accepts them;
    ``others`` further statuses it may answer with, and what they mean. ``logged`` is false where
    what it does is no fact of the log, so that its answer has neither a version nor a position.
    ``ingest`` is a way in for signals: it never answers 429, for which clients drop what they
    have, but 503; one that does none of the three is served by :mod:`ingest`.
    With ``basic`` the key may also come as the password of HTTP Basic, from programs that can send
    no header of their own.
    """

    method: str
    path: str
    tag: str
    summary: str
    description: str = ""
    body: Any = None
    body_optional: bool = False
    query: type[msgspec.Struct] | None = None
    answer: Any = None
    answer_type: str = "application/json"
    also: tuple[str, ...] = ()
    status: int = 200
    ask: Ask | None = None
    show: Show | None = None
    look: Look | None = None
    reads: str | None = None
    act: Act | None = None
    anonymous: bool = False
    basic: bool = False
    ingest: bool = False
    logged: bool = True
    example: Any = None
    others: Mapping[int, str] = field(default_factory=dict)
    largest_body: int = LARGEST_BODY

    @property
    def for_neighbours(self) -> bool:
        """Whether neighbours speak there, each in its own shape."""
        return self.ingest and self.act is None

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method not in ("GET", "HEAD")


B = TypeVar("B")
Q = TypeVar("Q")


class Page(msgspec.Struct, Generic[B], kw_only=True):
    """A page of a list; ``next_cursor`` is null on the last one."""

    items: list[B]
    next_cursor: str | None = None


__all__ = ["Act", "Ask", "Asked", "Call", "Endpoint", "Look", "Page", "Show"]
