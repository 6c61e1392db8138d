"""What is typed in the forms of a :class:`~.sheets.Sheet`: rows of objects, choices, and where what
is wrong stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tocsin.web.dashboard.administration.sheets import Rows, Sheet
from tocsin.web.dashboard.forms import Choice, Field, Kind, body, typed_of
from tocsin.web.dashboard.visits import Fields, FieldsWrong, Filled, Sent, Visit

WITH: Final = "with"
"""The field that says which lists of objects a form has."""
_INSIDE: Final = (Kind.LINES, Kind.LISTED, Kind.SEVERAL, Kind.JSON)
_AT: Final = re.compile(r"(?P<list>[a-z_.]+)\[(?P<number>[0-9]{1,4})\]\.?(?P<within>.*)")


def body_of(sheet: Sheet, specs: Sequence[Field], sent: Sent, *, change: bool) -> dict[str, Any]:
    errors: dict[str, str] = {}
    typed = moved_up(sheet.rows, sent.typed)
    found: dict[str, Any] = {}
    try:
        found = body(specs, typed, change=change)
    except FieldsWrong as wrong:
        errors.update(wrong.errors)
    for rows in sheet.rows:
        if rows.name not in sent.all(WITH):
            continue
        objects: list[dict[str, Any]] = []
        for number in range(_filled_rows(rows, typed)):
            try:
                read = body(rows.row(number), typed)
            except FieldsWrong as wrong:
                errors.update(wrong.errors)
                continue
            objects.append(read[rows.name][str(number)])
        if objects or change:
            found[rows.name] = objects
    if errors:
        raise FieldsWrong(errors)
    return sheet.finished(found, change)


def _is_filled(rows: Rows, typed: Fields, number: int) -> bool:
    return any(
        value.strip()
        for spec in rows.row(number)
        if spec.kind is not Kind.CHOICE
        for value in typed.get(spec.name, ())
    )


def _filled_rows(rows: Rows, typed: Fields) -> int:
    """How many rows there are, of fields that stand without gaps."""
    return next((n for n in range(rows.most) if not _is_filled(rows, typed, n)), rows.most)


def moved_up(every: Sequence[Rows], typed: Fields) -> Fields:
    """*typed* without empty rows between: so that a row is called the same in what is asked, and in
    what is said to be wrong with it."""
    moved = dict(typed)
    for rows in every:
        filled = [n for n in range(rows.most) if _is_filled(rows, typed, n)]
        for number in range(rows.most):
            for spec in rows.row(number):
                moved.pop(spec.name, None)
        for number, was in enumerate(filled):
            for spec, old in zip(rows.row(number), rows.row(was), strict=True):
                if old.name in typed:
                    moved[spec.name] = typed[old.name]
    return moved


def typed_rows(every: Sequence[Rows], said: Mapping[str, Any]) -> Fields:
    found: dict[str, tuple[str, ...]] = {}
    for rows in every:
        for number, one in enumerate(said.get(rows.name, ())):
            found.update(typed_of(rows.row(number), {rows.name: {str(number): one}}))
    return found


def shown_rows(rows: Rows, filled: Filled, begin: Fields) -> list[tuple[Field, ...]]:
    there = _filled_rows(rows, filled.typed if filled.form else begin)
    return [rows.row(number) for number in range(min(there + rows.spare, rows.most))]


def dressed(visit: Visit, spec: Field, sheet: Sheet, filled: Filled, begin: Fields) -> Field:
    """*spec* with what can be chosen now; what stands there already is among it."""
    choose = sheet.choices.get(spec.name)
    if choose is None:
        return spec
    choices = choose(visit)
    known = {one.value for one in choices}
    typed = filled.all(spec.name, begin.get(spec.name, ()))
    gone = tuple(Choice(value=one, text=one) for one in typed if one and one not in known)
    return replace(spec, choices=(*choices, *gone))


def placed(sheet: Sheet, specs: Sequence[Field], filled: Filled) -> Filled:
    """*filled* with errors where they belong: at the row of a list of objects, at the line of one
    of texts."""
    if filled.told is None:
        return filled
    errors = dict(filled.errors)
    rows = {one.name: one for one in sheet.rows}
    inside = {one.name for one in specs if one.kind in _INSIDE}
    for error in filled.told.body.get("errors", ()):
        path, detail = str(error["field"]), str(error["detail"])
        at = _AT.fullmatch(path)
        if at is not None and at["list"] in rows:
            errors.pop(at["list"], None)
            name = at["within"].partition("[")[0] or rows[at["list"]].fields[0].name
            errors.setdefault(f"{at['list']}.{at['number']}.{name}", _sentence(detail))
        elif at is not None and at["list"] in inside:
            errors[at["list"]] = f"The {_ordinal(int(at['number']) + 1)} one: {detail}"
        else:
            above = path.rpartition(".")[0]
            if above in inside:
                errors.pop(path, None)
                errors.setdefault(above, f"{path.rpartition('.')[2]}: {detail}")
    return replace(filled, errors=errors)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _ordinal(number: int) -> str:
    ending = (
        "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"
