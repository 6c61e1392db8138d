"""Notices of planned work out of a calendar or a letter (Integrations: MAINTNOTE).

Forgiving in form, strict in meaning: unknown properties, stray blanks and bad folds are passed
over; what would have to be guessed (the window, the status, which work it is) makes the whole
payload one for a person, so that no part of it is lost from sight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tocsin.adapters.maintnote.letters import calendars_in
from tocsin.adapters.maintnote.lines import Line, lines_of, text_of
from tocsin.adapters.maintnote.notices import (
    IMPACT_OUT,
    MOST_IDS,
    Notice,
    NoticeStatus,
    identity,
)
from tocsin.adapters.maintnote.spans import span
from tocsin.adapters.maintnote.zones import (
    MOST_OBSERVANCES,
    Observance,
    Zones,
    moment,
    observance,
)
from tocsin.core.ingestion import Unreadable
from tocsin.core.ticket_reading import LATEST, TEXT, TITLE
from tocsin.core.words import Impact, folded

MOST_NOTICES: Final = 1_000
MOST_LEVELS: Final = 8
LARGEST_SEQUENCE: Final = 2**31 - 1

_DAY = timedelta(days=1)
_MARK = "X-MAINTNOTE-"
_BEGINNING = b"BEGIN:VCALENDAR"
_ANSWERS = frozenset({"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"})
_IMPACTS = {folded(text): impact for impact, text in IMPACT_OUT.items()}
_WORST = tuple(Impact)
_STATUSES = {
    **{folded(status.value): status for status in NoticeStatus},
    "canceled": NoticeStatus.CANCELLED,
    "inprogress": NoticeStatus.IN_PROCESS,
    "complete": NoticeStatus.COMPLETED,
}

Properties = Mapping[str, Sequence[Line]]


@dataclass(slots=True)
class _Block:
    """A component as it is read: what it says, and the components in it."""

    name: str
    properties: dict[str, list[Line]] = field(default_factory=dict)
    blocks: list[_Block] = field(default_factory=list)


def read(body: bytes) -> tuple[Notice, ...]:
    """The notices of an ``.ics`` file or of a raw message, in their order, each once.

    Calendar entries that have nothing of MAINTNOTE are left out, as long as another has.

    Raises:
        Unreadable: it is neither, too large, cut off, or an entry of it cannot be relied on.
    """
    start = body[:100].removeprefix(b"\xef\xbb\xbf").lstrip()
    calendars = (body,) if start.upper().startswith(_BEGINNING) else calendars_in(body)
    blocks = [block for one in calendars for block in _blocks(one) if block.name == "VCALENDAR"]
    events = [
        (block, event) for block in blocks for event in block.blocks if event.name == "VEVENT"
    ]
    if len(events) > MOST_NOTICES:
        raise Unreadable(f"it has {len(events):,} entries; at most {MOST_NOTICES:,} are read")
    zones = {id(block): _zones(block) for block in blocks}
    notices = tuple(
        dict.fromkeys(
            _notice(
                event.properties,
                method=_value(block.properties, "METHOD").upper(),
                zones=zones[id(block)],
                number=number,
            )
            for number, (block, event) in enumerate(events, start=1)
            if any(name.startswith(_MARK) for name in event.properties)
        )
    )
    if not notices:
        raise Unreadable("there is no notice of planned work in it: nothing that is MAINTNOTE")
    return notices


def _blocks(body: bytes) -> list[_Block]:
    """The components of a calendar.

    Raises:
        Unreadable: they do not end, end in another order, or are nested too deep.
    """
    top = _Block("")
    stack = [top]
    for line in lines_of(body):
        if line.name == "BEGIN":
            if len(stack) > MOST_LEVELS:
                raise Unreadable("its blocks are nested too deep")
            block = _Block(line.value.upper())
            stack[-1].blocks.append(block)
            stack.append(block)
        elif line.name == "END":
            if len(stack) == 1 or stack.pop().name != line.value.upper():
                raise Unreadable("its blocks do not end in the order in which they begin")
        else:
            stack[-1].properties.setdefault(line.name, []).append(line)
    if len(stack) > 1:
        raise Unreadable("it is cut off: a block has no end")
    return top.blocks


def _zones(calendar: _Block) -> Zones:
    return {
        _value(block.properties, "TZID"): _observances(block)
        for block in calendar.blocks
        if block.name == "VTIMEZONE"
    }


def _observances(zone: _Block) -> tuple[Observance, ...]:
    """The rules of a zone; none where any of them is not one that a zone has."""
    if len(zone.blocks) > MOST_OBSERVANCES:
        return ()
    read = [observance(block.properties) for block in zone.blocks]
    known = tuple(one for one in read if one is not None)
    return known if len(known) == len(read) else ()


def _notice(properties: Properties, *, method: str, zones: Zones, number: int) -> Notice:
    try:
        return _read(properties, method=method, zones=zones)
    except Unreadable as problem:
        raise Unreadable(f"entry {number}: {problem.reason}") from None


def _read(properties: Properties, *, method: str, zones: Zones) -> Notice:
    if method in _ANSWERS:
        raise Unreadable("it answers a calendar entry, and is no notice itself")
    if not properties.keys().isdisjoint(("RRULE", "RDATE", "RECURRENCE-ID")):
        raise Unreadable("it repeats: each window needs a notice of its own")
    uid = _text(properties, "UID")
    if uid is None:
        raise Unreadable("it has no UID")
    start, end = _window(properties, zones)
    stamp = _only(properties, "DTSTAMP")
    provider, account = (_text(properties, f"{_MARK}{word}") for word in ("PROVIDER", "ACCOUNT"))
    organizer = _text(properties, "ORGANIZER")
    if organizer is not None and organizer[:7].lower() == "mailto:":
        organizer = organizer[7:].strip() or None
    return Notice(
        uid=identity(uid),
        sequence=_sequence(properties),
        start=start,
        end=end,
        stamp=None if stamp is None else moment(stamp, zones).at,
        provider=None if provider is None else identity(provider),
        account=None if account is None else identity(account),
        maintenance_ids=_ids(properties, "MAINTENANCE-ID"),
        object_ids=_ids(properties, "OBJECT-ID"),
        impact=_impact(properties),
        status=_status(properties, method=method),
        summary=_first_text(properties, "SUMMARY", longest=TITLE),
        description=_first_text(properties, "DESCRIPTION", longest=TEXT),
        organizer=None if organizer is None else organizer[:TITLE],
    )


def _window(properties: Properties, zones: Zones) -> tuple[datetime, datetime]:
    first, last, length = (_only(properties, name) for name in ("DTSTART", "DTEND", "DURATION"))
    if first is None:
        raise Unreadable("it has no DTSTART")
    start = moment(first, zones)
    if last is not None:
        end = moment(last, zones).at
    elif length is not None:
        end = start.at + span(length.value)
    elif start.whole_day:
        end = start.at + _DAY
    else:
        raise Unreadable("it has neither DTEND nor DURATION")
    if end <= start.at:
        raise Unreadable("it ends before it begins, or at once")
    if end >= LATEST:
        raise Unreadable("it ends after the year 2199")
    return start.at, end


def _sequence(properties: Properties) -> int:
    """The number of the version; none is 0, the first."""
    text = _value(properties, "SEQUENCE") or "0"
    if len(text) > 10 or not (text.isascii() and text.isdigit()) or int(text) > LARGEST_SEQUENCE:
        raise Unreadable("SEQUENCE is not a number from 0 to 2147483647")
    return int(text)


def _impact(properties: Properties) -> Impact | None:
    """The worst impact on any of its objects; those without one of their own have the entry's."""
    whole = _impact_of(_value(properties, f"{_MARK}IMPACT"))
    objects = [
        _impact_of(line.parameters.get(f"{_MARK}OBJECT-IMPACT", "")) or whole
        for line in properties.get(f"{_MARK}OBJECT-ID", ())
    ]
    return max((one for one in objects or [whole] if one), key=_WORST.index, default=None)


