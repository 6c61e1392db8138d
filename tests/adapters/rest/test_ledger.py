"""The registry is handed over whole, in the numbers of the ledger's own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.rest.asking import Client
from tests.adapters.rest.test_registry import LINK, link
from tests.handler.acting import pubkey


def ledger(gateway: Client) -> Any:
    answer = gateway.ask("GET", "/ledger")
    assert answer.status == 200, answer.body
    return answer.json


def test_the_numbers_are_those_of_the_ledger_and_say_their_words(gateway: Client) -> None:
    assert ledger(gateway)["numbers"] == {
        "health": {"unknown": 0, "pending": 1, "healthy": 2, "impaired": 3},
        "desired_status": {"activated": 0, "soft_drained": 1, "hard_drained": 2, "deleted": 3},
    }


def test_everything_is_on_it_by_pubkey(gateway: Client) -> None:
    place = {"code": "ams", "name": "Amsterdam", "kind": "exchange", "lat": 52, "lng": 4.5}
    assert gateway.ask("POST", "/locations", place, who="admin").status == 201
    link(gateway, bandwidth=10_000_000_000)
    to_users = {"name": "Ethernet7", "role": "cyoa"}
    assert gateway.ask("POST", "/devices/ams-1/interfaces", to_users).status == 201

    found = ledger(gateway)

    contributors = {one["pubkey"]: one["code"] for one in found["contributors"]}
    assert list(contributors) == sorted(contributors)
    ams, fra = (
        next(one for one in found["devices"] if one["code"] == code) for code in ("ams-1", "fra-1")
    )
    assert contributors[ams["contributor"]] == "alpha"
    assert (ams["status"], ams["health"], ams["desired_status"]) == ("hard_drained", 0, 2)
    interfaces = {one["name"]: one for one in ams["interfaces"]}
    assert interfaces["Ethernet7"]["desired_status"] == 2
    assert interfaces["Ethernet1"] | {"link": "DZX", "health": None} == interfaces["Ethernet1"]
    (made,) = found["links"]
    assert made == {
        "pubkey": LINK["pubkey"],
        "code": LINK["code"],
        "contributor": ams["contributor"],
        "link_type": "DZX",
        "side_a": {"device": ams["pubkey"], "interface": "Ethernet1"},
        "side_z": {"device": fra["pubkey"], "interface": "Ethernet2"},
        "bandwidth": 10_000_000_000,
        "mtu": None,
        "delay": None,
        "jitter": None,
        "delay_override": None,
        "status": "requested",
        "health": 0,
        "desired_status": 2,
    }
    assert found["exchanges"] == [
        {
            "pubkey": None,
            "code": "ams",
            "name": "Amsterdam",
            "country": None,
            "lat": 52.0,
            "lng": 4.5,
        }
    ]
    assert found["locations"] == []


@pytest.mark.parametrize(
    ("wish", "number"), [("activated", 0), ("soft_drained", 1), ("hard_drained", 2)]
)
def test_a_wish_is_written_as_its_number(gateway: Client, wish: str, number: int) -> None:
    body = {"code": "new", "contributor": "alpha", "pubkey": pubkey(77), "desired_status": wish}
    assert gateway.ask("POST", "/devices", body).status == 201

    (device,) = (one for one in ledger(gateway)["devices"] if one["code"] == "new")

    assert device["desired_status"] == number


def test_what_was_removed_is_not_on_it(gateway: Client) -> None:
    body = {"code": "new", "contributor": "alpha", "pubkey": pubkey(77)}
    assert gateway.ask("POST", "/devices", body).status == 201
    before = ledger(gateway)
    assert gateway.ask("DELETE", "/devices/new").status == 200

    after = ledger(gateway)

    codes = [[one["code"] for one in found["devices"]] for found in (before, after)]
    assert set(codes[0]) - set(codes[1]) == {"new"}
    assert after["position"] > before["position"]
