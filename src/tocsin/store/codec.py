"""Facts and states as text, and back again.

An event is stored as two canonical JSON documents (RFC 8785): ``public`` has the envelope's opaque
facts (id, stream, version, position, kind, schema, instant) and the payload's minimal facts;
``private`` has the actor, the way in and everything else. Fields that are None are left out.

Reading goes by the pair of kind and schema number: older schemas are lifted to today's by
:data:`UPCASTS`, one number at a time.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, get_type_hints

import msgspec
import rfc8785

from tocsin.core.aggregates import AGGREGATES, State
from tocsin.core.facts import Actor, Event, Payload, payload_class, registered_kinds, stream_sort
from tocsin.core.instants import from_text, to_text
from tocsin.core.routing import Delivery
from tocsin.store.contract import LogDamaged

Document = dict[str, Any]
Upcast = Callable[[Document], Document]

UPCASTS: dict[tuple[str, int], Upcast] = {}
"""``(kind, schema)`` → how its data reads in the next schema. Empty while every schema is the
first."""

_sorted = msgspec.json.Encoder(order="sorted", decimal_format="string")
_plain = msgspec.json.Encoder()
_deliveries = msgspec.json.Decoder(list[tuple[str, str | None]])
_document = msgspec.json.Decoder(dict[str, Any])

REMOVED = "[removed]"


class _Plan:
    """How one payload class is written: which fields are public, and whether keys are all ours.

    Free-form mappings may hold keys and numbers for which only a full RFC 8785 writer is canonical;
    everything else is written by the faster encoder, which agrees with it (a test says so).
    """

    __slots__ = ("free_form", "private", "public")

    def __init__(self, cls: type[Payload]) -> None:
        hints = get_type_hints(cls)
        names = [one.name for one in dataclasses.fields(cls)]  # type: ignore[arg-type]
        self.public = tuple(name for name in names if name in cls.public)
        self.private = tuple(name for name in names if name not in cls.public)
        self.free_form = any("Mapping" in str(hints[name]) for name in names)


_EXACT: Final = 1 << 53
"""Integers below are the same in every JSON reader."""

_plans: dict[type[Payload], _Plan] = {}


def _plan(cls: type[Payload]) -> _Plan:
    plan = _plans.get(cls)
    if plan is None:
        plan = _plans[cls] = _Plan(cls)
    return plan


def _fields(payload: Payload, names: tuple[str, ...]) -> Document:
    found: Document = {}
    for name in names:
        value = getattr(payload, name)
        if value is None:
            continue
        found[name] = to_text(value) if isinstance(value, datetime) else value
    return found


def canonical(document: Document, *, free_form: bool = False) -> bytes:
    """*document* as canonical JSON (RFC 8785)."""
    if free_form:
        document = msgspec.to_builtins(document)
        if not _is_simple(document):
            return rfc8785.dumps(document)
    return _sorted.encode(document)


def _is_simple(value: object) -> bool:
    """Whether the fast encoder writes *value* as RFC 8785 wants it.

    It does but for numbers that are no small integers, and for the order of names in which UTF-16
    differs from Unicode.
    """
    if isinstance(value, str):
        return True
    if isinstance(value, dict):
        for name, member in value.items():
            if not name.isascii() or not (isinstance(member, str) or _is_simple(member)):
                return False
        return True
    if isinstance(value, list | tuple):
        return all(map(_is_simple, value))
    if isinstance(value, int):
        return -_EXACT < value < _EXACT
    return value is None


def encoded_parts(event: Event) -> tuple[bytes, bytes]:
    """``(public, private)`` of an event."""
    payload = event.payload
    plan = _plan(type(payload))
    public = {
        "data": _fields(payload, plan.public),
        "id": event.id,
        "kind": event.kind,
        "position": event.position,
        "recorded_at": to_text(event.recorded_at),
        "schema": payload.schema,
        "stream": event.stream,
        "version": event.version,
    }
    actor = event.actor
    who: Document = {"type": actor.type, "id": actor.id, "name": actor.name}
    if actor.contributor is not None:
        who["contributor"] = actor.contributor
    if actor.pubkey is not None:
        who["pubkey"] = actor.pubkey
    private = {"actor": who, "data": _fields(payload, plan.private), "via": event.via}
    return (
        canonical(public, free_form=plan.free_form),
        canonical(private, free_form=plan.free_form),
    )


def data_of(payload: Payload) -> Document:
    """Everything *payload* says, as JSON values; fields that are None are left out."""
    plan = _plan(type(payload))
    data: Document = msgspec.to_builtins(_fields(payload, (*plan.public, *plan.private)))
    return data


def deliveries_text(deliveries: Sequence[Delivery]) -> str:
    """Deliveries as they stand in the outbox: [[route id, coalesce key or null], …]."""
    return _plain.encode([(one.route_id, one.coalesce_key) for one in deliveries]).decode()


def deliveries_of_text(text: str) -> tuple[Delivery, ...]:
    """The deliveries in an outbox row's text (:func:`deliveries_text`)."""
    return tuple(Delivery(route_id, key) for route_id, key in _deliveries.decode(text))


def lifted(kind: str, schema: int, data: Document) -> tuple[type[Payload], Document]:
    """The class that reads *data* today, and the data in its words.

    Raises:
        LogDamaged: a kind and schema that no code known here ever wrote.
    """
    while (kind, schema) in UPCASTS:
        data = UPCASTS[(kind, schema)](data)
        schema += 1
    cls = payload_class(kind, schema)
    if cls is None:
        raise LogDamaged(
            f"an event of kind {kind} schema {schema}, which this program does not know"
        )
    return cls, data


