"""Tickets over HTTP: opened, read, moved, ended; refused where they must be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.adapters.rest.asking import Client


def test_an_incident_is_opened_and_read_by_ref_and_by_id(gateway: Client) -> None:
    opened = gateway.ask(
        "POST",
        "/tickets",
        {
            "type": "incident",
            "title": "Fibre cut",
            "description": "No light since noon.",
            "severity": "P2",
            "device_pubkey": ["ams-1"],
            "services": ["Public API"],
            "labels": ["routing"],
            "initial_correlation_key": "ams-1:loss",
        },
    )

    assert opened.status == 201
    ticket = opened.json
    assert ticket["ref"].startswith("I20261120-")
    assert (ticket["severity"], ticket["native_severity"]) == ("sev2", "P2")
    assert ticket["devices"][0]["code"] == "ams-1"
    assert ticket["devices"][0]["contributor"] == "alpha"
    assert ticket["contributor"]["code"] == "alpha"
    assert ticket["pubkey"] == ticket["contributor"]["pubkey"]
    assert ticket["services"] == ["public-api"]
    assert ticket["correlation_keys"] == ["ams-1:loss"]
    assert opened.headers["etag"] == '"1"'
    assert int(opened.headers["x-position"]) > 0

    for name in (ticket["id"], ticket["ref"]):
        read = gateway.ask("GET", f"/tickets/{name}", who="teammate")
        assert read.status == 200
        assert read.headers["etag"] == '"1"'
        assert {key: read.json[key] for key in ticket} == ticket
        assert read.json["updates"] == []


def test_a_service_that_nobody_registered_is_discovered(gateway: Client) -> None:
    gateway.incident(services=["Public API"])
    with gateway.house.store.reading() as turn:
        (head,) = turn.heads_of_sort(gateway.house.orgs["net"], "service")
    assert getattr(head.state, "code", None) == "public-api"
    assert getattr(head.state, "discovered", None) is True


def test_everything_wrong_with_a_body_is_named(gateway: Client) -> None:
    answer = gateway.ask(
        "POST",
        "/tickets",
        {
            "type": "incident",
            "titel": "Fibre cut",
            "title": "x" * 201,
            "severity": 3,
            "device_pubkey": "ams-1",
            "start_at": "yesterday",
            "references": [{"kind": "rca"}],
        },
    )
    assert (answer.status, answer.code) == (422, "validation")
    assert answer.fields == {
        ("titel", "unknown_field"),
        ("title", "too_long"),
        ("severity", "wrong_type"),
        ("device_pubkey", "wrong_type"),
        ("start_at", "bad_instant"),
        ("references[0].url", "required"),
    }


def test_what_the_words_mean_is_refused_with_their_fields(gateway: Client) -> None:
    answer = gateway.ask(
        "POST",
        "/tickets",
        {
            "type": "incident",
            "title": "Fibre cut",
            "description": "No light.",
            "severity": "sev9",
            "status": "exploded",
            "device_pubkey": ["nowhere", "ams-1", "ams-1"],
        },
    )
    assert (answer.status, answer.code) == (422, "validation")
    assert answer.fields == {
        ("severity", "unknown_word"),
        ("status", "unknown_word"),
        ("device_pubkey[0]", "unknown_device"),
        ("device_pubkey[2]", "duplicate"),
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("detected_at", "2026-11-20T11:00:00Z"), ("primary_signal_id", "x")],
)
def test_a_maintenance_has_no_fields_of_an_incident(
    gateway: Client, field: str, value: str
) -> None:
    answer = gateway.ask(
        "POST",
        "/tickets",
        {
            "type": "maintenance",
            "title": "Swap optic",
            "description": "On Ethernet1.",
            "device_pubkey": ["ams-1"],
            "start_at": "2026-11-21T22:00:00Z",
            "end_at": "2026-11-22T02:00:00Z",
            field: value,
        },
    )
    assert (field, "forbidden_field") in answer.fields


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "malformed"),
        (b'{"nope":1,', 400, "malformed"),
        (b"1 x", 400, "malformed"),
        (b"[]", 422, "validation"),
        (b'"text"', 422, "validation"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[" * 20_000, 422, "validation"),
    ],
)
def test_a_body_that_is_no_object(gateway: Client, raw: bytes, status: int, code: str) -> None:
    answer = gateway.ask("POST", "/tickets", raw=raw)
    assert (answer.status, answer.code) == (status, code)


def test_a_body_over_the_limit_is_not_read(gateway: Client) -> None:
    answer = gateway.ask("POST", "/tickets", raw=b" " * 1_048_577)
    assert (answer.status, answer.code) == (413, "too_large")


def test_another_media_type_is_refused(gateway: Client) -> None:
    answer = gateway.ask("POST", "/tickets", raw=b"title=x", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.code) == (415, "unsupported_media")


def test_an_unknown_parameter_is_refused(gateway: Client) -> None:
    ticket = gateway.incident()
    answer = gateway.ask("GET", f"/tickets/{ticket['ref']}?dialekt=its")
    assert answer.fields == {("dialekt", "unknown_field")}


def test_an_incident_goes_through_its_life(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    gateway.house.clock.pass_by(timedelta(minutes=3))
    assert gateway.ask("POST", f"/tickets/{ref}/acknowledge").json["status"] == "acknowledged"
    moved = gateway.ask("POST", f"/tickets/{ref}/status", {"status": "In-Progress"})
    assert (moved.status, moved.code) == (409, "invalid_transition")
    moved = gateway.ask("POST", f"/tickets/{ref}/status", {"status": "MITIGATED"})
    assert (moved.json["status"], moved.json["native_status"]) == ("monitoring", "MITIGATED")
    closed = gateway.ask(
        "POST", f"/tickets/{ref}/close", {"resolution": "spliced", "root_cause": "fibre-cut"}
    )
    assert closed.status == 200
    assert closed.json["root_cause"] == "fiber_cut"
    assert closed.json["resolved_at"] == closed.json["closed_at"] is not None

    again = gateway.ask("POST", f"/tickets/{ref}/acknowledge")
    assert (again.status, again.code) == (409, "invalid_transition")
    assert "investigating" in again.json["detail"]


def test_the_same_status_again_changes_nothing(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    gateway.ask("POST", f"/tickets/{ref}/acknowledge")
    again = gateway.ask("POST", f"/tickets/{ref}/acknowledge")
    assert (again.status, again.json["version"]) == (200, 2)


def test_patch_changes_fields_and_names_the_path_of_what_it_may_not(gateway: Client) -> None:
    ref = gateway.incident(impact="outage")["ref"]
    changed = gateway.ask("PATCH", f"/tickets/{ref}", {"title": "Fibre cut at IX", "impact": None})
    assert (changed.json["title"], changed.json["impact"]) == ("Fibre cut at IX", None)

    refused = gateway.ask("PATCH", f"/tickets/{ref}", {"status": "closed", "severity": "sev1"})
    assert refused.fields == {("status", "wrong_path"), ("severity", "wrong_path")}
    assert "POST …/status" in refused.json["detail"]


def test_a_stale_version_is_refused_and_a_fresh_one_taken(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    body = {"title": "Fibre cut at the exchange"}
    stale = gateway.ask("PATCH", f"/tickets/{ref}", body, headers={"If-Match": '"7"'})
    assert (stale.status, stale.code) == (412, "version_mismatch")
    for nobodys in ("x", "9" * 5_000):
        nonsense = gateway.ask(
            "PATCH", f"/tickets/{ref}", body, headers={"If-Match": f'"{nobodys}"'}
        )
        assert (nonsense.status, nonsense.code) == (412, "version_mismatch")
        assert "not what If-Match names" in nonsense.json["detail"]
    fresh = gateway.ask("PATCH", f"/tickets/{ref}", body, headers={"If-Match": 'W/"1"'})
    assert (fresh.status, fresh.headers["etag"]) == (200, '"2"')
    several = gateway.ask("PATCH", f"/tickets/{ref}", body, headers={"If-Match": '"1", "2"'})
    assert several.fields == {("If-Match", "repeated")}


def test_short_forms_of_a_maintenance(gateway: Client) -> None:
    ref = gateway.maintenance()["ref"]
    gateway.house.clock.now += timedelta(hours=34)
    assert gateway.ask("POST", f"/tickets/{ref}/start").json["status"] == "in_progress"
    extended = gateway.ask(
        "POST", f"/tickets/{ref}/extend", {"end_at": "2026-11-22T03:00:00+00:00"}
    )
    assert extended.json["end_at"] == "2026-11-22T03:00:00.000000Z"
    done = gateway.ask("POST", f"/tickets/{ref}/complete", {})
    assert done.json["actual_end_at"] is not None
    closed = gateway.ask("POST", f"/tickets/{ref}/close")
    assert (closed.json["status"], closed.json["disposition"]) == ("closed", "done")


def test_a_root_cause_may_be_known_from_the_start(gateway: Client) -> None:
    opened = gateway.incident(root_cause="dz_managed")

    assert opened["root_cause"] == "managed_software"
    assert gateway.ask("GET", f"/tickets/{opened['ref']}").json["root_cause"] == "managed_software"
    body = {"title": "x", "description": "x", "severity": "sev3", "device_pubkey": ["ams-1"]}
    unknown = gateway.ask(
        "POST", "/tickets", {**body, "type": "incident", "root_cause": "gremlins"}
    )
    assert unknown.fields == {("root_cause", "unknown_word")}
    planned = gateway.ask(
        "POST", "/tickets", {**body, "type": "maintenance", "root_cause": "hardware"}
    )
    assert planned.fields == {("root_cause", "forbidden_field")}
    later = gateway.ask("POST", "/tickets", {**body, "type": "incident", "rca_url": "https://x"})
    assert later.fields == {("rca_url", "wrong_path")}


def test_a_service_is_not_taken_for_another_that_looks_like_it(gateway: Client) -> None:
    gateway.ask("POST", "/services", {"code": "pi", "name": "Pi"}, who="admin")
    body = {"type": "incident", "title": "x", "description": "x", "severity": "sev3"}

    looks_like_api = gateway.ask("POST", "/tickets", {**body, "services": ["\u0430pi"]})
    spelt = gateway.ask("POST", "/tickets", {**body, "services": ["Public API"]})

    assert looks_like_api.fields == {("services[0]", "bad_character")}
    assert spelt.json["services"] == ["public-api"]


def test_a_short_form_of_the_other_type_is_no_move_of_this_one(gateway: Client) -> None:
    incident, maintenance = gateway.incident()["ref"], gateway.maintenance()["ref"]

    started = gateway.ask("POST", f"/tickets/{incident}/start")
    acknowledged = gateway.ask("POST", f"/tickets/{maintenance}/acknowledge", {})

    for refused in (started, acknowledged):
        assert (refused.status, refused.code) == (409, "invalid_transition")
    assert "may become acknowledged, investigating" in started.json["detail"]
    assert "may become in_progress" in acknowledged.json["detail"]
    unknown = gateway.ask("POST", f"/tickets/{incident}/status", {"status": "asleep"})
    assert unknown.fields == {("status", "unknown_word")}


def test_overlaps_are_answered_and_both_tickets_carry_them(gateway: Client) -> None:
    first = gateway.maintenance()
    second = gateway.maintenance("Firmware", who="teammate")

    (conflict,) = second["conflicts"]
    assert conflict["ticket"]["ref"] == first["ref"]
    assert conflict["ticket"]["contributor"] == "alpha"
    assert [(one["code"], one["reason"]) for one in conflict["shared"]] == [("ams-1", "same")]
    other = gateway.ask("GET", f"/tickets/{first['ref']}").json
    assert [one["ticket"]["ref"] for one in other["conflicts"]] == [second["ref"]]


def test_a_dry_run_answers_and_does_nothing(gateway: Client) -> None:
    gateway.maintenance()
    body = {
        "type": "maintenance",
        "title": "Firmware",
        "description": "New release.",
        "device_pubkey": ["ams-1"],
        "start_at": "2026-11-21T22:00:00Z",
        "end_at": "2026-11-22T02:00:00Z",
        "dry_run": True,
    }
    answer = gateway.ask("POST", "/tickets", body, headers={"Idempotency-Key": "once"})
    assert (answer.status, len(answer.json["conflicts"])) == (200, 1)
    assert gateway.ask("GET", f"/tickets/{answer.json['id']}").status == 404
    # The key is still free for the real thing.
    real = gateway.ask(
        "POST", "/tickets", body | {"dry_run": False}, headers={"Idempotency-Key": "once"}
    )
    assert real.status == 201


def test_a_held_correlation_key_is_refused_or_joined(gateway: Client) -> None:
    first = gateway.incident(correlation_keys=["ams-1:loss"])
    body = {
        "type": "incident",
        "title": "Loss towards fra",
        "description": "Seen from fra.",
        "severity": "sev3",
        "device_pubkey": ["fra-1"],
        "initial_correlation_key": "ams-1:loss",
    }
    refused = gateway.ask("POST", "/tickets", body, who="teammate")
    assert (refused.status, refused.code) == (409, "conflict")
    assert first["ref"] in refused.json["detail"]

    joined = gateway.ask("POST", "/tickets", body | {"on_conflict": "attach"}, who="teammate")
    assert (joined.status, joined.json["id"]) == (200, first["id"])
    (update,) = gateway.ask("GET", f"/tickets/{first['id']}").json["updates"]
    assert update["body"] == "Loss towards fra\n\nSeen from fra."


def test_dialects_change_words_both_ways(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    moved = gateway.ask("POST", f"/tickets/{ref}/status?dialect=its", {"status": "MITIGATED"})
    assert (moved.json["status"], moved.json["severity"]) == ("MITIGATED", "SEV2")
    read = gateway.ask("GET", f"/tickets/{ref}?dialect=incidentd")
    assert (read.json["status"], read.json["severity"]) == ("mitigating", "high")
    assert gateway.ask("GET", f"/tickets/{ref}").json["status"] == "monitoring"
    unknown = gateway.ask("GET", f"/tickets/{ref}?dialect=klingon")
    assert unknown.fields == {("dialect", "unknown_word")}


def test_words_of_the_crash_bot(gateway: Client) -> None:
    ticket = gateway.incident(contact="Ada Lovelace")
    assert (ticket["reporter_name"], ticket["contact"]) == ("Ada Lovelace", "Ada Lovelace")
    assigned = gateway.ask("POST", f"/tickets/{ticket['ref']}/assignee", {"assignee": "alpha"})
    assert assigned.json["assignee"]["code"] == "alpha"
    assert assigned.json["point"] == "Alpha"


@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-20T12:00:00"]
)
def test_an_instant_outside_the_calendar_or_without_a_zone(gateway: Client, instant: str) -> None:
    body = {
        "type": "incident",
        "title": "Fibre cut",
        "description": "No light.",
        "severity": "sev2",
        "device_pubkey": ["ams-1"],
        "start_at": instant,
    }
    assert gateway.ask("POST", "/tickets", body).fields == {("start_at", "bad_instant")}
    moved = gateway.ask("POST", "/tickets/I20261120-none/acknowledge", {"at": instant})
    assert moved.fields == {("at", "bad_instant")}
    query = f"created_after={instant.replace('+', '%2B')}"
    assert gateway.ask("GET", f"/tickets?{query}").fields == {("created_after", "bad_instant")}
