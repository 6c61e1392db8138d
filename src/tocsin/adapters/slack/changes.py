"""Changed fields of a ticket in words: each from what, to what (Domain: events)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tocsin.adapters.slack import naming
from tocsin.adapters.slack.escaping import one_line, plain, utc
from tocsin.core.facts import Change, JsonValue
from tocsin.core.instants import NotAnInstant, from_text
from tocsin.core.ticket import Ticket
from tocsin.projections.shapes.ticket_names import Names

LONGEST_SIDE: Final = 300
"""Units of one side of a change; the whole text is on the ticket."""

INSTANTS: Final = frozenset({"start_at", "end_at", "detected_at"})


def change_lines(changes: Sequence[Change], names: Names) -> list[str]:
    """*changes* in plain text, one line each."""
    return [
        f"{_name(change.field)}: {_side(change.field, change.old, names)}"
        f" → {_side(change.field, change.new, names)}"
        for change in changes
    ]


def named_before(changes: Sequence[Change], ticket: Ticket) -> Ticket:
    """*ticket* with every device and link that *changes* mention, so that names of what it no
    longer touches are found too."""
    return replace(
        ticket,
        devices=_mentioned("devices", changes, ticket.devices),
        links=_mentioned("links", changes, ticket.links),
    )


def _mentioned(field: str, changes: Sequence[Change], now: tuple[str, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(now)
    for change in changes:
        if change.field == field:
            for side in (change.old, change.new):
                if isinstance(side, list):
                    found.update(dict.fromkeys(str(one) for one in side))
    return tuple(found)


def _name(field: str) -> str:
    return naming.capital(field)


def _side(field: str, value: JsonValue, names: Names) -> str:
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, list):
        identities = [str(one) for one in value]
        match field:
            case "devices":
                listed = naming.named(identities, naming.device, names)
            case "links":
                listed = naming.named(identities, naming.link, names)
            case _:
                listed = naming.listed(identities)
        return plain(listed, longest=LONGEST_SIDE)
    if field in INSTANTS and isinstance(value, str):
        return _instant(value)
    return plain(one_line(str(value)), longest=LONGEST_SIDE)


def _instant(text: str) -> str:
    try:
        return utc(from_text(text))
    except NotAnInstant:
        return plain(one_line(text), longest=LONGEST_SIDE)
