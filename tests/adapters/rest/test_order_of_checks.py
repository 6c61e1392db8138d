"""What is wrong in several ways is told the first of them: who asks, whether it is there, how
often, what is said, whether they may, and of which version (API: the order of the checks)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.rest.asking import NET, Client

ELSEWHERE = "/v1/orgs/elsewhere/tickets"


def test_who_asks_is_found_out_before_anything_else(gateway: Client) -> None:
    answer = gateway.ask("POST", ELSEWHERE, raw=b"{", who=None, headers={"Idempotency-Key": ""})

    assert (answer.status, answer.code) == (401, "unauthenticated")


def test_another_org_is_not_there_however_often_one_asks_and_costs_nothing(
    gateway: Client,
) -> None:
    body = {"name": "ci", "role": "member", "rate_per_second": 1, "burst": 2}
    made = gateway.ask("POST", "/keys", body, who="admin").json
    headers = {"Authorization": f"Bearer {made['secret']}"}

    answers = [
        gateway.ask("POST", ELSEWHERE, raw=b"{", who=None, headers=headers) for _ in range(9)
    ]

    assert {(one.status, one.code) for one in answers} == {(404, "not_found")}
    assert {one.headers["ratelimit-remaining"] for one in answers} == {"2"}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"raw": b"{", "headers": {"If-Match": '"7"'}}, 400),
        ({"body": {"severity": 1}, "headers": {"If-Match": '"7"'}}, 422),
        ({"body": {"severity": "sev1"}, "headers": {"If-Match": '"7"'}}, 403),
    ],
    ids=["no JSON", "a wrong field", "a role that does not do"],
)
def test_what_is_said_before_who_may_before_which_version(
    gateway: Client, asked: dict[str, Any], status: int
) -> None:
    ref = gateway.incident()["ref"]
    gateway.house.invite("onlooker", org="net", role="viewer")

    assert gateway.ask("POST", f"/tickets/{ref}/severity", who="onlooker", **asked).status == status


def test_a_key_that_was_refused_is_asked_for_again_before_what_it_says_is_read(
    gateway: Client,
) -> None:
    made = gateway.ask("POST", "/keys", {"name": "ci", "role": "member"}, who="admin").json
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert gateway.ask("GET", "/tickets", who=None, headers=headers).status == 200
    gateway.ask("DELETE", f"/keys/{made['id']}", who="admin")
    assert gateway.ask("GET", "/tickets", who=None, headers=headers).status == 401

    answer = gateway.ask("POST", "/tickets", raw=b"{", who=None, headers=headers)

    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/keys", {"name": "ci", "role": "member"}, 201),
        ("GET", "/tickets", None, 200),
        ("GET", "/tickets/nowhere", None, 404),
        ("GET", "/nowhere", None, 404),
        ("DELETE", "/tickets", None, 405),
    ],
)
def test_every_answer_has_a_name_and_is_kept_by_nobody(
    gateway: Client, method: str, path: str, body: object, status: int
) -> None:
    one, other = (gateway.ask(method, NET + path, body, who="admin") for _ in range(2))

    assert (one.status, other.status) == (status, status)
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert one.headers["cache-control"] == "no-store"
    assert one.headers["x-content-type-options"] == "nosniff"
    assert one.headers["content-length"] == str(len(one.body))
    if status >= 400:
        assert one.json["request_id"] == one.headers["x-request-id"]
