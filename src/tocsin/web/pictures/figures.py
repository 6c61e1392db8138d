"""Numbers of a chart: round ticks of an axis, and amounts in words with their units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, assert_never

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_ROUND_SECONDS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * number for number in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * number for number in (1, 2, 3, 6, 12)),
    _DAY,
)
_SUFFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LARGEST: Final = 1e15


class Unit(StrEnum):
    """What a chart counts."""

    COUNT = "count"
    SECONDS = "seconds"


def axis(highest: float, *, unit: Unit, most: int = 5) -> tuple[float, ...]:
    """Round numbers from 0 to the first at or above *highest*, two at least, *most* + 1 at most."""
    for step in _steps(unit):
        number = max(1, math.ceil(highest / step))
        if number <= most:
            return tuple(step * at for at in range(number + 1))
    raise AssertionError("the steps of an axis have no end")


def amount(value: float, *, unit: Unit) -> str:
    """*value* in words: ``1 250``, ``2.4 M``; ``45 s``, ``12 min``, ``3 h 5 min``, ``2 d 4 h``."""
    match unit:
        case Unit.COUNT:
            return _counted(value)
        case Unit.SECONDS:
            return _lasting(value)
        case _:
            assert_never(unit)


def _steps(unit: Unit) -> Iterator[float]:
    if unit is Unit.SECONDS:
        yield from _ROUND_SECONDS
    base = _DAY if unit is Unit.SECONDS else 1
    for exponent in range(300):
        for lead in (1, 2, 5):
            yield float(base * lead * 10**exponent)


def _counted(value: float) -> str:
    if value >= _LARGEST:
        return f"{value:.1e}"
    if value < 10_000:
        return f"{_short(value):,}".replace(",", "\u202f")
    for size, suffix in _SUFFIXES:
        if value >= size * 0.99995:
            return f"{_short(value / size)} {suffix}"
    return f"{_short(value)}"


def _short(value: float) -> int | float:
    """*value* with one decimal at most, and none where it says nothing."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def _lasting(value: float) -> str:
    # What would be rounded up to the next unit is said in that unit: never 60 s.
    if value < _MINUTE - 0.05:
        return f"{_short(value)} s"
    if value < _HOUR - 0.5:
        return _in_two(value, big=_MINUTE, small=1, names=("min", "s"))
    if value < _DAY - _MINUTE / 2:
        return _in_two(value, big=_HOUR, small=_MINUTE, names=("h", "min"))
    if value < 100 * _DAY:
        return _in_two(value, big=_DAY, small=_HOUR, names=("d", "h"))
    return f"{_counted(value / _DAY)} d"


def _in_two(value: float, *, big: int, small: int, names: tuple[str, str]) -> str:
    whole, rest = divmod(round(value / small), big // small)
    return f"{whole} {names[0]} {rest} {names[1]}" if rest else f"{whole} {names[0]}"
