"""Tables for people. Pure: the server's JSON and the present in, something rich can print out.

Nothing from the server is read as markup, and control characters never reach the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tocsin.app.command_line.output import plain
from tocsin.app.command_line.times import clock, human, read

SEVERITY_STYLES: Mapping[str, str] = {
    "sev1": "bold white on red",
    "sev2": "bold red",
    "sev3": "yellow",
    "sev4": "cyan",
    "sev5": "dim",
}
STATUS_STYLES: Mapping[str, str] = {
    "open": "bold red",
    "acknowledged": "yellow",
    "investigating": "yellow",
    "mitigating": "cyan",
    "monitoring": "cyan",
    "planned": "blue",
    "in_progress": "magenta",
    "resolved": "green",
    "completed": "green",
    "closed": "dim",
    "cancelled": "dim",
}
_MANY = ("signals", "actions", "updates", "slo_violations")
_ABSENT = "–"


def text(value: object, style: str = "") -> Text:
    """*value* as text of one style, harmless to a terminal."""
    return Text(_ABSENT if value is None else plain(value), style=style)


def severity(value: object) -> Text:
    """A severity in its colour."""
    return text(value, SEVERITY_STYLES.get(str(value), ""))


def status(value: object) -> Text:
    """A status in its colour."""
    return text(value, STATUS_STYLES.get(str(value), ""))


def named(value: Any) -> str:
    """A thing in one word: its code, ref, name or id; a list parted by commas; a dash for none."""
    match value:
        case None | [] | "":
            return _ABSENT
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(named(part) for part in value)
        case dict():
            for name in ("code", "ref", "name", "title", "id"):
                if value.get(name):
                    return plain(value[name])
            return ", ".join(f"{plain(k)}={named(v)}" for k, v in value.items()) or _ABSENT
        case _:
            return plain(value)


def affected(ticket: Mapping[str, Any]) -> str:
    """What a ticket touches: codes of devices, links and services, else pubkeys."""
    devices = ticket.get("devices") or ticket.get("device_pubkey") or []
    links = ticket.get("links") or ticket.get("affected_link_pubkey") or []
    return named([*devices, *links, *(ticket.get("services") or [])])


def grid(*columns: str) -> Table:
    """An empty table with these columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "ref")
    return table


def counted(table: Table, page: Mapping[str, Any]) -> RenderableType:
    """*table*, or that there is nothing, and whether there is more."""
    if not table.row_count:
        return Text("nothing found", style="dim")
    if page.get("next_cursor") is None:
        return table
    return Group(table, Text(f"{table.row_count} shown, there are more: --limit N or --all", "dim"))


def ticket_table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    """A page of tickets, one row each."""
    table = grid("ref", "sev", "status", "title", "affects", "contributor", "start")
    for ticket in page["items"]:
        table.add_row(
            text(ticket.get("ref"), "bold"),
            severity(ticket.get("severity")),
            status(ticket.get("status")),
            text(ticket.get("title")),
            affected(ticket),
            named(ticket.get("contributor")),
            _window(ticket, now=now),
        )
    return counted(table, page)


def _window(ticket: Mapping[str, Any], *, now: datetime) -> str:
    """When a ticket began; of a maintenance its planned window."""
    start = human(ticket.get("start_at"), now=now)
    if ticket.get("type") != "maintenance":
        return start
    return f"{start}\nto {human(ticket.get('end_at'), now=now).partition(' (')[0]}"


def ticket_line(ticket: Mapping[str, Any], now: datetime) -> RenderableType:
    """A ticket in one line, said after a change; its overlaps below."""
    line = Text.assemble(
        text(ticket.get("ref"), "bold"),
        "  ",
        severity(ticket.get("severity")),
        "  ",
        status(ticket.get("status")),
        "  ",
        text(ticket.get("title")),
    )
    return Group(line, *_conflicts(ticket, now))


def _conflicts(ticket: Mapping[str, Any], now: datetime) -> list[Text]:
    lines = []
    for conflict in ticket.get("conflicts") or ():
        other = conflict.get("ticket") or {}
        shared = named(conflict.get("shared"))
        until = human(other.get("end_at"), now=now)
        lines.append(
            text(f"overlaps {named(other)} on {shared}, until {until}: {other.get('title')}", "red")
        )
    return lines


