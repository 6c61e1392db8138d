"""How devices and links are, as the public may know it: in figures, the worst by name, and as JSON
for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

import msgspec

from tocsin.core.provisioning.public_facts import PublicFact, PublicState
from tocsin.web.status.document import Document, changed_at, milliseconds_if, plain
from tocsin.web.status.view import Level, PageView

CONTENT_TYPE: Final = "application/json; charset=utf-8"
MOST_NAMED: Final = 24
"""Devices and links that the page names; all of them are in the JSON."""

_KINDS: Final = {"device": "Devices", "link": "Links"}
_URGENCY: Final = (PublicState.INCIDENT, PublicState.MAINTENANCE, PublicState.HEALTHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many of a kind are in each state that any is in, the worst first."""

    name: str
    states: tuple[tuple[PublicState, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What the page says: the ``tallies`` of devices and links, and who is not healthy, the newest
    trouble first; ``more`` are left out."""

    tallies: tuple[Tally, ...]
    troubled: tuple[PublicFact, ...]
    more: int


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A device or link; ``state`` is healthy, incident or maintenance, ``since`` null while it is
    healthy."""

    code: str
    kind: str
    state: str
    since: str | None


class NetworkBody(msgspec.Struct, frozen=True, kw_only=True):
    """Devices, then links, by code; ``counts`` are by kind and state."""

    counts: Mapping[str, Mapping[str, int]]
    assets: tuple[Asset, ...]


def network_of(facts: Sequence[PublicFact] | None) -> Network | None:
    """What the page says of *facts*; None where it shows no network."""
    if facts is None:
        return None
    counted = _counted(facts)
    tallies = tuple(
        Tally(
            name=name,
            states=tuple((one, counted[kind][one]) for one in _URGENCY if counted[kind][one]),
        )
        for kind, name in _KINDS.items()
        if counted[kind].total()
    )
    troubled = sorted(
        (one for one in facts if one.state is not PublicState.HEALTHY), key=_newest_first
    )
    return Network(
        tallies=tallies,
        troubled=tuple(troubled[:MOST_NAMED]),
        more=max(0, len(troubled) - MOST_NAMED),
    )


def level_of(state: PublicState) -> Level:
    """The sign that *state* has on a page."""
    match state:
        case PublicState.HEALTHY:
            return Level.OPERATIONAL
        case PublicState.MAINTENANCE:
            return Level.MAINTENANCE
        case PublicState.INCIDENT:
            return Level.DEGRADED
        case _:
            assert_never(state)


def state_words(state: PublicState) -> str:
    """*state* as it stands behind a number or a name."""
    match state:
        case PublicState.HEALTHY:
            return "healthy"
        case PublicState.MAINTENANCE:
            return "in maintenance"
        case PublicState.INCIDENT:
            return "with an incident"
        case _:
            assert_never(state)


def network_json(page: PageView, facts: Sequence[PublicFact]) -> Document:
    """All of *facts*, which *page* shows."""
    counted = _counted(facts)
    body = NetworkBody(
        counts={
            kind: {state.value: counted[kind][state] for state in PublicState} for kind in _KINDS
        },
        assets=tuple(
            Asset(
                code=plain(one.code),
                kind=one.kind,
                state=one.state.value,
                since=milliseconds_if(one.since),
            )
            for one in facts
        ),
    )
    began = (one.since for one in facts if one.since is not None)
    return Document(
        body=msgspec.json.encode(body),
        content_type=CONTENT_TYPE,
        changed_at=max([changed_at(page), *began]),
    )


def _counted(facts: Iterable[PublicFact]) -> Mapping[str, Counter[PublicState]]:
    counted: dict[str, Counter[PublicState]] = {kind: Counter() for kind in _KINDS}
    for one in facts:
        counted[one.kind][one.state] += 1
    return counted


def _newest_first(one: PublicFact) -> tuple[int, float, str, str]:
    since = 0.0 if one.since is None else one.since.timestamp()
    return _URGENCY.index(one.state), -since, one.kind, one.code
