"""Routes: which facts go where, and the secrets that go with them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.rest.asking import Answer, Client, client
from tests.adapters.rest.test_records import behind
from tocsin.adapters.rest.destinations import refuse_inside, refuse_other_key
from tocsin.core.errors import Invalid
from tocsin.core.record_commands import (
    DestinationDraft,
    UpdateRoute,
)
from tocsin.core.records import Route

WEBHOOK = {"kind": "webhook", "url": "https://hooks.example.net/noc"}
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def ask(gateway: Client, destination: object = WEBHOOK, **given: object) -> Answer:
    """Ask for a route."""
    body = {"name": "noc", "destination": destination} | given
    return gateway.ask("POST", "/routes", body, who="admin")


def route(gateway: Client, destination: object = WEBHOOK, **given: object) -> Any:
    """Make a route and return it."""
    made = ask(gateway, destination, **given)
    assert made.status == 201, made.body
    return made.json


def sealed(gateway: Client, identity: str) -> bytes | None:
    """The secret that is sealed for a route; the house seals by turning text round."""
    with gateway.house.store.reading() as turn:
        head = turn.head(gateway.house.orgs["net"], f"route:{identity}")
        assert head is not None
        assert isinstance(head.state, Route)
        rows = turn.select(
            "SELECT sealed FROM secrets WHERE id = ?",
            (head.state.destination.secret_id,),
            org_id=None,
        )
    if not rows:
        return None
    (row,) = rows
    return bytes(row[0])[::-1]


def change(gateway: Client, identity: str, **given: object) -> Answer:
    """Change a route."""
    return gateway.ask("PATCH", f"/routes/{identity}", given, who="admin")


def test_a_webhook_without_a_secret_gets_one_that_is_told_once(gateway: Client) -> None:
    made = route(gateway, match={"kinds": ["incident.*"], "matchers": ['severity=~"sev[12]"']})

    assert made["secret"].startswith("whsec_")
    assert len(base64.b64decode(made["secret"][6:], validate=True)) == 32
    assert sealed(gateway, made["id"]) == made["secret"].encode()
    assert made["destination"] == {
        "kind": "webhook",
        "url": "https://hooks.example.net/noc",
        "address": None,
        "channel": None,
        "table_base": None,
        "has_secret": True,
    }
    assert made["match"] == {"kinds": ["incident.*"], "matchers": ['severity=~"sev[12]"']}
    assert (made["enabled"], made["contributor"]) == (True, None)
    read = gateway.ask("GET", f"/routes/{made['id']}", who="admin").json
    assert read.pop("delivery")["state"] == "ok"
    assert read == {name: value for name, value in made.items() if name != "secret"}


def test_a_secret_that_is_given_is_never_said_again(gateway: Client) -> None:
    made = ask(gateway, WEBHOOK | {"secret": SECRET})

    assert made.status == 201, made.body
    assert "secret" not in made.json
    assert made.json["destination"]["has_secret"] is True
    assert sealed(gateway, made.json["id"]) == SECRET.encode()
    for path in (f"/routes/{made.json['id']}", "/routes", "/events?limit=1000"):
        shown = gateway.ask("GET", path, who="admin")
        assert shown.status == 200
        assert SECRET[6:].encode() not in shown.body


def test_a_replay_leaves_the_secret_out(gateway: Client) -> None:
    body, key = {"name": "noc", "destination": WEBHOOK}, {"Idempotency-Key": "one"}

    first = gateway.ask("POST", "/routes", body, who="admin", headers=key)
    again = gateway.ask("POST", "/routes", body, who="admin", headers=key)

    assert again.json == {n: value for n, value in first.json.items() if n != "secret"}
    assert sealed(gateway, first.json["id"]) == first.json["secret"].encode()


@pytest.mark.parametrize(
    "secret",
    [
        "open sesame",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + base64.b64encode(bytes(32)).decode()[:-1],
        "whsec_" + "é" * 32,
        base64.b64encode(bytes(32)).decode(),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(gateway: Client, secret: str) -> None:
    refused = ask(gateway, WEBHOOK | {"secret": secret})

    assert refused.status == 422
    assert refused.fields == {("destination.secret", "bad_secret")}
    assert secret.removeprefix("whsec_").encode() not in refused.body or secret == "whsec_"


@pytest.mark.parametrize("size", [24, 32, 64])
def test_keys_of_24_to_64_bytes_are_keys(size: int) -> None:
    refuse_other_key("whsec_" + base64.b64encode(bytes(size)).decode())


def test_only_webhooks_need_a_secret(gateway: Client) -> None:
    plain = route(gateway, {"kind": "slack", "channel": "#noc"}, name="slack")
    token = {"kind": "airtable", "table_base": "appX/tblY", "secret": "pat.1"}
    keyed = route(gateway, token, name="table")

    assert "secret" not in plain
    assert plain["destination"]["has_secret"] is False
    assert keyed["destination"]["has_secret"] is True
    assert sealed(gateway, keyed["id"]) == b"pat.1"


def test_a_destination_says_what_its_kind_needs(gateway: Client) -> None:
    assert ask(gateway, {"kind": "email"}).fields == {("destination.address", "required")}
    assert ask(gateway, {"kind": "fax"}).status == 422
    assert ask(gateway, WEBHOOK | {"channel": "#noc"}).fields == {
        ("destination.channel", "forbidden_field")
    }
    assert ask(gateway, match={"kinds": ["member.*"]}).fields == {
        ("match.kinds[0]", "unknown_word")
    }
    assert ask(gateway, match={"matchers": ["colour=red"]}).fields == {
        ("match.matchers[0]", "bad_match")
    }


# -- changes -------------------------------------------------------------------------------------


def test_a_route_changes_only_in_what_is_said(gateway: Client) -> None:
    made = route(gateway, match={"kinds": ["incident.*"], "matchers": ["severity=sev1"]})

    off = change(gateway, made["id"], enabled=False)
    assert off.status == 200, off.body
    assert (off.json["enabled"], off.json["version"]) == (False, 2)
    narrowed = change(gateway, made["id"], match={"matchers": []})
    assert narrowed.json["match"] == {"kinds": ["incident.*"], "matchers": []}
    owned = change(gateway, made["id"], contributor="alpha", name="alpha-noc")
    assert (owned.json["contributor"], owned.json["name"]) == ("alpha", "alpha-noc")
    assert change(gateway, made["id"], contributor=None).json["contributor"] is None
    assert change(gateway, "nothing", enabled=False).status == 404
    assert change(gateway, "nothing", destination=WEBHOOK).status == 404


def test_another_address_keeps_the_secret(gateway: Client) -> None:
    made = route(gateway)

    moved = change(gateway, made["id"], destination=WEBHOOK | {"url": "https://b.example.net/"})

    assert moved.status == 200, moved.body
    assert "secret" not in moved.json
    assert moved.json["destination"]["url"] == "https://b.example.net/"
    assert moved.json["destination"]["has_secret"] is True
    assert sealed(gateway, made["id"]) == made["secret"].encode()


def test_a_new_secret_replaces_the_old_one(gateway: Client) -> None:
    made = route(gateway)

    turned = change(gateway, made["id"], destination=WEBHOOK | {"secret": SECRET})

    assert turned.status == 200, turned.body
    assert sealed(gateway, made["id"]) == SECRET.encode()


def test_another_kind_has_a_secret_of_its_own(gateway: Client) -> None:
    made = route(gateway)

    mail = change(gateway, made["id"], destination={"kind": "email", "address": "noc@a.example"})
    assert mail.json["destination"]["has_secret"] is False
    back = change(gateway, made["id"], destination=WEBHOOK)
    assert back.json["secret"].startswith("whsec_")
    assert back.json["secret"] != made["secret"]


def test_a_secret_that_was_just_set_is_not_undone(gateway: Client) -> None:
    """Somebody sets a secret between the look at the route and the commit."""
    made = route(gateway)
    theirs = DestinationDraft(kind="webhook", url=WEBHOOK["url"], secret_id="s-9")
    late = behind(gateway, "route", UpdateRoute(destination=theirs), subject=made["id"])

    moved = change(late, made["id"], destination=WEBHOOK | {"url": "https://b.example.net/"})

    assert moved.status == 200, moved.body
    assert moved.json["version"] == 3
    with gateway.house.store.reading() as turn:
        head = turn.head(gateway.house.orgs["net"], f"route:{made['id']}")
    assert head is not None
    assert isinstance(head.state, Route)
    assert head.state.destination.secret_id == "s-9"


def test_a_stale_version_changes_no_route(gateway: Client) -> None:
    made = route(gateway)
    change(gateway, made["id"], enabled=False)

    stale = gateway.ask(
        "PATCH",
        f"/routes/{made['id']}",
        {"destination": WEBHOOK | {"url": "https://b.example.net/"}},
        who="admin",
        headers={"If-Match": '"1"'},
    )

    assert stale.status == 412


def test_a_route_is_removed(gateway: Client) -> None:
    made = route(gateway)

    assert gateway.ask("DELETE", f"/routes/{made['id']}", who="admin").json["removed_at"]
    assert gateway.ask("GET", "/routes", who="admin").json["items"] == []


def test_routes_are_filtered(gateway: Client) -> None:
    route(gateway, name="all")
    route(gateway, name="own", contributor="alpha", enabled=False)

    def names(query: str) -> list[str]:
        page = gateway.ask("GET", f"/routes{query}", who="admin").json
        return [one["name"] for one in page["items"]]

    assert names("?contributor=alpha") == ["own"]
    assert names("?enabled=true") == ["all"]
    assert names("?enabled=true&contributor=alpha") == []
    assert names("") == ["all", "own"]


def test_a_bound_lead_has_routes_of_its_own_contributor(gateway: Client) -> None:
    gateway.house.invite("lead", org="net", role="sre_lead", contributor="alpha")
    body = {"name": "alpha", "destination": WEBHOOK}
    theirs = route(gateway, contributor="beta")

    own = gateway.ask("POST", "/routes", body, who="lead")
    assert own.json["contributor"] == "alpha"
    other = gateway.ask("POST", "/routes", body | {"contributor": "beta"}, who="lead")
    assert other.status == 403
    moved = {"destination": WEBHOOK | {"url": "https://evil.example.net/"}}
    refused = gateway.ask("PATCH", f"/routes/{theirs['id']}", moved, who="lead")
    assert refused.status == 403
    assert "secret" not in refused.json
    assert gateway.ask("GET", "/routes", who="owner").status == 403


# -- addresses -----------------------------------------------------------------------------------

INSIDE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1:8443/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://api.localhost/",
    "https://db.local/",
    "https://vault.internal/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://redis/",
]


@pytest.mark.parametrize("url", INSIDE)
def test_an_address_inside_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        refuse_inside(url)

    (error,) = refused.value.errors
    assert (error.field, error.code) == ("destination.url", "private_address")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.net/", "plain_http"),
        ("HTTP://hooks.example.net/", "plain_http"),
        ("ftp://hooks.example.net/", "plain_http"),
        ("https://", "bad_address"),
        ("https://[::1/", "bad_address"),
        ("hooks.example.net", "bad_address"),
    ],
)
def test_another_scheme_or_no_host_is_refused(url: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        refuse_inside(url)

    assert refused.value.errors[0].code == code


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.net/noc",
        "https://hooks.example.net.:8443/noc?x=1",
        "HTTPS://HOOKS.EXAMPLE.NET/",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/",
        "https://[::ffff:1.1.1.1]/",
        "https://[64:ff9b::101:101]/",
        "https://localhost.example.net/",
        "https://internal.example.net/",
    ],
)
def test_an_address_outside_is_let_through(url: str) -> None:
    refuse_inside(url)


def test_the_gateway_refuses_addresses_inside(gateway: Client) -> None:
    refused = ask(gateway, {"kind": "webhook", "url": "https://169.254.169.254/"})
    assert refused.fields == {("destination.url", "private_address")}

    made = route(gateway)
    moved = change(gateway, made["id"], destination={"kind": "webhook", "url": "http://10.0.0.1/"})
    assert moved.fields == {("destination.url", "plain_http")}
    for url in ("https://me:pw@hooks.example.net/", "https://hooks.example.net\\@10.0.0.1/"):
        assert ask(gateway, {"kind": "webhook", "url": url}).status == 422


def test_where_the_installation_allows_it_inside_is_fine(tmp_path: Path) -> None:
    with client(tmp_path, allow_private_destinations=True) as gateway:
        made = ask(gateway, {"kind": "webhook", "url": "http://127.0.0.1:9/hook"})

        assert made.status == 201, made.body
        assert ask(gateway, {"kind": "webhook", "url": "gopher://x/"}, name="x").status == 422
