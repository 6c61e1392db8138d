"""Alerts as they stand: listed with what became of them, and put on a ticket by a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.adapters.rest.asking import Client
from tests.adapters.rest.speaking import FIRING, connector, say
from tocsin.store.contract import Batch

MINUTE = timedelta(minutes=1)


def notice(name: str, *, severity: str = "warning", state: str = "firing") -> dict[str, Any]:
    (alert,) = FIRING["alerts"]
    labels = {"alertname": name, "severity": severity, "instance": "ams-1"}
    changed = alert | {
        "labels": labels,
        "annotations": {"summary": name},
        "fingerprint": name.lower(),
        "status": state,
    }
    return FIRING | {"groupKey": name, "status": state, "alerts": [changed]}


def told(gateway: Client, token: str, *bodies: object) -> None:
    for body in bodies:
        gateway.house.clock.pass_by(MINUTE)
        assert say(gateway, "/v1/ingest/am", body, token=token).status == 200


def signals(gateway: Client, query: str = "", *, who: str = "owner") -> list[Any]:
    answer = gateway.ask("GET", f"/signals?{query}", who=who)
    assert answer.status == 200, answer.body
    items: list[Any] = answer.json["items"]
    return items


def names(gateway: Client, query: str = "") -> list[str]:
    return [one["summary"] for one in signals(gateway, query)]


def test_an_alert_is_one_row_with_its_verdict_however_often_it_is_heard(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    dark = notice("Dark", severity="critical")
    told(gateway, token, notice("Warm"), dark, dark, dark)

    assert names(gateway) == ["Dark", "Warm"]
    found, waiting = signals(gateway)
    assert (found["count"], found["first_seen"], found["last_seen"]) == (
        3,
        "2026-11-20T12:02:00.000000Z",
        "2026-11-20T12:04:00.000000Z",
    )
    assert (found["verdict"], found["because"], found["connector"]) == ("created", "rule", "am")
    assert (found["state"], found["severity"]) == ("firing", "sev1")
    assert found["ticket_ref"].startswith("I20261120-")
    assert found["labels"]["instance"] == "ams-1"
    assert (waiting["ticket_id"], waiting["verdict"]) == (None, "unattached")

    assert names(gateway, "unattached=true") == ["Warm"]
    assert names(gateway, f"ticket={found['ticket_ref']}") == ["Dark"]
    assert names(gateway, f"fingerprint={found['fingerprint']}") == ["Dark"]
    assert names(gateway, f"correlation_key={found['correlation_key']}") == ["Dark"]
    assert names(gateway, "connector=am&state=firing") == ["Dark", "Warm"]
    assert names(gateway, "state=resolved") == []
    told(gateway, token, notice("Dark", severity="critical", state="resolved"))
    assert names(gateway, "state=resolved") == ["Dark"]
    assert gateway.ask("GET", "/signals?connector=none").status == 404


def test_paging_gives_each_once(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    told(gateway, token, *(notice(f"W{number}") for number in range(5)))
    ref = gateway.incident()["ref"]
    body = {"source": "me", "summary": "by hand"}
    assert gateway.ask("POST", f"/tickets/{ref}/signals", body).status == 201

    found, cursor = [], ""
    for _ in range(6):
        page = gateway.ask("GET", f"/signals?limit=2{cursor}").json
        found += [one["summary"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ["by hand", "W4", "W3", "W2", "W1", "W0"]


def test_what_was_attached_before_there_were_rows_is_listed_from_the_log(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    for number in range(3):
        gateway.house.clock.pass_by(MINUTE)
        body = {"source": "me", "summary": f"s{number}", "fingerprint": f"f{number}"}
        assert gateway.ask("POST", f"/tickets/{ref}/signals", body).status == 201
    org_id = gateway.house.orgs["net"]
    with gateway.house.store.tending() as turn:
        turn.drop_signals(
            org_id, unseen_since=gateway.house.clock() - MINUTE + MINUTE / 2, limit=10
        )
        turn.write(Batch(batch_id=gateway.house.fresh()))
        turn.commit()
    left = [one["summary"] for one in signals(gateway)]
    assert left == ["s2", "s1", "s0"]
    assert names(gateway, "fingerprint=f1") == ["s1"]


def test_a_person_puts_a_waiting_signal_on_a_ticket(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    told(gateway, token, notice("Warm"))
    (waiting,) = signals(gateway, "unattached=true")
    ref = gateway.incident("Cooling")["ref"]
    path = f"/signals/{waiting['signal_id']}/attach"

    headers = {"Idempotency-Key": "once"}
    done = gateway.ask("POST", path, {"ticket": ref}, headers=headers)
    assert done.status == 201, done.body
    assert done.json["summary"] == "Warm"
    again = gateway.ask("POST", path, {"ticket": ref}, headers=headers)
    assert (again.status, again.json) == (201, done.json)

    (now,) = signals(gateway)
    assert (now["ticket_ref"], now["verdict"], now["because"]) == (ref, "attached", "by_hand")
    assert (now["count"], now["connector"]) == (1, "am")
    assert now["signal_id"] == waiting["signal_id"]
    refused = gateway.ask("POST", path, {"ticket": ref})
    assert (refused.status, refused.code) == (409, "conflict")
    # From now on it belongs there.
    told(gateway, token, notice("Warm"))
    (now,) = signals(gateway)
    assert (now["ticket_ref"], now["count"]) == (ref, 2)


def test_what_cannot_be_attached(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    told(gateway, token, notice("Warm"), notice("Warm", state="resolved"))
    (one,) = signals(gateway)
    ref = gateway.incident()["ref"]
    path = f"/signals/{one['signal_id']}/attach"
    assert gateway.ask("POST", path, {"ticket": ref}).status == 409
    gateway.house.invite("viewer", org="net", role="viewer")
    told(gateway, token, notice("Hot"))
    hot = signals(gateway)[0]["signal_id"]
    path = f"/signals/{hot}/attach"
    assert gateway.ask("POST", path, {"ticket": ref}, who="viewer").status == 403
    assert gateway.ask("POST", path, {"ticket": ref}, who="stranger").status == 404
    assert gateway.ask("POST", path, {"ticket": "I20260101-none"}).status == 404
    assert gateway.ask("POST", "/signals/none/attach", {"ticket": ref}).status == 404
    assert names(gateway, "unattached=true") == ["Hot", "Warm"]


def test_past_incidents_that_were_like_it(gateway: Client) -> None:
    token = connector(gateway, "alertmanager", "am")
    dark = notice("Dark", severity="critical")
    told(gateway, token, dark, notice("Dark", severity="critical", state="resolved"))
    first = signals(gateway)[0]["ticket_ref"]
    other = gateway.incident("Old trouble", correlation_keys=[], services=["api"])["ref"]
    assert gateway.ask("POST", f"/tickets/{other}/close", {"resolution": "done"}).status == 200
    running = gateway.incident("Still there", services=["api"])["ref"]

    gateway.house.clock.pass_by(timedelta(hours=3))
    fresh = dark | {"alerts": [dark["alerts"][0] | {"startsAt": "2026-11-20T15:00:00Z"}]}
    told(gateway, token, fresh)
    now = signals(gateway)[0]["ticket_ref"]
    assert now != first
    found = gateway.ask("GET", f"/tickets/{now}/similar").json["items"]
    assert [one["ticket"]["ref"] for one in found] == [first]
    assert "alert Dark" in found[0]["reasons"]
    assert any(one.startswith("correlation key am/") for one in found[0]["reasons"])
    alike = gateway.ask("GET", f"/tickets/{running}/similar").json["items"]
    assert [one["ticket"]["ref"] for one in alike] == [other]
    assert set(alike[0]["reasons"]) == {"device ams-1", "service api"}
    assert gateway.ask("GET", f"/tickets/{now}/similar", who="stranger").status == 404
