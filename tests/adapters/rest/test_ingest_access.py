"""Who may speak on the ways in of neighbours, and who may not."""

from __future__ import annotations

import pytest

from tests.adapters.rest.asking import Client
from tests.adapters.rest.speaking import EVENT, FIRING, basic, connector, inbox, say

OWN = "/v1/ingest/am"
IN_ORG = "/v1/orgs/net/ingest/am"
TOKEN = "R0123456789ABCDEFGHIJKLMNOPQRSTUV"


@pytest.mark.parametrize("path", [OWN, IN_ORG])
def test_the_token_opens_its_connector_in_every_way_it_may_come(gateway: Client, path: str) -> None:
    token = connector(gateway, "alertmanager", "am")

    assert say(gateway, path, FIRING, token=token).status == 200
    assert say(gateway, path, FIRING, headers=basic(token)).status == 200
    assert say(gateway, f"{path}?token={token}", FIRING).status == 200
    assert say(gateway, path, FIRING, token=token, method="PUT").status == 200
    assert len(inbox(gateway)) == 4
    assert all(token not in one.headers for one in inbox(gateway))


@pytest.mark.parametrize("path", [OWN, IN_ORG])
def test_nobody_else_gets_in_and_nothing_of_it_is_kept(gateway: Client, path: str) -> None:
    connector(gateway, "alertmanager", "am")
    other = connector(gateway, "alertmanager", "other")
    abroad = connector(gateway, "alertmanager", "am", who="stranger")

    refused = say(gateway, path, FIRING)
    assert (refused.status, refused.code) == (401, "unauthenticated")
    assert "www-authenticate" in refused.headers
    for headers in ({"authorization": "Bearer "}, {"authorization": "Bearer"}, basic("")):
        assert say(gateway, path, FIRING, headers=headers).status == 401
    assert say(gateway, f"{path}?token=", FIRING).status == 401
    assert say(gateway, path, FIRING, token="x" * 32).status == 401
    assert say(gateway, path, FIRING, token="x" * 5_000).status == 401
    assert say(gateway, path, FIRING, token=other).status == 404
    assert inbox(gateway) == []

    # The same code exists elsewhere: the token says where, and only there anything arrives.
    assert say(gateway, IN_ORG, FIRING, token=abroad).status == 404
    assert say(gateway, OWN, FIRING, token=abroad).status == 200
    assert inbox(gateway) == []
    assert len(inbox(gateway, org="elsewhere")) == 1


def test_an_api_key_speaks_for_no_connector_of_another_org(gateway: Client) -> None:
    connector(gateway, "alertmanager", "am")
    connector(gateway, "alertmanager", "am", who="stranger")
    key = gateway.key_of("admin")

    for org in ("elsewhere", "none"):
        assert say(gateway, f"/v1/orgs/{org}/ingest/am", FIRING, token=key).status == 404
    assert inbox(gateway) == inbox(gateway, org="elsewhere") == []
    assert say(gateway, IN_ORG, FIRING, token=key).status == 200


def test_a_connector_that_there_is_not_is_told_from_a_token_that_there_is_not(
    gateway: Client,
) -> None:
    token = connector(gateway, "alertmanager", "am")

    assert say(gateway, "/v1/ingest/none", FIRING, token=token).status == 404
    assert say(gateway, "/v1/ingest/none", FIRING, token="x" * 32).status == 401
    assert say(gateway, "/v1/orgs/none/ingest/am", FIRING, token=token).status == 404
    assert say(gateway, "/v1/ingest/", FIRING, token=token).status == 404


def test_a_rotated_token_is_shut_out_at_once_and_the_new_one_let_in(gateway: Client) -> None:
    first = connector(gateway, "alertmanager", "am")
    assert say(gateway, OWN, FIRING, token=first).status == 200

    gateway.ask("PATCH", "/connectors/am", {"token": TOKEN}, who="admin")
    assert say(gateway, OWN, FIRING, token=first).status == 401
    assert say(gateway, OWN, FIRING, token=TOKEN).status == 200
    gateway.ask("DELETE", "/connectors/am", who="admin")
    assert say(gateway, OWN, FIRING, token=TOKEN).status == 401
    assert len(inbox(gateway)) == 2

    # Its token may be another's from then on, and opens that one only.
    connector(gateway, "alertmanager", "next", token=TOKEN)
    assert say(gateway, OWN, FIRING, token=TOKEN).status == 404
    assert say(gateway, "/v1/ingest/next", FIRING, token=TOKEN).status == 200


