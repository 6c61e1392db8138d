"""How services stood, as a page's public updates say it: at each moment, and day by day.

What counts on a page is what was said there (:func:`tocsin.core.status_pages.shows`). The word that
a ticket is over counts everywhere, though: nobody is left with an incident that has ended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from tocsin.core.public_notices import ENDINGS, PublicNotice, PublicWords
from tocsin.core.records import StatusPage
from tocsin.core.status_pages import shows
from tocsin.core.ticket import ServiceImpact
from tocsin.core.words import PublicImpact, PublicMaintenanceStatus, TicketType
from tocsin.web.status.view import Day, Level

LEVELS: Final[Mapping[str, Level]] = {
    PublicImpact.DEGRADED: Level.DEGRADED,
    PublicImpact.PARTIAL: Level.PARTIAL,
    PublicImpact.MAJOR: Level.MAJOR,
}

_AT_WORK: Final[frozenset[str]] = frozenset(
    {PublicMaintenanceStatus.IN_PROGRESS, PublicMaintenanceStatus.VERIFYING}
)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_DOWN: Final = (Level.PARTIAL, Level.MAJOR)

Levels = Mapping[str, Level]
"""How each service stands, by its code; one that is not in it is operational."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An update of a notice: how services stood before and stand with it.

    ``is_shown`` is false for the word that it is over when that was said on other pages only.
    ``named`` are the codes that it has to do with.
    """

    words: PublicWords
    is_shown: bool
    before: Levels
    after: Levels
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """For so long a service was at ``level``, as the notice ``ref`` has it."""

    begin: datetime
    end: datetime
    level: Level
    ref: str


def turns_on(page: StatusPage, notice: PublicNotice) -> tuple[Turn, ...]:
    """The updates of *notice* that count on *page*, oldest first; none if it is not there.

    A later update without pages and services is where the earlier ones are.
    """
    turns: list[Turn] = []
    impacts: dict[str, str] = {}
    named: set[str] = set()
    before: Levels = {}
    for words in notice.updates:
        named.update(shown.code for shown in words.services)
        is_shown = (bool(turns) and not words.pages) or shows(
            page, pages=words.pages, services=named
        )
        if not is_shown and not (turns and words.status in ENDINGS):
            continue
        said = _on_page(page, words.services) if is_shown else ()
        impacts = _impacts(impacts, said, status=words.status)
        after = _levels(impacts, kind=notice.kind, status=words.status)
        changed = {code for code in {*before, *after} if before.get(code) is not after.get(code)}
        codes = {*changed, *(shown.code for shown in said)}
        turns.append(
            Turn(
                words=words,
                is_shown=is_shown,
                before=before,
                after=after,
                named=tuple(sorted(codes)),
            )
        )
        before = after
    return tuple(turns)


def _on_page(page: StatusPage, services: Iterable[ServiceImpact]) -> tuple[ServiceImpact, ...]:
    """Those that the page lists; all on a page that lists none."""
    return tuple(one for one in services if not page.services or one.code in page.services)


def _impacts(
    impacts: Mapping[str, str], said: Iterable[ServiceImpact], *, status: str
) -> dict[str, str]:
    """What is wrong with services after one more word; nothing when all is over."""
    if status in ENDINGS:
        return {}
    found = dict(impacts)
    for shown in said:
        if shown.impact is None:
            found.pop(shown.code, None)
        else:
            found[shown.code] = shown.impact
    return found


def _levels(impacts: Mapping[str, str], *, kind: TicketType, status: str) -> Levels:
    if kind is TicketType.MAINTENANCE:
        # Before the work begins what it will do to services is only announced.
        return dict.fromkeys(impacts, Level.MAINTENANCE) if status in _AT_WORK else {}
    return {code: LEVELS.get(impact, Level.DEGRADED) for code, impact in impacts.items()}


def spans_of(turns: Sequence[Turn], *, ref: str, until: datetime) -> Iterable[tuple[str, Span]]:
    """For each service by code the spans in which the notice *ref* had it not operational."""
    ends = [*(min(turn.words.posted_at, until) for turn in turns[1:]), until]
    for turn, end in zip(turns, ends, strict=True):
        begin = turn.words.posted_at
        if begin < end:
            for code, level in turn.after.items():
                yield code, Span(begin=begin, end=end, level=level, ref=ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The days of a service up to today, oldest first, and its uptime over what is known of
    them."""

    days: tuple[Day, ...]
    uptime: float | None


def history(
    spans: Sequence[Span], *, level: Level, since: datetime, now: datetime, days: int
) -> History:
    """The last *days* days in UTC of a service that exists *since* then and is at *level* now.

    Of several notices at a time the worst counts.
    """
    today = now.astimezone(UTC).date()
    dates = [today - (days - 1 - index) * _DAY for index in range(days)]
    begin = max(_midnight(dates[0]), since)
    clipped = [
        Span(begin=max(one.begin, begin), end=min(one.end, now), level=one.level, ref=one.ref)
        for one in spans
        if max(one.begin, begin) < min(one.end, now)
    ]
    lengths: dict[date, dict[Level, timedelta]] = defaultdict(lambda: defaultdict(timedelta))
    down = timedelta()
    for start, end, worst in _disjoint(clipped):
        if worst in _DOWN:
            down += end - start
        for day, length in _by_day(start, end):
            lengths[day][worst] += length
    refs: dict[date, set[str]] = defaultdict(set)
    for one in clipped:
        for day, _ in _by_day(one.begin, one.end):
            refs[day].add(one.ref)
    found = []
    for day in dates:
        at = lengths.get(day, {})
        levels = [*at, level] if day == today else [*at]
        found.append(
            Day(
                day=day,
                level=max(levels, key=lambda one: one.rank, default=Level.OPERATIONAL),
                seconds=tuple((one, _seconds(at[one])) for one in Level if one in at),
                notices=tuple(sorted(refs.get(day, ()))),
                known=_midnight(day) + _DAY > since,
            )
        )
    known = now - begin
    uptime = 1 - down / known if known > timedelta() else None
    return History(days=tuple(found), uptime=uptime)


def _disjoint(spans: Sequence[Span]) -> Iterable[tuple[datetime, datetime, Level]]:
    """Stretches with the worst level of the *spans* that are then, in order and apart."""
    marks = sorted(
        [(one.begin, 1, one.level) for one in spans] + [(one.end, -1, one.level) for one in spans],
        key=lambda mark: mark[0],
    )
    active: Counter[Level] = Counter()
    since: datetime | None = None
    for at, step, level in marks:
        standing = [one for one in Level if active[one] > 0]
        if since is not None and standing and since < at:
            yield since, at, standing[-1]
        active[level] += step
        since = at


def _by_day(begin: datetime, end: datetime) -> Iterable[tuple[date, timedelta]]:
    """How much of the time between is on each day in UTC."""
    while begin < end:
        day = begin.astimezone(UTC).date()
        until = min(_midnight(day) + _DAY, end)
        yield day, until - begin
        begin = until


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _seconds(length: timedelta) -> int:
    """Whole seconds, and at least one: what was there is not rounded away."""
    return max(length // _SECOND, 1)
