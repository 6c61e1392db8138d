"""Links and the evidence for them, told as stories: each leads where the specification says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.core.provisioning.watching import DAY, ORIGIN, Story, by_name, life, link, seen, terms
from tests.core.telling import HOUR, MINUTE, NOON
from tocsin.core.provisioning.assessment import Assessment, assess
from tocsin.core.provisioning.criteria import Cause, Criterion, Silence, State, Terms
from tocsin.core.provisioning.latency import Latency
from tocsin.core.provisioning.life import Waiver
from tocsin.core.provisioning.link_criteria import (
    LINK_CRITERIA,
    LinkEvidence,
    link_criteria,
)
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health

AWAY = Silence(source="InfluxDB", why="no answer within 60 s")


def judged(
    evidence: LinkEvidence, *, held_to: Terms | None = None, at: datetime = NOON
) -> Assessment:
    return assess(link_criteria(evidence, held_to or terms()), evidence.life, at=at)


def side_a(evidence: LinkEvidence, *, held_to: Terms | None = None) -> Criterion:
    return by_name(link_criteria(evidence, held_to or terms()))["side_a"]


def test_a_link_with_clean_counters_becomes_healthy() -> None:
    found = judged(link())

    assert found.health is Health.HEALTHY
    assert found.changed
    assert found.ready_at == NOON
    assert [one.name for one in found.criteria] == list(LINK_CRITERIA)
    assert {one.state for one in found.criteria} == {State.MET}
    assert len(found.reasons) == 5
    assert "side_a: Ethernet1/1 of ams-dz01: no error and 2,880,000 octets" in found.reasons[2]


def test_a_criterion_shows_what_it_rests_on() -> None:
    evidence = side_a(link(Story(missing=[7], errors={70: 2}))).evidence

    assert (evidence.source, evidence.query) == ("test", "SELECT everything")
    assert evidence.window == terms().window
    assert dict(evidence.figures) == {
        "errors": 2,
        "octets": 2_880_000,
        "resets": 0,
        "minutes": 1440,
        "missing": 1,
        "allowed": 5,
    }


def test_one_error_on_one_side_keeps_it_pending_until_it_has_left_the_window() -> None:
    found = judged(link(side_z=Story(errors={90: 1})))
    side_z = by_name(found.criteria)["side_z"]

    assert (found.health, found.changed) == (Health.PENDING, False)
    assert (side_z.state, side_z.cause) == (State.UNMET, Cause.ERRORS)
    assert "1 error since 2026-11-19 12:00, the last at 2026-11-20 10:30" in side_z.reason
    # The first window without it begins a minute after it.
    assert found.ready_at == NOON - 89 * MINUTE + DAY * MINUTE
    assert found.reasons == (f"side_z: {side_z.reason}",)


def test_it_is_met_at_that_instant_and_not_a_minute_before() -> None:
    ready_at = judged(link(Story(errors={90: 1}))).ready_at
    assert ready_at is not None
    later = Story(minutes=DAY + 10, errors={})

    def after(at: datetime) -> State:
        # As seen from *at*, the error is so many minutes ago; everything else goes on as it did.
        ago = (at - (NOON - 90 * MINUTE)) // MINUTE
        return side_a(link(replace(later, errors={ago: 1}))).state

    assert after(ready_at - MINUTE) is State.UNMET
    assert after(ready_at) is State.MET


def test_an_error_impairs_a_healthy_link() -> None:
    found = judged(
        link(
            Story(errors={3: 1}),
            held_to=terms(minutes=30),
            health=Health.HEALTHY,
            status=AssetStatus.ACTIVATED,
            activated_before=True,
        ),
        held_to=terms(minutes=30),
    )

    assert (found.health, found.changed) == (Health.IMPAIRED, True)
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("side_a: ")


def test_an_impaired_link_recovers_after_a_clean_window_only() -> None:
    half_an_hour = terms(minutes=30)

    def after(ago: int) -> Assessment:
        impaired = link(
            Story(errors={ago: 1}),
            held_to=half_an_hour,
            health=Health.IMPAIRED,
            status=AssetStatus.ACTIVATED,
            activated_before=True,
        )
        return judged(impaired, held_to=half_an_hour)

    still, clean = after(30), after(31)

    assert (still.health, still.changed) == (Health.IMPAIRED, False)
    assert still.ready_at == NOON + MINUTE
    assert clean.health is Health.HEALTHY


def test_more_missing_minutes_than_allowed_are_named_and_move_nothing() -> None:
    story = Story(missing=range(100, 106))
    criterion = side_a(link(story))

    assert (criterion.state, criterion.cause) == (State.UNMET, Cause.GAPS)
    assert (
        "in 6 of 1440 minutes nothing was heard of the device (5 allowed): "
        "2026-11-20 10:15–10:20" in criterion.reason
    )
    assert criterion.since == NOON - 100 * MINUTE
    # The oldest of the six has to leave the window.
    assert criterion.ready_at == NOON - 104 * MINUTE + DAY * MINUTE
    for health in Health:
        assert not judged(link(story, health=health)).changed


def test_as_many_missing_minutes_as_allowed_are_none_too_many() -> None:
    assert judged(link(Story(missing=range(100, 105)))).health is Health.HEALTHY


def test_in_half_an_hour_no_minute_may_be_missing() -> None:
    half_an_hour = terms(minutes=30)
    evidence = link(Story(missing=[9]), held_to=half_an_hour)

    assert side_a(evidence, held_to=half_an_hour).state is State.UNMET


def test_a_link_without_traffic_waits_for_some() -> None:
    found = judged(link(Story(octets=0)))

    assert by_name(found.criteria)["side_a"].cause is Cause.FACTS
    assert "it carried nothing in 1440 minutes" in found.reasons[0]
    assert (found.health, found.ready_at) == (Health.PENDING, None)
    assert not judged(link(Story(octets=0), health=Health.HEALTHY)).changed


def test_a_standby_link_is_healthy_by_a_waiver_until_it_ends() -> None:
    waiver = Waiver(criterion="side_a", reason="standby", until=NOON + HOUR, by="root")
    evidence = link(Story(octets=0), waivers=(waiver,))

    found = judged(evidence)
    criterion = by_name(found.criteria)["side_a"]

    assert found.health is Health.HEALTHY
    assert (criterion.state, criterion.waiver) == (State.WAIVED, waiver)
    assert "waived until 2026-11-20 13:00: standby (else unmet:" in criterion.reason
    assert judged(evidence, at=NOON + HOUR).health is Health.PENDING


def test_what_is_met_needs_no_waiver() -> None:
    waiver = Waiver(criterion="side_a", reason="standby", until=NOON + HOUR, by="root")

    assert by_name(judged(link(waivers=(waiver,))).criteria)["side_a"].state is State.MET


def test_a_counter_reset_is_no_traffic_and_no_error() -> None:
    found = side_a(link(Story(resets=[600], errors={DAY + 5: 8})))

    assert found.state is State.MET
    figures = dict(found.evidence.figures)
    # The minute of the restart counts for nothing.
    assert (figures["resets"], figures["octets"]) == (1, 2_880_000 - 2_000)


def test_a_counter_that_only_ever_falls_carries_nothing() -> None:
    story = Story(octets=1, resets=range(1, DAY + 11))

    assert side_a(link(story)).state is State.UNMET
    assert side_a(link(story)).cause is Cause.FACTS


def test_a_silent_source_is_unknown_and_moves_nothing() -> None:
    for health in Health:
        found = judged(link(AWAY, AWAY, health=health))
        assert not found.changed
        assert found.ready_at is None
        assert by_name(found.criteria)["side_a"].state is State.UNKNOWN
        assert found.reasons[0] == "side_a: InfluxDB is silent: no answer within 60 s"


def test_an_error_that_was_counted_counts_though_the_other_side_is_silent() -> None:
    found = judged(link(AWAY, Story(errors={3: 1}), health=Health.HEALTHY))

    assert found.health is Health.IMPAIRED


def test_sparse_error_counters_are_carried_forward() -> None:
    assert judged(link(Story(sparse_errors=True))).health is Health.HEALTHY


def test_a_gap_is_not_a_zero() -> None:
    window = terms().window
    never = seen(Story(), window=window)
    assert never.usage is not None
    no_errors = replace(never, usage=replace(never.usage, errors_known=False))
    no_octets = replace(never, usage=replace(never.usage, octets=None))
    nothing = replace(never, usage=None)

    for side, reason in (
        (no_errors, "no sample of its errors is known"),
        (no_octets, "there is no sample of its octets in the window"),
        (nothing, "no sample of it is known"),
    ):
        found = side_a(link(side))
        assert found.state is State.UNKNOWN
        assert reason in found.reason
        assert not judged(link(side, health=Health.HEALTHY)).changed


def test_an_interface_that_is_new_has_no_day_of_data_yet() -> None:
    window = terms().window
    found = seen(Story(minutes=180), window=window)
    # The device has been heard all along; its new interface for three hours.
    found = replace(found, covered=seen(Story(), window=window).covered)

    criterion = side_a(link(found))

    assert (criterion.state, criterion.cause) == (State.UNMET, Cause.GAPS)
    assert "it is known since 2026-11-20 09:00 only" in criterion.reason
    # Six minutes less than a day after its first sample: five may be missing.
    assert criterion.ready_at == NOON - 185 * MINUTE + DAY * MINUTE


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (AssetStatus.HARD_DRAINED, State.MET),
        (AssetStatus.SOFT_DRAINED, State.MET),
        (AssetStatus.PROVISIONING, State.MET),
        (AssetStatus.ACTIVATED, State.MET),
        (AssetStatus.REQUESTED, State.UNMET),
        (AssetStatus.PENDING, State.UNMET),
        (AssetStatus.DELETING, State.UNMET),
        (AssetStatus.REJECTED, State.UNMET),
    ],
)
def test_the_status_that_activation_begins_from(status: AssetStatus, state: State) -> None:
    assert by_name(judged(link(status=status)).criteria)["record"].state is state


def test_who_does_not_want_it_activated_has_to_change_the_wish() -> None:
    found = judged(link(desired=DesiredStatus.SOFT_DRAINED))

    assert (found.health, found.ready_at) == (Health.PENDING, None)
    assert found.reasons == ("desired: its desired status is soft drained",)
    assert not judged(link(desired=DesiredStatus.HARD_DRAINED, health=Health.HEALTHY)).changed


def test_what_is_unknown_becomes_pending_once_all_is_known() -> None:
    assert judged(link(Story(octets=0), health=Health.UNKNOWN)).health is Health.PENDING
    assert judged(link(AWAY, health=Health.UNKNOWN)).health is Health.UNKNOWN


def test_latency_counts_where_it_is_measured() -> None:
    def loss(lost: int, ago: int) -> Criterion:
        measured = Latency(
            samples=1000, lost=lost, lost_at=NOON - ago * MINUTE if lost else None, origin=ORIGIN
        )
        return by_name(judged(replace(link(), latency=measured)).criteria)["loss"]

    assert loss(0, 0).state is State.MET
    assert loss(2, 60).state is State.UNMET
    assert loss(2, 60).ready_at == NOON - 59 * MINUTE + DAY * MINUTE
    assert loss(2, DAY + 1).state is State.MET
    assert loss(2, DAY + 1).since == NOON
    silent = by_name(judged(replace(link(), latency=AWAY)).criteria)["loss"]
    assert silent.state is State.UNKNOWN


def test_latency_that_is_not_measured_holds_nothing_up_and_latency_that_ceased_is_not_known() -> (
    None
):
    def loss(latency: Latency | None) -> Criterion:
        return by_name(judged(replace(link(), latency=latency)).criteria)["loss"]

    never = Latency(samples=0, lost=0, lost_at=None, origin=ORIGIN)
    ceased = replace(never, measured_at=NOON - 2 * DAY * MINUTE)
    # What was lost before the window says nothing about it.
    lost_then = replace(ceased, lost_at=NOON - 2 * DAY * MINUTE)

    assert (loss(None).state, loss(None).evidence.source) == (State.MET, "record")
    assert loss(None).reason == "no source of latency samples is set up"
    assert (loss(never).state, loss(never).evidence.source) == (State.MET, ORIGIN.source)
    assert loss(never).reason == "no latency samples exist for this link"
    for latency in (ceased, lost_then):
        assert loss(latency).state is State.UNKNOWN
        assert loss(latency).reason == (
            "there is no latency sample in 1440 minutes, the last was at 2026-11-18 12:00"
        )
        assert loss(latency).since == NOON - DAY * MINUTE + MINUTE
    assert judged(replace(link(health=Health.HEALTHY), latency=ceased)).health is Health.HEALTHY


def test_loss_names_its_directions() -> None:
    lossy = Latency(
        samples=8_640,
        lost=12,
        lost_at=NOON - MINUTE,
        origin=ORIGIN,
        measured_at=NOON,
        between=("ams-1 to fra-1", "fra-1 to ams-1"),
    )
    found = judged(replace(link(health=Health.HEALTHY), latency=lossy))
    loss = by_name(found.criteria)["loss"]

    assert loss.reason == (
        "12 of 8,640 latency samples were lost, the last at 2026-11-20 11:59, "
        "from ams-1 to fra-1 and fra-1 to ams-1"
    )
    assert loss.evidence.figures == (("samples", 8_640), ("lost", 12))
    # Only errors that were counted move health down.
    assert not found.changed


def test_reasons_name_every_obstacle_at_once() -> None:
    found = side_a(link(Story(octets=0, errors={10: 4}, missing=range(20, 40))))

    assert found.cause is Cause.ERRORS
    assert "4 errors" in found.reason
    assert "in 20 of 1440 minutes" in found.reason
    assert "it carried nothing" in found.reason
    assert found.ready_at is None


def test_an_error_in_the_minute_in_which_the_window_begins_is_in_it() -> None:
    window = terms().window
    exact = seen(Story(errors={DAY: 1}), window=window)
    before = seen(Story(errors={DAY + 1: 1}), window=window)

    assert side_a(link(exact)).cause is Cause.ERRORS
    assert side_a(link(before)).state is State.MET
    assert life().waived("side_a", at=NOON + timedelta(days=1)) is None


def test_an_error_at_the_very_start_of_the_window_is_in_it() -> None:
    window = terms().window
    clean = seen(Story(), window=window)
    used = clean.usage
    assert used is not None

    def erred(at: datetime) -> State:
        side = replace(clean, usage=replace(used, errors=1, errors_at=at))
        return side_a(link(side)).state

    assert erred(window.start) is State.UNMET
    assert erred(window.start - timedelta(microseconds=1)) is State.MET


def test_a_loss_at_the_very_start_of_the_window_is_in_it() -> None:
    def loss(lost_at: datetime) -> State:
        measured = Latency(samples=1000, lost=1, lost_at=lost_at, origin=ORIGIN)
        return by_name(judged(replace(link(), latency=measured)).criteria)["loss"].state

    assert loss(terms().window.start) is State.UNMET
    assert loss(terms().window.start - timedelta(microseconds=1)) is State.MET


def test_an_interface_first_heard_as_the_sixth_minute_begins_is_heard_too_late() -> None:
    window = terms().window
    clean = seen(Story(), window=window)
    used = clean.usage
    assert used is not None

    def heard(at: datetime) -> State:
        return side_a(link(replace(clean, usage=replace(used, heard_from=at)))).state

    assert heard(window.start + 6 * MINUTE) is State.UNMET
    assert heard(window.start + 6 * MINUTE - timedelta(microseconds=1)) is State.MET


@pytest.mark.parametrize(("minutes", "state"), [(1435, State.MET), (1434, State.UNMET)])
def test_a_new_interface_may_lack_as_many_minutes_as_may_be_missing(
    minutes: int, state: State
) -> None:
    window = terms().window
    found = replace(
        seen(Story(minutes=minutes), window=window), covered=seen(Story(), window=window).covered
    )

    assert side_a(link(found)).state is state


def test_errors_on_a_side_that_is_waived_do_not_impair() -> None:
    waiver = Waiver(criterion="side_a", reason="known optics", until=NOON + HOUR, by="root")
    erring = link(
        Story(errors={3: 1}),
        health=Health.HEALTHY,
        desired=DesiredStatus.SOFT_DRAINED,
        waivers=(waiver,),
    )

    assert not judged(erring).changed
    assert judged(erring, at=NOON + HOUR).health is Health.IMPAIRED
