"""The edges of the rules about signals: just on them, and just beside (Domain: correlation)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.telling import ADA, CY, NOON, ROOT
from tests.core.watching import PAGER, Watch, alert, rule
from tocsin.core.commands import ChangeStatus, OpenIncident, PlanMaintenance
from tocsin.core.connector_words import RuleAction
from tocsin.core.verdicts import Because, Verdict, Word

LIGHT = alert(correlation_key="{}:{group}", fingerprint="f1")
GONE = replace(LIGHT, state="resolved")


def said(verdict: Verdict) -> tuple[Word, Because]:
    return verdict.word, verdict.because


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ({"service_name": "API"}, True),
        ({"device": "ams-1"}, True),
        ({"link": "ams-1:fra-1"}, True),
        ({"service_name": "DNS"}, False),
        ({"device": "fra-1"}, False),
    ],
)
def test_alike_is_on_one_service_device_or_link(on: dict[str, str], found: bool) -> None:
    opened = OpenIncident(
        ticket_id="there",
        refs=("I-there",),
        title="t",
        severity="sev3",
        services=("api",),
        devices=("ams-1",),
        links=("ams-1:fra-1",),
        formal=False,
    )
    for action in (RuleAction.ATTACH, RuleAction.CREATE):
        watch = Watch([rule(action=action, within_minutes=30)])
        watch.does("there", opened, ADA)
        verdict = watch.hears(replace(LIGHT, **on))  # type: ignore[arg-type]
        assert (verdict.because is Because.ALIKE) is found
        ended = Watch([rule(action=action, within_minutes=30)])
        ended.does("there", opened, ADA)
        ended.does("there", ChangeStatus(status="resolved"), ADA)
        assert ended.hears(replace(LIGHT, **on)).because is not Because.ALIKE  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "found"), [(1_800, True), (1_801, False)])
def test_alike_is_what_was_opened_within_the_minutes_of_the_rule(seconds: int, found: bool) -> None:
    watch = Watch([rule(within_minutes=30)])
    first = watch.hears(replace(LIGHT, service_name="API"))
    watch.later(seconds=seconds)
    other = watch.hears(
        replace(LIGHT, service_name="API", fingerprint="f2", correlation_key="k2", ts=watch.at)
    )
    assert said(other) == (
        (Word.ATTACHED, Because.ALIKE) if found else (Word.CREATED, Because.RULE)
    )
    assert (other.ticket_id == first.ticket_id) is found


def test_a_rule_may_be_quiet_for_shorter_and_counts_from_the_closing() -> None:
    watch = Watch([rule(quiet_minutes=10)])
    first = watch.hears(LIGHT)
    watch.does(first.ticket_id or "", ChangeStatus(status="resolved"), ROOT)
    watch.later(minutes=9)
    assert watch.hears(LIGHT).because is Because.STILL_FIRING
    watch.does(first.ticket_id or "", ChangeStatus(status="closed"), ROOT)
    watch.later(minutes=9)
    assert watch.hears(LIGHT).because is Because.STILL_FIRING
    watch.later(minutes=1)
    assert said(watch.hears(LIGHT)) == (Word.CREATED, Because.RULE)


def test_those_who_always_make_a_new_one_do_so_after_a_closing_too() -> None:
    watch = Watch(connector=PAGER, reopens=False)
    first = watch.hears(LIGHT)
    watch.does(first.ticket_id or "", ChangeStatus(status="closed"), ROOT)
    again = watch.hears(LIGHT)
    assert said(again) == (Word.CREATED, Because.RULE)
    assert again.ticket_id != first.ticket_id


def test_what_has_resolved_once_opens_anew_though_nobody_says_since_when_it_fires() -> None:
    undated, gone = replace(LIGHT, ts=None), replace(GONE, ts=None)
    watch = Watch([rule(reopen_within_minutes=0)])
    first = watch.hears(undated)
    watch.hears(gone)
    watch.does(first.ticket_id or "", ChangeStatus(status="closed"), ROOT)
    assert said(watch.hears(undated)) == (Word.CREATED, Because.RULE)


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_only_what_was_resolved_is_reopened_by_a_signal(status: str) -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.hears(GONE)
    back = ChangeStatus(status="investigating", reason="again")
    if status == "cancelled":
        watch.does(first.ticket_id or "", back, ROOT)
    watch.does(first.ticket_id or "", ChangeStatus(status=status), ROOT)
    watch.later(minutes=1)
    again = watch.hears(replace(LIGHT, ts=watch.at))
    assert said(again) == (Word.CREATED, Because.RULE)
    made = watch.tickets[again.ticket_id or ""]
    assert [one.ticket_id for one in made.relations] == [first.ticket_id]


def test_a_window_holds_back_from_its_start_until_its_end() -> None:
    hour = PlanMaintenance(
        ticket_id="work",
        refs=("M-work",),
        title="Fibre swap",
        devices=("ams-1",),
        start_at=NOON,
        end_at=NOON.replace(hour=13),
        formal=False,
    )
    for minutes, held in ((0, True), (59, True), (60, False)):
        watch = Watch()
        watch.does("work", hour, ADA)
        watch.later(minutes=minutes)
        there = watch.hears(replace(LIGHT, device="ams-1", ts=watch.at))
        assert (there.because is Because.HELD_BACK) is held, minutes
    watch = Watch()
    watch.does("work", hour, ADA)
    watch.does("work", ChangeStatus(status="in_progress"), ADA)
    watch.later(minutes=90)
    overrunning = watch.hears(replace(LIGHT, device="ams-1", ts=watch.at))
    assert overrunning.because is Because.HELD_BACK
    watch.does("work", ChangeStatus(status="completed"), ADA)
    freed = watch.hears(replace(LIGHT, device="ams-1", ts=watch.at))
    assert freed.word is Word.CREATED


NEXT_YEAR = PlanMaintenance(
    ticket_id="work",
    refs=("M-work",),
    title="Fibre swap",
    devices=("ams-1",),
    correlation_keys=("am/{}:{group}",),
    start_at=NOON.replace(year=2027),
    end_at=NOON.replace(year=2027, hour=13),
    formal=False,
)


def test_planned_work_that_holds_a_key_keeps_no_alert_from_opening_an_incident() -> None:
    watch = Watch()
    watch.does("work", NEXT_YEAR, CY)
    first = watch.hears(LIGHT)
    assert said(first) == (Word.CREATED, Because.RULE)
    incident = watch.tickets[first.ticket_id or ""]
    assert (incident.correlation_keys, incident.signals_total) == ((), 1)
    # The next with that key joins it all the same, and takes the key once it is free.
    second = watch.hears(replace(LIGHT, fingerprint="f2"))
    assert (said(second), second.ticket_id) == (
        (Word.ATTACHED, Because.CORRELATION_KEY),
        incident.id,
    )
    assert watch.tickets[incident.id].correlation_keys == ()
    watch.does("work", ChangeStatus(status="cancelled"), CY)
    watch.hears(replace(LIGHT, fingerprint="f3"))
    assert watch.tickets[incident.id].correlation_keys == ("am/{}:{group}",)
    assert watch.tickets["work"].signals_total == 0


def test_an_end_that_was_never_heard_firing_is_not_told_to_planned_work() -> None:
    watch = Watch()
    watch.does("work", NEXT_YEAR, CY)
    assert said(watch.hears(GONE)) == (Word.UNATTACHED, Because.NOTHING_OPEN)


def test_what_fires_again_while_planned_work_holds_its_key_is_new_and_related() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.hears(GONE)
    watch.does("work", NEXT_YEAR, CY)
    watch.later(minutes=1)
    again = watch.hears(replace(LIGHT, ts=watch.at))
    assert said(again) == (Word.CREATED, Because.RULE)
    made = watch.tickets[again.ticket_id or ""]
    assert [one.ticket_id for one in made.relations] == [first.ticket_id]


@pytest.mark.parametrize(
    ("severity", "opens"),
    [("sev1", True), ("sev2", True), ("sev3", False), ("sev4", False), (None, False)],
)
def test_the_default_rule_opens_for_the_two_gravest_and_for_all_of_a_pager(
    severity: str | None, opens: bool
) -> None:
    told = replace(LIGHT, severity=severity)
    assert (Watch().hears(told).word is Word.CREATED) is opens
    assert Watch(connector=PAGER).hears(told).word is Word.CREATED


def test_rules_are_asked_by_their_order_then_by_their_age() -> None:
    older = rule("z", RuleAction.IGNORE, order=2, created_at=NOON)
    first = rule("y", RuleAction.ATTACH, order=1, created_at=NOON.replace(hour=13))
    younger = rule("a", order=2, created_at=NOON.replace(hour=14))
    assert Watch([older, first, younger]).hears(LIGHT).because is Because.NOTHING_ALIKE
    assert Watch([younger, older]).hears(LIGHT).because is Because.IGNORED


def test_what_opens_without_a_key_holds_its_fingerprint_as_one() -> None:
    watch = Watch()
    first = watch.hears(replace(LIGHT, correlation_key=None))
    assert watch.tickets[first.ticket_id or ""].correlation_keys == ("am/f1",)
