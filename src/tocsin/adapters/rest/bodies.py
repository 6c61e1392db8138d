"""Bodies and query strings as typed values; what is wrong with them, field by field.

msgspec stops at the first thing that is wrong. A person who filled in twenty fields should hear of
all of them, so what was refused is looked at again, one field at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from tocsin.core.errors import FieldError, Invalid, Malformed, invalid, invalid_fields

T = TypeVar("T")

LARGEST_BODY = 1_048_576
"""Bytes of a request body outside ingest."""

_MOST_PARAMETERS = 200
_MOST_ERRORS = 50

_MOST_LOOKED_AT = 1_000
"""Items of a list, or entries of a mapping, that are looked at for what is wrong with them. Looking
takes a thousand times as long as reading, and who sends a million is told of the first ones."""

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return decoder


def read_body(raw: bytes, kind: type[T]) -> T:
    """*raw* JSON as a value of *kind*.

    Raises:
        Malformed: it is not JSON.
        Invalid: fields are unknown, missing or of another type; each is named.
    """
    try:
        return _decoder(kind).decode(raw)  # type: ignore[no-any-return]
    except msgspec.ValidationError as wrong:
        raise _explained(raw, kind, wrong) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as garbled:
        raise Malformed(f"the body is not JSON: {garbled}") from None


def read_query(raw: bytes, kind: type[T]) -> T:
    """A query string as a value of *kind*; parameters that are lists may be repeated.

    Raises:
        Invalid: parameters are unknown, repeated or of another type; each is named.
    """
    if not raw:
        return kind()
    try:
        pairs = parse_qsl(
            raw.decode("ascii", "strict"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as garbled:
        raise Malformed(f"the query string cannot be read: {garbled}") from None
    repeatable, instants = _repeatable(kind), _instants(kind)
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in pairs:
        if "\0" in value:
            # No text here has one, and neither database takes it for text.
            errors.append(FieldError(name, "control_character", "has a character of code 0"))
        elif name in instants and value[4:5] != "-":
            # Read as JSON is from a string, a number would be seconds since 1970.
            errors.append(FieldError(name, "bad_instant", _INSTANT))
        elif name in repeatable:
            values.setdefault(name, []).append(value)
        elif name in values:
            errors.append(FieldError(name, "repeated", "given more than once; once is meant"))
        else:
            values[name] = value
    if errors:
        raise invalid_fields(errors[:_MOST_ERRORS])
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as wrong:
        errors = list(islice(_field_errors(values, kind, strict=False), _MOST_ERRORS))
        raise (invalid_fields(errors) if errors else _said(wrong)) from None


_lists: dict[Any, frozenset[str]] = {}
_of_instants: dict[Any, frozenset[str]] = {}


def _instants(kind: Any) -> frozenset[str]:
    """The parameters of *kind* that are instants."""
    found = _of_instants.get(kind)
    if found is None:
        found = _of_instants[kind] = frozenset(
            field.encode_name for field in msgspec.structs.fields(kind) if _is_instant(field.type)
        )
    return found


def _is_instant(kind: Any) -> bool:
    return kind is datetime or any(_is_instant(one) for one in get_args(kind))


def _repeatable(kind: Any) -> frozenset[str]:
    """The parameters of *kind* that are lists."""
    found = _lists.get(kind)
    if found is None:
        found = _lists[kind] = frozenset(
            field.encode_name
            for field in msgspec.structs.fields(kind)
            if get_origin(field.type) is list
        )
    return found


def _meant(kind: Any, value: Any) -> Any:
    """*kind*, or of several that a body may have the list or the struct that *value* was meant
    to be."""
    if get_origin(kind) not in (Union, UnionType):
        return kind
    for one in get_args(kind):
        plain = get_args(one)[0] if get_origin(one) is Annotated else one
        if (get_origin(plain) is list) == isinstance(value, list):
            return plain
    return kind


def _explained(raw: bytes, kind: Any, wrong: msgspec.ValidationError) -> Invalid:
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        return _said(wrong)
    except (msgspec.DecodeError, UnicodeDecodeError) as garbled:
        # Of the wrong shape, and behind that no JSON either.
        raise Malformed(f"the body is not JSON: {garbled}") from None
    kind = _meant(kind, value)
    found: Iterator[FieldError]
    if isinstance(value, list) and get_origin(kind) is list:
        (item,) = kind.__args__
        found = (
            error
            for index, one in enumerate(islice(value, _MOST_LOOKED_AT))
            for error in _item_errors(one, item, place=f"[{index}]")
        )
    elif isinstance(value, Mapping):
        found = _field_errors(value, kind, strict=True)
    else:
        return invalid("body", "wrong_type", "a JSON object is expected")
    errors = list(islice(found, _MOST_ERRORS))
    return invalid_fields(errors) if errors else _said(wrong)


def _item_errors(value: Any, kind: Any, *, place: str) -> Iterator[FieldError]:
    """What is wrong with one *value* of a list, which stands at that *place*."""
    if not isinstance(value, Mapping):
        yield FieldError(place, "wrong_type", "a JSON object is expected")
        return
    for error in _field_errors(value, kind, strict=True):
        yield FieldError(f"{place}.{error.field}", error.code, error.detail)


@cache
def _hints(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    """The types of the fields of *kind*, with their bounds."""
    return get_type_hints(kind, include_extras=True)


def _field_errors(value: Mapping[str, Any], kind: Any, *, strict: bool) -> Iterator[FieldError]:
    """What is wrong with each field of *value*, as if it were one of the struct *kind*; looked for
    as far as one asks."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return
    hints = _hints(kind)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    elsewhere: Mapping[str, str] = getattr(kind, "elsewhere", {})
    for name in value:
        if name in elsewhere and name not in fields:
            yield FieldError(name, "wrong_path", f"is changed by {elsewhere[name]}")
        elif name not in fields:
            detail = "there is no such field here" + _near(name, fields)
            yield FieldError(name[:64], "unknown_field", detail)
    for name, field in fields.items():
        if name not in value:
            if field.required:
                yield FieldError(name, "required", "is required")
            continue
        hint = hints[field.name]
        try:
            msgspec.convert(value[name], hint, strict=strict)
        except msgspec.ValidationError as wrong:
            entries = _entry_errors(value[name], hint, name=name, strict=strict)
            yield from entries or [_read(str(wrong), name, hint)]


