"""What belongs to a ticket over HTTP: updates, actions, signals, ties, words for the public."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.rest.asking import Answer, Client

WORDS = {"title": "Slow connections", "status": "investigating", "body": "We look."}
SLO = {
    "slo_id": "transit",
    "window_start": "2026-11-01T00:00:00Z",
    "window_end": "2026-11-20T00:00:00Z",
    "error_budget_consumed": 1.25,
}


def add(gateway: Client, ref: str, part: str, body: object, **given: Any) -> Any:
    """Add something to a ticket and return it."""
    made = gateway.ask("POST", f"/tickets/{ref}/{part}", body, **given)
    assert made.status == 201, made.body
    return made.json


def listed(gateway: Client, ref: str, part: str, query: str = "") -> list[Any]:
    """What a ticket has of something, newest first, gathered page by page."""
    found: list[Any] = []
    cursor = ""
    while True:
        answer = gateway.ask("GET", f"/tickets/{ref}/{part}?limit=2{query}{cursor}")
        assert answer.status == 200, answer.body
        found += answer.json["items"]
        if answer.json["next_cursor"] is None:
            return found
        assert len(answer.json["items"]) == 2
        cursor = f"&cursor={answer.json['next_cursor']}"


def position(gateway: Client) -> int:
    with gateway.house.store.reading() as turn:
        return turn.last_position()


def kinds(gateway: Client, ref: str) -> list[str]:
    """The kinds of the ticket's events, oldest first."""
    items = gateway.ask("GET", f"/tickets/{ref}/events?limit=200").json["items"]
    return [one["kind"].partition(".")[2] for one in items]


def refused(gateway: Client, ref: str, part: str, body: object, **given: Any) -> Answer:
    """What is not added, and leaves no trace."""
    before = position(gateway)
    answer = gateway.ask("POST", f"/tickets/{ref}/{part}", body, **given)
    assert answer.status >= 400, answer.body
    assert position(gateway) == before
    return answer


# -- updates -------------------------------------------------------------------------------------


def test_a_comment_and_a_move_are_one_commit_and_one_update(gateway: Client) -> None:
    ticket = gateway.incident()
    ref, before = ticket["ref"], position(gateway)

    made = gateway.ask(
        "POST", f"/tickets/{ref}/updates", {"body": "Cut near Diemen.", "status": "investigating"}
    )

    assert made.status == 201
    update = made.json
    assert (update["body"], update["ticket_id"]) == ("Cut near Diemen.", ticket["id"])
    assert (update["status_from"], update["status_to"]) == ("open", "investigating")
    assert update["author"]["name"] == "owner"
    assert update["author_pubkey"] == ticket["pubkey"]
    assert kinds(gateway, ref) == ["created", "note_added", "status_changed"]
    assert int(made.headers["x-position"]) == before + 2
    assert made.headers["etag"] == '"3"'
    assert listed(gateway, ref, "updates") == [update]
    detail = gateway.ask("GET", f"/tickets/{ref}").json
    assert detail["updates"] == [update]
    assert (detail["status"], detail["updates_total"]) == ("investigating", 1)


