"""Members, their keys, and who is asking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.rest.asking import Answer, Client
from tests.handler.acting import pubkey

ANNA = {"name": "Anna", "email": "anna@alpha.example", "role": "oncall_engineer"}


def member(gateway: Client, **given: object) -> Any:
    """Take in a member."""
    made = gateway.ask("POST", "/members", ANNA | given, who="admin")
    assert made.status == 201, made.body
    return made.json


def key(gateway: Client, **given: object) -> Any:
    """Make a key."""
    made = gateway.ask("POST", "/keys", {"name": "ci", "role": "member"} | given, who="admin")
    assert made.status == 201, made.body
    return made.json


def with_key(gateway: Client, secret: str, path: str = "/v1/me", **given: Any) -> Answer:
    """A request with a key that was made over the gateway."""
    headers = {"Authorization": f"Bearer {secret}"}
    return gateway.ask("GET", path, who=None, headers=headers, **given)


def listed(gateway: Client, path: str, *, who: str = "admin") -> list[str]:
    """The names in a list."""
    page = gateway.ask("GET", path, who=who)
    assert page.status == 200, page.body
    return [one["name"] for one in page.json["items"]]


# -- who is asking -------------------------------------------------------------------------------


def test_everybody_learns_who_they_are(gateway: Client) -> None:
    me = gateway.ask("GET", "/v1/me")

    assert me.status == 200
    assert me.json["key"] == {
        "id": gateway.house.keys["owner"].key_id,
        "name": "owner",
        "expires_at": None,
    }
    assert me.json["member"]["name"] == "owner"
    assert me.json["role"] == "member"
    assert me.json["contributor"] == {"code": "alpha", "name": "Alpha", "pubkey": pubkey(1)}
    assert me.json["orgs"] == [{"code": "net", "name": "Net"}]
    assert gateway.ask("GET", "/me").json == me.json


def test_a_stranger_is_somebody_in_their_own_org_only(gateway: Client) -> None:
    me = gateway.ask("GET", "/v1/me", who="stranger")

    assert me.json["orgs"] == [{"code": "elsewhere", "name": "Elsewhere"}]
    assert me.json["contributor"] is None
    assert gateway.ask("GET", "/me", who="stranger").status == 404
    assert gateway.ask("GET", "/v1/me", who=None).status == 401


def test_the_role_is_the_lower_of_key_and_member(gateway: Client) -> None:
    anna = member(gateway)
    made = key(gateway, member=anna["id"], role="viewer", expires_in_days=1)

    me = with_key(gateway, made["secret"]).json

    assert (me["role"], me["member"]["id"], me["key"]["id"]) == ("viewer", anna["id"], made["id"])
    assert me["member"]["email"] == ANNA["email"]
    assert me["key"]["expires_at"] == made["expires_at"]


# -- members -------------------------------------------------------------------------------------


def test_a_member_is_taken_in_changed_and_let_go(gateway: Client) -> None:
    anna = member(gateway, contributor=pubkey(1), slack_user_id="U024BE7LH")
    assert (anna["contributor"], anna["service"]) == ("alpha", False)
    assert anna["slack_user_id"] == "U024BE7LH"

    changed = gateway.ask(
        "PATCH",
        f"/members/{anna['id']}",
        {"role": "SRE lead", "contributor": None, "email": None},
        who="admin",
    )
    assert changed.status == 200, changed.body
    assert (changed.json["role"], changed.json["contributor"]) == ("sre_lead", None)
    assert changed.json["email"] is None

    gone = gateway.ask("DELETE", f"/members/{anna['id']}", who="admin")
    assert gone.json["removed_at"].endswith("Z")
    assert gateway.ask("GET", f"/members/{anna['id']}").status == 404


def test_an_address_is_one_members(gateway: Client) -> None:
    member(gateway)

    taken = gateway.ask("POST", "/members", ANNA | {"email": "ANNA@alpha.example"}, who="admin")

    assert taken.status == 409
    assert taken.fields == {("email", "taken")}


def test_members_are_filtered(gateway: Client) -> None:
    member(gateway, contributor="alpha")
    key(gateway, name="ci")

    assert listed(gateway, "/members?contributor=alpha") == ["owner", "Anna"]
    assert listed(gateway, "/members?service=true") == ["ci"]
    assert listed(gateway, "/members?role=oncall-engineer") == ["Anna"]
    assert listed(gateway, "/members?role=member&service=false&contributor=beta") == ["teammate"]
    assert gateway.ask("GET", "/members?role=king").fields == {("role", "unknown_word")}


def test_a_lead_manages_its_own_people_and_never_above_itself(gateway: Client) -> None:
    gateway.house.invite("lead", org="net", role="sre_lead", contributor="alpha")

    def made(**given: object) -> Answer:
        return gateway.ask("POST", "/members", {"name": "Jo", "role": "member"} | given, who="lead")

    own = made()
    assert own.status == 201, own.body
    assert own.json["contributor"] == "alpha"
    assert made(contributor="beta").status == 403
    assert made(role="org_admin").status == 403
    unbound = gateway.ask("PATCH", f"/members/{own.json['id']}", {"contributor": None}, who="lead")
    assert unbound.status == 403


def test_a_member_gives_itself_a_code_that_is_told_once(gateway: Client) -> None:
    again = {"Idempotency-Key": "one"}
    me = gateway.ask("GET", "/me", who="owner").json["member"]["id"]

    given = gateway.ask("POST", f"/members/{me}/link-code", who="owner", headers=again)
    replay = gateway.ask("POST", f"/members/{me}/link-code", who="owner", headers=again)

    assert given.status == 201, given.body
    assert given.json["code"].startswith("net.")
    assert given.json["command"] == f"/tocsin link {given.json['code']}"
    assert replay.json == {"expires_at": given.json["expires_at"]}
    shown = gateway.ask("GET", "/events?limit=1000", who="admin")
    assert given.json["code"].partition(".")[2].encode() not in shown.body


def test_another_members_code_is_for_who_may_change_it(gateway: Client) -> None:
    anna = member(gateway, contributor="alpha")

    assert gateway.ask("POST", f"/members/{anna['id']}/link-code", who="owner").status == 403
    assert gateway.ask("POST", f"/members/{anna['id']}/link-code", who="admin").status == 201
    assert gateway.ask("POST", "/members/nobody/link-code", who="admin").status == 404


# -- keys ----------------------------------------------------------------------------------------


def test_a_key_opens_the_door_and_is_told_once(gateway: Client) -> None:
    made = key(gateway, contributor="alpha", rate_per_second=50)

    assert made["secret"].startswith(f"tk_{made['id']}_")
    assert len(made["secret"]) > 50
    assert (made["role"], made["contributor"]) == ("member", "alpha")
    assert (made["rate_per_second"], made["burst"]) == (50, 200)
    assert made["revoked_at"] is None
    me = with_key(gateway, made["secret"]).json
    assert me["contributor"]["code"] == "alpha"
    assert me["member"] == {"id": made["member"], "name": "ci", "email": None, "service": True}
    # Nowhere else is the secret, or a digest of it.
    for path in (f"/keys/{made['id']}", "/keys", "/events?limit=1000"):
        shown = gateway.ask("GET", path, who="admin")
        assert shown.status == 200
        assert made["secret"].rpartition("_")[2].encode() not in shown.body
        assert b"digest" not in shown.body
    read = gateway.ask("GET", f"/keys/{made['id']}", who="admin").json
    assert read == {name: value for name, value in made.items() if name != "secret"}


def test_a_replay_leaves_the_secret_out(gateway: Client) -> None:
    body, again = {"name": "ci", "role": "member"}, {"Idempotency-Key": "one"}

    first = gateway.ask("POST", "/keys", body, who="admin", headers=again)
    replay = gateway.ask("POST", "/keys", body, who="admin", headers=again)

    assert replay.status == 201
    assert replay.headers["idempotency-replayed"] == "true"
    assert replay.json == {n: value for n, value in first.json.items() if n != "secret"}
    assert with_key(gateway, first.json["secret"]).status == 200
    assert listed(gateway, "/keys").count("ci") == 1


def test_a_revoked_key_is_refused_at_once(gateway: Client) -> None:
    made = key(gateway)
    assert with_key(gateway, made["secret"]).status == 200

    revoked = gateway.ask("DELETE", f"/keys/{made['id']}", who="admin")

    assert revoked.status == 200, revoked.body
    assert revoked.json["revoked_at"].endswith("Z")
    assert with_key(gateway, made["secret"]).status == 401
    assert gateway.ask("DELETE", f"/keys/{made['id']}", who="admin").status == 200
    assert listed(gateway, "/keys?revoked=true") == ["ci"]
    assert "ci" not in listed(gateway, "/keys?revoked=false")
    changed = gateway.ask("PATCH", f"/keys/{made['id']}", {"name": "x"}, who="admin")
    assert changed.status == 409


def test_a_key_may_expire_and_be_bound_to_a_range(gateway: Client) -> None:
    made = key(gateway, expires_in_days=2, allow_cidr=["192.0.2.7/24"])

    assert made["allow_cidr"] == ["192.0.2.0/24"]
    assert made["expires_at"].startswith("2026-11-22T12:00:00")
    assert with_key(gateway, made["secret"], peer="192.0.2.99").status == 200
    assert with_key(gateway, made["secret"]).status == 401
    gateway.house.clock.pass_by(timedelta(days=3))
    assert with_key(gateway, made["secret"], peer="192.0.2.99").status == 401


def test_a_key_changes_but_not_whom_it_speaks_for(gateway: Client) -> None:
    made = key(gateway, allow_cidr=["192.0.2.0/24"])

    changed = gateway.ask(
        "PATCH", f"/keys/{made['id']}", {"allow_cidr": [], "burst": 7}, who="admin"
    )
    refused = gateway.ask("PATCH", f"/keys/{made['id']}", {"member": "m"}, who="admin")

    assert (changed.json["allow_cidr"], changed.json["burst"]) == ([], 7)
    assert refused.fields == {("member", "wrong_path")}


def test_a_key_of_a_member_is_bound_as_its_member_is(gateway: Client) -> None:
    anna = member(gateway, contributor="alpha")

    made = key(gateway, member=anna["id"])
    assert (made["member"], made["contributor"]) == (anna["id"], "alpha")
    assert listed(gateway, f"/keys?member={anna['id']}") == ["ci"]

    def refused(**given: object) -> Answer:
        body = {"name": "x", "role": "viewer", "member": anna["id"]} | given
        return gateway.ask("POST", "/keys", body, who="admin")

    assert refused(contributor="beta").fields == {("contributor", "forbidden_field")}
    assert refused(member="nobody").fields == {("member", "unknown_member")}
    assert refused(role="org_admin").fields == {("role", "above_member")}


def test_a_refused_key_leaves_no_member_behind(gateway: Client) -> None:
    before = listed(gateway, "/members")

    refused = gateway.ask(
        "POST", "/keys", {"name": "ci", "role": "member", "allow_cidr": ["no"]}, who="admin"
    )

    assert refused.fields == {("allow_cidr[0]", "bad_address")}
    assert listed(gateway, "/members") == before


def test_a_bound_lead_sees_and_makes_keys_of_its_own_contributor_only(gateway: Client) -> None:
    gateway.house.invite("lead", org="net", role="sre_lead", contributor="alpha")
    gateway.house.invite("chief", org="net", role="sre_lead")
    theirs = key(gateway, name="beta-ci", contributor="beta")
    own = gateway.ask("POST", "/keys", {"name": "alpha-ci", "role": "member"}, who="lead")

    assert own.status == 201, own.body
    assert own.json["contributor"] == "alpha"
    # The ids of keys are random, and so is their order.
    assert sorted(listed(gateway, "/keys", who="lead")) == ["alpha-ci", "lead", "owner"]
    assert gateway.ask("GET", f"/keys/{theirs['id']}", who="lead").status == 404
    assert gateway.ask("DELETE", f"/keys/{theirs['id']}", who="lead").status == 403
    assert gateway.ask("GET", f"/keys/{theirs['id']}", who="chief").status == 200
    assert "beta-ci" in listed(gateway, "/keys", who="chief")


@pytest.mark.parametrize("who", ["owner", "teammate"])
def test_keys_are_no_business_of_members(gateway: Client, who: str) -> None:
    made = key(gateway)

    assert gateway.ask("GET", "/keys", who=who).code == "forbidden"
    assert gateway.ask("GET", f"/keys/{made['id']}", who=who).status == 403
    assert gateway.ask("POST", "/keys", {"name": "x", "role": "viewer"}, who=who).status == 403
