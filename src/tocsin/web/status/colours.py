"""Colours that can be read: contrast as WCAG 2.2 counts it, and a page's own made legible."""

from __future__ import annotations

import re
from typing import Final

TEXT_CONTRAST: Final = 4.5
SHAPE_CONTRAST: Final = 3.0

_ACCENT: Final = re.compile(r"#[0-9a-fA-F]{6}")
_LIGHT_PAPER: Final = "#f6f7f9"
_DARK_PAPER: Final = "#1c2128"
_STEPS: Final = 50


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``, each 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, 0 for black and 1 for white (WCAG 2.2)."""
    red, green, blue = (_linear(channel / 255) for channel in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two ``#rrggbb``, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def legible(colour: str, *, on: str) -> str:
    """*colour*, moved towards black or white until text in it can be read on the ground *on*."""
    goal = 0 if luminance(on) > 0.4 else 255
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, goal=goal, part=step / _STEPS)
        if contrast(mixed, on) >= TEXT_CONTRAST:
            return mixed
    return _mixed(colour, goal=goal, part=1)


def accent_sheet(accent: str | None) -> str:
    """The style sheet of a page with its own colour, ``""`` without one (or with no ``#rrggbb``).

    It is a sheet and not an attribute because the page's content security policy allows no inline
    style. Light and dark each get a shade in which links can be read.
    """
    if accent is None or not _ACCENT.fullmatch(accent):
        return ""
    light = legible(accent.lower(), on=_LIGHT_PAPER)
    dark = legible(accent.lower(), on=_DARK_PAPER)
    return (
        f":root{{--accent:{light};--brand:{accent.lower()}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n"
    )


def _mixed(colour: str, *, goal: int, part: float) -> str:
    mixed = (round(channel + (goal - channel) * part) for channel in channels(colour))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
