"""Contributors and services: made, listed, changed, replaced, removed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.rest.asking import Client
from tests.handler.acting import pubkey
from tocsin.adapters.rest.application import make_application
from tocsin.core.commands import Command
from tocsin.core.record_commands import (
    CreateService,
    RemoveService,
)
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer

GAMMA = {
    "code": "gamma",
    "name": "Gamma",
    "pubkey": pubkey(3),
    "slack_handle": "@gamma",
    "contacts": [
        {"name": "Anna", "method": "email", "address": "anna@gamma.example", "order": 2},
        {"name": "NOC", "method": "phone", "address": "+31 20 555 0100", "hours": "24x7"},
    ],
}


def service(gateway: Client, code: str) -> str:
    """Name a service; its id."""
    made = gateway.ask("POST", "/services", {"code": code, "name": code.title()}, who="admin")
    assert made.status == 201, made.body
    identity: str = made.json["id"]
    return identity


def test_a_contributor_is_taken_in_and_read_by_every_name(gateway: Client) -> None:
    made = gateway.ask("POST", "/contributors", GAMMA, who="admin")

    assert made.status == 201, made.body
    assert made.json["code"] == "gamma"
    assert made.json["created_at"] == made.json["updated_at"]
    assert made.json["created_at"].endswith("Z")
    assert len(made.json["created_at"]) == 27
    assert "removed_at" not in made.json
    # Contacts are in their order, not in the order they were given.
    assert [one["name"] for one in made.json["contacts"]] == ["NOC", "Anna"]
    assert made.json["contacts"][0] == {
        "name": "NOC",
        "method": "phone",
        "address": "+31 20 555 0100",
        "hours": "24x7",
        "order": 0,
    }
    assert made.headers["etag"] == '"1"'
    assert int(made.headers["x-position"]) > 0
    for name in ("gamma", GAMMA["pubkey"], made.json["id"]):
        read = gateway.ask("GET", f"/contributors/{name}")
        assert read.json == made.json
        assert read.headers["etag"] == '"1"'


def test_a_contributor_changes_only_in_what_is_said(gateway: Client) -> None:
    made = gateway.ask("POST", "/contributors", GAMMA, who="admin").json

    changed = gateway.ask("PATCH", "/contributors/gamma", {"slack_handle": None}, who="admin")

    assert changed.status == 200, changed.body
    assert changed.json == made | {
        "slack_handle": None,
        "version": 2,
        "updated_at": changed.json["updated_at"],
    }
    assert changed.headers["etag"] == '"2"'
    again = gateway.ask("PATCH", "/contributors/gamma", {"slack_handle": None}, who="admin")
    assert again.json == changed.json


def test_a_stale_version_changes_nothing(gateway: Client) -> None:
    gateway.ask("POST", "/contributors", GAMMA, who="admin")
    gateway.ask("PATCH", "/contributors/gamma", {"name": "Gamma BV"}, who="admin")

    stale = gateway.ask(
        "PATCH", "/contributors/gamma", {"name": "G"}, who="admin", headers={"If-Match": '"1"'}
    )

    assert (stale.status, stale.code) == (412, "version_mismatch")
    assert gateway.ask("GET", "/contributors/gamma").json["name"] == "Gamma BV"


def test_a_taken_code_is_a_conflict_that_names_the_field(gateway: Client) -> None:
    taken = gateway.ask("POST", "/contributors", GAMMA | {"code": "alpha"}, who="admin")

    assert (taken.status, taken.code) == (409, "conflict")
    assert taken.fields == {("code", "taken")}


def test_everything_that_is_wrong_is_named(gateway: Client) -> None:
    wrong = gateway.ask(
        "POST",
        "/contributors",
        {"code": "", "pubkey": 5, "colour": "red", "contacts": [{"name": "x"}]},
        who="admin",
    )

    assert (wrong.status, wrong.code) == (422, "validation")
    assert wrong.fields == {
        ("code", "required"),
        ("name", "required"),
        ("pubkey", "wrong_type"),
        ("colour", "unknown_field"),
        ("contacts[0].method", "required"),
    }


def test_what_the_core_refuses_is_named_too(gateway: Client) -> None:
    wrong = gateway.ask(
        "POST", "/contributors", GAMMA | {"code": "Gamma!", "pubkey": "short"}, who="admin"
    )

    assert wrong.status == 422
    assert wrong.fields == {("code", "bad_character"), ("pubkey", "not_a_pubkey")}


def test_a_contributor_goes_when_it_owns_nothing(gateway: Client) -> None:
    gateway.ask("POST", "/contributors", GAMMA, who="admin")

    assert gateway.ask("DELETE", "/contributors/alpha", who="admin").status == 409
    gone = gateway.ask("DELETE", "/contributors/gamma", who="admin")

    assert gone.status == 200
    assert gone.json["code"] == "gamma"
    assert gone.json["removed_at"].endswith("Z")
    assert gateway.ask("GET", "/contributors/gamma").status == 404
    assert gateway.ask("GET", f"/contributors/{gone.json['id']}").status == 404
    assert gateway.ask("PATCH", "/contributors/gamma", {"name": "G"}, who="admin").status == 404
    listed = gateway.ask("GET", "/contributors").json["items"]
    assert [one["code"] for one in listed] == ["alpha", "beta"]
    # Its names are free again.
    assert gateway.ask("POST", "/contributors", GAMMA, who="admin").status == 201


def test_a_contributors_own_people_keep_its_contacts(gateway: Client) -> None:
    gateway.house.invite("lead", org="net", role="sre_lead", contributor="alpha")
    contacts = {"contacts": [{"name": "Desk", "method": "other", "address": "room 4"}]}

    refused = gateway.ask("PATCH", "/contributors/alpha", contacts, who="owner")
    assert (refused.status, refused.code) == (403, "forbidden")
    assert gateway.ask("PATCH", "/contributors/beta", contacts, who="lead").status == 403
    changed = gateway.ask("PATCH", "/contributors/alpha", contacts, who="lead")
    assert changed.json["contacts"][0]["method"] == "other"
    # Saying the same code and pubkey again is no change of identity.
    whole = {"name": "Alpha", "pubkey": pubkey(1)} | contacts
    assert gateway.ask("PUT", "/contributors/alpha", whole, who="lead").status == 200


# -- put -----------------------------------------------------------------------------------------


def test_put_creates_and_then_replaces(gateway: Client) -> None:
    body = {name: value for name, value in GAMMA.items() if name != "code"}

    created = gateway.ask("PUT", "/contributors/gamma", body, who="admin")
    replaced = gateway.ask(
        "PUT", "/contributors/gamma", {"name": "Gamma BV", "pubkey": pubkey(3)}, who="admin"
    )

    assert created.status == 201
    assert created.json["code"] == "gamma"
    assert replaced.status == 200
    assert replaced.json["id"] == created.json["id"]
    assert replaced.json["name"] == "Gamma BV"
    assert replaced.json["slack_handle"] is None
    assert replaced.json["contacts"] == []
    assert replaced.json["version"] == 2


def test_put_takes_the_code_from_the_path(gateway: Client) -> None:
    mismatch = gateway.ask("PUT", "/services/api", {"code": "app", "name": "API"}, who="admin")

    assert mismatch.fields == {("code", "mismatch")}
    same = gateway.ask("PUT", "/services/api", {"code": "api", "name": "API"}, who="admin")
    assert same.status == 201


def test_put_says_which_name_of_another_is_taken(gateway: Client) -> None:
    taken = gateway.ask(
        "PUT", "/contributors/gamma", {"name": "Gamma", "pubkey": pubkey(1)}, who="admin"
    )

    assert taken.status == 409
    assert taken.fields == {("pubkey", "taken")}


def test_put_is_not_led_astray_by_an_id(gateway: Client) -> None:
    identity = service(gateway, "api")

    wrong = gateway.ask("PUT", f"/services/{identity}", {"name": "Other"}, who="admin")

    assert wrong.status == 422
    assert gateway.ask("GET", "/services/api").json["name"] == "Api"


class LateWriter:
    """A writer that hears somebody else first: once, just before the first command."""

    full = False

    def __init__(self, writer: Writer, first: Submission) -> None:
        self._writer = writer
        self._first: Submission | None = first

    def submit(
        self, submission: Submission, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Outcome]:
        """What the real one does, after somebody else."""
        if self._first is not None:
            first, self._first = self._first, None
            self._writer.do(first)
        return self._writer.submit(submission, loop)


def behind(gateway: Client, sort: str, command: Command, subject: str | None = None) -> Client:
    """The same house behind a gateway that is always a moment late."""
    house = gateway.house
    first = Submission(org_id=house.orgs["net"], sort=sort, command=command, subject=subject)
    late: Any = LateWriter(house.writer, first)
    other = replace(gateway.gateway, writer=late)
    return Client(
        house=house, gateway=other, application=make_application(other), loop=gateway.loop
    )


def test_put_replaces_what_was_made_while_it_looked(gateway: Client) -> None:
    theirs = CreateService(service_id="s-1", code="api", name="Theirs")
    late = behind(gateway, "service", theirs)

    put = late.ask("PUT", "/services/api", {"name": "Ours"}, who="admin")

    assert put.status == 200, put.body
    assert (put.json["id"], put.json["name"], put.json["version"]) == ("s-1", "Ours", 2)


def test_put_makes_anew_what_was_removed_while_it_looked(gateway: Client) -> None:
    identity = service(gateway, "api")
    late = behind(gateway, "service", RemoveService(), subject=identity)

    put = late.ask("PUT", "/services/api", {"name": "Ours"}, who="admin")

    assert put.status == 201, put.body
    assert put.json["id"] != identity
    assert gateway.ask("GET", "/services/api").json["name"] == "Ours"


# -- lists ---------------------------------------------------------------------------------------


def test_a_list_is_paged_without_a_gap_or_a_repeat(gateway: Client) -> None:
    codes = [f"s{number}" for number in range(7)]
    for code in codes:
        service(gateway, code)
    gateway.ask("DELETE", "/services/s3", who="admin")

    seen, path = [], "/services?limit=2"
    while path:
        page = gateway.ask("GET", path).json
        assert 0 < len(page["items"]) <= 2
        seen += [one["code"] for one in page["items"]]
        cursor = page["next_cursor"]
        path = f"/services?limit=2&cursor={cursor}" if cursor else ""

    assert seen == ["s0", "s1", "s2", "s4", "s5", "s6"]


def test_a_full_last_page_has_no_cursor(gateway: Client) -> None:
    assert gateway.ask("GET", "/services").json == {"items": [], "next_cursor": None}
    service(gateway, "api")
    service(gateway, "web")

    page = gateway.ask("GET", "/services?limit=2").json

    assert (len(page["items"]), page["next_cursor"]) == (2, None)


def test_a_list_goes_on_behind_many_that_are_left_out(gateway: Client) -> None:
    """More are removed than are read at once."""
    house = gateway.house
    for number in range(205):
        made = CreateService(service_id=house.fresh(), code=f"s{number}", name="S")
        identity = made.service_id
        house.system("service", made, org_id=house.orgs["net"])
        if number < 203:
            house.system("service", RemoveService(), org_id=house.orgs["net"], subject=identity)

    page = gateway.ask("GET", "/services?limit=1").json
    rest = gateway.ask("GET", f"/services?limit=1&cursor={page['next_cursor']}").json

    assert [one["code"] for one in (*page["items"], *rest["items"])] == ["s203", "s204"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("path", ["/contributors", "/services?discovered=false"])
def test_a_cursor_belongs_to_its_list_and_filters(gateway: Client, path: str) -> None:
    service(gateway, "api")
    service(gateway, "web")
    cursor = gateway.ask("GET", "/services?limit=1").json["next_cursor"]
    joined = f"{path}{'&' if '?' in path else '?'}cursor={cursor}"

    assert gateway.ask("GET", joined).fields == {("cursor", "bad_cursor")}


@pytest.mark.parametrize("limit", ["0", "201", "many"])
def test_a_limit_has_bounds(gateway: Client, limit: str) -> None:
    refused = gateway.ask("GET", f"/services?limit={limit}")

    assert refused.status == 422
    assert {field for field, _ in refused.fields} == {"limit"}


def test_services_are_filtered_by_whether_a_person_has_looked(gateway: Client) -> None:
    service(gateway, "api")
    gateway.incident(services=["checkout"])

    def codes(query: str) -> list[str]:
        return [one["code"] for one in gateway.ask("GET", f"/services{query}").json["items"]]

    assert codes("?discovered=true") == ["checkout"]
    assert codes("?discovered=false") == ["api"]
    gateway.ask("PATCH", "/services/checkout", {"name": "Checkout"}, who="admin")
    assert codes("?discovered=true") == []


def test_a_service_takes_part_by_its_code(gateway: Client) -> None:
    made = gateway.ask(
        "POST",
        "/services",
        {"code": "api", "name": "Public API", "description": "What customers call."},
        who="admin",
    )

    assert made.status == 201
    assert made.json["discovered"] is False
    changed = gateway.ask("PATCH", "/services/api", {"description": None}, who="admin")
    assert changed.json["description"] is None
    assert gateway.ask("DELETE", "/services/api", who="admin").json["removed_at"]
    assert gateway.ask("GET", "/services/api").status == 404


def test_a_post_is_answered_once(gateway: Client) -> None:
    body, key = {"code": "api", "name": "API"}, {"Idempotency-Key": "one"}

    first = gateway.ask("POST", "/services", body, who="admin", headers=key)
    again = gateway.ask("POST", "/services", body, who="admin", headers=key)

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["idempotency-replayed"] == "true"
    assert len(gateway.ask("GET", "/services").json["items"]) == 1
