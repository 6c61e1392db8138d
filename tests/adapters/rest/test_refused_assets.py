"""What is wrong with a device, link or interface is refused by a name, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.adapters.rest.asking import Client, client
from tests.handler.acting import pubkey

LINE: dict[str, Any] = {
    "code": "line",
    "pubkey": pubkey(31),
    "link_type": "WAN",
    "side_a": {"device": "ams-1", "interface": "Ethernet1"},
    "side_z": {"device": "fra-1", "interface": "Ethernet2"},
}
BOX: dict[str, Any] = {"code": "ams-2", "pubkey": pubkey(21)}
NEW = LINE | {
    "code": "new",
    "pubkey": pubkey(33),
    "side_a": {"device": "ams-1", "interface": "Ethernet10"},
    "side_z": {"device": "fra-1", "interface": "Ethernet10"},
}
SHORT = pubkey(31)[:20]
LONG = pubkey(31) + pubkey(31)[:4]
UNKNOWN = pubkey(99)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A link of the owner's and one of the teammate's are there; what is refused leaves it all as
    it is."""
    with client(tmp_path_factory.mktemp("desk")) as made:
        _furnish(made)
        yield made


def _furnish(gateway: Client) -> None:
    assert gateway.ask("POST", "/links", LINE).status == 201
    theirs = LINE | {
        "code": "theirs",
        "pubkey": pubkey(32),
        "side_a": {"device": "fra-1", "interface": "Ethernet8"},
        "side_z": {"device": "ams-1", "interface": "Ethernet8"},
    }
    assert gateway.ask("POST", "/links", theirs, who="teammate").status == 201
    named = {"name": "Ethernet9", "role": "cyoa"}
    assert gateway.ask("POST", "/devices/ams-1/interfaces", named).status == 201


