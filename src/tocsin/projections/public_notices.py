"""The follower that keeps what the public was told, and what a status page is made of.

A row for each ticket that has a public update, folded from the few kinds of events that have to do
with it (:mod:`tocsin.core.public_notices`): its first from all of them, every later one from what
the row has already. So what is internal is never even read here, and each event is looked at once,
however long a ticket lasts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.core.claims import SERVICE_CODE
from tocsin.core.public_notices import KINDS, POSTED, PublicNotice, evolve
from tocsin.core.records import Service, StatusPage
from tocsin.projections.logged import Logged, Slice
from tocsin.store.codec import decoded_event
from tocsin.store.contract import ReadTurn
from tocsin.store.public_notices import PublicNoticeRow, public_notice_of

PUBLIC: Final = "public"

MOST_NOTICES: Final = 1_000
"""So many notices at most are read for a page: all that are not over, then what ended last."""

_KINDS: Final = tuple(sorted(KINDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRows:
    """What the picture of one status page is made of, as of the event ``position``.

    ``services`` are those that the page lists or a notice names, by code; ``notices`` those of the
    whole org, what is not over first, then what ended last.
    """

    position: int
    page: StatusPage
    services: tuple[Service, ...]
    notices: tuple[PublicNotice, ...]


def public_rows(
    turn: ReadTurn, org_id: int, *, page: str, most: int = MOST_NOTICES
) -> PublicRows | None:
    """What the status page with the stream *page* is made of, of *most* notices at most; None if
    there is no such page any more.

    Which page is at a public address is told by :meth:`ReadTurn.page`.
    """
    head = turn.head(org_id, page)
    if head is None or not isinstance(head.state, StatusPage) or head.state.removed_at is not None:
        return None
    rows = turn.select(
        "SELECT notice FROM public_notices WHERE org_id = ?"
        " ORDER BY ended_at DESC, number DESC LIMIT ?",
        (org_id, most),
        org_id=org_id,
    )
    notices = tuple(public_notice_of(text) for (text,) in rows)
    codes = {*head.state.services}
    codes.update(
        shown.code for notice in notices for words in notice.updates for shown in words.services
    )
    return PublicRows(
        position=turn.checkpoint(PUBLIC),
        page=head.state,
        services=_services(turn, org_id, codes),
        notices=notices,
    )


def _services(turn: ReadTurn, org_id: int, codes: Collection[str]) -> tuple[Service, ...]:
    held = turn.claims(org_id, {(SERVICE_CODE, code) for code in codes})
    heads = turn.heads(org_id, {*held.values()})
    found = [head.state for head in heads.values() if isinstance(head.state, Service)]
    return tuple(sorted(found, key=lambda service: service.code))


def follow_public(part: Slice, logged: Sequence[Logged]) -> None:
    """Set the notices of the tickets of which *logged* told the public something else."""
    turn = part.turn
    by_org: dict[int, dict[str, list[Logged]]] = defaultdict(lambda: defaultdict(list))
    for one in logged:
        if one.kind in KINDS:
            by_org[one.org_id][one.stream].append(one)
    rows: list[PublicNoticeRow] = []
    for org_id, moved in by_org.items():
        numbers = _numbers(turn, org_id, moved)
        known = _known(turn, org_id, numbers.values())
        for stream, number in sorted(numbers.items(), key=lambda one: one[1]):
            before = known.get(number)
            if before is not None:
                notice = _moved(turn, before, moved[stream])
            elif any(one.kind in POSTED for one in moved[stream]):
                notice = notice_in_log(turn, org_id, stream, until=logged[-1].position)
            else:
                continue
            if notice is not None and notice.is_public:
                rows.append(PublicNoticeRow(org_id=org_id, number=number, notice=notice))
    turn.put_public_notices(rows)


def notice_in_log(turn: ReadTurn, org_id: int, stream: str, *, until: int) -> PublicNotice | None:
    """The notice of a ticket as its events up to the position *until* tell it.

    Raises:
        LogDamaged: one of them cannot be read.
    """
    notice: PublicNotice | None = None
    for position, public, private in turn.select(
        "SELECT position, public, private FROM events"
        f" WHERE org_id = ? AND stream = ? AND position <= ? AND kind IN ({_marks(_KINDS)})"
        " ORDER BY version",
        (org_id, stream, until, *_KINDS),
        org_id=org_id,
    ):
        event = decoded_event(position=position, org_id=org_id, public=public, private=private)
        notice = evolve(notice, event)
    return notice


def _moved(turn: ReadTurn, before: PublicNotice, moved: Sequence[Logged]) -> PublicNotice | None:
    events = turn.events_at(moved[0].org_id, [one.position for one in moved])
    notice: PublicNotice | None = before
    for one in moved:
        notice = evolve(notice, events[one.position])
    return notice


def _numbers(turn: ReadTurn, org_id: int, streams: Collection[str]) -> Mapping[str, int]:
    """The numbers of tickets by their streams."""
    rows = turn.select(
        f"SELECT stream, number FROM heads WHERE org_id = ? AND stream IN ({_marks(streams)})",
        (org_id, *streams),
        org_id=org_id,
    )
    return {str(stream): int(number) for stream, number in rows}


def _known(turn: ReadTurn, org_id: int, numbers: Collection[int]) -> Mapping[int, PublicNotice]:
    """The notices of those tickets that have one."""
    if not numbers:
        return {}
    rows = turn.select(
        f"SELECT number, notice FROM public_notices WHERE org_id = ?"
        f" AND number IN ({_marks(numbers)})",
        (org_id, *numbers),
        org_id=org_id,
    )
    return {number: public_notice_of(text) for number, text in rows}


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
