"""The reference, written from the code: ``python -m tests.docs.reference`` writes it anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

import click

from tocsin.adapters.rest.application import endpoints
from tocsin.app.command_line.program import program
from tocsin.app.settings import documented
from tocsin.core import incident as core_incident
from tocsin.core import maintenance as core_maintenance
from tocsin.core.errors import refusals
from tocsin.core.facts import Payload, registered_kinds
from tocsin.core.words import ACTIVE_INCIDENT, Status

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"
WRITTEN: Final = "<!-- Written by: python -m tests.docs.reference -->\n"


def routes() -> str:
    """Every method on every path."""
    lines = [
        "# Routes",
        "",
        "Bodies and answers, field by field, are on the page `/docs` of every gateway and in its",
        "`/openapi.json`.",
    ]
    tags = dict.fromkeys(endpoint.tag for endpoint in endpoints())
    for tag in tags:
        lines += ["", f"## {tag}", "", "| | path | |", "|---|---|---|"]
        for endpoint in endpoints():
            if endpoint.tag == tag:
                lines.append(f"| {endpoint.method} | `{endpoint.path}` | {endpoint.summary} |")
    return "\n".join(lines)


def settings() -> str:
    """Every setting of ``tocsin serve``."""
    lines = [
        "# Settings",
        "",
        "Of `tocsin serve`, as an option or an environment variable; the option counts more.",
        "",
        "| option | variable | what | default | |",
        "|---|---|---|---|---|",
    ]
    for row in documented():
        option = f"`{row['option']}`" if row["option"] else ""
        default = f"`{row['default']}`" if row["default"] else ""
        unit = f", {row['unit']}" if row["unit"] else ""
        variable = " or ".join(f"`{name}`" for name in row["variable"].split(" or "))
        lines.append(
            f"| {option} | {variable} | {row['type']}{unit} | {default} | {row['sentence']} |"
        )
    return "\n".join(lines)


def event_kinds() -> str:
    """Every kind of event, with what it carries."""
    lines = [
        "# Event kinds",
        "",
        "Every event has `id`, `position`, `version`, `kind`, `schema`, `recorded_at`, `stream`,",
        "`actor`, `via` and `data`. Fields in bold are minimal facts, which may one day be",
        "published; fields in italics hold text or personal data, and can be erased.",
        "",
        "| kind | schema | data | |",
        "|---|---|---|---|",
    ]
    for (kind, schema), payload in sorted(registered_kinds().items()):
        fields = ", ".join(_field(payload, field.name) for field in dataclasses.fields(payload))  # type: ignore[arg-type]
        lines.append(f"| `{kind}` | {schema} | {fields} | {_sentence(payload.__doc__)} |")
    return "\n".join(lines)


def _field(payload: type[Payload], name: str) -> str:
    if name in payload.public:
        return f"**{name}**"
    return f"_{name}_" if name in payload.redactable else name


def _sentence(text: str | None) -> str:
    paragraph = (text or "").strip().split("\n\n")[0]
    return " ".join(paragraph.split()).replace("``", "`")


def refusal_codes() -> str:
    """Every way Tocsin says no."""
    lines = [
        "# Refusals",
        "",
        "Every refusal is a problem document (RFC 9457) with a stable `code`; `errors` names the",
        "fields it is about.",
        "",
        "| code | status | |",
        "|---|---|---|",
    ]
    for refusal in refusals():
        sentence = _sentence(refusal.__doc__)
        lines.append(f"| `{refusal.code}` | {refusal.http_status} | {sentence} |")
    lines.append("| `internal` | 500 | An error of ours; the log has it under the request's id. |")
    return "\n".join(lines)


def commands() -> str:
    """Every command, with the first line of its help."""
    lines = [
        "# Commands",
        "",
        "`--help` behind any of them says more. Reads have `--json` and `--json-compact`. Exit",
        "codes: 0 done, 1 refused or failed, 2 wrong usage.",
        "",
        "| command | |",
        "|---|---|",
    ]
    lines += [f"| `{name}` | {said} |" for name, said in _commands(program, "tocsin")]
    return "\n".join(lines)


def lifecycle() -> str:
    """Where a ticket may go from each status, drawn and as a table."""
    incident, work = core_incident.MOVES, core_maintenance.MOVES
    active = [status for status in incident if status in ACTIVE_INCIDENT]
    forward = [f"        {one} --> {other}" for one, other in pairwise(active)]
    back = [
        f"        {one} --> {other}"
        for place, one in enumerate(active)
        for other in incident[one]
        if other in active[:place]
    ]
    ended = [
        f"    {one} --> {other}"
        for one, others in incident.items()
        if one not in ACTIVE_INCIDENT
        for other in others
    ]
    lines = [
        "# The life of a ticket",
        "",
        "Each arrow is a move that somebody may make. The same status again changes nothing;",
        "any other move is refused (409 `invalid_transition`) with the moves that are allowed.",
        "Who may make which is under [roles](roles.md); what the words mean, under",
        "[words](../explanation/words.md).",
        "",
        "## An incident",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {active[0]}",
        "    state active {",
        *forward,
        *back,
        "    }",
        *(f"    active --> {one}" for one in _everywhere(incident, active) if one not in active),
        *ended,
        "```",
        "",
        "An active incident may leave statuses out on its way. Closing one that is active records",
        "`resolved` and `closed` with one instant. Incidents are closed by people.",
        "",
        *_moves(incident),
        "",
        "Reopening what is closed or cancelled takes an sre_lead or org_admin, with a reason.",
        "",
        "## A maintenance",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {next(iter(work))}",
        *(f"    {one} --> {other}" for one, others in work.items() for other in others),
        "```",
        "",
        "The clock starts it at `start_at` (policy `auto_start`), and closes it when it has been",
        "quiet for `auto_close_after_hours` (24) after `end_at`; it never completes one. What is",
        "completed and goes on is extended: back to `in_progress`, with a later `end_at`.",
        "",
        *_moves(work),
    ]
    return "\n".join(lines)


def _everywhere(moves: Mapping[Status, tuple[Status, ...]], given: list[Status]) -> list[Status]:
    """Where every one of the *given* statuses may go, in the order of the table."""
    return [one for one in moves if all(one in moves[from_] or one is from_ for from_ in given)]


def _moves(moves: Mapping[Status, tuple[Status, ...]]) -> Iterator[str]:
    yield "| from | to |"
    yield "|---|---|"
    for one, others in moves.items():
        yield f"| `{one}` | {', '.join(f'`{other}`' for other in others) or 'nowhere'} |"


def _commands(group: click.Group, name: str) -> Iterator[tuple[str, str]]:
    context = click.Context(group)
    for part in group.list_commands(context):
        command = group.get_command(context, part)
        assert command is not None
        whole = f"{name} {part}"
        if isinstance(command, click.Group):
            yield from _commands(command, whole)
        else:
            yield whole, (command.help or "").split("\n\n")[0].replace("\n", " ").strip()


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "routes.md": routes,
    "settings.md": settings,
    "event-kinds.md": event_kinds,
    "refusals.md": refusal_codes,
    "commands.md": commands,
    "lifecycle.md": lifecycle,
}


def page(name: str) -> str:
    """The page of that name as it should read."""
    return WRITTEN + PAGES[name]() + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(page(name))