def card(thing: Mapping[str, Any], now: datetime) -> RenderableType:
    """Everything a thing says of itself, a field a line; instants with their distance."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in thing.items():
        if value is None or value == [] or value == {}:
            continue
        if name in _MANY or name == "conflicts":
            continue
        label = plain(name).replace("_", " ")
        if isinstance(value, dict) and not any(value.get(n) for n in ("code", "ref", "name")):
            table.add_row(label, text(", ".join(f"{k} {named(v)}" for k, v in value.items())))
        elif name == "severity":
            table.add_row(label, severity(value))
        elif name == "status":
            table.add_row(label, status(value))
        elif name.endswith("_at") and read(value) is not None:
            table.add_row(label, human(value, now=now))
        else:
            table.add_row(label, text(named(value)))
    return table


def ticket_card(ticket: Mapping[str, Any], now: datetime) -> RenderableType:
    """One ticket whole: its fields, overlaps, newest updates, and how many of the rest."""
    parts: list[RenderableType] = [card(ticket, now), *_conflicts(ticket, now)]
    counts = [
        f"{name.replace('_', ' ')} {ticket.get(f'{name}_total', len(ticket[name]))}"
        for name in _MANY
        if ticket.get(name)
    ]
    if counts:
        parts.append(Text("\n" + ", ".join(counts), style="dim"))
    updates = ticket.get("updates") or []
    if updates:
        parts.append(update_table({"items": updates}, now))
    return Group(*parts)


def update_table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    """Updates: when, who, which move, and the words."""
    table = grid("when", "who", "status", "text")
    for update in page["items"]:
        move = update.get("status_to")
        table.add_row(
            human(update.get("timestamp"), now=now),
            named(update.get("author")),
            status(move) if move else text(None),
            text(update.get("body")),
        )
    return table


def said(event: Mapping[str, Any]) -> str:
    """What an entry says beyond its kind: its own words, else the fields of its data in short."""
    for name in ("summary", "text", "body", "title"):
        if isinstance(event.get(name), str) and event[name]:
            return plain(event[name])
    data = event.get("data")
    if not isinstance(data, dict):
        return ""
    shown = [f"{plain(k)}={named(v)}" for k, v in data.items() if v not in (None, [], {}, "")]
    words = " ".join(shown).replace("\n", " ")
    return words if len(words) <= 300 else words[:299] + "…"


def _when(entry: Mapping[str, Any]) -> str:
    for name in ("at", "timestamp", "recorded_at", "ts"):
        if entry.get(name):
            return clock(entry[name])
    return _ABSENT


def timeline_table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    """The timeline of a ticket: when, who, what, and the words.

    What is erased because its time is over goes entry by entry, and is one line here.
    """
    table = grid("when", "who", "what", "text")
    for goes, run in groupby(page["items"], key=_goes_by_itself):
        entries = list(run)
        for entry in entries[:1] if goes else entries:
            what = entry.get("kind") or entry.get("type")
            who = entry.get("actor") or entry.get("author")
            words = said(entry)
            if goes and len(entries) > 1:
                words = f"erased what is kept no longer, in {len(entries)} entries"
            table.add_row(_when(entry), named(who), text(what), text(words))
    return counted(table, page)


def _goes_by_itself(entry: Mapping[str, Any]) -> bool:
    who = entry.get("actor")
    is_system = isinstance(who, Mapping) and who.get("type") == "system"
    return is_system and str(entry.get("kind")).endswith(".redacted")


def event_table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    """Events of the log: position, when, who, what, where, and their data in short."""
    table = grid("position", "when", "who", "what", "stream", "data")
    for event in page["items"]:
        table.add_row(
            text(event.get("position")),
            clock(event.get("recorded_at")),
            named(event.get("actor")),
            text(event.get("kind")),
            text(named(event.get("stream"))),
            text(said(event)),
        )
    return counted(table, page)


def event_line(event: Mapping[str, Any], now: datetime) -> RenderableType:
    """One event as it is followed."""
    return Text.assemble(
        text(event.get("position"), "dim"),
        "  ",
        text(clock(event.get("recorded_at")), "dim"),
        "  ",
        text(event.get("kind"), "bold"),
        "  ",
        text(named(event.get("actor"))),
        "  ",
        text(said(event)),
    )


def record_table(
    page: Mapping[str, Any], now: datetime, *, columns: Sequence[str]
) -> RenderableType:
    """A page of records under the given fields; ``delivery.state`` is a field of a field."""
    table = grid(*(column.partition(".")[0].replace("_", " ") for column in columns))
    for record in page["items"]:
        values = {column: _within(record, column) for column in columns}
        table.add_row(
            *(
                human(value, now=now) if column.endswith("_at") else text(named(value))
                for column, value in values.items()
            )
        )
    return counted(table, page)


def _within(record: Mapping[str, Any], column: str) -> Any:
    value: Any = record
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def delivery_table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    """Deliveries in trouble: which, where to, about what, since when, and why."""
    table = grid("id", "state", "route", "ticket", "event", "attempts", "next", "reason")
    for one in page["items"]:
        # What is held or parked has no next attempt of its own.
        waits = one.get("state") == "waiting"
        table.add_row(
            text(one.get("id"), "bold"),
            text(one.get("state"), "bold red" if one.get("state") == "parked" else "yellow"),
            named(one.get("route")),
            named(one.get("ticket")),
            text((one.get("event") or {}).get("kind")),
            text(one.get("attempts")),
            human(one.get("due_at") if waits else None, now=now),
            text(one.get("reason")),
        )
    return counted(table, page)


def trial_line(trial: Mapping[str, Any], now: datetime) -> RenderableType:
    """What became of a trial, how long it took, and why."""
    outcome = trial.get("outcome")
    style = "green" if outcome == "delivered" else "bold red"
    line = Text.assemble(text(outcome, style), text(f" after {trial.get('took_ms')} ms"))
    if trial.get("reason"):
        line.append_text(text(f": {trial['reason']}"))
    return line


def checks(findings: Sequence[Mapping[str, Any]], now: datetime) -> RenderableType:
    """What the doctor found, a line each: ✓ or ✗, what was seen, and what to do."""
    lines = []
    for finding in findings:
        mark = Text("✓ ", "green") if finding["well"] else Text("✗ ", "bold red")
        line = Text.assemble(mark, text(finding["check"], "bold"), "  ", text(finding["seen"]))
        if finding["advice"]:
            line.append_text(text(f"\n    → {finding['advice']}"))
        lines.append(line)
    return Group(*lines)
