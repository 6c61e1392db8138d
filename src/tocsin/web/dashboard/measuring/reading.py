"""Measures as the page needs them: of the time that is asked for, its periods, its groups, and of
the time before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from tocsin.core.instants import to_text
from tocsin.core.measures import Group, Grouping, Key
from tocsin.core.records import Contributor
from tocsin.core.words import Impact, Status
from tocsin.projections.measures import (
    MOST_INCIDENTS,
    Measures,
    TooMany,
    Wanted,
    read_measures,
)
from tocsin.store.contract import ReadTurn
from tocsin.store.measuring import list_in
from tocsin.web.dashboard.measuring.asked import Asked, before, period_key, period_of
from tocsin.web.pictures.series import Grain

_GRAINS: Final = MappingProxyType(
    {Grain.DAY: Grouping.DAY, Grain.WEEK: Grouping.WEEK, Grain.MONTH: Grouping.MONTH}
)
_FEWEST: Final = (Impact.NO_IMPACT,)
"""Of whose incidents availability is reckoned where nobody looks at it: once is enough."""

_NO_CANCELLED: Final = Status.CANCELLED.value
_ALL: Final = ""
"""No status is like that, so none is left out."""

_NO_NUMBER: Final = 1 << 62

COUNTED: Final = (
    Grouping.SEVERITY,
    Grouping.SERVICE,
    Grouping.CONTRIBUTOR,
    Grouping.ROOT_CAUSE,
)
"""What incidents are counted by over time, in the order of the rows that are read."""

Counts = Mapping[date, Mapping[Key, int]]
"""How many incidents there are of each key, by the first day of the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was read; ``now`` says how available things were, too.

    ``periods`` are the measures of each period that has incidents, ``previous`` those of the time
    before, None where there is too much of it to be compared.
    """

    now: Measures
    periods: Mapping[date, Group]
    counts: Mapping[Grouping, Counts]
    groups: tuple[Group, ...]
    previous: Measures | None


def read(
    turn: ReadTurn, org_id: int, asked: Asked, *, at: datetime, most: int = MOST_INCIDENTS
) -> Found:
    """The measures of the org; *at* is now.

    Raises:
        TooMany: more than *most* incidents.
    """
    now = read_measures(
        turn,
        org_id=org_id,
        wanted=_wanted(
            asked,
            asked.begin,
            asked.end,
            by=_GRAINS[asked.grain],
            at=at,
            impacts=(Impact.OUTAGE,),
        ),
        most=most,
    )
    grouped = read_measures(
        turn,
        org_id=org_id,
        wanted=_wanted(asked, asked.begin, asked.end, by=asked.by.grouping, at=at),
        most=most,
    )
    try:
        previous = read_measures(
            turn, org_id=org_id, wanted=_wanted(asked, *before(asked), by=None, at=at), most=most
        )
    except TooMany:
        previous = None
    by_key = {group.key: group for group in now.groups}
    keys = {period: period_key(period, asked.grain) for period in asked.periods}
    return Found(
        now=now,
        periods={period: by_key[key] for period, key in keys.items() if key in by_key},
        counts=_counts(turn, org_id, asked),
        groups=tuple(grouped.groups),
        previous=previous,
    )


def _wanted(
    asked: Asked,
    begin: datetime,
    end: datetime,
    *,
    by: Grouping | None,
    at: datetime,
    impacts: tuple[Impact, ...] = _FEWEST,
) -> Wanted:
    return Wanted(
        begin=begin,
        end=end,
        now=at,
        group_by=by,
        include_cancelled=asked.cancelled,
        impacts=impacts,
    )


def _counts(turn: ReadTurn, org_id: int, asked: Asked) -> dict[Grouping, Counts]:
    """How many incidents there are of each, over time: the same ones as in the measures."""
    # Numbers rise with the instant of creation, and rows lie in the order of their numbers.
    rows = turn.select(
        "SELECT substr(m.created_at, 1, 10) AS day, m.severity, m.root_cause, m.services,"
        " m.contributors, count(*) FROM measured AS m WHERE m.org_id = ? AND m.number >= ?"
        " AND m.number < ? AND m.status <> ? GROUP BY 1, 2, 3, 4, 5",
        (
            org_id,
            _first_number(turn, org_id, asked.begin),
            _first_number(turn, org_id, asked.end),
            _ALL if asked.cancelled else _NO_CANCELLED,
        ),
        org_id=org_id,
    )
    services = {text: list_in(text) or (None,) for text in {row[3] for row in rows}}
    contributors = _contributors(turn, org_id, {row[4] for row in rows})
    days: dict[str, tuple[dict[Key, int], ...]] = {}
    for day, severity, cause, served, affected, count in rows:
        of_day = days.get(day)
        if of_day is None:
            of_day = days[day] = tuple({} for _ in COUNTED)
        for counted, keys in zip(
            of_day,
            ((severity,), services[served], contributors[affected], (cause,)),
            strict=True,
        ):
            for key in keys:
                counted[key] = counted.get(key, 0) + count
    found: dict[Grouping, dict[date, Counter[Key]]] = {one: {} for one in COUNTED}
    for day, counts in days.items():
        period = period_of(date.fromisoformat(day), asked.grain)
        for grouping, counted in zip(COUNTED, counts, strict=True):
            found[grouping].setdefault(period, Counter()).update(counted)
    return {**found}


def _first_number(turn: ReadTurn, org_id: int, at: datetime) -> int:
    rows = turn.select(
        "SELECT number FROM tickets WHERE org_id = ? AND created_at >= ?"
        " ORDER BY created_at, number LIMIT 1",
        (org_id, to_text(at)),
        org_id=org_id,
    )
    return int(rows[0][0]) if rows else _NO_NUMBER


def _contributors(
    turn: ReadTurn, org_id: int, lists: Collection[str]
) -> dict[str, tuple[Key, ...]]:
    """For each of *lists* of ids the codes of the contributors; one that is gone by its id."""
    read = {text: list_in(text) for text in lists}
    named = {one for ids in read.values() for one in ids}
    heads = turn.heads(org_id, {f"contributor:{one}" for one in named})
    codes = {
        head.state.id: head.state.code
        for head in heads.values()
        if isinstance(head.state, Contributor)
    }
    return {
        text: tuple(codes.get(one, one) for one in ids) or (None,) for text, ids in read.items()
    }
