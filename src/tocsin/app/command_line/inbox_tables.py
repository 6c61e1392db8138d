"""Payloads and dry-runs as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tocsin.app.command_line.tables import card, counted, grid, named, text
from tocsin.app.command_line.times import human

if TYPE_CHECKING:
    from rich.console import RenderableType

_COLOURS = {"unparseable": "bold red", "refused": "bold red", "unattached": "yellow"}


def inbox_table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    """Payloads: which, when, from where, and what became of them."""
    made = grid("id", "received", "connector", "verdict", "signals", "reason")
    for one in page["items"]:
        made.add_row(
            text(one.get("id"), "bold"),
            human(one.get("received_at"), now=now),
            text(one.get("connector")),
            text(one.get("verdict"), _COLOURS.get(str(one.get("verdict")), "")),
            text(one.get("signals")),
            text(one.get("reason")),
        )
    return counted(made, page)


def inbox_card(item: Mapping[str, Any], now: datetime) -> RenderableType:
    """A payload, a line for each thing that it says, and what came."""
    from rich.console import Group

    fields = {
        name: value for name, value in item.items() if name not in ("payload", "results", "counts")
    }
    parts: list[RenderableType] = [card(fields, now)]
    if item.get("results"):
        made = grid("verdict", "because", "ticket", "fingerprint")
        for one in item["results"]:
            made.add_row(
                text(one.get("verdict"), "bold"),
                text(one.get("because")),
                named(one.get("ticket")),
                text(one.get("fingerprint") or None),
            )
        parts.append(made)
    parts.append(text(payload_text(item)))
    return Group(*parts)


def payload_text(item: Mapping[str, Any]) -> str:
    """What came, indented where it is JSON."""
    from tocsin.app.command_line.output import json_text

    if item.get("payload_encoding") == "json":
        return json_text(item.get("payload"), compact=False)
    return str(item.get("payload") or "")


def replayed_table(answer: Mapping[str, Any], now: datetime) -> RenderableType:
    """What became of payloads that were read again."""
    made = grid("id", "verdict", "ticket", "reason")
    for one in answer["items"]:
        refs = dict.fromkeys(
            str(result["ticket"]["ref"]) for result in one["results"] if result.get("ticket")
        )
        made.add_row(
            text(one.get("id"), "bold"),
            text(one.get("verdict"), _COLOURS.get(str(one.get("verdict")), "")),
            text(", ".join(refs) or None),
            text(one.get("reason")),
        )
    return counted(made, {"next_cursor": None})


def dry_run_text(answer: Mapping[str, Any], now: datetime) -> RenderableType:
    """The sentence, how many by rule, and the newest incidents."""
    from rich.console import Group

    parts: list[RenderableType] = [text(answer.get("sentence"), "bold")]
    if answer.get("verdicts"):
        said = ", ".join(f"{number} {word}" for word, number in answer["verdicts"].items())
        parts.append(text(f"signals: {said}"))
    if answer.get("unreadable"):
        parts.append(text(f"{answer['unreadable']} payloads cannot be read", "yellow"))
    if answer.get("by_rule"):
        made = grid("rule", "incidents")
        for one in answer["by_rule"]:
            made.add_row(text(one.get("rule")), text(one.get("incidents")))
        parts.append(made)
    if answer.get("opened"):
        made = grid("at", "severity", "title", "rule", "key")
        for one in answer["opened"]:
            made.add_row(
                human(one.get("at"), now=now),
                text(one.get("severity")),
                text(one.get("title")),
                text(one.get("rule")),
                text(one.get("key")),
            )
        parts.append(made)
    return Group(*parts)
