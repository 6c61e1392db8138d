"""Maintenance windows as a calendar: rows of days for a month, columns for a week, an agenda.

Data for a template. Windows that overlap get lanes of their own, so that none covers another; what
goes on over midnight or over the end of a week is in both, and each part knows whether it begins or
ends there. All days are UTC days. Windows are half open: one may begin when another ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A maintenance window. ``assets`` are all that it touches: devices, and both sides of links.

    ``address`` is where it leads; without one it leads to its entry on the page.

    Raises:
        ValueError: it does not end after it starts, or an instant has no time zone.
    """

    id: str
    title: str
    start: datetime
    end: datetime
    assets: frozenset[str] = frozenset()
    contributor: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("instants of a window have a time zone")
        if self.end <= self.start:
            raise ValueError("a window ends after it starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A window in a row of a month: ``days`` columns from ``column`` (0 is Monday), in a lane."""

    window: Window
    column: int
    days: int
    lane: int
    begins: bool
    ends: bool
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A day of a month; ``hidden`` are the windows of that day that have no lane left."""

    day: date
    inside: bool
    hidden: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A week of a month from Monday on: seven cells, and bars in ``lanes`` lanes over them."""

    cells: tuple[Cell, ...]
    bars: tuple[Bar, ...]
    lanes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month in whole weeks."""

    first: date
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A window in a day of a week, in minutes of that day, in one of ``lanes`` lanes.

    ``lanes`` is the same for all blocks that overlap directly or through others, so that a block
    can be drawn ``1 / lanes`` of the day's width wide.
    """

    window: Window
    start: int
    end: int
    lane: int
    lanes: int
    begins: bool
    ends: bool
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayColumn:
    """A day of a week."""

    day: date
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A window in a day of an agenda; ``begins`` is false where it goes on from the day before."""

    window: Window
    begins: bool
    ends: bool
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaDay:
    """A day of an agenda that has windows."""

    day: date
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """A time in which nothing is planned; ``address`` is where it leads."""

    start: datetime
    end: datetime
    address: str | None = None


Met = Mapping[str, tuple[str, ...]]
"""For each window that meets others, their ids: as :func:`conflicts` finds them among what is
shown, or as somebody knows them who sees more than that."""


def month(
    windows: Iterable[Window],
    *,
    year: int,
    number: int,
    most_lanes: int = 4,
    met: Met | None = None,
) -> Month:
    """The month *number* of *year* in whole weeks from Monday on, with at most *most_lanes* lanes.

    Long windows take the upper lanes of their week. A day with more windows than lanes names the
    rest in ``hidden``. *met* are the conflicts where they are known already.
    """
    ordered = _ordered(windows)
    clashes = conflicts(ordered) if met is None else met
    first = date(year, number, 1)
    monday = first - timedelta(days=first.weekday())
    rows = []
    while monday < first or (monday.year, monday.month) == (year, number):
        rows.append(_row(ordered, clashes, monday=monday, inside=first, most=most_lanes))
        monday += _WEEK * _DAY
    return Month(first=first, rows=tuple(rows))


def week(
    windows: Iterable[Window], *, monday: date, days: int = _WEEK, met: Met | None = None
) -> tuple[DayColumn, ...]:
    """So many *days* from *monday* on, with the windows of each as blocks side by side. *met* are
    the conflicts where they are known already."""
    ordered = _ordered(windows)
    clashes = conflicts(ordered) if met is None else met
    return tuple(
        DayColumn(day=day, blocks=_blocks(_on(ordered, day), clashes, day=day))
        for day in _days(monday, days)
    )


def agenda(
    windows: Iterable[Window], *, first: date, days: int, met: Met | None = None
) -> tuple[AgendaDay, ...]:
    """The days from *first* on that have windows, each window in every day that it touches. *met*
    are the conflicts where they are known already."""
    ordered = _ordered(windows)
    clashes = conflicts(ordered) if met is None else met
    found = []
    for day in _days(first, days):
        lines = tuple(
            Line(
                window=window,
                begins=window.start >= _midnight(day),
                ends=window.end <= _midnight(day) + _DAY,
                conflicts=clashes.get(window.id, ()),
            )
            for window in _on(ordered, day)
        )
        if lines:
            found.append(AgendaDay(day=day, lines=lines))
    return tuple(found)


def conflicts(windows: Iterable[Window]) -> dict[str, tuple[str, ...]]:
    """For each window that meets others on an asset, their ids; both sides know of each other."""
    met: dict[str, set[str]] = {}
    by_asset: dict[str, list[Window]] = {}
    for window in _ordered(windows):
        for asset in window.assets:
            by_asset.setdefault(asset, []).append(window)
    for planned in by_asset.values():
        going: list[Window] = []
        for window in planned:
            going = [other for other in going if other.end > window.start]
            for other in going:
                if other.id != window.id:
                    met.setdefault(window.id, set()).add(other.id)
                    met.setdefault(other.id, set()).add(window.id)
            going.append(window)
    return {id: tuple(sorted(others)) for id, others in met.items()}


def touching(windows: Iterable[Window], assets: Collection[str]) -> tuple[Window, ...]:
    """The windows on any of *assets*, in order."""
    return tuple(window for window in _ordered(windows) if not window.assets.isdisjoint(assets))


def free(
    windows: Iterable[Window], *, since: datetime, until: datetime, lasting: timedelta
) -> tuple[Free, ...]:
    """The times between *since* and *until* without any of *windows*, each *lasting* at least.

    For chosen assets give the windows :func:`touching` them.
    """
    taken = [
        (max(since, window.start), min(until, window.end))
        for window in _ordered(windows)
        if window.start < until and window.end > since
    ]
    found = []
    at = since
    for start, end in (*taken, (until, until)):
        if start > at and start - at >= lasting:
            found.append(Free(start=at, end=start))
        at = max(at, end)
    return tuple(found)


def _row(
    ordered: Sequence[Window],
    clashes: Met,
    *,
    monday: date,
    inside: date,
    most: int,
) -> Row:
    start = _midnight(monday)
    end = start + _WEEK * _DAY
    days = _days(monday, _WEEK)
    bars: list[Bar] = []
    hidden: list[list[Window]] = [[] for _ in days]
    taken: list[set[int]] = []
    spread = sorted(
        (
            (*_columns(window, start), window)
            for window in ordered
            if window.start < end and window.end > start
        ),
        key=lambda placed: (placed[0] - placed[1], placed[0], placed[2].start, placed[2].id),
    )
    for first, last, window in spread:
        columns = set(range(first, last + 1))
        lane = next((lane for lane, used in enumerate(taken) if used.isdisjoint(columns)), None)
        if lane is None:
            if len(taken) >= most:
                for column in columns:
                    hidden[column].append(window)
                continue
            lane = len(taken)
            taken.append(set())
        taken[lane] |= columns
        bars.append(
            Bar(
                window=window,
                column=first,
                days=last - first + 1,
                lane=lane,
                begins=window.start >= start,
                ends=window.end <= end,
                conflicts=clashes.get(window.id, ()),
            )
        )
    return Row(
        cells=tuple(
            Cell(
                day=day,
                inside=(day.year, day.month) == (inside.year, inside.month),
                hidden=tuple(hidden[column]),
            )
            for column, day in enumerate(days)
        ),
        bars=tuple(sorted(bars, key=lambda bar: (bar.lane, bar.column))),
        lanes=len(taken),
    )


def _columns(window: Window, start: datetime) -> tuple[int, int]:
    """The first and the last day of the week from *start* that *window* touches, 0 to 6."""
    first = max(0, (window.start - start) // _DAY)
    last = min(_WEEK - 1, (window.end - start - timedelta.resolution) // _DAY)
    return first, last


def _blocks(windows: Sequence[Window], clashes: Met, *, day: date) -> tuple[Block, ...]:
    """Windows of one day side by side; those that overlap, directly or not, share the width."""
    start = _midnight(day)
    end = start + _DAY
    found: list[Block] = []
    for crowd in _crowds(windows):
        ends: list[datetime] = []
        lanes: list[int] = []
        for window in crowd:
            lane = next((at for at, until in enumerate(ends) if until <= window.start), len(ends))
            if lane == len(ends):
                ends.append(window.end)
            else:
                ends[lane] = window.end
            lanes.append(lane)
        found.extend(
            Block(
                window=window,
                start=(max(start, window.start) - start) // _MINUTE,
                end=-((start - min(end, window.end)) // _MINUTE),
                lane=lane,
                lanes=len(ends),
                begins=window.start >= start,
                ends=window.end <= end,
                conflicts=clashes.get(window.id, ()),
            )
            for window, lane in zip(crowd, lanes, strict=True)
        )
    return tuple(found)


def _crowds(windows: Sequence[Window]) -> list[list[Window]]:
    """*windows*, in order, in groups that overlap directly or through others."""
    found: list[list[Window]] = []
    until: datetime | None = None
    for window in windows:
        if until is None or window.start >= until:
            found.append([])
            until = window.end
        found[-1].append(window)
        until = max(until, window.end)
    return found


def _ordered(windows: Iterable[Window]) -> list[Window]:
    return sorted(windows, key=lambda window: (window.start, window.end, window.id))


def _on(windows: Iterable[Window], day: date) -> list[Window]:
    start = _midnight(day)
    return [window for window in windows if window.start < start + _DAY and window.end > start]


def _days(first: date, number: int) -> list[date]:
    return [first + at * _DAY for at in range(number)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
