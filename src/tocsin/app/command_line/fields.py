"""Flags that become fields of a request body, described as rows of a table.

What may be spelt in several ways (severities, statuses) is not checked here: the server reads the
words of other systems too. The words we know are offered by shell completion.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from tocsin.app.command_line.times import Unreadable, instant, span, written
from tocsin.core.logos import LARGEST_LOGO

if TYPE_CHECKING:
    _Type = click.ParamType[Any]
else:
    _Type = click.ParamType  # older releases of click know no ParamType[…]


class Words(_Type):
    """Free text for which some words are offered by completion."""

    name = "word"

    def __init__(self, *words: str) -> None:
        self.words = words

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(word) for word in self.words if word.startswith(incomplete)]


class Instant(_Type):
    """RFC 3339, ``now``, ``+2h30m`` or ``-1d``; becomes RFC 3339 in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return written(instant(str(value), now=datetime.now(UTC)))
        except Unreadable as failure:
            self.fail(str(failure), param, ctx)


class Span(_Type):
    """A length of time such as ``2h30m``; checked, kept as text."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            span(str(value))
        except Unreadable as failure:
            self.fail(str(failure), param, ctx)
        return str(value)


class Prose(_Type):
    """Text; a single ``-`` reads it from standard input."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != "-":
            return str(value)
        try:
            return sys.stdin.read().rstrip("\n")
        except UnicodeDecodeError:
            self.fail("standard input is not UTF-8 text", param, ctx)


class SecretFile(_Type):
    """A file (``-``: standard input) whose first line is a secret, out of sight of `ps`."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            if value == "-":
                return sys.stdin.readline().strip()
            with open(str(value), encoding="utf-8") as file:
                return file.readline().strip()
        except OSError as failure:
            self.fail(f"cannot read {value}: {failure.strerror}", param, ctx)
        except UnicodeDecodeError:
            self.fail(f"{value} is not text", param, ctx)


class Pair(_Type):
    """``LEFT=RIGHT`` as an object with two named fields; the first ``=`` parts them."""

    name = "pair"

    def __init__(self, *, left: str, right: str, separator: str = "=") -> None:
        self.left = left
        self.right = right
        self.separator = separator

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, str]:
        left, parted, right = str(value).partition(self.separator)
        if not parted or not left.strip() or not right.strip():
            form = f"{self.left.upper()}{self.separator}{self.right.upper()}"
            self.fail(f"{value!r} is not {form}", param, ctx)
        return {self.left: left.strip(), self.right: right.strip()}


class Contact(_Type):
    """``NAME;METHOD;ADDRESS[;HOURS]``: whom to reach at a contributor."""

    name = "contact"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, str]:
        parts = [part.strip() for part in str(value).split(";")]
        if len(parts) not in (3, 4) or not all(parts[:3]):
            self.fail(f"{value!r} is not NAME;METHOD;ADDRESS[;HOURS]", param, ctx)
        return dict(zip(("name", "method", "address", "hours"), parts, strict=False))


class Grouped(_Type):
    """``NAME=CODE,…``: services that are shown together under a name; empty text is none."""

    name = "group"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        name, _, listed = str(value).partition("=")
        services = [code.strip() for code in listed.split(",") if code.strip()]
        if not str(value).strip():
            return {}
        if not name.strip() or not services:
            self.fail(f"{value!r} is not NAME=CODE[,CODE…]", param, ctx)
        return {"name": name.strip(), "services": services}


class Picture(_Type):
    """A file with a picture, told as the base64 of its bytes."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            with open(str(value), "rb") as file:
                body = file.read(LARGEST_LOGO + 1)
        except OSError as wrong:
            self.fail(f"{value!r} cannot be read ({wrong.strerror})", param, ctx)
        if len(body) > LARGEST_LOGO:
            self.fail(f"{value!r} has more than {LARGEST_LOGO:,} bytes", param, ctx)
        return base64.b64encode(body).decode()


