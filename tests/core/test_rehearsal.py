"""What would have been opened is what is opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from tests.core.telling import HOUR, MINUTE, NOON, TOWN, maintenance_planned
from tests.core.watching import AM, Watch, alert, rule
from tocsin.core.commands import SignalDraft
from tocsin.core.connector_words import ConnectorMode, OnResolve, RuleAction
from tocsin.core.ingestion import Acknowledged, Ended, Reading
from tocsin.core.records import Rule
from tocsin.core.rehearsal import HeardPayload, Rehearsal, window_of
from tocsin.core.ticket import Ticket
from tocsin.core.verdicts import Because, Word
from tocsin.core.words import Status

LIGHT = alert(correlation_key="light", fingerprint="f1", labels={"alertname": "NoLight"})
GONE = replace(LIGHT, state="resolved")


def rehearsal(*rules: Rule, maintenances: tuple[Ticket, ...] = ()) -> Rehearsal:
    return Rehearsal(directory=TOWN, rules=rules, maintenances=maintenances)


def tells(
    to: Rehearsal,
    *said: SignalDraft | Acknowledged | Ended,
    at: datetime = NOON,
    holds: timedelta | None = None,
) -> None:
    to.hear(
        HeardPayload(
            at=at,
            connector=replace(AM, mode=ConnectorMode.OBSERVE),
            reading=Reading(said),
            expires=lambda draft: None if holds is None else at + holds,
        )
    )


def test_one_alert_again_and_again_is_one_incident() -> None:
    world = rehearsal()
    tells(world, LIGHT, LIGHT)
    tells(world, LIGHT, at=NOON + MINUTE)
    (opened,) = world.opened
    assert (opened.at, opened.title, opened.severity) == (NOON, "no light", "sev1")
    assert (opened.correlation_key, opened.because) == ("am/light", Because.RULE)
    assert world.verdicts == {Word.CREATED: 1, Word.DEDUPLICATED: 2}
    assert world.by_rule == {opened.rule_id: 1}


def test_what_ends_and_comes_back_late_is_another_one() -> None:
    world = rehearsal()
    tells(world, LIGHT)
    tells(world, GONE, at=NOON + MINUTE)
    tells(world, replace(LIGHT, ts=NOON + 10 * MINUTE), at=NOON + 10 * MINUTE)
    assert len(world.opened) == 1
    assert world.reasons[Because.REOPENED] == 1
    tells(world, GONE, at=NOON + 11 * MINUTE)
    tells(world, replace(LIGHT, ts=NOON + 2 * HOUR), at=NOON + 2 * HOUR)
    assert [one.at for one in world.opened] == [NOON, NOON + 2 * HOUR]


def test_what_is_not_heard_again_has_ended() -> None:
    world = rehearsal()
    tells(world, LIGHT, holds=5 * MINUTE)
    world.until(NOON + 5 * MINUTE)
    assert len(world.verdicts) == 1, "an end that nobody told is no signal received"
    tells(world, replace(LIGHT, ts=NOON + 2 * HOUR), at=NOON + 2 * HOUR)
    assert len(world.opened) == 2


def test_an_end_told_in_words_ends_it() -> None:
    world = rehearsal()
    tells(world, LIGHT, Acknowledged(key="light"))
    tells(world, Ended(key="light"), at=NOON + MINUTE)
    tells(world, replace(LIGHT, ts=NOON + 2 * HOUR), at=NOON + 2 * HOUR)
    assert len(world.opened) == 2
    assert world.words == 2


def test_a_flood_is_one_incident_behind_its_limit() -> None:
    world = rehearsal(rule(storm_limit=5))
    tells(world, *(alert(fingerprint=f"f{number}") for number in range(50)))
    assert len(world.opened) == 6
    assert world.opened[-1].because is Because.STORM
    assert sum(world.verdicts.values()) == 50


def test_a_window_in_force_holds_back_and_lets_go_when_it_ends() -> None:
    planned = maintenance_planned()
    assert planned.end_at is not None
    inside = planned.start_at + MINUTE
    world = rehearsal(rule(), maintenances=(planned,))
    tells(world, alert(device="ams-1"), at=inside)
    assert world.opened == []
    assert world.reasons == {Because.HELD_BACK: 1}
    world.until(planned.end_at)
    assert [one.at for one in world.opened] == [planned.end_at]


def test_when_a_window_was_in_force() -> None:
    planned = maintenance_planned()
    assert window_of(planned) == (planned.start_at, planned.end_at)
    working = replace(planned, status=Status.IN_PROGRESS)
    assert window_of(working) == (planned.start_at, None)
    early = planned.start_at + MINUTE
    done = replace(planned, status=Status.COMPLETED, actual_end_at=early)
    assert window_of(done) == (planned.start_at, early)
    called_off = replace(planned, status=Status.CANCELLED, last_status_at=planned.start_at - HOUR)
    assert window_of(called_off) is None


RULES = st.lists(
    st.builds(
        rule,
        name=st.sampled_from(["a", "b"]),
        action=st.sampled_from(RuleAction),
        matchers=st.sampled_from([(), ('labels.alertname="0"',)]),
        on_resolve=st.sampled_from(OnResolve),
        storm_limit=st.sampled_from([0, 2]),
        within_minutes=st.sampled_from([None, 20]),
    ),
    max_size=2,
    unique_by=lambda one: one.id,
)
HEARD = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(0, 3),
        st.sampled_from(["firing", "resolved"]),
        st.sampled_from(["critical", "warning"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@for_any(rules=RULES, heard=HEARD)
def test_it_judges_as_the_real_one_does(
    rules: list[Rule], heard: list[tuple[int, int, str, str]]
) -> None:
    watch, world = Watch(rules), rehearsal(*rules)
    for minutes, number, state, severity in heard:
        watch.later(minutes=minutes)
        draft = alert(
            state=state,
            severity=severity,
            fingerprint=f"f{number}",
            correlation_key=f"k{number // 2}",
            trace_id=f"t{number % 2}" if number > 2 else None,
            service_name="api",
            ts=watch.at,
            labels={"alertname": str(number)},
        )
        verdict, before = watch.hears(draft), world.reasons.copy()
        tells(world, draft, at=watch.at)
        assert list((world.reasons - before).elements()) == [verdict.because]
    created = [one for one in watch.verdicts if one.word is Word.CREATED]
    assert len(world.opened) == len(created)
    assert [one.title for one in world.opened] == [
        watch.tickets[one.ticket_id or ""].title for one in created
    ]
