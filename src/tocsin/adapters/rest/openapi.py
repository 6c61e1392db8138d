"""The OpenAPI 3.1 document, from the declarations that parse and answer requests.

Nothing here is written down a second time: paths, types, bounds, defaults and examples are those of
the endpoints. Only what holds for many of them at once has words of its own (``pages/words.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args, get_origin

import msgspec

from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.pages.words import (
    ANSWER_HEADERS,
    EXAMPLE_NAMES,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LAST_EVENT_ID,
    PATH_NAMES,
    REFUSED,
    SUMMARY,
    TAGS,
    TITLE,
    operation_name,
)
from tocsin.adapters.rest.problems import Problem
from tocsin.core.errors import refusals
from tocsin.projections.shapes.events import EventShape

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
STREAM: Final = "text/event-stream"
NOT_MODIFIED: Final = 304
_NEIGHBOURLY: Final = (400, 404, 415, 422)
"""Statuses of what cannot be read, which each neighbour has a shape of its own for."""

Json = dict[str, Any]

_EVENT_OF_A_STREAM: Final[Json] = {
    "description": "One of the events: its id is the position, its data the event as JSON.",
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": f"#/components/schemas/{EventShape.__name__}"},
        },
    },
    "required": ["id", "data"],
}

_SCHEMAS: Final = "#/components/schemas/{name}"
_NAMES: Final = re.compile(r"{(\w+)}")
_FIRST_REFUSAL: Final = 400
"""From here on an answer is a problem."""


def openapi_document(endpoints: Sequence[Endpoint], *, version: str) -> Json:
    """What *endpoints* take and give, as an OpenAPI 3.1 document that is ready for JSON."""
    schemas = _Schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    used = dict.fromkeys(endpoint.tag for endpoint in endpoints)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": version,
            "summary": SUMMARY,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that this document came from."}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag, "description": TAGS.get(tag, "")} for tag in used],
        "paths": paths,
        "components": {
            "schemas": schemas.named(),
            "responses": {_refused(status): _refusal(status, schemas) for status in REFUSED},
            "headers": {
                name: {"description": said, "required": always, "schema": schema}
                for name, (said, always, schema) in ANSWER_HEADERS.items()
            },
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key: `Authorization: Bearer tk_…`.",
                },
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "An API key as the password, with any user name.",
                },
                "token": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "token",
                    "description": "The token of a connector.",
                },
            },
        },
    }


# -- one operation -------------------------------------------------------------------------------


def _operation(endpoint: Endpoint, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": operation_name(endpoint.method, endpoint.path),
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    parameters = list(_parameters(endpoint, schemas))
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        content: Json = {"schema": schemas.reference(endpoint.body)}
        if endpoint.example is not None:
            content["example"] = endpoint.example
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {JSON: content},
        }
    operation["responses"] = _answers(endpoint, schemas)
    if endpoint.anonymous:
        operation["security"] = []
    if endpoint.for_neighbours:
        operation["security"] = [{"bearer": []}, {"basic": []}, {"token": []}]
    elif endpoint.basic:
        operation["security"] = [{"bearer": []}, {"basic": []}]
    return operation


def _parameters(endpoint: Endpoint, schemas: _Schemas) -> Iterator[Json]:
    for name in _NAMES.findall(endpoint.path):
        said, example = PATH_NAMES.get(name, ("", name))
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": said,
            "schema": {"type": "string", "minLength": 1},
            "example": EXAMPLE_NAMES.get(endpoint.tag, example) if name == "name" else example,
        }
    if endpoint.query is not None:
        yield from _query_parameters(schemas.fields(endpoint.query))
    if endpoint.method == "POST" and not endpoint.anonymous:
        yield IDEMPOTENCY_KEY
    if changes(endpoint):
        yield IF_MATCH
    if NOT_MODIFIED in endpoint.others:
        yield IF_NONE_MATCH
    if endpoint.answer_type == STREAM:
        yield LAST_EVENT_ID


def _query_parameters(own: Json) -> Iterator[Json]:
    for name, declared in own["properties"].items():
        found = _not_null(declared)
        if found.get("default", 0) in (None, []):
            del found["default"]
        said = found.pop("description", "")
        if not said and "items" in found:
            found["items"] = items = dict(found["items"])
            said = items.pop("description", "")
        parameter: Json = {"name": name, "in": "query", "required": name in own["required"]}
        if found.get("type") == "array":
            parameter |= {"style": "form", "explode": True}
            said = f"{said} May be repeated: any of these.".strip()
        if said:
            parameter["description"] = said
        yield {**parameter, "schema": found}


def _not_null(schema: Mapping[str, Any]) -> Json:
    """A schema without the null that stands for a parameter that is not given."""
    found = {name: value for name, value in schema.items() if name != "anyOf"}
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1:
        return {**kinds[0], **found}
    return {**found, "anyOf": kinds} if kinds else found


def changes(endpoint: Endpoint) -> bool:
    """Whether it changes something that has a version, so that If-Match means something."""
    own = endpoint.path.removeprefix("/v1/orgs/{org}")
    return endpoint.writes and endpoint.logged and (endpoint.method != "POST" or "{" in own)


# -- its answers ---------------------------------------------------------------------------------


def refusal_statuses(endpoint: Endpoint) -> tuple[int, ...]:
    """With which statuses it may refuse, in their order."""
    found = {400, 422, *(status for status in endpoint.others if status >= _FIRST_REFUSAL)}
    if not endpoint.anonymous:
        found |= {401, 503} if endpoint.ingest else {401, 429, 503}
        if endpoint.writes or endpoint.reads is not None or endpoint.act is not None:
            found.add(403)
    if "{" in endpoint.path:
        found.add(404)
    if endpoint.writes:
        found |= {404, 409}
    if changes(endpoint):
        found.add(412)
    if endpoint.body is not None:
        found |= {413, 415}
    return tuple(sorted(found))


def _answers(endpoint: Endpoint, schemas: _Schemas) -> Json:
    headers = _answer_headers(endpoint)
    done = {endpoint.status: _done(endpoint)}
    done |= {status: said for status, said in endpoint.others.items() if status < _FIRST_REFUSAL}
    answers: Json = {
        str(status): {
            "description": said,
            "headers": headers,
            "content": _content(endpoint, schemas),
        }
        for status, said in sorted(done.items())
    }
    if str(NOT_MODIFIED) in answers:
        answers[str(NOT_MODIFIED)]["content"] = {}
    for status in refusal_statuses(endpoint):
        if endpoint.for_neighbours and status in _NEIGHBOURLY:
            answers[str(status)] = _in_either_shape(status, schemas)
        elif status in REFUSED:
            answers[str(status)] = {"$ref": f"#/components/responses/{_refused(status)}"}
            if status in endpoint.others:
                answers[str(status)]["description"] = endpoint.others[status]
        else:
            answers[str(status)] = _problem(status, endpoint.others[status], schemas)
    return answers


def _in_either_shape(status: int, schemas: _Schemas) -> Json:
    """A refusal that is ours, or the neighbour's own word for what it sent."""
    said = _refusal(status, schemas)
    return {**said, "content": {**said["content"], JSON: {"schema": {}}}}


