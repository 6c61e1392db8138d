"""Many announcements of devices and links as one: a headline, and the assets by what happened to
them and by whose they are (Provisioning: announced like any other).

Pure. Each asset is told once, in the one group that says all that happened to it: from where it
stood before the first announcement to where the last one left it. What did not come to anything is
said too ("impaired and back to healthy"): somebody may have seen the first half elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.facts import Event
from tocsin.core.records import Contributor, Device
from tocsin.projections.announcements import Announcement, Asset, announcement_of
from tocsin.projections.shapes.record_names import PartyNames
from tocsin.store.codec import data_of

MOST_GROUPS: Final = 8
"""Sorts of happenings that are told apart; a round of a monitor makes one or two."""
MOST_OWNERS: Final = 6
"""Owners of a group that are listed."""
MOST_CODES: Final = 10
"""Devices or links of one owner that are listed by name."""
MOST_REASONS: Final = 3
MOST_ACTORS: Final = 3
IN_HEADLINE: Final = 3
"""Groups that the headline counts."""

_WORSE_FIRST: Final = ("impaired", "hard drained", "soft drained", "rejected", "removed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Assets of one owner (or of the two that a link joins): some by ``codes``, and ``more``."""

    owner: str
    codes: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Assets that the same happened to: ``what`` says how many, of which sort, and what.

    ``count`` is how many. ``reasons`` are the most frequent, each with how many assets it is given
    for; ``more_reasons`` and ``more_owned`` count what is left out.
    """

    what: str
    count: int
    owned: tuple[Owned, ...]
    more_owned: int
    reasons: tuple[tuple[str, int], ...]
    more_reasons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Many announcements in few words.

    ``more`` is how many assets are in groups that are left out. ``called`` are those who are to do
    something, each once. ``actors`` are who did it, between the instants ``first`` and ``last``.
    """

    headline: str
    announcements: int
    groups: tuple[Group, ...]
    more: int
    called: tuple[Contributor, ...]
    actors: tuple[str, ...]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What happened, said of one and of many; ``standing`` is where that leads."""

    one: str
    many: str
    standing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One asset, with all that was announced of it."""

    sort: str
    code: str
    owner: str
    phrases: tuple[_Phrase, ...]
    reasons: tuple[str, ...]


def summary_of(told: Sequence[tuple[Event, Asset]], names: PartyNames) -> Summary:
    """What the events say of their assets, which are as they stand now; *names* are theirs.

    *told* is in the order of the log, and not empty.
    """
    by_stream: dict[str, list[Event]] = {}
    assets: dict[str, Asset] = {}
    announced: dict[str, list[Announcement]] = {}
    for event, asset in told:
        by_stream.setdefault(event.stream, []).append(event)
        assets[event.stream] = asset
        announced.setdefault(event.stream, []).append(announcement_of(event, asset, names))
    entries = [
        _entry(events, assets[stream], announced[stream], names)
        for stream, events in by_stream.items()
    ]
    alike: dict[tuple[str, tuple[_Phrase, ...]], list[_Told]] = {}
    for entry in entries:
        alike.setdefault((entry.sort, entry.phrases), []).append(entry)
    groups = sorted(alike.values(), key=_urgency)
    every = [one for stream in announced.values() for one in stream]
    called = {one.called.id: one.called for one in every if one.called is not None}
    actors = Counter(event.actor.name or event.actor.id for event, _ in told)
    return Summary(
        headline=_headline(groups),
        announcements=len(told),
        groups=tuple(_group(one) for one in groups[:MOST_GROUPS]),
        more=sum(map(len, groups[MOST_GROUPS:])),
        called=tuple(called.values()),
        actors=tuple(name for name, _ in actors.most_common(MOST_ACTORS)),
        first=min(event.recorded_at for event, _ in told),
        last=max(event.recorded_at for event, _ in told),
    )


def _urgency(group: Sequence[_Told]) -> tuple[int, int]:
    """What ended badly first, then what is much."""
    standings = {phrase.standing for phrase in group[0].phrases}
    ranks = (at for at, word in enumerate(_WORSE_FIRST) if word in standings)
    return next(ranks, len(_WORSE_FIRST)), -len(group)


def _headline(groups: Sequence[Sequence[_Told]]) -> str:
    said = [_counted(one) for one in groups[:IN_HEADLINE]]
    more = sum(map(len, groups[IN_HEADLINE:]))
    return ", ".join((*said, f"and {more} more" if more else "")).removesuffix(", ")


def _counted(group: Sequence[_Told]) -> str:
    """``37 links are impaired``."""
    one = len(group) == 1
    said = " and ".join(phrase.one if one else phrase.many for phrase in group[0].phrases)
    return f"{len(group)} {group[0].sort}{'' if one else 's'} {said}"


