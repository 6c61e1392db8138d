"""The monitor turns evidence into health, writes only what changes, and asks only what is new."""

from __future__ import annotations

from datetime import timedelta
from itertools import count, islice

from tests.adapters.provisioning.town import (
    AMS,
    CYOA,
    DAY,
    DIA,
    SIDE_A,
    SIDE_Z,
    START,
    Town,
    activator,
    device,
    explainer,
    furnish,
    lay,
    link,
    monitor,
    position,
    sources,
    stands,
    until,
    want,
)
from tests.handler.acting import NOON, House
from tocsin.adapters.provisioning.explaining import Explainer
from tocsin.adapters.provisioning.monitor import Monitor
from tocsin.adapters.provisioning.watching import Sources, Watch
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.criteria import Silence
from tocsin.core.provisioning.facts import HealthChanged
from tocsin.core.provisioning.words import Health
from tocsin.core.record_commands import ChangePolicy
from tocsin.core.registry_commands import RemoveLink


def clean(town: Town) -> None:
    """A day and more of clean traffic on both sides of the link."""
    town.carry(SIDE_A, SIDE_Z, start=START, minutes=DAY + 30)


def reasons(home: House) -> list[str]:
    with home.store.reading() as turn:
        events = turn.org_events(home.orgs["net"])
    told = [one.payload for one in events if isinstance(one.payload, HealthChanged)]
    return [reason for payload in told for reason in payload.reasons]


def test_a_clean_day_makes_a_link_healthy_and_the_activator_does_the_rest(
    home: House, town: Town
) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    told = monitor(home, town).round()
    (change,) = [one for one in told.changes if one.subject.kind == "link"]
    assert (change.health_from, change.health_to) == (Health.UNKNOWN, Health.HEALTHY)
    assert told.until == NOON
    assert stands(home) == ("healthy", "hard_drained")
    assert any("Ethernet1 of ams-1: no error and" in one for one in reasons(home))
    activator(home).everything()
    assert stands(home) == ("healthy", "activated")


def test_a_round_without_change_writes_nothing(home: House, town: Town) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    duty = monitor(home, town)
    duty.round()
    before = position(home)
    again = duty.round()
    assert again.changes == ()
    assert again.standing[Health.HEALTHY] == 1
    assert position(home) == before


def test_a_dry_run_tells_what_would_change_and_writes_nothing(home: House, town: Town) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    before = position(home)
    told = monitor(home, town).round(dry_run=True)
    assert [one.subject.code for one in told.changes if one.health_to is Health.HEALTHY] == ["line"]
    assert all(one.reasons for one in told.changes)
    assert position(home) == before


def test_two_monitors_write_every_change_once(home: House, town: Town) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    before = link(home).version
    monitor(home, town).round()
    monitor(home, town).round()
    assert link(home).version == before + 1


def test_a_silent_source_moves_nothing_and_is_named(home: House, town: Town) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    duty = monitor(home, town)
    duty.round()
    before = position(home)
    town.silent = "it cannot be reached"
    for minutes in (10, 20, 2 * DAY):
        until(home, NOON + minutes * MINUTE)
        told = duty.round()
        assert told.changes == ()
        assert [(one.source, one.why) for one in told.silent] == [("town", town.silent)]
    assert position(home) == before
    assert stands(home) == ("healthy", "hard_drained")


def test_after_a_silence_it_goes_on_where_it_was(filed: House, town: Town) -> None:
    lay(filed)
    clean(town)
    until(filed, NOON)
    duty = monitor(filed, town)
    duty.round()
    town.silent = "it cannot be reached"
    until(filed, NOON + 60 * MINUTE)
    duty.round()
    town.silent = None
    town.carry(SIDE_A, SIDE_Z, start=NOON, minutes=60, errors_at=30)
    town.asked.clear()
    told = duty.round()
    assert [one.health_to for one in told.changes] == [Health.IMPAIRED]
    asked = [window for what, window, _ in town.asked if what == "counters"]
    assert min(window.start for window in asked) == NOON - 3 * MINUTE
    assert all(what != "baseline" for what, _, _ in town.asked)


def test_errors_impair_and_nothing_is_drained_by_itself(home: House, town: Town) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    duty, steps = monitor(home, town), activator(home)
    duty.round()
    steps.everything()
    town.carry(SIDE_A, SIDE_Z, start=NOON, minutes=10, errors_at=4)
    until(home, NOON + 10 * MINUTE)
    told = duty.round()
    (change,) = told.changes
    assert change.reasons[0].startswith("side_a: Ethernet1 of ams-1: 1 error since")
    steps.everything()
    assert stands(home) == ("impaired", "activated")

    want(home, "soft_drained")
    steps.listen()
    assert stands(home) == ("impaired", "soft_drained")
    want(home, "activated")
    town.carry(SIDE_A, SIDE_Z, start=NOON + 10 * MINUTE, minutes=40)
    until(home, NOON + 34 * MINUTE)
    assert duty.round().changes == ()
    steps.everything()
    assert stands(home) == ("impaired", "soft_drained")
    until(home, NOON + 35 * MINUTE)
    duty.round()
    steps.everything()
    assert stands(home) == ("healthy", "activated")


