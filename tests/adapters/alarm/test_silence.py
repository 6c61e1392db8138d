"""A connector that is not heard of for longer than is expected is one incident, until it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.adapters.clock.test_hearing_again import connector, hear, incidents
from tests.handler.acting import NOON, House
from tocsin.adapters.alarm.silence import MOST_GRACE, SilenceAlarms, spoken
from tocsin.adapters.clock.clockwork import WATCHED_EVERY, Clockwork
from tocsin.core.commands import ChangeStatus
from tocsin.core.instants import DAY, HOUR, MINUTE
from tocsin.core.record_commands import (
    RemoveConnector,
    UpdateConnector,
)
from tocsin.core.words import Severity, Status
from tocsin.handler.arrival import Arrival, Unread

SECOND = timedelta(seconds=1)


def alarms(home: House) -> SilenceAlarms:
    return SilenceAlarms(
        store=home.store, writer=home.writer, clock=home.clock, entropy=lambda: next(home.numbers)
    )


def watch(home: House, alarm: SilenceAlarms, *, after: timedelta = timedelta(0)) -> None:
    home.clock.pass_by(after)
    alarm.look(at=home.clock())


def change(home: House, connector_id: str, **fields: object) -> None:
    command = UpdateConnector(**fields)  # type: ignore[arg-type]
    home.system("connector", command, org_id=home.orgs["net"], subject=connector_id)


def test_silent_for_as_long_as_is_expected_it_is_one_incident(acting: House) -> None:
    am, alarm = connector(acting, expected_every_minutes=10), alarms(acting)
    hear(acting, am, "lamp", severity="sev4")
    watch(acting, alarm, after=10 * MINUTE)
    assert incidents(acting) == []  # it arrived a moment after noon
    watch(acting, alarm, after=SECOND)
    watch(acting, alarms(acting), after=MOST_GRACE)

    (opened,) = incidents(acting)
    assert opened.title == "Nothing heard of Am (am) for 10 minutes"
    assert (opened.severity, opened.status) == (Severity.SEV3, Status.OPEN)
    assert opened.correlation_keys == (f"tocsin:silence:{am}",)
    assert "every 10 minutes, and was not since 2026-11-20T12:00:00" in opened.description


def test_one_that_was_never_heard_is_silent_from_its_making_on(acting: House) -> None:
    connector(acting, expected_every_minutes=180)
    connector(acting, "quiet")
    alarm = alarms(acting)
    watch(acting, alarm, after=3 * HOUR + SECOND)
    assert [one.title for one in incidents(acting)] == ["Nothing heard of Am (am) for 3 hours"]


def test_it_resolves_by_itself_when_heard_again_even_if_unreadable(acting: House) -> None:
    am, alarm = connector(acting, expected_every_minutes=10), alarms(acting)
    watch(acting, alarm, after=HOUR)
    acting.writer.account(
        Arrival(org_id=acting.orgs["net"], reading=Unread("no JSON"), connector_id=am)
    )
    watch(acting, alarm, after=SECOND)
    (resolved,) = incidents(acting)
    assert resolved.status is Status.RESOLVED
    assert resolved.resolution == "am was heard again, or need not be heard of so often."

    # Silent anew, it is a matter of its own.
    watch(acting, alarm, after=10 * MINUTE)
    assert sorted(one.status for one in incidents(acting)) == [Status.OPEN, Status.RESOLVED]


def test_a_replay_is_no_word_of_it(acting: House) -> None:
    am, alarm = connector(acting, expected_every_minutes=10), alarms(acting)
    first = hear(acting, am, "lamp", severity="sev4")
    acting.clock.pass_by(HOUR)
    acting.writer.account(
        Arrival(
            org_id=acting.orgs["net"],
            reading=Unread("as before"),
            connector_id=am,
            replay_of=first.number,
        )
    )
    watch(acting, alarm, after=SECOND)
    assert len(incidents(acting)) == 1


def test_what_a_person_has_ended_is_not_opened_again_before_it_was_heard(acting: House) -> None:
    am, alarm = connector(acting, expected_every_minutes=10), alarms(acting)
    watch(acting, alarm, after=HOUR)
    (opened,) = incidents(acting)
    acting.ask(
        "admin",
        ChangeStatus(status="resolved", reason="known", resolution="It is being rebuilt."),
        subject=opened.id,
    )
    watch(acting, alarm, after=DAY)
    watch(acting, alarms(acting), after=DAY)
    assert len(incidents(acting)) == 1

    hear(acting, am, "lamp", severity="sev4")
    watch(acting, alarm, after=HOUR)
    assert [one.status for one in incidents(acting)] == [Status.RESOLVED, Status.OPEN]


@pytest.mark.parametrize("how", ["removed", "not expected", "less often", "still expected"])
def test_it_follows_what_becomes_of_the_connector(acting: House, how: str) -> None:
    am, alarm = connector(acting, expected_every_minutes=10), alarms(acting)
    watch(acting, alarm, after=HOUR)
    match how:
        case "removed":
            acting.system("connector", RemoveConnector(), org_id=acting.orgs["net"], subject=am)
        case "not expected":
            change(acting, am, expected_every_minutes=None)
        case "less often":
            change(acting, am, expected_every_minutes=120)
        case _:
            change(acting, am, expected_every_minutes=5)
    watch(acting, alarm, after=SECOND)
    (one,) = incidents(acting)
    assert one.status is (Status.OPEN if how == "still expected" else Status.RESOLVED)


def test_after_a_start_others_have_a_moment_to_get_through(acting: House) -> None:
    connector(acting, expected_every_minutes=60)
    acting.clock.pass_by(DAY)
    alarm = alarms(acting)
    watch(acting, alarm, after=MOST_GRACE - SECOND)
    assert incidents(acting) == []
    watch(acting, alarm, after=SECOND)
    assert len(incidents(acting)) == 1


def test_the_clock_looks_for_it_every_few_seconds(acting: House) -> None:
    connector(acting, expected_every_minutes=1)
    alarm = alarms(acting)
    clockwork = Clockwork(
        store=acting.store,
        writer=acting.writer,
        clock=acting.clock,
        watch=lambda at: alarm.look(at=at),
    )
    clockwork.beat()
    acting.clock.now = NOON + MINUTE + WATCHED_EVERY
    clockwork.beat()
    assert len(incidents(acting)) == 1


@pytest.mark.parametrize(
    ("span", "words"),
    [(30 * SECOND, "1 minute"), (119 * MINUTE, "119 minutes"), (2 * HOUR, "2 hours")],
)
def test_a_span_is_spoken(span: timedelta, words: str) -> None:
    assert spoken(span) == words
