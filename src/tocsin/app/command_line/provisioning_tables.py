"""Tables of what comes into service: readiness, interfaces, and where something stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tocsin.app.command_line.tables import counted, grid, named, text
from tocsin.app.command_line.times import human

_SIGNS: Mapping[str, tuple[str, str]] = {
    "met": ("✓", "green"),
    "unmet": ("✗", "bold red"),
    "unknown": ("?", "yellow"),
    "waived": ("~", "cyan"),
}
"""Each state by sign, word and colour: no one of them alone tells it."""


def readiness_table(found: Mapping[str, Any], now: datetime) -> RenderableType:
    """What stands between an asset and service: where it stands, each criterion, what happens
    next."""
    subject = found.get("subject") or {}
    name = named(subject)
    if subject.get("interface"):
        name = f"{subject['interface']} of {name}"
    table = grid("criterion", "state", "since", "reason")
    for one in found.get("criteria") or ():
        table.add_row(
            text(one.get("name"), "bold"),
            state(one.get("state")),
            human(one.get("since"), now=now),
            text(one.get("reason")),
        )
    lines: list[RenderableType] = [
        Text.assemble(text(name, "bold"), "  ", life(found)),
        table,
        *_tickets("waits for", found.get("blocked_by")),
        *_tickets("advisory only", found.get("advisory")),
        text(f"next: {found.get('next')}"),
    ]
    if found.get("ready_at"):
        lines.append(text(f"ready, if nothing changes: {human(found['ready_at'], now=now)}"))
    return Group(*lines)


def _tickets(what: str, refs: Any) -> list[Text]:
    return [text(f"{what}: {named(refs)}")] if refs else []


def ledger_table(found: Mapping[str, Any], _now: datetime) -> RenderableType:
    """How many devices and links stand where, by word."""
    numbers = found.get("numbers") or {}
    words = {
        field: {number: word for word, number in (numbers.get(field) or {}).items()}
        for field in ("health", "desired_status")
    }
    table = grid("sort", "status", "health", "wanted", "how many")
    for sort in ("devices", "links"):
        places = Counter(
            (
                str(one.get("status")),
                words["health"].get(one.get("health"), "?"),
                words["desired_status"].get(one.get("desired_status"), "?"),
            )
            for one in found.get(sort) or ()
        )
        for place, how_many in sorted(places.items()):
            table.add_row(text(sort, "bold"), *map(text, place), text(f"{how_many:,}"))
    sorts = ("contributors", "locations", "exchanges", "devices", "links")
    told = ", ".join(f"{len(found.get(sort) or ())} {sort}" for sort in sorts)
    return Group(text(told), table)


def state(value: object) -> Text:
    """A criterion's state by sign and word."""
    sign, style = _SIGNS.get(str(value), ("·", ""))
    return text(f"{sign} {value}", style)


def life(asset: Mapping[str, Any]) -> Text:
    """Where it stands, how well it is, and what is wanted."""
    return text(
        f"status {asset.get('status')}, health {asset.get('health')}, "
        f"wanted {asset.get('desired_status')}"
    )


def life_line(asset: Mapping[str, Any], now: datetime) -> RenderableType:
    """A device or link in one line, said after a change of its life."""
    return Text.assemble(text(asset.get("code"), "bold"), "  ", life(asset))


def waivers_table(
    asset: Mapping[str, Any], now: datetime, *, interface: str | None = None
) -> RenderableType:
    """What is waived of a device or link, or of one of its interfaces."""
    of, name = asset, str(asset.get("code"))
    if interface is not None:
        found = (one for one in asset.get("interfaces") or () if one.get("name") == interface)
        of, name = next(found, {}), f"{interface} of {name}"
    waivers = of.get("waivers") or ()
    if not waivers:
        return text(f"{name}: nothing is waived")
    table = grid("waived", "until", "reason")
    for one in waivers:
        table.add_row(
            text(one.get("criterion"), "bold"),
            human(one.get("until"), now=now),
            text(one.get("reason")),
        )
    return Group(text(name, "bold"), table)


def interface_table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    """The interfaces of a device."""
    table = grid("name", "kind", "role", "link", "status", "health", "wanted", "network", "mtu")
    for one in page["items"]:
        table.add_row(
            text(one.get("name"), "bold"),
            text(one.get("kind")),
            text(one.get("role")),
            text(one.get("link")),
            text(one.get("status")),
            text(one.get("health")),
            text(one.get("desired_status")),
            text(one.get("ip_net")),
            text(one.get("mtu")),
        )
    return counted(table, page)
