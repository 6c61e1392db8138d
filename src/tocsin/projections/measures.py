"""Measures, read from the rows of the incidents (Domain: measures).

Bounded: a span of time is a range of rows that lie together, and none is longer than
:data:`LONGEST`; of more than :data:`MOST_INCIDENTS` nobody waits for the figures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tocsin.core.claims import ASSET_PUBKEY
from tocsin.core.instants import to_text
from tocsin.core.measures import (
    Availability,
    Figures,
    Group,
    Grouping,
    Incidents,
    Key,
    Measure,
    Opened,
    availabilities,
    counts_by,
    groups_by,
    overall,
)
from tocsin.core.records import Contributor, Device, Link
from tocsin.core.words import Impact, Status
from tocsin.projections.measuring import MEASURES
from tocsin.store.contract import ReadTurn
from tocsin.store.measuring import list_in

LONGEST: Final = timedelta(days=366)
MOST_INCIDENTS: Final = 250_000

_WORDS: Final = ("day", "severity", "status", "root_cause", "services", "contributors")
_STRETCHES: Final = ("detecting", "acknowledging", "mitigating", "resolving", "closing")
"""In the order of the measures."""

_words = msgspec.json.Decoder(list[str | None]).decode
_texts = msgspec.json.Decoder(list[str]).decode
_stretches = msgspec.json.Decoder(list[int | None]).decode
_instants = msgspec.json.Decoder(list[datetime]).decode
_turns = msgspec.json.Decoder(list[tuple[datetime, ...]]).decode

_NO_NUMBER: Final = 1 << 62


class TooMany(Exception):
    """There are more incidents in that time than anybody is made to wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose measures: incidents created at or after ``begin`` and before ``end``, availability
    until ``now`` at most, of incidents of any of ``impacts``."""

    begin: datetime
    end: datetime
    now: datetime
    group_by: Grouping | None = None
    include_cancelled: bool = False
    impacts: Collection[Impact] = (Impact.OUTAGE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Measures of an org, counted up to ``position`` of the log.

    Contributors are told by code; ``codes`` are those of the devices and links, by pubkey.
    """

    position: int
    count: int
    overall: Mapping[Measure, Figures]
    counts: Mapping[Grouping, Mapping[Key, int]]
    groups: Sequence[Group]
    services: Sequence[Availability]
    devices: Sequence[Availability]
    links: Sequence[Availability]
    codes: Mapping[str, str]


class _Lists(dict[str, tuple[str, ...]]):
    """Lists by their text, each read once: there are few different ones."""

    def __missing__(self, text: str) -> tuple[str, ...]:
        found = self[text] = list_in(text)
        return found


def read_measures(
    turn: ReadTurn, *, org_id: int, wanted: Wanted, most: int = MOST_INCIDENTS
) -> Measures:
    """The measures of the org.

    Raises:
        TooMany: more than *most* incidents.
    """
    incidents = _incidents(turn, org_id, wanted, most=most)
    end = min(wanted.end, wanted.now)
    services, devices, links = (
        availabilities(opened, begin=wanted.begin, end=end)
        for opened in _opened(turn, org_id, wanted, most=most)
    )
    pubkeys = {one.key for one in (*devices, *links)}
    return Measures(
        position=turn.checkpoint(MEASURES),
        count=len(incidents.days),
        overall=overall(incidents),
        counts={grouping: counts_by(incidents, grouping) for grouping in Grouping},
        groups=() if wanted.group_by is None else groups_by(incidents, wanted.group_by),
        services=services,
        devices=devices,
        links=links,
        codes=_codes(turn, org_id, pubkeys),
    )