def test_a_steady_round_asks_only_for_what_is_new(filed: House, town: Town) -> None:
    lay(filed)
    clean(town)
    until(filed, NOON)
    duty = monitor(filed, town)
    duty.round()
    town.carry(SIDE_A, SIDE_Z, start=NOON, minutes=10)
    questions = 0
    for minute in range(1, 11):
        town.asked.clear()
        until(filed, NOON + minute * MINUTE)
        duty.round()
        asked = [window for what, window, _ in town.asked if what == "counters"]
        # One that may still change, and every few minutes one that does not any more.
        assert sum(window.minutes for window in asked) <= 8
        assert max(window.end for window in asked) == NOON + minute * MINUTE
        assert len(town.asked) <= 6
        questions += len(asked)
    assert questions == 12


def test_a_cold_start_goes_on_in_the_next_round_when_time_is_over(filed: House, town: Town) -> None:
    lay(filed)
    clean(town)
    until(filed, NOON)
    seconds = count()
    duty = Monitor(
        store=filed.store,
        writer=filed.writer,
        watch=_slow(town, seconds),
        clock=filed.clock,
    )
    first = duty.round()
    assert first.changes == ()
    assert any("still being read" in one.why for one in first.silent)
    rounds = iter(lambda: duty.round().silent, ())
    assert 1 <= len(list(islice(rounds, 60))) < 60
    assert stands(filed) == ("healthy", "hard_drained")
    asked = [window for what, window, _ in town.asked if what == "counters"]
    assert sum(window.minutes for window in asked) < DAY + 60 * 3
    assert sum(what == "baseline" for what, _, _ in town.asked) == 1


def test_a_watch_that_is_stopped_asks_no_more_of_the_past(filed: House, town: Town) -> None:
    until(filed, NOON)
    clean(town)
    watch = Watch(sources(town))
    watch.stop()
    known = watch.look(at=filed.clock(), minutes=DAY)
    assert isinstance(known.counters, Silence)
    assert len([what for what, _, _ in town.asked if what == "counters"]) <= 2


def _slow(town: Town, seconds: count[int]) -> Watch:
    return Watch(sources(town), seconds=20.0, timer=lambda: float(next(seconds)))


def test_a_source_that_is_slow_is_asked_for_less_at_once(filed: House, town: Town) -> None:
    lay(filed)
    clean(town)
    until(filed, NOON)
    town.most_minutes = 20
    watch = Watch(Sources(counters=town))
    first = watch.look(at=filed.clock(), minutes=DAY)
    assert isinstance(first.counters, Silence)
    assert first.counters.why == "no answer within 30 s"
    town.asked.clear()
    assert not isinstance(watch.look(at=filed.clock(), minutes=DAY).counters, Silence)
    assert {window.minutes for what, window, _ in town.asked if what == "counters"} == {15, 12, 3}


def test_a_policy_that_asks_for_more_has_the_past_read_anew(filed: House, town: Town) -> None:
    lay(filed)
    town.carry(SIDE_A, SIDE_Z, start=NOON - 3 * DAY * MINUTE, minutes=3 * DAY)
    until(filed, NOON)
    duty = monitor(filed, town)
    assert duty.round().standing
    filed.ask("admin", ChangePolicy(burn_in_hours=48), sort="policy")
    town.asked.clear()
    duty.round()
    starts = [window.start for what, window, _ in town.asked if what == "counters"]
    assert min(starts) == NOON - 2 * DAY * MINUTE


def test_a_device_and_its_way_to_users_come_into_service(home: House, town: Town) -> None:
    lay(home)
    furnish(home)
    town.carry(SIDE_A, SIDE_Z, DIA, CYOA, start=START, minutes=DAY + 60)
    town.run(start=START - 60 * MINUTE, minutes=DAY + 120)
    until(home, NOON)
    duty, steps = monitor(home, town), activator(home)
    duty.round()
    life = device(home).life
    assert life.health is Health.HEALTHY
    steps.everything()
    assert device(home).life.status.value == "activated"
    # Only now its device is in service.
    until(home, NOON + MINUTE)
    duty.round()
    steps.everything()
    (cyoa,) = [one for one in device(home).interfaces if one.name == CYOA[1]]
    assert (cyoa.life.health.value, cyoa.life.status.value) == ("healthy", "activated")


