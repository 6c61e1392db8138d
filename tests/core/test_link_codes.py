"""Stories of a member who says in Slack who they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.core.records_in_memory import OrgInMemory, network, replayed
from tocsin.core.errors import Conflict, Forbidden, Invalid, NotFound
from tocsin.core.evidence import Access
from tocsin.core.membership import LINK_CODE_LIFE, link_code_digest
from tocsin.core.permissions import permit
from tocsin.core.record_claims import claims_of
from tocsin.core.record_commands import (
    CreateMember,
    IssueLinkCode,
    LinkSlack,
    RemoveMember,
    UpdateMember,
)
from tocsin.core.records import Member
from tocsin.core.words import Role

MIA = "member:alpha-member"
DIGEST = link_code_digest("abcdefgh")


def told() -> OrgInMemory:
    """An org with a member who has just been given a code."""
    org = network()
    org.ask(MIA, IssueLinkCode(digest=DIGEST))
    return org


def says(*, digest: str = DIGEST, user: str = "U1", team: str = "T1") -> LinkSlack:
    return LinkSlack(digest=digest, slack_user_id=user, slack_team_id=team)


def mia(org: OrgInMemory) -> Member:
    found = org.states[MIA]
    assert isinstance(found, Member)
    return found


def test_who_says_the_code_is_that_member() -> None:
    org = told()
    org.ask(MIA, says())

    assert (mia(org).slack_user_id, mia(org).slack_team_id) == ("U1", "T1")
    assert ("slack_user", "U1") in claims_of(mia(org))
    assert replayed(org.log) == org.states


def test_a_code_is_found_by_its_digest_until_it_is_used() -> None:
    org = told()
    assert ("slack_code", DIGEST) in claims_of(mia(org))

    org.ask(MIA, says())
    assert ("slack_code", DIGEST) not in claims_of(mia(org))


def test_a_code_is_good_once() -> None:
    org = told()
    org.ask(MIA, says())
    with pytest.raises(Conflict):
        org.ask(MIA, says(user="U2"))
    assert mia(org).slack_user_id == "U1"


def test_a_code_is_good_for_a_quarter_of_an_hour() -> None:
    org = told()
    until = mia(org).link_code_expires_at
    assert until is not None
    assert timedelta() < until - org.at <= LINK_CODE_LIFE == timedelta(minutes=15)
    org.at = until - timedelta(microseconds=1)
    org.decide(MIA, says())
    org.at = until
    with pytest.raises(Conflict):
        org.decide(MIA, says())


def test_only_the_newest_code_is_good() -> None:
    org = told()
    org.ask(MIA, IssueLinkCode(digest=link_code_digest("zyxwvuts")))
    with pytest.raises(Conflict):
        org.ask(MIA, says())
    org.ask(MIA, says(digest=link_code_digest("ZYXWVUTS")))


def test_a_member_without_a_code_is_tied_to_nobody() -> None:
    with pytest.raises(Conflict):
        network().ask(MIA, says(digest=""))


def test_a_slack_user_is_one_member_only() -> None:
    org = told()
    org.ask(
        "member:other", CreateMember(member_id="other", name="O", role="viewer", slack_user_id="U1")
    )
    with pytest.raises(Conflict) as refused:
        org.ask(MIA, says())
    assert [error.field for error in refused.value.errors] == ["slack_user_id"]


def test_a_code_ties_to_ids_of_slack_only() -> None:
    with pytest.raises(Invalid):
        told().ask(MIA, says(user="<script>"))


def test_a_member_who_has_gone_is_tied_to_nobody() -> None:
    org = told()
    org.ask(MIA, RemoveMember())
    assert claims_of(mia(org)) == frozenset()
    with pytest.raises(NotFound):
        org.ask(MIA, says())


def test_a_member_gives_itself_a_code_whatever_its_role() -> None:
    org = network()
    org.ask(MIA, UpdateMember(role="viewer"))
    own = Access(role=Role.VIEWER, member_id="alpha-member", contributor_id="alpha")
    permit(IssueLinkCode(digest=DIGEST), mia(org), org.given(own))
    other = Access(role=Role.VIEWER, member_id="other", contributor_id="alpha")
    with pytest.raises(Forbidden):
        permit(IssueLinkCode(digest=DIGEST), mia(org), org.given(other))


def test_nobody_speaks_as_one_above_them_by_a_code() -> None:
    org = network()
    org.ask(MIA, UpdateMember(role="org_admin"))
    with_a_lower_key = Access(role=Role.VIEWER, member_id="alpha-member", contributor_id="alpha")
    with pytest.raises(Forbidden):
        permit(IssueLinkCode(digest=DIGEST), mia(org), org.given(with_a_lower_key))
    lead = Access(role=Role.SRE_LEAD, member_id="lead", contributor_id="alpha")
    with pytest.raises(Forbidden):
        permit(IssueLinkCode(digest=DIGEST), mia(org), org.given(lead))


def test_the_workspace_of_a_slack_user_is_set_and_emptied_by_hand() -> None:
    org = network()
    org.ask(MIA, UpdateMember(slack_user_id="U7", slack_team_id="T7"))
    assert mia(org).slack_team_id == "T7"
    org.ask(MIA, UpdateMember(slack_team_id=None))
    assert (mia(org).slack_user_id, mia(org).slack_team_id) == ("U7", None)
