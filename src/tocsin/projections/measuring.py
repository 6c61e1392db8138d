"""The follower that keeps what measures are made of (Domain: measures).

A row for each incident says how the ticket stands and when it ended and was reopened. The first is
read from its state; the second is folded from its moves, one by one, onto what the row has already:
so each event is looked at once, however long the incident lasts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from tocsin.core.measured import Turns, measured_of, turns_after
from tocsin.core.ticket import Ticket
from tocsin.projections.logged import Logged, Slice
from tocsin.store.contract import Head, ReadTurn
from tocsin.store.measuring import MeasuredRow, turns_of

MEASURES: Final = "measures"

INCIDENTS: Final = "incident:"
"""How the streams of incidents begin."""

_CREATED: Final = "incident.created"
_MOVED: Final = "incident.status_changed"
_SILENT: Final = frozenset(
    f"incident.{name}"
    for name in (
        "linked_to_ticket",
        "message_recorded",
        "public_update_edited",
        "redacted",
        "related",
        "slo_violation_recorded",
        "tag_added",
        "tag_removed",
    )
)
"""Kinds that change nothing that is measured."""


def follow_measures(part: Slice, logged: Sequence[Logged]) -> None:
    """Set the rows of the incidents that *logged* changed."""
    by_org: dict[int, dict[str, list[Logged]]] = defaultdict(lambda: defaultdict(list))
    for one in logged:
        if one.stream.startswith(INCIDENTS) and one.kind not in _SILENT:
            by_org[one.org_id][one.stream].append(one)
    rows: list[MeasuredRow] = []
    for org_id, moved in by_org.items():
        heads = part.heads(org_id, moved)
        turns = _turns(part.turn, org_id, heads.values(), moved)
        rows += [measured_row(head, turns[head.number]) for _, head in sorted(heads.items())]
    part.turn.put_measured(rows)


def measured_row(head: Head, turns: Turns) -> MeasuredRow:
    """The row of the incident of *head*, which ended and was reopened at *turns*."""
    assert isinstance(head.state, Ticket), "incidents are tickets"
    measured = measured_of(head.state, turns)
    return MeasuredRow(org_id=head.org_id, number=head.number, measured=measured)


def _turns(
    turn: ReadTurn, org_id: int, heads: Collection[Head], moved: Mapping[str, Sequence[Logged]]
) -> dict[int, Turns]:
    """When each of *heads*, by its number, ended and was reopened, as of what *moved* it."""
    # What was only just opened has no row yet, or an old one where somebody follows from the
    # beginning of the log again: it begins anew.
    old = [head.number for head in heads if moved[head.stream][0].kind != _CREATED]
    known = _known(turn, org_id, old)
    positions = {one.position for events in moved.values() for one in events if one.kind == _MOVED}
    read = turn.events_at(org_id, positions) if positions else {}
    found: dict[int, Turns] = {}
    for head in heads:
        turns = known.get(head.number, ())
        for one in moved[head.stream]:
            if one.kind == _MOVED:
                turns = turns_after(turns, read[one.position].payload)
        found[head.number] = turns
    return found


def _known(turn: ReadTurn, org_id: int, numbers: Sequence[int]) -> dict[int, Turns]:
    """The turns of those incidents that have a row."""
    if not numbers:
        return {}
    rows = turn.select(
        "SELECT number, turns FROM measured WHERE org_id = ?"
        f" AND number IN ({', '.join('?' * len(numbers))})",
        (org_id, *numbers),
        org_id=org_id,
    )
    return {number: turns_of(turns) for number, turns in rows}
