"""What stands in a cell of a table, or beside the name of a fact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Look = Literal["text", "code", "codes", "state", "instant", "prose", "list"]
Tone = Literal["operational", "partial_outage", "degraded_performance", "unknown", ""]
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """``look`` says how it is drawn. A ``tone`` never speaks alone: the text says the same.
    ``under`` is a second line."""

    look: Look = "text"
    text: str = ""
    texts: tuple[str, ...] = ()
    tone: Tone = ""
    at: datetime | None = None
    href: str | None = None
    more: int = 0
    under: str = ""


def text(value: object, *, otherwise: str = "", href: str | None = None, under: str = "") -> Cell:
    """A few words; *otherwise* in its place where there is nothing."""
    if value is None or value == "":
        return Cell(text=otherwise, tone="unknown")
    return Cell(text=str(value), href=href, under=under)


def code(value: str | None, *, otherwise: str = "", href: str | None = None) -> Cell:
    """Something that is written exactly like that."""
    if not value:
        return Cell(text=otherwise, tone="unknown")
    return Cell(look="code", text=value, href=href)


def codes(values: Iterable[str], *, otherwise: str, most: int = _MOST_NAMED) -> Cell:
    """Several of those, the first ones named."""
    found = tuple(values)
    if not found:
        return Cell(text=otherwise, tone="unknown")
    return Cell(look="codes", texts=found[:most], more=max(0, len(found) - most))


def every(values: Iterable[str], *, otherwise: str) -> Cell:
    """All of them, one below the other."""
    found = tuple(values)
    return Cell(look="list", texts=found) if found else Cell(text=otherwise, tone="unknown")


def state(word: str, tone: Tone, *, under: str = "") -> Cell:
    """How it is."""
    return Cell(look="state", text=word, tone=tone, under=under)


def prose(value: str | None, *, otherwise: str = "") -> Cell:
    """Several lines."""
    return Cell(look="prose", text=value) if value else Cell(text=otherwise, tone="unknown")


def when(at: datetime | None, *, otherwise: str) -> Cell:
    """An instant, as long ago."""
    if at is None:
        return Cell(text=otherwise, tone="unknown")
    return Cell(look="instant", at=at)
