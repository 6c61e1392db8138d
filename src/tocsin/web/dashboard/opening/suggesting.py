"""Names that begin, or go on, as somebody types: at most twenty, whatever there is.

Codes are looked up along the index of what is taken in the org, labels by leaping from one to the
next, so that neither thousands of links nor millions of tickets make it slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.core.claims import CONTRIBUTOR_CODE, DEVICE_CODE, LINK_CODE, SERVICE_CODE
from tocsin.core.errors import Forbidden, Malformed
from tocsin.core.evidence import Access
from tocsin.core.permissions import may_read
from tocsin.core.records import Contributor, Device, Link, Member, Record, Service
from tocsin.store.contract import ReadTurn

MOST: Final = 20
MOST_WITHOUT_A_SCRIPT: Final = 200
"""How many stand in the page itself, for browsers that ask for none while one types."""
LONGEST: Final = 64
NAMES_READ: Final = 1_000
"""So many records are looked through for a name; codes are found among any number."""
LABELS_LEAPT: Final = 400
_LAST_CHARACTER: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """``value`` is what the field takes, ``text`` what one knows it by, ``about`` says more."""

    value: str
    text: str
    about: str = ""


def suggestions(
    turn: ReadTurn, org_id: int, access: Access, *, what: str, words: str, most: int = MOST
) -> tuple[Suggestion, ...]:
    """Those of the sort *what* (a key of :data:`SORTS`) that begin with *words*, then those that
    have them anywhere; each once, *most* at most.

    Raises:
        Malformed: there is no such sort.
        Forbidden: the reader may not read things of that sort.
    """
    sort = SORTS.get(what)
    if sort is None:
        raise Malformed(f"what is looked up here is one of {', '.join(SORTS)}")
    if not may_read(access, sort.reads):
        raise Forbidden(f"your role does not read this: {what}")
    return sort.find(turn, org_id, words.strip().lower()[:LONGEST], most)


Find = Callable[[ReadTurn, int, str, int], tuple[Suggestion, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """How one sort of thing is found, and what one has to be allowed to read."""

    reads: str
    find: Find


def _coded(kind: str, told: Callable[[Record], Suggestion | None]) -> Find:
    """Those whose code, which is unique, is in the index of what is taken."""

    def find(turn: ReadTurn, org_id: int, words: str, most: int) -> tuple[Suggestion, ...]:
        streams = _streams_by_code(turn, org_id, kind, words, most)
        heads = turn.heads(org_id, streams)
        states = (heads[stream].state for stream in streams if stream in heads)
        found = (told(state) for state in states if isinstance(state, Record))
        return tuple(one for one in found if one is not None)

    return find


def _streams_by_code(
    turn: ReadTurn, org_id: int, kind: str, words: str, most: int
) -> Sequence[str]:
    found = turn.select(
        "SELECT stream FROM claims WHERE org_id = ? AND kind = ? AND key >= ? AND key < ?"
        " ORDER BY key LIMIT ?",
        (org_id, kind, words, words + _LAST_CHARACTER, most),
        org_id=org_id,
    )
    if words and len(found) < most:
        found = [
            *found,
            *turn.select(
                "SELECT stream FROM claims WHERE org_id = ? AND kind = ? AND key LIKE ? ESCAPE '!'"
                " ORDER BY key LIMIT ?",
                (org_id, kind, f"_%{_plain(words)}%", most - len(found)),
                org_id=org_id,
            ),
        ]
    return list(dict.fromkeys(stream for (stream,) in found))


def _plain(words: str) -> str:
    """*words* for a LIKE, in which nothing stands for anything else."""
    return words.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _device(record: Record) -> Suggestion | None:
    if not isinstance(record, Device):
        return None
    about = (record.location, record.device_type)
    return Suggestion(value=record.code, text=record.code, about=_joined(about))


def _link(record: Record) -> Suggestion | None:
    if not isinstance(record, Link):
        return None
    return Suggestion(value=record.code, text=record.code, about=record.link_type.value)


def _named(sort: str, told: Callable[[Record], Suggestion | None]) -> Find:
    """Those that people know by a name as well, which is no index's."""

    def find(turn: ReadTurn, org_id: int, words: str, most: int) -> tuple[Suggestion, ...]:
        heads = turn.heads_of_sort(org_id, sort, limit=NAMES_READ)
        states = (head.state for head in heads)
        there = (state for state in states if isinstance(state, Record) and not state.removed_at)
        return _fitting((one for one in map(told, there) if one is not None), words, most)

    return find


def _either(first: Find, then: Find) -> Find:
    """Those of the *first* way, and of the other one where there is room."""

    def find(turn: ReadTurn, org_id: int, words: str, most: int) -> tuple[Suggestion, ...]:
        found = first(turn, org_id, words, most)
        if len(found) < most:
            found = tuple(dict.fromkeys((*found, *then(turn, org_id, words, most))))
        return found[:most]

    return find


def _service(record: Record) -> Suggestion | None:
    if not isinstance(record, Service):
        return None
    return Suggestion(value=record.code, text=record.code, about=_unless(record.name, record.code))


def _contributor(record: Record) -> Suggestion | None:
    if not isinstance(record, Contributor):
        return None
    return Suggestion(value=record.code, text=record.code, about=_unless(record.name, record.code))


def _member(record: Record) -> Suggestion | None:
    if not isinstance(record, Member):
        return None
    return Suggestion(value=record.id, text=record.name, about=record.email or "")


def _fitting(offered: Iterable[Suggestion], words: str, most: int) -> tuple[Suggestion, ...]:
    ranked: list[tuple[int, str, str, Suggestion]] = []
    for one in offered:
        text, about = one.text.lower(), one.about.lower()
        if text.startswith(words):
            rank = 0
        elif about.startswith(words):
            rank = 1
        elif words in text or words in about:
            rank = 2
        else:
            continue
        ranked.append((rank, text, one.value, one))
    ranked.sort(key=lambda found: found[:3])
    return tuple(one for *_, one in ranked[:most])


def _labels(turn: ReadTurn, org_id: int, words: str, most: int) -> tuple[Suggestion, ...]:
    """Labels that tickets have. They are as they were written, so both spellings of a beginning
    are looked for among the first few hundred that there are."""
    begin, found = "label=", list[Suggestion]()
    for _ in range(LABELS_LEAPT):
        ((term,),) = turn.select(
            "SELECT min(term) FROM ticket_terms WHERE org_id = ? AND term > ? AND term < ?",
            (org_id, begin, "label>"),
            org_id=org_id,
        )
        if term is None:
            break
        begin = str(term)
        label = begin.removeprefix("label=")
        found.append(Suggestion(value=label, text=label))
    return _fitting(found, words, most)


def _joined(parts: Iterable[str | None]) -> str:
    return " · ".join(part for part in parts if part)


def _unless(name: str, code: str) -> str:
    return "" if name.lower() == code else name


SORTS: Final[Mapping[str, Sort]] = {
    "device": Sort(reads="device", find=_coded(DEVICE_CODE, _device)),
    "link": Sort(reads="link", find=_coded(LINK_CODE, _link)),
    "service": Sort(
        reads="service", find=_either(_coded(SERVICE_CODE, _service), _named("service", _service))
    ),
    "contributor": Sort(
        reads="contributor",
        find=_either(_coded(CONTRIBUTOR_CODE, _contributor), _named("contributor", _contributor)),
    ),
    "member": Sort(reads="member", find=_named("member", _member)),
    "label": Sort(reads="ticket", find=_labels),
}
"""Everything that is looked up while one types."""
