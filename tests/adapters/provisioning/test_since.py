"""Since when a criterion answers as it does is the same in every process, and stays from one answer
to the next."""

from __future__ import annotations

from datetime import datetime

from tests.adapters.provisioning.town import (
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
    until,
)
from tests.handler.acting import NOON, House
from tocsin.core.instants import MINUTE

LATER = (0, 1, 7, 60, 600)
"""Minutes after noon at which it is asked again, each time by a process of its own."""


def since(home: House, town: Town, name: str, *, of: str = "link") -> tuple[str, datetime | None]:
    """The state of a criterion and since when, as a process says that has just started."""
    asset = link(home) if of == "link" else device(home)
    found = explainer(home, town).explain(home.orgs["net"], asset, at=home.clock())
    (one,) = (one for one in found.criteria if one.name == name)
    return one.state.value, one.since


def asked_later(home: House, town: Town, name: str) -> set[tuple[str, datetime | None]]:
    """All that is said of a criterion in the hours that follow."""
    found = set()
    for minutes in LATER:
        until(home, NOON + minutes * MINUTE)
        found.add(since(home, town, name))
    return found


def test_a_side_that_began_yesterday_is_met_since_its_first_day_was_full(
    home: House, town: Town
) -> None:
    lay(home)
    town.carry(SIDE_A, SIDE_Z, start=START, minutes=2 * DAY)
    # Five minutes may be missing, so the day is full that much earlier.
    assert asked_later(home, town, "side_a") == {("met", START + (DAY - 5) * MINUTE)}


def test_it_is_met_since_the_last_error_left_the_window(filed: House, town: Town) -> None:
    lay(filed)
    begun = NOON - 2 * DAY * MINUTE
    town.carry(SIDE_A, start=begun, minutes=4 * DAY, errors_at=DAY - 100)
    town.carry(SIDE_Z, start=begun, minutes=4 * DAY)
    erred_at = NOON - (DAY + 100) * MINUTE
    assert asked_later(filed, town, "side_a") == {("met", erred_at + (DAY + 1) * MINUTE)}


def test_missing_minutes_count_from_the_one_too_many(filed: House, town: Town) -> None:
    lay(filed)
    begun = NOON - 2 * DAY * MINUTE
    town.carry(SIDE_Z, start=begun, minutes=4 * DAY)
    town.carry(SIDE_A, start=begun, minutes=DAY + 100)
    town.carry(SIDE_A, start=NOON - (DAY - 110) * MINUTE, minutes=2 * DAY)
    # Ten minutes are missing; the sixth is one too many, until the fifth has left the window.
    sixth = NOON - (DAY - 105) * MINUTE
    assert asked_later(filed, town, "side_a") == {
        ("unmet", sixth),
        ("met", sixth + DAY * MINUTE),
    }


def test_no_traffic_is_unmet_since_a_window_without_any_was_full(filed: House, town: Town) -> None:
    lay(filed)
    begun = NOON - 2 * DAY * MINUTE
    town.carry(SIDE_Z, start=begun, minutes=4 * DAY)
    town.carry(SIDE_A, start=begun, minutes=1_300)
    town.carry(SIDE_A, start=begun + 1_300 * MINUTE, minutes=3 * DAY, octets=0)
    quiet = begun + (1_300 + DAY) * MINUTE
    assert asked_later(filed, town, "side_a") == {("unmet", quiet)}


def test_what_is_healthy_is_met_since_it_became_so(filed: House, town: Town) -> None:
    lay(filed)
    town.carry(SIDE_A, SIDE_Z, start=NOON - 3 * DAY * MINUTE, minutes=5 * DAY + 10)
    until(filed, NOON)
    assert since(filed, town, "side_a") == ("met", None), "it was so for as long as is known"
    monitor(filed, town).round()
    activator(filed).everything()
    healthy = link(filed).life.health_since
    for days in (1, 2):
        until(filed, NOON + days * DAY * MINUTE)
        monitor(filed, town).round()
        assert since(filed, town, "side_a") == ("met", healthy)
        assert since(filed, town, "loss") == ("met", healthy)


def test_devices_and_their_agents_and_tests_say_since_when(filed: House, town: Town) -> None:
    furnish(filed)
    begun = NOON - (DAY + 90) * MINUTE
    town.carry(DIA, CYOA, start=begun, minutes=2 * DAY)
    town.run(start=begun, minutes=DAY)
    until(filed, NOON)
    full = begun + (DAY - 5) * MINUTE
    assert since(filed, town, "reporting", of="device") == ("met", full)
    assert since(filed, town, "dia_up", of="device") == ("met", full)
    # The agents ran for a day, and have been silent for an hour and a half.
    assert since(filed, town, "config_agent", of="device") == (
        "unmet",
        begun + (DAY + 5) * MINUTE,
    )
    wanted = device(filed).life
    assert wanted.desired.value == "activated"
    state, at = since(filed, town, "desired", of="device")
    assert (state, at is not None and at < NOON + MINUTE) == ("met", True)
