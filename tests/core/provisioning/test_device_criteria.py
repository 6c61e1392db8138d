"""Devices, interfaces to users, and the evidence for them, told as stories."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from tests.core.provisioning.watching import DAY, ORIGIN, Story, by_name, life, seen, terms
from tests.core.telling import MINUTE, NOON
from tocsin.core.provisioning.assessment import Assessment, assess
from tocsin.core.provisioning.carrying import Seen
from tocsin.core.provisioning.coverage import Minutes
from tocsin.core.provisioning.criteria import Cause, Criterion, Silence, State, Terms
from tocsin.core.provisioning.device_criteria import (
    DEVICE_CRITERIA,
    INTERFACE_CRITERIA,
    Agent,
    DeviceEvidence,
    InterfaceEvidence,
    Port,
    device_criteria,
    interface_criteria,
)
from tocsin.core.provisioning.telemetry import Marks
from tocsin.core.provisioning.windows import Window
from tocsin.core.provisioning.words import (
    AssetStatus,
    DesiredStatus,
    DeviceType,
    Health,
    InterfaceRole,
)
from tocsin.core.words import LinkType

AWAY = Silence(source="Prometheus", why="it cannot be reached: Connection refused")
WINDOW = terms().window


def minutes(window: Window, *, but: Collection[int] = (), every: int = 1) -> Minutes:
    """All minutes of *window* (or one in so many) marked, *but* for those so long before noon."""
    bits = 0
    for place in range(window.minutes):
        ago = (NOON - window.start) // MINUTE - place
        if ago % every == 0 and ago not in but:
            bits |= 1 << place
    return Minutes(window=window, bits=bits)


def agent(*, idle: Collection[int] = (), silent: Collection[int] = ()) -> Agent:
    """An agent that ran, but was *idle* or *silent* so many minutes before noon."""
    ran = minutes(WINDOW, but={*idle, *silent})
    ill = Minutes(window=WINDOW, bits=minutes(WINDOW, but=silent).bits & ~ran.bits)
    return Agent(marks=Marks(well=ran, ill=ill), origin=ORIGIN)


def qa_tests(*, window: Window = WINDOW, every: int = 10, failed: Collection[int] = ()) -> Agent:
    """QA tests, one *every* so many minutes, some of them *failed*."""
    passed = minutes(window, every=every, but=failed)
    ill = Minutes(window=window, bits=minutes(window, every=every).bits & ~passed.bits)
    return Agent(marks=Marks(well=passed, ill=ill), origin=ORIGIN)


def port(
    role: InterfaceRole = InterfaceRole.NONE,
    *,
    link: LinkType | None = None,
    status: AssetStatus = AssetStatus.ACTIVATED,
    story: Story | None = None,
    saw: Seen | None = None,
) -> Port:
    return Port(
        role=role,
        link=link,
        status=status,
        seen=saw or seen(story or Story(), window=WINDOW),
    )


DIA = port(InterfaceRole.DIA)
WAN = port(link=LinkType.WAN)
DZX = port(link=LinkType.DZX)
CYOA = port(InterfaceRole.CYOA, status=AssetStatus.HARD_DRAINED)

GOOD = DeviceEvidence(
    life=life(),
    device_type=DeviceType.HYBRID,
    public_ip="192.0.2.1",
    dz_prefixes=("198.51.100.0/29",),
    max_users=0,
    ports=(DIA, WAN, CYOA),
    covered=minutes(WINDOW),
    heard_by=ORIGIN,
    config_agent=agent(),
    telemetry_agent=agent(),
    qa=qa_tests(),
)


def judged(evidence: DeviceEvidence, held_to: Terms | None = None) -> Assessment:
    return assess(device_criteria(evidence, held_to or terms()), evidence.life, at=NOON)


def one(evidence: DeviceEvidence, name: str) -> Criterion:
    return by_name(device_criteria(evidence, terms()))[name]


def test_a_device_that_has_everything_becomes_healthy() -> None:
    found = judged(GOOD)

    assert [criterion.name for criterion in found.criteria] == list(DEVICE_CRITERIA)
    assert found.health is Health.HEALTHY
    assert found.ready_at == NOON


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (replace(GOOD, public_ip=None), "public_ip is not set"),
        (replace(GOOD, dz_prefixes=()), "no dz_prefix is /29 or shorter"),
        (replace(GOOD, dz_prefixes=("198.51.100.0/30",)), "no dz_prefix is /29 or shorter"),
        (replace(GOOD, dz_prefixes=("2001:db8::/29",)), "no dz_prefix is /29 or shorter"),
        (replace(GOOD, dz_prefixes=("nonsense",)), "no dz_prefix is /29 or shorter"),
        (replace(GOOD, max_users=1), "max_users is 1; it is 0 until the first activation"),
        (replace(GOOD, max_users=None), "max_users is not set"),
        (
            replace(GOOD, life=life(status=AssetStatus.REJECTED)),
            "its status is rejected; soft drained",
        ),
    ],
)
def test_what_the_record_lacks_is_named(evidence: DeviceEvidence, reason: str) -> None:
    found = one(evidence, "record")

    assert (found.state, found.cause) == (State.UNMET, Cause.FACTS)
    assert reason in found.reason
    assert judged(evidence).ready_at is None


def test_one_wide_prefix_is_enough() -> None:
    prefixes = ("198.51.100.0/30", "203.0.113.0/24")

    assert one(replace(GOOD, dz_prefixes=prefixes), "record").state is State.MET


def test_users_do_not_count_after_the_first_activation() -> None:
    again = replace(GOOD, max_users=128, life=life(activated_before=True))

    assert one(again, "record").state is State.MET


def test_interfaces_have_to_be_defined_and_activated() -> None:
    none = replace(GOOD, ports=(CYOA,))
    drained = replace(
        GOOD, ports=(port(InterfaceRole.DIA, status=AssetStatus.HARD_DRAINED), WAN, CYOA)
    )

    assert one(none, "dia_defined").reason == "no DIA interface is defined"
    assert one(none, "link_interface_defined").reason == "no DZX or WAN interface is defined"
    assert one(none, "dia_up").state is State.UNMET
    assert one(drained, "dia_defined").reason == "none of 1 DIA interface is activated"
    assert one(GOOD, "dia_defined").state is State.MET


HYBRID, TRANSIT, EDGE = DeviceType.HYBRID, DeviceType.TRANSIT, DeviceType.EDGE


@pytest.mark.parametrize(
    ("device_type", "ports", "fits"),
    [
        (EDGE, (CYOA, DZX), True),
        (EDGE, (CYOA, DZX, WAN), False),
        (EDGE, (CYOA,), False),
        (EDGE, (DZX,), False),
        (TRANSIT, (WAN, WAN), True),
        (TRANSIT, (WAN, DZX), True),
        (TRANSIT, (WAN,), False),
        (TRANSIT, (DZX, DZX), False),
        (TRANSIT, (WAN, WAN, CYOA), False),
        (HYBRID, (CYOA, WAN), True),
        (HYBRID, (CYOA, DZX), False),
        (HYBRID, (WAN, WAN), False),
        (None, (CYOA, WAN), False),
    ],
)
def test_a_type_of_device_has_its_interfaces(
    device_type: DeviceType | None, ports: tuple[Port, ...], fits: bool
) -> None:
    found = one(replace(GOOD, device_type=device_type, ports=(DIA, *ports)), "type")

    assert found.state is (State.MET if fits else State.UNMET)
    assert dict(found.evidence.figures)["wan"] == ports.count(WAN)


def test_one_clean_interface_of_several_is_enough() -> None:
    bad = port(link=LinkType.WAN, story=Story(errors={5: 2}))
    healthy = life(health=Health.HEALTHY)

    both = replace(GOOD, ports=(DIA, bad, WAN, CYOA), life=healthy)
    alone = replace(GOOD, ports=(DIA, bad, CYOA), life=healthy)

    assert one(both, "link_up").state is State.MET
    assert not judged(both).changed
    assert one(alone, "link_up").cause is Cause.ERRORS
    assert judged(alone).health is Health.IMPAIRED


def test_an_interface_that_nothing_is_known_of_may_be_the_clean_one() -> None:
    bad = port(link=LinkType.WAN, story=Story(errors={5: 2}))
    silent = port(link=LinkType.DZX, saw=AWAY)
    found = replace(GOOD, ports=(DIA, bad, silent, CYOA), life=life(health=Health.HEALTHY))

    assert one(found, "link_up").state is State.UNKNOWN
    assert not judged(found).changed


def test_an_interface_that_was_not_heard_all_day_may_be_the_clean_one() -> None:
    bad = port(link=LinkType.WAN, story=Story(errors={5: 2}))
    patchy = port(link=LinkType.DZX, story=Story(missing=range(100, 110)))
    found = replace(GOOD, ports=(DIA, bad, patchy, CYOA), life=life(health=Health.HEALTHY))

    assert one(found, "link_up").cause is Cause.GAPS
    assert not judged(found).changed


def test_an_idle_interface_does_not_hide_the_errors_of_the_other() -> None:
    ports = (
        DIA,
        port(link=LinkType.WAN, story=Story(errors={5: 2})),
        port(link=LinkType.WAN, story=Story(octets=0)),
        CYOA,
    )
    found = replace(GOOD, ports=ports, life=life(health=Health.HEALTHY))

    assert judged(found).health is Health.IMPAIRED
    assert "2 errors" in one(found, "link_up").reason
    assert "it carried nothing" in one(found, "link_up").reason


def test_minutes_without_a_record_are_named() -> None:
    found = one(replace(GOOD, covered=minutes(WINDOW, but=range(61, 68))), "reporting")

    assert (found.state, found.cause) == (State.UNMET, Cause.GAPS)
    assert found.reason == (
        "in 7 of 1440 minutes there is no record of the device (5 allowed): 2026-11-20 10:53–10:59"
    )
    # The sixth is one too many; once the oldest two are out of the window, five are left.
    assert found.since == NOON - 62 * MINUTE
    assert found.ready_at == NOON - 65 * MINUTE + DAY * MINUTE
    assert one(GOOD, "reporting").reason == "seen in 1440 of 1440 minutes (5 may miss)"


def test_an_agent_has_to_run_all_the_time() -> None:
    ran = one(replace(GOOD, config_agent=agent(idle=[1, 2], silent=[3, 4, 5])), "config_agent")
    stood = one(replace(GOOD, config_agent=agent(idle=[1, 2, 3], silent=[4, 5, 6])), "config_agent")

    assert ran.state is State.MET
    assert (stood.state, stood.cause) == (State.UNMET, Cause.GAPS)
    assert dict(stood.evidence.figures)["said_not_to_run"] == 3
    assert not judged(replace(GOOD, config_agent=agent(idle=range(1, 9)))).changed


def test_a_minute_in_which_it_was_seen_both_ways_is_none_in_which_it_ran() -> None:
    everything = minutes(WINDOW)
    doubtful = Minutes(window=WINDOW, bits=0b111111)
    both = Agent(marks=Marks(well=everything, ill=doubtful), origin=ORIGIN)

    assert one(replace(GOOD, telemetry_agent=both), "telemetry_agent").state is State.UNMET


@pytest.mark.parametrize("name", ["config_agent", "telemetry_agent", "qa"])
def test_an_agent_that_nothing_is_known_of(name: str) -> None:
    for marks in (None, AWAY):
        unheard = replace(GOOD, **{name: Agent(marks=marks, origin=ORIGIN)})  # type: ignore[arg-type]
        assert one(unheard, name).state is State.UNKNOWN
        for health in (Health.UNKNOWN, Health.PENDING, Health.HEALTHY, Health.IMPAIRED):
            assert not judged(replace(unheard, life=life(health=health))).changed


def test_an_agent_that_is_only_said_not_to_run_is_known_not_to() -> None:
    stood = one(replace(GOOD, config_agent=agent(idle=range(DAY + 1))), "config_agent")

    assert (stood.state, stood.cause) == (State.UNMET, Cause.GAPS)
    assert dict(stood.evidence.figures)["running"] == 0


def test_a_silent_source_of_coverage_is_unknown() -> None:
    found = one(replace(GOOD, covered=AWAY), "reporting")

    assert found.state is State.UNKNOWN
    assert found.reason == "Prometheus is silent: it cannot be reached: Connection refused"


def test_a_test_that_failed_keeps_it_waiting_for_a_window() -> None:
    failed = replace(GOOD, qa=qa_tests(failed=[40, 60]))
    found = one(failed, "qa")

    assert (found.state, found.cause) == (State.UNMET, Cause.FACTS)
    assert found.reason == "a test failed in 2 minutes, the last at 2026-11-20 11:20"
    assert found.ready_at == NOON - 39 * MINUTE + DAY * MINUTE
    assert not judged(replace(failed, life=life(health=Health.HEALTHY))).changed


def test_tests_that_are_far_apart_say_nothing() -> None:
    assert one(replace(GOOD, qa=qa_tests(every=60)), "qa").state is State.MET
    assert one(replace(GOOD, qa=qa_tests(every=90)), "qa").state is State.UNKNOWN
    assert one(replace(GOOD, qa=qa_tests(every=10_000)), "qa").reason == "no test is known"


def test_a_test_before_a_short_window_says_how_it_stood() -> None:
    seen_for = Window(start=NOON - 120 * MINUTE, end=NOON)
    hourly = Agent(
        marks=Marks(
            well=Minutes(window=seen_for, bits=1 << 75), ill=Minutes(window=seen_for, bits=0)
        ),
        origin=ORIGIN,
    )
    held_to = terms(minutes=30)

    found = by_name(device_criteria(replace(GOOD, qa=hourly), held_to))["qa"]

    assert found.state is State.MET


def test_an_interface_to_users_waits_for_its_device() -> None:
    evidence = InterfaceEvidence(
        life=life(),
        device="ams-dz01",
        device_status=AssetStatus.ACTIVATED,
        seen=seen(Story(), window=WINDOW),
    )

    def health(told: InterfaceEvidence) -> Health:
        return assess(interface_criteria(told, terms()), told.life, at=NOON).health

    found = interface_criteria(evidence, terms())

    assert [criterion.name for criterion in found] == list(INTERFACE_CRITERIA)
    assert health(evidence) is Health.HEALTHY
    assert health(replace(evidence, device_status=AssetStatus.SOFT_DRAINED)) is Health.PENDING
    assert health(replace(evidence, life=life(desired=DesiredStatus.HARD_DRAINED))) is (
        Health.PENDING
    )
    assert health(replace(evidence, seen=AWAY)) is Health.PENDING