class JsonObject(_Type):
    """A JSON object."""

    name = "json"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        try:
            read = json.loads(str(value))
        except ValueError as failure:
            self.fail(f"not JSON: {failure}", param, ctx)
        if not isinstance(read, dict):
            self.fail("not a JSON object, {…}", param, ctx)
        return read


SEVERITY = Words("sev1", "sev2", "sev3", "sev4", "sev5")
INCIDENT_STATUS = Words(
    "open", "acknowledged", "investigating", "mitigating", "monitoring", "resolved", "closed",
    "cancelled",
)  # fmt: skip
MAINTENANCE_STATUS = Words("planned", "in_progress", "completed", "closed", "cancelled")
IMPACT = Words("no_impact", "reduced_redundancy", "degraded", "outage")
ROOT_CAUSE = Words(
    "hardware", "software", "configuration", "capacity", "carrier", "network_external", "facility",
    "fiber_cut", "security", "human_error", "false_positive", "duplicate", "self_resolved",
    "managed_software",
)  # fmt: skip
DISPOSITION = Words(
    "fixed", "no_action", "done", "declined", "invalid", "duplicate", "superseded", "withdrawn"
)
DIALECT = Words("gateway", "its", "crashbot", "incidentd")
ROLE = Words("viewer", "member", "oncall_engineer", "sre_lead", "org_admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One flag and the body field it fills; ``many`` may be given again and makes a list."""

    flags: tuple[str, ...]
    field: str
    help: str
    kind: _Type = click.STRING
    many: bool = False
    required: bool = False
    switch: bool = False
    metavar: str | None = None


def flag(
    flags: str,
    field: str,
    help: str,
    kind: _Type = click.STRING,
    *,
    many: bool = False,
    required: bool = False,
    switch: bool = False,
    metavar: str | None = None,
) -> Flag:
    """A row of a table of flags; several spellings are parted by a space."""
    return Flag(
        flags=tuple(flags.split()),
        field=field,
        help=help,
        kind=kind,
        many=many,
        required=required,
        switch=switch,
        metavar=metavar,
    )


def option(row: Flag, *, required: bool | None = None) -> click.Option:
    """The option of *row*, whose value arrives as the parameter named like its field."""
    names = [*row.flags, row.field]
    if row.switch:
        return click.Option(names, help=row.help, is_flag=True, default=None)
    return click.Option(
        names,
        help=_with_its_words(row),
        type=row.kind,
        multiple=row.many,
        required=row.required if required is None else required,
        metavar=row.metavar,
    )


def _with_its_words(row: Flag) -> str:
    """The help of *row*; with the words that would do, where it does not say them itself."""
    words = row.kind.words if isinstance(row.kind, Words) else ()
    if "…" in row.help or all(word in row.help for word in words):
        return row.help
    return f"{row.help} One of {', '.join(words)}."


def options(rows: Sequence[Flag], *, required: bool | None = None) -> list[click.Parameter]:
    """The options of all *rows*."""
    return [option(row, required=required) for row in rows]


def body_of(rows: Sequence[Flag], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of *rows* that were given in *values*; those that were not are left out."""
    body: dict[str, Any] = {}
    for row in rows:
        value = values.get(row.field)
        if value is None or value == ():
            continue
        body[row.field] = list(value) if row.many else value
    return body


def unset_option(fields: Sequence[str]) -> click.Option:
    """``--unset FIELD``, which empties one of *fields*."""
    return click.Option(
        ["--unset"], multiple=True, type=click.Choice(sorted(fields)), help="Empty this field."
    )


IDEMPOTENCY = click.Option(
    ["--idempotency-key"],
    metavar="KEY",
    help="Do it at most once under this key (default: a new one each time).",
)


def idempotency(key: str | None) -> dict[str, str]:
    """The header of ``--idempotency-key``."""
    return {} if key is None else {"Idempotency-Key": key}


def described(summary: str, *, more: str = "", examples: Sequence[str] = ()) -> str:
    """A help text: what it does, what else to know, and examples that can be typed."""
    text = summary
    if more:
        text += f"\n\n{more}"
    if examples:
        text += "\n\n\b\nExamples:\n" + "\n".join(f"  tocsin {line}" for line in examples)
    return text
