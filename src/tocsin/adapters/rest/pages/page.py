"""The documentation as one HTML page, made from the OpenAPI document."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from tocsin.adapters.rest.pages.conventions import CONVENTIONS
from tocsin.adapters.rest.pages.markup import (
    block,
    code,
    description_of,
    kind_of,
    link,
    said,
    shape_anchor,
    table,
)
from tocsin.adapters.rest.pages.style import STYLE
from tocsin.core.errors import Refusal

Json = Mapping[str, Any]

_CHAPTERS = (
    ("begin", "Begin here"),
    ("authentication", "Authentication"),
    ("conventions", "Conventions"),
    ("refusals", "Refusals"),
)


def page_of(document: Json, *, refusals: Sequence[type[Refusal]]) -> str:
    """The page; *refusals* are the ways of saying no that it explains."""
    info = document["info"]
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(info['title'])}: the API</title>",
        f'<style>{STYLE}</style></head><body><a class="skip" href="#begin">To the text</a>',
        '<div class="layout">',
        _contents(document),
        f"<main><h1>{escape(info['title'])}</h1>",
        f"<p>{said(info['summary'])} Version {escape(info['version'])}.</p>",
        _BEGIN,
        _AUTHENTICATION,
        _CONVENTIONS,
        _refusals(refusals),
        *_chapters(document),
        _shapes(document),
        "</main></div></body></html>\n",
    ]
    return "".join(parts)


# -- what holds for all of it --------------------------------------------------------------------

_BEGIN = (
    '<h2 id="begin">Begin here</h2>'
    "<p>Contributors publish incidents and maintenance here; everything accepted is on disk before"
    " it is acknowledged, and everyone in the org can find it, follow it and replay it. The same"
    ' description, for machines: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>'
    "<p>Every example below works as it stands once these three are set, apart from names of things"
    " that are yours:</p>"
    + block(
        "export TOCSIN_URL=http://127.0.0.1:8080\n"
        "export TOCSIN_ORG=acme\n"
        "export TOCSIN_API_KEY=tk_…"
    )
)

_AUTHENTICATION = (
    '<h2 id="authentication">Authentication</h2>'
    "<p>"
    + said(
        "Every request carries an API key: `Authorization: Bearer tk_…`. A key belongs to a member"
        " of one org and has a role, never above its member's: viewer, member, oncall_engineer,"
        " sre_lead or org_admin. It is shown once, kept only as a hash, and may expire, be bound to"
        " address ranges and be revoked, which the very next request feels."
    )
    + "</p><p>"
    + said(
        "The server makes the first one: `tocsin admin key create --org acme --name first --role"
        " org_admin`. Things of another org are answered like things that are not there: 404."
    )
    + "</p><p>"
    + said(
        "Each key has an allowance; `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`"
        " (seconds) tell how it stands. Beyond it the answer is 429 with `Retry-After`. When the"
        " server itself has too much to do it is 503 with `Retry-After`."
    )
    + "</p>"
)

_CONVENTIONS = '<h2 id="conventions">Conventions</h2>' + table(
    ("About", "What holds"),
    [(f"about-{name.lower()}", (escape(name), said(rule))) for name, rule in CONVENTIONS.items()],
)


def _refusals(refusals: Sequence[type[Refusal]]) -> str:
    rows: list[tuple[str | None, Sequence[str]]] = [
        (
            one.code,
            (
                code(one.code),
                str(one.http_status),
                said(" ".join((one.__doc__ or one.title).replace("``", "`").split())),
            ),
        )
        for one in sorted(refusals, key=lambda one: one.http_status)
    ]
    accident = "An error of ours. The log of the server knows more under the `request_id`."
    at = sum(1 for one in refusals if one.http_status < 500)
    rows.insert(at, ("internal", (code("internal"), "500", said(accident))))
    return (
        '<h2 id="refusals">Refusals</h2><p>What is refused leaves no trace in the log. The'
        f" <code>type</code> of every problem links to its line here.</p>"
        f"{table(('Code', 'Status', 'What it means'), rows)}"
    )


# -- every endpoint ------------------------------------------------------------------------------


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    found: dict[str, list[tuple[str, str, Json]]] = {one["name"]: [] for one in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append((method.upper(), path, operation))
    return found


def _contents(document: Json) -> str:
    first = "".join(f"<li>{link(anchor, text)}</li>" for anchor, text in _CHAPTERS)
    rest = "".join(
        f"<details><summary>{escape(tag)}</summary><ul>"
        + "".join(
            f"<li>{link(operation['operationId'], operation['operationId'])}</li>"
            for _, _, operation in operations
        )
        + "</ul></details>"
        for tag, operations in _by_tag(document).items()
    )
    last = f"<li>{link('shapes', 'Shapes')}</li>"
    return f'<nav aria-label="Contents"><ul>{first}</ul>{rest}<ul>{last}</ul></nav>'


def _chapters(document: Json) -> Iterator[str]:
    descriptions = {one["name"]: one["description"] for one in document["tags"]}
    for tag, operations in _by_tag(document).items():
        yield f'<h2 id="tag-{escape(tag)}">{escape(tag.capitalize())}</h2>'
        yield f"<p>{said(descriptions[tag])}</p>"
        for method, path, operation in operations:
            yield from _endpoint(document, method, path, operation)


def _endpoint(document: Json, method: str, path: str, operation: Json) -> Iterator[str]:
    yield (
        f'<section id="{escape(operation["operationId"])}"><h3>{said(operation["summary"])}</h3>'
        f'<p class="at"><span class="method {method}">{method}</span> {code(path)}</p>'
    )
    if "description" in operation:
        yield f"<p>{said(operation['description'])}</p>"
    if operation.get("security") == []:
        yield "<p>No API key is needed.</p>"
    parameters = operation.get("parameters", ())
    if parameters:
        yield "<h4>Parameters</h4>" + table(
            ("Name", "In", "Type", "What it says"),
            [
                (
                    None,
                    (
                        _named(one["name"], required=one["required"]),
                        escape(one["in"]),
                        kind_of(one["schema"]),
                        said(_with_default(one.get("description", ""), one["schema"])),
                    ),
                )
                for one in parameters
            ],
        )
    if "requestBody" in operation:
        body = operation["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        optional = "" if body["required"] else ", may be left out"
        yield f"<h4>Body{optional}</h4>{_fields(_resolved(document, schema))}"
    own, usual = _sorted_answers(operation["responses"])
    yield "<h4>Answers</h4>" + table(
        ("Status", "What it means", "Body"),
        [(None, _answer(document, status, answer)) for status, answer in own.items()],
    )
    refused = [
        f"{status} {_codes(_resolved(document, answer))}" for status, answer in usual.items()
    ]
    yield f"<p>Refused as everywhere: {'; '.join(refused)}.</p>"
    yield f"<h4>Example</h4>{block(curl(method, path, operation))}</section>"


def _sorted_answers(answers: Json) -> tuple[dict[str, Json], dict[str, Json]]:
    """The answers that the endpoint says something about, and those it shares with all others."""
    usual = {
        status: one for status, one in answers.items() if "$ref" in one and "description" not in one
    }
    return {status: one for status, one in answers.items() if status not in usual}, usual


def _answer(document: Json, status: str, answer: Json) -> tuple[str, str, str]:
    whole = {**_resolved(document, answer), **answer}
    if "application/problem+json" in whole["content"]:
        return escape(status), said(whole["description"]), _codes(whole)
    kinds = "<br>".join(
        kind_of(content["schema"])
        if media == "application/json" and "$ref" in content["schema"]
        else code(media)
        for media, content in whole["content"].items()
    )
    return escape(status), said(whole["description"]), kinds


def _codes(answer: Json) -> str:
    content = answer["content"]["application/problem+json"]
    words = content["schema"]["allOf"][1]["properties"].get("code", {}).get("enum", ())
    return ", ".join(link(word, word) for word in words)


def _resolved(document: Json, node: Json) -> Json:
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    assert isinstance(found, dict)
    return found


def curl(method: str, path: str, operation: Json) -> str:
    """The request as a command line that reads TOCSIN_URL, TOCSIN_ORG and TOCSIN_API_KEY."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            name = parameter["name"]
            value = "$TOCSIN_ORG" if name == "org" else str(parameter["example"])
            path = path.replace(f"{{{name}}}", value)
    answered = operation["responses"].values()
    streams = any("text/event-stream" in one.get("content", ()) for one in answered)
    lines = [f'curl -sS{"N" if streams else ""} "$TOCSIN_URL{path}"']
    if method != "GET":
        lines[0] += f" -X {method}"
    if operation.get("security") != []:
        lines.append('-H "Authorization: Bearer $TOCSIN_API_KEY"')
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if content.get("example"):
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(content['example'], ensure_ascii=False))}")
    return " \\\n  ".join(lines)


# -- the shapes ----------------------------------------------------------------------------------


def _shapes(document: Json) -> str:
    return '<h2 id="shapes">Shapes</h2>' + "".join(
        f'<section id="{escape(shape_anchor(name))}"><h3>{escape(schema.get("title", name))}</h3>'
        f"<p>{said(schema.get('description', ''))}</p>{_fields(schema)}</section>"
        for name, schema in document["components"]["schemas"].items()
    )


def _fields(schema: Json) -> str:
    if not schema.get("properties"):
        return "<p>It has no fields.</p>"
    return table(
        ("Field", "Type", "What it says"),
        [
            (
                None,
                (
                    _named(name, required=name in schema["required"]),
                    kind_of(field),
                    said(_with_default(description_of(field), field)),
                ),
            )
            for name, field in schema["properties"].items()
        ],
    )


def _named(name: str, *, required: bool) -> str:
    return code(name) + (' <span class="must">required</span>' if required else "")


def _with_default(text: str, schema: Json) -> str:
    default = schema.get("default")
    if default in (None, [], {}, ""):
        return text
    return f"{text} Default: `{json.dumps(default).strip(chr(34))}`.".strip()
