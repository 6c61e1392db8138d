"""Forms as tables of fields: what a field is called in the API, how it is typed, how it is read.

``body`` turns what was typed into the body of a request; whether it is right is the API's to say.
Only what no JSON value can be made of is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from tocsin.core.instants import to_text
from tocsin.web.dashboard.visits import Fields, FieldsWrong


class Kind(StrEnum):
    """How a field is typed."""

    TEXT = "text"
    WORDS = "words"
    """Several lines."""
    CHOICE = "choice"
    SEVERAL = "several"
    """Any of the choices, as check boxes."""
    LISTED = "listed"
    """Several names in one line, with commas or spaces between."""
    LINES = "lines"
    """Several texts, one to a line."""
    INSTANT = "instant"
    """A date and a time in UTC."""
    NUMBER = "number"
    DECIMAL = "decimal"
    """A number with a point, such as degrees."""
    FLAG = "flag"
    SECRET = "secret"  # noqa: S105 - a kind, no secret
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What may be chosen: ``value`` as the API writes it, ``text`` as people read it."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. ``name`` is its path in the body, with dots for depth: ``match.matchers``.

    ``suggest`` is what is looked up while one types: ``device``, ``link``, ``service``,
    ``contributor``, ``member`` or ``label``. ``hint`` stands below the label.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    longest: int = 200
    rows: int = 4
    suggest: str | None = None


def body(specs: Sequence[Field], typed: Fields, *, change: bool = False) -> dict[str, Any]:
    """What was typed as the body of a request.

    Empty fields are left out; in a *change* they are null (empty lists where lists are), which
    clears what was there.

    Raises:
        FieldsWrong: a value is not of its kind.
    """
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    for spec in specs:
        values = tuple(value for value in typed.get(spec.name, ()) if value.strip())
        try:
            value = _READ[spec.kind](values)
        except ValueError as wrong:
            errors[spec.name] = str(wrong)
            continue
        if value is None or value == []:
            if spec.kind is Kind.SECRET or not change:
                continue
            if spec.required:
                # The API says best that it is required: by its being empty, not by its absence.
                value = ""
        _put(found, spec.name, value)
    if errors:
        raise FieldsWrong(errors)
    return found


def typed_of(specs: Sequence[Field], record: Mapping[str, Any]) -> Fields:
    """The fields as they are typed for a *record* as the API shows it: what a form that changes it
    begins with."""
    found: dict[str, tuple[str, ...]] = {}
    for spec in specs:
        value = _get(record, spec.name)
        if value is None or value == [] or value == "" or spec.kind is Kind.SECRET:
            continue
        found[spec.name] = _write(spec.kind, value)
    return found


def _write(kind: Kind, value: Any) -> tuple[str, ...]:
    match kind:
        case Kind.SEVERAL:
            return tuple(str(one) for one in value)
        case Kind.LISTED:
            return (", ".join(str(one) for one in value),)
        case Kind.LINES:
            return ("\n".join(str(one) for one in value),)
        case Kind.INSTANT:
            return (str(value)[:16],)
        case Kind.FLAG:
            return ("on",) if value else ()
        case Kind.JSON:
            return (msgspec.json.format(msgspec.json.encode(value), indent=2).decode(),)
        case _:
            return (str(value),)


def _last(values: tuple[str, ...]) -> str | None:
    return values[-1].replace("\r\n", "\n").strip() if values else None


def _instant(values: tuple[str, ...]) -> str | None:
    text = _last(values)
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text.removesuffix("UTC").strip().replace("Z", "+00:00"))
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise ValueError("write date and time like 2026-11-20 09:30, in UTC") from wrong
    return to_text(read)


def _number(values: tuple[str, ...]) -> int | None:
    text = _last(values)
    if text is None:
        return None
    if len(text) > 18 or not text.removeprefix("-").isdigit() or not text.isascii():
        raise ValueError("write a whole number")
    return int(text)


_DECIMAL: Final = re.compile(r"[+-]?\d{1,9}(\.\d{1,15})?", re.ASCII)


def _decimal(values: tuple[str, ...]) -> float | None:
    text = _last(values)
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text):
        raise ValueError("write a number such as 52.3702")
    return float(text)


def _listed(values: tuple[str, ...]) -> list[str]:
    return [name for value in values for name in value.replace(",", " ").split()]


def _lines(values: tuple[str, ...]) -> list[str]:
    return [line.strip() for value in values for line in value.splitlines() if line.strip()]


def _json(values: tuple[str, ...]) -> Any:
    text = _last(values)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise ValueError(f"this is not JSON: {wrong}") from wrong


_READ: Final[Mapping[Kind, Callable[[tuple[str, ...]], Any]]] = {
    Kind.TEXT: _last,
    Kind.WORDS: _last,
    Kind.CHOICE: _last,
    Kind.SECRET: _last,
    Kind.SEVERAL: list,
    Kind.LISTED: _listed,
    Kind.LINES: _lines,
    Kind.INSTANT: _instant,
    Kind.NUMBER: _number,
    Kind.DECIMAL: _decimal,
    Kind.FLAG: bool,
    Kind.JSON: _json,
}


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")
    for part in above:
        found = found.setdefault(part, {})
    found[last] = value


def _get(record: Mapping[str, Any], name: str) -> Any:
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value