def _entry_errors(value: Any, kind: Any, *, name: str, strict: bool) -> list[FieldError]:
    """What is wrong with the entries of field *name*, where that has names of its own: msgspec does
    not say which of them it means."""
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(plain) is not dict or not isinstance(value, Mapping):
        return []
    errors = []
    for entry, one in islice(value.items(), _MOST_LOOKED_AT):
        for what, meant in zip((entry, one), get_args(plain), strict=True):
            try:
                msgspec.convert(what, meant, strict=strict)
            except msgspec.ValidationError as wrong:
                errors.append(_read(str(wrong), f"{name}.{entry[:64]}", meant))
    return errors[:_MOST_ERRORS]


def _near(name: str, fields: Mapping[str, object]) -> str:
    """The field that was probably meant, when only its spelling differs."""
    folded = name.replace("-", "").replace("_", "").lower()
    for known in fields:
        if known.replace("_", "") == folded:
            return f"; {known} is"
    return ""


def _read(message: str, name: str, kind: Any = None) -> FieldError:
    """msgspec's sentence about the value of field *name*, which is meant to be of that *kind*, as
    an error about its path."""
    said, _, path = message.partition(" - at `$")
    path = path.rstrip("`")
    field = name + path
    if " of length <= " in said:
        return FieldError(field[:200], "too_long", _plain(said))
    if " of length >= 1" in said:
        return FieldError(field[:200], "required", "must not be empty")
    if " of length >= " in said:
        return FieldError(field[:200], "too_short", _plain(said))
    if _BOUND.fullmatch(said):
        return FieldError(field[:200], "out_of_range", _plain(said))
    if said.startswith("Expected `datetime"):
        return FieldError(field[:200], "bad_instant", _INSTANT)
    if said.startswith("Invalid enum value"):
        return FieldError(field[:200], "unknown_word", _plain(said) + _words_of(kind))
    for beginning, code in _CODES:
        if said.startswith(beginning):
            if code in ("unknown_field", "required"):
                inner = said.split("`")[1]
                detail = "there is no such field here" if code == "unknown_field" else "is required"
                return FieldError(f"{field}.{inner}"[:200], code, detail)
            return FieldError(field[:200], code, _plain(said))
    return FieldError(field[:200], "wrong_value", _plain(said))


_INSTANT = "an instant such as 2026-11-20T09:30:00Z is expected"
_BOUND = re.compile(r"Expected `(?:int|float)[^`]*` [<>]=? \S+")

_CODES = (
    ("Object contains unknown field", "unknown_field"),
    ("Object missing required field", "required"),
    ("Invalid RFC3339", "bad_instant"),
    ("Expected", "wrong_type"),
)


def _words_of(kind: Any) -> str:
    """Those that a word of *kind* may be, for the end of a sentence; nothing where it has none."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ": one of " + ", ".join(str(one.value) for one in kind)
    if get_origin(kind) is Literal:
        return ": one of " + ", ".join(str(one) for one in get_args(kind) if one is not None)
    return next((found for one in get_args(kind) if (found := _words_of(one))), "")


def _plain(said: str) -> str:
    """msgspec's words in the words of JSON."""
    text = said.replace("`", "")
    if text.startswith("Invalid RFC3339"):
        return _INSTANT
    for python, json in (("str", "string"), ("int", "integer"), ("bool", "boolean")):
        text = text.replace(f" {python}", f" {json}")
    return text[:300]


def _said(wrong: msgspec.ValidationError) -> Invalid:
    error = _read(str(wrong), "")
    return invalid(error.field.lstrip(".") or "body", error.code, error.detail)