def test_a_connector_may_be_renamed_while_its_neighbour_speaks(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    assert say(gateway, OWN, FIRING, token=token).status == 200

    gateway.ask("PATCH", "/connectors/am", {"code": "alerts"}, who="admin")
    assert say(gateway, "/v1/ingest/alerts", FIRING, token=token).status == 200


def test_one_token_in_two_orgs_opens_the_one_that_is_named_or_was_first(gateway: Client) -> None:
    connector(gateway, "pagerduty", "pd", token=TOKEN)
    connector(gateway, "pagerduty", "pd2", token=TOKEN, who="stranger")

    assert say(gateway, "/v1/orgs/elsewhere/ingest/pd2", EVENT, token=TOKEN).status == 202
    assert say(gateway, "/v1/ingest/pd2", EVENT, token=TOKEN).status == 202
    assert (len(inbox(gateway)), len(inbox(gateway, org="elsewhere"))) == (0, 2)
    assert say(gateway, "/v2/enqueue", {**EVENT, "routing_key": TOKEN}).status == 202
    assert (len(inbox(gateway)), len(inbox(gateway, org="elsewhere"))) == (1, 2)


@pytest.mark.parametrize("path", [OWN, IN_ORG])
def test_an_api_key_speaks_for_what_is_its_own(gateway: Client, path: str) -> None:
    connector(gateway, "alertmanager", "am", defaults={"contributor": "alpha"})

    def answered(who: str) -> int:
        return gateway.ask("POST", path, FIRING, who=who).status

    assert answered("admin") == 200
    assert answered("owner") == 200
    assert answered("teammate") == 403
    assert answered("stranger") == 404
    viewer = gateway.ask("POST", "/keys", {"name": "tv", "role": "viewer"}, who="admin").json
    assert say(gateway, path, FIRING, token=viewer["secret"]).status == 403
    assert say(gateway, path, FIRING, token=viewer["secret"] + "x").status == 401
    assert len(inbox(gateway)) == 2


def test_an_api_key_that_asks_too_often_is_told_to_wait_as_under_load(gateway: Client) -> None:
    connector(gateway, "alertmanager", "am")
    slow = {"name": "slow", "role": "sre_lead", "rate_per_second": 1, "burst": 1}
    made = gateway.ask("POST", "/keys", slow, who="admin")
    assert made.status == 201, made.body
    key = made.json["secret"]

    answers = [say(gateway, OWN, FIRING, token=key) for _ in range(3)]
    answers += [
        say(gateway, "/v1/signals", {"source": "s", "summary": "x"}, token=key) for _ in range(2)
    ]
    assert {one.status for one in answers} <= {200, 202, 503}
    held = [one for one in answers if one.status == 503]
    assert held
    assert all(one.headers["retry-after"].isdigit() for one in held)


def test_the_built_in_paths_are_of_their_kind_only(gateway: Client) -> None:
    am = connector(gateway, "alertmanager", "am")
    og = connector(gateway, "opsgenie", "og")

    assert say(gateway, "/api/v2/alerts", [], token=og).status == 401
    assert say(gateway, "/api/v2/alerts", [], token=am).status == 200
    alert = {"message": "Disk full", "alias": "disk"}
    genie = {"authorization": f"GenieKey {og}"}
    assert say(gateway, "/v2/alerts", alert, headers=genie).status == 202
    assert say(gateway, "/jsm/ops/integration/v2/alerts", alert, headers=genie).status == 202
    wrong = say(gateway, "/v2/alerts", alert, headers={"authorization": f"GenieKey {am}"})
    assert (wrong.status, set(wrong.json)) == (401, {"message", "took", "requestId"})
    unknown = say(gateway, "/v2/enqueue", {**EVENT, "routing_key": "x" * 32})
    assert (unknown.status, unknown.json["status"]) == (400, "invalid event")
    assert "www-authenticate" not in unknown.headers
    for path in ("/jsm/ops/integration/v2/enqueue", "/v2/other", "/jsm/ops/integration/"):
        assert say(gateway, path, alert, headers=genie).status == 404


def test_what_is_read_is_read_with_a_token_that_is_still_good(gateway: Client) -> None:
    am = connector(gateway, "alertmanager", "am")

    assert say(gateway, "/api/v2/status", token=am, method="GET").status == 200
    assert say(gateway, "/v1/ingest/am/api/v2/alerts", token=am, method="GET").json == []
    assert say(gateway, "/api/v2/status", method="GET").status == 401
    gateway.ask("PATCH", "/connectors/am", {"token": None}, who="admin")
    assert say(gateway, "/api/v2/status", token=am, method="GET").status == 401
    assert inbox(gateway) == []
