"""Pieces of HTML; everything that goes into them is escaped on its way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

_CODE: Final = re.compile(r"`([^`]+)`")


def said(text: str) -> str:
    """A sentence, with what stands in `backticks` as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def code(text: str) -> str:
    """Something that is written exactly so."""
    return f"<code>{escape(text)}</code>"


def link(anchor: str, text: str) -> str:
    """A link to somewhere on the page."""
    return f'<a href="#{escape(anchor)}">{escape(text)}</a>'


def block(text: str) -> str:
    """What is typed, or printed, over several lines; can be reached and scrolled by keyboard."""
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'


def table(heads: Sequence[str], rows: Iterable[tuple[str | None, Sequence[str]]]) -> str:
    """A table; each row has an anchor or None, and cells that are HTML already."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(
        f"<tr{_id(anchor)}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        for anchor, cells in rows
    )
    return (
        f'<div class="table"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _id(anchor: str | None) -> str:
    return "" if anchor is None else f' id="{escape(anchor)}"'


def kind_of(schema: Mapping[str, Any]) -> str:
    """The type that a JSON schema describes, in words, with its bounds."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return link(shape_anchor(name), name)
    if "anyOf" in schema:
        return " or ".join(kind_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(code(str(word)) for word in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {kind_of(schema.get('items', {}))}{_bounds(schema, 'Items', '')}"
        case "object":
            values = schema.get("additionalProperties")
            return f"object of {kind_of(values)}" if isinstance(values, Mapping) else "object"
        case "string" if schema.get("format") == "date-time":
            return "instant"
        case "string":
            return "string" + _bounds(schema, "Length", " characters")
        case "integer" | "number":
            return f"{schema['type']}{_range(schema)}"
        case None:
            return "anything"
        case plain:
            return escape(str(plain))


def shape_anchor(name: str) -> str:
    """Where a named shape stands on the page."""
    return f"shape-{name}"


def _bounds(schema: Mapping[str, Any], what: str, unit: str) -> str:
    least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}")
    if most is None:
        return ", not empty" if least else ""
    return f", {least} to {most:,}{unit}" if least else f", at most {most:,}{unit}"


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    if most is None:
        return f", at least {least:,}"
    return f", at most {most:,}" if least is None else f", {least:,} to {most:,}"


def description_of(schema: Mapping[str, Any]) -> str:
    """What a schema says about itself, or about what it is made of."""
    if "description" in schema:
        return str(schema["description"])
    within = [*schema.get("anyOf", ()), *(schema[name] for name in ("items",) if name in schema)]
    for one in within:
        found = description_of(one)
        if found:
            return found
    return ""
