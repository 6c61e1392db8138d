"""A mapping: for each field of a signal, the JMESPath expression that finds it in a payload.

The fields are a signal's own (Domain: signals), and

* ``items``, which finds the list of what becomes a signal each; the others then look into one of
  these. Without it the payload is one signal.
* ``labels`` and ``data``, which find objects, and ``labels.<name>`` and ``data.<name>``, which find
  one entry of them and win over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tocsin.adapters.generic.expressions import Expression, NotAnExpression, expression
from tocsin.core.errors import FieldError, invalid_fields

MOST_EXPRESSIONS = 60
LONGEST_FIELD = 100
SINGLE = (
    "source",
    "summary",
    "signal_type",
    "state",
    "ts",
    "severity",
    "service_name",
    "environment",
    "device",
    "link",
    "contributor",
    "correlation_key",
    "trace_id",
    "fingerprint",
)
"""The fields of a signal that are one value."""

OBJECTS = ("labels", "data")
ITEMS = "items"
_KEPT_READY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalMapping:
    """A checked mapping. ``single`` is by field of :data:`SINGLE`; ``labels`` and ``data`` find
    objects, ``label`` and ``datum`` their entries by name."""

    items: Expression | None
    single: Mapping[str, Expression]
    labels: Expression | None
    label: Mapping[str, Expression]
    data: Expression | None
    datum: Mapping[str, Expression]


def signal_mapping(given: Mapping[str, str]) -> SignalMapping:
    """The mapping that *given* describes: expressions by field; the same one is checked once.

    Raises:
        Invalid: no summary, an unknown field, more than 60 of them, or a text that is no
            expression; each is named as ``mapping.<field>``.
    """
    if len(given) > MOST_EXPRESSIONS:
        detail = f"{len(given):,} expressions; at most {MOST_EXPRESSIONS}"
        raise invalid_fields([FieldError("mapping", "too_long", detail)])
    return _ready(tuple(sorted(given.items())))


@lru_cache(maxsize=_KEPT_READY)
def _ready(given: tuple[tuple[str, str], ...]) -> SignalMapping:
    errors: list[FieldError] = []
    checked: dict[str, Expression] = {}
    for field, text in given:
        try:
            _check_field(field)
            checked[field] = expression(text)
        except NotAnExpression as wrong:
            path = f"mapping.{field[:LONGEST_FIELD]}"
            errors.append(FieldError(path, "not_an_expression", wrong.reason))
        except _UnknownField:
            known = ", ".join((ITEMS, *SINGLE, *OBJECTS, "labels.<name>", "data.<name>"))
            path = f"mapping.{field[:LONGEST_FIELD]}"
            errors.append(FieldError(path, "unknown_field", f"is not one of {known}"))
    if "summary" not in dict(given):
        errors.append(FieldError("mapping.summary", "required", "a signal needs a summary"))
    if errors:
        raise invalid_fields(errors)
    return SignalMapping(
        items=checked.get(ITEMS),
        single={field: checked[field] for field in SINGLE if field in checked},
        labels=checked.get("labels"),
        label=_entries(checked, "labels."),
        data=checked.get("data"),
        datum=_entries(checked, "data."),
    )


class _UnknownField(Exception):
    """No field of a signal has that name."""


def _check_field(field: str) -> None:
    if field == ITEMS or field in SINGLE or field in OBJECTS:
        return
    whole, dot, entry = field.partition(".")
    if whole in OBJECTS and dot and entry.strip() and len(field) <= LONGEST_FIELD:
        return
    raise _UnknownField


def _entries(checked: Mapping[str, Expression], prefix: str) -> dict[str, Expression]:
    return {
        field.removeprefix(prefix): asked
        for field, asked in checked.items()
        if field.startswith(prefix)
    }
