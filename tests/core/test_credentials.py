"""Whom a key admits, and with what rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from tests.core.records_in_memory import NOON
from tocsin.core.credentials import actor_of, admit
from tocsin.core.errors import Unauthenticated
from tocsin.core.evidence import Access
from tocsin.core.records import Contributor, Key, Member
from tocsin.core.words import Role

MEMBER = Member(
    id="m",
    created_at=NOON,
    updated_at=NOON,
    version=1,
    name="Mia",
    role=Role.SRE_LEAD,
    contributor_id="alpha",
)
KEY = Key(
    id="k",
    created_at=NOON,
    updated_at=NOON,
    version=1,
    name="ci",
    member_id="m",
    role=Role.MEMBER,
)


def test_a_key_speaks_for_its_member_and_contributor() -> None:
    assert admit(KEY, MEMBER, at=NOON, address=None) == Access(
        role=Role.MEMBER, member_id="m", contributor_id="alpha"
    )


@over(st.sampled_from(Role), st.sampled_from(Role))
def test_the_lower_role_counts(of_key: Role, of_member: Role) -> None:
    access = admit(
        replace(KEY, role=of_key), replace(MEMBER, role=of_member), at=NOON, address=None
    )

    assert access.role <= of_key
    assert access.role <= of_member
    assert access.role in (of_key, of_member)


@pytest.mark.parametrize(
    ("key", "member"),
    [
        (replace(KEY, revoked_at=NOON), MEMBER),
        (replace(KEY, removed_at=NOON), MEMBER),
        (replace(KEY, expires_at=NOON), MEMBER),
        (KEY, None),
        (KEY, replace(MEMBER, removed_at=NOON)),
        (KEY, replace(MEMBER, id="another")),
    ],
)
def test_what_is_out_of_use_admits_nobody(key: Key, member: Member | None) -> None:
    with pytest.raises(Unauthenticated):
        admit(key, member, at=NOON, address="192.0.2.1")


def test_a_key_is_good_until_the_instant_it_expires() -> None:
    key = replace(KEY, expires_at=NOON)

    assert admit(key, MEMBER, at=NOON - timedelta(microseconds=1), address=None).member_id == "m"


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("192.0.2.77", True),
        ("::ffff:192.0.2.77", True),
        ("2001:db8::1", True),
        ("192.0.3.1", False),
        ("2001:db9::1", False),
        ("not an address", False),
        (None, False),
    ],
)
def test_a_key_is_used_only_from_its_ranges(address: str | None, admitted: bool) -> None:
    key = replace(KEY, allow_cidr=("192.0.2.0/24", "2001:db8::/32"))
    if admitted:
        assert admit(key, MEMBER, at=NOON, address=address).member_id == "m"
    else:
        with pytest.raises(Unauthenticated):
            admit(key, MEMBER, at=NOON, address=address)


def test_facts_name_the_member_with_its_contributor() -> None:
    alpha = Contributor(
        id="alpha", created_at=NOON, updated_at=NOON, version=1, code="al", name="A", pubkey="P"
    )

    actor = actor_of(MEMBER, alpha)
    assert (actor.type, actor.id, actor.name) == ("user", "m", "Mia")
    assert (actor.contributor, actor.pubkey) == ("al", "P")
    assert actor_of(MEMBER, None).contributor is None