def _incidents(turn: ReadTurn, org_id: int, wanted: Wanted, *, most: int) -> Incidents:
    # Numbers rise with the instant of creation, and rows lie in the order of their numbers.
    low = _first_number(turn, org_id, wanted.begin)
    high = _first_number(turn, org_id, wanted.end)
    cancelled = "" if wanted.include_cancelled else " AND m.status <> ?"
    written = turn.columns(
        (*_WORDS, *_STRETCHES),
        "SELECT substr(m.created_at, 1, 10) AS day, m.severity, m.status, m.root_cause,"
        f" m.services, m.contributors, {', '.join(f'm.{name}' for name in _STRETCHES)}"
        " FROM measured AS m WHERE m.org_id = ? AND m.number >= ? AND m.number < ?"
        f"{cancelled} LIMIT {most + 1}",
        (org_id, low, high, *([] if wanted.include_cancelled else [Status.CANCELLED.value])),
        org_id=org_id,
    )
    days, severities, statuses = (_texts(text) for text in written[:3])
    if len(days) > most:
        raise TooMany
    services, contributors = (_texts(text) for text in written[4:6])
    affected = {text: list_in(text) for text in set(contributors)}
    codes = _contributors(turn, org_id, {one for named in affected.values() for one in named})
    known = {
        text: tuple(sorted(codes.get(one, one) for one in named))
        for text, named in affected.items()
    }
    return Incidents(
        days=days,
        severities=severities,
        statuses=statuses,
        root_causes=_words(written[3]),
        services=list(map(_Lists().__getitem__, services)),
        contributors=list(map(known.__getitem__, contributors)),
        stretches=dict(zip(Measure, map(_stretches, written[6:]), strict=True)),
    )


def _first_number(turn: ReadTurn, org_id: int, at: datetime) -> int:
    rows = turn.select(
        "SELECT number FROM tickets WHERE org_id = ? AND created_at >= ?"
        " ORDER BY created_at, number LIMIT 1",
        (org_id, to_text(at)),
        org_id=org_id,
    )
    return int(rows[0][0]) if rows else _NO_NUMBER


def _opened(
    turn: ReadTurn, org_id: int, wanted: Wanted, *, most: int
) -> Sequence[Iterator[Opened]]:
    """The incidents of the wanted impacts that were open in that time, whenever created: with
    services, with devices, with links."""
    impacts = sorted(one.value for one in set(wanted.impacts))
    cancelled = "" if wanted.include_cancelled else " AND m.status <> ?"
    written = turn.columns(
        ("services", "devices", "links", "start_at", "turns"),
        "SELECT m.services, m.devices, m.links, m.start_at, m.turns FROM measured AS m"
        f" {turn.using_index('measured_by_end')} WHERE m.org_id = ?"
        f" AND m.impact IN ({', '.join('?' * len(impacts))}) AND m.open_until > ?"
        f" AND m.start_at < ?{cancelled} LIMIT {most + 1}",
        (
            org_id,
            *impacts,
            to_text(wanted.begin),
            to_text(wanted.end),
            *([] if wanted.include_cancelled else [Status.CANCELLED.value]),
        ),
        org_id=org_id,
    )
    starts = _instants(written[3])
    if len(starts) > most:
        raise TooMany
    # The lists of instants are JSON already: between brackets they are read in one go.
    turns = _turns(f"[{','.join(_texts(written[4]))}]")
    lists = _Lists()
    return [
        (
            Opened(keys=lists[text], start_at=start_at, turns=ended)
            for text, start_at, ended in zip(_texts(column), starts, turns, strict=True)
            if text != "[]"
        )
        for column in written[:3]
    ]


def _contributors(turn: ReadTurn, org_id: int, identities: Collection[str]) -> dict[str, str]:
    heads = turn.heads(org_id, {f"contributor:{one}" for one in identities})
    return {
        head.state.id: head.state.code
        for head in heads.values()
        if isinstance(head.state, Contributor)
    }


def _codes(turn: ReadTurn, org_id: int, pubkeys: Collection[str]) -> dict[str, str]:
    held = turn.claims(org_id, {(ASSET_PUBKEY, one) for one in pubkeys})
    return {
        head.state.pubkey: head.state.code
        for head in turn.heads(org_id, set(held.values())).values()
        if isinstance(head.state, Device | Link)
    }
