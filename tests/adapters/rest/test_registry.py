"""Devices and links: registered, named by code or pubkey, changed, replaced, removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.rest.asking import Client
from tests.handler.acting import pubkey

AMS_2 = {"code": "ams-2", "contributor": "alpha", "pubkey": pubkey(21)}
LINK = {
    "code": "ams-1:fra-1",
    "contributor": "alpha",
    "pubkey": pubkey(31),
    "link_type": "DZX",
    "side_a": {"device": "ams-1", "interface": "Ethernet1"},
    "side_z": {"device": pubkey(12), "interface": "Ethernet2"},
}


def link(gateway: Client, **given: object) -> Any:
    """Register a link and return it."""
    made = gateway.ask("POST", "/links", LINK | given)
    assert made.status == 201, made.body
    return made.json


def codes(gateway: Client, path: str) -> list[str]:
    """The codes that a list answers with."""
    page = gateway.ask("GET", path)
    assert page.status == 200, page.body
    return [one["code"] for one in page.json["items"]]


def test_a_device_is_registered_and_read_by_every_name(gateway: Client) -> None:
    body = AMS_2 | {"device_type": "Hybrid", "location": "AMS3", "public_ip": "2001:DB8::1"}

    made = gateway.ask("POST", "/devices", body)

    assert made.status == 201, made.body
    assert made.json == {
        "id": made.json["id"],
        "code": "ams-2",
        "pubkey": pubkey(21),
        "contributor": "alpha",
        "device_type": "hybrid",
        "location": "AMS3",
        "exchange": None,
        "public_ip": "2001:db8::1",
        "dz_prefixes": [],
        "max_users": None,
        "metrics_publisher": None,
        "mgmt_vrf": None,
        "status": "hard_drained",
        "health": "unknown",
        "desired_status": "hard_drained",
        "status_since": made.json["created_at"],
        "health_since": made.json["created_at"],
        "on_ledger": None,
        "interfaces": [],
        "waivers": [],
        "created_at": made.json["created_at"],
        "updated_at": made.json["created_at"],
        "version": 1,
    }
    for name in ("ams-2", pubkey(21), made.json["id"]):
        assert gateway.ask("GET", f"/devices/{name}").json == made.json


def test_who_is_bound_registers_for_its_own_contributor(gateway: Client) -> None:
    unsaid = gateway.ask("POST", "/devices", {"code": "ams-2", "pubkey": pubkey(21)})
    assert unsaid.json["contributor"] == "alpha"

    other = gateway.ask(
        "POST", "/devices", {"code": "fra-2", "pubkey": pubkey(22), "contributor": "beta"}
    )
    assert (other.status, other.code) == (403, "forbidden")


def test_a_device_belongs_to_somebody_who_is_known(gateway: Client) -> None:
    nobody = {"code": "ams-2", "pubkey": pubkey(21)}

    unsaid = gateway.ask("POST", "/devices", nobody, who="admin")
    unknown = gateway.ask("POST", "/devices", nobody | {"contributor": "gamma"}, who="admin")

    assert unsaid.fields == {("contributor", "required")}
    assert unknown.fields == {("contributor", "unknown_contributor")}


def test_a_device_changes_but_for_its_pubkey(gateway: Client) -> None:
    gateway.ask("POST", "/devices", AMS_2 | {"location": "AMS3"})

    changed = gateway.ask("PATCH", f"/devices/{pubkey(21)}", {"code": "ams-3", "location": None})

    assert changed.status == 200, changed.body
    assert (changed.json["code"], changed.json["location"]) == ("ams-3", None)
    assert gateway.ask("GET", "/devices/ams-2").status == 404
    refused = gateway.ask("PATCH", "/devices/ams-3", {"pubkey": pubkey(99)})
    assert refused.fields == {("pubkey", "forbidden_field")}


def test_only_its_owner_or_a_lead_changes_a_device(gateway: Client) -> None:
    gateway.house.invite("lead", org="net", role="sre_lead")

    assert gateway.ask("PATCH", "/devices/ams-1", {"location": "X"}, who="teammate").status == 403
    assert gateway.ask("PATCH", "/devices/ams-1", {"location": "X"}, who="lead").status == 200


def test_a_link_names_devices_by_code_and_pubkey(gateway: Client) -> None:
    made = link(gateway, bandwidth=10_000_000_000, mtu=9000)

    assert made["side_a"] == {
        "device": "ams-1",
        "device_pubkey": pubkey(11),
        "interface": "Ethernet1",
    }
    assert made["side_z"] == {
        "device": "fra-1",
        "device_pubkey": pubkey(12),
        "interface": "Ethernet2",
    }
    assert (made["contributor"], made["side_z_contributor"]) == ("alpha", "beta")
    assert (made["bandwidth"], made["mtu"], made["link_type"]) == (10_000_000_000, 9000, "DZX")
    for name in ("ams-1:fra-1", pubkey(31), made["id"]):
        assert gateway.ask("GET", f"/links/{name}").json == made


def test_a_link_says_what_is_wrong_with_its_sides(gateway: Client) -> None:
    unknown = {"device": "lon-1", "interface": "Ethernet1"}

    wrong = gateway.ask("POST", "/links", LINK | {"side_z": unknown, "link_type": "LAN"})
    short = gateway.ask("POST", "/links", LINK | {"side_a": {"device": "ams-1"}})

    assert wrong.fields == {("side_z.device", "unknown_device"), ("link_type", "unknown_word")}
    assert short.fields == {("side_a.interface", "required")}


def test_a_link_changes_side_and_size(gateway: Client) -> None:
    gateway.ask("POST", "/devices", AMS_2)
    link(gateway, mtu=9000)
    side = {"device": "ams-2", "interface": "Ethernet7"}

    changed = gateway.ask("PATCH", "/links/ams-1:fra-1", {"side_a": side, "mtu": None})

    assert changed.status == 200, changed.body
    assert changed.json["side_a"]["device"] == "ams-2"
    assert changed.json["side_z"]["device"] == "fra-1"
    assert changed.json["mtu"] is None


def test_names_of_one_sort_find_nothing_of_the_other(gateway: Client) -> None:
    link(gateway)

    assert gateway.ask("GET", f"/devices/{pubkey(31)}").status == 404
    assert gateway.ask("GET", f"/links/{pubkey(11)}").status == 404
    assert gateway.ask("PATCH", f"/links/{pubkey(11)}", {"mtu": 1500}).status == 404
    assert gateway.ask("DELETE", f"/devices/{pubkey(31)}").status == 404


def test_what_is_in_use_stays(gateway: Client) -> None:
    link(gateway)

    used = gateway.ask("DELETE", "/devices/ams-1")
    assert (used.status, used.code) == (409, "conflict")

    requested = gateway.ask("DELETE", "/links/ams-1:fra-1")
    assert (requested.status, requested.code) == (409, "link_not_hard_drained")
    gateway.ask("POST", "/links/ams-1:fra-1/drain", {"to": "hard_drained"})
    ended = gateway.ask("DELETE", "/links/ams-1:fra-1")
    assert ended.json["removed_at"].endswith("Z")
    assert gateway.ask("DELETE", "/devices/ams-1").status == 200
    assert codes(gateway, "/devices") == ["fra-1"]
    assert codes(gateway, "/links") == []


def test_lists_are_filtered_by_owner_and_device(gateway: Client) -> None:
    gateway.ask("POST", "/devices", AMS_2)
    link(gateway)
    side = {"device": "ams-2", "interface": "Ethernet1"}
    link(gateway, code="ams-2:fra-1", pubkey=pubkey(32), side_a=side)

    assert codes(gateway, "/devices?contributor=alpha") == ["ams-1", "ams-2"]
    assert codes(gateway, f"/devices?contributor={pubkey(2)}") == ["fra-1"]
    assert codes(gateway, "/devices?contributor=gamma") == []
    assert codes(gateway, "/links?device=ams-1") == ["ams-1:fra-1"]
    assert codes(gateway, f"/links?device={pubkey(12)}&contributor=alpha") == [
        "ams-1:fra-1",
        "ams-2:fra-1",
    ]
    assert codes(gateway, "/links?device=lon-1") == []
    assert codes(gateway, "/links?contributor=beta") == []


def test_a_list_names_what_each_of_its_items_names(gateway: Client) -> None:
    made = link(gateway)

    (listed,) = gateway.ask("GET", "/links").json["items"]

    assert listed == made


@pytest.mark.parametrize(
    ("path", "body", "changed"),
    [
        ("/devices/ams-2", AMS_2, {"location": "AMS4"}),
        ("/links/ams-1:fra-1", LINK, {"mtu": 1500}),
    ],
)
def test_put_registers_and_then_replaces(
    gateway: Client, path: str, body: dict[str, object], changed: dict[str, object]
) -> None:
    whole = {name: value for name, value in body.items() if name != "code"}

    created = gateway.ask("PUT", path, whole | changed)
    replaced = gateway.ask("PUT", path, whole)
    unowned = {name: value for name, value in whole.items() if name != "contributor"}

    assert created.status == 201, created.body
    assert replaced.status == 200, replaced.body
    (name,) = changed
    assert (created.json[name], replaced.json[name]) == (changed[name], None)
    # An owner that is left out stays.
    assert gateway.ask("PUT", path, unowned, who="admin").json["contributor"] == "alpha"
    other = gateway.ask("PUT", path, whole | {"pubkey": pubkey(77)})
    assert other.fields == {("pubkey", "forbidden_field")}


def test_two_links_may_ask_for_an_interface_but_only_one_is_accepted(gateway: Client) -> None:
    link(gateway)
    link(
        gateway,
        code="second",
        pubkey=pubkey(32),
        side_a={"device": "ams-1", "interface": "Ethernet3"},
    )
    assert gateway.ask("POST", "/links/second/accept", who="teammate").status == 200

    refused = gateway.ask("POST", "/links/ams-1:fra-1/accept", who="teammate")

    assert refused.status == 409, refused.body
    assert "another link uses Ethernet2 of fra-1 already" in refused.json["detail"]
    # What stands there already is no new wish: the rest of the link can still be put right.
    as_it_is = {"side_z": LINK["side_z"], "mtu": 9000}
    assert gateway.ask("PATCH", "/links/ams-1:fra-1", as_it_is).status == 200
    free = {"side_z": {"device": "fra-1", "interface": "Ethernet4"}}
    assert gateway.ask("PATCH", "/links/ams-1:fra-1", free).status == 200
    assert gateway.ask("POST", "/links/ams-1:fra-1/accept", who="teammate").status == 200


def test_a_side_moves_to_whom_it_is_asked_of_not_to_whom_it_was_never_asked_of(
    gateway: Client,
) -> None:
    gamma = {"code": "gamma", "name": "Gamma", "pubkey": pubkey(3)}
    assert gateway.ask("POST", "/contributors", gamma, who="admin").status == 201
    there = {"code": "lon-1", "contributor": "gamma", "pubkey": pubkey(23)}
    assert gateway.ask("POST", "/devices", there, who="admin").status == 201
    link(gateway)
    to_gamma = {"side_z": {"device": "lon-1", "interface": "Ethernet1"}}
    to_beta = {"side_z": LINK["side_z"]}

    moved = gateway.ask("PATCH", "/links/ams-1:fra-1", to_gamma)
    assert (moved.status, moved.json["side_z_contributor"]) == (200, "gamma"), moved.body
    told = gateway.ask("GET", "/events?limit=1000", who="admin")
    kinds = [one["kind"] for one in told.json["items"]]
    assert kinds.count("link.acceptance_requested") == 2
    assert gateway.ask("PATCH", "/links/ams-1:fra-1", to_beta).status == 200
    assert gateway.ask("POST", "/links/ams-1:fra-1/accept", who="teammate").status == 200

    refused = gateway.ask("PATCH", "/links/ams-1:fra-1", to_gamma)

    assert refused.status == 422, refused.body
    assert refused.fields == {("side_z.device", "forbidden_field")}
