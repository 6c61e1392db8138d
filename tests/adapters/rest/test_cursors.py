"""Cursors are taken back by the list that gave them, and by no other."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.adapters.rest.asking import Client
from tocsin.adapters.rest.cursors import Place, make_cursor, read_cursor
from tocsin.core.errors import Invalid

KEY = b"k" * 32
LIST = ("net", "tickets", "sort=created_at")

places = st.lists(st.text(max_size=40) | st.integers(-(2**62), 2**62), max_size=4).map(tuple)


def refused(text: str, *, key: bytes = KEY, bound_to: tuple[str, ...] = LIST) -> bool:
    """Whether *text* is taken for no cursor of that list."""
    try:
        read_cursor(text, key=key, bound_to=bound_to)
    except Invalid as wrong:
        return [(one.field, one.code) for one in wrong.errors] == [("cursor", "bad_cursor")]
    return False


@for_all(place=places)
def test_a_cursor_brings_back_its_place(place: Place) -> None:
    text = make_cursor(place, key=KEY, bound_to=LIST)

    assert read_cursor(text, key=KEY, bound_to=LIST) == place
    assert text.replace("-", "").replace("_", "").isalnum(), "it goes into an address as it is"


@for_all(place=places, at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_cursor_that_was_changed_anywhere_is_none(place: Place, at: int, flip: int) -> None:
    text = make_cursor(place, key=KEY, bound_to=LIST)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[at % len(raw)] ^= flip

    assert refused(base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


@pytest.mark.parametrize(
    "bound_to",
    [
        (),
        LIST[:2],
        (*LIST, ""),
        ("elsewhere", *LIST[1:]),
        ("net", "events", LIST[2]),
        ("net", "tickets", "sort=severity"),
        ("nettickets", "", LIST[2]),
        (LIST[1], LIST[0], LIST[2]),
    ],
)
def test_another_list_query_or_org_does_not_take_it(bound_to: tuple[str, ...]) -> None:
    text = make_cursor(("2026-11-20T12:00:00.000000Z", 7), key=KEY, bound_to=LIST)

    assert refused(text, bound_to=bound_to)


def test_another_installation_does_not_take_it() -> None:
    assert refused(make_cursor((7,), key=KEY, bound_to=LIST), key=b"x" * 32)


@pytest.mark.parametrize("text", ["", "x", "====", "ä" * 20, "A" * 22, "A" * 1_025, "!!", "\x00"])
def test_what_never_was_one_is_refused(text: str) -> None:
    assert refused(text)


@for_all(text=st.text(max_size=80))
def test_nothing_else_is_one(text: str) -> None:
    assert refused(text)


def test_a_place_that_is_too_long_is_no_cursor() -> None:
    assert refused(make_cursor(("x" * 2_000,), key=KEY, bound_to=LIST))


@pytest.mark.parametrize(
    "other",
    [
        "/tickets?limit=1&sort=severity",
        "/tickets?limit=1&direction=asc",
        "/tickets?limit=1&label=x",
        "/tickets?limit=1&type=incident",
        "/tickets?limit=1&mine=true",
        "/tickets?limit=1&q=fibre",
        "/tickets/{ref}/updates?limit=1",
        "/tickets/{ref}/actions?limit=1",
        "/events?limit=1",
        "/devices?limit=1",
    ],
)
def test_over_http_a_cursor_is_bound_to_its_query(gateway: Client, other: str) -> None:
    ref = gateway.incident()["ref"]
    gateway.incident()
    cursor = gateway.ask("GET", "/tickets?limit=1").json["next_cursor"]
    assert gateway.ask("GET", f"/tickets?limit=1&cursor={cursor}").status == 200
    # How many, and in whose words, may change from page to page.
    assert gateway.ask("GET", f"/tickets?limit=2&cursor={cursor}").status == 200

    answer = gateway.ask("GET", f"{other.format(ref=ref)}&cursor={cursor}")

    assert answer.fields == {("cursor", "bad_cursor")}
    far = gateway.ask("GET", f"/v1/orgs/elsewhere/tickets?limit=1&cursor={cursor}", who="stranger")
    assert far.fields == {("cursor", "bad_cursor")}


@pytest.mark.parametrize("other", ["services", "entry-points", "connectors"])
def test_a_cursor_of_one_sort_is_none_of_another(gateway: Client, other: str) -> None:
    cursor = gateway.ask("GET", "/contributors?limit=1", who="admin").json["next_cursor"]
    assert gateway.ask("GET", f"/contributors?limit=1&cursor={cursor}", who="admin").status == 200

    wrong = gateway.ask("GET", f"/{other}?limit=1&cursor={cursor}", who="admin")

    assert wrong.fields == {("cursor", "bad_cursor")}


def test_a_cursor_of_one_ticket_is_none_of_another(gateway: Client) -> None:
    one, other = gateway.incident()["ref"], gateway.incident()["ref"]
    for ref in (one, other):
        for number in range(3):
            gateway.ask("POST", f"/tickets/{ref}/updates", {"body": f"Seen {number}."})

    for part in ("updates", "actions", "events", "timeline"):
        cursor = gateway.ask("GET", f"/tickets/{one}/{part}?limit=1").json["next_cursor"]
        assert gateway.ask("GET", f"/tickets/{one}/{part}?limit=1&cursor={cursor}").status == 200
        wrong = gateway.ask("GET", f"/tickets/{other}/{part}?limit=1&cursor={cursor}")
        assert wrong.fields == {("cursor", "bad_cursor")}, part
