"""What a maintenance would be in the way of, as the API tells it (Domain: overlap)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.core.instants import from_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Another maintenance at the same time and place; ``shared`` says where, in words."""

    ref: str
    title: str
    contributor: str | None
    start_at: datetime
    end_at: datetime
    shared: tuple[str, ...]


def clashes_of(ticket: Mapping[str, Any]) -> tuple[Clash, ...]:
    """Those that *ticket*, as the API shows one, is in the way of; the first to begin first."""
    found = [
        Clash(
            ref=str(other["ref"]),
            title=str(other["title"]),
            contributor=other["contributor"],
            start_at=from_text(other["start_at"]),
            end_at=from_text(other["end_at"]),
            shared=tuple(_place(asset) for asset in conflict["shared"]),
        )
        for conflict in ticket.get("conflicts", ())
        if (other := conflict["ticket"])["start_at"] and other["end_at"]
    ]
    return tuple(sorted(found, key=lambda one: (one.start_at, one.ref)))


def _place(asset: Mapping[str, Any]) -> str:
    from_there = " from its other side" if asset["reason"] == "other_side" else ""
    return f"{asset['kind']} {asset['code']}{from_there}"
