"""The inbox: what arrived is listed, shown, and read again."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.rest.asking import Answer, Client
from tests.adapters.rest.speaking import FIRING, connector, inbox, say

AM = "/v1/ingest/am"
MINUTE = timedelta(minutes=1)


def arrive(gateway: Client, token: str, *bodies: object) -> list[str]:
    """Payloads come, a minute after the other; their ids."""
    before = len(inbox(gateway))
    for body in bodies:
        gateway.house.clock.pass_by(MINUTE)
        if isinstance(body, bytes):
            say(gateway, AM, token=token, raw=body)
        else:
            assert say(gateway, AM, body, token=token).status == 200
    return [one.id for one in inbox(gateway)][before:]


def listed(gateway: Client, query: str = "", *, who: str = "admin") -> Any:
    answer = gateway.ask("GET", f"/inbox?{query}", who=who)
    assert answer.status == 200, answer.body
    return answer.json


def shown(gateway: Client, item: str, *, who: str = "admin") -> Any:
    answer = gateway.ask("GET", f"/inbox/{item}", who=who)
    assert answer.status == 200, answer.body
    return answer.json


def replay(gateway: Client, item: str, *, who: str = "admin", **headers: str) -> Answer:
    return gateway.ask("POST", f"/inbox/{item}/replay", who=who, headers=headers)


def test_what_arrived_is_listed_newest_first_with_its_verdict(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    first, second, third = arrive(gateway, token, FIRING, FIRING, b"{nonsense")

    page = listed(gateway)
    assert [one["id"] for one in page["items"]] == [third, second, first]
    assert [one["verdict"] for one in page["items"]] == ["unparseable", "deduplicated", "created"]
    assert {one["connector"] for one in page["items"]} == {"am"}
    assert page["items"][-1]["payload"] == FIRING
    bare = listed(gateway, "payload=false")["items"]
    assert all("payload" not in one for one in bare)
    newest = page["items"][-1]
    assert newest["received_at"] == "2026-11-20T12:01:00.000000Z"
    assert newest["counts"] == {
        "attached": 0,
        "deduplicated": 0,
        "created": 1,
        "resolved": 0,
        "unattached": 0,
    }

    found, cursor = [], ""
    for _ in range(3):
        page = listed(gateway, f"limit=1{cursor}")
        found += [one["id"] for one in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (found, page["next_cursor"]) == ([third, second, first], None)

    def only(query: str) -> list[str]:
        return [one["id"] for one in listed(gateway, query)["items"]]

    assert only("verdict=created") == [first]
    assert only("connector=am&until=2026-11-20T12:02:00Z") == [first]
    assert only("since=2026-11-20T12:02:00Z") == [third, second]
    told = listed(gateway, "payload=true&verdict=created")["items"][0]
    assert (told["payload"], told["payload_encoding"]) == (FIRING, "json")
    assert gateway.ask("GET", "/inbox?connector=none", who="admin").status == 404


def test_one_is_shown_with_everything_that_is_kept_of_it(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    first, second, third, fourth = arrive(
        gateway, token, FIRING, b"{nonsense", b"\xff\xfe", b'{"version":"4"}'
    )

    item = shown(gateway, first)
    assert (item["payload"], item["payload_encoding"]) == (FIRING, "json")
    assert (item["via"], item["content_type"]) == ("connector:am", "application/json")
    (result,) = item["results"]
    assert (result["verdict"], result["because"]) == ("created", "rule")
    assert result["ticket"]["ref"].startswith("I20261120-")
    assert token not in str(item)

    item = shown(gateway, second)
    assert (item["payload"], item["payload_encoding"]) == ("{nonsense", "text")
    assert (item["verdict"], item["signals"], item["results"]) == ("unparseable", 0, [])
    assert item["reason"]
    item = shown(gateway, third)
    assert item["payload_encoding"] == "base64"
    assert base64.b64decode(item["payload"]) == b"\xff\xfe"
    assert shown(gateway, fourth)["payload"] == {"version": "4"}
    other = first[:-1] + ("1" if first[-1] == "0" else "0")
    assert gateway.ask("GET", f"/inbox/{other}", who="admin").status == 404
    assert gateway.ask("GET", "/inbox/nothing", who="admin").status == 404


def test_a_bound_member_sees_what_came_to_its_contributors_connectors(gateway: Client) -> None:
    house = gateway.house
    house.invite("alphas", org="net", role="sre_lead", contributor="alpha")
    house.invite("betas", org="net", role="sre_lead", contributor="beta")
    token = connector(gateway, "alertmanager", "am", defaults={"contributor": "alpha"})
    (item,) = arrive(gateway, token, FIRING)

    assert [one["id"] for one in listed(gateway, who="alphas")["items"]] == [item]
    assert listed(gateway, who="betas")["items"] == []
    for method, path, body in (
        ("GET", f"/inbox/{item}", None),
        ("POST", f"/inbox/{item}/replay", None),
        ("GET", "/inbox?connector=am", None),
        (
            "POST",
            "/inbox/replay",
            {
                "connector": "am",
                "since": "2026-11-20T12:00:00Z",
                "until": "2026-11-20T13:00:00Z",
            },
        ),
        ("GET", "/connectors/am/dry-run", None),
        ("POST", "/connectors/am/preview", None),
    ):
        assert gateway.ask(method, path, body, who="betas").status == 404, path
        assert gateway.ask(method, path, body, who="alphas").status == 200, path
        assert gateway.ask(method, path, body, who="owner").status == 403, path
        assert gateway.ask(method, path, body, who="stranger").status == 404, path
        assert gateway.ask(method, path, body, who=None).status == 401, path


def test_who_may_read_may_not_yet_have_it_read_again(gateway: Client) -> None:
    gateway.house.invite("engineer", org="net", role="oncall_engineer")
    token = connector(gateway, "alertmanager", "am")
    (item,) = arrive(gateway, token, FIRING)
    assert shown(gateway, item, who="engineer")["id"] == item
    refused = replay(gateway, item, who="engineer")
    assert (refused.status, refused.code) == (403, "forbidden")


def test_read_again_with_another_mapping_it_opens_what_it_should_have(gateway: Client) -> None:
    token = connector(gateway, "generic", "am", mapping={"summary": "title"})
    (item,) = arrive(gateway, token, {"title": "Line dark", "level": "critical"})
    assert shown(gateway, item)["verdict"] == "unattached"

    mapping = {"summary": "title", "severity": "level"}
    changed = gateway.ask("PATCH", "/connectors/am", {"mapping": mapping}, who="admin")
    assert changed.status == 200, changed.body
    gateway.house.clock.pass_by(MINUTE)
    answer = replay(gateway, item, **{"Idempotency-Key": "again"})
    assert answer.status == 200, answer.body
    assert (answer.json["id"], answer.json["verdict"]) == (item, "created")
    (result,) = answer.json["results"]
    ticket = gateway.ask("GET", f"/tickets/{result['ticket']['ref']}").json
    assert ticket["title"] == "Line dark"

    again = shown(gateway, answer.json["replay"])
    assert again["replay_of"] == item
    assert again["payload"] == {"title": "Line dark", "level": "critical"}
    count = len(inbox(gateway))
    repeated = replay(gateway, item, **{"Idempotency-Key": "again"})
    assert (repeated.json, len(inbox(gateway))) == (answer.json, count)
    # What was made by reading again leads to the payload itself.
    other = replay(gateway, answer.json["replay"])
    assert (other.json["id"], other.json["verdict"]) == (item, "deduplicated")


def test_what_still_cannot_be_read_changes_nothing(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    (item,) = arrive(gateway, token, b"{nonsense")
    answer = replay(gateway, item)
    assert (answer.status, answer.json["verdict"]) == (200, "unparseable")
    assert answer.json["replay"] is None
    assert len(inbox(gateway)) == 1

    assert gateway.ask("DELETE", "/connectors/am", who="admin").status == 200
    assert replay(gateway, item).status == 409
    assert shown(gateway, item)["connector"] == "am"


def test_what_came_to_a_built_in_path_is_read_as_what_it_was(gateway: Client) -> None:
    token = connector(gateway, "opsgenie", "og")
    at = "/v1/ingest/og/v2/alerts"
    alert = {"message": "hot", "alias": "a"}
    assert say(gateway, at, alert, token=token).status == 202
    closed = say(gateway, f"{at}/a/close?identifierType=alias", {}, token=token)
    assert closed.status == 202, closed.body
    made, closing = [one.id for one in inbox(gateway)]
    assert shown(gateway, closing)["verdict"] == "resolved"
    assert shown(gateway, closing)["headers"]["x-tocsin-path"] == "v2/alerts/a/close"

    gateway.house.clock.pass_by(MINUTE)
    assert say(gateway, at, alert, token=token).status == 202
    # It says that the alert was closed before it came back, which is no news.
    again = replay(gateway, closing).json
    assert (again["verdict"], again["reason"]) == (
        "deduplicated",
        "a newer word about it is known",
    )
    assert replay(gateway, made).json["verdict"] == "deduplicated"


def test_a_span_is_read_again_oldest_first(gateway: Client) -> None:
    token = connector(gateway, "generic", "am", mapping={"summary": "title"})
    items = arrive(
        gateway, token, *({"title": f"Line {number}"} for number in range(4)), b"{nonsense"
    )
    mapping = {"summary": "title", "severity": "'critical'"}
    assert gateway.ask("PATCH", "/connectors/am", {"mapping": mapping}, who="admin").status == 200

    span = {"connector": "am", "since": "2026-11-20T12:02:00Z", "until": "2026-11-20T12:06:00Z"}
    answer = gateway.ask("POST", "/inbox/replay", span, who="admin")
    assert answer.status == 200, answer.body
    done = answer.json["items"]
    assert [one["id"] for one in done] == items[1:]
    assert [one["verdict"] for one in done] == ["created"] * 3 + ["unparseable"]
    assert (answer.json["left"], answer.json["next_since"]) == (0, None)
    # Only what came by itself is read again, not what was made by reading again.
    later = span | {"until": "2026-11-21T12:00:00Z", "verdict": "created"}
    assert gateway.ask("POST", "/inbox/replay", later, who="admin").json["items"] == []
    wrong = gateway.ask("POST", "/inbox/replay", span | {"until": span["since"]}, who="admin")
    assert wrong.fields == {("since", "wrong_order")}


def test_what_was_told_over_the_api_is_read_again_too(gateway: Client) -> None:
    told = gateway.ask("POST", "/v1/signals", {"source": "me", "summary": "odd"}, who="admin")
    assert told.status == 202, told.body
    (item,) = inbox(gateway)
    assert shown(gateway, item.id)["connector"] is None
    assert replay(gateway, item.id).json["verdict"] == told.json["results"][0]["verdict"]


@pytest.mark.parametrize("path", ["/inbox", "/inbox/x"])
def test_who_sees_the_inbox(gateway: Client, path: str) -> None:
    assert gateway.ask("GET", path, who="owner").status == 403
    assert gateway.ask("GET", path, who="stranger").status == 404
