"""The same request twice: one deed, and the answer of the first (API: Idempotency-Key)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.adapters.rest.asking import Answer, Client
from tests.handler.acting import NOON

ONCE = {"Idempotency-Key": "once"}
INCIDENT = {
    "type": "incident",
    "title": "Loss",
    "description": "3 % since noon.",
    "severity": "sev3",
    "device_pubkey": ["ams-1"],
}


def open_it(gateway: Client, *, who: str = "owner", key: str = "once", **given: object) -> Answer:
    """Open an incident under an idempotency key."""
    headers = {"Idempotency-Key": key}
    return gateway.ask("POST", "/tickets", INCIDENT | given, who=who, headers=headers)


def tickets(gateway: Client) -> list[str]:
    """The ids of all tickets, oldest first."""
    page = gateway.ask("GET", "/tickets?direction=asc&limit=200").json
    return [one["id"] for one in page["items"]]


def last_position(gateway: Client) -> int:
    """How far the log goes."""
    with gateway.house.store.reading() as turn:
        return turn.last_position()


def test_a_repeat_gets_the_first_answer_and_does_nothing(gateway: Client) -> None:
    first = open_it(gateway)
    reached = last_position(gateway)
    gateway.house.clock.pass_by(timedelta(minutes=1))

    again = open_it(gateway)

    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("etag", "x-position", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert last_position(gateway) == reached


def test_a_repeat_says_how_it_was_then_whatever_came_since(gateway: Client) -> None:
    first = open_it(gateway)
    closed = gateway.ask("POST", f"/tickets/{first.json['id']}/close", {"resolution": "spliced"})
    assert closed.status == 200

    assert open_it(gateway).body == first.body


def test_a_repeat_of_what_can_no_longer_be_done_still_gets_its_answer(gateway: Client) -> None:
    ref = gateway.incident()["ref"]
    comment = {"body": "Seen.", "status": "investigating"}
    first = gateway.ask("POST", f"/tickets/{ref}/updates", comment, headers=ONCE)
    gateway.ask("POST", f"/tickets/{ref}/close", {})

    again = gateway.ask("POST", f"/tickets/{ref}/updates", comment, headers=ONCE)

    assert (again.status, again.body) == (201, first.body)


def test_the_writer_remembers_across_a_restart(gateway: Client) -> None:
    """What is kept is in the database, not in the process."""
    first = open_it(gateway)
    with gateway.house.store.writing() as turn:
        rows = turn.select("SELECT count(*) FROM receipts", org_id=None)

    assert rows == [(1,)] or rows == ((1,),)
    assert open_it(gateway).headers["idempotency-replayed"] == "true"
    assert tickets(gateway) == [first.json["id"]]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"type": "incident"}',
        b'{"type": ',
        b"[1, 2]",
        b"\xff\xfe",
        b'{"type": "incident", "titel": "x"}',
        b"",
    ],
    ids=["invalid", "cut off", "a list", "no text", "unknown field", "empty"],
)
def test_the_key_with_another_body_is_refused_whatever_the_body(
    gateway: Client, raw: bytes
) -> None:
    open_it(gateway)
    reached = last_position(gateway)

    other = gateway.ask("POST", "/tickets", raw=raw, headers=ONCE)

    assert (other.status, other.code) == (422, "idempotency_mismatch")
    assert last_position(gateway) == reached


def test_the_key_with_another_good_body_is_refused(gateway: Client) -> None:
    open_it(gateway)

    other = open_it(gateway, title="Something else")

    assert (other.status, other.code) == (422, "idempotency_mismatch")
    assert len(tickets(gateway)) == 1


def test_the_key_with_another_query_is_refused(gateway: Client) -> None:
    open_it(gateway)

    other = gateway.ask("POST", "/tickets?dialect=its", INCIDENT, headers=ONCE)

    assert (other.status, other.code) == (422, "idempotency_mismatch")


def test_another_media_type_with_the_same_body_is_still_that(gateway: Client) -> None:
    open_it(gateway)

    other = gateway.ask("POST", "/tickets", INCIDENT, headers=ONCE | {"Content-Type": "text/plain"})

    assert (other.status, other.code) == (415, "unsupported_media")


def test_a_refusal_leaves_the_key_free(gateway: Client) -> None:
    refused = open_it(gateway, device_pubkey=["nowhere"])
    assert refused.status == 422

    assert open_it(gateway).status == 201


def test_a_dry_run_leaves_the_key_free(gateway: Client) -> None:
    tried = open_it(gateway, dry_run=True)
    assert (tried.status, "idempotency-replayed" in tried.headers) == (200, False)

    done = open_it(gateway)
    assert done.status == 201
    assert "idempotency-replayed" not in done.headers
    assert tickets(gateway) == [done.json["id"]]

    tried = open_it(gateway, dry_run=True, title="Power lost")
    assert (tried.status, "idempotency-replayed" in tried.headers) == (200, False)


def test_keys_of_two_credentials_have_nothing_to_do_with_each_other(gateway: Client) -> None:
    mine, theirs = open_it(gateway), open_it(gateway, who="teammate", title="Power lost")

    assert (mine.status, theirs.status) == (201, 201)
    assert mine.json["id"] != theirs.json["id"]
    assert open_it(gateway).json["id"] == mine.json["id"]
    again = open_it(gateway, who="teammate", title="Power lost")
    assert again.json["id"] == theirs.json["id"]


def test_two_paths_have_nothing_to_do_with_each_other(gateway: Client) -> None:
    one, other = gateway.incident()["id"], gateway.incident()["id"]
    said = {"body": "Seen."}

    first = gateway.ask("POST", f"/tickets/{one}/updates", said, headers=ONCE)
    second = gateway.ask("POST", f"/tickets/{other}/updates", said, headers=ONCE)

    assert (first.json["ticket_id"], second.json["ticket_id"]) == (one, other)
    assert "idempotency-replayed" not in second.headers


def test_only_post_takes_a_key(gateway: Client) -> None:
    ref = gateway.incident()["ref"]

    first = gateway.ask("PATCH", f"/tickets/{ref}", {"title": "Cut"}, headers=ONCE)
    second = gateway.ask("PATCH", f"/tickets/{ref}", {"title": "Cut at IX"}, headers=ONCE)

    assert (first.json["title"], second.json["title"]) == ("Cut", "Cut at IX")


def test_after_a_day_the_key_is_fresh(gateway: Client) -> None:
    first = open_it(gateway)
    gateway.house.clock.now = NOON + timedelta(hours=24, seconds=-1)
    assert open_it(gateway).headers["idempotency-replayed"] == "true"
    gateway.house.clock.now = NOON + timedelta(hours=24, seconds=1)

    later = open_it(gateway, title="Loss again")
    assert later.status == 201, later.body
    assert "idempotency-replayed" not in later.headers
    assert tickets(gateway) == [first.json["id"], later.json["id"]]
    # From here on the key stands for the second, for another day.
    repeated = open_it(gateway, title="Loss again")
    assert repeated.headers["idempotency-replayed"] == "true"
    assert repeated.json["id"] == later.json["id"]
    assert open_it(gateway).code == "idempotency_mismatch"


def test_a_malformed_body_after_a_day_is_just_that(gateway: Client) -> None:
    open_it(gateway)
    gateway.house.clock.now = NOON + timedelta(hours=24, seconds=1)

    late = gateway.ask("POST", "/tickets", raw=b"{", headers=ONCE)

    assert (late.status, late.code) == (400, "malformed")


def test_twins_at_the_same_time_make_one_ticket(gateway: Client) -> None:
    async def twins() -> list[Answer]:
        return await asyncio.gather(
            *(gateway.asked("POST", "/tickets", INCIDENT, headers=ONCE) for _ in range(8))
        )

    answers = gateway.loop.run_until_complete(twins())

    assert {one.status for one in answers} == {201}
    assert len({one.body for one in answers}) == 1
    assert sum("idempotency-replayed" not in one.headers for one in answers) == 1
    assert tickets(gateway) == [answers[0].json["id"]]


def test_twins_with_different_bodies_make_one_ticket(gateway: Client) -> None:
    async def twins() -> list[Answer]:
        return await asyncio.gather(
            *(
                gateway.asked("POST", "/tickets", INCIDENT | {"title": title}, headers=ONCE)
                for title in ("Loss", "Power lost")
            )
        )

    answers = gateway.loop.run_until_complete(twins())

    assert sorted(one.status for one in answers) == [201, 422]
    assert len(tickets(gateway)) == 1


def test_attaching_twice_under_a_key_says_it_once(gateway: Client) -> None:
    holder = gateway.incident(correlation_keys=["ams-1:loss"])["id"]
    attach = {"initial_correlation_key": "ams-1:loss", "on_conflict": "attach"}

    first, again = open_it(gateway, **attach), open_it(gateway, **attach)

    assert (first.status, again.status) == (200, 200)
    assert first.json["id"] == again.json["id"] == holder
    assert again.headers["idempotency-replayed"] == "true"
    assert len(gateway.ask("GET", f"/tickets/{holder}/updates").json["items"]) == 1


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "required"),
        (" ", "required"),
        ("x" * 256, "too_long"),
        ("a\tb", "bad_character"),
        ("a\x7fb", "bad_character"),
    ],
)
def test_a_key_that_is_none_is_refused(gateway: Client, key: str, code: str) -> None:
    refused = open_it(gateway, key=key)

    assert (refused.status, refused.fields) == (422, {("Idempotency-Key", code)})
    assert tickets(gateway) == []


def test_the_longest_key_is_one(gateway: Client) -> None:
    assert open_it(gateway, key="x" * 255).status == 201
    assert open_it(gateway, key="x" * 255).headers["idempotency-replayed"] == "true"


def test_a_repeat_by_a_revoked_key_is_refused(gateway: Client) -> None:
    open_it(gateway)
    key_id = gateway.house.keys["owner"].key_id
    assert gateway.ask("DELETE", f"/keys/{key_id}", who="admin").status == 200

    assert open_it(gateway).status == 401


@pytest.mark.parametrize("title", [INCIDENT["title"], "Something else"])
def test_what_was_erased_does_not_come_back_by_a_repeat(gateway: Client, title: str) -> None:
    first = open_it(gateway)
    (opened,) = gateway.ask("GET", f"/tickets/{first.json['id']}/events").json["items"]
    body = {"event": opened["id"], "fields": ["description"]}
    assert gateway.ask("POST", "/redactions", body, who="admin").status == 201
    reached = last_position(gateway)

    again = open_it(gateway, title=title)

    assert (again.status, again.code) == (422, "idempotency_mismatch")
    assert "erased since" in again.json["detail"]
    assert last_position(gateway) == reached
    assert tickets(gateway) == [first.json["id"]]
    gateway.house.clock.pass_by(timedelta(hours=24, seconds=1))
    assert open_it(gateway).status == 201