def written(desk: Client) -> int:
    with desk.house.store.reading() as turn:
        return turn.last_position()


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "code", "says"),
    [
        ("POST", "/links", NEW | {"pubkey": SHORT}, "pubkey", "not_a_pubkey", "20 characters"),
        ("POST", "/links", NEW | {"pubkey": LONG}, "pubkey", "too_long", "44"),
        ("POST", "/links", NEW | {"pubkey": "0OIl" * 11}, "pubkey", "not_a_pubkey", "0"),
        ("POST", "/devices", BOX | {"pubkey": SHORT}, "pubkey", "not_a_pubkey", "20 characters"),
        (
            "POST",
            "/links",
            NEW | {"side_z": {"device": UNKNOWN, "interface": "e1"}},
            "side_z.device",
            "unknown_device",
            UNKNOWN,
        ),
        (
            "POST",
            "/links",
            NEW | {"side_a": {"device": "lon-1", "interface": "e1"}},
            "side_a.device",
            "unknown_device",
            "lon-1",
        ),
        (
            "POST",
            "/links",
            NEW | {"side_z": {"device": "ams-1", "interface": "Ethernet11"}},
            "side_z.device",
            "duplicate",
            "side_a",
        ),
        (
            "PATCH",
            "/links/line",
            {"side_z": {"device": "ams-1", "interface": "Ethernet5"}},
            "side_z.device",
            "duplicate",
            "side_a",
        ),
        (
            "POST",
            "/devices",
            BOX | {"dz_prefixes": ["198.51.100.0/29", "203.0.113.0/30"]},
            "dz_prefixes[1]",
            "out_of_range",
            "/30",
        ),
        (
            "PATCH",
            "/devices/ams-1",
            {"dz_prefixes": ["203.0.113.0/30"]},
            "dz_prefixes[0]",
            "out_of_range",
            "/30",
        ),
        (
            "POST",
            "/devices",
            BOX | {"interfaces": [{"name": "Ethernet1"}, {"name": "Ethernet1"}]},
            "interfaces[1].name",
            "duplicate",
            "'Ethernet1'",
        ),
        (
            "POST",
            "/devices/ams-1/interfaces",
            {"name": "Ethernet 1"},
            "name",
            "wrong_value",
            "Ethernet1/2",
        ),
        (
            "POST",
            "/links",
            NEW | {"code": "another", "pubkey": pubkey(31)},
            "pubkey",
            "taken",
            "",
        ),
        (
            "POST",
            "/links",
            NEW | {"side_a": {"device": "ams-1", "interface": "Ethernet1"}},
            "side_a.interface",
            "duplicate",
            "another link uses Ethernet1 of ams-1",
        ),
        (
            "PATCH",
            "/links/line",
            {"side_z": {"device": "fra-1", "interface": "Ethernet8"}},
            "side_z.interface",
            "duplicate",
            "another link uses Ethernet8 of fra-1",
        ),
        (
            "PATCH",
            "/links/line",
            {"link_type": "DZX"},
            "link_type",
            "forbidden_field",
            "register a new one",
        ),
        ("PATCH", "/links/line", {"pubkey": pubkey(77)}, "pubkey", "forbidden_field", "change"),
        (
            "PATCH",
            "/links/line",
            {"desired_status": "asleep"},
            "desired_status",
            "unknown_word",
            "asleep",
        ),
    ],
)
def test_a_wrong_field_is_named(
    desk: Client, method: str, path: str, body: Any, field: str, code: str, says: str
) -> None:
    before = written(desk)
    answer = desk.ask(method, path, body)
    assert answer.status in (409, 422), answer.body
    (error,) = answer.json["errors"]
    assert (error["field"], error["code"]) == (field, code), error
    assert says in error["detail"]
    assert written(desk) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/links/{UNKNOWN}", None),
        ("PATCH", f"/links/{UNKNOWN}", {"mtu": 9_000}),
        ("DELETE", f"/links/{UNKNOWN}", None),
        ("POST", f"/links/{UNKNOWN}/drain", {"to": "soft_drained"}),
        ("POST", f"/links/{UNKNOWN}/undrain", {}),
        ("POST", f"/links/{UNKNOWN}/accept", None),
        ("GET", f"/links/{UNKNOWN}/readiness", None),
        ("GET", f"/devices/{UNKNOWN}/readiness", None),
        ("POST", f"/devices/{UNKNOWN}/drain", {"to": "hard_drained"}),
        ("POST", f"/devices/{UNKNOWN}/interfaces", {"name": "Ethernet1"}),
        ("GET", f"/links/{SHORT}/readiness", None),
        ("POST", f"/links/{SHORT}/drain", {"to": "soft_drained"}),
    ],
)
def test_a_pubkey_that_nobody_has_is_not_found_by_its_name(
    desk: Client, method: str, path: str, body: Any
) -> None:
    before = written(desk)
    answer = desk.ask(method, path, body)
    assert (answer.status, answer.code) == (404, "not_found"), answer.body
    assert path.split("/")[2] in answer.json["detail"]
    assert written(desk) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/links/theirs", {"mtu": 9_000}),
        ("PATCH", "/links/theirs", {"desired_status": "activated"}),
        ("DELETE", "/links/theirs", None),
        ("POST", "/links/theirs/undrain", {}),
        ("POST", "/devices/fra-1/drain", {"to": "hard_drained"}),
        ("POST", "/devices/fra-1/interfaces", {"name": "Ethernet1"}),
        ("PATCH", "/devices/fra-1", {"max_users": 1}),
        (
            "POST",
            "/links",
            LINE
            | {
                "code": "mine",
                "pubkey": pubkey(41),
                "side_a": {"device": "fra-1", "interface": "Ethernet3"},
                "side_z": {"device": "ams-1", "interface": "Ethernet3"},
            },
        ),
    ],
)
def test_what_is_another_contributors_is_left_alone(
    desk: Client, method: str, path: str, body: Any
) -> None:
    before = written(desk)
    answer = desk.ask(method, path, body)
    assert (answer.status, answer.code) == (403, "forbidden"), answer.body
    assert "contributor" in answer.json["detail"]
    assert written(desk) == before
    # The other side of a link may drain it all the same, and nothing else.
    assert desk.ask("POST", "/links/theirs/drain", {"to": "soft_drained"}).status == 200


def test_an_interface_twice_is_refused_by_its_name(desk: Client) -> None:
    before = written(desk)
    twice = desk.ask("POST", "/devices/ams-1/interfaces", {"name": "Ethernet9"})
    assert (twice.status, twice.code) == (409, "conflict")
    assert "'Ethernet9'" in twice.json["detail"]
    assert written(desk) == before
