"""The reference, written from the code: ``python -m tests.docs.reference`` writes it anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from tocsin.adapters.rest.application import endpoints
from tocsin.app.command_line.program import program
from tocsin.app.settings import documented
from tocsin.core.errors import refusals
from tocsin.core.facts import Payload, registered_kinds

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
}


def page(name: str) -> str:
    """The page of that name as it should read."""
    return WRITTEN + PAGES[name]() + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(page(name))
