"""Only a window that is known to its beginning is judged (Provisioning: rules of evidence)."""

from __future__ import annotations

from dataclasses import replace

from tests.core.provisioning.watching import DAY, ORIGIN, Story, counted
from tests.core.records_in_memory import network
from tests.core.telling import MINUTE, NOON
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.provisioning.assessment import assess
from tocsin.core.provisioning.commands import Wish
from tocsin.core.provisioning.criteria import Silence, State
from tocsin.core.provisioning.following import begun, followed
from tocsin.core.provisioning.judging import Known, link_case
from tocsin.core.provisioning.latency import Measured
from tocsin.core.provisioning.telemetry import Counted
from tocsin.core.provisioning.windows import Window
from tocsin.core.provisioning.words import Health
from tocsin.core.records import Link

AWAY = Silence(source="town", why="it is away")


def wanted() -> Link:
    """A link that shall be activated."""
    org = network()
    org.ask("link:ams-1:fra-1", Wish(desired="activated"))
    state = org.states["link:ams-1:fra-1"]
    assert isinstance(state, Link)
    return state


def known(link: Link, *, minutes: int, latency: int = DAY) -> Known:
    """What was seen of both clean sides for so many minutes until noon, and of their latency."""
    start = NOON - minutes * MINUTE
    names = [(side.device, side.interface) for side in (link.side_a, link.side_z)]
    story = Story(minutes=DAY + 10)
    before = counted(Window(start=start - 9 * MINUTE, end=start), dict.fromkeys(names, story))
    baseline = Counted(
        window=Window(start=start, end=start), origin=ORIGIN, interfaces=before.interfaces
    )
    seen = counted(Window(start=start, end=NOON), dict.fromkeys(names, story))
    return Known(
        until=NOON,
        counters=followed(begun(at=start, baseline=baseline), seen, keep_minutes=DAY),
        config_agent=AWAY,
        telemetry_agent=AWAY,
        qa=AWAY,
        latency=Measured(
            window=Window(start=NOON - latency * MINUTE, end=NOON), origin=ORIGIN, links={}
        ),
    )


def judged(link: Link, what: Known) -> tuple[Health, dict[str, State]]:
    case = link_case(link, what, DEFAULT_POLICY, codes={})
    return (
        assess(case.criteria, case.life, at=NOON).health,
        {one.name: one.state for one in case.criteria},
    )


def test_a_window_that_is_known_to_its_beginning_is_judged() -> None:
    health, states = judged(wanted(), known(wanted(), minutes=DAY))

    assert health is Health.HEALTHY
    assert set(states.values()) == {State.MET}


def test_a_minute_less_is_unknown_and_moves_nothing() -> None:
    health, states = judged(wanted(), known(wanted(), minutes=DAY - 1))

    assert health is Health.UNKNOWN
    assert (states["side_a"], states["side_z"]) == (State.UNKNOWN, State.UNKNOWN)


def test_what_is_known_until_earlier_is_no_answer_about_now() -> None:
    late = replace(known(wanted(), minutes=DAY), until=NOON + MINUTE)
    _, states = judged(wanted(), late)

    assert (states["side_a"], states["side_z"]) == (State.UNKNOWN, State.UNKNOWN)


def test_samples_that_have_not_all_been_read_are_no_answer_about_loss() -> None:
    health, states = judged(wanted(), known(wanted(), minutes=DAY, latency=DAY - 1))

    assert health is Health.UNKNOWN
    assert states["loss"] is State.UNKNOWN
    assert states["side_a"] is State.MET