def test_what_is_removed_meanwhile_stops_nobody(filed: House, town: Town) -> None:
    lay(filed, code="gone", number=22)
    lay(filed)
    clean(town)
    until(filed, NOON)
    filed.ask("owner", RemoveLink(), sort="link", subject="gone")
    told = monitor(filed, town).round()
    assert told.refused == 0
    assert "gone" not in [one.subject.code for one in told.changes]
    assert stands(filed) == ("healthy", "hard_drained")


# -- readiness -------------------------------------------------------------------------------------


def test_readiness_says_when_and_asks_about_two_devices_alone(home: House, town: Town) -> None:
    lay(home)
    town.carry(SIDE_A, SIDE_Z, start=START, minutes=DAY + 30, errors_at=630)
    until(home, NOON)
    found = explainer(home, town).explain(home.orgs["net"], link(home), at=home.clock())
    by_name = {one.name: one for one in found.criteria}
    assert list(by_name) == ["record", "desired", "side_a", "side_z", "loss"]
    assert {name: one.state.value for name, one in by_name.items()} == {
        "record": "met",
        "desired": "met",
        "side_a": "unmet",
        "side_z": "unmet",
        "loss": "met",
    }
    assert by_name["side_a"].evidence.source == "town"
    erred_at = START + 630 * MINUTE
    assert found.ready_at == erred_at + (DAY + 1) * MINUTE
    assert found.next.startswith("it waits for side_a (unmet), side_z (unmet); if nothing changes")
    assert {only for _, _, only in town.asked} == {frozenset({AMS, SIDE_Z[0]})}
    assert len(town.asked) <= 4


def test_readiness_and_the_monitor_say_the_same(home: House, town: Town) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    found = explainer(home, town).explain(home.orgs["net"], link(home), at=home.clock())
    assert found.becomes is Health.HEALTHY
    assert found.next == (
        "every criterion is met; its health becomes healthy, then it is activated"
    )
    monitor(home, town).round()
    assert list(reasons(home)[-5:]) == [f"{one.name}: {one.reason}" for one in found.criteria]


def test_readiness_names_the_tickets_in_the_way_and_those_that_are_not(
    home: House, town: Town
) -> None:
    lay(home)
    clean(town)
    until(home, NOON)
    monitor(home, town).round()
    opened = home.ask("owner", home.incident(links=("line",), severity="sev1"))
    home.invite("outsider", org="net", role="member", contributor=None)
    theirs = home.ask("outsider", home.incident(links=("line",), severity="sev1"))
    found = explainer(home, town).explain(home.orgs["net"], link(home), at=home.clock())
    assert found.blocked_by == (opened.state.ref,)  # type: ignore[union-attr]
    assert found.advisory == (theirs.state.ref,)  # type: ignore[union-attr]
    assert found.next == f"it waits for {found.blocked_by[0]} to end"


def test_readiness_of_a_silent_source_is_unknown(filed: House, town: Town) -> None:
    lay(filed)
    town.silent = "it cannot be reached"
    until(filed, NOON)
    found = explainer(filed, town).explain(filed.orgs["net"], link(filed), at=filed.clock())
    states = {one.name: (one.state.value, one.reason) for one in found.criteria}
    assert states["side_a"] == ("unknown", "town is silent: it cannot be reached")
    assert found.ready_at is None
    assert "something has to change first" in found.next


def test_readiness_without_any_source_says_so(filed: House) -> None:
    lay(filed)
    until(filed, NOON)
    explains = Explainer(store=filed.store, sources=Sources())
    found = explains.explain(filed.orgs["net"], device(filed), at=filed.clock())
    states = {one.name: one.reason for one in found.criteria}
    assert states["qa"] == "QA tests is silent: no source of it is set up"
    assert found.becomes is Health.UNKNOWN


def test_an_interface_to_users_is_explained_by_itself(filed: House, town: Town) -> None:
    furnish(filed)
    town.carry(CYOA, start=START, minutes=DAY + 30)
    until(filed, NOON)
    found = explainer(filed, town).explain(
        filed.orgs["net"], device(filed), at=filed.clock(), interface=CYOA[1]
    )
    assert found.subject.kind == "interface"
    assert {one.name: one.state.value for one in found.criteria} == {
        "record": "met",
        "desired": "met",
        "device": "unmet",
        "up": "met",
    }


def test_a_round_tells_how_long_to_pause(filed: House, town: Town) -> None:
    lay(filed)
    clean(town)
    until(filed, NOON)
    pause = monitor(filed, town).go()
    assert timedelta(seconds=30) < pause <= timedelta(seconds=60)
