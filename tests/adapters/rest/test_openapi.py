"""The documentation says what is so: the document is valid, whole, and its examples work."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from importlib.metadata import version
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.adapters.rest.asking import Client
from tocsin.adapters.rest.application import endpoints
from tocsin.adapters.rest.documentation import documentation_endpoints
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.openapi import changes, openapi_document
from tocsin.adapters.rest.pages.page import curl, page_of
from tocsin.adapters.rest.pages.words import TAGS, operation_name
from tocsin.core.errors import refusals

SERVED = endpoints()
DOCUMENT = openapi_document(SERVED, version="1.2.3")
PAGE = page_of(DOCUMENT, refusals=refusals())
ELSEWHERE = "/v1/orgs/elsewhere"


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


# -- the document --------------------------------------------------------------------------------


def test_it_is_valid_openapi() -> None:
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_shape_is_valid_json_schema(name: str) -> None:
    jsonschema_rs.meta.validate(DOCUMENT["components"]["schemas"][name])


def test_nothing_refers_to_what_is_not_there() -> None:
    text = msgspec.json.encode(DOCUMENT).decode()
    for section, name in set(re.findall(r'"#/components/(\w+)/([^"]+)"', text)):
        assert name in DOCUMENT["components"][section]


def test_every_endpoint_is_in_it() -> None:
    assert [(method, path) for method, path, _ in operations()] == sorted(
        ((one.method, one.path) for one in SERVED),
        key=lambda pair: list(DOCUMENT["paths"]).index(pair[1]),
    )


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/orgs/{org}/tickets", "open_ticket"),
        ("GET", "/v1/orgs/{org}/tickets", "list_tickets"),
        ("POST", "/v1/orgs/{org}/tickets/{ticket}/slo-violations", "create_ticket_slo_violation"),
        ("PUT", "/v1/orgs/{org}/devices/{name}", "replace_device"),
        ("GET", "/v1/me", "read_me"),
    ],
)
def test_names_of_operations_stay_as_they_are(method: str, path: str, name: str) -> None:
    assert operation_name(method, path) == name


def test_every_tag_and_every_name_in_a_path_is_described() -> None:
    assert {one.tag for one in SERVED} <= set(TAGS)
    for method, path, operation in operations():
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] != "path" or parameter["description"], (method, path)


def test_parameters_that_may_be_repeated_are_lists_in_the_exploded_form() -> None:
    parameters = {
        one["name"]: one for one in DOCUMENT["paths"]["/v1/orgs/{org}/tickets"]["get"]["parameters"]
    }

    assert parameters["status"]["schema"]["type"] == "array"
    assert (parameters["status"]["style"], parameters["status"]["explode"]) == ("form", True)
    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 200,
        "default": 50,
    }
    assert parameters["created_after"]["schema"] == {"type": "string", "format": "date-time"}


def test_what_has_a_version_can_be_changed_on_a_condition() -> None:
    for endpoint in SERVED:
        operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
        named = {one["name"] for one in operation.get("parameters", ())}

        assert ("If-Match" in named) == ("412" in operation["responses"]) == changes(endpoint)
        repeatable = endpoint.method == "POST" and not endpoint.anonymous
        assert ("Idempotency-Key" in named) == repeatable


def test_without_a_key_there_is_only_what_says_so() -> None:
    for endpoint in SERVED:
        operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]

        assert (operation.get("security") == []) == endpoint.anonymous
        unlimited = endpoint.ingest or (endpoint.anonymous and not endpoint.writes)
        assert ("429" in operation["responses"]) != unlimited


def test_every_refusal_is_the_answer_of_something() -> None:
    text = msgspec.json.encode(DOCUMENT).decode()

    unsaid = {one.code for one in refusals() if f'"{one.code}"' not in text}

    assert unsaid == {"method_not_allowed"}, "which is about a path, not about an operation"


def test_a_default_of_an_answer_is_always_there_and_a_default_of_a_body_may_be_left_out() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    assert "next_cursor" in schemas["Page_TicketShape_"]["required"]
    assert "removed_at" not in schemas["DeviceShape"]["required"]
    assert schemas["TicketBody"]["required"] == ["type", "title"]
    assert schemas["TicketBody"]["additionalProperties"] is False


# -- the page ------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Reads a page as far as it matters here: its anchors, its links, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if said.get("id"):
            self.anchors.append(str(said["id"]))
        if tag == "a":
            self.links.append(str(said["href"]))
        elif tag in ("script", "link", "img", "iframe") or "src" in said or "style" in said:
            self.loaded.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing() -> None:
    read = Reader(PAGE)

    assert read.open == []
    assert read.loaded == []
    assert "@import" not in PAGE
    assert "url(" not in PAGE


def test_every_link_of_the_page_leads_somewhere() -> None:
    read = Reader(PAGE)

    assert len(read.anchors) == len(set(read.anchors))
    assert {one for one in read.links if not one.startswith("#")} == {"/openapi.json"}
    assert {one[1:] for one in read.links if one.startswith("#")} <= set(read.anchors)


def test_the_page_has_a_place_for_every_problem_and_every_endpoint() -> None:
    anchors = set(Reader(PAGE).anchors)

    assert {one.code for one in refusals()} | {"internal"} <= anchors
    assert {operation["operationId"] for _, _, operation in operations()} <= anchors


def test_what_is_said_is_escaped() -> None:
    odd = replace(SERVED[0], summary="<script>alert('&')</script>")

    page = page_of(openapi_document([odd], version="<b>"), refusals=())

    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "<b>" not in page


def test_both_are_served_without_a_key(gateway: Client) -> None:
    document = gateway.ask("GET", "/openapi.json", who=None)
    page = gateway.ask("GET", "/docs", who=None)

    assert (document.status, document.json["info"]["version"]) == (200, version("tocsin"))
    assert {"/docs", "/openapi.json", "/v1/me"} <= set(document.json["paths"])
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha")
    assert 'id="version_mismatch"' in page.body.decode()


def test_they_document_themselves() -> None:
    others = [one for one in SERVED if one.tag != "documentation"]

    assert [one.path for one in documentation_endpoints(others)] == ["/openapi.json", "/docs"]


class Walked(list[Endpoint]):
    """Endpoints that know how often somebody went through them."""

    walks = 0

    def __iter__(self) -> Iterator[Endpoint]:
        self.walks += 1
        return super().__iter__()


def test_they_are_made_when_somebody_asks_and_only_once() -> None:
    described = Walked(SERVED[:3])
    machines, people = documentation_endpoints(described)
    assert described.walks == 0

    async def asked() -> list[bytes]:
        assert machines.act is not None
        assert people.act is not None
        return [(await act(None)).body for act in (machines.act, people.act, machines.act)]

    document, page, again = asyncio.run(asked())

    assert described.walks == 1
    assert document == again
    assert b"<!doctype html>" in page


# -- the examples --------------------------------------------------------------------------------

INCIDENT = {
    "type": "incident",
    "title": "Loss",
    "description": "3 % since noon.",
    "severity": "sev2",
    "services": ["transit"],
}
MAINTENANCE = {
    "type": "maintenance",
    "title": "Swap optic",
    "description": "Optic on Ethernet1.",
    "device_pubkey": ["fra-1"],
    "start_at": "2026-11-21T22:00:00Z",
    "end_at": "2026-11-22T02:00:00Z",
}
IN_ORDER = ("contributors", "services", "devices", "links", "members", "keys", "routes", "tickets")
NEEDED = {"devices": {"code": "fra-1", "contributor": "alpha", "pubkey": "6" * 43}}


def written(method: str, path: str, operation: dict[str, Any]) -> tuple[str, Any]:
    """What the curl example of the page would send: the path behind the org's, and the body."""
    words = shlex.split(curl(method, path, operation))
    assert words[0] == "curl"
    assert words[1] in ("-sS", "-sSN")
    where = words[2].removeprefix("$TOCSIN_URL").replace("$TOCSIN_ORG", "elsewhere")
    assert ("-X" in words) == (method != "GET")
    body = msgspec.json.decode(words[words.index("-d") + 1]) if "-d" in words else None
    return where, body