def test_updates_are_newest_first_and_page(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    bodies = [
        {"body": "One."},
        {"body": "Two.", "status": "acknowledged"},
        {"status": "investigating"},
        {"body": "Four."},
        {"body": "Five.", "status": "closed", "resolution": "spliced"},
    ]
    made = [add(gateway, ref, "updates", one) for one in bodies]

    assert listed(gateway, ref, "updates") == made[::-1]
    assert made[4]["status_to"] == "closed"
    assert (made[0]["status_from"], made[0]["status_to"]) == (None, None)
    assert made[2]["body"] is None


def test_the_same_status_again_is_accepted_and_nothing_is_recorded(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    add(gateway, ref, "updates", {"status": "acknowledged"})
    before = position(gateway)

    again = add(gateway, ref, "updates", {"status": "acknowledged"})

    assert position(gateway) == before
    assert (again["update_id"], again["author"]) == (None, None)
    assert (again["status_from"], again["status_to"]) == ("acknowledged", "acknowledged")


def test_an_update_with_nothing_in_it_is_refused(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    assert refused(gateway, ref, "updates", {}).status == 422
    for nothing in ({"body": ""}, {"root_cause": "carrier"}, {"disposition": "fixed"}):
        assert refused(gateway, ref, "updates", nothing).fields == {("body", "required")}
    assert refused(gateway, ref, "updates", {"status": "exploded"}).fields == {
        ("status", "unknown_word")
    }


def test_a_refused_move_takes_its_comment_with_it(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    add(gateway, ref, "updates", {"status": "closed"})

    answer = refused(gateway, ref, "updates", {"body": "Lost.", "status": "monitoring"})

    assert (answer.status, answer.code) == (409, "invalid_transition")
    assert all(one["body"] is None for one in listed(gateway, ref, "updates"))


def test_updates_speak_the_dialect_that_is_asked_for(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    path = f"/tickets/{ref}/updates?dialect=its"
    made = gateway.ask("POST", path, {"status": "MITIGATED"})
    assert made.json["status_to"] == "MITIGATED"
    assert listed(gateway, ref, "updates")[0]["status_to"] == "monitoring"
    assert listed(gateway, ref, "updates", "&dialect=its")[0]["status_to"] == "MITIGATED"


# -- actions -------------------------------------------------------------------------------------


def test_actions_of_people_and_of_the_system_are_one_list(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    step = add(
        gateway,
        ref,
        "actions",
        {"action_kind": "RUNBOOK_STEP_EXECUTED", "label": "drained", "details": "by hand"},
    )
    note = add(gateway, ref, "actions", {"action_kind": "note", "label": "Seen."})
    gateway.ask("POST", f"/tickets/{ref}/status", {"status": "investigating", "reason": "loss"})
    gateway.ask("POST", f"/tickets/{ref}/severity", {"severity": "sev1", "reason": "spread"})
    gateway.ask("POST", f"/tickets/{ref}/labels", {"add": ["routing"]})
    gateway.ask("POST", f"/tickets/{ref}/labels", {"remove": ["routing"]})

    actions = listed(gateway, ref, "actions")

    assert actions[-1] == step
    assert actions[-2] == note
    assert (step["action_kind"], step["details"]) == ("RUNBOOK_STEP_EXECUTED", "by hand")
    assert note["action_kind"] == "NOTE"
    written = [(one["label"], one["details"]) for one in actions[:-2]]
    assert written == [
        ("routing", None),
        ("routing", None),
        ("sev2 → sev1", "spread"),
        ("open → investigating", "loss"),
    ]
    assert len({one["action_kind"] for one in actions}) == 6
    assert all(one["actor"]["name"] == "owner" for one in actions)
    detail = gateway.ask("GET", f"/tickets/{ref}").json
    assert detail["actions"] == actions
    assert detail["actions_total"] == len(actions)
    # A note is a comment too.
    assert "Seen." in [one["body"] for one in listed(gateway, ref, "updates")]


@pytest.mark.parametrize("kind", ["STATUS_CHANGE", "SEVERITY_CHANGE", "DANCE", ""])
def test_what_the_system_writes_is_not_written_by_hand(gateway: Client, kind: str) -> None:
    ref = gateway.incident()["ref"]
    answer = refused(gateway, ref, "actions", {"action_kind": kind, "label": "x"})
    assert answer.status == 422
    assert {field for field, _ in answer.fields} == {"action_kind"}


# -- signals -------------------------------------------------------------------------------------


def test_a_signal_is_attached_with_all_it_says(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    body = {
        "source": "prometheus",
        "summary": "loss 3 %",
        "severity": "P1",
        "ts": "2026-11-20T12:30:00+01:00",
        "correlation_key": "ams-1:loss",
        "labels": {"job": "ping"},
        "data": {"loss": 3.5, "path": ["a", None]},
    }

    made = add(gateway, ref, "signals", body)

    assert (made["signal_type"], made["state"]) == ("ALERT", "firing")
    assert (made["severity"], made["native_severity"]) == ("sev1", "P1")
    assert made["ts"] == "2026-11-20T11:30:00.000000Z"
    assert (made["labels"], made["data"]) == (body["labels"], body["data"])
    assert listed(gateway, ref, "signals") == [made]
    assert gateway.ask("GET", f"/tickets/{ref}").json["signals"] == [made]


def test_a_signal_with_a_new_key_gives_it_to_the_ticket(gateway: Client) -> None:
    ref = gateway.incident(correlation_keys=["ams-1:loss"])["ref"]
    for key in ("ams-1:latency", "ams-1:loss", "ams-1:latency"):
        add(gateway, ref, "signals", {"source": "p", "summary": "x", "correlation_key": key})

    ticket = gateway.ask("GET", f"/tickets/{ref}").json
    assert sorted(ticket["correlation_keys"]) == ["ams-1:latency", "ams-1:loss"]
    assert ticket["signals_total"] == 3
    # Whoever opens another with it hears who has it.
    body = {
        "type": "incident",
        "title": "Latency",
        "description": "x",
        "severity": "sev3",
        "device_pubkey": ["ams-1"],
        "correlation_keys": ["ams-1:latency"],
    }
    taken = gateway.ask("POST", "/tickets", body)
    assert (taken.status, taken.code) == (409, "conflict")
    assert ref in taken.json["detail"]


def test_a_signal_without_source_or_words_is_refused(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    assert refused(gateway, ref, "signals", {}).fields == {
        ("source", "required"),
        ("summary", "required"),
    }
    wrong = {"source": "p", "summary": "x", "severity": "sev9", "state": "odd"}
    answer = refused(gateway, ref, "signals", wrong)
    assert ("severity", "unknown_word") in answer.fields


def test_signals_go_to_maintenances_too(gateway: Client) -> None:
    ref = gateway.maintenance()["ref"]
    made = add(gateway, ref, "signals", {"source": "icinga", "summary": "optic warm"})
    assert listed(gateway, ref, "signals") == [made]


# -- broken objectives ---------------------------------------------------------------------------


def test_broken_objectives_are_recorded_on_incidents(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    made = [
        add(gateway, ref, "slo-violations", SLO | {"details": f"{number}"}) for number in range(3)
    ]

    assert made[0]["error_budget_consumed"] == 1.25
    assert made[0]["window_start"] == "2026-11-01T00:00:00.000000Z"
    assert listed(gateway, ref, "slo-violations") == made[::-1]
    detail = gateway.ask("GET", f"/tickets/{ref}").json
    assert (detail["slo_violations"], detail["slo_violations_total"]) == (made[::-1], 3)


def test_a_maintenance_breaks_no_objective(gateway: Client) -> None:
    ref = gateway.maintenance()["ref"]
    assert refused(gateway, ref, "slo-violations", SLO).status in (409, 422)
    assert listed(gateway, ref, "slo-violations") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("error_budget_consumed", -0.1),
        ("error_budget_consumed", "much"),
        ("window_end", "2026-10-01T00:00:00Z"),
        ("window_start", "yesterday"),
    ],
)
def test_an_objective_that_makes_no_sense_is_refused(
    gateway: Client, field: str, value: object
) -> None:
    ref = gateway.incident()["ref"]
    answer = refused(gateway, ref, "slo-violations", SLO | {field: value})
    assert answer.status == 422
    assert {name for name, _ in answer.fields} == {field}


# -- ties ----------------------------------------------------------------------------------------


def test_references_are_added_and_shown(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    one = {"kind": "ticket", "url": "https://t.example/1", "title": "Carrier"}
    other = {"kind": "chat", "url": "http://chat.example/x"}

    assert add(gateway, ref, "references", one) == one
    assert add(gateway, ref, "references", other) == other | {"title": None}

    shown = gateway.ask("GET", f"/tickets/{ref}").json["references"]
    assert shown == [one, other | {"title": None}]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.example", "/relative", "data:text/html,x", ""]
)
def test_a_reference_leads_to_the_web_or_nowhere(gateway: Client, url: str) -> None:
    ref = gateway.incident()["ref"]
    answer = refused(gateway, ref, "references", {"kind": "ticket", "url": url})
    assert answer.status == 422
    assert {field.rpartition(".")[2] for field, _ in answer.fields} == {"url"}


@pytest.mark.parametrize("kind", ["related", "caused_by", "duplicate_of", "follow_up", "Caused-By"])
def test_a_relation_is_shown_at_both_ends(gateway: Client, kind: str) -> None:
    one, other = gateway.incident(), gateway.maintenance()
    before = position(gateway)

    made = add(gateway, one["ref"], "relations", {"ticket": other["ref"], "kind": kind})

    assert made["ticket"]["id"] == other["id"]
    assert made["inverse"] is False
    assert position(gateway) == before + 2, "both ends in one commit"
    (here,) = gateway.ask("GET", f"/tickets/{one['ref']}").json["relations"]
    (there,) = gateway.ask("GET", f"/tickets/{other['id']}").json["relations"]
    assert here == made
    assert there["ticket"]["ref"] == one["ref"]
    assert (there["kind"], there["inverse"]) == (made["kind"], True)


def test_the_same_relation_twice_is_one(gateway: Client) -> None:
    one, other = gateway.incident(), gateway.incident()
    tie = {"ticket": other["id"], "kind": "related"}
    first = add(gateway, one["ref"], "relations", tie)
    before = position(gateway)

    assert add(gateway, one["ref"], "relations", tie) == first
    assert position(gateway) == before


def test_a_relation_to_itself_or_to_nothing_is_refused(gateway: Client) -> None:
    ticket = gateway.incident()
    for name in (ticket["ref"], ticket["id"], "I20261120-zzzz", "nothing"):
        answer = refused(gateway, ticket["ref"], "relations", {"ticket": name, "kind": "related"})
        assert answer.status in (404, 409, 422), name
    tie = {"ticket": gateway.incident()["ref"], "kind": "cousin"}
    assert refused(gateway, ticket["ref"], "relations", tie).fields == {("kind", "unknown_word")}


# -- words for the public ------------------------------------------------------------------------


def test_the_public_hears_what_is_published_and_nothing_else(gateway: Client) -> None:
    ticket = gateway.incident(services=["web"])
    ref = ticket["ref"]
    body = WORDS | {"services": [{"code": "web", "impact": "degraded"}]}

    first = add(gateway, ref, "public-updates", body, who="admin")
    gateway.house.clock.pass_by(timedelta(minutes=5))
    second = add(
        gateway, ref, "public-updates", {"status": "identified", "body": "A cut."}, who="admin"
    )

    assert (first["title"], first["edited_at"]) == ("Slow connections", None)
    assert (second["title"], second["status"]) == ("Slow connections", "identified")
    shown = gateway.ask("GET", f"/tickets/{ref}").json
    assert shown["public_title"] == "Slow connections"
    assert shown["title"] == "Fibre cut"
    assert sorted(one["id"] for one in shown["public_updates"]) == sorted(
        [first["id"], second["id"]]
    )
    assert shown["public_impacts"] == [{"code": "web", "impact": "degraded"}]


def test_the_first_word_to_the_public_has_a_title(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    said = {"status": "investigating", "body": "We look."}
    assert refused(gateway, ref, "public-updates", said, who="admin").fields == {
        ("title", "required")
    }


@pytest.mark.parametrize("status", ["scheduled", "closed", "open", "exploded"])
def test_an_incident_is_spoken_of_in_its_own_words(gateway: Client, status: str) -> None:
    ref = gateway.incident()["ref"]
    answer = refused(gateway, ref, "public-updates", WORDS | {"status": status}, who="admin")
    assert {field for field, _ in answer.fields} == {"status"}


def test_a_maintenance_is_spoken_of_in_its_own_words(gateway: Client) -> None:
    ref = gateway.maintenance()["ref"]
    made = add(gateway, ref, "public-updates", WORDS | {"status": "scheduled"}, who="admin")
    assert made["status"] == "scheduled"


def test_a_correction_is_shown_as_one_and_the_log_keeps_both(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    said = add(gateway, ref, "public-updates", WORDS, who="admin")
    gateway.house.clock.pass_by(timedelta(minutes=5))

    path = f"/tickets/{ref}/public-updates/{said['id']}"
    corrected = gateway.ask("PATCH", path, {"body": "We see loss of 3 %."}, who="admin")

    assert corrected.status == 200, corrected.body
    assert corrected.json["body"] == "We see loss of 3 %."
    assert corrected.json["posted_at"] == said["posted_at"]
    assert corrected.json["edited_at"] > said["posted_at"]
    (shown,) = gateway.ask("GET", f"/tickets/{ref}").json["public_updates"]
    assert shown == corrected.json
    log = gateway.ask("GET", f"/tickets/{ref}/events?limit=200").body
    assert b"We look." in log
    assert b"We see loss of 3 %." in log


def test_what_was_never_said_is_not_corrected(gateway: Client) -> None:
    ref, other = gateway.incident()["ref"], gateway.incident()["ref"]
    said = add(gateway, ref, "public-updates", WORDS, who="admin")

    for path in (
        f"/tickets/{ref}/public-updates/none",
        f"/tickets/{other}/public-updates/{said['id']}",
    ):
        assert gateway.ask("PATCH", path, {"body": "x"}, who="admin").status == 404


# -- all of them ---------------------------------------------------------------------------------

PARTS: dict[str, object] = {
    "updates": {"body": "Seen."},
    "actions": {"action_kind": "SCALE_CHANGE", "label": "x"},
    "signals": {"source": "p", "summary": "x"},
    "slo-violations": SLO,
    "references": {"kind": "ticket", "url": "https://t.example/1"},
    "public-updates": WORDS,
}


@pytest.mark.parametrize("part", [*PARTS])
def test_a_part_takes_the_version_it_was_written_for(gateway: Client, part: str) -> None:
    ref = gateway.incident()["ref"]
    stale = refused(gateway, ref, part, PARTS[part], who="admin", headers={"If-Match": '"9"'})
    assert (stale.status, stale.code) == (412, "version_mismatch")

    made = gateway.ask(
        "POST", f"/tickets/{ref}/{part}", PARTS[part], who="admin", headers={"If-Match": '"1"'}
    )
    assert made.status == 201, made.body
    assert made.headers["etag"] == '"2"'


@pytest.mark.parametrize("part", [*PARTS])
def test_a_ticket_that_is_not_there_takes_no_part(gateway: Client, part: str) -> None:
    for name in ("I20261120-zzzz", "nothing", "0197a3c2-5d00-7000-8000-00000000002a"):
        answer = refused(gateway, name, part, PARTS[part], who="admin")
        assert (answer.status, answer.code) == (404, "not_found")
