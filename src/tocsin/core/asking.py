"""Asking somebody at an address that the operator chose: what an adapter needs of whoever does it.

How that goes (HTTP, TLS, time and measure) is ``adapters/asking``; a neighbour that has something
to ask is handed it, and knows only this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
"""Types of what is sent."""


class NoAnswer(Exception):
    """There is no answer to work with; ``reason`` is a sentence for the operator that holds nothing
    of the other side's text, nor of the address, whose path may be a key.

    ``may_pass`` says that asking again may help, ``pause`` after how many seconds the other side
    wishes to be asked again, if it said so.
    """

    def __init__(self, reason: str, *, may_pass: bool, pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_pass = may_pass
        self.pause = pause


class Asking(Protocol):
    """One address, to be asked by many threads at once."""

    @property
    def host(self) -> str:
        """Who is asked, without a port or a path."""
        ...

    def answer(self, body: bytes) -> bytes:
        """The whole answer to *body*.

        Raises:
            NoAnswer: none came in time, it is too large, or it says anything but that all is well.
        """
        ...

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """The answer to *body* as it comes, for one that is not held as a whole; the time is for
        what the caller does with a piece too.

        Raises:
            NoAnswer: as :meth:`answer`, and at any piece.
        """
        ...


class OpenAsking(Protocol):
    """Makes what one address is asked with; nothing is sent by that."""

    def __call__(
        self,
        url: str,
        *,
        below: str = "",
        content: str,
        headers: Mapping[str, str],
        seconds: float,
        largest: int,
    ) -> Asking:
        """Whoever is asked at *url*, or at the path *below* it.

        What is sent is of the type *content* and has these *headers*; each answer comes within
        *seconds*, from the name to the last byte, and has at most *largest* bytes, head and all.
        A query in *url* is allowed where nothing is asked *below* it.

        Raises:
            ValueError: *url* is no address, or a header cannot be sent; neither is repeated.
        """
        ...