def _impact_of(text: str) -> Impact | None:
    if not text.strip():
        return None
    known = _IMPACTS.get(folded(text))
    if known is None:
        raise Unreadable(f"its impact is none of {', '.join(IMPACT_OUT.values())}")
    return known


def _status(properties: Properties, *, method: str) -> NoticeStatus | None:
    """Its own status, or what the calendar's say of it."""
    text = _value(properties, f"{_MARK}STATUS")
    if text:
        known = _STATUSES.get(folded(text))
        if known is None:
            raise Unreadable(f"its status is none of {', '.join(NoticeStatus)}")
        return known
    if method == "CANCEL":
        return NoticeStatus.CANCELLED
    return _STATUSES.get(folded(_value(properties, "STATUS")))


def _ids(properties: Properties, name: str) -> tuple[str, ...]:
    """Every id of that sort, once, in their order.

    Raises:
        Unreadable: more than 200.
    """
    texts = (text_of(line.value).strip() for line in properties.get(f"{_MARK}{name}", ()))
    found = tuple(dict.fromkeys(identity(text) for text in texts if text))
    if len(found) > MOST_IDS:
        raise Unreadable(f"it has {len(found):,} of {_MARK}{name}; at most {MOST_IDS} are read")
    return found


def _only(properties: Properties, name: str) -> Line | None:
    """The line of a property that may stand once; said twice, it must say the same.

    Raises:
        Unreadable: it says two things.
    """
    said = [line for line in properties.get(name, ()) if line.value]
    if any(line != said[0] for line in said):
        raise Unreadable(f"it has two {name} that differ")
    return said[0] if said else None


def _value(properties: Properties, name: str) -> str:
    line = _only(properties, name)
    return "" if line is None else line.value


def _text(properties: Properties, name: str) -> str | None:
    return text_of(_value(properties, name)).strip() or None


def _first_text(properties: Properties, name: str, *, longest: int) -> str | None:
    """Words for people: the first that is there, cut at *longest* characters."""
    for line in properties.get(name, ()):
        text = text_of(line.value).strip()
        if text:
            return text if len(text) <= longest else f"{text[: longest - 1]}…"
    return None
