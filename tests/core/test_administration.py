"""Stories of administration, then laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from tests.core.records_in_memory import NOON, OrgInMemory, fold, network, pubkey, replayed
from tocsin.core.commands import Redact
from tocsin.core.errors import Conflict, Invalid, NotFound, Refusal
from tocsin.core.evidence import Access
from tocsin.core.facts import Change
from tocsin.core.offerings import MOST_ROUTES
from tocsin.core.record_claims import claims_of
from tocsin.core.record_commands import (
    ChangePolicy,
    ContactDraft,
    CreateContributor,
    CreateKey,
    CreateMember,
    CreateOrg,
    CreateRoute,
    CreateService,
    DestinationDraft,
    RecordCommand,
    RemoveContributor,
    RemoveMember,
    RemoveRoute,
    RemoveService,
    RevokeKey,
    UpdateContributor,
    UpdateKey,
    UpdateMember,
    UpdateRoute,
    UpdateService,
    replacing,
)
from tocsin.core.record_facts import (
    KeyRevoked,
    PartyRedacted,
    PartyUpdated,
    PolicyChanged,
    RecordRemoved,
)
from tocsin.core.records import Contact, Contributor, Key, Member, Policy, Route, Service
from tocsin.core.registry_commands import (
    RemoveDevice,
    RemoveLink,
)
from tocsin.core.words import ContactMethod, Role

ADMIN = Access(role=Role.ORG_ADMIN, member_id="admin")
HOOK = DestinationDraft(kind="webhook", url="https://example.org/hook", secret_id="s1")
GAMMA = CreateContributor(contributor_id="gamma", code="gamma", name="Gamma", pubkey=pubkey(3))


def wrong_fields(refused: pytest.ExceptionInfo[Refusal]) -> dict[str, str]:
    return {error.field: error.code for error in refused.value.errors}


def test_an_org_is_made_once() -> None:
    org = OrgInMemory()
    org.ask("org:1", CreateOrg(org_id="1", code="acme", name="Acme"))

    with pytest.raises(Conflict):
        org.ask("org:1", CreateOrg(org_id="1", code="acme", name="Acme"))


def test_a_contributor_comes_changes_and_its_change_tells_old_and_new() -> None:
    org = network()
    contact = ContactDraft(name="NOC", method="Phone", address="+31 20 555", order=1)
    changed = org.ask("contributor:alpha", UpdateContributor(name="Alpha BV", contacts=(contact,)))

    assert isinstance(changed[0], PartyUpdated)
    assert changed[0].changes[0] == Change(field="name", old="Alpha", new="Alpha BV")
    alpha = org.states["contributor:alpha"]
    assert isinstance(alpha, Contributor)
    assert alpha.name == "Alpha BV"
    assert alpha.contacts == (
        Contact(name="NOC", method=ContactMethod.PHONE, address="+31 20 555", order=1),
    )


def test_every_wrong_field_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        OrgInMemory().ask(
            "contributor:x",
            CreateContributor(
                contributor_id="x",
                code="No Capitals",
                name=" ",
                pubkey="0",
                contacts=(ContactDraft(name="a", method="pigeon", address="b\x00"),),
            ),
        )

    assert wrong_fields(refused) == {
        "code": "bad_character",
        "name": "required",
        "pubkey": "not_a_pubkey",
        "contacts[0].method": "unknown_word",
        "contacts[0].address": "bad_character",
    }


def test_taken_names_are_refused_and_named() -> None:
    org = network()
    with pytest.raises(Conflict) as refused:
        org.ask(
            "contributor:gamma",
            CreateContributor(contributor_id="gamma", code="alpha", name="Gamma", pubkey=pubkey(2)),
        )

    assert wrong_fields(refused) == {"code": "taken", "pubkey": "taken"}


def test_its_own_names_are_not_taken() -> None:
    org = network()

    assert org.ask("contributor:alpha", UpdateContributor(code="alpha", pubkey=pubkey(1))) == ()


def test_a_contributor_that_owns_things_stays() -> None:
    org = network()
    with pytest.raises(Conflict) as refused:
        org.ask("contributor:alpha", RemoveContributor())

    for named in ("device ams-1", "link ams-1:fra-1", "member alpha-member"):
        assert named in refused.value.detail


def test_a_contributor_that_owns_nothing_goes_and_its_names_are_free() -> None:
    org = network()
    org.ask("link:ams-1:fra-1", RemoveLink())
    org.ask("device:ams-1", RemoveDevice())
    for role in ("member", "sre_lead"):
        org.ask(f"member:alpha-{role}", RemoveMember())
    assert isinstance(org.ask("contributor:alpha", RemoveContributor())[0], RecordRemoved)

    with pytest.raises(NotFound):
        org.ask("contributor:alpha", UpdateContributor(name="Ghost"))
    org.ask(
        "contributor:new",
        CreateContributor(contributor_id="new", code="alpha", name="New", pubkey=pubkey(1)),
    )


def test_a_member_is_bound_moved_and_set_free() -> None:
    org = network()
    org.ask("member:alpha-member", UpdateMember(contributor="beta", role="Oncall-Engineer"))
    moved = org.states["member:alpha-member"]
    assert isinstance(moved, Member)
    assert (moved.contributor_id, moved.role) == ("beta", Role.ONCALL_ENGINEER)

    org.ask("member:alpha-member", UpdateMember(contributor=None))
    free = org.states["member:alpha-member"]
    assert isinstance(free, Member)
    assert free.contributor_id is None


def test_mail_addresses_that_differ_in_case_only_are_one() -> None:
    org = network()
    org.ask("member:alpha-member", UpdateMember(email="noc@alpha.example"))
    with pytest.raises(Conflict) as refused:
        org.ask(
            "member:second",
            CreateMember(member_id="second", name="B", role="member", email="NOC@alpha.example"),
        )

    assert wrong_fields(refused) == {"email": "taken"}


def test_a_member_with_strange_words_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        network().ask(
            "member:x",
            CreateMember(
                member_id="x",
                name="two\nlines",
                role="king",
                email="nobody",
                contributor="nowhere",
                slack_user_id="lower",
            ),
        )

    assert wrong_fields(refused) == {
        "name": "bad_character",
        "role": "unknown_word",
        "email": "bad_address",
        "contributor": "unknown_contributor",
        "slack_user_id": "bad_address",
    }
    assert "org_admin" in refused.value.errors[1].detail


def test_personal_data_can_be_erased_even_after_its_member_has_gone() -> None:
    org = network()
    org.ask("member:alpha-member", RemoveMember())
    erased = org.ask(
        "member:alpha-member",
        Redact(event="event-1", fields=("name", "email"), remaining_digest="ab"),
        ADMIN,
    )

    assert erased == (
        PartyRedacted(event="event-1", fields=("email", "name"), remaining_digest="ab"),
    )
    for fields in (("role",), ("changes",), ()):
        with pytest.raises(Invalid):
            org.ask("member:alpha-member", Redact(event="event-1", fields=fields), ADMIN)


def test_what_was_erased_is_claimed_by_nobody() -> None:
    org = network()
    for member in ("alpha-member", "beta-member"):
        changes = (Change(field="email", old="[removed]", new="[removed]"),)
        state = org.states[f"member:{member}"]
        event = replace(
            org.log[-1], stream=f"member:{member}", payload=PartyUpdated(changes=changes)
        )
        assert claims_of(fold(state, event)) == frozenset()


def test_a_key_is_given_changed_and_revoked_for_good() -> None:
    org = network()
    org.ask(
        "key:k",
        CreateKey(
            key_id="k",
            name="ci",
            member_id="alpha-sre_lead",
            role="member",
            expires_in_days=30,
            allow_cidr=("192.0.2.7/24",),
            rate_per_second=50,
        ),
    )
    key = org.states["key:k"]
    assert isinstance(key, Key)
    assert key.allow_cidr == ("192.0.2.0/24",)
    assert (key.rate_per_second, key.burst) == (50, 200)
    assert key.expires_at is not None
    assert key.expires_at - key.created_at == timedelta(days=30) - timedelta(seconds=1)

    org.ask("key:k", UpdateKey(burst=1_000))
    assert isinstance(org.ask("key:k", RevokeKey())[0], KeyRevoked)
    assert org.ask("key:k", RevokeKey()) == ()
    with pytest.raises(Conflict):
        org.ask("key:k", UpdateKey(name="again"))
    revoked = org.states["key:k"]
    assert isinstance(revoked, Key)
    assert revoked.revoked_at is not None
    assert revoked.burst == 1_000


def test_a_key_is_never_above_its_member() -> None:
    with pytest.raises(Invalid) as refused:
        network().ask(
            "key:k",
            CreateKey(key_id="k", name="ci", member_id="alpha-member", role="org_admin"),
        )

    assert wrong_fields(refused) == {"role": "above_member"}


def test_a_key_beyond_its_bounds_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        network().ask(
            "key:k",
            CreateKey(
                key_id="k",
                name="ci",
                member_id="nobody",
                expires_in_days=10**9,
                allow_cidr=("everywhere",),
                rate_per_second=100_001,
                burst=0,
            ),
        )

    assert wrong_fields(refused) == {
        "member": "unknown_member",
        "expires_in_days": "out_of_range",
        "allow_cidr[0]": "bad_address",
        "rate_per_second": "out_of_range",
        "burst": "out_of_range",
    }


def test_a_discovered_service_is_known_once_a_person_touches_it() -> None:
    org = network()
    made = CreateService(service_id="s", code="api", name="api", discovered=True)
    org.ask("service:s", made)
    org.ask("service:s", UpdateService(name="Public API"), ADMIN)

    service = org.states["service:s"]
    assert isinstance(service, Service)
    assert (service.name, service.discovered) == ("Public API", False)
    org.ask("service:s", RemoveService())
    org.ask("service:t", CreateService(service_id="t", code="api", name="Again"))


def test_there_may_be_so_many_routes_and_not_one_more() -> None:
    org = network()
    org.ask("route:r", CreateRoute(route_id="r", name="noc", destination=HOOK))
    first = org.states["route:r"]
    for number in range(1, MOST_ROUTES):
        org.directory.put(replace(first, id=f"r{number}"))
    more = CreateRoute(route_id="more", name="one more", destination=HOOK)
    with pytest.raises(Conflict, match="1000 routes"):
        org.ask("route:more", more)
    org.ask("route:r", RemoveRoute())
    org.ask("route:more", more)


def test_a_route_keeps_its_match_and_never_a_secret() -> None:
    org = network()
    org.ask(
        "route:r",
        CreateRoute(
            route_id="r",
            name="noc",
            destination=HOOK,
            kinds=("incident.*", "*.closed"),
            matchers=('severity=~"sev[12]"',),
        ),
    )
    org.ask("route:r", UpdateRoute(enabled=False, matchers=()))

    route = org.states["route:r"]
    assert isinstance(route, Route)
    assert (route.enabled, route.match.kinds, route.match.matchers) == (
        False,
        ("incident.*", "*.closed"),
        (),
    )
    assert route.destination.secret_id == "s1"


@pytest.mark.parametrize(
    ("route", "wrong"),
    [
        (
            CreateRoute(route_id="r", name="a", destination=HOOK, kinds=("member.*",)),
            {"match.kinds[0]": "unknown_word"},
        ),
        (
            CreateRoute(route_id="r", name="a", destination=HOOK, kinds=("incident.exploded",)),
            {"match.kinds[0]": "unknown_word"},
        ),
        (
            CreateRoute(route_id="r", name="a", destination=HOOK, matchers=("colour=red",)),
            {"match.matchers[0]": "bad_match"},
        ),
        (
            CreateRoute(
                route_id="r",
                name="a",
                destination=DestinationDraft(kind="email", url="https://u:p@example.org/"),
            ),
            {"destination.url": "bad_address", "destination.address": "required"},
        ),
        (
            CreateRoute(
                route_id="r",
                name="a",
                destination=DestinationDraft(kind="webhook", url="ftp://example.org/"),
            ),
            {"destination.url": "bad_address"},
        ),
        (
            CreateRoute(
                route_id="r",
                name="a",
                destination=DestinationDraft(kind="webhook", url="https://example.org:65536/"),
            ),
            {"destination.url": "bad_address"},
        ),
        (
            CreateRoute(
                route_id="r",
                name="a",
                destination=DestinationDraft(
                    kind="webhook", url="https://example.org/" + "a" * 2_000
                ),
            ),
            {"destination.url": "too_long"},
        ),
    ],
)
def test_a_route_that_could_not_work_is_refused(route: CreateRoute, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        network().ask("route:r", route)

    assert wrong.items() <= wrong_fields(refused).items()


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://localhost:8080/a?b=c@d#e",
        "https://[2001:db8::1]:443/",
        "HTTPS://hooks.example.org?x",
    ],
)
def test_addresses_that_work(url: str) -> None:
    hook = DestinationDraft(kind="webhook", url=url)

    assert network().ask("route:r", CreateRoute(route_id="r", name="a", destination=hook))


def test_the_policy_starts_with_its_defaults_and_changes() -> None:
    org = OrgInMemory()
    assert org.ask("policy:policy", ChangePolicy(severity_levels=4)) == ()
    changed = org.ask("policy:policy", ChangePolicy(severity_levels=3, pii_retention_days=90))

    assert changed == (
        PolicyChanged(
            changes=(
                Change(field="severity_levels", old=4, new=3),
                Change(field="pii_retention_days", old=None, new=90),
            )
        ),
    )
    policy = org.states["policy:policy"]
    assert isinstance(policy, Policy)
    assert (policy.severity_levels, policy.version) == (3, 1)
    assert org.directory.policy() is policy


def test_a_policy_beyond_its_bounds_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        OrgInMemory().ask(
            "policy:policy",
            ChangePolicy(severity_levels=6, affected="all", runbook_base_url="javascript:1"),
        )

    assert wrong_fields(refused) == {
        "severity_levels": "out_of_range",
        "affected": "unknown_word",
        "runbook_base_url": "bad_address",
    }


@pytest.mark.parametrize(("levels", "taken"), [(2, False), (3, True), (5, True), (6, False)])
def test_an_org_has_three_to_five_levels_of_severity(levels: int, taken: bool) -> None:
    org, command = OrgInMemory(), ChangePolicy(severity_levels=levels)
    if taken:
        assert org.ask("policy:policy", command)
    else:
        with pytest.raises(Invalid, match="severity_levels"):
            org.ask("policy:policy", command)


def test_putting_the_same_contributor_again_changes_nothing() -> None:
    org = network()
    org.ask("contributor:gamma", GAMMA)

    assert org.ask("contributor:gamma", replacing(GAMMA)) == ()


names = st.sampled_from(["Alpha", "Beta", "Third", "  ", "x" * 201])
codes = st.sampled_from(["alpha", "beta", "third", "Not a code"])
asked: st.SearchStrategy[tuple[str, RecordCommand]] = st.one_of(
    st.builds(
        lambda code, name, number: (
            f"contributor:{number}",
            CreateContributor(
                contributor_id=str(number), code=code, name=name, pubkey=pubkey(number)
            ),
        ),
        codes,
        names,
        st.integers(1, 3),
    ),
    st.builds(
        lambda code, name, number: (
            f"contributor:{number}",
            UpdateContributor(code=code, name=name, slack_handle="@noc"),
        ),
        codes,
        names,
        st.integers(1, 3),
    ),
    st.builds(lambda number: (f"contributor:{number}", RemoveContributor()), st.integers(1, 3)),
    st.builds(
        lambda name, role, number: (
            f"member:{number}",
            CreateMember(member_id=str(number), name=name, role=role, contributor="1"),
        ),
        names,
        st.sampled_from(["member", "viewer", "king"]),
        st.integers(1, 2),
    ),
    st.builds(lambda number: (f"member:{number}", RemoveMember()), st.integers(1, 2)),
    st.builds(
        lambda number, rate: (
            f"key:{number}",
            CreateKey(key_id=str(number), name="k", member_id=str(number), rate_per_second=rate),
        ),
        st.integers(1, 2),
        st.integers(0, 3),
    ),
    st.builds(lambda number: (f"key:{number}", RevokeKey()), st.integers(1, 2)),
    st.builds(
        lambda levels: ("policy:policy", ChangePolicy(severity_levels=levels)), st.integers(2, 6)
    ),
)


@over(st.lists(asked, max_size=25))
def test_any_log_replays_names_stay_unique_and_asking_twice_is_asking_once(
    commands: list[tuple[str, RecordCommand]],
) -> None:
    org = OrgInMemory()
    for stream, command in commands:
        try:
            first = org.decide(stream, command)
        except Refusal:
            continue
        assert org.decide(stream, command) == first
        org.ask(stream, command)
        if not isinstance(command, CreateContributor | CreateMember | CreateKey):
            try:
                again = org.decide(stream, command)
            except NotFound:
                assert isinstance(command, RemoveContributor | RemoveMember)
            else:
                assert again == ()
        here = [r for r in org.states.values() if isinstance(r, Contributor) and not r.removed_at]
        assert len({record.code for record in here}) == len(here)

    assert replayed(org.log) == org.states
    assert all(state.created_at >= NOON for state in org.states.values())
