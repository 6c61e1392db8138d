"""What a chart is drawn from: values over days, weeks or months, known or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from tocsin.web.pictures.figures import Unit
from tocsin.web.pictures.tones import Tone


class Grain(StrEnum):
    """How long a period of a chart is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A line, or one part of every column; None where nothing is known.

    Raises:
        ValueError: a value is negative or no number.
    """

    name: str
    values: tuple[float | None, ...]
    tone: Tone = Tone.PLANNED

    def __post_init__(self) -> None:
        if any(value is not None and not 0 <= value < math.inf for value in self.values):
            raise ValueError("a chart shows numbers from 0 up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series over the same periods, each named by its first day.

    Raises:
        ValueError: a series has more or fewer values than there are periods.
    """

    title: str
    unit: Unit
    grain: Grain
    periods: tuple[date, ...]
    series: tuple[Series, ...]

    def __post_init__(self) -> None:
        if any(len(series.values) != len(self.periods) for series in self.series):
            raise ValueError("every series has one value for each period")


def period_words(first: date, grain: Grain) -> str:
    """A period in words: ``2026-11-21``, ``week of 2026-11-16``, ``2026-11``."""
    match grain:
        case Grain.DAY:
            return first.isoformat()
        case Grain.WEEK:
            return f"week of {first.isoformat()}"
        case Grain.MONTH:
            return first.isoformat()[:7]
        case _:
            assert_never(grain)