def _done(endpoint: Endpoint) -> str:
    if endpoint.status == 201:
        return "Done: it was created."
    if not endpoint.logged:
        return "Done."
    return "Done; it is on disk." if endpoint.writes else "This is it."


def _content(endpoint: Endpoint, schemas: _Schemas) -> Json:
    if endpoint.answer_type == STREAM:
        return {STREAM: {"schema": _EVENT_OF_A_STREAM}}
    if endpoint.for_neighbours:
        # Each in its own shape, or with nothing at all.
        return {}
    content: Json = {endpoint.answer_type: {"schema": schemas.reference(endpoint.answer)}}
    return content | {kind: {"schema": {"type": "string"}} for kind in endpoint.also}


def _answer_headers(endpoint: Endpoint) -> Json:
    names = ["X-Request-Id"]
    if not endpoint.anonymous and not endpoint.for_neighbours:
        names += ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
    if endpoint.writes and endpoint.logged and not endpoint.anonymous:
        names += ["ETag", "X-Position"]
    elif endpoint.ingest and not endpoint.for_neighbours:
        names.append("X-Position")
    elif _has_version(endpoint.answer):
        names.append("ETag")
    if endpoint.method == "POST" and not endpoint.anonymous:
        names.append("Idempotency-Replayed")
    if endpoint.query is not None and "q" in endpoint.query.__struct_fields__:
        names.append("X-Indexed-Position")
    if endpoint.answer_type == "text/html":
        names.append("Content-Security-Policy")
    return _headers(names)