def test_every_example_is_what_the_curl_example_sends() -> None:
    for endpoint in SERVED:
        operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
        where, body = written(endpoint.method, endpoint.path, operation)

        assert body == (endpoint.example or None)
        assert where.startswith(("/v1/orgs/elsewhere/", "/v1/me", "/")), where
        assert "{" not in where


def test_every_body_has_an_example() -> None:
    assert [one.path for one in SERVED if one.body is not None and one.example is None] == []


def test_every_example_is_accepted(gateway: Client) -> None:
    """In an empty org, in an order in which each thing finds what it needs."""

    def ask(method: str, path: str, body: object, key: str | None = None) -> Any:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        answer = gateway.ask(method, path, body, who="stranger", headers=headers)
        assert answer.status < 300, (method, path, answer.body)
        return answer

    def opened(body: dict[str, Any]) -> str:
        ref: str = ask("POST", f"{ELSEWHERE}/tickets", body).json["ref"]
        return ref

    def place(path: str, made: dict[str, str]) -> str:
        for name in ("start", "complete", "extend", "confirm"):
            if path.endswith(f"/{{ticket}}/{name}"):
                ticket = opened(MAINTENANCE)
                break
        else:
            ticket = opened(INCIDENT) if "{ticket}" in path else ""
        if path.endswith("/complete"):
            ask("POST", f"{ELSEWHERE}/tickets/{ticket}/start", None)
        update = ""
        if "{update}" in path:
            said = {"title": "Slow", "status": "investigating", "body": "We look."}
            update = ask("POST", f"{ELSEWHERE}/tickets/{ticket}/public-updates", said).json["id"]
        signal = ""
        if "{signal}" in path:
            odd = {"source": "me", "summary": "odd"}
            told = ask("POST", f"{ELSEWHERE}/signals", odd).json["results"]
            signal = told[0]["signal_id"]
        return path.format(
            org="elsewhere",
            ticket=ticket,
            update=update,
            connector="am",
            signal=signal,
            name=made.get("name"),
            interface="Ethernet1/2",
        )

    done: set[int] = set()
    others = tuple(sorted({one.tag for one in SERVED} - set(IN_ORDER)))
    for tag in (*IN_ORDER, *others):
        made: dict[str, str] = {}
        for endpoint in SERVED:
            if endpoint.tag != tag or endpoint.example is None:
                continue
            body = endpoint.example
            if endpoint.path.endswith(("/relations", "/attach")):
                body = body | {"ticket": opened(INCIDENT)}
            if endpoint.path.endswith("/redactions"):
                ref = opened({**INCIDENT, "reporter_email": "a@b.example"})
                events = gateway.ask("GET", f"{ELSEWHERE}/tickets/{ref}/events", who="stranger")
                body = body | {"event": events.json["items"][0]["id"]}
            owner = None
            if endpoint.path.endswith("/confirm"):
                # Only the owner of what is touched can confirm.
                alpha = {"name": "alpha", "role": "member", "contributor": "alpha"}
                owner = ask("POST", f"{ELSEWHERE}/keys", alpha).json["secret"]
            answer = ask(endpoint.method, place(endpoint.path, made), body, owner)
            done.add(id(endpoint))
            assert answer.status in {endpoint.status, *endpoint.others}
            if endpoint.method == "POST" and "{" not in endpoint.path.removeprefix(
                "/v1/orgs/{org}"
            ):
                made["name"] = answer.json.get("code") or answer.json.get("id", "")
                if tag in NEEDED:
                    ask("POST", f"{ELSEWHERE}/{tag}", NEEDED[tag])
    assert done == {id(one) for one in SERVED if one.example is not None}
