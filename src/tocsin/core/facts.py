"""Facts: what an event is, what it carries, and the register of every kind ever written.

A *payload* is a frozen dataclass that says what happened; an :class:`Event` is a payload with the
envelope that every fact has (Domain: events). A payload's ``kind`` and ``schema`` are literals,
given once in :func:`fact`, and outlive the class: a log written by an old release is read by
looking up the pair, never a class path. One payload class may serve two kinds of stream
(``incident.note_added`` and ``maintenance.note_added``); the kind is chosen by the stream it is
appended to.

``public`` names the fields that are minimal facts and may one day be published; everything else is
private. ``text`` names the private fields that hold free text or personal data and can be redacted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

ActorKind = Literal["user", "system", "connector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: ``type`` user, system or connector; ``id`` of the member, or what speaks.

    ``name`` is what people read; ``contributor`` the contributor's code and ``pubkey`` its key,
    where the member is bound to one.
    """

    type: ActorKind
    id: str
    name: str
    contributor: str | None = None
    pubkey: str | None = None


SYSTEM = Actor(type="system", id="tocsin", name="Tocsin")
"""The system itself: the clock, and what follows from other facts."""


class Payload:
    """What happened. Subclasses are frozen slotted dataclasses registered by :func:`fact`."""

    __slots__ = ()
    kinds: ClassVar[Mapping[str, str]]
    schema: ClassVar[int]
    public: ClassVar[frozenset[str]]
    redactable: ClassVar[frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A payload with its envelope: one fact in the log.

    ``position`` is its place in the whole log, ``version`` its place in its stream; ``recorded_at``
    is when it was recorded (never when it is said to have happened); ``via`` is where it came in
    (``api``, ``slack``, ``web``, ``clock``, ``connector:<name>``).
    """

    id: str
    org_id: int
    stream: str
    version: int
    position: int
    recorded_at: datetime
    actor: Actor
    via: str
    payload: Payload

    @property
    def kind(self) -> str:
        """``incident.created``: chosen by the kind of stream, from the payload's own table."""
        return self.payload.kinds[self.stream.partition(":")[0]]


_register: dict[tuple[str, int], type[Payload]] = {}

P = TypeVar("P", bound=Payload)


def fact(
    *kinds: str,
    schema: int = 1,
    public: tuple[str, ...] = (),
    text: tuple[str, ...] = (),
) -> Callable[[type[P]], type[P]]:
    """Register a payload class under its literal *kinds* and *schema* number.

    Raises:
        ValueError: a kind and schema number that is taken, or two kinds for one sort of stream.
    """

    def registered(cls: type[P]) -> type[P]:
        by_stream: dict[str, str] = {}
        for kind in kinds:
            if (kind, schema) in _register:
                raise ValueError(f"{kind} schema {schema} is registered twice")
            sort = kind.partition(".")[0]
            if sort in by_stream:
                raise ValueError(f"{cls.__name__} has two kinds for {sort} streams")
            by_stream[sort] = kind
            _register[(kind, schema)] = cls
        cls.kinds = MappingProxyType(by_stream)
        cls.schema = schema
        cls.public = frozenset(public)
        cls.redactable = frozenset(text)
        return cls

    return registered


def payload_class(kind: str, schema: int) -> type[Payload] | None:
    """The class that was registered for *kind* and *schema*, or None for a kind this code never
    knew."""
    return _register.get((kind, schema))


def registered_kinds() -> Mapping[tuple[str, int], type[Payload]]:
    """Every (kind, schema) with its class."""
    return MappingProxyType(_register)


if TYPE_CHECKING:
    JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
else:
    # Readers that go by annotations at run time cannot follow a type that names itself.
    JsonValue = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of a record or ticket that changed, with its old and its new value as JSON."""

    field: str
    old: JsonValue = None
    new: JsonValue = None


def stream_name(sort: str, identity: str) -> str:
    """``incident:0193…``: the stream of one aggregate."""
    return f"{sort}:{identity}"


def stream_sort(stream: str) -> str:
    """``incident`` of ``incident:0193…``."""
    return stream.partition(":")[0]


def stream_identity(stream: str) -> str:
    """``0193…`` of ``incident:0193…``."""
    return stream.partition(":")[2]


@dataclass(frozen=True, slots=True)
class _Nothing:
    """Stands for a field that was not given, where None means: empty it."""

    reason: str = field(default="not given", repr=False)


NOT_GIVEN = _Nothing()
NotGiven = _Nothing
