"""Finding tickets over HTTP: filters, sorts, pages, words."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from tests.adapters.rest.asking import Client
from tocsin.projections.following import Followers


def refs(gateway: Client, query: str, *, who: str = "owner") -> list[str]:
    """The refs of a page, in its order."""
    answer = gateway.ask("GET", f"/tickets?{query}", who=who)
    assert answer.status == 200, answer.body
    return [one["ref"] for one in answer.json["items"]]


def follow(gateway: Client) -> None:
    """Let the followers come to the end of the log."""
    followers = Followers(
        store=gateway.house.store, clock=gateway.house.clock, timer=count().__next__
    )
    while followers() is not None:
        pass


@pytest.fixture
def some(gateway: Client) -> dict[str, str]:
    """A few tickets of different kinds: name → ref."""
    clock = gateway.house.clock
    made = {"first": gateway.incident("Fibre cut near Diemen", labels=["routing"])["ref"]}
    clock.pass_by(timedelta(minutes=1))
    made["second"] = gateway.incident(
        "Power lost", who="teammate", severity="sev1", device_pubkey=["fra-1"], services=["api"]
    )["ref"]
    clock.pass_by(timedelta(minutes=1))
    made["third"] = gateway.maintenance()["ref"]
    clock.pass_by(timedelta(minutes=1))
    gateway.ask("POST", f"/tickets/{made['first']}/close", {"root_cause": "fiber_cut"})
    return made


def test_a_list_is_newest_first_and_others_are_asked_for(
    gateway: Client, some: dict[str, str]
) -> None:
    first, second, third = some["first"], some["second"], some["third"]
    assert refs(gateway, "") == [third, second, first]
    assert refs(gateway, "direction=asc") == [first, second, third]
    assert refs(gateway, "sort=updated_at") == [first, third, second]
    assert refs(gateway, "sort=severity") == [second, first, third]
    assert refs(gateway, "sort=start_at") == [third, second, first]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type=incident", ["second", "first"]),
        ("status=closed", ["first"]),
        ("status=open&status=planned", ["third", "second"]),
        ("severity=sev1", ["second"]),
        ("severity=P1&severity=2", ["second", "first"]),
        ("active=true", ["third", "second"]),
        ("active=false", ["first"]),
        ("created_by_contributor=beta", ["second"]),
        ("affects_contributor=alpha", ["third", "first"]),
        ("mine=true", ["third", "first"]),
        ("device_pubkey=fra-1", ["second"]),
        ("device_pubkey=fra-1&device_pubkey=ams-1", ["third", "second", "first"]),
        ("affected_link_pubkey=nowhere", []),
        ("service=api", ["second"]),
        ("environment=Prod", ["third", "second", "first"]),
        ("environment=staging", []),
        ("label=routing", ["first"]),
        ("correlation_key=x", []),
        ("assignee=alpha", []),
        ("created_after=2026-11-20T12:01:00Z", ["third", "second"]),
        ("created_before=2026-11-20T12:01:00Z", ["first"]),
        ("overlaps_from=2026-11-22T01:00:00Z&overlaps_to=2026-11-22T03:00:00Z", ["third"]),
        ("type=incident&device_pubkey=ams-1&label=routing&status=closed", ["first"]),
        ("dialect=gateway&status=open", ["third", "second"]),
        ("dialect=its&severity=SEV1", ["second"]),
    ],
)
def test_filters(gateway: Client, some: dict[str, str], query: str, names: list[str]) -> None:
    expected = [some[name] for name in names]
    found = refs(gateway, query)
    # The second incident began before the maintenance does, and has not ended.
    if "overlaps" in query:
        expected = [some["third"], some["second"]]
    assert found == expected
    for sort in ("updated_at", "severity", "start_at"):
        assert sorted(refs(gateway, f"{query}&sort={sort}&direction=asc")) == sorted(expected)


@pytest.mark.parametrize(
    ("first", "last"), [("created_after", "created_before"), ("overlaps_from", "overlaps_to")]
)
def test_a_span_that_ends_before_it_begins_is_refused(
    gateway: Client, first: str, last: str
) -> None:
    noon, later = "2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z"

    refused = gateway.ask("GET", f"/tickets?{first}={later}&{last}={noon}")

    assert (refused.status, refused.fields) == (422, {(first, "wrong_order")})
    assert gateway.ask("GET", f"/tickets?{first}={noon}&{last}={noon}").status == 200


def test_unknown_words_are_named(gateway: Client) -> None:
    answer = gateway.ask("GET", "/tickets?status=exploded&severity=sev9&limit=0&sort=age")
    assert (answer.status, answer.code) == (422, "validation")
    assert answer.fields == {("limit", "out_of_range"), ("sort", "unknown_word")}
    answer = gateway.ask("GET", "/tickets?status=exploded&severity=sev9")
    assert answer.fields == {("status", "unknown_word"), ("severity", "unknown_word")}


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "severity", "start_at"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("filtering", ["", "&device_pubkey=ams-1", "&q=trouble"])
def test_pages_give_every_ticket_once(
    gateway: Client, sort: str, direction: str, filtering: str
) -> None:
    made = set()
    for number in range(11):
        gateway.house.clock.pass_by(timedelta(seconds=20))
        severity = f"sev{1 + number % 3}"
        made.add(gateway.incident(f"Trouble {number}", severity=severity)["ref"])
    follow(gateway)
    query = f"sort={sort}&direction={direction}&limit=3{filtering}"
    found: list[str] = []
    cursor = ""
    for _ in range(10):
        page = gateway.ask("GET", f"/tickets?{query}{cursor}").json
        found += [one["ref"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(found) == sorted(made)
    whole = refs(gateway, f"sort={sort}&direction={direction}&limit=200{filtering}")
    assert whole == found


def test_a_cursor_from_elsewhere_is_refused(gateway: Client) -> None:
    for number in range(3):
        gateway.incident(f"Trouble {number}")
    cursor = gateway.ask("GET", "/tickets?limit=1").json["next_cursor"]
    for query in (
        f"limit=1&sort=severity&cursor={cursor}",
        f"limit=1&label=routing&cursor={cursor}",
        "cursor=AAAA",
        f"cursor={cursor[:-2]}",
        "cursor=%C3%A9",
    ):
        answer = gateway.ask("GET", f"/tickets?{query}")
        assert answer.fields == {("cursor", "bad_cursor")}, query
    assert gateway.ask("GET", f"/tickets?limit=2&cursor={cursor}").status == 200


def test_words_are_found_once_the_search_has_come_so_far(gateway: Client) -> None:
    first = gateway.incident("Fibre cut near Diemen")
    second = gateway.incident("Power lost in Frankfurt", device_pubkey=["fra-1"])
    gateway.ask("POST", f"/tickets/{second['ref']}/updates", {"body": "Générateur en marche"})
    position = int(
        gateway.ask("POST", f"/tickets/{first['ref']}/acknowledge").headers["x-position"]
    )

    early = gateway.ask("GET", "/tickets?q=fibre")
    assert (early.json["items"], early.headers["x-indexed-position"]) == ([], "0")
    follow(gateway)
    late = gateway.ask("GET", f"/tickets?q=fibre&wait_for={position}")
    assert late.headers["x-indexed-position"] == str(position)
    assert [one["ref"] for one in late.json["items"]] == [first["ref"]]
    assert refs(gateway, "q=DIEM") == [first["ref"]]
    assert refs(gateway, "q=generateur+marche") == [second["ref"]]
    assert refs(gateway, f"q={second['ref']}") == [second["ref"]]
    assert refs(gateway, "q=ams-1") == [first["ref"]]
    assert refs(gateway, "q=fibre+frankfurt") == []
    assert refs(gateway, "q=lo&status=open") == [second["ref"]]
    assert refs(gateway, "q=l") == []
    assert gateway.ask("GET", "/tickets?q=%22%2A-").fields == {("q", "required")}
    # What the language of the index would take for a command is a word like any other.
    assert refs(gateway, "q=fibre+OR+power") == []


def test_strangers_find_nothing(gateway: Client) -> None:
    gateway.incident()
    assert gateway.ask("GET", "/tickets", who="stranger").status == 404
    follow(gateway)
    answer = gateway.ask("GET", "/v1/orgs/elsewhere/tickets?q=fibre", who="stranger")
    assert answer.json["items"] == []


def test_related_tickets_say_why(gateway: Client) -> None:
    first = gateway.incident(correlation_keys=["loss"], services=["api"])
    gateway.ask("POST", f"/tickets/{first['ref']}/close", {"root_cause": "hardware"})
    second = gateway.incident("Again", correlation_keys=["loss"])
    gateway.incident("Elsewhere", device_pubkey=["fra-1"])

    (related,) = gateway.ask("GET", f"/tickets/{second['ref']}/related").json["items"]
    assert related["ticket"]["ref"] == first["ref"]
    assert related["reasons"][0] == "correlation key loss"
    assert len(related["reasons"]) == 2


def test_the_timeline_has_the_last_write_whether_followed_or_not(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    follow(gateway)
    gateway.ask("POST", f"/tickets/{ref}/updates", {"body": "on it", "status": "investigating"})

    page = gateway.ask("GET", f"/tickets/{ref}/timeline?limit=2").json
    assert [one["kind"] for one in page["items"]] == ["incident.created", "incident.note_added"]
    rest = gateway.ask("GET", f"/tickets/{ref}/timeline?limit=2&cursor={page['next_cursor']}").json
    (moved,) = rest["items"]
    assert (moved["data"]["status_from"], moved["data"]["status_to"]) == ("open", "investigating")
    assert moved["actor"]["name"] == "owner"
    assert rest["next_cursor"] is None
    follow(gateway)
    again = gateway.ask("GET", f"/tickets/{ref}/timeline").json
    assert again["items"] == page["items"] + rest["items"]


@pytest.mark.parametrize(
    "path", ["/tickets?q=a%00b", "/tickets?q=%00", "/tickets?label=a%00b", "/tickets?assignee=%00"]
)
def test_a_character_that_no_text_has_finds_nothing(gateway: Client, path: str) -> None:
    gateway.incident("Loss on a b")

    answer = gateway.ask("GET", path)

    assert (answer.status, answer.code, {field for field, _ in answer.fields}) == (
        422,
        "validation",
        {path.partition("?")[2].partition("=")[0]},
    )


@pytest.mark.parametrize("path", ["/tickets/%00", "/members/a%00", "/devices/%00", "/routes/%00"])
def test_a_name_that_nothing_has_is_not_found(gateway: Client, path: str) -> None:
    assert gateway.ask("GET", path, who="admin").status == 404
