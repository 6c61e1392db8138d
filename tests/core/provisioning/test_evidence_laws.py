"""Laws of evidence, for whatever happened to a link."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.core.provisioning.watching import Story, life, link, seen, terms
from tests.core.telling import NOON
from tocsin.core.provisioning.assessment import assess
from tocsin.core.provisioning.carrying import Watched
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.criteria import Criterion, Silence, State
from tocsin.core.provisioning.life import Life, Waiver
from tocsin.core.provisioning.link_criteria import LinkEvidence, link_criteria
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health

MINUTES = 120
HELD_TO = terms(minutes=MINUTES)
AWAY = Silence(source="InfluxDB", why="it answers 503")
BETTER = (Health.IMPAIRED, Health.UNKNOWN, Health.PENDING, Health.HEALTHY)
"""Worst first."""

STORIES = st.builds(
    Story,
    minutes=st.sampled_from([60, 125, 180]),
    missing=st.sets(st.integers(1, 125), max_size=8),
    errors=st.dictionaries(st.integers(1, 125), st.integers(1, 5), max_size=3),
    resets=st.sets(st.integers(1, 125), max_size=2),
    octets=st.sampled_from([0, 1000, 1000, 1000]),
    sparse_errors=st.booleans(),
)
LIVES = st.builds(
    life,
    health=st.sampled_from(Health),
    status=st.sampled_from(AssetStatus),
    desired=st.sampled_from(DesiredStatus),
    waivers=st.sampled_from(
        [(), (Waiver(criterion="side_a", reason="standby", until=NOON.replace(year=2027), by="r"),)]
    ),
)
SIDES = STORIES.map(lambda story: seen(story, window=HELD_TO.window))
RUNS = settings(max_examples=80, deadline=None)


def criteria(evidence: LinkEvidence) -> tuple[Criterion, ...]:
    return link_criteria(evidence, HELD_TO)


def health(evidence: LinkEvidence) -> Health:
    return assess(criteria(evidence), evidence.life, at=NOON).health


def evidence_of(told: Life, side_a: Watched, side_z: Watched) -> LinkEvidence:
    return replace(link(side_a, side_z, held_to=HELD_TO), life=told)


def heard_less(side: Watched, bits: int) -> Watched:
    covered = side.covered
    return replace(side, covered=Minutes(window=covered.window, bits=covered.bits & bits))


@RUNS
@for_all(LIVES, SIDES, SIDES, st.integers(0, (1 << MINUTES) - 1), st.booleans())
def test_missing_data_moves_health_in_neither_direction(
    told: Life, side_a: Watched, side_z: Watched, bits: int, also_z: bool
) -> None:
    """With less known, health is what it would have been, or stays what it is."""
    full = evidence_of(told, side_a, side_z)
    less = evidence_of(
        told, heard_less(side_a, bits), heard_less(side_z, bits) if also_z else side_z
    )

    assert health(less) in (told.health, health(full))


@RUNS
@for_all(LIVES, SIDES, st.booleans())
def test_a_silent_source_moves_health_in_neither_direction(
    told: Life, side: Watched, both: bool
) -> None:
    found = replace(evidence_of(told, side, side), side_a=AWAY)
    if both:
        found = replace(found, side_z=AWAY)

    moved = health(found)

    assert moved is told.health or (not both and moved is health(evidence_of(told, side, side)))
    # It never becomes healthy on half of what it needs, unless that half is waived.
    if moved is Health.HEALTHY and told.health is not Health.HEALTHY:
        assert told.waivers


@RUNS
@for_all(LIVES, STORIES, STORIES, st.integers(1, MINUTES), st.integers(1, 5))
def test_an_error_more_never_makes_a_link_healthier(
    told: Life, story: Story, other: Story, minute: int, errors: int
) -> None:
    worse = replace(story, errors={**story.errors, minute: story.errors.get(minute, 0) + errors})
    side_z = seen(other, window=HELD_TO.window)

    before = health(evidence_of(told, seen(story, window=HELD_TO.window), side_z))
    after = health(evidence_of(told, seen(worse, window=HELD_TO.window), side_z))

    if before is told.health is Health.UNKNOWN:
        # An error makes known that it is not ready, which is not to be healthier.
        assert after in (Health.UNKNOWN, Health.PENDING)
    else:
        assert BETTER.index(after) <= BETTER.index(before)


@RUNS
@for_all(LIVES, SIDES, SIDES)
def test_nothing_becomes_healthy_but_with_everything_met(
    told: Life, side_a: Watched, side_z: Watched
) -> None:
    found = assess(criteria(evidence_of(told, side_a, side_z)), told, at=NOON)

    if found.changed and found.health is Health.HEALTHY:
        assert {one.state for one in found.criteria} <= {State.MET, State.WAIVED}
        assert told.desired is DesiredStatus.ACTIVATED
    assert found.health is not Health.UNKNOWN or told.health is Health.UNKNOWN


@RUNS
@for_all(LIVES, SIDES, SIDES)
def test_judging_twice_is_judging_once(told: Life, side_a: Watched, side_z: Watched) -> None:
    once = health(evidence_of(told, side_a, side_z))
    again = replace(told, health=once)

    assert health(evidence_of(again, side_a, side_z)) is once


@RUNS
@for_all(LIVES, SIDES, SIDES)
def test_every_answer_says_why(told: Life, side_a: Watched, side_z: Watched) -> None:
    found = assess(criteria(evidence_of(told, side_a, side_z)), told, at=NOON)

    assert found.reasons
    assert all(one.reason for one in found.criteria)
    for one in found.criteria:
        assert (one.cause is not None) == (one.state is State.UNMET) or one.waiver is not None
        # Whoever has to wait is told until when, and that is later than now.
        if one.ready_at is not None:
            assert one.state is State.UNMET
            assert one.ready_at > HELD_TO.window.end