def documents_of(
    public: bytes | str, private: bytes | str, *, position: int
) -> tuple[Document, Document]:
    """The two documents of a stored event, their data in today's words.

    Raises:
        LogDamaged: they are not what an event looks like.
    """
    try:
        outside, inside = _document.decode(public), _document.decode(private)
        kind, schema = outside["kind"], outside["schema"]
        if (kind, schema) in UPCASTS:
            cls, data = lifted(kind, schema, {**outside["data"], **inside["data"]})
            outside = {**outside, "schema": cls.schema, "data": data}
            inside = {**inside, "data": {}}
        return outside, inside
    except (msgspec.DecodeError, KeyError, TypeError) as wrong:
        raise LogDamaged(f"the event at position {position} cannot be read: {wrong}") from wrong


def event_of_documents(outside: Document, inside: Document, *, position: int, org_id: int) -> Event:
    """The event that two documents hold (:func:`documents_of`).

    Raises:
        LogDamaged: they are not what an event looks like.
    """
    try:
        cls, data = lifted(
            outside["kind"], outside["schema"], {**outside["data"], **inside["data"]}
        )
        payload = msgspec.convert(data, cls)
        return Event(
            id=outside["id"],
            org_id=org_id,
            stream=outside["stream"],
            version=outside["version"],
            position=position,
            recorded_at=from_text(outside["recorded_at"]),
            actor=Actor(**inside["actor"]),
            via=inside["via"],
            payload=payload,
        )
    except (msgspec.ValidationError, KeyError, TypeError, ValueError) as wrong:
        raise LogDamaged(f"the event at position {position} cannot be read: {wrong}") from wrong


def decoded_event(
    *, position: int, org_id: int, public: bytes | str, private: bytes | str
) -> Event:
    """The event that the two stored documents hold.

    Raises:
        LogDamaged: the documents are not what an event looks like.
    """
    outside, inside = documents_of(public, private, position=position)
    return event_of_documents(outside, inside, position=position, org_id=org_id)


def emptied(kind: str, schema: int, private: bytes | str, fields: frozenset[str]) -> bytes:
    """The private document with the text of *fields* taken out, still readable as the same event.

    ``actor.name`` empties the actor's name. In a list of changes the named field's old and new text
    go; texts become ``[removed]``, free-form mappings and lists of texts become empty.

    Raises:
        LogDamaged: the document cannot be read.
        KeyError: a field that this event does not have, or that holds no text.
    """
    document = _document.decode(private)
    cls, _ = lifted(kind, schema, dict(document["data"]))
    data = document["data"]
    for name in sorted(fields):
        if name == "actor.name":
            document["actor"]["name"] = REMOVED
        elif name in cls.redactable and name != "changes" and name in data:
            data[name] = _without_text(data[name], free_form=_is_mapping(cls, name))
        elif "changes" in cls.redactable and any(
            one["field"] == name for one in data.get("changes", ())
        ):
            for one in data["changes"]:
                if one["field"] == name:
                    one["old"] = None if one.get("old") is None else _without_text(one["old"])
                    one["new"] = None if one.get("new") is None else _without_text(one["new"])
        else:
            raise KeyError(name)
    return canonical(document, free_form=True)


def _is_mapping(cls: type[Payload], name: str) -> bool:
    return "Mapping" in str(get_type_hints(cls)[name])


def _without_text(value: Any, *, free_form: bool = False) -> Any:
    if free_form:
        return {}
    match value:
        case str():
            return REMOVED
        case dict():
            return {
                key: _without_text(inner) if key != "kind" else inner
                for key, inner in value.items()
            }
        case list():
            return []
        case _:
            return value


# Made at import, while there is one thread: msgspec hangs what it learns of a class onto the class
# before it knows all of it, and another thread that reads by it in that moment brings the process
# down. The classes of payloads are learnt for the same reason, though :func:`msgspec.convert` needs
# no decoder.
_states: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    sort: msgspec.json.Decoder(aggregate.state) for sort, aggregate in AGGREGATES.items()
}
for _cls in frozenset(registered_kinds().values()):
    msgspec.json.Decoder(_cls)


class _Fields:
    """How a state's class is written: its fields in one read, its defaults to be left out."""

    __slots__ = ("defaults", "names", "values")

    def __init__(self, cls: type[State]) -> None:
        fields = dataclasses.fields(cls)
        self.names = tuple(field.name for field in fields)
        self.defaults = tuple(field.default for field in fields)
        self.values = operator.attrgetter(*self.names)


_fields_of: dict[type[State], _Fields] = {}


def encoded_state(state: State) -> bytes:
    """A state as JSON; instants keep their microseconds, fields at their defaults are left out.

    Half of a ticket's fields are at their defaults for most of its life.
    """
    cls = type(state)
    fields = _fields_of.get(cls)
    if fields is None:
        fields = _fields_of[cls] = _Fields(cls)
    return _plain.encode(
        {
            name: value
            for name, value, default in zip(
                fields.names, fields.values(state), fields.defaults, strict=True
            )
            # Identity first, which is quick; then equality: a default that came out of the log
            # is another object, and a rebuild must write what the commit wrote.
            if value is not default and value != default
        }
    )


def decoded_state(stream: str, text: bytes | str) -> State:
    """The state that *text* holds, for a stream of that name.

    Raises:
        LogDamaged: the text is not such a state.
    """
    decoder = _states[stream_sort(stream)]
    try:
        state: State = decoder.decode(text)
    except (msgspec.DecodeError, msgspec.ValidationError) as wrong:
        raise LogDamaged(f"the state of {stream} cannot be read: {wrong}") from wrong
    return state
