"""Finding records in the snapshot, and whom a reader may ask what of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tocsin.core.claims import CONNECTOR_CODE
from tocsin.core.errors import Forbidden, NotFound
from tocsin.core.evidence import Given
from tocsin.core.facts import Actor, stream_name, stream_sort
from tocsin.core.permissions import READERS, may_read, permit
from tocsin.core.record_commands import RecordCommand
from tocsin.core.records import Contributor, Key, Member, Record, Rule
from tocsin.handler.directory import POLICY_STREAM, OrgDirectory
from tocsin.store.contract import Head, ReadTurn
from tocsin.web.dashboard.administration.sheets import Sheet
from tocsin.web.dashboard.visits import Visit
from tocsin.web.dashboard.words import role_words

ON_A_PAGE: Final = 50
MOST_SORTED: Final = 500
"""As many are shown in the order that people look for; more come in the order of their age."""
MOST_SEARCHED: Final = 5_000
MOST_COUNTED: Final = 100
_AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of a list. ``following`` is the id behind which the next one begins."""

    records: tuple[Any, ...]
    following: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a reader may do with a record, as far as anybody can tell beforehand."""

    change: bool
    remove: bool


def require_reader(visit: Visit, what: str) -> None:
    """Let whoever may read things of that sort pass.

    Raises:
        Forbidden: names the role that may.
    """
    access = visit.admitted.access
    if not may_read(access, what):
        least = role_words(READERS[what])
        raise Forbidden(
            f"this is for the role {least} and above; yours is {role_words(access.role)}"
        )


def existing(visit: Visit, sheet: Sheet) -> tuple[Head, Any]:
    """The record that the address names by id, code or pubkey; removed ones by id.

    Raises:
        Forbidden: its sort is not for this reader.
        NotFound: there is none that they may see.
    """
    require_reader(visit, sheet.sort)
    name, org_id = visit.path["name"], visit.admitted.org_id
    head = visit.turn.head(org_id, _stream(visit.turn, org_id, sheet, name))
    record = None if head is None else head.state
    if head is None or not isinstance(record, sheet.kind) or not sheet.visible(visit)(record):
        raise NotFound(f"there is no {sheet.one} {name[:64]!r} here")
    return head, record


def _stream(turn: ReadTurn, org_id: int, sheet: Sheet, name: str) -> str:
    wanted = {(claim, name) for claim in sheet.claims}
    for stream in turn.claims(org_id, wanted).values():
        if stream_sort(stream) == sheet.sort:
            return stream
    return stream_name(sheet.sort, name)


def listed(visit: Visit, sheet: Sheet, *, words: str, after: str) -> Listed:
    """A page of the records of a sheet, those with *words* in their name, from behind the id
    *after*."""
    turn, org_id = visit.turn, visit.admitted.org_id
    visible = sheet.visible(visit)
    folded = words.casefold()

    def wanted(record: object) -> bool:
        return (
            isinstance(record, sheet.kind)
            and record.removed_at is None
            and visible(record)
            and (not folded or any(folded in word.casefold() for word in sheet.words(record)))
        )

    few = turn.heads_of_sort(org_id, sheet.sort, limit=MOST_SORTED + 1)
    if len(few) <= MOST_SORTED:
        order = sheet.ordered or (lambda record: sheet.title(record).casefold())
        found = sorted(
            (head.state for head in few if wanted(head.state)),
            key=lambda one: (order(one), one.id),
        )
        start = next((n for n, one in enumerate(found, 1) if one.id == after), 0) if after else 0
        page = found[start : start + ON_A_PAGE]
        more = len(found) > start + ON_A_PAGE
        return Listed(records=tuple(page), following=page[-1].id if more else None)
    return _by_age(turn, org_id, sheet, wanted, after=after)


def _by_age(turn: ReadTurn, org_id: int, sheet: Sheet, wanted: Any, *, after: str) -> Listed:
    stream = stream_name(sheet.sort, after) if after else ""
    found: list[Any] = []
    read = 0
    while read < MOST_SEARCHED:
        heads = turn.heads_of_sort(org_id, sheet.sort, after=stream, limit=_AT_ONCE)
        for head in heads:
            if wanted(head.state):
                if len(found) == ON_A_PAGE:
                    return Listed(records=tuple(found), following=found[-1].id)
                found.append(head.state)
            stream = head.stream
        read += len(heads)
        if len(heads) < _AT_ONCE:
            return Listed(records=tuple(found), following=None)
    return Listed(records=tuple(found), following=stream.partition(":")[2])


def every(turn: ReadTurn, org_id: int, kind: type[Record], sort: str, *, limit: int) -> list[Any]:
    """The records of a sort that are there, at most *limit* looked at."""
    return [
        head.state
        for head in turn.heads_of_sort(org_id, sort, limit=limit)
        if isinstance(head.state, kind) and head.state.removed_at is None
    ]


def may(visit: Visit, command: RecordCommand | None, record: Record | None) -> bool:
    """Whether the reader may ask *command* of *record*."""
    if command is None or (record is not None and record.removed_at is not None):
        return False
    try:
        require(visit, command, record)
    except Forbidden:
        return False
    return True


def require(visit: Visit, command: RecordCommand, record: Record | None) -> None:
    """Let *command* pass, as far as can be told before it is asked.

    Raises:
        Forbidden: it may not be asked; says who may.
    """
    member, contributor = visit.admitted.member, visit.admitted.contributor
    permit(
        command,
        record,
        Given(
            at=visit.at,
            entry_id="",
            actor=Actor(
                type="user",
                id=member.id,
                name=member.name,
                contributor=None if contributor is None else contributor.code,
            ),
            access=visit.admitted.access,
            via="web",
            directory=OrgDirectory(_neighbours(visit, command, record)),
        ),
    )


def _neighbours(visit: Visit, command: RecordCommand, record: Record | None) -> Sequence[Head]:
    """What a permission may look at besides the record."""
    streams = {POLICY_STREAM}
    if isinstance(visit.admitted.contributor, Contributor):
        streams.add(stream_name("contributor", visit.admitted.contributor.id))
    match record:
        case Key():
            streams.add(stream_name("member", record.member_id))
        case Member(contributor_id=str(owner)):
            streams.add(stream_name("contributor", owner))
        case Rule(connector_id=str(connector)):
            streams.add(stream_name("connector", connector))
        case _:
            pass
    member_id = getattr(command, "member_id", None)
    if isinstance(member_id, str):
        streams.add(stream_name("member", member_id))
    named = getattr(command, "connector", None)
    if isinstance(named, str):
        holder = visit.turn.claimed_by(visit.admitted.org_id, CONNECTOR_CODE, named)
        streams |= set() if holder is None else {holder}
    return list(visit.turn.heads(visit.admitted.org_id, streams).values())


def rights(visit: Visit, sheet: Sheet, record: Record) -> Rights:
    """What the reader may do with *record*."""
    return Rights(
        change=may(visit, sheet.changing, record), remove=may(visit, sheet.removing, record)
    )
