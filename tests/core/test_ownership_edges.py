"""Whose word has effect where, and who may name which assets (Domain: effect needs ownership,
roles)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.telling import (
    ADA,
    AMS_FRA,
    BO,
    BOT,
    CLOCK,
    CY,
    FIBRE_SWAP,
    NOON,
    OUTAGE,
    ROOT,
    Speaker,
    after,
    decide,
    given,
    incident_open,
    pubkey,
    under,
)
from tocsin.core.commands import ChangeFields, ChangeStatus, Confirm, TicketCommand
from tocsin.core.errors import Conflict, Forbidden
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role

AMS, FRA, LON, LINE = pubkey("ams-1"), pubkey("fra-1"), pubkey("lon-1"), AMS_FRA.pubkey
UNBOUND = Speaker(actor=ROOT.actor, access=replace(ROOT.access, role=Role.SRE_LEAD))
BETAS_ADMIN = Speaker(actor=CY.actor, access=replace(CY.access, role=Role.ORG_ADMIN))
EVERYTHING = replace(OUTAGE, devices=("ams-1", "fra-1", "lon-1"), links=("ams-1:fra-1",))


@pytest.mark.parametrize(
    ("by", "effect"),
    [
        (ADA, {AMS, LINE}),
        (CY, {FRA, LON, LINE}),
        (UNBOUND, set()),
        (BOT, set()),
        (ROOT, {AMS, FRA, LON, LINE}),
        (BETAS_ADMIN, {AMS, FRA, LON, LINE}),
    ],
    ids=["A side", "Z side", "bound to nobody", "connector", "admin", "admin of a contributor"],
)
def test_a_ticket_has_effect_on_what_its_creators_contributor_owns(
    by: Speaker, effect: set[str]
) -> None:
    assert set(after(None, EVERYTHING, given(by)).effect) == effect


def test_a_link_alone_affects_both_its_sides() -> None:
    on_the_line = replace(OUTAGE, devices=(), links=("ams-1:fra-1",))
    assert after(None, on_the_line, given(ROOT)).affected_contributors == ("alpha-id", "beta-id")


def test_each_owner_confirms_its_own() -> None:
    unheard = replace(FIBRE_SWAP, devices=("ams-1", "fra-1"))
    planned = after(None, unheard, given(UNBOUND))
    assert planned.effect == ()
    by_beta = after(planned, Confirm(), given(CY))
    assert (by_beta.effect, by_beta.confirmed_by) == ((FRA,), ("beta-id",))
    by_both = after(by_beta, Confirm(), given(ADA))
    assert set(by_both.effect) == {AMS, FRA}


def test_assets_named_later_have_effect_by_who_names_opened_or_confirmed() -> None:
    more = ChangeFields(devices=("ams-1", "fra-1", "lon-1"))
    assert set(after(incident_open(), more, given(CY)).effect) == {AMS, FRA, LON}
    assert set(after(incident_open(), more, given(UNBOUND)).effect) == {AMS}
    assert set(after(incident_open(), more, given(ROOT)).effect) == {AMS, FRA, LON}
    by_cy = after(None, replace(OUTAGE, devices=("fra-1",)), given(CY))
    assert set(after(by_cy, more, given(UNBOUND)).effect) == {FRA, LON}
    confirmed = after(
        after(None, replace(FIBRE_SWAP, devices=("fra-1",)), given(ADA)), Confirm(), given(CY)
    )
    assert set(after(confirmed, more, given(UNBOUND)).effect) == {AMS, FRA, LON}
    less = after(confirmed, ChangeFields(devices=("ams-1",)), given(UNBOUND))
    assert set(less.effect) == {AMS}


STRICT = under(ticket_scope="own")


@pytest.mark.parametrize(
    ("by", "may"),
    [(ADA, {AMS, LINE}), (CY, {FRA, LON}), (UNBOUND, {AMS, FRA, LON, LINE})]
    + [(admin, {AMS, FRA, LON, LINE}) for admin in (ROOT, BETAS_ADMIN)],
    ids=["A side", "Z side", "bound to nobody", "admin", "admin of a contributor"],
)
def test_ones_own_assets_only_where_the_policy_says_so(by: Speaker, may: set[str]) -> None:
    """The A side owns a shared link; an org_admin and the unbound have the whole org."""
    on_services = after(None, replace(OUTAGE, devices=()), given(by))
    for asset in (AMS, FRA, LON, LINE):
        fields = {"links" if asset == LINE else "devices": (asset,)}
        for state, command in (
            (None, replace(OUTAGE, devices=(), services=())),
            (None, replace(FIBRE_SWAP, devices=())),
            (on_services, ChangeFields()),
        ):
            asked: TicketCommand = replace(command, **fields)  # type: ignore[arg-type]
            assert decide(state, asked, given(by))  # any asset, by default
            if asset in may:
                assert decide(state, asked, given(by, town=STRICT))
            else:
                with pytest.raises(Forbidden, match="belongs to another"):
                    decide(state, asked, given(by, town=STRICT))


def test_what_was_named_before_the_policy_may_stay() -> None:
    theirs = after(None, replace(OUTAGE, devices=("fra-1",)), given(ADA))
    more = ChangeFields(devices=("ams-1", "fra-1"))
    assert after(theirs, more, given(ADA, town=STRICT)).devices == tuple(sorted((AMS, FRA)))


def test_a_contributor_may_be_asked_for_of_people_and_of_nobody_else() -> None:
    town = under(require_contributor=True)
    for by in (ROOT, UNBOUND):
        with pytest.raises(Forbidden, match="asks for a contributor"):
            decide(None, OUTAGE, given(by, town=town))
    for by in (ADA, BOT, CLOCK):
        assert decide(None, OUTAGE, given(by, town=town))


def test_keys_of_a_ticket_that_is_over_are_held_against_nobody() -> None:
    first = after(None, replace(OUTAGE, ticket_id="first", correlation_keys=("k1",)))
    held = {("correlation_key", "k1"): first.stream}
    taking = ChangeFields(correlation_keys=("k1",))
    closed: Ticket = after(incident_open(), ChangeStatus(status="closed"), given(BO))
    evidence = given(BO, at=NOON, claims=held, tickets=[first])
    with pytest.raises(Conflict):
        decide(incident_open(), taking, evidence)
    named = after(closed, taking, evidence)
    assert named.correlation_keys == ("k1",)
    with pytest.raises(Conflict):  # it would hold them again
        decide(named, ChangeStatus(status="investigating", reason="again"), evidence)