def _group(group: Sequence[_Told]) -> Group:
    by_owner: dict[str, list[str]] = {}
    for one in group:
        by_owner.setdefault(one.owner, []).append(one.code)
    owners = sorted(by_owner.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    reasons = Counter(reason for one in group for reason in dict.fromkeys(one.reasons))
    return Group(
        what=_counted(group),
        count=len(group),
        owned=tuple(
            Owned(
                owner=owner,
                codes=tuple(sorted(codes)[:MOST_CODES]),
                more=max(len(codes) - MOST_CODES, 0),
            )
            for owner, codes in owners[:MOST_OWNERS]
        ),
        more_owned=sum(len(codes) for _, codes in owners[MOST_OWNERS:]),
        reasons=tuple(reasons.most_common(MOST_REASONS)),
        more_reasons=max(len(reasons) - MOST_REASONS, 0),
    )


def _entry(
    events: Sequence[Event], asset: Asset, announced: Sequence[Announcement], names: PartyNames
) -> _Told:
    moves: _Moves = {}
    said: dict[str, list[str]] = {}
    for event, one in zip(events, announced, strict=True):
        happening = event.kind.partition(".")[2]
        if happening in _STANDINGS:
            data = data_of(event.payload)
            before, after = (_words(data[name]) for name in _STANDINGS[happening])
            of = (happening, data.get("interface") or "")
            moves.setdefault(of, []).append(_Move(before, after, one.told.why))
        else:
            said.setdefault(happening, []).extend(one.told.why)
    reasons = [why for steps in moves.values() for why in _telling(steps).why]
    return _Told(
        sort=announced[0].sort,
        code=asset.code,
        owner=_owner(asset, names),
        phrases=tuple(dict.fromkeys(_phrases(moves, said, asset))),
        reasons=(*reasons, *(why for every in said.values() for why in every)),
    )


def _owner(asset: Asset, names: PartyNames) -> str:
    owners = [asset.contributor_id]
    if not isinstance(asset, Device):
        owners.append(asset.side_z_contributor_id)
    found = [(identity, names.contributor(identity)) for identity in dict.fromkeys(owners)]
    return " and ".join(sorted(one.name if one else identity for identity, one in found))


# -- what happened --------------------------------------------------------------------------------

_STANDINGS: Final = {
    "health_changed": ("health_from", "health_to"),
    "status_changed": ("status_from", "status_to"),
    "desired_status_changed": ("desired_from", "desired_to"),
}

_HAPPENINGS: Final[Mapping[str, _Phrase]] = {
    "registered": _Phrase("was registered", "were registered"),
    "updated": _Phrase("was updated", "were updated"),
    "removed": _Phrase("was removed", "were removed", "removed"),
    "acceptance_requested": _Phrase("waits for acceptance", "wait for acceptance"),
    "accepted": _Phrase("was accepted", "were accepted"),
    "interface_defined": _Phrase("has new interfaces", "have new interfaces"),
    "interface_changed": _Phrase("has changed interfaces", "have changed interfaces"),
    "interface_bound": _Phrase("has interfaces in other use", "have interfaces in other use"),
    "interface_removed": _Phrase("has lost interfaces", "have lost interfaces"),
    "mirrored": _Phrase("moved on the ledger", "moved on the ledger"),
    "released": _Phrase("left the ledger", "left the ledger"),
    "criterion_waived": _Phrase("had a criterion waived", "had criteria waived"),
    "criterion_demanded": _Phrase("has to meet a criterion again", "have to meet criteria again"),
}


@dataclass(frozen=True, slots=True)
class _Move:
    """From what to what, and why."""

    before: str
    after: str
    why: tuple[str, ...]


_Moves = dict[tuple[str, str], list[_Move]]
"""By the name of the happening and the interface that moved, empty for the asset itself."""


def _came_back(steps: Sequence[_Move]) -> bool:
    return len(steps) > 1 and steps[0].before == steps[-1].after


def _telling(steps: Sequence[_Move]) -> _Move:
    """The move whose reasons are told: where it went in the end, or why it was away."""
    return steps[-2] if _came_back(steps) else steps[-1]


def _phrases(moves: _Moves, said: Iterable[str], asset: Asset) -> Iterator[_Phrase]:
    """All that happened to one asset, in an order that is the same for all."""
    for happening in _STANDINGS:
        of_it = {interface: steps for (one, interface), steps in moves.items() if one == happening}
        for interface in sorted(of_it):
            yield _moved(happening, of_it[interface], of_interface=bool(interface), asset=asset)
    for happening in sorted(said):
        words = _words(happening)
        yield _HAPPENINGS.get(happening, _Phrase(f"had {words}", f"had {words}"))


def _moved(happening: str, steps: Sequence[_Move], *, of_interface: bool, asset: Asset) -> _Phrase:
    """Where several moves lead; where they lead back, that too."""
    after = steps[-1].after
    wanted = "wanted " if happening == "desired_status_changed" else ""
    if _came_back(steps):
        away = f"{wanted}{steps[-1].before} and back to {after}"
        if of_interface:
            one, many = f"has an interface that was {away}", f"have interfaces that were {away}"
            return _Phrase(one, many, after)
        return _Phrase(f"was {away}", f"were {away}", after)
    if of_interface:
        standing = f"{wanted}{after}"
        one, many = f"has an interface that is {standing}", f"have interfaces that are {standing}"
        return _Phrase(one, many, after)
    by_now = "" if wanted else _by_now(happening, after, asset)
    return _Phrase(f"is {wanted}{after}{by_now}", f"are {wanted}{after}{by_now}", after)


def _by_now(happening: str, after: str, asset: Asset) -> str:
    """How it stands by now, where that is told by a later announcement, which is on its way."""
    health = happening == "health_changed"
    now = _words(asset.life.health.value if health else asset.life.status.value)
    return "" if now == after else f" ({now} by now)"


def _words(word: str) -> str:
    return word.replace("_", " ")
