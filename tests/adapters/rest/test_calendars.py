"""The maintenance calendar as it is served: read by a reader that is none of ours as we mean it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from circuit_maintenance_parser import (  # type: ignore[import-untyped]  # publishes no types
    NotificationData,
    init_provider,
)

from tests.adapters.rest.asking import Answer, Client, client
from tests.handler.acting import pubkey
from tocsin.adapters.maintnote.lines import OCTETS, lines_of, text_of
from tocsin.adapters.maintnote.notices import IMPACT_OUT
from tocsin.adapters.maintnote.reading import read
from tocsin.adapters.maintnote.writing import CalendarWriter
from tocsin.adapters.rest.application import make_probes
from tocsin.adapters.rest.calendars import LEFT_OUT, MOST_OCTETS, file_at

FEED = "/maintenance.ics"
TYPE = "text/calendar; charset=utf-8"
START, END = "2026-11-21T22:00:00Z", "2026-11-22T02:00:00Z"
LINK = {
    "code": "ams-1:fra-1",
    "contributor": "alpha",
    "pubkey": pubkey(31),
    "link_type": "DZX",
    "side_a": {"device": "ams-1", "interface": "Ethernet1"},
    "side_z": {"device": "fra-1", "interface": "Ethernet1"},
}
HOSTILE = [
    "Swap, splice; and \\n clean: 100 %",
    'x"; END:VEVENT',
    "🛰👩‍🚒 שלום " + "ö" * 150,
    "word " * 39 + "end",
]
PROSE = "One, two;\nthree \\n four\nEND:VCALENDAR\n\ttab 🛰\n" + "x" * 2_000 + "ö" * 2_000


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Client]:
    """A gateway that is told its address and whom its mail is from."""
    with client(
        tmp_path,
        public_url="https://tocsin.example.net/",
        calendars=CalendarWriter(organizer="Ring NOC <noc@example.net>"),
    ) as made:
        yield made


def served(gateway: Client, path: str = FEED, **more: Any) -> Answer:
    """A calendar, as it comes."""
    answer = gateway.ask("GET", path, **more)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == TYPE
    assert all(len(row) <= OCTETS for row in answer.body.split(b"\r\n"))
    return answer


def elsewhere(answer: Answer) -> list[dict[str, Any]]:
    """What the independent reader makes of it."""
    data = NotificationData.init_from_raw("ical", answer.body)
    assert data is not None
    return [json.loads(found.to_json()) for found in init_provider().get_maintenances(data)]


def refs(gateway: Client, query: str = "", **more: Any) -> list[str]:
    """Which maintenances are in the calendar, as our reader has it: of nothing, too."""
    found = served(gateway, FEED + query, **more)
    if b"BEGIN:VEVENT" not in found.body:
        return []
    return [notice.maintenance_ids[0] for notice in read(found.body)]


def moved(gateway: Client, ticket: str, verb: str, body: object = None) -> Any:
    """Have something happen to a maintenance."""
    answer = gateway.ask("POST", f"/tickets/{ticket}/{verb}", {} if body is None else body)
    assert answer.status == 200, answer.body
    return answer.json


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


# -- what it says --------------------------------------------------------------------------------


def test_an_independent_reader_reads_what_is_served_as_we_mean_it(told: Client) -> None:
    assert told.ask("POST", "/links", LINK).status == 201
    planned = told.maintenance(
        device_pubkey=["ams-1", "fra-1"],
        affected_link_pubkey=["ams-1:fra-1"],
        services=["transit"],
        impact="outage",
    )
    answer = served(told)
    (found,) = elsewhere(answer)

    assert found == {
        "account": "net",
        "circuits": [
            {"circuit_id": name, "impact": "OUTAGE"}
            for name in ("ams-1:fra-1", "ams-1", "fra-1", "transit")
        ],
        "start": seconds(START),
        "end": seconds(END),
        "maintenance_id": planned["ref"],
        "organizer": "mailto:noc@example.net",
        "provider": "tocsin.example.net",
        "sequence": planned["version"],
        "stamp": seconds(planned["updated_at"]),
        "status": "CONFIRMED",
        "summary": "Swap optic",
        "uid": f"{planned['id']}@tocsin",
    }
    names = [one.name for one in lines_of(answer.body)]
    assert "METHOD" not in names
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M" in answer.body
    assert answer.headers["content-disposition"] == 'inline; filename="maintenance.ics"'


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        ((), "CONFIRMED"),
        (("start",), "IN-PROCESS"),
        (("start", "complete"), "COMPLETED"),
        (("start", "complete", "close"), "COMPLETED"),
        (("cancel",), "CANCELLED"),
    ],
)
def test_every_status_is_told_with_the_same_uid_and_a_higher_sequence(
    gateway: Client, verbs: tuple[str, ...], status: str
) -> None:
    ticket = gateway.maintenance(start_at="2026-11-20T12:00:00Z")["id"]
    seen = elsewhere(served(gateway))
    for verb in verbs:
        gateway.house.clock.pass_by(timedelta(minutes=1))
        moved(gateway, ticket, verb)
        seen += elsewhere(served(gateway))

    assert seen[-1]["status"] == status
    assert {one["uid"] for one in seen} == {f"{ticket}@tocsin"}
    sequences = [one["sequence"] for one in seen]
    assert sequences == sorted(set(sequences))
    stamps = [one["stamp"] for one in seen]
    assert stamps == sorted(stamps)


def test_a_new_window_and_an_erased_text_raise_the_sequence_too(gateway: Client) -> None:
    planned = gateway.maintenance(description="Ask Jo, 555 0100.")
    moved(gateway, planned["id"], "extend", {"end_at": "2026-11-22T06:00:00Z"})
    (extended,) = elsewhere(served(gateway))
    events = gateway.ask("GET", f"/tickets/{planned['id']}/events").json["items"]
    erased = {"event": events[0]["id"], "fields": ["description"]}
    assert gateway.ask("POST", "/redactions", erased, who="admin").status == 201
    after = served(gateway)

    assert extended["end"] == seconds("2026-11-22T06:00:00Z")
    assert extended["sequence"] > planned["version"]
    assert elsewhere(after)[0]["sequence"] > extended["sequence"]
    assert b"555 0100" not in after.body


@pytest.mark.parametrize("impact", [impact.value for impact in IMPACT_OUT])
def test_every_impact_is_known_elsewhere(told: Client, impact: str) -> None:
    told.maintenance(impact=impact)
    (found,) = elsewhere(served(told))

    assert {one["impact"] for one in found["circuits"]} == {impact.upper().replace("_", "-")}


@pytest.mark.parametrize("title", HOSTILE)
def test_texts_come_through_whole(told: Client, title: str) -> None:
    planned = told.maintenance(title, description=PROSE)
    answer = served(told)
    (found,) = elsewhere(answer)
    (notice,) = read(answer.body)

    assert found["uid"] == f"{planned['id']}@tocsin"
    assert notice.summary == planned["title"]
    # The reader elsewhere takes a backslash and an n that somebody wrote for the end of a line.
    assert found["summary"] == planned["title"].replace("\\n", "\n")
    assert notice.description == planned["description"].strip()


def test_a_link_between_two_contributors_is_in_the_calendar_of_both(gateway: Client) -> None:
    assert gateway.ask("POST", "/links", LINK).status == 201
    shared = gateway.maintenance(device_pubkey=[], affected_link_pubkey=["ams-1:fra-1"])["ref"]
    own = gateway.maintenance()["ref"]
    theirs = gateway.maintenance(who="teammate", device_pubkey=["fra-1"])["ref"]

    assert set(refs(gateway, "?contributor=alpha")) == {shared, own}
    assert set(refs(gateway, "?contributor=beta")) == {shared, theirs}
    assert set(refs(gateway, "?contributor=alpha&contributor=beta")) == {shared, own, theirs}
    assert refs(gateway, "?contributor=beta&link=ams-1:fra-1") == [shared]
    assert refs(gateway, f"?link={pubkey(31)}") == [shared]
    assert refs(gateway, "?device=ams-1") == [own]
    assert set(refs(gateway, "?device=ams-1&device=fra-1")) == {own, theirs}
    assert refs(gateway, "?device=ams-1&link=ams-1:fra-1") == []


# -- what is in it -------------------------------------------------------------------------------


def test_it_has_what_is_active_and_what_was_over_in_the_last_ninety_days(gateway: Client) -> None:
    gateway.incident()
    early = gateway.maintenance("Early", start_at="2026-11-21T01:00:00Z")
    called_off = gateway.maintenance("Called off")
    overdue = gateway.maintenance("Overdue", start_at="2026-11-21T02:00:00Z")
    moved(gateway, early["id"], "cancel")
    moved(gateway, called_off["id"], "cancel")

    assert refs(gateway) == [early["ref"], overdue["ref"], called_off["ref"]]
    gateway.house.clock.pass_by(timedelta(days=91))
    assert set(refs(gateway)) == {early["ref"], overdue["ref"], called_off["ref"]}
    gateway.house.clock.pass_by(timedelta(days=1))
    assert refs(gateway) == [overdue["ref"]]


def test_a_window_of_ones_own_has_what_is_in_effect_then(gateway: Client) -> None:
    first = gateway.maintenance()["ref"]
    second = gateway.maintenance(start_at="2026-12-01T00:00:00Z", end_at="2026-12-02T00:00:00Z")[
        "ref"
    ]
    over = gateway.maintenance(start_at="2026-11-25T00:00:00Z", end_at="2026-11-26T00:00:00Z")
    moved(gateway, over["id"], "cancel")

    def between(query: str) -> list[str]:
        return refs(gateway, f"?{query}")

    assert between("from=2026-11-22T02:00:00Z") == [over["ref"], second]
    assert between("to=2026-11-25T00:00:00Z") == [first]
    assert between("from=2026-11-21T23:00:00Z&to=2026-11-22T00:00:00Z") == [first]
    assert between("from=2027-01-01T00:00:00Z") == []


def test_the_calendar_of_nothing_is_a_calendar(gateway: Client) -> None:
    body = served(gateway).body

    assert body.startswith(b"BEGIN:VCALENDAR\r\n")
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert b"X-WR-CALNAME:Net maintenance" in body


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("contributor=gamma", "contributor[0]", "unknown_contributor"),
        ("device=ams-1&device=ams-2", "device[1]", "unknown_device"),
        ("link=ams-1", "link[0]", "unknown_link"),
        ("from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00Z", "from", "wrong_order"),
        ("from=yesterday", "from", "bad_instant"),
        ("since=2026-11-20T00:00:00Z", "since", "unknown_field"),
        ("token=tk_x_y", "token", "unknown_field"),
    ],
)
def test_what_cannot_be_chosen_is_said_by_name(
    gateway: Client, query: str, field: str, code: str
) -> None:
    answer = gateway.ask("GET", f"{FEED}?{query}")

    assert answer.status == 422, answer.body
    assert answer.fields == {(field, code)}


def test_what_has_left_the_registry_is_still_found_by_its_pubkey(gateway: Client) -> None:
    assert gateway.ask("POST", "/links", LINK).status == 201
    planned = gateway.maintenance(device_pubkey=[], affected_link_pubkey=["ams-1:fra-1"])
    moved(gateway, planned["id"], "cancel")
    drained = gateway.ask("POST", "/links/ams-1:fra-1/drain", {"to": "hard_drained"})
    assert drained.status == 200
    assert gateway.ask("DELETE", "/links/ams-1:fra-1").status == 200

    assert refs(gateway, f"?link={pubkey(31)}") == [planned["ref"]]
    assert gateway.ask("GET", f"{FEED}?link=ams-1:fra-1").fields == {("link[0]", "unknown_link")}


def test_it_is_bounded_and_says_what_it_leaves_out(told: Client) -> None:
    """Rather without the oldest of what is over than without bound, and never without what is yet
    to come."""
    at_once = MOST_OCTETS // 10_000
    planned = []
    for number in range(at_once):
        hour = f"2026-11-{21 + number // 24:02}T{number % 24:02}:00:00Z"
        made = told.maintenance(
            start_at=hour, end_at="2026-12-01T00:00:00Z", description="x" * 10_000
        )
        planned.append(made)
        moved(told, made["id"], "cancel")
    coming = told.maintenance(start_at="2026-11-20T13:00:00Z")["ref"]
    answer = served(told)
    found = [notice.maintenance_ids[0] for notice in read(answer.body)]
    (remark,) = [text_of(one.value) for one in lines_of(answer.body) if one.name == "X-WR-CALDESC"]

    assert 0.8 * at_once < len(found) < at_once
    assert found == [coming, *(one["ref"] for one in planned[-len(found) + 1 :])]
    assert remark == LEFT_OUT
    assert MOST_OCTETS * 0.8 < len(answer.body) < MOST_OCTETS * 1.1
    assert b"X-WR-CALDESC" not in served(told, f"{FEED}?to=2026-11-21T01:00:00Z").body


def test_more_than_fits_that_is_yet_to_come_is_refused_and_not_cut(told: Client) -> None:
    for _ in range(MOST_OCTETS // 10_000):
        told.maintenance(description="x" * 10_000)
    answer = told.ask("GET", FEED)

    assert (answer.status, answer.fields) == (422, {("to", "too_many")})


# -- one maintenance -----------------------------------------------------------------------------


def test_one_maintenance_is_a_file_by_id_and_by_ref(gateway: Client) -> None:
    planned = gateway.maintenance()
    gateway.maintenance("Another")
    by_ref = served(gateway, f"/tickets/{planned['ref']}.ics")
    by_id = served(gateway, f"/tickets/{planned['id']}.ics")

    assert by_ref.body == by_id.body
    assert [one["maintenance_id"] for one in elsewhere(by_ref)] == [planned["ref"]]
    named = f'attachment; filename="{planned["ref"]}.ics"'
    assert by_id.headers["content-disposition"] == named
    assert b"REFRESH-INTERVAL" not in by_ref.body


def test_an_incident_has_no_place_in_a_calendar(gateway: Client) -> None:
    incident = gateway.incident()
    answer = gateway.ask("GET", f"/tickets/{incident['ref']}.ics")

    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.json["detail"] == (
        f"{incident['ref']} is an incident; only a maintenance has a place in a calendar"
    )


@pytest.mark.parametrize("name", ["M20261121-none", "nothing", ".", "x.ics", "..%2fpolicy"])
def test_what_is_not_there_is_not_found(gateway: Client, name: str) -> None:
    for beginning in ("", "/v1"):
        answer = gateway.ask("GET", f"{beginning}/tickets/{name}.ics")
        assert (answer.status, answer.code) == (404, "not_found")


def test_only_a_file_has_the_suffix() -> None:
    assert file_at("/v1/orgs/net/tickets/M1.ics") is not None
    assert file_at("/v1/tickets/M1.ics") is not None
    for path in (
        "/v1/orgs/net/tickets/M1",
        "/v1/orgs/net/tickets/.ics",
        "/v1/orgs/net/tickets/M1.ics/updates",
        "/v1/orgs/net/maintenance.ics",
        "/v1/orgs//tickets/M1.ics",
        "/v1/orgs/net/x/tickets/M1.ics",
    ):
        assert file_at(path) is None, path


def test_the_file_is_read_only(gateway: Client) -> None:
    planned = gateway.maintenance()
    for method in ("PATCH", "PUT", "POST", "DELETE"):
        for beginning in ("", "/v1"):
            where = f"{beginning}/tickets/{planned['ref']}.ics"
            assert gateway.ask(method, where, {"title": "x"}).status in (404, 405)
    assert gateway.ask("GET", f"/tickets/{planned['ref']}").json["version"] == planned["version"]


# -- who may, and how ----------------------------------------------------------------------------


def basic(gateway: Client, who: str, *, user: str = "calendar") -> dict[str, str]:
    """The key of one of the cast as the password of HTTP Basic."""
    pair = base64.b64encode(f"{user}:{gateway.key_of(who)}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def test_without_an_org_in_the_path_it_is_the_one_of_the_key(gateway: Client) -> None:
    planned = gateway.maintenance()
    where = f"/v1/tickets/{planned['ref']}.ics"

    assert served(gateway, "/v1/maintenance.ics").body == served(gateway).body
    assert served(gateway, where).body == served(gateway, f"/tickets/{planned['ref']}.ics").body
    assert b"VEVENT" not in served(gateway, "/v1/maintenance.ics", who="stranger").body
    assert gateway.ask("GET", where, who="stranger").code == "not_found"
    assert gateway.ask("GET", f"/v1/tickets/{planned['id']}.ics", who="stranger").status == 404
    for path in (where, "/v1/maintenance.ics", FEED):
        assert gateway.ask("GET", path, who=None).code == "unauthenticated"


def test_another_org_has_a_calendar_of_its_own(gateway: Client) -> None:
    planned = gateway.maintenance()
    theirs = "/v1/orgs/elsewhere/maintenance.ics"

    assert b"VEVENT" not in served(gateway, theirs, who="stranger").body
    for path in (FEED, f"/tickets/{planned['ref']}.ics"):
        assert gateway.ask("GET", path, who="stranger").code == "not_found"
    for query in ("device=ams-1", "contributor=alpha"):
        assert gateway.ask("GET", f"{theirs}?{query}", who="stranger").status == 422
    assert b"VEVENT" not in served(gateway, f"{theirs}?device={pubkey(11)}", who="stranger").body
    assert gateway.ask("GET", theirs).code == "not_found"


def test_a_calendar_program_gives_the_key_as_a_password(gateway: Client) -> None:
    planned = gateway.maintenance()
    for path in (FEED, "/v1/maintenance.ics", f"/tickets/{planned['ref']}.ics"):
        for user in ("calendar", "", "zoë"):
            answer = gateway.ask("GET", path, who=None, headers=basic(gateway, "owner", user=user))
            assert answer.body == served(gateway, path).body
    for path in (FEED, f"/tickets/{planned['ref']}.ics"):
        answer = gateway.ask("GET", path, who=None, headers=basic(gateway, "stranger"))
        assert answer.code == "not_found"


@pytest.mark.parametrize(
    "given", ["Basic", "Basic !", "Basic dGs=", "Basic dTp0a19hX2I=", "Basic " + "eA" * 5_000]
)
def test_a_wrong_password_is_asked_for_again(gateway: Client, given: str) -> None:
    answer = gateway.ask("GET", FEED, who=None, headers={"Authorization": given})

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert gateway.key_of("owner").encode() not in answer.body


def test_a_password_opens_calendars_and_nothing_else(gateway: Client) -> None:
    gateway.maintenance()
    for method, path, body in (
        ("GET", "/tickets", None),
        ("GET", "/v1/me", None),
        ("POST", "/tickets", {"type": "incident", "title": "x"}),
    ):
        answer = gateway.ask(method, path, body, who=None, headers=basic(gateway, "owner"))
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert "Basic" not in answer.headers["www-authenticate"]


def test_a_viewer_may_read_it_and_a_revoked_key_may_not(gateway: Client) -> None:
    gateway.house.invite("viewer", org="net", role="viewer")
    key = gateway.house.keys["viewer"].key_id
    served(gateway, who="viewer")
    gateway.ask("DELETE", f"/keys/{key}", who="admin")

    assert gateway.ask("GET", FEED, who="viewer").code == "unauthenticated"
    answer = gateway.ask("GET", FEED, who=None, headers=basic(gateway, "viewer"))
    assert answer.code == "unauthenticated"


# -- asked again and again -----------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(gateway: Client) -> None:
    planned = gateway.maintenance()
    for path in (FEED, f"/tickets/{planned['ref']}.ics"):
        first = served(gateway, path)
        tag = first.headers["etag"]
        for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = gateway.ask("GET", path, headers={"If-None-Match": held})
            assert (again.status, again.body) == (304, b"")
            assert again.headers["etag"] == tag
            assert "content-length" not in again.headers
        assert first.headers["cache-control"] == "private, no-cache"
        assert gateway.ask("GET", path, headers={"If-None-Match": '"other"'}).status == 200


def test_a_change_of_anything_it_says_is_sent(gateway: Client) -> None:
    planned = gateway.maintenance()
    tags = [served(gateway).headers["etag"]]

    def changed() -> bool:
        answer = gateway.ask("GET", FEED, headers={"If-None-Match": tags[-1]})
        tags.append(answer.headers["etag"])
        return answer.status == 200

    gateway.house.clock.pass_by(timedelta(hours=1))
    assert not changed()
    moved(gateway, planned["id"], "cancel")
    assert changed()
    renamed = gateway.ask("PATCH", "/devices/ams-1", {"code": "ams-01"})
    assert renamed.status == 200, renamed.body
    assert changed()
    assert elsewhere(served(gateway))[0]["circuits"][0]["circuit_id"] == "ams-01"
    gateway.incident(device_pubkey=["ams-01"])
    assert not changed()


# -- where it says it is from --------------------------------------------------------------------


def test_who_is_told_no_address_is_named_as_it_was_asked(gateway: Client) -> None:
    where = f"/tickets/{gateway.maintenance()['ref']}.ics"

    def provider(host: str) -> tuple[str, str]:
        (found,) = elsewhere(served(gateway, where, headers={"Host": host}))
        return found["provider"], found["organizer"]

    assert provider("noc.example:8443") == ("noc.example", "mailto:noreply@noc.example")
    for host in ("", "[", "a b", "x\x00y", "evil\u00e9", 'a";b', "[::1", "h" * 300, "h:99999999"):
        assert provider(host) == ("localhost", "mailto:noreply@localhost"), host


def test_a_gateway_without_a_writer_has_no_calendars(tmp_path: Path) -> None:
    with client(tmp_path, calendars=None) as bare:
        for path in (FEED, "/v1/maintenance.ics"):
            assert bare.ask("GET", path).code == "not_found"


def test_a_process_that_answers_only_those_who_run_it_has_none(gateway: Client) -> None:
    path = f"/tickets/{gateway.maintenance()['ref']}.ics"
    served(gateway, path)
    gateway.application = make_probes(gateway.gateway)

    for asked in (path, FEED, "/v1/maintenance.ics"):
        assert gateway.ask("GET", asked).code == "not_found"
