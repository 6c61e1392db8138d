"""Saved views: filters of the list of tickets that somebody gave a name (API: views).

A view is its member's own, and shown to nobody else, unless it is shared: then everybody in the org
has it. It opens nothing: who follows it sees what they may see.
"""

from __future__ import annotations

import re
from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Access, Given
from tocsin.core.facts import NotGiven, Payload
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_facts import RecordRemoved, RecordUpdated, ViewCreated
from tocsin.core.records import View
from tocsin.core.view_commands import CreateView, RemoveView, UpdateView

LONGEST_QUERY: Final = 2_000
# As a browser writes it: pairs of names and values, everything else in per cent.
_QUERY: Final = re.compile(
    r"[a-z_]{1,40}=[A-Za-z0-9%+._~:*-]{0,1000}"
    r"(?:&[a-z_]{1,40}=[A-Za-z0-9%+._~:*-]{0,1000}){0,99}"
)


EVERYBODYS: Final = "*"
"""Whose a shared view is, as far as finding it goes."""


def place_of(view: View) -> str:
    """Where a view is found: beside the others of its member, or of everybody."""
    return f"{EVERYBODYS if view.shared else view.member_id}:{view.id}"


def shown_to(view: View, access: Access) -> bool:
    """Whether *access* has that view: it is shared, or their own."""
    return view.shared or view.member_id == access.member_id


def decide_view(
    state: View | None, command: CreateView | UpdateView | RemoveView, given: Given
) -> tuple[Payload, ...]:
    """The facts that follow for a view; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already.
        Invalid: fields are wrong.
        NotFound: there is no such view.
    """
    errors: read.Errors = []
    match command:
        case CreateView():
            read.absent(state, "view")
            made = ViewCreated(
                name=read.name(command.name, errors=errors),
                query=_query(command.query, errors=errors),
                shared=command.shared,
                member_id=given.access.member_id,
            )
            read.refuse(errors)
            return (made,)
        case UpdateView():
            view = read.existing(state, "view")
            wanted: dict[str, FieldValue] = {}
            if not isinstance(command.name, NotGiven):
                wanted["name"] = read.name(command.name, errors=errors)
            if not isinstance(command.query, NotGiven):
                wanted["query"] = _query(command.query, errors=errors)
            if not isinstance(command.shared, NotGiven):
                wanted["shared"] = command.shared
            read.refuse(errors)
            changes = changes_between(view, wanted)
            return (RecordUpdated(changes=changes),) if changes else ()
        case RemoveView():
            read.existing(state, "view")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _query(value: str, *, errors: read.Errors) -> str:
    """The filters; empty for a view of everything."""
    if len(value) > LONGEST_QUERY:
        detail = f"has more than {LONGEST_QUERY:,} characters"
        errors.append(FieldError("query", "too_long", detail))
    elif value and _QUERY.fullmatch(value) is None:
        detail = "write it as in an address: type=incident&active=true"
        errors.append(FieldError("query", "bad_character", detail))
    return value
