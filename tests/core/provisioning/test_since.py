"""Since when a criterion answers as it does: from the log, and from a look further back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.core.records_in_memory import NOON, OrgInMemory, network
from tocsin.core.instants import MINUTE
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.provisioning.assessment import assess
from tocsin.core.provisioning.by_record import NO_SOURCE, criteria_by_record
from tocsin.core.provisioning.commands import (
    Advance,
    DefineInterface,
    Demand,
    Judge,
    RemoveInterface,
    Waive,
    Wish,
)
from tocsin.core.provisioning.coverage import Minutes, turned_at
from tocsin.core.provisioning.since import History, dated, history_of
from tocsin.core.provisioning.windows import Window
from tocsin.core.provisioning.words import Health
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import UpdateDevice

WAN, AMS = "link:ams-1:fra-1", "device:ams-1"
HOUR = timedelta(hours=1)


def told(org: OrgInMemory, stream: str, *, interface: str | None = None) -> History:
    """What the log of *stream* tells."""
    events = [event for event in org.log if event.stream == stream]
    return history_of(events, DEFAULT_POLICY, interface=interface)


def since(org: OrgInMemory, stream: str, *, interface: str | None = None) -> dict[str, datetime]:
    """By criteria, since when each answers as it does, by the record alone."""
    state = org.states[stream]
    assert isinstance(state, Device | Link)
    life, criteria = criteria_by_record(
        state, DEFAULT_POLICY, NO_SOURCE, at=org.at, interface=interface
    )
    judged = assess(criteria, life, at=org.at).criteria
    answers = dated(judged, told(org, stream, interface=interface), life, at=org.at)
    return {one.name: one.since for one in answers if one.since is not None}


def after(org: OrgInMemory, span: timedelta = HOUR) -> datetime:
    """Let time pass; the instant at which the next fact is recorded."""
    org.at += span
    return org.at + timedelta(seconds=1)


def test_a_wish_that_is_changed_and_changed_back_counts_from_the_last_time() -> None:
    org = network()
    wanted = after(org)
    org.ask(WAN, Wish(desired="activated"))
    assert since(org, WAN)["desired"] == wanted
    after(org)
    org.ask(WAN, Wish(desired="soft_drained"))
    again = after(org)
    org.ask(WAN, Wish(desired="activated"))
    assert since(org, WAN)["desired"] == again


def test_a_state_stays_as_old_as_it_is_while_other_things_happen() -> None:
    org = network()
    born = since(org, WAN)["record"]
    org.ask(WAN, Wish(desired="activated"))
    org.ask(WAN, Judge(health="healthy", reasons=()))
    after(org)
    org.ask(WAN, Advance())
    # Drained and activated both allow it: the criterion was met all the time.
    assert since(org, WAN)["record"] == born


def test_the_record_of_a_device_is_met_once_its_last_field_is_right() -> None:
    org = network()
    begun = since(org, AMS)["record"]
    after(org)
    org.ask(AMS, UpdateDevice(public_ip="203.0.113.9", max_users=0))
    assert since(org, AMS)["record"] == begun
    complete = after(org)
    org.ask(AMS, UpdateDevice(dz_prefixes=("198.51.100.0/29",)))
    assert since(org, AMS)["record"] == complete


def test_an_interface_counts_from_its_own_beginning_and_from_its_devices_status() -> None:
    org = network()
    missing = since(org, AMS)["dia_up"]
    defined = after(org)
    org.ask(AMS, DefineInterface(name="Ethernet8", role="dia"))
    assert since(org, AMS)["dia_defined"] == defined
    # It is there, and nobody has been asked what it does.
    assert "dia_up" not in since(org, AMS)
    assert missing < defined

    first = after(org)
    org.ask(AMS, DefineInterface(name="Ethernet9", role="cyoa"))
    found = since(org, AMS, interface="Ethernet9")
    assert (found["record"], found["device"]) == (first, first)
    org.ask(AMS, RemoveInterface(name="Ethernet9"))
    second = after(org)
    org.ask(AMS, DefineInterface(name="Ethernet9", role="cyoa"))
    assert since(org, AMS, interface="Ethernet9")["record"] == second


def test_a_waiver_counts_from_when_it_was_given_without_a_break() -> None:
    org = network()
    given = after(org)
    org.ask(WAN, Waive(criterion="side_a", reason="standby", until=given + 2 * HOUR))
    after(org)
    org.ask(WAN, Waive(criterion="side_a", reason="still", until=given + 9 * HOUR))
    assert since(org, WAN)["side_a"] == given

    org.ask(WAN, Demand(criterion="side_a"))
    assert "side_a" not in since(org, WAN)
    anew = after(org)
    org.ask(WAN, Waive(criterion="side_a", reason="again", until=anew + HOUR))
    assert since(org, WAN)["side_a"] == anew
    org.at = anew + HOUR
    assert "side_a" not in since(org, WAN), "it is demanded again, and unknown"


def test_what_was_waived_is_unmet_from_the_end_of_the_waiver_on() -> None:
    org = network()
    begun = since(org, AMS)["type"]
    until = org.at + HOUR
    org.ask(AMS, Waive(criterion="type", reason="a cable comes", until=until))
    assert begun < since(org, AMS)["type"] < until
    org.at = until
    assert since(org, AMS)["type"] == until


def test_what_is_met_for_as_long_as_is_known_counts_from_the_health() -> None:
    org = network()
    org.ask(WAN, Wish(desired="activated"))
    healthy = after(org)
    org.ask(WAN, Judge(health="healthy", reasons=()))
    state = org.states[WAN]
    assert isinstance(state, Link)
    assert state.life.health_since == healthy
    _, criteria = criteria_by_record(state, DEFAULT_POLICY, NO_SOURCE, at=org.at)
    (loss,) = (one for one in criteria if one.name == "loss")
    (found,) = dated([loss], told(org, WAN), state.life, at=org.at)
    assert found.since == healthy
    unknown = replace(state.life, health=Health.UNKNOWN)
    (found,) = dated([loss], told(org, WAN), unknown, at=org.at)
    assert found.since is None


@for_all(st.lists(st.booleans(), min_size=1, max_size=40), st.data())
def test_the_turn_is_where_every_later_window_is_on_the_same_side(
    heard: list[bool], data: st.DataObject
) -> None:
    length = data.draw(st.integers(1, len(heard)))
    allowed = data.draw(st.integers(0, length))
    window = Window(start=NOON, end=NOON + len(heard) * MINUTE)
    minutes = Minutes(window=window, bits=sum(one << place for place, one in enumerate(heard)))

    few = [
        heard[end - length : end].count(False) <= allowed for end in range(length, len(heard) + 1)
    ]
    other = [place for place, one in enumerate(few) if one is not few[-1]]
    turned = NOON + (length + other[-1] + 1) * MINUTE if other else None
    assert turned_at(minutes, length=length, allowed=allowed) == turned
