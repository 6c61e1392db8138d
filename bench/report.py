"""Figures, what was promised about them, and the tables they are printed in."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from rich.table import Table


class Side(Enum):
    """On which side of its bound a figure shall be."""

    AT_LEAST = "at least"
    UNDER = "under"


@dataclass(frozen=True, slots=True)
class Bound:
    """What was promised, in the figure's own unit."""

    side: Side
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. ``unit`` is part of the text: ``ms``, ``MB``, ``/s``, ``s``, ``x``.

    A *detail* is one of hundreds that another figure sums up: it is always written to the file of
    figures, on the terminal only when its promise is broken.
    """

    section: str
    name: str
    value: float
    unit: str
    bound: Bound | None = None
    is_detail: bool = False

    @property
    def is_kept(self) -> bool | None:
        """Whether the promise is kept; ``None`` where nothing was promised."""
        if self.bound is None:
            return None
        match self.bound.side:
            case Side.AT_LEAST:
                return self.value >= self.bound.value
            case Side.UNDER:
                return self.value < self.bound.value
            case _:
                assert_never(self.bound.side)


def at_least(value: float) -> Bound:
    """The promise that a figure is no less than *value*."""
    return Bound(side=Side.AT_LEAST, value=value)


def under(value: float) -> Bound:
    """The promise that a figure is less than *value*."""
    return Bound(side=Side.UNDER, value=value)


def written(value: float, unit: str) -> str:
    """A value as people read it: three digits that matter, thousands parted."""
    if abs(value) >= 100:
        number = f"{value:,.0f}"
    elif abs(value) >= 10:
        number = f"{value:.1f}"
    else:
        number = f"{value:.2f}"
    return f"{number}{unit}" if unit.startswith("/") else f"{number} {unit}".rstrip()


def promise(figure: Figure) -> str:
    """The bound in words; empty where nothing was promised."""
    bound = figure.bound
    return "" if bound is None else f"{bound.side.value} {written(bound.value, figure.unit)}"


def verdict(figure: Figure) -> str:
    """``kept``, ``broken``, or nothing."""
    match figure.is_kept:
        case None:
            return ""
        case True:
            return "kept"
        case False:
            return "broken"


def table(title: str, figures: Sequence[Figure]) -> Table:
    """The figures of one section for a terminal."""
    result = Table(title=title, title_justify="left")
    result.add_column("figure")
    result.add_column("measured", justify="right")
    result.add_column("promised", justify="right")
    result.add_column("")
    for figure in figures:
        word = verdict(figure)
        if figure.is_detail and figure.is_kept is not False:
            continue
        colour = {"kept": "green", "broken": "red"}.get(word)
        result.add_row(
            figure.name,
            written(figure.value, figure.unit),
            promise(figure),
            f"[{colour}]{word}[/{colour}]" if colour else word,
        )
    return result


def markdown(figures: Sequence[Figure]) -> str:
    """The promised figures as the README's table, with the machine they were measured on."""
    rows = [
        f"| {figure.section}: {figure.name} | {written(figure.value, figure.unit)}"
        f" | {promise(figure)} |"
        for figure in figures
        if figure.bound is not None and not figure.is_detail
    ]
    head = ["| figure | measured | promised |", "|---|---:|---:|"]
    return "\n".join([*head, *rows, "", f"Measured on {machine()}.", ""])


def machine() -> str:
    """The machine in a few words."""
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}"
        f" {platform.release()}, {platform.python_implementation()} {platform.python_version()}"
    )
