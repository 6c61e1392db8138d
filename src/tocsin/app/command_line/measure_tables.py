"""Measures for people: a table, and bars beside it. Pure, as all tables are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tocsin.app.command_line.tables import text
from tocsin.app.command_line.times import clock

_BAR = 24
_WHOLE = "█"
_PARTS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_MOST_ROWS = 40
_ABSENT = "–"


def length(seconds: object) -> str:
    """Seconds as people say them, in two units: ``2 h 05 min``; a dash for none."""
    if not isinstance(seconds, int | float):
        return _ABSENT
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{sign}{days} d {hours_left:02} h"
    if hours:
        return f"{sign}{hours} h {minutes_left:02} min"
    return f"{sign}{minutes} min {rest:02} s" if minutes else f"{sign}{rest} s"


def bar(value: float, most: float) -> str:
    """*value* as a bar, *most* being as long as one gets."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(1, round(min(value / most, 1) * _BAR * 8))
    return _WHOLE * (eighths // 8) + _PARTS[eighths % 8]


def measures_table(found: Mapping[str, Any], now: datetime) -> RenderableType:
    """All measures, those of groups, counts where there are no groups, and what was not
    available."""
    heading = Text.assemble(
        text(found["count"], "bold"),
        text(f" incidents created from {clock(found['from'])} to {clock(found['to'])}"),
        text(", cancelled ones included" if found["include_cancelled"] else ""),
    )
    return Group(heading, _overall(found["measures"]), *_parts(found))


def _parts(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    if found["groups"]:
        yield _grouped(found["group_by"], found["groups"])
    else:
        for counts in found["counts"]:
            if counts["by"] in ("severity", "status"):
                yield _counts(counts["by"], counts["items"])
    available = found["availability"]
    for name in ("services", "devices", "links"):
        if available[name]:
            yield _available(name, available["impact"], available[name])


def _grid(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in right else "left")
    return table


def _overall(measures: Sequence[Mapping[str, Any]]) -> Table:
    table = _grid(
        "", "count", "mean", "median", "p95", "of the median",
        right=("count", "mean", "median", "p95"),
    )  # fmt: skip
    longest = max((one["median_seconds"] or 0 for one in measures), default=0)
    for one in measures:
        table.add_row(
            text(str(one["measure"]).upper(), "bold"),
            text(one["count"]),
            length(one["mean_seconds"]),
            length(one["median_seconds"]),
            length(one["p95_seconds"]),
            Text(bar(one["median_seconds"] or 0, longest), "cyan"),
        )
    return table


def _grouped(by: str, groups: Sequence[Mapping[str, Any]]) -> RenderableType:
    names = [str(one["measure"]) for one in groups[0]["measures"]]
    medians = [f"{name.upper()} median" for name in names]
    table = _grid(by, "count", "", *medians, right=("count", *medians))
    most = max(group["count"] for group in groups)
    for group in groups[:_MOST_ROWS]:
        table.add_row(
            text(group["key"], "bold"),
            text(group["count"]),
            Text(bar(group["count"], most), "cyan"),
            *(length(one["median_seconds"]) for one in group["measures"]),
        )
    return _with_rest(table, len(groups))


def _counts(by: str, items: Sequence[Mapping[str, Any]]) -> RenderableType:
    table = _grid(by, "count", "", right=("count",))
    most = max((one["count"] for one in items), default=0)
    for one in items[:_MOST_ROWS]:
        table.add_row(
            text(one["key"], "bold"), text(one["count"]), Text(bar(one["count"], most), "cyan")
        )
    return _with_rest(table, len(items))


def _available(
    name: str, impacts: Sequence[str], things: Sequence[Mapping[str, Any]]
) -> RenderableType:
    table = _grid(name, "available", "without", right=("available", "without"))
    for one in things[:_MOST_ROWS]:
        table.add_row(
            text(one["code"] or one["pubkey"], "bold"),
            # Cut, not rounded: what was down for a moment was not available all the time.
            f"{int(one['share'] * 100_000) / 1_000:.3f} %",
            length(one["down_seconds"]),
        )
    said = text(
        f"available without {' or '.join(impacts)}; what is not listed: all the time", "dim"
    )
    return Group(_with_rest(table, len(things)), said)


def _with_rest(table: Table, there_are: int) -> RenderableType:
    if there_are <= _MOST_ROWS:
        return table
    return Group(table, text(f"and {there_are - _MOST_ROWS} more: --json has all", "dim"))
