"""Changes of records: from two values to JSON and back (Domain: every change has old and new)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from tocsin.core import instants
from tocsin.core.connector_words import ConnectorMode, OnResolve, RuleAction
from tocsin.core.facts import Change, Event, JsonValue
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.records import (
    Contact,
    Destination,
    Location,
    PageGroup,
    Record,
    RouteMatch,
    Rule,
    Side,
)
from tocsin.core.ticket import Assignee
from tocsin.core.words import ContactMethod, DestinationKind, LinkType, Role, Severity

R = TypeVar("R", bound=Record)

FieldValue = (
    None
    | bool
    | int
    | float
    | str
    | datetime
    | tuple[object, ...]
    | Mapping[str, str]
    | Destination
    | RouteMatch
    | Side
    | Assignee
)


def as_json(value: object) -> JsonValue:
    """*value* of a record's field as JSON: words as text, instants as RFC 3339, sets as lists.

    Raises:
        TypeError: no field of a record holds such a value.
    """
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return instants.to_text(value)
        case tuple():
            return [as_json(item) for item in value]
        case Mapping():
            return {str(name): as_json(item) for name, item in sorted(value.items())}
        case _ if is_dataclass(value):
            return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} is not the value of a record's field")


def changes_between(state: object, wanted: Mapping[str, FieldValue]) -> tuple[Change, ...]:
    """What *wanted* would change in the fields of *state*, in the order of *wanted*; empty when
    nothing."""
    return tuple(
        Change(field=field, old=as_json(old), new=as_json(new))
        for field, new in wanted.items()
        if (old := getattr(state, field)) != new
    )


def touched(state: R, event: Event) -> R:
    """*state* after an *event* that changes none of its fields."""
    return replace(state, updated_at=event.recorded_at, version=event.version)


def changed(state: R, changes: tuple[Change, ...], event: Event) -> R:
    """*state* after *changes*. A field that this code does not know is left alone."""
    known = {field.name for field in fields(state)}
    values: dict[str, Any] = {
        change.field: _reader(state, change.field)(change.new)
        for change in changes
        if change.field in known
    }
    return replace(state, **{**values, "updated_at": event.recorded_at, "version": event.version})


def _reader(state: Record, field: str) -> Callable[[JsonValue], object]:
    if field == "kind" and isinstance(state, Location):
        return lambda value: LocationKind(str(value))
    if field == "severity" and isinstance(state, Rule):
        # A rule's is a text with placeholders; everybody else's is a severity.
        return _plain
    return _READERS.get(field, _plain)


def removed(state: R, at: datetime, event: Event) -> R:
    """*state* after its removal."""
    return replace(state, removed_at=at, updated_at=event.recorded_at, version=event.version)


def _plain(value: JsonValue) -> object:
    return tuple(value) if isinstance(value, list) else value


def _optional_text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: JsonValue) -> float | None:
    # A whole number of degrees is written without a point, and read back as one.
    return float(value) if isinstance(value, int | float) else None


def _texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _instant(value: JsonValue) -> object:
    return instants.from_text(value) if isinstance(value, str) else None


def _contacts(value: JsonValue) -> object:
    if not isinstance(value, list):
        return ()
    return tuple(
        Contact(
            name=str(item.get("name")),
            method=ContactMethod(str(item.get("method"))),
            address=str(item.get("address")),
            hours=_optional_text(item.get("hours")),
            order=order if isinstance(order := item.get("order"), int) else 0,
        )
        for item in value
        if isinstance(item, dict)
    )


def _destination(value: JsonValue) -> object:
    given = value if isinstance(value, dict) else {}
    return Destination(
        kind=DestinationKind(str(given.get("kind"))),
        url=_optional_text(given.get("url")),
        address=_optional_text(given.get("address")),
        channel=_optional_text(given.get("channel")),
        table_base=_optional_text(given.get("table_base")),
        secret_id=_optional_text(given.get("secret_id")),
    )


def _match(value: JsonValue) -> object:
    given = value if isinstance(value, dict) else {}
    return RouteMatch(kinds=_texts(given.get("kinds")), matchers=_texts(given.get("matchers")))


def _groups(value: JsonValue) -> object:
    if not isinstance(value, list):
        return ()
    return tuple(
        PageGroup(name=str(item.get("name")), services=_texts(item.get("services")))
        for item in value
        if isinstance(item, dict)
    )


def _side(value: JsonValue) -> object:
    given = value if isinstance(value, dict) else {}
    return Side(device=str(given.get("device")), interface=str(given.get("interface")))


def _assignee(value: JsonValue) -> object:
    if not isinstance(value, dict):
        return None
    return Assignee(kind=str(value.get("kind")), id=str(value.get("id")))


def _expressions(value: JsonValue) -> object:
    given = value if isinstance(value, dict) else {}
    return {name: str(expression) for name, expression in given.items()}


_READERS: Final[Mapping[str, Callable[[JsonValue], object]]] = {
    "role": lambda value: Role(str(value)),
    "severity": lambda value: None if value is None else Severity(str(value)),
    "assignee": _assignee,
    "link_type": lambda value: LinkType(str(value)),
    "expires_at": _instant,
    "contacts": _contacts,
    "groups": _groups,
    "destination": _destination,
    "match": _match,
    "mapping": _expressions,
    "mode": lambda value: ConnectorMode(str(value)),
    "action": lambda value: RuleAction(str(value)),
    "on_resolve": lambda value: OnResolve(str(value)),
    "lat": _number,
    "lng": _number,
    "side_a": _side,
    "side_z": _side,
}
"""How a field is read back that JSON cannot hold as it is."""
