"""What a ledger did not take has not happened, whoever hands it in."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.core.provisioning.test_life import AMS, WAN, device, life
from tests.core.provisioning.test_on_ledger import ADMIN, IN_SERVICE, asset, kept
from tests.core.records_in_memory import NOON
from tocsin.core.provisioning.commands import Advance, DefineInterface, FollowLedger, Judge, Wish
from tocsin.core.provisioning.facts import HealthChanged, Mirrored, StatusChanged
from tocsin.core.provisioning.ledger import Change, Deletion, HealthChange, Kind, StatusChange
from tocsin.core.provisioning.life import Life, born, next_step
from tocsin.core.provisioning.on_ledger import OnLedger
from tocsin.core.provisioning.untaken import (
    AwaySince,
    Kept,
    Untaken,
    in_the_way,
    sentence,
    sentences,
)
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health

HARD = replace(IN_SERVICE, status="hard_drained", desired_status="hard_drained")


def test_health_is_judged_once_the_ledger_has_taken_it() -> None:
    org = kept()
    assert org.ask(WAN, Judge(health="impaired", reasons=("errors",))) == ()
    (fact,) = org.ask(WAN, Judge(health="impaired", reasons=("errors",), taken=True))
    assert isinstance(fact, HealthChanged)


def test_status_follows_a_wish_once_the_ledger_has_taken_both() -> None:
    org = kept()
    org.ask(WAN, Wish(desired="soft_drained"), ADMIN)
    assert org.ask(WAN, Advance()) == ()
    assert org.ask(WAN, Advance(taken=AssetStatus.HARD_DRAINED)) == (), "it took something else"

    mirrored, stood = org.ask(
        WAN,
        Advance(taken=AssetStatus.SOFT_DRAINED, taken_desired=DesiredStatus.SOFT_DRAINED),
    )

    assert mirrored == Mirrored(status="activated", health="healthy", desired_status="soft_drained")
    assert isinstance(stood, StatusChanged)
    drained = replace(IN_SERVICE, status="soft_drained", desired_status="soft_drained")
    assert asset(org, WAN).on_ledger == drained
    again = Advance(taken=AssetStatus.SOFT_DRAINED, taken_desired=DesiredStatus.SOFT_DRAINED)
    assert org.ask(WAN, again) == ()


def test_a_wish_that_came_after_one_was_taken_stays_to_be_written() -> None:
    org = kept(HARD)
    org.ask(WAN, Wish(desired="activated"), ADMIN)
    org.ask(WAN, Wish(desired="hard_drained"), ADMIN)
    facts = org.ask(
        WAN, Advance(taken=AssetStatus.ACTIVATED, taken_desired=DesiredStatus.ACTIVATED)
    )
    assert facts == (Mirrored(status="hard_drained", health="healthy", desired_status="activated"),)
    assert life(org, WAN).desired is DesiredStatus.HARD_DRAINED
    assert life(org, WAN).status is AssetStatus.HARD_DRAINED


def test_what_is_to_be_removed_is_deleting_until_the_ledger_has_it_no_more() -> None:
    org = kept(HARD)
    org.ask(WAN, Wish(desired="deleted"), ADMIN)
    assert org.ask(WAN, Advance()) == ()
    org.ask(WAN, Advance(taken=AssetStatus.DELETING))
    assert life(org, WAN).status is AssetStatus.DELETING
    assert asset(org, WAN).removed_at is None
    assert next_step(life(org, WAN)).why == "it is being deleted"
    # It was not deleted there after all.
    org.ask(
        WAN, FollowLedger(status="hard_drained", health="healthy", desired_status="hard_drained")
    )
    assert next_step(life(org, WAN)).removed


def test_interfaces_to_users_go_on_by_themselves() -> None:
    org = kept()
    org.ask(AMS, DefineInterface(name="Ethernet9", role="cyoa"))
    org.ask(AMS, Wish(desired="soft_drained", interface="Ethernet9"), ADMIN)
    org.ask(AMS, Wish(desired="soft_drained"), ADMIN)
    (fact,) = org.ask(AMS, Advance())
    assert isinstance(fact, StatusChanged)
    assert fact.interface == "Ethernet9"
    (judged,) = org.ask(AMS, Judge(health="healthy", reasons=("up",), interface="Ethernet9"))
    assert isinstance(judged, HealthChanged)
    assert device(org, AMS).life.status is AssetStatus.ACTIVATED


_WISHES = st.sampled_from([*DesiredStatus]).map(lambda wish: Wish(desired=wish.value))
_HEALTH = st.sampled_from([*Health]).map(lambda one: Judge(health=one.value, reasons=("seen",)))


@given(said=st.sampled_from([IN_SERVICE, HARD]), health=_HEALTH, wish=_WISHES, taken=st.booleans())
def test_nothing_moves_that_the_ledger_has_not_taken(
    said: OnLedger, health: Judge, wish: Wish, taken: bool
) -> None:
    org = kept(said)
    before = life(org, WAN)
    if not (wish.desired == "deleted" and before.status is AssetStatus.ACTIVATED):
        org.ask(WAN, wish, ADMIN)
    org.ask(WAN, Advance())
    org.ask(WAN, replace(health, taken=taken))
    after = life(org, WAN)
    assert after.status is before.status
    assert after.health is (Health(health.health) if taken else before.health)
    assert asset(org, WAN).removed_at is None


# -- and that is said ------------------------------------------------------------------------------


def untaken(change: Change, *, unsure: bool = False, away: bool = False) -> Untaken:
    return Untaken(change=change, reason="no", since=NOON, unsure=unsure, away=away)


HEALTHY = HealthChange(kind=Kind.LINK, pubkey="x", health="healthy")
ACTIVATED = StatusChange(kind=Kind.LINK, pubkey="x", contributor="y", status="activated")
GONE = Deletion(kind=Kind.LINK, pubkey="x", contributor="y", status="hard_drained")


def test_it_is_said_what_the_ledger_did_not_take() -> None:
    since = "since 2026-11-20 12:00: no"
    assert sentence(untaken(HEALTHY)) == f"the ledger did not take it {since}"
    assert sentence(untaken(HEALTHY, away=True)) == f"the ledger is away {since}"
    assert sentence(untaken(HEALTHY, unsure=True)) == (
        f"whether the ledger took it is not known {since}"
    )


def test_only_what_is_still_wanted_is_said() -> None:
    drained = born(at=NOON)
    wanted = replace(drained, desired=DesiredStatus.ACTIVATED, health=Health.HEALTHY)
    notes = (untaken(HEALTHY), untaken(ACTIVATED), untaken(GONE))

    def said(one: object) -> tuple[Change, ...]:
        now = wanted if one is wanted else drained
        step = next_step(now)
        return tuple(note.change for note in in_the_way(notes, now, step, becomes=Health.HEALTHY))

    assert said(wanted) == (ACTIVATED,)
    assert said(drained) == (HEALTHY,)
    deleted = replace(drained, desired=DesiredStatus.DELETED, health=Health.HEALTHY)
    step = next_step(deleted)
    assert in_the_way(notes, deleted, step, becomes=Health.HEALTHY) == (notes[2],)


def test_readiness_says_that_the_ledger_is_told_first_and_nothing_else_of_it() -> None:
    drained = born(at=NOON)
    waits = replace(drained, desired=DesiredStatus.ACTIVATED)
    moves = replace(waits, health=Health.HEALTHY)

    def said(now: Life, kept: Kept, *, becomes: Health) -> tuple[str, ...]:
        return sentences(kept, now, next_step(now), becomes=becomes)

    told = ("the ledger is told first",)
    assert said(moves, Kept(), becomes=Health.HEALTHY) == told
    assert said(waits, Kept(), becomes=Health.HEALTHY) == told
    assert said(waits, Kept(), becomes=Health.UNKNOWN) == ()
    refused = Kept(untaken=(untaken(ACTIVATED),))
    assert said(moves, refused, becomes=Health.HEALTHY) == (sentence(untaken(ACTIVATED)),)
    away = Kept(untaken=(untaken(ACTIVATED, away=True),), away=AwaySince(reason="gone", since=NOON))
    assert said(moves, away, becomes=Health.HEALTHY) == (
        "the ledger is away since 2026-11-20 12:00: gone",
    )


def test_a_wish_that_changed_is_not_said_to_be_refused() -> None:
    soft = replace(ACTIVATED, status=None, desired_status="soft_drained")
    wanted = replace(born(at=NOON), desired=DesiredStatus.ACTIVATED)
    step = next_step(wanted)
    assert in_the_way([untaken(soft)], wanted, step, becomes=Health.UNKNOWN) == ()
    wish = replace(soft, desired_status="activated")
    assert in_the_way([untaken(wish)], wanted, step, becomes=Health.UNKNOWN) == (untaken(wish),)
