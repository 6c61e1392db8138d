"""What neighbours send: taken in, kept, and answered so that their clients do the right thing."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.adapters.rest.asking import Client
from tests.adapters.rest.speaking import EVENT, FIRING, connector, inbox, say
from tocsin.adapters.rest.application import make_application
from tocsin.handler.writer import Writer

OWN = "/v1/ingest/am"
SIGNED = "between you and me"


def counted(gateway: Client, kind: str, verdict: str) -> float:
    labels = {"kind": kind, "verdict": verdict}
    found = gateway.gateway.metrics.registry.get_sample_value("tocsin_ingested_total", labels)
    return found or 0.0


# -- what can be read -----------------------------------------------------------------------------


def test_an_alert_becomes_an_incident_and_its_repeat_nothing(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")

    first, again = (say(gateway, OWN, FIRING, token=token) for _ in range(2))
    assert (first.status, first.json["verdict"]) == (200, "created")
    assert (again.status, again.json["verdict"]) == (200, "deduplicated")
    (ticket,) = gateway.ask("GET", "/tickets").json["items"]
    assert ticket["title"].startswith("Link down")
    kept = inbox(gateway)
    assert [one.verdict for one in kept] == ["created", "deduplicated"]
    assert [one.via for one in kept] == ["connector:am"] * 2
    assert kept[0].id == first.json["id"]
    assert msgspec.json.decode(kept[0].payload) == FIRING
    assert counted(gateway, "alertmanager", "created") == 1
    assert counted(gateway, "alertmanager", "deduplicated") == 1


def test_where_and_how_it_came_is_kept_without_the_token(gateway: Client) -> None:
    token = connector(gateway, "opsgenie", "og")
    headers = {"authorization": f"GenieKey {token}", "user-agent": "og/1", "cookie": "a=b"}

    path = "/v2/alerts/disk/priority?identifierType=alias&apiKey=x"
    answer = say(gateway, path, {"priority": "P2"}, method="PUT", headers=headers)
    assert answer.status == 202
    (kept,) = inbox(gateway)
    headers = json.loads(kept.headers)
    assert len(headers.pop("x-tocsin-fresh")) == 36
    assert headers == {
        "user-agent": "og/1",
        "x-tocsin-path": "v2/alerts/disk/priority",
        "x-tocsin-method": "PUT",
        "x-tocsin-query": "identifierType=alias",
    }
    assert kept.content_type == "application/json"


def test_a_routing_key_in_the_payload_is_a_token_and_is_not_kept(gateway: Client) -> None:
    token = connector(gateway, "pagerduty", "pd")
    event = {**EVENT, "routing_key": token}

    answer = say(gateway, "/v2/enqueue", event)
    assert (answer.status, answer.json["dedup_key"]) == (202, "disk/ams-1")
    assert say(gateway, "/v1/ingest/pd", event).status == 202
    header = {"x-routing-key": token}
    assert say(gateway, "/v2/enqueue", EVENT, headers=header).status == 202
    change = {"routing_key": token, "payload": {"summary": "Deployed 1.2"}}
    assert say(gateway, "/v2/change/enqueue", change).status == 202
    kept = inbox(gateway)
    assert len(kept) == 4
    for one in kept:
        assert token.encode() not in one.payload
        assert token not in one.headers


def test_a_key_that_was_made_for_a_payload_is_made_again_when_it_is_replayed(
    gateway: Client,
) -> None:
    token = connector(gateway, "pagerduty", "pd")
    nameless = {name: value for name, value in EVENT.items() if name != "dedup_key"}
    first = say(gateway, "/v2/enqueue", {**nameless, "routing_key": token})
    assert first.status == 202

    (kept,) = inbox(gateway)
    replayed = gateway.ask("POST", f"/inbox/{kept.id}/replay", {}, who="admin")

    assert replayed.status == 200
    assert replayed.json["verdict"] == "deduplicated"
    assert int(replayed.headers["x-position"]) > 0
    assert len(gateway.ask("GET", "/tickets").json["items"]) == 1


def test_a_packed_payload_is_unpacked(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    packed = gzip.compress(msgspec.json.encode(FIRING))

    headers = {"content-encoding": "gzip"}
    assert say(gateway, OWN, token=token, raw=packed, headers=headers).status == 200
    assert msgspec.json.decode(inbox(gateway)[0].payload) == FIRING

    broken = say(gateway, OWN, token=token, raw=packed[:-9], headers=headers)
    assert (broken.status, broken.code) == (400, "malformed")
    other = say(gateway, OWN, token=token, raw=packed, headers={"content-encoding": "br"})
    assert other.status == 415
    bomb = gzip.compress(bytes(6 * 1_048_576))
    assert say(gateway, OWN, token=token, raw=bomb, headers=headers).status == 413
    verdicts = [one.verdict for one in inbox(gateway)]
    assert verdicts == ["created", "unparseable", "unparseable", "refused"]


@pytest.mark.parametrize(
    ("kind", "content_type", "taken"),
    [
        ("generic", "application/json", 200),
        ("opsgenie", "application/json", 202),
        ("cloudevents", "application/cloudevents+json", 202),
    ],
)
def test_a_payload_may_have_five_mebibytes(
    gateway: Client, kind: str, content_type: str, taken: int
) -> None:
    mapping = {"summary": "message"} if kind == "generic" else {}
    token = connector(gateway, kind, "am", mapping=mapping)
    named = {"specversion": "1.0", "id": "1", "source": "/disk", "type": "full"}
    words = msgspec.json.encode({**named, "message": "Disk full"})
    whole = words + b" " * (5 * 1_048_576 - len(words))

    headers = {"content-type": content_type}
    assert say(gateway, OWN, token=token, raw=whole, headers=headers).status == taken
    assert say(gateway, OWN, token=token, raw=whole + b" ", headers=headers).status == 413


def test_a_neighbour_that_asks_first_is_told_that_it_may(gateway: Client) -> None:
    token = connector(gateway, "cloudevents", "ce")
    asked = {"webhook-request-origin": "events.example.org"}

    answer = say(gateway, "/v1/ingest/ce", token=token, method="OPTIONS", headers=asked)
    assert answer.status == 200
    assert answer.headers["webhook-allowed-origin"] == "events.example.org"
    assert int(answer.headers["webhook-allowed-rate"]) > 0
    before = say(gateway, "/v1/ingest/ce", method="OPTIONS", headers=asked)
    assert before.headers["webhook-allowed-origin"] == "events.example.org"
    nowhere = say(gateway, "/v1/orgs/net/ingest/none", method="OPTIONS", headers=asked)
    assert (nowhere.status, nowhere.body) == (before.status, before.body)
    assert say(gateway, "/v1/ingest/ce", method="OPTIONS").status == 401
    connector(gateway, "alertmanager", "am", token="a" * 32)
    assert say(gateway, OWN, token="a" * 32, method="OPTIONS").headers["allow"]
    assert inbox(gateway) == []


def test_a_heartbeat_is_a_payload_even_by_get(gateway: Client) -> None:
    genie = {"authorization": "GenieKey " + connector(gateway, "opsgenie", "og")}

    for method in ("GET", "POST"):
        path = "/v2/heartbeats/nightly/ping"
        assert say(gateway, path, method=method, headers=genie).status == 202
    assert len(inbox(gateway)) == 2


def test_the_same_request_with_the_same_key_gets_the_same_answer(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    key = {"idempotency-key": "once"}

    first = say(gateway, OWN, FIRING, token=token, headers=key)
    again = say(gateway, OWN, FIRING, token=token, headers=key)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(inbox(gateway)) == 1
    other = say(gateway, OWN, {**FIRING, "status": "x"}, token=token, headers=key)
    assert (other.status, other.code) == (422, "idempotency_mismatch")


def test_one_neighbours_key_is_not_anothers_on_the_path_they_share(gateway: Client) -> None:
    key = {"idempotency-key": "once"}
    for code in ("one", "other"):
        event = {**EVENT, "routing_key": connector(gateway, "pagerduty", code)}
        assert say(gateway, "/v2/enqueue", event, headers=key).status == 202
    assert len(inbox(gateway)) == 2


# -- what cannot be taken -------------------------------------------------------------------------


def test_what_cannot_be_read_waits_in_the_inbox(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")

    for raw in (b"", b"{", b"[]", b"\xff\xfe", b"[" * 5_000, b"null"):
        answer = say(gateway, OWN, token=token, raw=raw)
        assert answer.status == 400, raw
        kept = inbox(gateway)[-1]
        assert (kept.verdict, kept.payload) == ("unparseable", raw)
        assert kept.reason
    assert counted(gateway, "alertmanager", "unparseable") == 6


def test_another_version_is_said_to_be_one(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")

    answer = say(gateway, OWN, {**FIRING, "version": "3"}, token=token)
    assert answer.status == 400
    (kept,) = inbox(gateway)
    assert kept.verdict == "unparseable"
    assert "version" in kept.reason


def test_a_mapping_that_yields_nothing_is_said_to(gateway: Client) -> None:
    token = connector(gateway, "generic", "own", mapping={"summary": "alert.title"})

    assert say(gateway, "/v1/ingest/own", {"other": 1}, token=token).status == 422
    (kept,) = inbox(gateway)
    assert (kept.verdict, "mapping" in kept.reason) == ("unparseable", True)


def test_what_is_too_large_is_refused_and_its_size_is_kept(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    large = b" " * (5 * 1_048_576 + 1)

    answer = say(gateway, OWN, token=token, raw=large)
    assert (answer.status, answer.code) == (413, "too_large")
    said = say(gateway, OWN, token=token, raw=b"{}", headers={"content-length": "999999999"})
    assert said.status == 413
    first, second = inbox(gateway)
    assert (first.verdict, first.payload) == ("refused", b"")
    assert "999,999,999" in second.reason
    assert counted(gateway, "alertmanager", "refused") == 2
    assert counted(gateway, "alertmanager", "too_large") == 0


def test_what_a_stranger_sends_is_not_read_to_its_end(gateway: Client) -> None:
    connector(gateway, "pagerduty", "pd")

    answer = say(gateway, "/v2/enqueue", raw=b" " * 2_000_000)
    assert answer.status == 413
    assert say(gateway, "/v1/ingest/pd", raw=b" " * 2_000_000).status == 413
    assert inbox(gateway) == []


def test_a_wrong_signature_is_refused_and_not_kept(gateway: Client) -> None:
    token = connector(gateway, "grafana", "g", hmac_secret=SIGNED)
    body = msgspec.json.encode({**FIRING, "version": "1", "state": "alerting"})

    def answered(secret: str | None) -> int:
        headers = {}
        if secret is not None:
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers = {"x-grafana-alerting-signature": digest}
        return say(gateway, "/v1/ingest/g", token=token, raw=body, headers=headers).status

    assert (answered("another"), answered(None)) == (401, 401)
    assert inbox(gateway) == []
    assert counted(gateway, "grafana", "unauthenticated") == 2
    assert answered(SIGNED) == 200

    # A new secret holds for the very next payload, and the old one does not.
    gateway.ask("PATCH", "/connectors/g", {"hmac_secret": "another one"}, who="admin")
    assert answered("another one") == 200
    assert answered(SIGNED) == 401


def test_an_instant_in_the_future_is_no_reason_to_lose_an_alert(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    later = {**FIRING["alerts"][0], "startsAt": "2027-11-20T11:59:00Z"}

    answer = say(gateway, OWN, {**FIRING, "alerts": [later]}, token=token)
    assert (answer.status, answer.json["verdict"]) == (200, "created")
    newest = gateway.ask("GET", "/events?limit=1000", who="admin").json["items"][-1]
    assert int(answer.headers["x-position"]) == newest["position"]


def test_other_methods_and_paths_are_refused(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")

    for method in ("GET", "PATCH", "DELETE"):
        refused = say(gateway, OWN, token=token, method=method)
        assert (refused.status, refused.code) == (405, "method_not_allowed")
        assert refused.headers["allow"] == "POST, PUT, OPTIONS"
    for path in ("/v1/ingest/am/v2/alerts", "/v1/ingest/am/x", "/api/v2/nothing"):
        assert say(gateway, path, FIRING, token=token).status == 404, path
    assert say(gateway, f"{OWN}?a=%FF", FIRING, token=token).status == 400
    names = "&".join(f"n{one}=1" for one in range(200))
    assert say(gateway, f"{OWN}?{names}", FIRING, token=token).status == 400


def test_overload_is_503_and_says_when_to_come_again(gateway: Client) -> None:
    am, pd = connector(gateway, "alertmanager", "am"), connector(gateway, "pagerduty", "pd")
    og = connector(gateway, "opsgenie", "og")
    house = gateway.house
    full = Writer(
        store=house.store,
        clock=house.clock,
        entropy=lambda: 0,
        seal=lambda secret: secret,
        queue_limit=0,
    )
    gateway.application = make_application(replace(gateway.gateway, writer=full))

    def held(path: str, body: Any, **given: Any) -> None:
        answer = say(gateway, path, body, **given)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1"), path

    held(OWN, FIRING, token=am)
    held("/api/v2/alerts", [], token=am)
    held("/v2/enqueue", {**EVENT, "routing_key": pd})
    held("/v2/alerts", {"message": "x"}, headers={"authorization": f"GenieKey {og}"})
    held("/v1/signals", {"source": "s", "summary": "x"}, token=gateway.key_of("owner"))
    assert inbox(gateway) == []
    assert counted(gateway, "alertmanager", "overloaded") == 2
