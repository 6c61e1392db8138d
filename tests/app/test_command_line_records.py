"""Records, policy, log, redaction and the doctor from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Run
from tests.app.stand_in_gateway import ME, ORG, Reply, StandIn, problem

CREATIONS: list[tuple[str, str, tuple[str, ...], dict[str, Any]]] = [
    (
        "device", "devices",
        ("--code", "ams-1", "--contributor", "alpha", "--pubkey", "8ZQ", "--location", "AMS"),
        {"code": "ams-1", "contributor": "alpha", "pubkey": "8ZQ", "location": "AMS"},
    ),
    (
        "link", "links",
        ("--code", "ams-1:fra-1", "--contributor", "alpha", "--pubkey", "5Tn", "--link-type", "WAN",
         "--side-a", "ams-1/Ethernet1", "--side-z", "fra-1/xe-0/0/0:1", "--mtu", "9000"),
        {"code": "ams-1:fra-1", "contributor": "alpha", "pubkey": "5Tn", "link_type": "WAN",
         "side_a": {"device": "ams-1", "interface": "Ethernet1"},
         "side_z": {"device": "fra-1", "interface": "xe-0/0/0:1"}, "mtu": 9000},
    ),
    (
        "location", "locations",
        ("--code", "ams", "--name", "Amsterdam", "--kind", "exchange", "--country", "NL",
         "--lat", "52.3702", "--lng", "4.8952"),
        {"code": "ams", "name": "Amsterdam", "kind": "exchange", "country": "NL",
         "lat": 52.3702, "lng": 4.8952},
    ),
    (
        "service", "services", ("--code", "api", "--name", "Public API"),
        {"code": "api", "name": "Public API"},
    ),
    (
        "contributor", "contributors",
        ("--code", "alpha", "--name", "Alpha", "--pubkey", "7Ab",
         "--contact", "NOC;phone;+31 20 1;24x7", "--contact", "Anna;email;anna@a.example"),
        {"code": "alpha", "name": "Alpha", "pubkey": "7Ab", "contacts": [
            {"name": "NOC", "method": "phone", "address": "+31 20 1", "hours": "24x7", "order": 0},
            {"name": "Anna", "method": "email", "address": "anna@a.example", "order": 1},
        ]},
    ),
    (
        "member", "members", ("--name", "Anna", "--role", "sre_lead", "--contributor", "alpha"),
        {"name": "Anna", "role": "sre_lead", "contributor": "alpha"},
    ),
    (
        "route", "routes",
        ("--name", "noc", "--event-kind", "incident.*", "--matcher", 'severity="sev1"',
         "--destination", "webhook", "--destination-url", "https://noc.example", "--backfill"),
        {"name": "noc", "match": {"kinds": ["incident.*"], "matchers": ['severity="sev1"']},
         "destination": {"kind": "webhook", "url": "https://noc.example"}, "backfill": True},
    ),
    (
        "entry-point", "entry-points",
        ("--name", "Payments", "--word", "checkout", "--word", "credit card", "--prompt", "Paying.",
         "--assignee", "alpha", "--severity", "sev2", "--service", "api", "--fallback",
         "--order", "7"),
        {"name": "Payments", "match": {"words": ["checkout", "credit card"], "prompt": "Paying."},
         "assignee": "alpha", "severity": "sev2", "service": "api", "is_fallback": True,
         "order": 7},
    ),
    (
        "rule", "rules",
        ("--name", "Dark", "--action", "create", "--matcher", 'severity="sev1"', "--connector",
         "am", "--link", "{labels.link}", "--storm-limit", "0"),
        {"name": "Dark", "action": "create", "match": {"matchers": ['severity="sev1"']},
         "connector": "am", "link": "{labels.link}", "storm_limit": 0},
    ),
    (
        "status-page", "status-pages",
        ("--code", "main", "--name", "Acme", "--service", "api", "--service", "dns",
         "--group", "Web = api, dns", "--time-zone", "Europe/Berlin", "--accent", "#1f6feb",
         "--network"),
        {"code": "main", "name": "Acme", "services": ["api", "dns"],
         "groups": [{"name": "Web", "services": ["api", "dns"]}], "time_zone": "Europe/Berlin",
         "accent": "#1f6feb", "shows_network": True},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sort", "path", "flags", "body"), CREATIONS, ids=lambda v: str(v)[:12])
def test_each_record_is_made_listed_shown_and_deleted(
    sort: str, path: str, flags: tuple[str, ...], body: dict[str, Any], gateway: StandIn, run: Run
) -> None:
    record = {"id": "r1", **body}
    gateway.answers("POST", f"{ORG}/{path}", Reply(status=201, body=record))
    gateway.answers("GET", f"{ORG}/{path}", Reply(body={"items": [record], "next_cursor": None}))
    gateway.answers("GET", f"{ORG}/{path}/r1", Reply(body=record))
    gateway.answers("DELETE", f"{ORG}/{path}/r1", Reply(status=204))

    made = run(sort, "create", *flags)
    listed = run(sort, "list")
    shown = run(sort, "get", "r1", "--json")
    gone = run(sort, "delete", "r1")

    assert [answer.exit_code for answer in (made, listed, shown, gone)] == [0, 0, 0, 0]
    assert gateway.only("POST", f"{ORG}/{path}").body == body
    assert str(body.get("code", body.get("name"))) in listed.stdout
    assert json.loads(shown.stdout) == record
    assert gone.stdout.strip() == f"{sort} r1 deleted"


def test_a_thing_is_named_by_position_code_or_pubkey_but_once(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/links/ams-1%3Afra-1", Reply(body={"code": "ams-1:fra-1"}))

    assert run("link", "get", "ams-1:fra-1").exit_code == 0
    assert run("link", "get", "--code", "ams-1:fra-1").exit_code == 0
    assert run("link", "get", "--pubkey", "ams-1:fra-1").exit_code == 0
    assert run("link", "get").exit_code == 2
    assert run("link", "get", "x", "--code", "y").exit_code == 2


def test_a_record_is_changed_and_emptied(gateway: StandIn, run: Run) -> None:
    gateway.answers("PATCH", f"{ORG}/contributors/alpha", Reply(body={"code": "alpha"}))

    answer = run("contributor", "update", "alpha", "--new-pubkey", "9Xy", "--unset", "slack_handle")

    assert answer.exit_code == 0, answer.output
    sent = gateway.only("PATCH", f"{ORG}/contributors/alpha").body
    assert sent == {"pubkey": "9Xy", "slack_handle": None}
    assert run("contributor", "update", "alpha").exit_code == 2


def test_a_new_keys_secret_stands_alone_on_standard_output(gateway: StandIn, run: Run) -> None:
    made = {"id": "k9", "name": "ci", "secret": "tk_k9_new"}
    again = {"id": "k9", "name": "ci"}
    gateway.answers("POST", f"{ORG}/keys", Reply(status=201, body=made))
    flags = ("--name", "ci", "--role", "member", "--allow-cidr", "192.0.2.0/24",
             "--expires-in-days", "90")  # fmt: skip

    answer = run("key", "create", *flags)
    as_json = run("key", "create", *flags, "--json")
    gateway.answers("POST", f"{ORG}/keys", Reply(status=201, body=again))
    replayed = run("key", "create", *flags)

    assert answer.stdout == "tk_k9_new\n"
    assert json.loads(answer.stderr) == again
    assert json.loads(as_json.stdout) == made
    assert (replayed.exit_code, replayed.stdout) == (1, "")
    assert "not shown again" in replayed.stderr
    assert gateway.asked[1].body == {
        "name": "ci", "role": "member", "allow_cidr": ["192.0.2.0/24"], "expires_in_days": 90,
    }  # fmt: skip


def test_a_key_is_revoked(gateway: StandIn, run: Run) -> None:
    gateway.answers("DELETE", f"{ORG}/keys/k9", Reply(status=204))

    assert run("key", "revoke", "k9").stdout.strip() == "key k9 revoked"


def test_a_routes_secret_comes_from_a_file(gateway: StandIn, run: Run, tmp_path: Path) -> None:
    gateway.answers("POST", f"{ORG}/routes", Reply(status=201, body={"id": "r"}))
    file = tmp_path / "secret"
    file.write_text("whsec_abc\n")

    answer = run(
        "route", "create", "--name", "n", "--destination", "webhook", "--secret-file", str(file)
    )

    assert answer.exit_code == 0, answer.output
    sent = gateway.only("POST", f"{ORG}/routes").body["destination"]
    assert sent == {"kind": "webhook", "secret": "whsec_abc"}
    assert "whsec_abc" not in answer.output


def test_services_and_groups_of_a_status_page_are_replaced_and_emptied(
    gateway: StandIn, run: Run
) -> None:
    gateway.answers("PATCH", f"{ORG}/status-pages/main", Reply(body={"code": "main"}))

    emptied = run("status-page", "update", "main", "--service", "", "--group", "",
                  "--unset", "about")  # fmt: skip

    assert emptied.exit_code == 0, emptied.output
    sent = gateway.only("PATCH", f"{ORG}/status-pages/main").body
    assert sent == {"services": [], "groups": [], "about": None}
    for group in ("Web", "Web=", "=api", "Web= ,"):
        wrong = run("status-page", "update", "main", "--group", group)
        assert (wrong.exit_code, "NAME=CODE" in wrong.output) == (2, True)


def test_words_of_an_entry_point_are_replaced_and_emptied(gateway: StandIn, run: Run) -> None:
    gateway.answers("PATCH", f"{ORG}/entry-points/e", Reply(body={"id": "e"}))

    assert run("entry-point", "update", "e", "--word", "dns", "--no-fallback").exit_code == 0
    changed = gateway.only("PATCH", f"{ORG}/entry-points/e").body
    assert changed == {"match": {"words": ["dns"]}, "is_fallback": False}
    gateway.asked.clear()

    emptied = run("entry-point", "update", "e", "--word", "", "--prompt", "", "--unset", "assignee")
    assert emptied.exit_code == 0
    changed = gateway.only("PATCH", f"{ORG}/entry-points/e").body
    assert changed == {"match": {"words": [], "prompt": None}, "assignee": None}


def test_a_route_is_switched_off_and_a_destination_replaced_whole(
    gateway: StandIn, run: Run
) -> None:
    gateway.answers("PATCH", f"{ORG}/routes/r", Reply(body={"id": "r"}))

    assert run("route", "update", "r", "--disabled").exit_code == 0
    assert gateway.only("PATCH", f"{ORG}/routes/r").body == {"enabled": False}
    assert run("route", "update", "r", "--destination-url", "https://x.example").exit_code == 2


def test_the_policy_is_read_and_changed(gateway: StandIn, run: Run) -> None:
    policy = {"severity_levels": 4, "auto_start": True, "pii_retention_days": None}
    gateway.answers("GET", f"{ORG}/policy", Reply(body=policy))
    gateway.answers("PATCH", f"{ORG}/policy", Reply(body=policy))

    shown = run("policy", "get")
    changed = run(
        "policy", "update", "--no-auto-start", "--forbid-overlap", "--severity-levels", "5",
        "--unset", "pii_retention_days",
    )  # fmt: skip

    assert "severity levels" in shown.stdout
    assert changed.exit_code == 0, changed.output
    assert gateway.only("PATCH", f"{ORG}/policy").body == {
        "auto_start": False, "forbid_overlap": True, "severity_levels": 5,
        "pii_retention_days": None,
    }  # fmt: skip
    assert run("policy", "update").exit_code == 2
    assert run("policy", "update", "--severity-levels", "6").exit_code == 2


def test_a_signal_is_attached_to_a_ticket(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/tickets/I1/signals", Reply(status=201, body={"id": "s"}))

    answer = run(
        "signal", "send", "--ticket", "I1", "--source", "nagios", "--summary", "DOWN",
        "--service", "api", "--label", "host=a=b", "--label", "team=noc", "--data", '{"n": 1}',
        "--state", "resolved", "--ts", "2026-11-20T14:00:00Z",
    )  # fmt: skip

    assert answer.exit_code == 0, answer.output
    assert gateway.only("POST", f"{ORG}/tickets/I1/signals").body == {
        "source": "nagios", "summary": "DOWN", "service_name": "api", "state": "resolved",
        "labels": {"host": "a=b", "team": "noc"}, "data": {"n": 1},
        "ts": "2026-11-20T14:00:00.000000Z",
    }  # fmt: skip
    for bad in (("--data", "[1]"), ("--data", "{"), ("--label", "x")):
        wrong = run("signal", "send", "--ticket", "I1", "--source", "s", "--summary", "x", *bad)
        assert wrong.exit_code == 2


def test_a_signal_without_a_ticket_is_told_and_its_verdict_said(gateway: StandIn, run: Run) -> None:
    verdict = {
        "signal_id": "s", "ticket_id": "t", "ticket_ref": "I1", "verdict": "attached",
        "because": "correlation_key", "reason": "I1 holds its key",
    }  # fmt: skip
    gateway.answers("POST", f"{ORG}/signals", Reply(status=202, body={"results": [verdict]}))

    answer = run("signal", "send", "--source", "cron", "--summary", "backup failed")

    assert answer.exit_code == 0, answer.output
    assert answer.output.strip() == "attached I1: I1 holds its key"
    assert gateway.only("POST", f"{ORG}/signals").body == {
        "source": "cron", "summary": "backup failed",
    }  # fmt: skip


def test_erasing_needs_a_yes(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/redactions", Reply(status=201, body={"id": "e2"}))

    unsure = run("redact", "e1", "--field", "body")
    sure = run("redact", "e1", "--field", "body", "--field", "title", "--yes")

    assert unsure.exit_code == 2
    assert sure.exit_code == 0, sure.output
    assert gateway.only("POST", f"{ORG}/redactions").body == {
        "event": "e1",
        "fields": ["body", "title"],
    }
    assert run("redact", "e1", "--yes").exit_code == 2


def test_why_something_was_erased_is_said_with_it(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", f"{ORG}/redactions", Reply(status=201, body={"id": "e2"}))

    done = run("redact", "e1", "--field", "body", "--reason", "asked for by Anna", "--yes")

    assert done.exit_code == 0, done.output
    body = gateway.only("POST", f"{ORG}/redactions").body
    assert body == {"event": "e1", "fields": ["body"], "reason": "asked for by Anna"}


def event(position: int) -> dict[str, Any]:
    return {
        "id": f"e{position}", "position": position, "version": 1, "kind": "incident.created",
        "schema": 1, "recorded_at": "2026-11-20T14:00:00.000000Z", "stream": "incident:1",
        "actor": {"type": "user", "id": "m1", "name": "Anna", "contributor": "alpha"},
        "via": "api", "data": {"title": "Loss"},
    }  # fmt: skip


def stream(*positions: int) -> Reply:
    """Server-sent events, with a comment that keeps the connection open before each."""
    text = "".join(f": on\n\nid: {n}\ndata: {json.dumps(event(n))}\n\n" for n in positions)
    return Reply(raw=text.encode(), headers={"Content-Type": "text/event-stream"})


def test_the_log_is_listed_after_a_position(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/events", Reply(body={"items": [event(8)], "next_cursor": None}))

    answer = run("events", "list", "--after", "7")

    assert ("after", "7") in gateway.only("GET", f"{ORG}/events").query
    for word in ("8", "incident.created", "Anna", "title=Loss"):
        assert word in answer.stdout


def test_following_resumes_where_the_stream_broke(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/stream", stream(8, 9), stream(10, 11))

    answer = run("events", "follow", "--after", "7", "--limit", "3", "--json")

    assert answer.exit_code == 0, answer.output
    assert [json.loads(line) for line in answer.stdout.splitlines()] == [
        event(n) for n in (8, 9, 10)
    ]
    asked = [a for a in gateway.asked if a.path == f"{ORG}/stream"]
    assert [a.headers["last-event-id"] for a in asked] == ["7", "9"]
    assert asked[0].headers["accept"] == "text/event-stream"


def test_following_for_people_prints_a_line_each(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/stream", stream(8))

    answer = run("events", "follow", "--limit", "1")

    assert answer.stdout.startswith("8  2026-11-20 14:00:00Z  incident.created  Anna  title=Loss")


def test_following_what_is_refused_says_so(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", f"{ORG}/stream", problem(403, "forbidden", title="Not allowed"))

    answer = run("events", "follow")

    assert answer.exit_code == 1
    assert answer.stderr.startswith("Not allowed")


def healthy(gateway: StandIn) -> None:
    gateway.answers("GET", "/healthz", Reply(body={"status": "ok"}))
    gateway.answers("GET", "/readyz", Reply(body={"status": "ok"}))


def verdicts(output: str) -> dict[str, bool]:
    return {finding["check"]: finding["well"] for finding in json.loads(output)}


def test_the_doctor_finds_all_well(gateway: StandIn, run: Run) -> None:
    healthy(gateway)

    answer = run("doctor")

    assert answer.exit_code == 0, answer.output
    assert "✗" not in answer.stdout
    lines = answer.stdout.splitlines()
    assert [line.split()[1] for line in lines] == [
        "transport", "reachable", "alive", "clock", "ready", "key", "role", "org",
    ]  # fmt: skip
    assert "sre_lead" in answer.stdout


def test_the_doctor_says_what_is_not_well_and_what_to_do(gateway: StandIn, run: Run) -> None:
    healthy(gateway)
    gateway.clock = "Thu, 01 Jan 2015 00:00:00 GMT"
    gateway.answers("GET", "/readyz", problem(503, "unavailable", title="Migrations pending"))
    gateway.answers("GET", "/v1/me", Reply(body={**ME, "role": None}))

    answer = run("doctor", TOCSIN_ORG="other")
    as_json = run("doctor", "--json", TOCSIN_ORG="other")

    assert answer.exit_code == as_json.exit_code == 1
    assert verdicts(as_json.stdout) == {
        "transport": True, "reachable": True, "alive": True, "clock": False, "ready": False,
        "key": True, "role": False, "org": False,
    }  # fmt: skip
    for word in ("NTP", "is its database up", "acme"):
        assert word in answer.stdout


def test_help_names_the_words_that_would_do(run: Run) -> None:
    def said(*command: str) -> str:
        return " ".join(run(*command, "--help").stdout.split())

    closing = said("incident", "close")
    assert "Why it happened. One of hardware, software, configuration," in closing
    assert "self_resolved, managed_software." in closing
    assert "What it speaks. One of alertmanager, grafana, pagerduty," in said("connector", "create")
    # Where the sentence has them, they are not said twice.
    assert "One of" not in said("device", "create")


def test_a_device_belongs_to_the_keys_contributor_unless_another_is_named(
    gateway: StandIn, run: Run
) -> None:
    gateway.answers("POST", f"{ORG}/devices", Reply(status=201, body={"code": "ams-1"}))

    made = run("device", "create", "--code", "ams-1", "--pubkey", "8ZQ")

    assert made.exit_code == 0, made.output
    asked = gateway.only("POST", f"{ORG}/devices")
    assert asked.body == {"code": "ams-1", "pubkey": "8ZQ"}


def test_the_doctor_names_connectors_that_are_silent_or_failing(gateway: StandIn, run: Run) -> None:
    def told(*words: tuple[str, str]) -> str:
        items = [
            {
                "code": code,
                "health": {"state": state, "silent_since": "2026-11-20T12:00:00.000000Z",
                           "failures_24h": 12},
            }
            for code, state in words
        ]  # fmt: skip
        body = {"items": items, "next_cursor": None}
        gateway.answers("GET", f"{ORG}/connectors", Reply(body=body))
        return run("doctor").stdout

    healthy(gateway)
    ill = told(("am", "silent"), ("grafana", "failing"), ("zabbix", "healthy"))
    assert "✗ connectors  am is silent since 2026-11-20T12:00:00.000000Z" in ill
    assert "✗ connectors  grafana fails: 12 payloads in 24 hours" in ill
    assert "zabbix" not in ill
    assert "✓ connectors  2, none silent" in told(("am", "healthy"), ("zabbix", "never_heard"))
    assert run("doctor").exit_code == 0


def test_the_doctor_names_routes_that_are_down_or_have_deliveries_parked(
    gateway: StandIn, run: Run
) -> None:
    def told(*words: tuple[str, bool, str, int]) -> str:
        items = [
            {
                "id": f"id-of-{name}", "name": name, "enabled": enabled,
                "delivery": {"state": state, "parked": parked,
                             "down_since": "2026-11-20T12:00:00.000000Z",
                             "down_reason": "503 was answered"},
            }
            for name, enabled, state, parked in words
        ]  # fmt: skip
        gateway.answers("GET", f"{ORG}/routes", Reply(body={"items": items, "next_cursor": None}))
        return run("doctor").stdout

    healthy(gateway)
    ill = told(
        *(("noc", True, "down", 0), ("to mail", True, "ok", 12)),
        *(("old", False, "down", 3), ("chat", True, "ok", 0)),
    )
    assert "✗ routes  noc is down since 2026-11-20T12:00:00.000000Z: 503 was answered" in ill
    assert "tocsin route test id-of-noc" in ill
    assert "✗ routes  to mail has 12 parked" in ill
    assert "tocsin delivery redrive --route 'to mail'" in ill
    assert "old" not in ill
    assert "chat" not in ill
    assert run("doctor").exit_code == 1
    assert "✓ routes  2, none down" in told(("noc", True, "ok", 0), ("chat", True, "ok", 0))
    assert run("doctor").exit_code == 0


def test_the_doctor_without_key_or_server(gateway: StandIn, run: Run) -> None:
    healthy(gateway)

    keyless = run("doctor", TOCSIN_API_KEY=None)
    gateway.answers("GET", "/v1/me", problem(401, "unauthenticated", title="Not authenticated"))
    revoked = run("doctor", "--json")
    nobody = run("doctor", "--json", TOCSIN_URL="http://127.0.0.1:9")

    assert [answer.exit_code for answer in (keyless, revoked, nobody)] == [1, 1, 1]
    assert "TOCSIN_API_KEY is not set" in keyless.stdout
    assert verdicts(revoked.stdout)["key"] is False
    assert verdicts(nobody.stdout) == {"transport": True, "reachable": False}


def test_whoami_shows_member_role_and_orgs(run: Run) -> None:
    answer = run("whoami")

    for word in ("Anna", "sre_lead", "alpha", "acme"):
        assert word in answer.stdout
    assert json.loads(run("whoami", "--json").stdout) == ME


def test_a_connectors_token_is_told_once_and_alone(gateway: StandIn, run: Run) -> None:
    made = {"id": "c1", "code": "am", "token": "0123456789abcdef0123456789abcdef"}
    gateway.answers("POST", f"{ORG}/connectors", Reply(status=201, body=made))
    gateway.answers("PATCH", f"{ORG}/connectors/am", Reply(body=made))

    done = run(
        *("connector", "create", "--kind", "generic", "--code", "am", "--name", "Alerts"),
        *("--contributor", "alpha", "--map", "summary=alert.title", "--map", "source=`x`"),
    )
    assert (done.exit_code, done.stdout) == (0, made["token"] + "\n")
    assert gateway.only("POST", f"{ORG}/connectors").body == {
        "kind": "generic",
        "code": "am",
        "name": "Alerts",
        "defaults": {"contributor": "alpha"},
        "mapping": {"summary": "alert.title", "source": "`x`"},
    }

    again = run("connector", "update", "am", "--new-token", "--environment", "", "--mode", "live")
    assert again.exit_code == 0
    changed = gateway.only("PATCH", f"{ORG}/connectors/am").body
    assert changed == {"token": None, "mode": "live", "defaults": {"environment": None}}
    assert again.stdout == made["token"] + "\n"
    assert run("connector", "update", "am", "--new-token", "--token-file", "-").exit_code == 2


def test_subscriptions_are_listed_by_page_and_ended(gateway: StandIn, run: Run) -> None:
    one = {"id": "s1", "kind": "email", "address": "ann@example.org", "services": []}
    gateway.answers(
        "GET", f"{ORG}/subscriptions", Reply(body={"items": [one], "next_cursor": None})
    )
    gateway.answers("DELETE", f"{ORG}/subscriptions/s1", Reply(body=one))

    listed = run("subscription", "list", "--page", "main")
    ended = run("subscription", "delete", "s1", "--json")

    assert (listed.exit_code, ended.exit_code) == (0, 0)
    assert "ann@example.org" in listed.stdout
    assert ("page", "main") in gateway.only("GET", f"{ORG}/subscriptions").query
    assert json.loads(ended.stdout) == one


def test_a_link_to_sign_in_is_ones_own_or_anothers(gateway: StandIn, run: Run) -> None:
    made = {"url": "https://desk.example/sign-in/link?token=x", "expires_at": "2026-11-20T12:15Z"}
    for name in ("m1", "other"):
        path = f"{ORG}/members/{name}/sign-in-link"
        gateway.answers("POST", path, Reply(status=201, body=made))

    assert made["url"] in run("member", "sign-in-link").stdout.replace("\n", "")
    assert json.loads(run("member", "sign-in-link", "other", "--json").stdout) == made
