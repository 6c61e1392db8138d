"""Printing: the server's JSON unchanged for programs, tables for people."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

_PIPE_WIDTH = 200
_C1 = re.compile("[\x7f-\x9f]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

Human = Callable[[Any, datetime], "RenderableType"]


def json_options() -> list[click.Parameter]:
    """``--json`` and ``--json-compact``, both into the parameter ``form``."""
    return [
        click.Option(["--json", "form"], flag_value="json", help="Print the server's JSON."),
        click.Option(
            ["--json-compact", "form"], flag_value="json-compact", help="The same on one line."
        ),
    ]


def plain(text: object) -> str:
    """*text* with a mark for each character that could steer a terminal or turn letters round."""
    return _CONTROLS.sub("\ufffd", str(text))


def json_text(value: Any, *, compact: bool) -> str:
    """*value* as JSON, keys in the order they came; control characters are escaped, never raw."""
    text = (
        json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if compact
        else json.dumps(value, ensure_ascii=False, indent=2)
    )
    return _C1.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def emit(value: Any, *, form: str | None, human: Human) -> None:
    """Print *value* as JSON where *form* asks for it, else as *human* renders it."""
    if form is not None:
        click.echo(json_text(value, compact=form == "json-compact"))
    else:
        show(human(value, datetime.now(UTC)))


def show(renderable: RenderableType) -> None:
    """Print for people; without a terminal wide and plain, so that pipes lose nothing."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(
            file=sys.stdout, highlight=False, emoji=False, markup=False, width=_PIPE_WIDTH
        )
    console.print(renderable)
