"""What pages are made from, and how a page or a form is declared: one table finds, reads, writes.

A page looks at one snapshot. A form is turned into one request of the API, in the words of the API,
and asked of it in this process as the person who is signed in: what a body may say, who may do what
and what is wrong with a field is decided there, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from tocsin.handler.admission import Admission
from tocsin.store.contract import ReadTurn

Fields = Mapping[str, tuple[str, ...]]
"""The fields of a query or form by name, each in its order; without empty ones."""
Header = tuple[bytes, bytes]

HTML: Final = "text/html; charset=utf-8"
NO_FIELDS: Final[Fields] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One request of the API: ``path`` is what follows ``/v1/orgs/{org}``, with its names quoted.

    ``version`` is the version that was looked at (If-Match), ``once`` makes a repeat harmless
    (Idempotency-Key).
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    version: int | None = None
    once: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the API answered: the record as it is now, or a problem document."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as somebody sent it, to be shown again. Nothing typed is ever lost.

    ``form`` is the address of the form as it is declared. ``errors`` say by the form's field what
    is wrong with it, ``trouble`` what is wrong with the whole, None where nothing was refused: then
    one was only signed out meanwhile. ``stale`` is whether somebody else was faster: what they did
    is behind ``version``, which is the one that this form was made from. ``told`` is the refusal
    itself, where the API refused it.
    """

    form: str = ""
    typed: Fields = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    trouble: str | None = None
    stale: bool = False
    version: int | None = None
    told: Told | None = None

    def one(self, name: str, otherwise: str = "") -> str:
        """What stands in a field: as typed, and *otherwise* where nobody has typed anything yet."""
        if not self.form:
            return otherwise
        return self.typed.get(name, ("",))[-1]

    def all(self, name: str, otherwise: tuple[str, ...] = ()) -> tuple[str, ...]:
        """What was chosen of several."""
        return self.typed.get(name, ()) if self.form else otherwise


NOT_SENT: Final = Filled()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One look at a page: the snapshot, who asks, and what the address says.

    ``path`` holds the named parts of the address, ``wanted`` is the whole address. Forms carry
    ``form_token``, and ``once`` as their Idempotency-Key. ``public_url`` is where this server is
    reached: as it was told, else as the browser reached it. ``told`` is what the API answered to
    what the page asks it.
    """

    turn: ReadTurn
    admitted: Admission
    path: Mapping[str, str]
    fields: Fields
    at: datetime
    wanted: str
    form_token: str
    once: str
    public_url: str | None = None
    told: Told | None = None

    def one(self, name: str) -> str:
        """The last value of a field of the query, empty where there is none."""
        return self.fields.get(name, ("",))[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form as it came; ``at`` is now."""

    path: Mapping[str, str]
    typed: Fields
    at: datetime

    def one(self, name: str) -> str:
        """The last value of a field, stripped; empty where there is none."""
        return self.typed.get(name, ("",))[-1].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field, stripped."""
        return tuple(value.strip() for value in self.typed.get(name, ()) if value.strip())

    @property
    def once(self) -> str | None:
        """The Idempotency-Key that the form carries."""
        return self.one("once") or None

    @property
    def version(self) -> int | None:
        """The version that the form was made from."""
        text = self.one("version")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class FieldsWrong(Exception):
    """A form whose fields cannot be read; ``errors`` say what is wrong, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is answered."""

    body: str
    status: int = 200
    content_type: str = HTML
    headers: tuple[Header, ...] = ()


Look = Callable[[Visit], Page]
"""Makes a page. Raises a Refusal (NotFound, Forbidden, Invalid) for what cannot be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAt:
    """A page: ``path`` with named parts, as ``/tickets/{ref}``. ``asks`` is what the API is asked
    before one looks, made of the named parts and the query: what takes longer than a snapshot
    should be held."""

    path: str
    look: Look
    asks: Callable[[Mapping[str, str], Fields], Wish] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAt:
    """A form that is sent to ``path``.

    ``wish`` makes the request of what was sent, and raises FieldsWrong where it cannot. When it is
    done the browser goes on to ``done``; where ``reveal`` is given its page is shown instead,
    once (for secrets). When it is refused ``show`` makes the page with the form as it was filled
    in; a GET shows it with :data:`NOT_SENT`. ``names`` are the names of fields in the API that are
    other ones in the form.
    """

    path: str
    wish: Callable[[Sent], Wish]
    show: Callable[[Visit, Filled], Page]
    done: Callable[[Sent, Told], str]
    reveal: Callable[[Visit, Told], Page] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
