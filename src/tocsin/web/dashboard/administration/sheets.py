"""A sort of record as the administration shows it: a declaration, and nothing that is done.

``path`` is the same in the API and here: what is asked of ``/v1/orgs/{org}/services`` stands below
``/admin/services``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from tocsin.core.record_commands import RecordCommand
from tocsin.core.records import Record
from tocsin.projections.shapes.record_names import RecordNames
from tocsin.web.dashboard.addresses import ADMINISTRATION
from tocsin.web.dashboard.administration.cells import Cell
from tocsin.web.dashboard.forms import Choice, Field
from tocsin.web.dashboard.visits import Fields, Page, Sent, Told, Visit, Wish

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the list, or a fact of the page of one."""

    label: str
    of: Callable[[Any, RecordNames], Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A list of objects as rows of a form: ``contacts.0.name`` and so on.

    Rows in which nothing is typed say nothing; ``spare`` empty ones are offered. ``changing`` is
    what one has to be allowed to ask for to change them, where that is more than the rest.
    """

    name: str
    label: str
    one: str
    fields: tuple[Field, ...]
    most: int
    hint: str = ""
    spare: int = 2
    changing: RecordCommand | None = None

    def row(self, number: int) -> tuple[Field, ...]:
        """The fields of one row."""
        return tuple(replace(one, name=f"{self.name}.{number}.{one.name}") for one in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that can be done with one record besides changing it.

    ``asks`` is what a person is asked first; without it a button does it at once. ``carries`` are
    hidden fields of its form; ``versioned`` is whether it is about the version that one looks at.
    """

    path: str
    button: Callable[[Any], str]
    wish: Callable[[Sent], Wish]
    may: Callable[[Visit, Any], bool]
    asks: str = ""
    carries: Callable[[Any], Mapping[str, str]] = lambda record: _NONE
    reveal: Callable[[Visit, Told], Page] | None = None
    versioned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sort of record.

    ``one`` and ``many`` are its words, ``about`` says what it is for, ``empty`` what to do where
    there is none. ``said`` is a record in the words of the API, for the form that changes it.
    ``making``, ``changing`` and ``removing`` are asked of :func:`tocsin.core.permissions.permit`;
    None where it is not done here. ``ordered`` is the order of the list, ``begin`` what stands in
    the form of a new one, ``seldom`` the fields that are folded away, ``names`` what the API calls
    fields that have another name here; ``finished`` is told whether a body is a change, and gives
    it the words of the API. ``beside`` and ``in_list`` are what ``template`` and the list show
    besides.
    """

    sort: str
    path: str
    kind: type[Record]
    one: str
    many: str
    about: str
    empty: str
    title: Callable[[Any], str]
    columns: tuple[Column, ...]
    facts: tuple[Column, ...]
    said: Callable[[Any, RecordNames], Mapping[str, Any]]
    claims: tuple[str, ...] = ()
    also: Callable[[Any], str] = lambda record: ""
    new: tuple[Field, ...] = ()
    change: tuple[Field, ...] = ()
    begin: Fields = field(default_factory=dict)
    seldom: frozenset[str] = frozenset()
    rows: tuple[Rows, ...] = ()
    names: Mapping[str, str] = field(default_factory=lambda: _NONE)
    making: Callable[[Visit], RecordCommand] | None = None
    changing: RecordCommand | None = None
    removing: RecordCommand | None = None
    remove: str = "Remove"
    removed: str = "Removed"
    removal: str = ""
    make: str = ""
    ordered: Callable[[Any], Any] | None = None
    choices: Mapping[str, Callable[[Visit], tuple[Choice, ...]]] = field(
        default_factory=lambda: _NONE
    )
    finished: Callable[[dict[str, Any], bool], dict[str, Any]] = lambda body, change: body
    visible: Callable[[Visit], Callable[[Any], bool]] = lambda visit: lambda record: True
    reveal: Callable[[Visit, Told], Page] | None = None
    reveal_change: Callable[[Visit, Told], Page] | None = None
    acts: tuple[Act, ...] = ()
    template: str = "one.html"
    beside: Callable[[Visit, Any], Mapping[str, Any]] = lambda visit, record: _NONE
    in_list: Callable[[Visit, tuple[Any, ...]], Mapping[str, Any]] | None = None

    @property
    def home(self) -> str:
        """The address of the list."""
        return f"{ADMINISTRATION}/{self.path}"

    def address(self, record: Record) -> str:
        """The address of one."""
        return f"{self.home}/{record.id}"

    def words(self, record: Any) -> tuple[str, ...]:
        """By what one is found."""
        return self.title(record), self.also(record), record.id