def _has_version(answer: Any) -> bool:
    return (
        isinstance(answer, type)
        and issubclass(answer, msgspec.Struct)
        and "version" in answer.__struct_fields__
    )


def _headers(names: list[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refused(status: int) -> str:
    return f"Refused{status}"


def _refusal(status: int, schemas: _Schemas) -> Json:
    return _problem(status, REFUSED[status], schemas)


def _problem(status: int, said: str, schemas: _Schemas) -> Json:
    codes = [refusal.code for refusal in refusals() if refusal.http_status == status]
    names = []
    if status == 401:
        names.append("WWW-Authenticate")
    if status in (429, 503):
        names.append("Retry-After")
    own: Json = {"properties": {"status": {"const": status}}}
    if codes:
        own["properties"]["code"] = {"enum": codes}
    schema = {"allOf": [schemas.reference(Problem), own]}
    return {
        "description": said,
        "headers": _headers(names),
        "content": {PROBLEM: {"schema": schema}},
    }


# -- the schemas ---------------------------------------------------------------------------------


class _Schemas:
    """The schemas of everything that *endpoints* take and answer, found in one walk over it all."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        bodies = [endpoint.body for endpoint in endpoints if endpoint.body is not None]
        answers = [Problem, *(one.answer for one in endpoints if one.answer is not None)]
        queries = [endpoint.query for endpoint in endpoints if endpoint.query is not None]
        self._pages = [kind for kind in _once(answers) if get_origin(kind) is Page]
        references, self._sent = _found(bodies)
        answer_references, self._answered = _found(answers)
        self._references = references | answer_references
        self._query_references, self._queries = _found(queries)

    def reference(self, kind: Any) -> Json:
        """What stands for a body or an answer of that *kind*."""
        return self._references[kind]

    def fields(self, query: type[msgspec.Struct]) -> Json:
        """The schema of a *query*, parameter by parameter."""
        return self._queries[_name(self._query_references[query])]

    def named(self) -> dict[str, Json]:
        """What the references stand for, in the order of the alphabet."""
        answered = {name: _always(schema) for name, schema in self._answered.items()}
        whole = {**self._sent, **answered}
        for page in self._pages:
            (item,) = get_args(page)
            whole[_name(self._references[page])]["title"] = f"Page of {item.__name__}"
        return {name: _plainly_said(whole[name]) for name in sorted(whole)}


def _found(kinds: list[Any]) -> tuple[dict[Any, Json], dict[str, Json]]:
    """What stands for each of *kinds*, and the named schemas they refer to."""
    once = _once(kinds)
    references, named = msgspec.json.schema_components(once, ref_template=_SCHEMAS)
    return dict(zip(once, references, strict=True)), named


def _name(reference: Json) -> str:
    name: str = reference["$ref"].rpartition("/")[2]
    return name


def _once(kinds: list[Any]) -> list[Any]:
    return list(dict.fromkeys(kinds))


def _always(schema: Json) -> Json:
    """An answer's schema: what has a default is always there; what may be left out has none."""
    if "properties" not in schema:
        return schema
    properties: Json = {}
    required = []
    for name, found in schema["properties"].items():
        if name in schema["required"] or "default" in found:
            required.append(name)
        properties[name] = {key: value for key, value in found.items() if key != "default"}
    return {**schema, "properties": properties, "required": required}


def _plainly_said(schema: Any) -> Any:
    """The docstrings of the code in the Markdown that OpenAPI speaks."""
    match schema:
        case dict():
            return {
                name: " ".join(value.replace("``", "`").split())
                if name == "description" and isinstance(value, str)
                else _plainly_said(value)
                for name, value in schema.items()
            }
        case list():
            return [_plainly_said(one) for one in schema]
        case _:
            return schema
