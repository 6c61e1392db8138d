"""Incidents and maintenance from the command line: what is sent, and what is printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.app.conftest import KEY, Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn, problem

REF = "I20261120-af36"
TICKET = {
    "id": "0197a3c2-0000-7000-8000-000000000001",
    "ref": REF,
    "type": "incident",
    "title": "Loss on ams-1:fra-1",
    "severity": "sev2",
    "status": "open",
    "contributor": {"code": "alpha", "name": "Alpha", "pubkey": "8ZQ"},
    "devices": [],
    "links": [{"pubkey": "5Tn", "code": "ams-1:fra-1", "contributor": "alpha"}],
    "services": ["api"],
    "start_at": "2026-11-20T14:00:00.000000Z",
    "version": 3,
}
OPENING = (
    "incident", "create", "--title", "Loss", "--severity", "sev2", "--description", "3 %",
    "--link", "ams-1:fra-1",
)  # fmt: skip
PLANNING = (
    "maintenance", "create", "--title", "Swap", "--description", "optic", "--device", "ams-1",
)  # fmt: skip


def test_an_incident_is_opened_with_what_was_given_and_nothing_else(
    gateway: StandIn, run: Run
) -> None:
    gateway.answers("POST", f"{ORG}/tickets", Reply(status=201, body=TICKET))

    answer = run(*OPENING, "--service", "api", "--service", "dns", "--label", "routing")

    assert answer.exit_code == 0, answer.output
    sent = gateway.only("POST", f"{ORG}/tickets")
    assert sent.body == {
        "type": "incident",
        "title": "Loss",
        "severity": "sev2",
        "description": "3 %",
        "affected_link_pubkey": ["ams-1:fra-1"],
        "services": ["api", "dns"],
        "labels": ["routing"],
    }
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["idempotency-key"]
    assert answer.stdout.split() == [REF, "sev2", "open", "Loss", "on", "ams-1:fra-1"]


def test_each_opening_has_its_own_idempotency_key_unless_one_is_given(
    gateway: StandIn, run: Run
) -> None:
    gateway.answers("POST", f"{ORG}/tickets", Reply(status=201, body=TICKET))

    for extra in ((), (), ("--idempotency-key", "mine")):
        assert run(*OPENING, *extra).exit_code == 0

    first, second, third = (
        asked.headers["idempotency-key"] for asked in gateway.asked if asked.method == "POST"
    )
    assert first != second
    assert third == "mine"


def test_the_org_is_the_keys_unless_one_is_named(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", "/v1/orgs/other/tickets", Reply(body={"items": [], "next_cursor": None}))

    by_environment = run("incident", "list", TOCSIN_ORG="other")
    by_option = run("--org", "other", "incident", "list")

    assert (by_environment.exit_code, by_option.exit_code) == (0, 0)
    assert {asked.path for asked in gateway.asked} == {"/v1/orgs/other/tickets"}


def test_a_key_of_several_orgs_must_say_which(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", "/v1/me", Reply(body={"orgs": [{"code": "acme"}, {"code": "zeta"}]}))

    answer = run("incident", "list")

    assert answer.exit_code == 2
    assert "TOCSIN_ORG" in answer.stderr
    assert "acme, zeta" in answer.stderr


def test_a_description_may_come_from_standard_input(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/tickets", Reply(status=201, body=TICKET))

    arguments = [*OPENING]
    arguments[arguments.index("3 %")] = "-"
    run(*arguments, stdin="one\ntwo\n")

    assert gateway.only("POST", f"{ORG}/tickets").body["description"] == "one\ntwo"


def test_a_maintenance_lasts_from_its_start(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/tickets", Reply(status=201, body=TICKET))

    answer = run(*PLANNING, "--start-at", "2026-11-21T23:00:00+01:00", "--duration", "2h30m")

    assert answer.exit_code == 0, answer.output
    sent = gateway.only("POST", f"{ORG}/tickets").body
    assert sent["start_at"] == "2026-11-21T22:00:00.000000Z"
    assert sent["end_at"] == "2026-11-22T00:30:00.000000Z"


def test_a_relative_time_counts_from_now(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/tickets", Reply(status=201, body=TICKET))

    before = datetime.now(UTC)
    run(*PLANNING, "--start-at", "+1h", "--end-at", "+3h", "--force", "agreed", "--dry-run")
    after = datetime.now(UTC)

    sent = gateway.only("POST", f"{ORG}/tickets").body
    start = datetime.fromisoformat(sent["start_at"])
    assert before + timedelta(hours=1) <= start <= after + timedelta(hours=1)
    assert sent["force"] == {"reason": "agreed"}
    assert sent["dry_run"] is True


@pytest.mark.parametrize(
    "extra",
    [
        ("--start-at", "+1h"),
        ("--start-at", "+1h", "--end-at", "+2h", "--duration", "1h"),
        ("--start-at", "2026-11-21 22:00", "--duration", "1h"),
        ("--start-at", "2026-13-41T22:00:00Z", "--duration", "1h"),
        ("--start-at", "tomorrow", "--duration", "1h"),
        ("--start-at", "+1h", "--duration", "soon"),
        ("--start-at", "+9999999d", "--duration", "1h"),
        ("--start-at", "9999-12-31T00:00:00Z", "--duration", "48h"),
    ],
)
def test_a_window_that_cannot_be_read_is_wrong_usage_and_never_sent(
    extra: tuple[str, ...], gateway: StandIn, run: Run
) -> None:
    answer = run(*PLANNING, *extra)

    assert answer.exit_code == 2, answer.output
    assert gateway.asked == []


def test_overlaps_are_told(gateway: StandIn, run: Run) -> None:
    other = {"id": "x", "ref": "M20261120-opub", "title": "Dig", "end_at": None}
    shared = [{"kind": "link", "code": "ams-1:fra-1", "pubkey": "5Tn", "reason": "same"}]
    planned = {**TICKET, "conflicts": [{"ticket": other, "shared": shared}]}
    gateway.answers("POST", f"{ORG}/tickets", Reply(status=201, body=planned))

    answer = run(*PLANNING, "--start-at", "+1h", "--duration", "1h")

    assert "overlaps M20261120-opub on ams-1:fra-1" in answer.stdout


VERBS: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("incident", "ack", "", "acknowledge", {}),
    (
        "incident", "status", "--to mitigating --reason moved", "status",
        {"status": "mitigating", "reason": "moved"},
    ),
    ("incident", "severity", "--to sev1 --reason more", "severity",
     {"severity": "sev1", "reason": "more"}),
    ("incident", "assign", "--to alpha", "assignee", {"assignee": "alpha"}),
    ("incident", "assign", "--nobody", "assignee", {"assignee": None}),
    ("incident", "label", "--add a --add b --remove c", "labels",
     {"add": ["a", "b"], "remove": ["c"]}),
    ("incident", "comment", "--body hello --status monitoring", "updates",
     {"body": "hello", "status": "monitoring"}),
    ("incident", "resolve", "--resolution swapped --root-cause hardware", "status",
     {"status": "resolved", "resolution": "swapped", "root_cause": "hardware"}),
    ("incident", "close", "--resolution swapped --disposition fixed", "close",
     {"resolution": "swapped", "disposition": "fixed"}),
    ("incident", "reopen", "--reason again", "status",
     {"status": "investigating", "reason": "again"}),
    ("incident", "cancel", "--reason same --disposition duplicate --duplicate-of I1", "cancel",
     {"reason": "same", "disposition": "duplicate", "duplicate_of": "I1"}),
    ("incident", "publish", "--title T --status identified --body B --service api=major",
     "public-updates",
     {"title": "T", "status": "identified", "body": "B",
      "services": [{"code": "api", "impact": "major"}]}),
    ("maintenance", "start", "", "start", {}),
    ("maintenance", "complete", "", "complete", {}),
    ("maintenance", "extend", "--end-at 2026-11-22T01:00:00Z --force why", "extend",
     {"end_at": "2026-11-22T01:00:00.000000Z", "force": {"reason": "why"}}),
    ("maintenance", "cancel", "--reason moved", "cancel", {"reason": "moved"}),
    ("maintenance", "close", "--resolution done", "close", {"resolution": "done"}),
    ("maintenance", "confirm", "", "confirm", {}),
    ("maintenance", "comment", "--body hello", "updates", {"body": "hello"}),
    ("maintenance", "label", "--remove c", "labels", {"remove": ["c"]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "verb", "flags", "path", "body"), VERBS, ids=lambda value: str(value)[:24]
)
def test_each_verb_sends_its_body_to_its_path(
    kind: str, verb: str, flags: str, path: str, body: dict[str, Any], gateway: StandIn, run: Run
) -> None:
    gateway.answers("POST", f"{ORG}/tickets/{REF}/{path}", Reply(body=TICKET))

    answer = run(kind, verb, REF, *flags.split())

    assert answer.exit_code == 0, answer.output
    assert gateway.only("POST", f"{ORG}/tickets/{REF}/{path}").body == body


def test_the_analysis_is_put(gateway: StandIn, run: Run) -> None:
    gateway.answers("PUT", f"{ORG}/tickets/{REF}/rca", Reply(body=TICKET))

    assert run("incident", "rca", REF, "--url", "https://wiki.example/1").exit_code == 0

    sent = gateway.only("PUT", f"{ORG}/tickets/{REF}/rca")
    assert sent.body == {"url": "https://wiki.example/1"}
    assert "idempotency-key" not in sent.headers


def test_fields_are_changed_and_emptied_at_a_version(gateway: StandIn, run: Run) -> None:
    gateway.answers("PATCH", f"{ORG}/tickets/{REF}", Reply(body=TICKET))

    answer = run(
        "incident", "update", REF, "--title", "New", "--unset", "project_id", "--if-version", "3"
    )

    assert answer.exit_code == 0, answer.output
    sent = gateway.only("PATCH", f"{ORG}/tickets/{REF}")
    assert sent.body == {"title": "New", "project_id": None}
    assert sent.headers["if-match"] == '"3"'


def test_a_public_update_is_corrected_by_its_id(gateway: StandIn, run: Run) -> None:
    gateway.answers("PATCH", f"{ORG}/tickets/{REF}/public-updates/p1", Reply(body={"id": "p1"}))

    assert run("incident", "publish", REF, "--edit", "p1", "--body", "B").exit_code == 0
    assert gateway.only("PATCH", f"{ORG}/tickets/{REF}/public-updates/p1").body == {"body": "B"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("update", REF),
        ("label", REF),
        ("assign", REF),
        ("assign", REF, "--to", "a", "--nobody"),
        ("comment", REF),
        ("publish", REF, "--body", "B"),
        ("publish", REF, "--edit", "p1", "--status", "resolved"),
        ("publish", REF, "--status", "s", "--body", "b", "--service", "api"),
        ("get", ".."),
        ("get", ""),
    ],
    ids=" ".join,
)
def test_what_says_nothing_is_wrong_usage_and_changes_nothing(
    arguments: tuple[str, ...], gateway: StandIn, run: Run
) -> None:
    answer = run("incident", *arguments)

    assert answer.exit_code == 2, answer.output
    assert all(asked.path == "/v1/me" for asked in gateway.asked)


def test_every_filter_is_asked_for(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/tickets", Reply(body={"items": [TICKET], "next_cursor": None}))
    flags = (
        "--severity sev1 --severity sev2 --status open --active --created-by-contributor alpha "
        "--affects-contributor beta --mine --device ams-1 --link l --service api --environment e "
        "--project-id p --assignee a --label x --label y --correlation-key k --search fibre "
        "--created-after 2026-11-01T00:00:00Z --created-before 2026-11-02T00:00:00Z "
        "--overlaps-from 2026-11-03T00:00:00Z --overlaps-to 2026-11-04T00:00:00Z "
        "--sort severity --direction asc --limit 7 --wait-for 12 --dialect its"
    )

    answer = run("incident", "list", *flags.split())

    assert answer.exit_code == 0, answer.output
    assert sorted(gateway.only("GET", f"{ORG}/tickets").query) == sorted(
        [
            ("type", "incident"), ("severity", "sev1"), ("severity", "sev2"), ("status", "open"),
            ("active", "true"), ("created_by_contributor", "alpha"),
            ("affects_contributor", "beta"), ("mine", "true"), ("device_pubkey", "ams-1"),
            ("affected_link_pubkey", "l"), ("service", "api"), ("environment", "e"),
            ("project_id", "p"), ("assignee", "a"), ("label", "x"), ("label", "y"),
            ("correlation_key", "k"), ("q", "fibre"),
            ("created_after", "2026-11-01T00:00:00.000000Z"),
            ("created_before", "2026-11-02T00:00:00.000000Z"),
            ("overlaps_from", "2026-11-03T00:00:00.000000Z"),
            ("overlaps_to", "2026-11-04T00:00:00.000000Z"),
            ("sort", "severity"), ("direction", "asc"), ("wait_for", "12"), ("dialect", "its"),
            ("limit", "7"),
        ]
    )  # fmt: skip


def test_ended_means_not_active(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/tickets", Reply(body={"items": [], "next_cursor": None}))

    assert "nothing found" in run("incident", "list", "--ended").stdout
    assert ("active", "false") in gateway.only("GET", f"{ORG}/tickets").query


def test_planned_work_is_listed_with_its_window(gateway: StandIn, run: Run) -> None:
    planned = {
        **TICKET,
        "type": "maintenance",
        "start_at": "2026-11-21T22:00:00.000000Z",
        "end_at": "2026-11-22T02:30:00.000000Z",
    }
    gateway.answers("GET", f"{ORG}/tickets", Reply(body={"items": [planned], "next_cursor": None}))

    shown = run("maintenance", "list").stdout

    assert "2026-11-21 22:00Z (" in shown
    assert "to 2026-11-22 02:30Z" in shown


def page(start: int, count: int, cursor: str | None) -> Reply:
    items = [{**TICKET, "ref": f"I{n}"} for n in range(start, start + count)]
    return Reply(body={"items": items, "next_cursor": cursor})


def test_a_list_follows_cursors_up_to_its_limit(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/tickets", page(0, 200, "c1"), page(200, 50, "c2"))

    listed = json.loads(run("incident", "list", "--limit", "250", "--json").stdout)

    assert [ticket["ref"] for ticket in listed["items"]] == [f"I{n}" for n in range(250)]
    assert listed["next_cursor"] == "c2"
    queries = [dict(asked.query) for asked in gateway.asked if asked.path == f"{ORG}/tickets"]
    assert [(q["limit"], q.get("cursor")) for q in queries] == [("200", None), ("50", "c1")]


def test_all_goes_to_the_end(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/tickets", page(0, 3, "c1"), page(3, 3, "c2"), page(6, 1, None))

    listed = json.loads(run("incident", "list", "--all", "--json-compact").stdout)

    assert len(listed["items"]) == 7
    assert listed["next_cursor"] is None


def test_a_list_for_people_says_when_there_is_more(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/tickets", page(0, 50, "c1"))

    answer = run("incident", "list")

    assert "I49" in answer.stdout
    assert "ams-1:fra-1, api" in answer.stdout
    assert "there are more" in answer.stdout


def test_json_is_the_servers_own(gateway: StandIn, run: Run) -> None:
    unknown = {**TICKET, "later_field": [1, 2.5, None, "ü"], "updates": [], "updates_total": 0}
    gateway.answers("GET", f"{ORG}/tickets/{REF}", Reply(body=unknown))

    pretty = run("incident", "get", REF, "--json").stdout
    compact = run("incident", "get", REF, "--json-compact").stdout

    assert json.loads(pretty) == json.loads(compact) == unknown
    assert list(json.loads(compact)) == list(unknown)
    assert compact.count("\n") == 1
    assert pretty.count("\n") > 10


def test_what_goes_by_itself_is_one_line_of_a_timeline(gateway: StandIn, run: Run) -> None:
    tocsin = {"type": "system", "id": "tocsin", "name": "Tocsin"}
    mia = {"type": "user", "id": "m", "name": "Mia"}
    items = [
        {
            "at": "2026-11-20T14:05:00.000000Z",
            "actor": actor,
            "kind": "incident.redacted",
            "text": f"erased {what}",
        }
        for actor, what in ((mia, "body"), (tocsin, "author"), (tocsin, "text"))
    ]
    gateway.answers(
        "GET", f"{ORG}/tickets/{REF}/timeline", Reply(body={"items": items, "next_cursor": None})
    )
    told = run("incident", "timeline", REF).stdout
    assert "erased body" in told
    assert "erased what is kept no longer, in 2 entries" in told
    assert "erased author" not in told


def test_a_ticket_and_its_timeline_are_shown_whole(gateway: StandIn, run: Run) -> None:
    update = {
        "update_id": "u1", "author": "Anna", "timestamp": "2026-11-20T14:05:00.000000Z",
        "body": "[bold]splicing[/bold]", "status_from": "open", "status_to": "mitigating",
    }  # fmt: skip
    shown = {**TICKET, "updates": [update], "updates_total": 120}
    gateway.answers("GET", f"{ORG}/tickets/{REF}", Reply(body=shown))
    entry = {
        "kind": "incident.note_added", "recorded_at": "2026-11-20T14:05:00.000000Z",
        "actor": {"type": "user", "id": "m1", "name": "Anna"}, "data": {"body": "splicing"},
    }  # fmt: skip
    gateway.answers(
        "GET", f"{ORG}/tickets/{REF}/timeline", Reply(body={"items": [entry], "next_cursor": None})
    )

    card = run("incident", "get", REF).stdout
    told = run("incident", "timeline", REF).stdout

    assert "Alpha" in card or "alpha" in card
    assert "2026-11-20 14:00Z" in card
    assert "updates 120" in card
    assert "[bold]splicing[/bold]" in card
    assert "2026-11-20 14:05:00Z" in told
    assert "incident.note_added" in told
    assert "Anna" in told
    assert "body=splicing" in told


def test_what_is_shown_cannot_steer_the_terminal(gateway: StandIn, run: Run) -> None:
    nasty = {**TICKET, "title": "a\x1b[2Jb\x9b31mc\u202ed"}
    gateway.answers("GET", f"{ORG}/tickets/{REF}", Reply(body=nasty))
    gateway.answers("GET", f"{ORG}/tickets/x", problem(404, "not_found", detail="no\x1b[2J"))

    for answer in (
        run("incident", "get", REF),
        run("incident", "get", REF, "--json"),
        run("incident", "get", "x"),
    ):
        assert not set(answer.output) & {"\x1b", "\x9b"}
    assert "\u202e" not in run("incident", "get", REF).stdout
    assert json.loads(run("incident", "get", REF, "--json").stdout) == nasty
